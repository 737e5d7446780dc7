"""The registry from which this scenario's hosts got their images (inventories/lab brings archives)."""

from __future__ import annotations

import json
import subprocess

import pytest
from testinfra.host import Host

from tests.environment import Environment
from tests.faults.lab import Lab, Server

ASK = """
import base64, json, ssl, sys, urllib.error, urllib.request
url, word = sys.argv[1:]
request = urllib.request.Request(url + "/v2/_catalog")
if word:
    request.add_header("Authorization", "Basic " + base64.b64encode(("slipway:" + word).encode()).decode())
context = ssl.create_default_context(cafile=sys.stdin.read().strip())
try:
    print(urllib.request.urlopen(request, context=context, timeout=5).read().decode())
except urllib.error.HTTPError as error:
    print(error.code)
"""


@pytest.fixture(scope="module")
def address(environment: Environment) -> str:
    (host,) = environment.topology["registry"]
    return f"{environment.addresses[host]}:5000"


@pytest.fixture(scope="module")
def word(environment: Environment) -> str:
    return environment.secrets["registry/password"]


@pytest.fixture(scope="module")
def peer(lab: Lab, environment: Environment) -> Server:
    return next(server for server in lab.servers if server.name not in environment.topology["registry"])


def ask(peer: Server, address: str, word: str, scheme: str = "https") -> str:
    """What the registry answers a peer, whom the firewall lets through."""
    trusted = f"/etc/docker/certs.d/{address}/ca.crt"
    command = ["docker", "exec", "--interactive", peer.container, "python3", "-c", ASK, f"{scheme}://{address}", word]
    return subprocess.run(command, input=trusted, capture_output=True, text=True, check=False).stdout.strip()


def test_it_has_what_hosts_run(peer: Server, address: str, word: str) -> None:
    held = json.loads(ask(peer, address, word))["repositories"]
    assert {"slipway/postgres", "slipway/redis", "slipway/app-devicehub"} <= set(held)


@pytest.mark.parametrize("wrong", ["", "a-guess-of-somebody"])
def test_it_lets_nobody_in_without_the_password(peer: Server, address: str, wrong: str) -> None:
    assert ask(peer, address, wrong) == "401"


def test_it_does_not_speak_in_the_clear(peer: Server, address: str, word: str) -> None:
    assert ask(peer, address, word, "http") in ("", "400")


def test_nothing_of_it_stays_behind(hosts: dict[str, Host], address: str, word: str) -> None:
    for name, host in hosts.items():
        assert address not in host.check_output("docker images --digests"), name
        assert host.run(f"grep -rls {word} /root /home /etc").stdout == "", name
        assert word not in host.check_output("docker ps --quiet | xargs docker inspect"), name
