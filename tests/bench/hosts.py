"""site.yml over 1, 3, 6 and 12 servers of a lab: the first time, and with nothing to do."""

from __future__ import annotations

import ipaddress
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import yaml

from tests.environment import ROOT, changed_nothing, playbook

COUNTS = (1, 3, 6, 12)
RUNS = 3
LAB = ROOT / "inventories/lab"
NETWORK = ipaddress.ip_network("172.30.82.0/24")


def write_inventory(directory: Path, count: int) -> None:
    """Stores and nginx on three servers at most, replicas on every one."""
    names = [f"lab{number}" for number in range(1, count + 1)]
    hosts = {name: {"ansible_host": str(NETWORK[10 + number])} for number, name in enumerate(names, start=1)}
    stores = {"hosts": dict.fromkeys(names[:3])}
    groups = {
        **dict.fromkeys(("edge", "postgres", "redis", "consensus"), stores),
        "app": {"hosts": dict.fromkeys(names)},
    }
    inventory = {"all": {"hosts": hosts, "children": groups}}
    (directory / "hosts.yml").write_text(yaml.safe_dump(inventory))
    settings = directory / "group_vars/all"
    settings.mkdir(parents=True)
    stated = yaml.safe_load((LAB / "group_vars/all/main.yml").read_text())
    changed = {
        "slipway_env": f"bench{count}",
        "lab_subnet": str(NETWORK),
        "keepalived_address": "",
        "postgres_fence_script": "",
    }
    (settings / "main.yml").write_text(yaml.safe_dump({**stated, **changed}))
    (settings / "servers.yml").write_text((LAB / "group_vars/all/servers.yml").read_text())


def run(inventory: Path, name: str) -> tuple[float, str]:
    began = time.monotonic()
    done = playbook([inventory], name)
    if done.returncode:
        raise SystemExit(f"{name} failed:\n{done.stdout[-4000:]}")
    return time.monotonic() - began, done.stdout


@contextmanager
def servers(count: int) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        inventory = Path(name)
        write_inventory(inventory, count)
        try:
            run(inventory, "lab/up.yml")
            yield inventory
        finally:
            run(inventory, "lab/down.yml")


def measure(counts: Sequence[int] = COUNTS) -> None:
    print(f"hosts: site.yml over servers of a lab on this machine, nothing to do: median of {RUNS}")
    least = 0.0
    for count in counts:
        with servers(count) as inventory:
            first, _ = run(inventory, "site.yml")
            took = []
            for _ in range(RUNS):
                seconds, said = run(inventory, "site.yml")
                if not changed_nothing(said):
                    raise SystemExit(f"there was something to do:\n{said[-4000:]}")
                took.append(seconds)
        again = statistics.median(took)
        least = least or again
        print(
            f"  {count:2d} hosts: first {first:6.1f} s  nothing to do {again:5.1f} s, {again / count:4.1f} s a host"
            f"  ratio to {counts[0]}: {again / least:.1f}",
            flush=True,
        )
