#!/usr/bin/python
"""Change one replica on its host so that nobody notices."""

from __future__ import annotations

DOCUMENTATION = r"""
module: replica
short_description: Bring a replica into service, exchange it for its successor, take it out of service
version_added: "0.1.0"
description:
  - Works on one container, called O(name), its successor C(NAME-next) and its predecessor C(NAME-old), and on the router that sends it requests.
  - Whatever is brought into service starts while the router holds requests back from it. It gets them once its own healthcheck passes, the router's check of
    it passes too, and it has stayed well for O(observe) seconds. Until then nothing else has changed, and a failure leaves everything as it was.
  - Whatever is taken out of service gets no new requests first, then O(drain) seconds for those under way, then its own signal and its own grace.
author: [Slipway (@slipway)]
options:
  name: {description: Name of the container., type: str, required: true}
  action:
    description:
      - V(enter) brings O(name), which exists, into service.
      - V(exchange) brings C(NAME-next) into service, takes O(name) out of it and renames the two to O(name) and C(NAME-old); the latter stays, stopped.
      - V(back) does the reverse with C(NAME-old) and removes what was O(name). Without C(NAME-old) it only removes O(name).
      - V(leave) takes O(name) out of service and removes it.
      - V(settle) removes the containers O(remove), and lets the router send requests to every slot again, once addresses of containers that are gone are gone from it.
    type: str
    choices: [enter, exchange, back, leave, settle]
    required: true
  labels:
    description: >-
      What the successor's labels say that it was made of. Where it is O(name) already when the lock is got, for a run whose control process died exchanged the
      two meanwhile, nothing is left to do.
    type: dict
    default: {}
  beside: {description: Whether successor and predecessor may run at the same time. Otherwise the one ends before the other starts., type: bool, default: true}
  checked: {description: Whether the container has a healthcheck., type: bool, default: true}
  timeout: {description: Seconds within which it has to become healthy., type: int, default: 120}
  observe: {description: Seconds for which it has to stay well before it gets requests., type: int, default: 0}
  drain: {description: Seconds that requests under way get before the process is asked to end., type: int, default: 10}
  router: {description: Volume with the control socket of the router. Empty where no requests are routed., type: str, default: ""}
  backend: {description: The router's backend., type: str, default: ""}
  network: {description: The network over which the router reaches the container., type: str, default: ""}
  remove: {description: "For V(settle), containers that have ended and are not needed any more.", type: list, elements: str, default: []}
  lock: {description: A file on the host. Whoever changes replicas holds a lock on it., type: path, required: true}
attributes:
  check_mode: {support: none}
  diff_mode: {support: none}
"""

EXAMPLES = r"""
- name: Exchange a replica
  slipway.kit.replica:
    name: local-devicehub-web-1
    action: exchange
    router: local-admin-devicehub
    backend: web
    network: local-app-devicehub
    lock: /var/lib/slipway/local/rollout.lock
"""

RETURN = r"""
problem:
  description: Why it did not come into service, with name, reason, health_output and log; empty when it did. The container in question is removed.
  returned: always
  type: dict
seconds: {description: Seconds of each part., returned: always, type: dict}
"""

import fcntl
import time
import traceback
from typing import Any

from ansible_collections.community.docker.plugins.module_utils._api.errors import DockerException, NotFound
from ansible_collections.community.docker.plugins.module_utils.common_api import (
    AnsibleDockerClient,
    RequestException,
)
from ansible_collections.slipway.kit.plugins.module_utils.container_watch import evidence, passes, verdict
from ansible_collections.slipway.kit.plugins.module_utils.router_control import Router

POLL = 0.1
LOG_LINES = 25
# Docker's DNS is asked every second, and what is gone is kept for another.
DNS_SECONDS = 10


class UnwellError(Exception):
    """A container that did not come into service: why, and what its healthcheck said last."""

    def __init__(self, reason, output=""):
        super().__init__(reason)
        self.output = output


