"""The two WebSockets: /ws/devices/<id>/ for a device with its token, /ws/hub/<id>/ for its owner's browser."""

import json
import logging

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.core.exceptions import ValidationError

from .exchange import group_of, post_message
from .models import Device

logger = logging.getLogger(__name__)


class DeviceRoom(AsyncWebsocketConsumer):
    """Everyone in a device's room sees every message of that device; who may enter is up to the subclasses."""

    device: Device | None = None
    sender = ""

    async def find_device(self, device_id) -> Device | None:
        raise NotImplementedError

    async def connect(self):
        self.device = await self.find_device(self.scope["url_route"]["kwargs"]["device_id"])
        if self.device is None:
            await self.close()  # before accept: the handshake is answered with 403
            return
        await self.channel_layer.group_add(group_of(self.device.id), self.channel_name)
        await self.accept()
        await self.send_json(type="hello", device=str(self.device.id), replica=settings.REPLICA)
        logger.info("websocket opened", extra={"device": str(self.device.id), "sender": self.sender})

    async def disconnect(self, code):
        if self.device is not None:
            await self.channel_layer.group_discard(group_of(self.device.id), self.channel_name)
            logger.info("websocket closed", extra={"device": str(self.device.id), "code": code})

    async def receive(self, text_data=None, bytes_data=None):
        try:
            body = json.loads(text_data or "")["body"]
        except (ValueError, TypeError, KeyError, RecursionError):
            await self.send_json(type="error", errors={"body": ['Send a JSON object such as {"body": "text"}.']})
            return
        try:
            await post_message(self.device, self.sender, body)
        except ValidationError as error:
            await self.send_json(type="error", errors=error.message_dict)

    async def device_message(self, event):
        """A message from the channel layer, posted on this replica or another."""
        await self.send_json(type="message", **event["message"], delivered_by=settings.REPLICA)

    async def send_json(self, **content):
        await self.send(text_data=json.dumps(content))


class DeviceConsumer(DeviceRoom):
    async def find_device(self, device_id):
        header = dict(self.scope["headers"]).get(b"authorization", b"").decode("latin-1")
        scheme, _, token = header.partition(" ")
        if scheme.lower() != "token" or not token:
            return None
        device = await database_sync_to_async(Device.objects.for_token)(device_id, token.strip())
        self.sender = f"device {device.name}" if device else ""
        return device


class HubConsumer(DeviceRoom):
    async def find_device(self, device_id):
        user = self.scope["user"]
        if not user.is_authenticated:
            return None
        self.sender = user.get_username()
        return await Device.objects.filter(id=device_id, owner=user).afirst()
