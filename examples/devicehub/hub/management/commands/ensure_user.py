from pathlib import Path

from django.contrib.auth import get_user_model
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    help = "Make sure that a user exists and has the password in a file (its first line)."

    def add_arguments(self, parser):
        parser.add_argument("--username", required=True)
        parser.add_argument("--password-file", required=True, type=Path, help="/dev/stdin works too")
        parser.add_argument("--superuser", action="store_true", help="give access to the admin")

    def handle(self, *, username, password_file, superuser, **options):
        try:
            password = (password_file.read_text().splitlines() or [""])[0]
        except OSError as error:
            raise CommandError(f"{password_file} cannot be read: {error.strerror}") from error
        user = get_user_model().objects.filter(username=username).first()
        if user and user.check_password(password) and user.is_superuser == superuser:
            self.stdout.write(f"{username} is as it should be")
            return
        verb = "changed" if user else "created"
        user = user or get_user_model()(username=username)
        try:
            validate_password(password, user)
        except ValidationError as error:
            raise CommandError("the password is refused: " + " ".join(error.messages)) from error
        user.is_staff = user.is_superuser = superuser
        user.set_password(password)
        user.save()
        self.stdout.write(f"{username} was {verb}")
