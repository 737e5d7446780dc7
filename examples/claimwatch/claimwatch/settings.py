"""Settings. Everything that differs between environments comes from environment variables; README.md lists them."""

import os
import socket

from .environment import Environment, postgres_database

env = Environment(os.environ)
SECRET_KEY = env.secret("SECRET_KEY", length=50)
FIELD_ENCRYPTION_KEY = env.secret(
    "FIELD_ENCRYPTION_KEY", length=32, why=": claims are stored encrypted with it, and no other key reads them again"
)
ALLOWED_HOSTS = env.names("ALLOWED_HOSTS")
DATABASE_URL = env.url("DATABASE_URL", ("postgres", "postgresql"))
DATABASE_DIRECT_URL = env.url("DATABASE_DIRECT_URL", ("postgres", "postgresql"), default=DATABASE_URL)
CACHE_URL = env.url("CACHE_URL", ("redis", "rediss"))
BROKER_URL = env.url("BROKER_URL", ("redis", "rediss"))
LOG_LEVEL = env.text("LOG_LEVEL", default="INFO")
# Seconds that one attempt to assess a claim may take, after which beat sends it again; and after which it sends again
# what nobody has begun.
ASSESSMENT_TIME_LIMIT = env.number("ASSESSMENT_TIME_LIMIT", default=120)
RESEND_AFTER = env.number("RESEND_AFTER", default=30)
# In a container the host name is its own: logs and /health/detail say which replica speaks.
REPLICA = env.text("REPLICA", default=socket.gethostname())
VERSION = env.text("SLIPWAY_VERSION", default="unknown")
env.refuse()

DEBUG = False
INSTALLED_APPS = ["claims"]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "claimwatch.urls"
X_FRAME_OPTIONS = "DENY"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
# CSRF: there are no cookies. HSTS and the redirect: nginx does both, and behind it every request is HTTP.
SILENCED_SYSTEM_CHECKS = ["security.W003", "security.W004", "security.W008"]

# pgbouncer hands every transaction another server connection: a cursor cannot outlive its transaction, and nothing may
# be prepared on a connection (Django sets psycopg's prepare_threshold to None).
direct = os.environ.get("DATABASE_USE_DIRECT") == "true"
DATABASES = {"default": postgres_database(DATABASE_DIRECT_URL if direct else DATABASE_URL)}
DATABASES["default"] |= {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True, "DISABLE_SERVER_SIDE_CURSORS": True}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_TIMEOUTS = {"socket_connect_timeout": 2, "socket_timeout": 2}
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": CACHE_URL,
        "OPTIONS": REDIS_TIMEOUTS,
    }
}

# The database says what became of a claim, so Celery keeps no results.
CELERY_BROKER_URL = BROKER_URL
CELERY_TASK_IGNORE_RESULT = True
# A task may wait in the queue, or run, for less than this; or Redis hands it to a second worker.
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 3600,
    "socket_connect_timeout": 3,
    "socket_timeout": 10,
    "socket_keepalive": True,
    # A connection that a failover left half open is found within twenty seconds.
    "health_check_interval": 10,
}
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_TIME_LIMIT = ASSESSMENT_TIME_LIMIT
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BEAT_SCHEDULER = "claimwatch.celery:Beat"
CELERY_BEAT_MAX_LOOP_INTERVAL = 5
CELERY_BEAT_SCHEDULE = {
    # What the last one did not get to within its interval, the next one does.
    "send forgotten claims": {"task": "claims.tasks.send_forgotten", "schedule": 15, "options": {"expires": 15}}
}

USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = False

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "claimwatch.logs.JsonFormatter", "replica": REPLICA}},
    "handlers": {"stdout": {"class": "logging.StreamHandler", "stream": "ext://sys.stdout", "formatter": "json"}},
    "root": {"handlers": ["stdout"], "level": LOG_LEVEL},
    "loggers": {
        "django": {"level": LOG_LEVEL},
        "celery": {"level": LOG_LEVEL},
        "gunicorn": {"level": LOG_LEVEL},
        # RequestLog writes a line for each request, with its id and without the query string.
        "gunicorn.access": {"level": "ERROR"},
    },
}
