"""Static files of versions before: they stay for a while, counted from when no image has them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.kit.plugins.modules import image_export

DAY = 86400.0
# What runs on hosts is untyped.
export: Any = image_export


@pytest.fixture
def target(tmp_path: Path) -> Path:
    (tmp_path / "css").mkdir()
    for name in ("css/app.1.css", "css/app.2.css"):
        (tmp_path / name).write_text(name)
    return tmp_path


def test_files_of_before_are_counted_from_now(target: Path) -> None:
    assert export.retire(str(target), {"css/app.2.css"}, {}, 14 * DAY, 1000.0) == {"css/app.1.css": 1000.0}
    assert (target / "css/app.1.css").exists()


def test_they_go_when_their_time_is_over(target: Path) -> None:
    left = export.retire(str(target), {"css/app.2.css"}, {"css/app.1.css": 1000.0}, 14 * DAY, 1000.0 + 15 * DAY)
    assert left == {}
    assert not (target / "css/app.1.css").exists()
    assert (target / "css/app.2.css").exists()


def test_a_file_that_comes_back_is_counted_anew(target: Path) -> None:
    both = {"css/app.1.css", "css/app.2.css"}
    assert export.retire(str(target), both, {"css/app.1.css": 1000.0}, DAY, 1000.0 + 15 * DAY) == {}
    assert (target / "css/app.1.css").exists()


def taken(target: Path, image: str, files: list[str]) -> None:
    """As if the files of an image had just been copied."""
    left = export.read_marker(str(target))["left"]
    marker = {"image": image, "files": files, "left": {k: v for k, v in left.items() if k not in files}}
    export.write_marker(str(target), {**marker, "settled": False})


def test_the_marker_is_no_file_of_an_image(target: Path) -> None:
    taken(target, "sha256:1", [])
    assert ".slipway-image" not in export.retire(str(target), set(), {}, DAY, 1.0)
    assert export.read_marker(str(target))["image"] == "sha256:1"


@pytest.mark.parametrize("text", ["sha256:1\n", '{"image": "sha256:1", "left": {}}'])
def test_a_marker_of_before_is_none(target: Path, text: str) -> None:
    (target / ".slipway-image").write_text(text)
    assert export.read_marker(str(target)) == export.NOTHING


def test_a_release_that_failed_starts_no_time(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What serves on after a failed rollout has been left by nobody; its time begins when another version serves."""
    monkeypatch.setattr(export.time, "time", lambda: 1 * DAY)
    taken(target, "sha256:1", ["css/app.1.css", "css/app.2.css"])
    export.settle(str(target), 14)
    taken(target, "sha256:2", ["css/app.2.css"])  # and never settled
    monkeypatch.setattr(export.time, "time", lambda: 20 * DAY)
    taken(target, "sha256:3", [])
    export.settle(str(target), 14)
    assert export.read_marker(str(target))["left"] == dict.fromkeys(["css/app.1.css", "css/app.2.css"], 20 * DAY)
    assert (target / "css/app.1.css").exists()
