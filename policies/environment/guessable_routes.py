"""CKV_SLIP_138."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Audit, EnvironmentPolicy
from policies.edge.login_rate_limit import GUESSED
from policies.subjects import Environment


class GuessableRoutes(EnvironmentPolicy):
    """What nobody routed apart is limited like everything else: a hundred guesses a second."""

    id = "CKV_SLIP_138"
    name = "Applications with users route their login apart, at a slow rate"
    level = "medium"
    audit = Audit.EXPOSURE
    reference = "OWASP Authentication Cheat Sheet: protect against automated attacks"
    mend = "State a route for the login path with rate_limit: login."

    def problems(self, subject: Environment) -> Iterator[str]:
        for application, contract in subject.applications.items():
            for route in contract["routes"]:
                if GUESSED.search(route["path"]) and route["rate_limit"] != "login":
                    yield f"{application}: {route['path']} has rate_limit {route['rate_limit']}"
            if contract["secrets"] and contract["routes"] and contract["database"] is not None:
                limited = any(route["rate_limit"] == "login" for route in contract["routes"])
                if not limited:
                    yield f"{application}: no route is limited as a login"


policy = GuessableRoutes()
