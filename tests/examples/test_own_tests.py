"""What the examples' own tests, which began with these, have found."""

from __future__ import annotations

from concurrent.futures import Future

import pytest

from tests.examples.conftest import Done


@pytest.mark.parametrize("application", ["claimwatch", "dbconsole", "devicehub"])
def test_its_own_tests_pass(application: str, own_tests: dict[str, Future[Done]]) -> None:
    done = own_tests[application].result()
    assert done.returncode == 0, done.stdout[-6000:]
    assert "\nOK\n" in done.stdout
