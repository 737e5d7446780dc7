"""The servers of the lab as faults see them: what is done to a machine, its network, and what runs on it."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass

from tests.environment import docker


class NotWellError(AssertionError):
    """The environment did not get well again in time."""


@dataclass(frozen=True)
class Server:
    """One host of a lab: a container of this machine with an engine of its own."""

    environment: str
    name: str
    address: str

    @property
    def container(self) -> str:
        return f"slipway-{self.environment}-{self.name}"

    def run(self, *command: str) -> str:
        return docker("exec", self.container, *command)

    def execute(self, service: str, *command: str) -> str:
        """Run a program in a container of the environment on this server."""
        return self.run("docker", "exec", f"{self.environment}-{service}", *command)

    def kill_process(self, service: str, pattern: str) -> None:
        """SIGKILL to the processes of a container whose command matches, as if the program had crashed."""
        pids = [
            words[0]
            for line in self.run("docker", "top", f"{self.environment}-{service}", "-eo", "pid,args").splitlines()[1:]
            if pattern in (words := line.split(None, 1))[1] and "docker-init" not in words[1]
        ]
        if not pids:
            raise RuntimeError(f"nothing in {service} of {self.name} matches {pattern!r}")
        self.run("kill", "-9", *pids)

    def power_off(self) -> None:
        docker("kill", self.container)

    def power_on(self) -> None:
        docker("start", self.container)

    def cut_off(self, others: Sequence[Server]) -> None:
        """Nothing passes between this server and the others, in either direction, flows that stand included."""
        self._rules("-I", others)

    def rejoin(self, others: Sequence[Server]) -> None:
        self._rules("-D", others)

    def _rules(self, action: str, others: Sequence[Server]) -> None:
        for other in others:
            self.run("iptables", "-t", "raw", action, "PREROUTING", "-s", other.address, "-j", "DROP")
            self.run("iptables", "-t", "raw", action, "OUTPUT", "-d", other.address, "-j", "DROP")
            self.run("iptables", "-t", "raw", action, "PREROUTING", "-d", other.address, "-j", "DROP")

    def _running(self, application: str, shown: str) -> list[str]:
        wanted = (f"label=slipway.environment={self.environment}", f"label=slipway.service=app-{application}")
        chosen = (word for filtered in wanted for word in ("--filter", filtered))
        return self.run("docker", "ps", *chosen, "--format", shown).split()

    def versions(self, application: str) -> set[str]:
        """The versions of an application whose replicas run here."""
        return set(self._running(application, '{{.Label "slipway.version"}}'))

    def replicas(self, application: str) -> dict[str, str]:
        """The containers of an application that run here, those of a rollout that goes on included: name to id."""
        found = self._running(application, "{{.Names}}={{.ID}}")
        return dict(sorted(entry.split("=") for entry in found))

    def containers(self) -> dict[str, str]:
        """State and health of each container of the environment, by name."""
        shown = self.run(
            "docker",
            "ps",
            "--all",
            "--filter",
            f"label=slipway.environment={self.environment}",
            "--format",
            "{{json .}}",
        )
        rows = [json.loads(line) for line in shown.splitlines() if line.startswith("{")]
        return {row["Names"].removeprefix(f"{self.environment}-"): row["Status"] for row in rows}


@dataclass(frozen=True)
class Lab:
    """An environment on several servers."""

    name: str
    servers: tuple[Server, ...]
    #: What the application calls its broker in Redis.
    broker: str = "devicehub-channels"

    def others(self, server: Server) -> list[Server]:
        return [other for other in self.servers if other != server]

    def leader(self) -> Server:
        """The server whose member of Postgres leads, as Postgres itself says."""
        for server in self.servers:
            try:
                if server.execute("postgres", "psql", "-XAtqc", "SELECT pg_is_in_recovery()").strip() == "f":
                    return server
            except RuntimeError:
                continue
        raise NotWellError("no member of Postgres leads")

    def redis(self, server: Server, service: str, *words: str) -> str:
        """Ask Redis (as the one who watches it) or Sentinel (as its operator) on a server."""
        sentinel = service == "sentinel"
        secret, user = ("health", "admin") if sentinel else ("sentinel", "sentinel")
        port = "26379" if sentinel else "$(sed -n 's/^tls-port //p' /data/redis.conf)"
        ask = (
            f"REDISCLI_AUTH=$(cat /run/secrets/{secret}) redis-cli --user {user} --no-auth-warning"
            f" --tls --cacert /run/secrets/ca.crt -p {port}"
        )
        container = service if sentinel else f"redis-{service}"
        return server.execute(container, "sh", "-c", f'{ask} "$@"', "redis", *words)

    def master(self) -> Server:
        """The server whose member of the broker is its master, as Redis itself says."""
        for server in self.servers:
            try:
                said = self.redis(server, self.broker, "INFO", "replication")
            except RuntimeError:
                continue
            if "role:master" in said and "min_slaves_good_slaves:0" not in said:
                return server
        raise NotWellError("no member of Redis leads")

    def problems(self) -> list[str]:
        """What is not as it should be; empty where everything is well."""
        found = []
        for server in self.servers:
            try:
                states = server.containers()
            except RuntimeError as error:
                found.append(f"{server.name} does not answer: {error}")
                continue
            found += [f"{server.name}: {name} is {state}" for name, state in states.items() if "(healthy)" not in state]
        if found:
            return found
        try:
            others = len(self.servers) - 1
            members = json.loads(self.leader().execute("postgres", "patronictl", "list", "--format", "json"))
            roles = sorted((entry["Role"], entry["State"]) for entry in members)
            wanted = [("Leader", "running"), *[("Quorum Standby", "streaming")] * others]
            if roles != wanted:
                found.append(f"Postgres: {roles}")
            said = self.redis(self.master(), self.broker, "INFO", "replication")
            if f"min_slaves_good_slaves:{others}" not in said:
                found.append("Redis: " + ", ".join(line for line in said.split() if "slave" in line))
            for server in self.servers:
                said_lines = self.redis(server, "sentinel", "SENTINEL", "MASTER", self.broker).split("\n")
                known = dict(zip(said_lines[::2], said_lines[1::2], strict=False))
                if known.get("flags") != "master" or known.get("num-other-sentinels") != str(others):
                    found.append(
                        f"Sentinel of {server.name}: {known.get('flags')}, {known.get('num-other-sentinels')} others"
                    )
        except (RuntimeError, NotWellError) as error:
            found.append(str(error))
        return found

    def wait_until_well(self, seconds: float = 180) -> float:
        """Seconds until everything is well, without anybody's help."""
        began = time.monotonic()
        while found := self.problems():
            if time.monotonic() > began + seconds:
                raise NotWellError("not well again: " + "; ".join(found))
            time.sleep(2)
        return time.monotonic() - began


def described(name: str, addresses: dict[str, str]) -> Lab:
    return Lab(name, tuple(Server(name, host, address) for host, address in addresses.items()))


def runs(server: Server) -> bool:
    done = subprocess.run(
        ["docker", "inspect", "--format", "{{.State.Running}}", server.container],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() == "true"
