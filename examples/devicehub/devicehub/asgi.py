"""What Daphne serves."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "devicehub.settings")
django_application = get_asgi_application()

# These import models or read settings, which the line above made usable.
from channels.routing import ProtocolTypeRouter  # noqa: E402
from django.conf import settings  # noqa: E402

from hub.routing import websocket_application  # noqa: E402

from .health import health  # noqa: E402
from .requests import Bounded, RequestLog  # noqa: E402

bounded_application = Bounded(django_application, settings.MAX_REQUESTS)


async def http_application(scope, receive, send):
    chosen = health if scope["path"].startswith("/health/") else bounded_application
    await chosen(scope, receive, send)


application = RequestLog(ProtocolTypeRouter({"http": http_application, "websocket": websocket_application}))
