"""The environment `bench`, converged for as long as something is measured, and gone afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.environment import LOCAL, Environment, resolving

INVENTORY = Path(__file__).with_name("inventory")


@contextmanager
def running() -> Iterator[Environment]:
    environment = Environment.describe([LOCAL, INVENTORY])
    environment.destroy()  # what an interrupted run may have left
    try:
        done = environment.playbook("site.yml")
        if done.returncode:
            raise SystemExit(f"the environment bench did not converge:\n{done.stdout[-4000:]}")
        with resolving(environment.domains):
            yield environment
    finally:
        environment.destroy()
