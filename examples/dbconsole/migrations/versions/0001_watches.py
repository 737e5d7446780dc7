"""Watches, their samples, and the scheduler's jobs."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "watch",
        sa.Column("id", sa.BigInteger, primary_key=True),
        sa.Column("measure", sa.String(40), nullable=False),
        sa.Column("every", sa.Integer, nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
    )
    op.create_table(
        "sample",
        sa.Column("id", sa.BigInteger, primary_key=True),
        sa.Column("watch_id", sa.BigInteger, sa.ForeignKey("watch.id", ondelete="CASCADE"), nullable=False),
        sa.Column("value", sa.BigInteger, nullable=False),
        sa.Column("taken", sa.DateTime(timezone=True), server_default=sa.func.clock_timestamp(), nullable=False),
        sa.Column("scheduler", sa.String(64), nullable=False),
    )
    op.create_index("sample_of_watch", "sample", ["watch_id", "id"])
    op.create_table(
        "scheduled_job",
        sa.Column("id", sa.String(191), primary_key=True),
        sa.Column("next_run_time", sa.Float(25), index=True),
        sa.Column("job_state", sa.LargeBinary, nullable=False),
    )


def downgrade() -> None:
    for table in ("scheduled_job", "sample", "watch"):
        op.drop_table(table)
