"""Everything that is wrong with an inventory and its hosts, at once, before anything is done. Pure functions."""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .certificates import required_certificates
from .contract import validate_applications
from .problems import Problem, numbered
from .secret_names import required_secrets, secret_problems
from .shapes import entries, maps
from .sizes import GIB
from .topology import dns_label, peer_ports

GROUPS = ("edge", "app", "postgres", "redis", "consensus")
ENVIRONMENT = "^[a-z][a-z0-9-]{0,20}$"
LONGEST_LABEL = 63
OLDEST_ENGINE = "20.10"
OLDEST_PYTHON = "3.9"

Topology = Mapping[str, Sequence[str]]


def environment_problems(environment: str, bind_addresses: Mapping[str, str]) -> Iterator[Problem]:
    """The environment's name, and the addresses under which hosts reach one another."""
    if not re.fullmatch(ENVIRONMENT, environment):
        how = "use lower-case letters, digits and hyphens, a letter first, 21 at most"
        yield Problem("slipway_env", f"{environment!r} does not have the right form", how)
    if len(bind_addresses) < 2:
        return
    owners: dict[str, str] = {}
    for host, address in bind_addresses.items():
        where = f"slipway_bind_address of {host}"
        how = "state the host's private address in the inventory"
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            yield Problem(where, f"{address!r} is not an address", how)
            continue
        if parsed.is_loopback or parsed.is_unspecified:
            what = "only the host itself reaches it" if parsed.is_loopback else "it is every address, public ones too"
            yield Problem(where, f"is {address}, and {what}", how)
        elif address in owners:
            yield Problem(where, f"is {address}, as that of {owners[address]}", how)
        owners.setdefault(address, host)


def topology_problems(topology: Topology, applications: Mapping[str, Any]) -> Iterator[Problem]:
    """Groups without a host, a consensus that cannot decide, and names that DNS does not take."""
    for group in GROUPS:
        if not topology.get(group):
            yield Problem(f"group {group}", "has no host", "put at least one host of the inventory into it")
    members = len(topology.get("consensus", []))
    if members and members % 2 == 0:
        what = f"has {members} hosts, and an even number tolerates no more failures than one less"
        yield Problem("group consensus", what, "put an odd number of hosts into it: 1, 3 or 5")
    registries = topology.get("registry", [])
    if len(registries) > 1:
        yield Problem(
            "group registry", f"has {len(registries)} hosts, and images come from one", "leave one of them in it"
        )
    hosts = dict.fromkeys(host for group in GROUPS for host in topology.get(group, []))
    if registries and not set(hosts) - set(registries):
        yield Problem("group registry", "has nobody to serve: there is no other host", "remove the group")
    labels: dict[str, str] = {}
    for host in {**hosts, **dict.fromkeys(registries)}:
        other = labels.setdefault(dns_label(host), host)
        if other != host:
            yield Problem(f"host {host}", f"is called {dns_label(host)}, as {other} is", "rename one of the two")
    for certificate in required_certificates(topology, applications, {}):
        if len(certificate["name"]) > LONGEST_LABEL:
            what = f"the name {certificate['name']} is made of them and longer than {LONGEST_LABEL} characters"
            yield Problem(
                "names of hosts and applications", what, "shorten the name of the host, application or service"
            )


def singleton_problems(topology: Topology, applications: Mapping[str, Any]) -> Iterator[Problem]:
    """Singletons on several hosts that have nothing in which to hold their lease."""
    if len(topology.get("app", [])) < 2:
        return
    for name, contract in entries(applications).items():
        alone = [process for process, stated in maps(contract, "processes").items() if stated.get("singleton") is True]
        if (alone or contract.get("schedule")) and not isinstance(contract.get("database"), Mapping):
            where = f"slipway_applications.{name}.database"
            what = f"is missing, and {', '.join(alone) or 'schedule'} holds its lease there, so that one host runs it"
            yield Problem(where, what, "add database: {}")


def fence_problems(fence: Mapping[str, Any], topology: Topology) -> Iterator[Problem]:
    """What powers lost hosts off, and how long it may take."""
    script, where = str(fence["script"]), "postgres_fence_script"
    if not script:
        return
    members = len(topology.get("postgres", []))
    if members < 3:
        hosts = "1 host" if members == 1 else f"{members} hosts"
        what = f"is stated, and group postgres has {hosts}: nobody could agree that one of them is lost"
        yield Problem(where, what, "put three hosts or more into the group, or leave the variable out")
    if not os.path.isabs(script):
        how = 'state an absolute path, say "{{ inventory_dir }}/fence"'
        yield Problem(where, f"{script!r} is not an absolute path on the control machine", how)
    elif not os.path.isfile(script):
        yield Problem(where, f"there is no file {script} on the control machine", "write it, or mend the path")
    elif not os.access(script, os.X_OK):
        yield Problem(where, f"{script} cannot be executed", f"chmod +x {script}")
    else:
        with open(script, "rb") as file:
            if file.read(2) != b"#!":
                yield Problem(where, f"{script} does not begin with #!", "begin it with its interpreter: #!/bin/sh")
    for name in ("silence", "timeout"):
        if fence[name] < 1:
            yield Problem(f"postgres_fence_{name}", f"is {fence[name]}", "state one second or more")
    if fence["pause"] <= fence["timeout"]:
        what = f"is {fence['pause']}, and the script may take {fence['timeout']} s: two could run at once"
        yield Problem("postgres_fence_pause", what, "state more than postgres_fence_timeout")


def host_ports(host: str, topology: Topology, applications: Mapping[str, Any], edge: Sequence[int]) -> list[int]:
    """The ports that the environment publishes on a host: nginx's, and those of the stores where there are peers."""
    ports = list(edge) if host in topology.get("edge", []) else []
    addresses = {other: other for group in GROUPS for other in topology.get(group, [])}
    ports += [door["port"] for door in peer_ports(host, topology, applications, addresses)]
    return ports


