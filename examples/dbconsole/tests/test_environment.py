import os
import subprocess
import sys
import unittest

GOOD = {
    "SECRET_KEY": "vN3xQ7pLk2Rw9TzYc5BmGh8JdFsA4UeWoXiZ6rVtSyPqMnKb1C",
    "CONSOLE_PASSWORD": "Zt8Qm2Xw5Lr9Vk3Np7Hs4Jd6Fg1Bc0Ya",
    "ALLOWED_HOSTS": "dbconsole.localhost",
    "DATABASE_URL": "postgres://u:p@h/d",
    "CACHE_URL": "redis://h/0",
}
PROCESSES = {
    "web": ("-m", "gunicorn", "dbconsole.wsgi:application"),
    "scheduler": ("-m", "dbconsole.scheduler"),
    "migrate": ("-m", "alembic", "upgrade", "head"),
}


def start(*command: str, **variables: str) -> subprocess.CompletedProcess:
    environment = {"PATH": os.environ["PATH"], "HOME": "/tmp", **variables}
    return subprocess.run([sys.executable, *command], env=environment, capture_output=True, text=True, check=False)


class Environment(unittest.TestCase):
    def test_a_complete_environment_loads(self):
        self.assertEqual(start("-c", "import dbconsole.settings", **GOOD).returncode, 0)

    def test_no_process_starts_without_it_and_all_that_is_missing_is_named(self):
        for process, command in PROCESSES.items():
            with self.subTest(process):
                result = start(*command)
                self.assertNotEqual(result.returncode, 0)
                for name in GOOD:
                    self.assertIn(f"{name} is missing", result.stderr)

    def test_everything_that_is_wrong_is_named_at_once_and_no_value_is(self):
        wrong = {
            "SECRET_KEY": ("short", "SECRET_KEY is not a random text of 50"),
            "CONSOLE_PASSWORD": ("x" * 40, "CONSOLE_PASSWORD is not a random text of 32"),
            "DATABASE_URL": ("mysql://u:Hx7Kq2@h/d", "DATABASE_URL must be a URL that starts with postgres://"),
            "CACHE_URL": ("memory", "CACHE_URL must be a URL that starts with rediss://"),
        }
        result = start("-c", "import dbconsole.settings", **{name: value for name, (value, _) in wrong.items()})
        for _, message in wrong.values():
            self.assertIn(message, result.stderr)
        self.assertNotIn("Hx7Kq2", result.stderr)

    def test_migrations_take_the_direct_url(self):
        direct, pooled = "postgres://u:p@direct.invalid/d", "postgres://u:p@pooled.invalid/d"
        result = start(*PROCESSES["migrate"], **GOOD | {"DATABASE_URL": pooled, "DATABASE_DIRECT_URL": direct})
        self.assertIn("direct.invalid", result.stderr)
        self.assertNotIn("pooled.invalid", result.stderr)
