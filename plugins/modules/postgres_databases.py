#!/usr/bin/python
"""Databases, roles and cluster settings of a Patroni cluster, through the member on this host, in one call."""

from __future__ import annotations

DOCUMENTATION = r"""
module: postgres_databases
short_description: Databases, roles and cluster settings of a Patroni cluster
version_added: "0.1.0"
description:
  - Asks the Postgres of the member container on this host, over its unix socket, who leads, and what databases, roles and settings the cluster holds.
  - Where that member does not lead it changes nothing. It never assumes which member leads.
  - Where it leads, makes what is missing and mends what differs. Nothing that is not listed is dropped.
  - A password never reaches Postgres, an argument or a log; a verifier that fits the password is left alone, otherwise a new one is computed by the module.
  - Settings of the whole cluster go into Patroni's dynamic configuration. Members that need a restart for one are restarted, the leader last.
author: [Slipway (@slipway)]
options:
  container: {description: The container of the member on this host., type: str, required: true}
  scope: {description: Patroni's name of the cluster., type: str, required: true}
  databases:
    description: Databases, each with a role that owns it.
    type: list
    elements: dict
    default: []
    suboptions:
      name: {description: Name of the database., type: str, required: true}
      owner: {description: The role that owns it and logs in., type: str, required: true}
      password: {description: The role's password; printable ASCII., type: str, required: true}
      connection_limit: {description: How many connections the role may hold., type: int, required: true}
      extensions: {description: Extensions that exist in the database., type: list, elements: str, default: []}
  accounts:
    description: Login roles of the cluster itself, which Patroni makes; their passwords are kept as stated.
    type: list
    elements: dict
    default: []
    suboptions:
      name: {description: Name of the role., type: str, required: true}
      password: {description: Its password; printable ASCII., type: str, required: true}
  cluster:
    description: Patroni's dynamic configuration. C(postgresql.parameters) is compared as a whole; of the rest, the keys that are stated.
    type: dict
    default: {}
  timeout: {description: Seconds to wait until the member leads or follows a leader., type: int, default: 60}
attributes:
  check_mode: {support: full}
  diff_mode: {support: full, description: Shows the changes in words; never a password or a verifier.}
"""

EXAMPLES = r"""
- name: Keep the application's database
  slipway.kit.postgres_databases:
    container: local-postgres
    scope: local
    databases:
      - {name: devicehub, owner: devicehub, password: "{{ slipway_secrets['database/devicehub'] }}", connection_limit: 40}
"""

RETURN = r"""
leader: {description: Whether the member on this host leads., returned: always, type: bool}
plan: {description: The changes in words., returned: always, type: list, elements: str}
restarted: {description: Members that were restarted for a setting., returned: always, type: list, elements: str}
"""

import json
import time
import traceback

from ansible_collections.community.docker.plugins.module_utils._api.errors import APIError, DockerException, NotFound
from ansible_collections.community.docker.plugins.module_utils.common_api import (
    AnsibleDockerClient,
    RequestException,
)
from ansible_collections.slipway.kit.plugins.module_utils import engine_exec, postgres_sql

PSQL = ["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", "postgres"]
PATRONICTL = ["patronictl", "-c", "/etc/patroni"]


class MemberError(Exception):
    """What the user is told."""


def waits(member):
    """Whether a line of `patronictl list` says that the member waits for a restart."""
    return bool(member.get("Pending restart"))


