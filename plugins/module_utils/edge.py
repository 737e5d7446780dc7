"""From application contracts to what the templates of nginx and HAProxy need: which paths lead where, in order.

A route ``/api`` answers ``/api`` and everything below ``/api/``, never ``/apiary``; a slash at its end changes nothing.
nginx and the router read the same view, so that both understand a path alike. Pure functions.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .contract import normalise
from .sizes import size_in_bytes

#: nginx keeps a request's body until it is complete, so that a slow client never holds a worker of the application. Its
#: only writable place is memory: larger bodies are passed on as they come.
BUFFERED_BODY = 32 * 2**20
#: Addresses that the router keeps room for at least. More come in powers of two: scaling seldom changes its settings.
SLOTS = 16


def haproxy_quote(text: Any) -> str:
    """A word of haproxy.cfg.

    >>> print(haproxy_quote('say "$x"'))
    "say \\"\\$x\\""
    """
    if "\n" in str(text) or "\r" in str(text):
        raise ValueError(f"a line break cannot stand in haproxy.cfg: {text!r}")
    return '"' + re.sub(r'([\\"$])', r"\\\1", str(text)) + '"'


def haproxy_format(text: Any) -> str:
    """A word of haproxy.cfg where a log format is read: ``%`` is doubled.

    >>> haproxy_format("100%")
    '"100%%"'
    """
    return haproxy_quote(str(text).replace("%", "%%"))


def resp_hex(*words: str) -> str:
    """A Redis command as it goes over the wire, in hexadecimal: no password needs quoting in haproxy.cfg.

    >>> bytes.fromhex(resp_hex("PING"))
    b'*1\\r\\n$4\\r\\nPING\\r\\n'
    """
    encoded = [word.encode() for word in words]
    parts = [b"*%d\r\n" % len(encoded), *(b"$%d\r\n%s\r\n" % (len(word), word) for word in encoded)]
    return b"".join(parts).hex()


def nginx_quote(text: Any) -> str:
    """A word of nginx.conf that is taken as it is: no variable, no end of directive.

    >>> nginx_quote("default-src 'self'; report-uri /a?b=$c")
    '"default-src \\'self\\'; report-uri /a?b=${dollar}c"'
    """
    return '"' + re.sub(r'([\\"])', r"\\\1", str(text)).replace("$", "${dollar}") + '"'


def nginx_pattern(text: str) -> str:
    """A regular expression, or a path, as one word of nginx.conf where no variable is looked for.

    >>> nginx_pattern(r'~^/a{2}/"\\d')
    '"~^/a{2}/\\\\"\\\\\\\\d"'
    """
    return '"' + re.sub(r'([\\"])', r"\\\1", text) + '"'


def base(path: str) -> str:
    """A prefix without the slash at its end; the root is empty.

    >>> base("/api/"), base("/")
    ('/api', '')
    """
    return path.rstrip("/")


def ordered_routes(routes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Routes with their ``base``, the longest first; of two that differ only in a slash at the end, the first stays."""
    found: dict[str, dict[str, Any]] = {}
    for route in routes:
        found.setdefault(base(route["path"]), {**route, "base": base(route["path"])})
    return sorted(found.values(), key=lambda route: (-len(route["base"]), route["base"]))


def router_view(name: str, contract: Mapping[str, Any]) -> dict[str, Any]:
    """What an application's router knows of it.

    ``routes`` are numbered, the longest prefix first; ``processes`` are those that a route leads to, with the number
    of ``slots`` (a rollout may run twice the replicas for a while) and the ``check``, or None where only the port is
    asked.
    """
    full = normalise(name, contract)
    routes = [{**route, "number": number} for number, route in enumerate(ordered_routes(full["routes"]), 1)]
    processes = []
    for process_name in dict.fromkeys(route["process"] for route in routes):
        process = full["processes"][process_name]
        probe = process["probe"]
        processes.append(
            {
                "name": process_name,
                "port": process["port"],
                "slots": max(SLOTS, 2 ** (process["replicas"] * 2 - 1).bit_length()),
                "routes": [route for route in routes if route["process"] == process_name],
                "check_timeout": probe["timeout"],
                "check": {
                    "path": probe["path"],
                    "headers": {**({"Host": probe["host"]} if probe["host"] else {}), **probe["headers"]},
                    "status": probe["status"],
                    "body": probe["body"],
                }
                if probe.get("path")
                else None,
            }
        )
    return {"name": name, "routes": routes, "processes": processes, "database": full["database"] is not None}


