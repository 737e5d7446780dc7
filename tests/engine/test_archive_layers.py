"""An archive without the layers that an engine has is loaded by it all the same; one without any other is refused."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
import pytest
from ansible_collections.slipway.kit.plugins.module_utils.images import chain_ids, shared_layers
from ansible_collections.slipway.kit.plugins.modules import archive_layers as module

from .conftest import ENVIRONMENT

OLD, NEW = (f"{ENVIRONMENT}/archive:{version}" for version in ("old", "new"))
# What runs on hosts is untyped.
archive_layers: Any = module


def build(engine: docker.DockerClient, tag: str, base: str, text: str) -> None:
    dockerfile = f"FROM {base}\nUSER 0\nRUN echo {text} > /{text}\n"
    engine.images.build(fileobj=io.BytesIO(dockerfile.encode()), tag=tag, rm=True)


@pytest.fixture
def archive(engine: docker.DockerClient, base_image: str, tmp_path: Path) -> Iterator[Path]:
    """That of a new version, which the engine has no more; it has the one below."""
    build(engine, OLD, base_image, "old")
    build(engine, NEW, OLD, "new")
    path = tmp_path / "images.tar"
    with path.open("wb") as file:
        file.writelines(engine.images.get(NEW).save(named=True))
    yield path
    for tag in (OLD, NEW):
        for image in engine.images.list(tag):
            engine.images.remove(image.id, force=True)


def facts(engine: docker.DockerClient, tag: str) -> dict[str, Any]:
    return dict(engine.api.inspect_image(tag))


def test_what_the_engine_has_does_not_travel(engine: docker.DockerClient, archive: Path) -> None:
    new = facts(engine, NEW)
    held = shared_layers([new], [facts(engine, OLD)])
    assert set(held) == set(chain_ids(new["RootFS"]["Layers"][:-1]))
    engine.images.remove(NEW)
    whole = archive.stat().st_size

    assert archive_layers.leave_out(str(archive), set(held)) == len(held)
    assert archive.stat().st_size < whole / 100
    assert not archive.with_name("images.tar.part").exists()
    with archive.open("rb") as file:
        (loaded,) = engine.images.load(file)
    assert loaded.id == new["Id"]
    said = engine.containers.run(NEW, ["cat", "/old", "/new"], entrypoint=[], remove=True)
    assert said == b"old\nnew\n"


def test_what_the_engine_has_not_must_travel(engine: docker.DockerClient, archive: Path) -> None:
    everything = set(chain_ids(facts(engine, NEW)["RootFS"]["Layers"]))
    engine.images.remove(NEW)
    archive_layers.leave_out(str(archive), everything)
    with archive.open("rb") as file, pytest.raises(docker.errors.ImageLoadError):
        engine.images.load(file)
    assert not engine.images.list(NEW)
