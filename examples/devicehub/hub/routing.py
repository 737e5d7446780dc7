from channels.auth import AuthMiddlewareStack
from channels.routing import URLRouter
from channels.security.websocket import OriginValidator, WebsocketDenier
from django.conf import settings
from django.urls import path, re_path

from .consumers import DeviceConsumer, HubConsumer

# Browsers send a session cookie along wherever a page comes from: only our own pages may use it.
hub = OriginValidator(AuthMiddlewareStack(HubConsumer.as_asgi()), settings.CSRF_TRUSTED_ORIGINS)

websocket_application = URLRouter(
    [
        path("ws/devices/<uuid:device_id>/", DeviceConsumer.as_asgi()),
        path("ws/hub/<uuid:device_id>/", hub),
        re_path("", WebsocketDenier.as_asgi()),
    ]
)