class Replica:
    router: Any

    def __init__(self, client, params):
        self.client = client
        self.params = params
        self.seconds = {}
        self.router = self._router() if params["router"] else None

    def _router(self):
        """None when no route leads to the process, or its router is not there, in which case nobody is sent anything anyway."""
        try:
            router = Router(self.client.get_json("/volumes/{0}", self.params["router"])["Mountpoint"])
            return router if router.slots(self.params["backend"]) else None
        except (NotFound, OSError):
            return None

    # ---- What the engine says and does

    def inspect(self, name):
        return self.client.get_json("/containers/{0}/json", name)

    def exists(self, name):
        try:
            return bool(self.inspect(name))
        except NotFound:
            return False

    def made_of(self, name, labels):
        return bool(labels) and self.exists(name) and labels.items() <= self.inspect(name)["Config"]["Labels"].items()

    def address(self, name):
        networks = self.inspect(name)["NetworkSettings"]["Networks"]
        return (networks.get(self.params["network"]) or {}).get("IPAddress", "")

    def rename(self, name, to):
        self.client.post_call("/containers/{0}/rename", name, params={"name": to})

    def remove(self, name):
        self.client.delete_call("/containers/{0}", name, params={"force": True})

    def timed(self, what, begin):
        self.seconds[what] = round(self.seconds.get(what, 0) + time.monotonic() - begin, 1)

    # ---- Into service

    def enter(self, name):
        """Start a container, and let the router send it requests once it has shown that it can answer them."""
        begin = time.monotonic()
        backend, held = self.params["backend"], []
        if self.router and self.inspect(name)["State"]["Status"] != "running":
            held = [slot.name for slot in self.router.slots(backend) if slot.free]
            self.router.tell(backend, held, "drain")
        try:
            self.client.post_call("/containers/{0}/start", name)
            slot = self._slot(name) if self.router else None
        finally:
            if held:
                free = [slot.name for slot in self.router.slots(backend) if slot.free and slot.name in held]
                self.router.tell(backend, free, "ready")
        self._until_well(name, slot, begin + self.params["timeout"])
        self.timed("ready", begin)
        begin = time.monotonic()
        self._observe(name)
        self.timed("observed", begin)
        if slot:
            self.router.tell(backend, [slot], "ready")

    def _slot(self, name):
        """The slot in which the router has found the container; it has until the container should have been healthy."""
        deadline = time.monotonic() + self.params["timeout"]
        while time.monotonic() < deadline:
            address = self.address(name)
            for slot in self.router.slots(self.params["backend"]):
                if address and slot.address == address:
                    return slot.name
            self._look(self.inspect(name))
            time.sleep(POLL)
        raise UnwellError(f"the router did not find it within {self.params['timeout']} s")

    def _look(self, found, restarts=None):
        """Raise when a container has ended; with restarts also when it was restarted since."""
        said = verdict(found["State"], found.get("RestartCount", 0), self.params["checked"])
        if said not in ("", "healthy"):
            raise UnwellError(said)
        if restarts is not None and found.get("RestartCount", 0) != restarts:
            raise UnwellError(
                f"ended with status {found['State']['ExitCode']} within its observation time of {self.params['observe']} s"
            )
        return said

    def _until_well(self, name, slot, deadline):
        output = "the router's check of it does not pass"
        while True:
            found = self.inspect(name)
            well = self._look(found) == "healthy"
            if not well and found["State"]["Status"] == "running":
                well, output = passes(self.client, name, found["Config"].get("Healthcheck") or {})
            if well and (slot is None or self._answers(slot)):
                return
            if time.monotonic() > deadline:
                raise UnwellError(f"not ready after {self.params['timeout']} s", output)
            time.sleep(POLL)

    def _answers(self, slot):
        """Whether the router's own check of a slot passes. A slot that drains is checked like any other."""
        row = self.router.statistics(self.params["backend"]).get(slot, {})
        return row.get("check_status", "").lstrip("* ") in ("L4OK", "L6OK", "L7OK")

    def _observe(self, name):
        """It neither ends nor turns unhealthy. The engine may still be calling it so for what it was before it got ready."""
        if not self.params["observe"]:
            return
        within = f"within its observation time of {self.params['observe']} s"
        restarts = self.inspect(name).get("RestartCount", 0)
        deadline = time.monotonic() + self.params["observe"]
        was_healthy = False
        while True:
            found = self.inspect(name)
            self._look(found, restarts)
            health = found["State"].get("Health") or {}
            if health.get("Status") == "unhealthy" and was_healthy:
                raise UnwellError(f"became unhealthy {within}", (health.get("Log") or [{"Output": ""}])[-1]["Output"])
            was_healthy = was_healthy or health.get("Status") == "healthy"
            if time.monotonic() > deadline:
                break
            time.sleep(POLL)
        if self.params["checked"]:
            well, output = passes(self.client, name, found["Config"].get("Healthcheck") or {})
            if not well:
                raise UnwellError(f"was not ready any more {within}", output)

    # ---- Out of service

    def drain(self, name):
        """No new requests, and time for those under way. WebSockets outlast it; the process closes them when it is asked to end."""
        begin = time.monotonic()
        address = self.address(name)
        slots = [slot.name for slot in self.router.slots(self.params["backend"]) if address and slot.address == address]
        self.router.tell(self.params["backend"], slots, "drain")
        deadline = begin + self.params["drain"]
        while time.monotonic() < deadline:
            rows = self.router.statistics(self.params["backend"])
            if not any(int(rows[slot]["scur"]) for slot in slots if slot in rows):
                break
            time.sleep(POLL)
        self.timed("drained", begin)

    def stop(self, name):
        """Its own signal and grace, which the container knows; a container that is stopped is not started by the engine again."""
        if self.router:
            self.drain(name)
        begin = time.monotonic()
        # The engine waits for the grace before it answers.
        grace = self.inspect(name)["Config"].get("StopTimeout") or 10
        self.client.timeout = grace + 60
        self.client.post_call("/containers/{0}/stop", name)
        self.timed("stopped", begin)

    def settle(self):
        """Slots of replicas that left are open for others again; a drain that an interrupted rollout left ends."""
        for name in self.params["remove"]:
            if self.exists(name):
                self.remove(name)
        if not self.router:
            return
        backend = self.params["backend"]
        names = [entry["Names"][0].lstrip("/") for entry in self.client.get_json("/containers/json")]
        deadline = time.monotonic() + DNS_SECONDS
        while True:
            living = {self.address(name) for name in names} - {""}
            found = self.router.slots(backend)
            if all(slot.free or slot.address in living for slot in found) or time.monotonic() > deadline:
                break
            time.sleep(POLL)
        self.router.tell(backend, [slot.name for slot in found if slot.forced], "ready")

    # ---- The actions

    def exchange(self):
        name = self.params["name"]
        successor, predecessor = f"{name}-next", f"{name}-old"
        try:
            self.inspect(successor)  # or what one could go back to would be gone for nothing
        except NotFound:
            if self.made_of(name, self.params["labels"]):
                return
            raise
        if self.exists(predecessor):
            self.remove(predecessor)
        present = self.exists(name)
        if present and not self.params["beside"]:
            self.stop(name)
        try:
            self.enter(successor)
        except UnwellError:
            if present and not self.params["beside"]:
                self.client.post_call("/containers/{0}/stop", successor)
                self.client.post_call("/containers/{0}/start", name)
            raise
        if present:
            if self.params["beside"]:
                self.stop(name)
            self.rename(name, predecessor)
        self.rename(successor, name)

    def back(self):
        name = self.params["name"]
        predecessor = f"{name}-old"
        if not self.exists(predecessor):
            self.leave(name)
            return
        if not self.params["beside"]:
            self.leave(name)
        self.enter(predecessor)
        if self.params["beside"]:
            self.leave(name)
        self.rename(predecessor, name)

    def leave(self, name):
        if self.exists(name):
            self.stop(name)
            self.remove(name)


