"""Secrets that are made up once."""

from __future__ import annotations

import re
import stat
from pathlib import Path

import pytest
import yaml
from ansible_collections.slipway.kit.plugins.modules.generated_secrets import converge

WANTED = {"sentinel/admin": {"length": 40}, "shop/SECRET_KEY": {"length": 50}}


def test_missing_ones_are_made_up_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "secrets.yml"
    added, values = converge(str(path), WANTED, False)
    assert added == ["sentinel/admin", "shop/SECRET_KEY"]
    assert {name: len(value) for name, value in values.items()} == {"sentinel/admin": 40, "shop/SECRET_KEY": 50}
    assert all(re.fullmatch("[A-Za-z0-9]+", value) for value in values.values())
    assert yaml.safe_load(path.read_text()) == values
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_value_that_is_there_is_never_changed_and_no_name_is_dropped(tmp_path: Path) -> None:
    path = tmp_path / "secrets.yml"
    path.write_text("sentinel/admin: mine\nold/one: kept\n")
    added, values = converge(str(path), WANTED, False)
    assert added == ["shop/SECRET_KEY"]
    assert values["sentinel/admin"] == "mine"
    assert "old/one" not in values
    assert yaml.safe_load(path.read_text())["old/one"] == "kept"


def test_a_second_run_writes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "secrets.yml"
    first = converge(str(path), WANTED, False)[1]
    before = path.stat()
    assert converge(str(path), WANTED, False) == ([], first)
    assert path.stat().st_ino == before.st_ino


def test_check_mode_says_what_would_be_added_and_writes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "secrets.yml"
    added, values = converge(str(path), WANTED, True)
    assert added == ["sentinel/admin", "shop/SECRET_KEY"]
    assert values["sentinel/admin"] == "[secret sentinel/admin: not made up yet]"
    assert not path.exists()


@pytest.mark.parametrize(
    "text", ["- hunter2", "sentinel/admin: {a: hunter2}", "sentinel/admin: 5", "a: 'hunter2", "\x00hunter2"]
)
def test_a_file_that_cannot_be_read_is_left_alone_and_not_quoted(tmp_path: Path, text: str) -> None:
    path = tmp_path / "secrets.yml"
    path.write_text(text)
    with pytest.raises(ValueError, match="it is not") as failure:
        converge(str(path), WANTED, False)
    assert "hunter2" not in str(failure.value)
    assert path.read_text() == text


def test_a_failed_write_leaves_the_old_file_and_no_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "secrets.yml"
    path.write_text("sentinel/admin: mine\n")
    monkeypatch.setattr("os.fsync", lambda _handle: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        converge(str(path), WANTED, False)
    assert path.read_text() == "sentinel/admin: mine\n"
    assert list(tmp_path.iterdir()) == [path]
