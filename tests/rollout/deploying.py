"""Where deploys are tried: in an environment of their own on this machine, or on the servers of a lab that runs."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from tests.environment import Environment, start_playbook
from tests.faults.lab import Lab, described
from tests.faults.load import APPLICATION
from tests.rollout.load import Load


def start(environment: Environment, *options: str) -> subprocess.Popen[str]:
    """A deploy in the background, in a process group of its own."""
    return start_playbook(environment.inventories, "playbooks/deploy.yml", "-e", f"app={APPLICATION}", *options)


@contextmanager
def lab_that_runs() -> Iterator[tuple[Environment, Lab]]:
    """The lab that SLIPWAY_INVENTORY names, for as long as it takes without limits to what one client may ask."""
    environment = Environment.chosen()
    limits = {name: {"rate": "10000r/s", "burst": 10000} for name in ("default", "login")}
    try:
        environment.converge("-e", json.dumps({"nginx_rate_limits": limits}))
        yield environment, described(environment.name, environment.addresses)
    finally:
        environment.converge()


def load_on(environment: Environment, lab: Lab | None, share: float = 1) -> Load:
    """The same load on this machine, and on the servers of a lab."""
    if not lab:
        return Load(environment, share=share)
    server = lab.servers[0]
    return Load(environment, [server.container, "docker", "exec", next(iter(server.replicas(APPLICATION)))], share)


def serving(environment: Environment, lab: Lab | None = None) -> dict[str, str]:
    """The containers that serve: name to id."""
    if lab:
        return {f"{name} on {at.name}": known for at in lab.servers for name, known in at.replicas(APPLICATION).items()}
    found = environment.containers()
    return {name: str(found[name]["Id"]) for name in environment.replicas(APPLICATION, "web")}
