"""The application's processes, on the tests' database."""

from urllib.parse import urlsplit, urlunsplit

from django.conf import settings
from django.db import connection
from testing import Gunicorn, Process

WEB = ("claimwatch.wsgi:application", "--worker-class", "gthread", "--threads", "4")
WORKER = "--quiet --app claimwatch worker --concurrency 2 --without-gossip --without-mingle --loglevel INFO".split()
BEAT = "--quiet --app claimwatch beat --loglevel INFO".split()


def test_database_url() -> str:
    """DATABASE_URL of the database that the test runner made."""
    return urlunsplit(urlsplit(settings.DATABASE_URL)._replace(path="/" + connection.settings_dict["NAME"]))


def celery(arguments: list[str], **environment: str) -> Process:
    return Process("celery", *arguments, **{"DATABASE_URL": test_database_url(), **environment})


def web(**environment: str) -> Gunicorn:
    variables = {"DATABASE_URL": test_database_url(), "REPLICA": "one", **environment}
    return Gunicorn(*WEB, host="claimwatch.localhost", **variables)
