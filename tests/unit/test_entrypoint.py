"""The application's entrypoint as a real process: secrets become environment, pending migrations stop it, it execs."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SOURCE = Path(__file__).parents[2] / "roles/app/files/entrypoint.py"
PRINT_ENVIRONMENT = [sys.executable, "-c", "import json, os; print(json.dumps(dict(os.environ)))"]


def start(directory: Path, command: list[str], **launch: Any) -> subprocess.CompletedProcess[str]:
    shutil.copy(SOURCE, directory / "entrypoint.py")
    described = {
        "application": "shop",
        "version": "1",
        "secret_env": {},
        "migrations": None,
        "patience": 1,
        "singletons": [],
        **launch,
    }
    (directory / "launch.json").write_text(json.dumps(described))
    return subprocess.run(
        [sys.executable, str(directory / "entrypoint.py"), *command],
        env={"PATH": os.environ["PATH"], "RAW": '{"a": "$HOME {{ b }} %s [1]"}'},
        capture_output=True,
        text=True,
        check=False,
    )


def test_secrets_become_environment_and_nothing_else_changes(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("va'lu\"e $X\n")
    done = start(tmp_path, PRINT_ENVIRONMENT, secret_env={"SECRET_KEY": str(tmp_path / "key")})
    environment = json.loads(done.stdout)
    assert environment["SECRET_KEY"] == "va'lu\"e $X\n"
    assert environment["RAW"] == '{"a": "$HOME {{ b }} %s [1]"}'


def test_missing_secret_is_named(tmp_path: Path) -> None:
    done = start(tmp_path, ["true"], secret_env={"SECRET_KEY": "/nowhere/key"})
    assert done.returncode == 1
    assert "SECRET_KEY cannot be read" in json.loads(done.stdout)["message"]


@pytest.mark.parametrize(("check", "serves"), [("true", True), ("false", False)])
def test_pending_migrations_stop_it(tmp_path: Path, check: str, serves: bool) -> None:
    migrations = {"check": [check], "apply": ["false"], "on_start": False}
    done = start(tmp_path, ["echo", "serving"], migrations=migrations)
    assert (done.stdout == "serving\n") is serves
    assert done.returncode == (0 if serves else 1)
    if not serves:
        assert "migrations are pending" in json.loads(done.stdout)["message"]


def test_a_check_that_is_killed_is_not_taken_for_pending_migrations(tmp_path: Path) -> None:
    migrations = {"check": ["sh", "-c", "kill -KILL $$"], "apply": ["false"], "on_start": False}
    done = start(tmp_path, ["echo", "serving"], migrations=migrations)
    assert done.returncode == 1
    assert "for want of memory" in json.loads(done.stdout)["message"]


def test_exit_status_and_arguments_are_the_process_own(tmp_path: Path) -> None:
    done = start(tmp_path, [sys.executable, "-c", "import sys; print(sys.argv[1:]); sys.exit(7)", "a b", "$c"])
    assert done.returncode == 7
    assert done.stdout == "['a b', '$c']\n"


def test_unknown_command_is_named(tmp_path: Path) -> None:
    done = start(tmp_path, ["no-such-server"])
    assert done.returncode == 1
    assert "cannot start no-such-server" in json.loads(done.stdout)["message"]
