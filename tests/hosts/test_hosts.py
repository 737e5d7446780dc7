"""A host comes, goes, is lost, is replaced by an empty one, or is away for a while, as docs/hosts.md has it. Each under
load on the hosts that stay: no request fails, and nothing that was acknowledged is lost.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.conftest import Until
from tests.environment import Environment, changed_nothing, docker
from tests.faults.lab import Lab, NotWellError, Server
from tests.faults.load import APPLICATION, Load


@contextmanager
def unnoticed(lab: Lab, environment: Environment, without: Server | None = None) -> Iterator[None]:
    """What happens in this block is noticed by nobody, but on the host that it happens to."""
    with Load(lab, environment.domain, environment.ca) as load:
        time.sleep(3)
        began = time.time()
        yield
        took = time.time() - began
        time.sleep(3)
    hit = {without.name} if without else set[str]()
    failed = {store: load.failed(store, hit) for store in load.tries}
    gaps = {store: load.gap(store, began, hit) for store in load.tries}
    lost = {store: len(entries) for store, entries in load.lost().items()}
    parts = [f"{store} {bad} of {tried} failed, gap {gaps[store]:.1f} s" for store, (bad, tried) in failed.items()]
    print(f"{took:.0f} s: {'; '.join(parts)}; lost {lost}")
    for store in load.tries:
        for problem, times in load.said(store).items():
            print(f"  {store}: {times} × {problem[:160]}")
    assert lost == {"postgres": 0, "redis": 0}
    assert failed["http"][0] == 0, load.said("http")
    # Somebody wrote all the time.
    assert all(tried - bad > 100 for bad, tried in failed.values())


def nothing_is_left_to_do(environment: Environment, lab: Lab) -> None:
    lab.wait_until_well()
    said = environment.converge()
    assert changed_nothing(said), said[-4000:]


def remove_server(server: Server) -> None:
    """With its disk, as a provider does."""
    docker("rm", "--force", server.container)
    docker("volume", "rm", server.container)


def led(lab: Lab) -> bool:
    """Whether both stores have somebody who leads them."""
    try:
        return bool(lab.leader() and lab.master())
    except NotWellError:
        return False


def last_follower(lab: Lab) -> Server:
    return next(server for server in reversed(lab.servers) if server not in (lab.leader(), lab.master()))


@pytest.fixture
def fourth(environment: Environment, four: Environment, lab: Lab, lab_of_four: Lab) -> Server:
    """The fourth host, which has just come."""
    four.run("lab/up.yml")
    with unnoticed(lab, environment):
        four.converge()
    lab_of_four.wait_until_well()
    return lab_of_four.servers[3]


def test_a_host_comes_and_goes(
    environment: Environment, four: Environment, lab: Lab, lab_of_four: Lab, fourth: Server
) -> None:
    nothing_is_left_to_do(four, lab_of_four)
    assert fourth.replicas(APPLICATION).keys() == lab.servers[0].replicas(APPLICATION).keys()
    with unnoticed(lab, environment):
        for store in ("postgres", "redis"):
            four.run("playbooks/switchover.yml", "-e", f"store={store}", "--limit", fourth.name)
        four.run("playbooks/destroy.yml", "-e", f"destroy_confirm={four.name}", "--limit", fourth.name)
        assert fourth.containers() == {}
        environment.converge()
    nothing_is_left_to_do(environment, lab)
    remove_server(fourth)


def test_a_host_that_is_lost_is_taken_out(environment: Environment, lab: Lab, fourth: Server, until: Until) -> None:
    remove_server(fourth)
    until(lambda: led(lab), 60)
    with unnoticed(lab, environment):
        environment.converge()
    nothing_is_left_to_do(environment, lab)


def test_a_lost_host_is_replaced_by_an_empty_one(environment: Environment, lab: Lab, until: Until) -> None:
    lab.wait_until_well()
    server = lab.leader()
    remove_server(server)
    until(lambda: led(lab), 60)
    environment.run("lab/up.yml")
    with unnoticed(lab, environment, without=server):
        environment.converge()
    nothing_is_left_to_do(environment, lab)


def test_a_host_is_away(environment: Environment, lab: Lab, until: Until) -> None:
    lab.wait_until_well()
    server = last_follower(lab)
    others = f"all:!{server.name}"
    stated, version = environment.applications[APPLICATION]["version"], f"8.{int(time.time())}"
    server.power_off()
    until(lambda: led(lab), 60)
    time.sleep(5)
    with unnoticed(lab, environment, without=server):
        said = environment.converge("--limit", others)
        assert changed_nothing(said), said[-4000:]
        deploy = ("-e", f"app={APPLICATION}", "-e", f"version={version}")
        environment.run("playbooks/deploy.yml", *deploy, "--limit", others)
        assert all(other.versions(APPLICATION) == {version} for other in lab.others(server))
        server.power_on()
        lab.wait_until_well()
        # The inventory states the version from before.
        environment.converge()
    assert {version for each in lab.servers for version in each.versions(APPLICATION)} == {stated}
    nothing_is_left_to_do(environment, lab)
