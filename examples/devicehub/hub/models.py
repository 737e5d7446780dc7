import hashlib
import secrets
import uuid

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models

# Recognisable, so that logs can mask a token and a scanner can find a leaked one.
TOKEN_PREFIX = "dht_"  # noqa: S105 - the same for every token  # pragma: allowlist secret


def hash_token(token: str) -> str:
    # A fast hash is enough: the token is 256 random bits, there is nothing to guess.
    return hashlib.sha256(token.encode()).hexdigest()


def storable(text: str) -> None:
    """Refuses what JSON can carry and Postgres cannot store: NUL and halves of surrogate pairs."""
    if "\x00" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise ValidationError("The text holds characters that cannot be stored.")


class DeviceManager(models.Manager):
    def create_with_token(self, owner, name: str) -> tuple["Device", str]:
        """A new device and its token, which is known only here and now: the database keeps its hash."""
        token = TOKEN_PREFIX + secrets.token_urlsafe(32)
        device = self.model(owner=owner, name=name, token_hash=hash_token(token))
        device.full_clean()
        device.save()
        return device, token

    def for_token(self, device_id: uuid.UUID, token: str) -> "Device | None":
        return self.filter(id=device_id, token_hash=hash_token(token), owner__is_active=True).first()


class Device(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="devices")
    name = models.CharField(max_length=100, validators=[storable])
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    created = models.DateTimeField(auto_now_add=True)

    objects = DeviceManager()

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["owner", "name"], name="one_device_per_owner_and_name")]

    def __str__(self) -> str:
        return self.name

    def as_json(self) -> dict[str, object]:
        return {"id": str(self.id), "name": self.name, "created": self.created.isoformat()}


class Message(models.Model):
    device = models.ForeignKey(Device, on_delete=models.CASCADE, related_name="messages")
    sender = models.CharField(max_length=160)
    body = models.CharField(max_length=2000, validators=[storable])
    replica = models.CharField(max_length=64, help_text="The replica that took the message.")
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.sender}: {self.body[:40]}"

    def as_json(self) -> dict[str, object]:
        return {
            "id": self.id,
            "device": str(self.device_id),
            "sender": self.sender,
            "body": self.body,
            "created": self.created.isoformat(),
            "handled_by": self.replica,
        }
