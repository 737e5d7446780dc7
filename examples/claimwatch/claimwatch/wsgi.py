"""What Gunicorn serves."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "claimwatch.settings")
django_application = get_wsgi_application()

from django.conf import settings  # noqa: E402 - which the lines above made usable

from .health import Health, Postgres, Redis  # noqa: E402
from .logs import RequestLog  # noqa: E402

asked = {
    "database": Postgres(settings.DATABASE_URL).ask,
    "cache": Redis(settings.CACHE_URL).ask,
    "broker": Redis(settings.BROKER_URL).ask,
}
about = {"replica": settings.REPLICA, "version": settings.VERSION}
application = RequestLog(Health(django_application, asked, about))
