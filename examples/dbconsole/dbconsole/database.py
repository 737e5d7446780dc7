"""The tables, and the engine that asks for them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, DateTime, Engine, Float, ForeignKey, Index, LargeBinary, String, create_engine, func
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

#: Where APScheduler keeps its jobs. It would make the table itself; like all others it is made by a migration.
JOBS = "scheduled_job"


class Base(DeclarativeBase):
    pass


class Watch(Base):
    """A measure that is taken again and again."""

    __tablename__ = "watch"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    measure: Mapped[str] = mapped_column(String(40))
    every: Mapped[int]
    created: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())

    def as_json(self) -> dict[str, object]:
        return {"id": self.id, "measure": self.measure, "every": self.every, "created": self.created.isoformat()}


class Sample(Base):
    """What a measure was at a time, and which scheduler took it."""

    __tablename__ = "sample"
    __table_args__ = (Index("sample_of_watch", "watch_id", "id"),)

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    watch_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("watch.id", ondelete="CASCADE"))
    value: Mapped[int] = mapped_column(BigInteger)
    taken: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.clock_timestamp())
    scheduler: Mapped[str] = mapped_column(String(64))

    def as_json(self) -> dict[str, object]:
        return {"id": self.id, "value": self.value, "taken": self.taken.isoformat(), "scheduler": self.scheduler}


class Job(Base):
    """As apscheduler.jobstores.sqlalchemy states it."""

    __tablename__ = JOBS

    id: Mapped[str] = mapped_column(String(191), primary_key=True)
    next_run_time: Mapped[float | None] = mapped_column(Float(25), index=True)
    job_state: Mapped[bytes] = mapped_column(LargeBinary)


def engine_for(url: str) -> Engine:
    """Through pgbouncer each transaction has another server connection, so nothing may be prepared on one. A peer that
    vanished without a word is noticed after seconds.
    """
    arguments = {"prepare_threshold": None, "connect_timeout": 3, "tcp_user_timeout": 10000}
    return create_engine(f"postgresql+psycopg://{url.partition('://')[2]}", pool_pre_ping=True, connect_args=arguments)
