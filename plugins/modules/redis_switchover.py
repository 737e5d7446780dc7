#!/usr/bin/python
"""Hand the masters on a host over to a replica elsewhere, without losing a write that was acknowledged."""

from __future__ import annotations

DOCUMENTATION = r"""
module: redis_switchover
short_description: Hand the Redis masters of a host over to a replica elsewhere
version_added: "0.1.0"
description:
  - For each service whose master runs on this host, holds writes back, waits until a replica has everything, has Sentinel promote one, and makes this member follow it.
    Clients wait meanwhile, and connect anew after it. Nothing that was acknowledged is lost. (A failover that Sentinel is only told to do loses what is written during it.)
  - Where this host has no master nothing happens.
author: [Slipway (@slipway)]
options:
  services:
    description: The services of the environment.
    type: list
    elements: dict
    required: true
    suboptions:
      name: {description: What Sentinel calls the service., type: str, required: true}
      container: {description: The container of its member on this host., type: str, required: true}
      port: {description: The port that the member listens on., type: int, required: true}
  sentinel: {description: The container of the Sentinel on this host., type: str, required: true}
  timeout: {description: Seconds that one service may take., type: int, default: 20}
attributes:
  check_mode: {support: full, description: Says which masters are here.}
  diff_mode: {support: none, description: What it does is in C(masters) and C(moved).}
"""

EXAMPLES = r"""
- name: Hand over what is here
  slipway.kit.redis_switchover:
    services: [{name: shop-broker, container: prod-redis-shop-broker, port: 6510}]
    sentinel: prod-sentinel
"""

RETURN = r"""
masters: {description: Services whose master was on this host., returned: always, type: list, elements: str}
moved: {description: The new master of each., returned: always, type: dict}
"""

import time
import traceback

from ansible_collections.community.docker.plugins.module_utils._api.errors import APIError, DockerException
from ansible_collections.community.docker.plugins.module_utils.common_api import (
    AnsibleDockerClient,
    RequestException,
)
from ansible_collections.slipway.kit.plugins.module_utils import engine_exec

# The password is read in the container; it is in no argument.
ASK = (
    'REDISCLI_AUTH=$(cat "$1") && export REDISCLI_AUTH && user=$2 port=$3 && shift 3 &&'
    ' exec redis-cli --user "$user" --no-auth-warning --tls --cacert /run/secrets/ca.crt -h 127.0.0.1 -p "$port" "$@"'
)
POLL = 0.1


class SwitchoverError(Exception):
    """What the user is told."""


class Service:
    def __init__(self, client, service, sentinel, timeout):
        self.client = client
        self.name = service["name"]
        self.container = service["container"]
        self.port = service["port"]
        self.sentinel = sentinel
        self.timeout = timeout

    def _run(self, container, secret, user, port, words):
        command = ["sh", "-c", ASK, "redis", f"/run/secrets/{secret}", user, str(port), *words]
        outcome = engine_exec.run(self.client, container, command)
        answer = outcome.output.strip()
        if outcome.status != 0 or answer.startswith(("ERR", "NOAUTH", "NOPERM", "WRONGPASS", "NOGOODSLAVE", "INPROG")):
            said = (answer or outcome.errors.strip() or "nothing").splitlines()[-1]
            raise SwitchoverError(f"{container} answered {words[0]} {words[1] if len(words) > 1 else ''}: {said}")
        return answer

    def ask(self, *words):
        return self._run(self.container, "sentinel", "sentinel", self.port, words)

    def ask_sentinel(self, *words):
        return self._run(self.sentinel, "health", "admin", 26379, words)

    def replication(self):
        lines = (line.strip().partition(":") for line in self.ask("INFO", "replication").splitlines() if ":" in line)
        return {key: value for key, _, value in lines}

    def leads(self):
        """A member that is not there, or does not answer, leads nobody."""
        try:
            return self.replication().get("role") == "master"
        except SwitchoverError:
            return False
        except APIError as error:
            if error.response.status_code in (404, 409):  # no such container; it does not run
                return False
            raise

    def address(self):
        host, port = self.ask_sentinel("SENTINEL", "GET-MASTER-ADDR-BY-NAME", self.name).split()
        return host, int(port)

    def until(self, accept, waiting_for):
        deadline = time.monotonic() + self.timeout
        while True:
            found = accept()
            if found:
                return found
            if time.monotonic() >= deadline:
                raise SwitchoverError(f"{self.name}: {waiting_for}, waited {self.timeout} s")
            time.sleep(POLL)

    def caught_up(self):
        """Whether a replica has everything that the master has."""
        state = self.replication()
        offsets = [
            dict(part.split("=", 1) for part in value.split(","))
            for key, value in state.items()
            if key.startswith("slave") and "offset=" in value
        ]
        end = int(state["master_repl_offset"])
        return any(entry["state"] == "online" and int(entry["offset"]) >= end for entry in offsets)

    def promote(self):
        """Sentinel refuses while the failover before this one is young."""

        def told():
            try:
                self.ask_sentinel("SENTINEL", "FAILOVER", self.name)
            except SwitchoverError as error:
                if "INPROG" not in str(error):
                    raise
                return False
            return True

        self.until(told, "Sentinel is still busy with another failover")

    def hand_over(self):
        old = self.address()
        self.ask("CLIENT", "PAUSE", str(self.timeout * 2000), "WRITE")
        try:
            self.until(self.caught_up, "no replica has everything that the master has")
            self.promote()
            host, port = self.until(lambda: self.address() != old and self.address(), "Sentinel promoted no replica")
            self.ask("REPLICAOF", host, str(port))
            self.ask("CONFIG", "REWRITE")
            self.ask("CLIENT", "KILL", "TYPE", "normal")
        finally:
            self.ask("CLIENT", "UNPAUSE")
        return f"{host}:{port}"


def main():
    client = AnsibleDockerClient(
        argument_spec={
            "services": {
                "type": "list",
                "elements": "dict",
                "required": True,
                "options": {
                    "name": {"type": "str", "required": True},
                    "container": {"type": "str", "required": True},
                    "port": {"type": "int", "required": True},
                },
            },
            "sentinel": {"type": "str", "required": True},
            "timeout": {"type": "int", "default": 20},
        },
        supports_check_mode=True,
        min_docker_api_version="1.41",
    )
    module = client.module
    params = module.params
    try:
        services = [Service(client, entry, params["sentinel"], params["timeout"]) for entry in params["services"]]
        masters = [service for service in services if service.leads()]
        moved = {} if module.check_mode else {service.name: service.hand_over() for service in masters}
        module.exit_json(changed=bool(masters), masters=[service.name for service in masters], moved=moved)
    except SwitchoverError as error:
        module.fail_json(
            msg=f"{error}. Mend: look at `docker logs` of {params['sentinel']} and at INFO replication of the member."
        )
    except APIError as error:
        module.fail_json(msg=f"The engine refused: {error}", exception=traceback.format_exc())
    except (DockerException, RequestException) as error:
        module.fail_json(msg=f"The engine cannot be asked: {error}", exception=traceback.format_exc())


if __name__ == "__main__":
    main()
