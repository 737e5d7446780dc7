"""tests/run_parts runs every part whatever happens to the others, and its last line is the sum."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

RUN_PARTS = Path(__file__).parents[1] / "run_parts"


def run(directory: Path, *parts: str) -> subprocess.CompletedProcess[str]:
    """Run parts with a `make` that fails for the part "bad"."""
    stub = directory / "make"
    stub.write_text('#!/bin/sh\necho "made $2"\n[ "$2" != bad ]\n')
    stub.chmod(0o755)
    environment = {**os.environ, "MAKE": str(stub)}
    return subprocess.run([str(RUN_PARTS), *parts], capture_output=True, text=True, env=environment, check=False)


def test_all_pass(tmp_path: Path) -> None:
    done = run(tmp_path, "one", "two")
    assert done.returncode == 0
    assert done.stdout.splitlines()[-1] == "2 passed, 0 failed"


def test_a_failure_stops_nothing_and_fails_the_whole(tmp_path: Path) -> None:
    done = run(tmp_path, "one", "bad", "two")
    assert done.returncode == 1
    assert "made two" in done.stdout
    assert done.stdout.splitlines()[-1] == "2 passed, 1 failed"


def test_every_part_is_timed(tmp_path: Path) -> None:
    done = run(tmp_path, "one", "bad")
    assert re.search(r"^one +passed +\d+\.\d s$", done.stdout, re.MULTILINE)
    assert re.search(r"^bad +FAILED +\d+\.\d s$", done.stdout, re.MULTILINE)
