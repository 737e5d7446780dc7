"""Tenants and their claims.

A tenant's rows are behind row level security: whatever a query says, Postgres shows and takes only rows of the tenant
that the transaction is for (migration 0001). Nothing is visible outside `Tenant.scope`.
"""

import hashlib
import hmac
import uuid
from contextlib import contextmanager
from datetime import timedelta

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator, MaxValueValidator, MinValueValidator
from django.db import connection, models, transaction
from django.db.models import F, Q
from django.utils import timezone

from .encryption import EncryptedTextField


def storable(text: str) -> None:
    """Refuses what JSON can carry and Postgres cannot store: NUL and halves of surrogate pairs."""
    if "\x00" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise ValidationError("The text holds characters that cannot be stored.")


def keyed_hash(purpose: str, text: str) -> str:
    """Tells whether two texts are the same to whoever has the key, and nothing to anybody else."""
    return hmac.new(settings.FIELD_ENCRYPTION_KEY.encode(), f"{purpose}\0{text}".encode(), hashlib.sha256).hexdigest()


class Tenant(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.SlugField(max_length=50, unique=True)
    # A fast hash is enough: a key is long and random (ensure_tenant sees to it), there is nothing to guess.
    key_hash = models.CharField(max_length=64, editable=False)

    def __str__(self) -> str:
        return self.name

    @contextmanager
    def scope(self):
        """A transaction that sees this tenant's rows and no others. `true`: the setting ends with the transaction,
        which is what makes it safe behind a pooler.
        """
        with transaction.atomic(durable=True), connection.cursor() as cursor:
            cursor.execute("SELECT set_config('claimwatch.tenant', %s, true)", [str(self.id)])
            yield


class Claim(models.Model):
    class State(models.TextChoices):
        FILED = "filed"
        ASSESSING = "assessing"
        ASSESSED = "assessed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="claims")
    reference = models.CharField(max_length=64, validators=[storable])
    claimant = EncryptedTextField(validators=[MaxLengthValidator(200), storable])
    description = EncryptedTextField(validators=[MaxLengthValidator(4000), storable])
    fingerprint = models.CharField(max_length=64, editable=False, help_text="Keyed hash of the description.")
    amount = models.DecimalField(max_digits=12, decimal_places=2, validators=[MinValueValidator(0)])
    # Each takes half a second to read: sixty are done within the worker's stop grace.
    documents = models.PositiveSmallIntegerField(default=1, validators=[MinValueValidator(1), MaxValueValidator(60)])
    documents_read = models.PositiveSmallIntegerField(default=0, editable=False)
    state = models.CharField(max_length=10, choices=State, default=State.FILED, editable=False)
    verdict = models.CharField(max_length=10, blank=True, editable=False)
    attempts = models.PositiveSmallIntegerField(default=0, editable=False)
    worker = models.CharField(max_length=64, blank=True, editable=False)
    filed = models.DateTimeField(auto_now_add=True)
    touched = models.DateTimeField(auto_now_add=True, help_text="When it was filed, sent again, or an attempt began.")
    assessed = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ["-filed"]
        constraints = [models.UniqueConstraint(fields=["tenant", "reference"], name="one_claim_per_reference")]

    def __str__(self) -> str:
        return self.reference

    def save(self, **options):
        self.fingerprint = keyed_hash("description", self.description)
        super().save(**options)

    @classmethod
    def forgotten(cls):
        """What nobody began within a while, or whose attempt cannot run any more, for it would have hit its limit."""
        unbegun = timezone.now() - timedelta(seconds=settings.RESEND_AFTER)
        return cls.objects.filter(Q(state=cls.State.FILED, touched__lt=unbegun) | cls.abandoned())

    @classmethod
    def abandoned(cls) -> Q:
        limit = timezone.now() - timedelta(seconds=settings.ASSESSMENT_TIME_LIMIT)
        return Q(state=cls.State.ASSESSING, touched__lt=limit)

    @classmethod
    def begin(cls, claim_id) -> "Claim | None":
        """Take a claim to assess it; None where it is done, or somebody is at it."""
        free = Q(state=cls.State.FILED) | cls.abandoned()
        changes = {"state": cls.State.ASSESSING, "worker": settings.REPLICA, "documents_read": 0}
        taken = cls.objects.filter(free, id=claim_id).update(
            **changes, attempts=F("attempts") + 1, touched=timezone.now()
        )
        return cls.objects.get(id=claim_id) if taken else None

    def as_json(self) -> dict[str, object]:
        return {
            "id": str(self.id),
            "reference": self.reference,
            "claimant": self.claimant,
            "description": self.description,
            "amount": f"{self.amount:.2f}",
            "documents": self.documents,
            "documents_read": self.documents_read,
            "state": self.state,
            "verdict": self.verdict or None,
            "attempts": self.attempts,
            "worker": self.worker or None,
            "filed": self.filed.isoformat(),
            "assessed": self.assessed.isoformat() if self.assessed else None,
        }
