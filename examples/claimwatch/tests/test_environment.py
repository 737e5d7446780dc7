import os
import subprocess
import sys

from django.test import SimpleTestCase

GOOD = {
    "SECRET_KEY": "vN3xQ7pLk2Rw9TzYc5BmGh8JdFsA4UeWoXiZ6rVtSyPqMnKb1C",
    "FIELD_ENCRYPTION_KEY": "Zt8Qm2Xw5Lr9Vk3Np7Hs4Jd6Fg1Bc0Ya",
    "ALLOWED_HOSTS": "claimwatch.localhost",
    "DATABASE_URL": "postgres://u:p@h/d",
    "CACHE_URL": "redis://h/0",
    "BROKER_URL": "redis://h/0",
}


def start(*command: str, **variables: str) -> subprocess.CompletedProcess:
    environment = {"PATH": os.environ["PATH"], "HOME": "/tmp", **variables}
    return subprocess.run([sys.executable, *command], env=environment, capture_output=True, text=True, check=False)


def load_settings(**variables: str) -> subprocess.CompletedProcess:
    command = "from django.conf import settings; settings.DEBUG; print('loaded')"
    return start("-c", command, DJANGO_SETTINGS_MODULE="claimwatch.settings", **variables)


class Environment(SimpleTestCase):
    def test_a_complete_environment_loads(self):
        self.assertEqual(load_settings(**GOOD).stdout, "loaded\n")

    def test_everything_that_is_missing_is_named_at_once(self):
        result = load_settings()
        self.assertNotEqual(result.returncode, 0)
        for name in GOOD:
            self.assertIn(f"{name} is missing", result.stderr)

    def test_everything_that_is_wrong_is_named_at_once_and_no_value_is(self):
        wrong = {
            "SECRET_KEY": ("short", "SECRET_KEY is not a random text"),
            "FIELD_ENCRYPTION_KEY": ("x" * 40, "FIELD_ENCRYPTION_KEY is not a random text"),
            "ALLOWED_HOSTS": ("*", "ALLOWED_HOSTS must name"),
            "DATABASE_URL": ("mysql://u:Hx7Kq2@h/d", "DATABASE_URL must be a URL"),
            "CACHE_URL": ("redis://", "CACHE_URL must be a URL"),
            "BROKER_URL": ("redis://h:port/0", "BROKER_URL must be a URL"),
            "ASSESSMENT_TIME_LIMIT": ("soon", "ASSESSMENT_TIME_LIMIT must be a whole number"),
        }
        result = load_settings(**{name: value for name, (value, _) in wrong.items()})
        for _, message in wrong.values():
            self.assertIn(message, result.stderr)
        self.assertNotIn("Hx7Kq2", result.stderr)

    def test_no_process_starts_without_the_encryption_key(self):
        without = {name: value for name, value in GOOD.items() if name != "FIELD_ENCRYPTION_KEY"}
        processes = {
            "web": ("-m", "gunicorn", "claimwatch.wsgi:application"),
            "worker": ("-m", "celery", "--app", "claimwatch", "worker"),
            "beat": ("-m", "celery", "--app", "claimwatch", "beat"),
            "migrate": ("manage.py", "migrate"),
        }
        for name, command in processes.items():
            with self.subTest(name):
                result = start(*command, **without)
                self.assertNotEqual(result.returncode, 0)
                said = result.stdout + result.stderr
                self.assertIn("FIELD_ENCRYPTION_KEY is missing: claims are stored encrypted with it", said)

    def test_migrations_take_the_direct_url(self):
        direct, pooled = "postgres://u:p@direct.invalid/d", "postgres://u:p@pooled.invalid/d"
        variables = GOOD | {"DATABASE_URL": pooled, "DATABASE_DIRECT_URL": direct}
        result = start("manage.py", "migrate", "--check", **variables)
        self.assertIn("direct.invalid", result.stderr)
        self.assertNotIn("pooled.invalid", result.stderr)
