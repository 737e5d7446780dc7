"""The REST endpoints. A tenant exchanges its key for a token of an hour, and shows that with each request."""

import functools
import hmac
import json
from http import HTTPStatus

from django.core import signing
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count
from django.http import HttpRequest, JsonResponse

from .models import Claim, Tenant, keyed_hash
from .tasks import send, summary_key

SALT = "claimwatch token"
TOKEN_SECONDS = 3600
PAGE = 50
SUMMARY_SECONDS = 30


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


def problem(status: HTTPStatus, **headers: str) -> JsonResponse:
    return JsonResponse({"error": status.phrase.lower()}, status=status, headers=headers)


def not_found(request, exception=None):
    return problem(HTTPStatus.NOT_FOUND)


def failed(request):
    return problem(HTTPStatus.INTERNAL_SERVER_ERROR)


def endpoint(*methods: str):
    """Answers in JSON what Django would answer with a page."""

    def decorate(view):
        @functools.wraps(view)
        def wrapper(request, *args, **kwargs):
            if request.method not in methods:
                return problem(HTTPStatus.METHOD_NOT_ALLOWED, Allow=", ".join(methods))
            try:
                return view(request, *args, **kwargs)
            except BadJsonError:
                return JsonResponse({"error": "the body must be a JSON object"}, status=HTTPStatus.BAD_REQUEST)
            except ValidationError as error:
                return JsonResponse({"errors": error.message_dict}, status=HTTPStatus.BAD_REQUEST)

        return wrapper

    return decorate


def of_tenant(view):
    """The view gets the tenant whose token the request shows, and runs within that tenant's scope."""

    @functools.wraps(view)
    def wrapper(request, *args, **kwargs):
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        try:
            tenant_id = signing.loads(token.strip(), salt=SALT, max_age=TOKEN_SECONDS)
            tenant = Tenant.objects.get(id=tenant_id)
        except (signing.BadSignature, Tenant.DoesNotExist):
            return problem(HTTPStatus.UNAUTHORIZED)
        if scheme.lower() != "bearer":
            return problem(HTTPStatus.UNAUTHORIZED)
        with tenant.scope():
            return view(request, tenant, *args, **kwargs)

    return wrapper


@endpoint("POST")
def token(request):
    body = body_of(request)
    name, key = body.get("tenant"), body.get("key")
    if isinstance(name, str) and isinstance(key, str):
        tenant = Tenant.objects.filter(name=name.replace("\x00", "")).first()
        given = keyed_hash("key", key.encode(errors="replace").decode())
        if tenant and hmac.compare_digest(tenant.key_hash, given):
            signed = signing.dumps(str(tenant.id), salt=SALT)
            return JsonResponse({"token": signed, "seconds": TOKEN_SECONDS}, status=HTTPStatus.CREATED)
    return problem(HTTPStatus.UNAUTHORIZED)


@endpoint("GET", "POST")
@of_tenant
def claims(request, tenant):
    if request.method == "GET":
        return JsonResponse({"claims": [claim.as_json() for claim in Claim.objects.all()[:PAGE]]})
    body = body_of(request)
    stated = {
        name: body[name] for name in ("reference", "claimant", "description", "amount", "documents") if name in body
    }
    texts = ("reference", "claimant", "description")
    wrong = [name for name in texts if not isinstance(stated.get(name, ""), str)]
    if wrong:
        raise ValidationError({name: ["This must be a text."] for name in wrong})
    made = Claim(tenant=tenant, **stated)
    made.full_clean()
    made.save(force_insert=True)
    cache.delete(summary_key(tenant))
    # Only once it is there: the worker would not find it otherwise.
    transaction.on_commit(lambda: send(tenant, made.id))
    return JsonResponse(made.as_json(), status=HTTPStatus.CREATED)


@endpoint("GET")
@of_tenant
def claim(request, tenant, claim_id):
    found = Claim.objects.filter(id=claim_id).first()
    return JsonResponse(found.as_json()) if found else problem(HTTPStatus.NOT_FOUND)


@endpoint("GET")
@of_tenant
def summary(request, tenant):
    """How many claims are in which state; counted at most every half a minute, or when one changed."""
    counts = cache.get(summary_key(tenant))
    if counts is None:
        counts = dict(Claim.objects.order_by().values_list("state").annotate(Count("id")))
        cache.set(summary_key(tenant), counts, SUMMARY_SECONDS)
    return JsonResponse({"tenant": tenant.name, "claims": counts})
