"""The REST endpoints. A browser session or, for a device's own messages, the device's token."""

import functools
import json

from asgiref.sync import async_to_sync
from django.core.exceptions import ValidationError
from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from .exchange import post_message
from .models import Device

PAGE = 50


class BadJsonError(Exception):
    pass


def body_of(request: HttpRequest) -> dict[str, object]:
    try:
        body = json.loads(request.body)
    except (ValueError, RecursionError) as error:
        raise BadJsonError from error
    if not isinstance(body, dict):
        raise BadJsonError
    return body


def endpoint(*methods: str):
    """Answers in JSON what Django would answer with a page."""

    def decorate(view):
        @functools.wraps(view)
        def wrapper(request, *args, **kwargs):
            if request.method not in methods:
                return JsonResponse({"error": "method not allowed"}, status=405, headers={"Allow": ", ".join(methods)})
            try:
                return view(request, *args, **kwargs)
            except BadJsonError:
                return JsonResponse({"error": "the body must be a JSON object"}, status=400)
            except ValidationError as error:
                return JsonResponse({"errors": error.message_dict}, status=400)

        return wrapper

    return decorate


def unauthenticated() -> JsonResponse:
    return JsonResponse({"error": "authentication required"}, status=401)


@endpoint("GET", "POST")
def devices(request):
    if not request.user.is_authenticated:
        return unauthenticated()
    if request.method == "GET":
        return JsonResponse({"devices": [device.as_json() for device in request.user.devices.all()]})
    name = body_of(request).get("name")
    device, token = Device.objects.create_with_token(request.user, name if isinstance(name, str) else "")
    return JsonResponse({**device.as_json(), "token": token}, status=201)


# A request with a token carries no cookie that another site could make a browser send, so it needs no CSRF token.
@csrf_exempt
@endpoint("GET", "POST")
def messages(request, device_id):
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "token":
        device = Device.objects.for_token(device_id, token.strip())
        if device is None:
            return unauthenticated()
        return device_messages(request, device, f"device {device.name}")
    return owner_messages(request, device_id)


@csrf_protect
def owner_messages(request, device_id):
    if not request.user.is_authenticated:
        return unauthenticated()
    device = request.user.devices.filter(id=device_id).first()
    if device is None:
        return JsonResponse({"error": "not found"}, status=404)
    return device_messages(request, device, request.user.get_username())


def device_messages(request, device, sender):
    if request.method == "GET":
        return JsonResponse({"messages": [message.as_json() for message in device.messages.all()[:PAGE]]})
    message = async_to_sync(post_message)(device, sender, body_of(request).get("body"))
    return JsonResponse(message.as_json(), status=201)
