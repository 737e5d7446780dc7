"""Fields that are encrypted in the database: its backups and logs only ever see ciphertext."""

import base64
from functools import cache

from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.db import models


@cache
def cipher() -> Fernet:
    derived = HKDF(SHA256(), length=32, salt=None, info=b"claimwatch fields").derive(
        settings.FIELD_ENCRYPTION_KEY.encode()
    )
    return Fernet(base64.urlsafe_b64encode(derived))


class EncryptedTextField(models.TextField):
    def get_prep_value(self, value):
        return cipher().encrypt(value.encode()).decode() if value else value

    def from_db_value(self, value, expression, connection):
        return cipher().decrypt(value.encode()).decode() if value else value

    def get_lookup(self, lookup_name):
        return None  # the same text is another ciphertext each time: no search can find it
