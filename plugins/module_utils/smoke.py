"""What to ask a running application, read from its contract."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

ANY_PAGE = [200, 204, 301, 302, 303, 307, 308, 401, 403]


def smoke_requests(applications: Mapping[str, Mapping[str, Any]], port: int = 443) -> list[dict[str, Any]]:
    """One request for each domain of each routed application: the health path of the process behind its first route.

    A process without an HTTP probe, or with one that is closed to the outside, is asked for the route itself; then any
    answer of the application counts, a redirect to a login included.

    :param port: the one in the addresses that people use.
    :return: dictionaries with application, domain, base (scheme, domain and port), url and status (what is expected).

    >>> contract = {"domains": ["a.test"], "processes": {"web": {"probe": {"path": "/up"}}},
    ...             "routes": [{"path": "/", "process": "web"}]}
    >>> smoke_requests({"a": contract})
    [{'application': 'a', 'domain': 'a.test', 'base': 'https://a.test', 'url': 'https://a.test/up', 'status': [200]}]
    """
    found: list[dict[str, Any]] = []
    for name, contract in sorted(applications.items()):
        routes = contract.get("routes") or []
        if not routes:
            continue
        path, status = _path(contract, routes[0])
        for domain in contract.get("domains") or []:
            base = f"https://{domain}" + (f":{port}" if int(port) != 443 else "")
            about = {"application": name, "domain": domain, "base": base}
            found.append({**about, "url": f"{base}{path}", "status": status})
    return found


def _path(contract: Mapping[str, Any], route: Mapping[str, Any]) -> tuple[str, list[int]]:
    prefix = str(route["path"])
    process = (contract.get("processes") or {}).get(route["process"]) or {}
    probe = process.get("probe") or {}
    path = str(probe.get("path") or "")
    if path and route.get("strip"):
        path = prefix.rstrip("/") + path
    closed = [str(entry) for entry in contract.get("internal") or []]
    if not path or not path.startswith(prefix) or any(re.match(f"{re.escape(entry)}(/|$)", path) for entry in closed):
        return prefix, ANY_PAGE
    return path, [int(probe.get("status", 200))]
