#!/usr/bin/python
"""Ask a URL at an address of one's choice, verify its certificate, and say what came back."""

from __future__ import annotations

DOCUMENTATION = r"""
module: https_probe
short_description: Ask a web server what a client would see
version_added: "0.1.0"
description:
  - Sends one GET request and compares the answer with what is expected.
  - Connects to O(address) while it speaks of the host in O(url), in SNI and in the Host header, as C(curl --resolve) does. So it can ask one of several hosts, or
    a name that only a browser resolves, such as C(app.localhost).
  - Never follows a redirect and never leaves out the verification of a certificate.
author: [Slipway (@slipway)]
options:
  url: {description: What to ask for; http or https., type: str, required: true}
  address: {description: Where to connect to; the host in O(url) when it is not given., type: str}
  port: {description: Port to connect to; that of O(url) when it is not given., type: int}
  ca_path: {description: PEM file of the certificate authorities to trust; those of the system when it is not given., type: path}
  status: {description: Expected status codes., type: list, elements: int, default: [200]}
  headers:
    description: Expected headers of the answer, each with a regular expression that its value must match in whole; names are matched in any case.
    type: dict
    default: {}
  timeout: {description: Seconds until the server counts as silent., type: float, default: 10}
attributes:
  check_mode: {support: full, description: Changes nothing.}
  diff_mode: {support: none, description: Changes nothing.}
"""

EXAMPLES = r"""
- name: Ask the application through nginx
  slipway.kit.https_probe:
    url: https://devicehub.localhost/health/live
    address: 127.0.0.1
    ca_path: /home/me/.local/state/slipway/local/ca.crt
    headers:
      strict-transport-security: max-age=\d{8,}.*
"""

RETURN = r"""
status: {description: Status code., returned: when the server answered, type: int}
headers: {description: Headers of the answer with names in lower case., returned: when the server answered, type: dict}
body: {description: The first 2000 characters., returned: when the server answered, type: str}
tls: {description: Version of TLS., returned: for https, type: str, sample: TLSv1.3}
seconds: {description: How long it took., returned: when the server answered, type: float}
"""

import http.client
import re
import socket
import ssl
import time
from typing import Any
from urllib.parse import urlsplit

from ansible.module_utils.basic import AnsibleModule


class _At:
    """Mixed into a connection: connect to another address than the host that is spoken of."""

    address: str
    port_at: int

    def _open(self, timeout: float | None) -> socket.socket:
        return socket.create_connection((self.address, self.port_at), timeout)


class _Http(_At, http.client.HTTPConnection):
    def connect(self) -> None:
        self.sock = self._open(self.timeout)


class _Https(_At, http.client.HTTPSConnection):
    context: ssl.SSLContext

    def connect(self) -> None:
        self.sock = self.context.wrap_socket(self._open(self.timeout), server_hostname=self.host)


def ask(url: str, address: str | None, port: int | None, ca_path: str | None, timeout: float) -> dict[str, Any]:
    """One GET request; what came back."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"{url} is not an http or https URL")
    connection = (
        _Https(parts.hostname, timeout=timeout) if parts.scheme == "https" else _Http(parts.hostname, timeout=timeout)
    )
    connection.address = address or parts.hostname
    connection.port_at = port or parts.port or connection.default_port
    if isinstance(connection, _Https):
        connection.context = ssl.create_default_context(cafile=ca_path)
    began = time.monotonic()
    try:
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request(
            "GET", target, headers={"Host": parts.netloc, "User-Agent": "slipway-probe", "Accept": "*/*"}
        )
        # Read now: the socket is given up with the last byte of an answer that closes the connection.
        tls = {"tls": connection.sock.version()} if isinstance(connection, _Https) else {}
        answer = connection.getresponse()
        body = answer.read(8000)
        return {
            "status": answer.status,
            "headers": {name.lower(): value for name, value in answer.getheaders()},
            "body": body.decode(errors="replace")[:2000],
            "seconds": round(time.monotonic() - began, 4),
            **tls,
        }
    finally:
        connection.close()


def differences(found: dict[str, Any], status: list[int], headers: dict[str, str]) -> list[str]:
    """What about an answer is not as expected, one sentence each."""
    wrong = []
    if found["status"] not in status:
        wrong.append(f"status is {found['status']}, not {' or '.join(map(str, status))}")
    for name, pattern in headers.items():
        value = found["headers"].get(name.lower())
        if value is None:
            wrong.append(f"header {name} is missing")
        elif not re.fullmatch(str(pattern), value):
            wrong.append(f"header {name} is {value!r}, which does not match {pattern!r}")
    return wrong


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "url": {"type": "str", "required": True},
            "address": {"type": "str"},
            "port": {"type": "int"},
            "ca_path": {"type": "path"},
            "status": {"type": "list", "elements": "int", "default": [200]},
            "headers": {"type": "dict", "default": {}},
            "timeout": {"type": "float", "default": 10},
        },
        supports_check_mode=True,
    )
    params = module.params
    try:
        found = ask(params["url"], params["address"], params["port"], params["ca_path"], params["timeout"])
    except (OSError, ValueError, http.client.HTTPException) as error:
        where = f" at {params['address']}" if params["address"] else ""
        module.fail_json(msg=f"{params['url']}{where} did not answer: {error}")
    wrong = differences(found, params["status"], params["headers"])
    if wrong:
        module.fail_json(msg=f"{params['url']}: {'; '.join(wrong)}", **found)
    module.exit_json(changed=False, **found)


if __name__ == "__main__":
    main()