class Member:
    """The member of the cluster whose container runs on this host."""

    def __init__(self, client, parameters):
        self.client = client
        self.container = parameters["container"]
        self.scope = parameters["scope"]
        self.timeout = parameters["timeout"]
        self.cluster = parameters["cluster"]
        self.accounts = {entry["name"] for entry in parameters["accounts"]}
        self.query = postgres_sql.state_query(parameters["databases"], parameters["accounts"])

    def run(self, command, text=""):
        outcome = engine_exec.run(self.client, self.container, command, text)
        if outcome.status != 0:
            raise MemberError("{0}: {1}".format(command[0], postgres_sql.complaint(outcome.errors or outcome.output)))
        return outcome.output

    def settle(self, accept, waiting_for):
        """The first state that ``accept`` takes."""
        deadline = time.monotonic() + self.timeout
        last = ""
        while True:
            try:
                state = postgres_sql.parse_state(self.run(PSQL, self.query))
                if accept(state):
                    return state
                last = ""
            except (MemberError, postgres_sql.StateError) as error:
                last = str(error)
            if time.monotonic() >= deadline:
                raise MemberError(
                    "{0}: {1}, waited {2} s. {3} Mend: `docker exec {0} patronictl list` says what the cluster thinks; where etcd lost"
                    " its data, restart this container.".format(self.container, waiting_for, self.timeout, last)
                )
            time.sleep(0.5)

    def state(self):
        """The state once the member follows a leader, or leads and has finished making a new cluster."""
        return self.settle(
            lambda state: state["streaming"] if state["recovery"] else self.accounts <= set(state["roles"]),
            "the member neither leads nor follows a leader",
        )

    def edit(self, patch):
        """Write the cluster's settings. A new cluster gets the key a moment after its first member leads; somebody else may write too."""
        deadline = time.monotonic() + self.timeout
        while True:
            try:
                self.run(
                    [*PATRONICTL, "edit-config", "--quiet", "--force", "--apply", "-", self.scope], json.dumps(patch)
                )
                return
            except MemberError:
                if time.monotonic() >= deadline:
                    raise
                time.sleep(0.5)

    def configure(self, patch, restart):
        """Change the cluster's settings, wait until this member has them, restart whoever needs it."""
        if patch:
            self.edit(patch)
            self.settle(
                lambda state: not postgres_sql.cluster_patch(self.cluster, state["cluster"]),
                "the cluster's new settings did not arrive",
            )
        return self.restart() if restart else []

    def members(self):
        return json.loads(self.run([*PATRONICTL, "list", "--format", "json", self.scope]))

    def restart(self):
        """Restart the members that wait for it, followers first: a follower with fewer connections than its leader cannot follow.

        Where a setting goes down it is the other way round: a follower has to wait until its leader has the lower value, so
        that it still waits after the first round.
        """
        names = []
        for patience in (3, 1):
            waiting = self.waiting(patience * self.cluster.get("loop_wait", 10))
            for name in waiting:
                self.run([*PATRONICTL, "restart", "--pending", "--force", self.scope, name])
            names += [name for name in waiting if name not in names]
            self.settle(
                lambda state: not state["recovery"] and not postgres_sql.pending_restart(self.cluster, state),
                "the restarted member does not lead with its new settings",
            )
            if len(self.members()) == 1:
                break
        return names

    def waiting(self, patience=0):
        """Members that wait for a restart, the leader last. Each says so within its next loop, so all of them may."""
        deadline = time.monotonic() + patience
        members = self.members()
        while not all(map(waits, members)) and time.monotonic() < deadline:
            time.sleep(1)
            members = self.members()
        members = [entry for entry in members if waits(entry)]
        return [entry["Member"] for entry in sorted(members, key=lambda entry: entry["Role"] == "Leader")]


def is_running(client, container):
    try:
        return bool(client.get_json("/containers/{0}/json", container)["State"]["Running"])
    except NotFound:
        return False


def work(client):
    module = client.module
    parameters = module.params
    problems = postgres_sql.check_names(parameters["databases"])
    if problems:
        raise MemberError("; ".join(problems))
    running = is_running(client, parameters["container"])
    if not running and not module.check_mode:
        raise MemberError("{0} does not run. Mend: run role postgres before this.".format(parameters["container"]))
    member = Member(client, parameters)
    state = member.state() if running else postgres_sql.NOTHING
    if state["recovery"]:
        return {"changed": False, "leader": False, "plan": [], "restarted": []}
    statements = postgres_sql.plan(parameters["databases"], parameters["accounts"], state)
    patch = postgres_sql.cluster_patch(parameters["cluster"], state["cluster"])
    lines = postgres_sql.patch_lines(patch, state["cluster"]) + [statement.shown for statement in statements]
    restart = postgres_sql.pending_restart(parameters["cluster"], state)
    restart = sorted({*restart, *postgres_sql.restart_parameters(patch, state)})
    lines += ["restart for " + name for name in restart]
    if not lines and state.get("followers"):
        restart = member.waiting()
        lines = ["restart " + name + ", which still waits for it" for name in restart]
    result = {"changed": bool(lines), "leader": True, "plan": lines, "restarted": []}
    if module._diff and lines:
        result["diff"] = {
            "prepared": "plan for the cluster {0}:\n".format(parameters["scope"])
            + "".join(f"  {line}\n" for line in lines)
        }
    if module.check_mode or not lines:
        return result
    result["restarted"] = member.configure(patch, restart)
    if statements:
        member.run(PSQL, postgres_sql.script(statements))
    return result


def main():
    password = {"type": "str", "required": True, "no_log": True}
    databases = {
        "name": {"type": "str", "required": True},
        "owner": {"type": "str", "required": True},
        "password": password,
        "connection_limit": {"type": "int", "required": True},
        "extensions": {"type": "list", "elements": "str", "default": []},
    }
    client = AnsibleDockerClient(
        argument_spec={
            "container": {"type": "str", "required": True},
            "scope": {"type": "str", "required": True},
            "databases": {"type": "list", "elements": "dict", "default": [], "options": databases},
            "accounts": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {"name": {"type": "str", "required": True}, "password": password},
            },
            "cluster": {"type": "dict", "default": {}},
            "timeout": {"type": "int", "default": 60},
        },
        supports_check_mode=True,
        min_docker_api_version="1.41",
    )
    try:
        client.module.exit_json(**work(client))
    except (MemberError, ValueError) as error:
        client.module.fail_json(msg=str(error))
    except APIError as error:
        client.fail("The engine refused: {0}".format(error), exception=traceback.format_exc())
    except (DockerException, RequestException) as error:
        client.fail("The engine cannot be asked: {0}".format(error), exception=traceback.format_exc())


if __name__ == "__main__":
    main()
