"""The REST endpoints. An operator exchanges the console's password for a token of an hour, and shows that."""

from __future__ import annotations

import hmac
import json
from http import HTTPStatus

import redis
from flask import Blueprint, Flask, Response, abort, current_app, request
from itsdangerous import BadData, URLSafeTimedSerializer
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.exceptions import HTTPException

from .database import Sample, Watch, engine_for
from .measures import MEASURES
from .settings import Settings

TOKEN_SECONDS = 3600
PAGE = 20
OVERVIEW_SECONDS = 2
MOST_SECONDS = 86_400

api = Blueprint("api", __name__, url_prefix="/api")


def create_app(settings: Settings) -> Flask:
    app = Flask(__name__, static_folder=None)
    app.config["TRUSTED_HOSTS"] = settings.allowed_hosts
    app.extensions["settings"] = settings
    app.extensions["engine"] = engine_for(settings.database_url)
    app.extensions["signer"] = URLSafeTimedSerializer(settings.secret_key, salt="dbconsole token")
    app.extensions["cache"] = redis.Redis.from_url(settings.cache_url, socket_timeout=2, socket_connect_timeout=2)
    app.register_blueprint(api)
    app.register_error_handler(HTTPException, say_in_json)
    return app


def say_in_json(error: HTTPException) -> tuple[dict[str, str], int]:
    return {"error": error.description or error.name}, error.code or HTTPStatus.INTERNAL_SERVER_ERROR


def session() -> Session:
    return Session(current_app.extensions["engine"])


def body() -> dict[str, object]:
    try:
        found = json.loads(request.get_data())
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        abort(HTTPStatus.BAD_REQUEST, "the body must be a JSON object")
    return found


@api.before_request
def need_token() -> None:
    if request.endpoint == "api.token":
        return
    scheme, _, shown = request.headers.get("Authorization", "").partition(" ")
    try:
        current_app.extensions["signer"].loads(shown.strip(), max_age=TOKEN_SECONDS)
    except BadData:
        scheme = ""
    if scheme.lower() != "bearer":
        abort(HTTPStatus.UNAUTHORIZED, "authentication required")


@api.post("/token/")
def token() -> tuple[dict[str, object], int]:
    given, wanted = body().get("password"), current_app.extensions["settings"].password
    if not isinstance(given, str) or not hmac.compare_digest(given.encode(errors="replace"), wanted.encode()):
        abort(HTTPStatus.UNAUTHORIZED, "this is not the password")
    signed = current_app.extensions["signer"].dumps("operator")
    return {"token": signed, "seconds": TOKEN_SECONDS}, HTTPStatus.CREATED


@api.get("/measures/")
def measures() -> dict[str, object]:
    return {"measures": sorted(MEASURES)}


@api.get("/watches/")
def watches() -> dict[str, object]:
    with session() as found:
        return {"watches": [watch.as_json() for watch in found.scalars(select(Watch).order_by(Watch.id))]}


@api.post("/watches/")
def add_watch() -> tuple[dict[str, object], int]:
    stated = body()
    measure, every = stated.get("measure"), stated.get("every")
    if not isinstance(measure, str) or measure not in MEASURES:
        abort(HTTPStatus.BAD_REQUEST, f"measure must be one of {', '.join(sorted(MEASURES))}")
    if type(every) is not int or not 1 <= every <= MOST_SECONDS:
        abort(HTTPStatus.BAD_REQUEST, f"every must be a number of seconds from 1 to {MOST_SECONDS}")
    with session() as opened, opened.begin():
        watch = Watch(measure=measure, every=every)
        opened.add(watch)
        opened.flush()
        return watch.as_json(), HTTPStatus.CREATED


@api.get("/watches/<int:watch_id>/")
def watch(watch_id: int) -> dict[str, object]:
    latest = select(Sample).where(Sample.watch_id == watch_id).order_by(Sample.id.desc()).limit(PAGE)
    with session() as found:
        return {**known(found, watch_id).as_json(), "samples": [sample.as_json() for sample in found.scalars(latest)]}


@api.delete("/watches/<int:watch_id>/")
def remove_watch(watch_id: int) -> tuple[str, int]:
    with session() as opened, opened.begin():
        opened.delete(known(opened, watch_id))
    return "", HTTPStatus.NO_CONTENT


@api.get("/overview/")
def overview() -> Response:
    """The latest value of each watch; asked of the database every two seconds at most, by all replicas together."""
    cache: redis.Redis = current_app.extensions["cache"]
    text = cache.get("overview")
    if text is None:
        latest = select(func.max(Sample.id)).group_by(Sample.watch_id)
        wanted = select(Watch.measure, Sample).join(Sample).where(Sample.id.in_(latest)).order_by(Watch.id)
        with session() as found:
            rows = [{"measure": measure, **sample.as_json()} for measure, sample in found.execute(wanted)]
        text = json.dumps({"latest": rows}).encode()
        cache.set("overview", text, ex=OVERVIEW_SECONDS)
    return Response(text, mimetype="application/json")


def known(found: Session, watch_id: int) -> Watch:
    watch = found.get(Watch, watch_id) if watch_id < 2**63 else None
    if watch is None:
        abort(HTTPStatus.NOT_FOUND, "there is no such watch")
    return watch