def _older(version: str, oldest: str) -> bool:
    def numbers(text: str) -> list[int]:
        return [int(part) for part in re.findall(r"\d+", text)[:2]]

    return numbers(version) < numbers(oldest)


def _collides(listener: Mapping[str, Any], wanted: str) -> bool:
    """Whether a listener's address leaves no room for ``wanted`` (an address, or all of them)."""
    held = ipaddress.ip_address(listener["address"])
    mapped = getattr(held, "ipv4_mapped", None)
    return wanted == "0.0.0.0" or held.is_unspecified or str(mapped or held) == wanted


def _owner(listener: Mapping[str, Any]) -> str:
    if listener["container"]:
        environment = listener["environment"]
        return f"container {listener['container']}" + (f" of environment {environment}" if environment else "")
    return f"{listener['process']} (pid {listener['pid']})" if listener["pid"] else "another process"


def port_problems(
    host: str, probe: Mapping[str, Any], environment: str, edge: Sequence[int], stores: Sequence[int], address: str
) -> Iterator[Problem]:
    """Ports that somebody else holds. A container of this environment is not somebody else."""
    for listener in probe["listeners"]:
        port = listener["port"]
        if listener["environment"] == environment:
            continue
        if (port in edge and _collides(listener, "0.0.0.0")) or (port in stores and _collides(listener, address)):
            how = "stop it, or move it to another port"
            if port in edge:
                how += ", or choose another one for nginx (nginx_http_port, nginx_https_port)"
            yield Problem(f"host {host}", f"port {port} is taken by {_owner(listener)}", how)


def resource_problems(host: str, probe: Mapping[str, Any], disk_gib: float, memory_gib: float) -> Iterator[Problem]:
    """Memory, disk, engine and what runs modules."""
    where = f"host {host}"
    for path, free in probe["disk"].items():
        if free < disk_gib * GIB:
            what = f"{free / GIB:.1f} GiB are free at {path}, and {disk_gib:g} are needed"
            yield Problem(where, what, "make room, or lower preflight_min_disk_gib")
    if probe["memory"] < memory_gib * GIB:
        what = f"it has {probe['memory'] / GIB:.1f} GiB of memory, and {memory_gib:g} are needed"
        yield Problem(where, what, "give it more, or lower preflight_min_memory_gib")
    engine = probe["engine"]
    if engine["state"] == "silent":
        what = f"the container engine is there and does not answer ({engine['reason']})"
        yield Problem(where, what, "look at its log and start it again")
    if engine["state"] == "running" and _older(engine["version"], OLDEST_ENGINE):
        what = f"its container engine is {engine['version']}, and {OLDEST_ENGINE} is the oldest that will do"
        yield Problem(where, what, "upgrade it")
    if _older(probe["python"], OLDEST_PYTHON):
        what = f"its Python is {probe['python']}, and {OLDEST_PYTHON} is the oldest that will do"
        yield Problem(where, what, "upgrade it, or state another one in ansible_python_interpreter")
    if "debian" not in probe["distribution"]:
        what = f"it runs {' '.join(probe['distribution']) or 'an unknown system'}, neither Debian nor Ubuntu"
        yield Problem(where, what, "use a host with Debian or Ubuntu")


def host_problems(probes: Mapping[str, Mapping[str, Any]], facts: Mapping[str, Any]) -> Iterator[Problem]:
    """What is wrong with each host, by what module host_probe said of it."""
    topology, applications, edge = facts["topology"], facts["applications"], facts["edge_ports"]
    for host, probe in probes.items():
        if "listeners" not in probe:
            reason = str(probe.get("msg") or "it did not answer").strip().splitlines()[0]
            reason = reason.removeprefix("Task failed: ").rstrip(".")
            how = f"see whether `ansible -i INVENTORY {host} -m ping` gets through"
            yield Problem(f"host {host}", f"could not be looked at: {reason}", how)
            continue
        yield from resource_problems(host, probe, facts["min_disk_gib"], facts["min_memory_gib"])
        stores = host_ports(host, topology, applications, ())
        mine = edge if host in topology.get("edge", []) else ()
        address = facts["bind_addresses"].get(host, "127.0.0.1")
        yield from port_problems(host, probe, facts["environment"], mine, stores, address)


def preflight_problems(facts: Mapping[str, Any]) -> list[Problem]:
    """Every problem of an environment.

    :param facts: environment, production, root, applications, topology, bind_addresses (host to address),
        secrets_given, secrets_generate, fence, edge_ports, min_disk_gib, min_memory_gib,
        probes (host to the result of host_probe).
    """
    applications = facts["applications"]
    contracts = applications if isinstance(applications, Mapping) else {}
    required = required_secrets(contracts, facts["topology"])
    found = [
        *environment_problems(str(facts["environment"]), facts["bind_addresses"]),
        *topology_problems(facts["topology"], contracts),
        *singleton_problems(facts["topology"], contracts),
        *fence_problems(facts["fence"], facts["topology"]),
        *validate_applications(applications, production=facts["production"], root=facts["root"]),
        *secret_problems(required, facts["secrets_given"], facts["secrets_generate"]),
        *host_problems(facts["probes"], {**facts, "applications": contracts}),
    ]
    return list(dict.fromkeys(found))


def preflight_report(facts: Mapping[str, Any]) -> str:
    """All problems as one numbered text; empty where there is none."""
    problems = preflight_problems(facts)
    if not problems:
        return ""
    count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
    return f"{count}; nothing was changed.\n{numbered(problems)}"
