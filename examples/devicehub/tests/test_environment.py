import os
import subprocess
import sys

from django.test import SimpleTestCase

from devicehub.environment import postgres_database

GOOD = {
    "SECRET_KEY": "vN3xQ7pLk2Rw9TzYc5BmGh8JdFsA4UeWoXiZ6rVtSyPqMnKb1C",
    "ALLOWED_HOSTS": "devicehub.localhost",
    "CSRF_TRUSTED_ORIGINS": "https://devicehub.localhost",
    "DATABASE_URL": "postgres://u:p@h/d",
    "CACHE_URL": "redis://h/0",
    "CHANNEL_URL": "redis://h/0",
}


def load_settings(**variables: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-c", "from django.conf import settings; settings.DEBUG; print('loaded')"]
    environment = {"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "devicehub.settings", **variables}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


class Environment(SimpleTestCase):
    def test_a_complete_environment_loads(self):
        self.assertEqual(load_settings(**GOOD).stdout, "loaded\n")

    def test_everything_that_is_missing_is_named_at_once(self):
        result = load_settings()
        self.assertNotEqual(result.returncode, 0)
        for name in GOOD:
            self.assertIn(f"{name} is missing", result.stderr)

    def test_everything_that_is_wrong_is_named_at_once(self):
        wrong = {
            "SECRET_KEY": ("django-insecure-" + "x" * 40, "SECRET_KEY is a placeholder"),
            "ALLOWED_HOSTS": ("*", "ALLOWED_HOSTS must name"),
            "CSRF_TRUSTED_ORIGINS": ("devicehub.localhost", "CSRF_TRUSTED_ORIGINS must list origins"),
            "DATABASE_URL": ("mysql://u:p@h/d", "DATABASE_URL must be a URL"),
            "CACHE_URL": ("redis://", "CACHE_URL must be a URL"),
            "CHANNEL_URL": ("redis://h:port/0", "CHANNEL_URL must be a URL"),
            "LOG_LEVEL": ("loud", "LOG_LEVEL must be one of"),
            "DRAIN_TIMEOUT": ("soon", "DRAIN_TIMEOUT must be a whole number"),
            "DATABASE_USE_DIRECT": ("maybe", "DATABASE_USE_DIRECT must be true or false"),
        }
        result = load_settings(**{name: value for name, (value, _) in wrong.items()})
        for _, message in wrong.values():
            self.assertIn(message, result.stderr)

    def test_a_short_secret_key_is_refused(self):
        result = load_settings(**GOOD | {"SECRET_KEY": "vN3xQ7pLk2Rw9TzYc5Bm"})
        self.assertIn("SECRET_KEY is shorter than 50 characters", result.stderr)

    def test_no_value_appears_in_the_refusal(self):
        result = load_settings(**GOOD | {"DATABASE_URL": "pg://u:Hx7Kq2@h/d"})
        self.assertIn("DATABASE_URL", result.stderr)
        self.assertNotIn("Hx7Kq2", result.stderr)

    def test_a_database_url_is_taken_apart(self):
        database = postgres_database(
            "postgres://a%40b:p%2Fw@pgbouncer:6432/hub?sslmode=verify-full&sslrootcert=/run/ca"
        )
        self.assertEqual(
            (database["HOST"], database["PORT"], database["NAME"], database["USER"], database["PASSWORD"]),
            ("pgbouncer", 6432, "hub", "a@b", "p/w"),
        )
        self.assertEqual(database["OPTIONS"]["sslmode"], "verify-full")
        self.assertEqual(database["OPTIONS"]["sslrootcert"], "/run/ca")

    def test_migrations_take_the_direct_url(self):
        show = [sys.executable, "manage.py", "migrate", "--check"]
        direct = "postgres://u:p@direct.invalid/d"
        pooled = "postgres://u:p@pooled.invalid/d"
        environment = {"PATH": os.environ["PATH"], **GOOD, "DATABASE_URL": pooled, "DATABASE_DIRECT_URL": direct}
        result = subprocess.run(show, env=environment, capture_output=True, text=True, check=False)
        self.assertIn("direct.invalid", result.stderr)
        self.assertNotIn("pooled.invalid", result.stderr)