def main():
    client = AnsibleDockerClient(
        argument_spec={
            "name": {"type": "str", "required": True},
            "action": {"type": "str", "required": True, "choices": ["enter", "exchange", "back", "leave", "settle"]},
            "labels": {"type": "dict", "default": {}},
            "beside": {"type": "bool", "default": True},
            "checked": {"type": "bool", "default": True},
            "timeout": {"type": "int", "default": 120},
            "observe": {"type": "int", "default": 0},
            "drain": {"type": "int", "default": 10},
            "router": {"type": "str", "default": ""},
            "backend": {"type": "str", "default": ""},
            "network": {"type": "str", "default": ""},
            "remove": {"type": "list", "elements": "str", "default": []},
            "lock": {"type": "path", "required": True},
        },
        min_docker_api_version="1.41",
    )
    module = client.module
    params = module.params
    name = params["name"]
    try:
        with open(params["lock"], "a") as held:
            # A run whose control process died may still be at it.
            fcntl.flock(held, fcntl.LOCK_EX)
            replica = Replica(client, params)
            subject = {"exchange": f"{name}-next", "back": f"{name}-old"}.get(params["action"], name)
            problem = {}
            try:
                {
                    "enter": lambda: replica.enter(name),
                    "exchange": replica.exchange,
                    "back": replica.back,
                    "leave": lambda: replica.leave(name),
                    "settle": replica.settle,
                }[params["action"]]()
            except UnwellError as error:
                problem = evidence(client, subject, str(error), error.output, LOG_LINES)
                if params["action"] != "back":
                    replica.remove(subject)
        module.exit_json(changed=True, problem=problem, seconds=replica.seconds)
    except OSError as error:
        module.fail_json(msg=f"{name}: {error}")
    except (DockerException, RequestException) as error:
        module.fail_json(msg=f"The container engine did not answer: {error}", exception=traceback.format_exc())


if __name__ == "__main__":
    main()
