"""The servers of a lab: over SSH, as an operator reaches them, and over this machine's engine, as power does."""

from __future__ import annotations

from pathlib import Path

import pytest
import testinfra
from testinfra.host import Host

from tests.environment import Environment


@pytest.fixture(scope="session")
def hosts(environment: Environment) -> dict[str, Host]:
    """Every host of the inventory, by its name; programs run as root."""
    keys = Path.home() / ".local/state/slipway-lab" / environment.name
    known = f"-o UserKnownHostsFile={keys}/known_hosts -o StrictHostKeyChecking=yes"
    return {
        name: testinfra.get_host(
            f"ssh://slipway@{address}", ssh_identity_file=str(keys / "operator"), ssh_extra_args=known, sudo=True
        )
        for name, address in environment.addresses.items()
    }
