import uuid

import django.core.validators
import django.db.models.deletion
from django.db import migrations, models

import claims.encryption
import claims.models

# Rows of the tenant that the transaction is for (Tenant.scope); none where it is for nobody. FORCE: the application
# owns the table, and owners are not asked otherwise.
WALL = """
ALTER TABLE claims_claim ENABLE ROW LEVEL SECURITY;
ALTER TABLE claims_claim FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON claims_claim
    USING (tenant_id = NULLIF(current_setting('claimwatch.tenant', true), '')::uuid);
"""
NO_WALL = """
DROP POLICY own_rows ON claims_claim;
ALTER TABLE claims_claim NO FORCE ROW LEVEL SECURITY;
ALTER TABLE claims_claim DISABLE ROW LEVEL SECURITY;
"""


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Tenant",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("name", models.SlugField(unique=True)),
                ("key_hash", models.CharField(editable=False, max_length=64)),
            ],
        ),
        migrations.CreateModel(
            name="Claim",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("reference", models.CharField(max_length=64, validators=[claims.models.storable])),
                (
                    "claimant",
                    claims.encryption.EncryptedTextField(
                        validators=[django.core.validators.MaxLengthValidator(200), claims.models.storable]
                    ),
                ),
                (
                    "description",
                    claims.encryption.EncryptedTextField(
                        validators=[django.core.validators.MaxLengthValidator(4000), claims.models.storable]
                    ),
                ),
                (
                    "fingerprint",
                    models.CharField(editable=False, help_text="Keyed hash of the description.", max_length=64),
                ),
                (
                    "amount",
                    models.DecimalField(
                        decimal_places=2, max_digits=12, validators=[django.core.validators.MinValueValidator(0)]
                    ),
                ),
                (
                    "documents",
                    models.PositiveSmallIntegerField(
                        default=1,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(60),
                        ],
                    ),
                ),
                ("documents_read", models.PositiveSmallIntegerField(default=0, editable=False)),
                (
                    "state",
                    models.CharField(
                        choices=[("filed", "Filed"), ("assessing", "Assessing"), ("assessed", "Assessed")],
                        default="filed",
                        editable=False,
                        max_length=10,
                    ),
                ),
                ("verdict", models.CharField(blank=True, editable=False, max_length=10)),
                ("attempts", models.PositiveSmallIntegerField(default=0, editable=False)),
                ("worker", models.CharField(blank=True, editable=False, max_length=64)),
                ("filed", models.DateTimeField(auto_now_add=True)),
                (
                    "touched",
                    models.DateTimeField(
                        auto_now_add=True, help_text="When it was filed, sent again, or an attempt began."
                    ),
                ),
                ("assessed", models.DateTimeField(editable=False, null=True)),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="claims", to="claims.tenant"
                    ),
                ),
            ],
            options={
                "ordering": ["-filed"],
                "constraints": [
                    models.UniqueConstraint(fields=("tenant", "reference"), name="one_claim_per_reference")
                ],
            },
        ),
        migrations.RunSQL(WALL, NO_WALL),
    ]
