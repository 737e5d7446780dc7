"""How a member of etcd begins: the start script of the etcd image."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "roles/etcd/files/image/etcd-start"
CONFIGURATION = (
    "name: etcd-b\n"
    "initial-advertise-peer-urls: https://etcd-b:2380\n"
    "initial-cluster: etcd-a=https://etcd-a:2380,etcd-b=https://etcd-b:2380\n"
    "initial-cluster-state: new\n"
)
A = "aa, started, etcd-a, https://etcd-a:2380, https://etcd-a:2379, false"
B = "bb, started, etcd-b, https://etcd-b:2380, https://etcd-b:2379, false"
WAITING = "bb, unstarted, , https://etcd-b:2380, , false"


class Start:
    """Runs the script over a configuration, with an etcdctl that knows some members, or has no quorum."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.members = directory / "members"
        self.said = directory / "said"
        self.said.touch()
        for name, script in {
            "etcd": f"cat {directory}/data/etcd.yml",
            "etcdctl": (
                f"[ -f {self.members} ] || exit 1\n"
                'case "$*" in\n'
                f'*"member list"*) cat {self.members} ;;\n'
                f'*"member add"*) echo "$ETCDCTL_ENDPOINTS $*" >>{self.said}; echo "{WAITING}" >>{self.members} ;;\n'
                f'*"member remove bb"*) echo "$*" >>{self.said}; sed -i /^bb/d {self.members} ;;\n'
                "*) exit 1 ;;\nesac"
            ),
        }.items():
            program = directory / "bin" / name
            program.parent.mkdir(exist_ok=True)
            program.write_text(f"#!/bin/sh\n{script}\n")
            program.chmod(0o755)
        (directory / "data").mkdir()
        (directory / "etcd.yml").write_text(CONFIGURATION)

    def __call__(self, *members: str) -> str:
        if members:
            self.members.write_text("\n".join(members) + "\n")
        command = ["sh", str(SCRIPT), str(self.directory / "etcd.yml"), str(self.directory / "data")]
        path = {**os.environ, "PATH": f"{self.directory}/bin:{os.environ['PATH']}"}
        return subprocess.run(command, env=path, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def start(tmp_path: Path) -> Start:
    return Start(tmp_path)


def test_where_no_peer_has_a_quorum_a_new_cluster_is_made(start: Start) -> None:
    assert start() == CONFIGURATION


def test_a_member_that_the_cluster_does_not_know_joins_it(start: Start) -> None:
    said = start(A)
    assert "initial-cluster-state: existing\n" in said
    assert "initial-cluster: etcd-a=https://etcd-a:2380,etcd-b=https://etcd-b:2380\n" in said
    assert "member add etcd-b --peer-urls=https://etcd-b:2380" in start.said.read_text()
    assert start.said.read_text().startswith("https://etcd-a:2379 ")


def test_a_member_that_lost_its_data_takes_its_own_place(start: Start) -> None:
    said = start(A, B)
    assert "initial-cluster-state: existing\n" in said
    assert [line.split("member ")[1].split()[0] for line in start.said.read_text().splitlines()] == ["remove", "add"]


def test_a_member_that_was_added_and_did_not_start_yet_is_not_added_again(start: Start) -> None:
    assert "initial-cluster-state: existing\n" in start(A, WAITING)
    assert start.said.read_text() == ""


def test_a_member_with_data_asks_nobody(start: Start) -> None:
    (start.directory / "data/member").mkdir()
    assert start(A) == CONFIGURATION
    assert start.said.read_text() == ""
