"""Fixtures that more than one noun needs."""

from __future__ import annotations

import ssl
from typing import Any

import pytest
from ansible_collections.slipway.kit.plugins.module_utils.redis_instances import redis_instances

from tests.environment import Environment
from tests.infra.wire import trust


@pytest.fixture
def containers(environment: Environment) -> dict[str, dict[str, Any]]:
    """`docker inspect` of each container, by its name without the environment's."""
    found = environment.containers()
    assert found, f"nothing of environment {environment.name} is here: converge it first"
    return found


@pytest.fixture(scope="session")
def context(environment: Environment) -> ssl.SSLContext:
    """A client's TLS context that trusts the environment's authority, and nobody else."""
    return trust(environment.ca)


@pytest.fixture(scope="session")
def member(environment: Environment) -> str:
    """The label of the host under test in the names of members."""
    return environment.topology["postgres"][0]


@pytest.fixture(scope="session")
def instances(environment: Environment) -> list[dict[str, Any]]:
    """The Redis services that the applications ask for, with label and port."""
    return redis_instances(environment.applications)


@pytest.fixture(scope="session")
def unchanged_run(environment: Environment) -> str:
    """What Ansible says, at its most talkative, when site.yml is asked what it would do and there is nothing to do."""
    done = environment.playbook("site.yml", "--check", "--diff", "-vvv")
    assert done.returncode == 0, done.stdout[-4000:]
    return done.stdout
