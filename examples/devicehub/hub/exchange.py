"""Posting a message: stored in Postgres first, then told to everyone who listens, on whichever replica."""

import asyncio
import logging

from channels.layers import get_channel_layer
from django.conf import settings

from .models import Device, Message

logger = logging.getLogger(__name__)

FAN_OUT_TIMEOUT = 2.0


def group_of(device_id) -> str:
    return f"device.{device_id}"


async def post_message(device: Device, sender: str, body: object) -> Message:
    """Raises ValidationError when the body is not a text of a usable length."""
    message = Message(
        device=device, sender=sender, body=body if isinstance(body, str) else "", replica=settings.REPLICA
    )
    message.clean_fields(exclude={"device"})  # the device was just read
    await message.asave()
    try:
        async with asyncio.timeout(FAN_OUT_TIMEOUT):
            event = {"type": "device.message", "message": message.as_json()}
            await get_channel_layer().group_send(group_of(device.id), event)
    except Exception:
        # The message is stored: an error to the sender would make it come twice.
        logger.exception("message stored but not fanned out", extra={"message_id": message.id})
    return message
