"""A container's log never grows past the bound that the baseline states; the engine is held to it with a small one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import docker
import pytest
import yaml

from .conftest import ROOT, Converge

BOUND = {"max-size": "64k", "max-file": "3"}
WRITTEN = 2 << 20


@pytest.fixture
def baseline() -> dict[str, Any]:
    defaults = yaml.safe_load((ROOT / "roles/container/defaults/main.yml").read_text())
    stated: dict[str, Any] = defaults["container_baseline"]
    assert set(stated["log_options"]) == set(BOUND)
    return stated


def test_a_log_never_grows_past_its_bound(
    converge: Converge, engine: docker.DockerClient, base_image: str, baseline: dict[str, Any]
) -> None:
    write = f"head -c {WRITTEN} /dev/zero | tr '\\0' x | fold -w 1000; touch /tmp/written; exec sleep 600"
    talkative = {
        "name": "talkative",
        "image": base_image,
        "user": "10100:10100",
        "command": ["sh", "-c", write],
        "tmpfs": {"/tmp": "size=1m,mode=1777"},
        "healthcheck": {"test": ["CMD", "test", "-e", "/tmp/written"], "interval": 1},
        "stop_grace": 1,
    }
    small = {"container_baseline": {**baseline, "log_options": BOUND}}
    done = converge([talkative], "-e", json.dumps(small))
    assert done.returncode == 0, done.stdout
    container = engine.containers.get("enginetest-talkative")
    assert container.attrs["HostConfig"]["LogConfig"] == {"Type": baseline["log_driver"], "Config": BOUND}

    files = list(Path(container.attrs["LogPath"]).parent.glob(f"{container.id}-json.log*"))
    assert len(files) == int(BOUND["max-file"])
    # A file is closed by the line that passes its bound: one more line each, in the engine's wrapping.
    assert sum(file.stat().st_size for file in files) <= len(files) * (64 * 1024 + 1200)
    assert 0 < len(container.logs()) < WRITTEN / 8
