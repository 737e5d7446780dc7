"""What the stores say of themselves when all is well."""

from __future__ import annotations

import json

import pytest

from tests.environment import Environment, docker
from tests.faults.lab import Lab


def test_all_is_well(lab: Lab) -> None:
    lab.wait_until_well()


def test_any_one_follower_confirms_every_commit(lab: Lab) -> None:
    leader = lab.leader()
    said = leader.execute("postgres", "psql", "-XAtqc", "SELECT sync_state FROM pg_stat_replication").split()
    assert said == ["quorum", "quorum"]
    assert leader.execute("postgres", "psql", "-XAtqc", "SHOW synchronous_standby_names").startswith("ANY 1 (")


def test_followers_verify_the_leader_and_speak_tls(lab: Lab) -> None:
    ask = "SELECT bool_and(s.ssl) AND count(*) = 2 FROM pg_stat_replication r JOIN pg_stat_ssl s USING (pid)"
    assert lab.leader().execute("postgres", "psql", "-XAtqc", ask).strip() == "t"
    for server in lab.others(lab.leader()):
        assert "sslmode=verify-full" in server.execute("postgres", "psql", "-XAtqc", "SHOW primary_conninfo")


def test_etcd_has_a_member_on_every_host(lab: Lab, environment: Environment) -> None:
    said = json.loads(lab.servers[0].execute("etcd", "etcdctl", "member", "list", "--write-out=json"))
    assert sorted(member["name"] for member in said["members"]) == sorted(
        f"etcd-{name}" for name in environment.topology["consensus"]
    )


def test_etcd_refuses_whoever_has_no_certificate(lab: Lab, environment: Environment) -> None:
    """From a peer's own address, past the firewall: only the certificate is missing."""
    target = f"https://{environment.addresses[lab.servers[1].name]}:2379/version"
    probe = (
        "import ssl, urllib.request as u\n"
        f"print(u.urlopen({target!r}, context=ssl._create_unverified_context(), timeout=5).status)\n"
    )
    with pytest.raises(RuntimeError, match=r"certificate required|alert|ConnectionReset|SSL"):
        lab.servers[0].run("python3", "-c", probe)


def test_every_sentinel_knows_the_master_and_the_others(lab: Lab) -> None:
    masters = {
        lab.redis(server, "sentinel", "SENTINEL", "GET-MASTER-ADDR-BY-NAME", lab.broker) for server in lab.servers
    }
    assert len(masters) == 1
    for server in lab.servers:
        assert "OK 3 usable Sentinels" in lab.redis(server, "sentinel", "SENTINEL", "CKQUORUM", lab.broker)


def test_a_routers_door_is_closed_to_who_does_not_know_the_word(lab: Lab, environment: Environment) -> None:
    """From a peer's own address, past the firewall."""
    server, other = lab.servers[:2]
    ports = json.loads(docker("exec", other.container, "docker", "inspect", f"{environment.name}-router-devicehub"))[0][
        "HostConfig"
    ]["PortBindings"]
    port = next(iter(ports)).split("/")[0]
    probe = (
        "import ssl, urllib.request as u, urllib.error as e\n"
        "c = ssl._create_unverified_context()\n"
        f"try: print(u.urlopen('https://{other.address}:{port}/health/live', context=c, timeout=5).status)\n"
        "except e.HTTPError as error: print(error.code)\n"
    )
    assert server.run("python3", "-c", probe).strip() == "403"
