"""tests/run_parts runs every part whatever happens to the others, says why one failed, and ends with the sum."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

RUN_PARTS = Path(__file__).parents[1] / "run_parts"
FAILED = "FAILED tests/x.py::test_y - it is not so"
# The same line of pytest as molecule shows it.
SHOWN = f"  \x1b[2m│\x1b[0m {FAILED}"


def run(directory: Path, *parts: str) -> subprocess.CompletedProcess[str]:
    """Run parts with a `make` that fails for the part "bad", and says which test it was for "tests" and "molecule"."""
    stub = directory / "make"
    cases = {"bad": "exit 1", "tests": f"echo '{FAILED}'; seq 100; exit 1", "molecule": f"echo '{SHOWN}'; exit 1"}
    failing = "".join(f"{part}) {commands} ;;\n" for part, commands in cases.items())
    stub.write_text(f'#!/bin/sh\necho "made $2" >&2\ncase $2 in\n{failing}esac\n')
    stub.chmod(0o755)
    (directory / "tests").mkdir()
    program = shutil.copy(RUN_PARTS, directory / "tests")
    environment = {**os.environ, "MAKE": str(stub)}
    return subprocess.run([program, *parts], capture_output=True, text=True, env=environment, check=False)


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


def test_what_failed_is_said_at_the_end_again(tmp_path: Path) -> None:
    end = run(tmp_path, "tests", "bad", "one").stdout.splitlines()[-7:]
    assert end == [
        "",
        "tests, all of it in build/parts/tests.log:",
        FAILED,
        "bad, all of it in build/parts/bad.log:",
        "made bad",
        "",
        "1 passed, 2 failed",
    ]
    assert (tmp_path / "build/parts/tests.log").read_text().splitlines()[-1] == "100"


def test_what_molecule_shows_is_found_below_its_margin(tmp_path: Path) -> None:
    assert run(tmp_path, "molecule").stdout.splitlines()[-3] == FAILED