def _groups(pattern: str) -> tuple[int, int, int, bool] | None:
    """Where the one capturing group stands, how deep, and whether an alternative stands outside all groups."""
    depth, opened, alternatives = 0, [], False
    group: tuple[int, int, int] | None = None
    position = 0
    while position < len(pattern):
        letter = pattern[position]
        if letter == "\\":
            position += 1
        elif letter == "[":
            position += 1 + (pattern[position + 1 : position + 2] == "^")
            position += pattern[position : position + 1] == "]"
            while position < len(pattern) and pattern[position] != "]":
                position += 1 + (pattern[position] == "\\")
        elif letter == "(":
            captures = not re.match(r"\(\?(?!P?<[A-Za-z_])", pattern[position:])
            opened.append((position, captures))
            depth += 1
        elif letter == ")" and opened:
            start, captures = opened.pop()
            depth -= 1
            if captures:
                group = (start, position + 1, depth)
        elif letter == "|" and depth == 0:
            alternatives = True
        position += 1
    return (*group, alternatives) if group else None


def mask_rule(pattern: str) -> dict[str, Any]:
    """A regular expression for nginx that finds what is before and after the group that ``pattern`` wants hidden.

    A group within another, or beside an alternative, cannot be cut out: then everything from the match on is hidden.

    >>> mask_rule("^/invite/([^/]+)")
    {'pattern': '^(?<before>.*?^/invite/)([^/]+)(?<after>.*)$', 'keeps_rest': True}
    """
    found = _groups(pattern)
    if found is None or found[2] > 0 or found[3]:
        return {"pattern": f"^(?<before>.*?)(?:{pattern})", "keeps_rest": False}
    start, end = found[:2]
    return {
        "pattern": f"^(?<before>.*?{pattern[:start]}){pattern[start:end]}(?<after>{pattern[end:]}.*)$",
        "keeps_rest": True,
    }


def _locations(path: str) -> list[str]:
    """The location headers that together answer a prefix.

    >>> _locations("/api"), _locations("")
    (['= "/api"', '^~ "/api/"'], ['"/"'])
    """
    if not path:
        return ['"/"']
    return [f"= {nginx_pattern(path)}", f"^~ {nginx_pattern(path + '/')}"]


def site_view(name: str, contract: Mapping[str, Any]) -> dict[str, Any]:
    """What nginx knows of an application.

    ``locations`` have ``match`` (what stands behind ``location``) and ``kind``: internal, static or proxy; no two have
    one match. ``headers`` are those of every response.
    """
    full = normalise(name, contract)
    routes = ordered_routes(full["routes"])
    locations: dict[str, dict[str, Any]] = {}
    # Behind a route that is stripped, the application's internal paths have the route's prefix in front.
    prefixes = ["", *(route["base"] for route in routes if route["strip"])]
    for internal in full["internal"]:
        for prefix in prefixes:
            for match in _locations(prefix + base(internal)):
                locations.setdefault(match, {"kind": "internal"})
    static = full["static"]
    if static:
        match = f"^~ {nginx_pattern(static['url'])}"
        locations.setdefault(match, {"kind": "static", "url": static["url"]})
    for route in routes:
        streamed = size_in_bytes(route["max_body"]) > BUFFERED_BODY
        for match in _locations(route["base"]):
            locations.setdefault(match, {**route, "kind": "proxy", "streamed": streamed})
    locations.setdefault('"/"', {"kind": "internal"})
    headers = full["headers"]
    stated = (contract.get("headers") or {}).get("content_security_policy")
    masks = [mask_rule(route["mask"]) for route in routes if route["mask"]]
    return {
        "name": name,
        "variable": name.replace("-", "_"),
        "domains": full["domains"],
        "locations": [{"match": match, **location} for match, location in locations.items()],
        "static": static,
        "masks": masks,
        "headers": {
            "X-Frame-Options": headers["frame_options"],
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": headers["referrer_policy"],
            "Permissions-Policy": headers["permissions_policy"],
        },
        "hsts_max_age": headers["hsts_max_age"],
        "csp": headers["content_security_policy"],
        "csp_header": "Content-Security-Policy" + ("-Report-Only" if headers["csp_report_only"] else ""),
        # An application that sends a policy of its own (with nonces, say) knows better, unless the contract states one.
        "csp_from_application": stated is None,
    }


def site_views(applications: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The view of every application that is reached from outside, by name."""
    views = [site_view(name, applications[name]) for name in sorted(applications)]
    return [view for view in views if view["domains"]]
