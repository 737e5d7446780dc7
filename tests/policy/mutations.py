"""The real environment, broken in one way at a time: which policy must catch each.

Every failing fixture of a policy over containers or environments says how to break something; here the same is done to
what inventories/local really renders, and to the kit's own Dockerfiles and tasks. ``python -m tests.policy.mutations``
prints the table.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from policies.base import Policy
from policies.scan import load_policies
from policies.sources import ROOT, dockerfile_document, task_document
from tests.environment import LOCAL, playbook
from tests.policy.cases import broken_fixtures, edited, merged

#: Which rendered container stands for each good document of the fixtures.
SERVICES = {
    "app": "devicehub-web-1",
    "nginx": "nginx",
    "router": "router-devicehub",
    "postgres": "postgres",
    "pgbouncer": "pgbouncer-devicehub",
    "redis": "redis-devicehub-channels",
    "sentinel": "sentinel",
    "etcd": "etcd",
}
#: The kit's own files, with a text taken out or put in, and the policy that must miss it.
SOURCES = (
    ("roles/nginx/files/image/Dockerfile", "USER 10060:10060\n", "", "CKV_SLIP_157"),
    ("roles/postgres/files/image/Dockerfile", "USER 10020:10020", "USER postgres", "CKV_SLIP_157"),
    ("roles/etcd/files/image/Dockerfile", "HEALTHCHECK", "LABEL x=1\n# HEALTHCHECK", "CKV_SLIP_158"),
    (
        "roles/redis/files/image/Dockerfile",
        "WORKDIR /data",
        "ADD https://example.org/x /x\nWORKDIR /data",
        "CKV_SLIP_159",
    ),
    ("examples/devicehub/Dockerfile", "ENV PATH", "ENV API_TOKEN=hunter2\nENV PATH", "CKV_SLIP_160"),
    ("examples/devicehub/Dockerfile", "pip install", "pip install --trusted-host pypi.org", "CKV_SLIP_161"),
    ("roles/image/files/python/Dockerfile", "FROM ${BASE}", "FROM python:3.8", "CKV_SLIP_162"),
    (
        "roles/router/files/image/Dockerfile",
        "RUN install-packages haproxy",
        "RUN apt-get install haproxy",
        "CKV_SLIP_163",
    ),
    ("roles/secrets/tasks/main.yml", 'no_log: "{{ slipway_no_log }}"', "no_log: false", "CKV_SLIP_164"),
    ("roles/docker/tasks/config.yml", 'mode: "0644"', 'mode: "0666"', "CKV_SLIP_165"),
    ("playbooks/smoke.yml", "        status: [301, 308]", "        validate_certs: false", "CKV_SLIP_166"),
    ("roles/docker/tasks/start.yml", "ansible.builtin.script", "ansible.builtin.shell", "CKV_SLIP_167"),
    ("roles/docker/tasks/tools.yml", "ansible.builtin.apt:", "apt:", "CKV_SLIP_168"),
)


@dataclass(frozen=True)
class Mutation:
    """One way to break one document, and the policy that must say so."""

    name: str
    target: str
    policy: Policy[Any]
    sound: Mapping[str, Any]
    broken: Mapping[str, Any]


def render(folder: Path) -> dict[str, dict[str, Any]]:
    """The documents of inventories/local, by the name of the container or ``environment``."""
    done = playbook([LOCAL], "playbooks/render.yml", "-e", f"slipway_render_dir={folder}")
    if done.returncode:
        raise subprocess.SubprocessError(done.stdout)
    documents = [json.loads(path.read_text()) for path in folder.rglob("*.json")]
    return {entry.get("name", entry["kind"]).removeprefix("local-"): entry for entry in documents}


def _read(path: str, text: str) -> dict[str, Any]:
    return (dockerfile_document if path.endswith("Dockerfile") else task_document)(path, text)


def mutations(rendered: Mapping[str, dict[str, Any]]) -> Iterator[Mutation]:
    """Every mutation of what was rendered and of the kit's own files."""
    policies = {policy.id: policy for policy in load_policies()}
    places = {tuple(type(policy).__module__.split(".")[1:]): policy for policy in policies.values()}
    for fixture in broken_fixtures():
        name = "environment" if fixture.base == "environment" else SERVICES.get(fixture.base, "")
        if not name:  # hosts are there with LIVE only
            continue
        sound = rendered[name]
        if name == "environment":
            # What is said of production must be said of it here too.
            sound = merged(sound, {"production": True, "addresses": {"node1": "10.0.0.1"}})
        broken = merged(edited(sound, fixture.edits), fixture.change)
        policy = places[(fixture.package, fixture.module)]
        if policy.evaluate(sound) is not None:
            yield Mutation(f"{fixture.module}: {fixture.resource}", name, policy, sound, broken)
    for path, old, new, policy_id in SOURCES:
        text = (ROOT / path).read_text(encoding="utf-8")
        if old not in text:
            raise ValueError(f"{path} has no {old!r}")
        change = f"{old.strip()} → {new.strip() or 'nothing'}".replace("\n", " ")
        yield Mutation(change, path, policies[policy_id], _read(path, text), _read(path, text.replace(old, new)))


def main() -> int:
    with tempfile.TemporaryDirectory() as directory:
        found = list(mutations(render(Path(directory))))
    missed = 0
    for entry in found:
        before, after = entry.policy.evaluate(entry.sound), entry.policy.evaluate(entry.broken)
        caught = before is not None and after is not None and (before.outcome, after.outcome) == ("passed", "failed")
        missed += not caught
        print(f"{'caught' if caught else 'MISSED':<7} {entry.policy.id:<13} {entry.target:<42} {entry.name}")
    print(f"{len(found)} ways to break it, {missed} missed, by {len({entry.policy.id for entry in found})} policies")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
