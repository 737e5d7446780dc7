"""The example application from outside, as its users and its devices meet it."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
import requests
import websocket

from tests.e2e.conftest import Device, Open, Socket, csrf_token
from tests.environment import Environment


def stored(environment: Environment, page: requests.Session, device: Device) -> list[dict[str, Any]]:
    """A device's messages, as REST reads them out of Postgres."""
    answer = page.get(f"{environment.url}/api/devices/{device.id}/messages/")
    assert answer.status_code == 200
    messages: list[dict[str, Any]] = answer.json()["messages"]
    return messages


def test_a_message_crosses_replicas_and_is_kept(
    environment: Environment, page: requests.Session, device: Device, two_replicas: tuple[Socket, Socket]
) -> None:
    first, second = two_replicas
    for sender, receiver in ((first, second), (second, first)):
        body = f"from {sender.replica} {uuid.uuid4().hex}"
        sender.send(body=body)
        message = receiver.receive("message")
        while message["body"] != body:
            message = receiver.receive("message")
        assert message["handled_by"] == sender.replica
        assert message["delivered_by"] == receiver.replica
        assert body in [kept["body"] for kept in stored(environment, page, device)]


def test_a_message_over_rest_reaches_every_socket(
    environment: Environment, page: requests.Session, device: Device, two_replicas: tuple[Socket, Socket]
) -> None:
    headers = {"X-CSRFToken": csrf_token(page), "Referer": environment.url}
    body = uuid.uuid4().hex
    answer = page.post(f"{environment.url}/api/devices/{device.id}/messages/", json={"body": body}, headers=headers)
    assert answer.status_code == 201
    for opened in two_replicas:
        assert opened.receive("message")["body"] == body


def test_a_wrong_token_opens_no_socket(sockets: Open, device: Device) -> None:
    with pytest.raises(websocket.WebSocketBadStatusException) as refusal:
        sockets(Device(device.id, device.token[:-1] + "_"))
    assert refusal.value.status_code == 403


def test_a_foreign_page_opens_no_socket(environment: Environment, page: requests.Session, device: Device) -> None:
    """A browser sends the session's cookie along, wherever the page comes from."""
    cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in page.cookies)
    path = f"/ws/hub/{device.id}/"
    Socket(environment, path, origin=environment.url, Cookie=cookies).close()
    with pytest.raises(websocket.WebSocketBadStatusException) as refusal:
        Socket(environment, path, origin="https://elsewhere.example", Cookie=cookies)
    assert refusal.value.status_code == 403


def test_a_stranger_sees_nothing(environment: Environment, client: requests.Session, device: Device) -> None:
    with environment.session() as stranger:
        assert stranger.get(f"{environment.url}/api/devices/").status_code == 401
        assert stranger.get(f"{environment.url}/api/devices/{device.id}/messages/").status_code == 401
        assert (
            stranger.get(f"{environment.url}/devices/", allow_redirects=False).headers["Location"].startswith("/login/")
        )


def test_cookies_are_for_tls_and_not_for_scripts(page: requests.Session) -> None:
    flags = {cookie.name: (cookie.secure, cookie.has_nonstandard_attr("HttpOnly")) for cookie in page.cookies}
    assert flags == {"sessionid": (True, True), "csrftoken": (True, True)}
