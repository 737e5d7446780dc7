from pathlib import Path

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from claims.models import Tenant, keyed_hash

SHORTEST = 32


class Command(BaseCommand):
    help = "Make sure that a tenant exists and has the key in a file (its first line)."

    def add_arguments(self, parser):
        parser.add_argument("--name", required=True, help="letters, digits, hyphens and underscores")
        parser.add_argument("--key-file", required=True, type=Path, help="/dev/stdin works too")

    def handle(self, *, name, key_file, **options):
        try:
            key = (key_file.read_text().splitlines() or [""])[0]
        except OSError as error:
            raise CommandError(f"{key_file} cannot be read: {error.strerror}") from error
        if len(key) < SHORTEST or len(set(key)) < 8:
            raise CommandError(f"the key is refused: it must be a random text of {SHORTEST} characters or more")
        tenant = Tenant.objects.filter(name=name).first()
        verb = "changed" if tenant else "created"
        tenant = tenant or Tenant(name=name)
        if tenant.key_hash == keyed_hash("key", key):
            self.stdout.write(f"{name} is as it should be")
            return
        tenant.key_hash = keyed_hash("key", key)
        try:
            tenant.full_clean()
        except ValidationError as error:
            raise CommandError("the name is refused: " + " ".join(error.messages)) from error
        tenant.save()
        self.stdout.write(f"{name} was {verb}")
