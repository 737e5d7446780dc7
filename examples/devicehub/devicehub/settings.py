"""Settings. Everything that differs between environments comes from environment variables; README.md lists them."""

import os
import socket
from pathlib import Path

from .environment import Environment, postgres_database

BASE_DIR = Path(__file__).resolve().parent.parent

env = Environment(os.environ)
SECRET_KEY = env.secret("SECRET_KEY", length=50)
ALLOWED_HOSTS = env.names("ALLOWED_HOSTS")
CSRF_TRUSTED_ORIGINS = env.origins("CSRF_TRUSTED_ORIGINS")
DATABASE_URL = env.url("DATABASE_URL", ("postgres", "postgresql"))
DATABASE_DIRECT_URL = env.url("DATABASE_DIRECT_URL", ("postgres", "postgresql"), default=DATABASE_URL)
DATABASE_USE_DIRECT = env.flag("DATABASE_USE_DIRECT")
CACHE_URL = env.url("CACHE_URL", ("redis", "rediss"))
CHANNEL_URL = env.url("CHANNEL_URL", ("redis", "rediss"))
LOG_LEVEL = env.choice("LOG_LEVEL", ("DEBUG", "INFO", "WARNING", "ERROR"), default="INFO")
# Requests that one replica works on at a time, each in a thread with a database connection of its own.
MAX_REQUESTS = env.number("MAX_REQUESTS", default=16)
# A stopping replica serves on for DRAIN_DELAY seconds, in which the router notices that it is not ready any more, and
# then gives DRAIN_TIMEOUT seconds to what it has begun. Together they stay below the container's stop grace.
DRAIN_DELAY = env.number("DRAIN_DELAY", default=3)
DRAIN_TIMEOUT = env.number("DRAIN_TIMEOUT", default=20)
# In a container the host name is its own: messages, logs and /health/detail say which replica speaks.
REPLICA = env.text("REPLICA", default=socket.gethostname())
VERSION = env.text("SLIPWAY_VERSION", default="unknown")
env.refuse()

DEBUG = False

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "channels",
    "hub",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "devicehub.urls"
ASGI_APPLICATION = "devicehub.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

# pgbouncer hands every transaction another server connection: a cursor cannot outlive its transaction, and nothing may
# be prepared on a connection (Django sets psycopg's prepare_threshold to None). Connections to pgbouncer are kept in a
# pool: opening one with TLS and SCRAM for each request leaves a third of the throughput. A failed pool starts over
# after five seconds, so that it is back soon after the database is.
DATABASES = {"default": postgres_database(DATABASE_DIRECT_URL if DATABASE_USE_DIRECT else DATABASE_URL)}
DATABASES["default"] |= {"CONN_MAX_AGE": 0, "CONN_HEALTH_CHECKS": True, "DISABLE_SERVER_SIDE_CURSORS": True}
if not DATABASE_USE_DIRECT:
    pool = {"min_size": 1, "max_size": MAX_REQUESTS + 2, "timeout": 3, "reconnect_timeout": 5}
    DATABASES["default"]["OPTIONS"]["pool"] = pool
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CACHES = {
    "default": {
        "BACKEND": "devicehub.cache.SharedRedisCache",
        "LOCATION": CACHE_URL,
        "OPTIONS": {"socket_connect_timeout": 2, "socket_timeout": 2},
    }
}
SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"

# The layer waits for messages with a blocking read of 5 seconds. redis-py 8 gives every read 5 seconds unless told
# otherwise, which ends idle consumers: https://github.com/django/channels_redis/issues/422
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.core.RedisChannelLayer",
        "CONFIG": {"hosts": [{"address": CHANNEL_URL, "socket_connect_timeout": 2, "socket_timeout": 10}]},
    }
}

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "devices"
LOGOUT_REDIRECT_URL = "login"

SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
CSRF_COOKIE_HTTPONLY = True
X_FRAME_OPTIONS = "DENY"
# nginx sends HSTS and redirects plain HTTP; behind it every request is HTTP.
SILENCED_SYSTEM_CHECKS = ["security.W004", "security.W008"]

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"},
}

USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = False

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "devicehub.logs.JsonFormatter"}},
    "handlers": {"stdout": {"class": "logging.StreamHandler", "stream": "ext://sys.stdout", "formatter": "json"}},
    "root": {"handlers": ["stdout"], "level": LOG_LEVEL},
    "loggers": {"django": {"level": LOG_LEVEL}},
}
