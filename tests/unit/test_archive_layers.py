"""What is left out of an archive of images: layers that are held wherever they are used, and nothing else."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path
from typing import Any

from ansible_collections.slipway.kit.plugins.module_utils.images import chain_ids
from ansible_collections.slipway.kit.plugins.modules import archive_layers as module

# What runs on hosts is untyped.
archive_layers: Any = module


def written(directory: Path, images: dict[str, dict[str, str]], links: dict[str, str] | None = None) -> Path:
    """An archive of images as the engine writes it: of each the files of its layers, and what these are."""
    files: dict[str, Any] = {
        f"{name}.json": {"rootfs": {"diff_ids": list(layers.values())}} for name, layers in images.items()
    }
    files["manifest.json"] = [{"Config": f"{name}.json", "Layers": list(layers)} for name, layers in images.items()]
    contents = {name: json.dumps(content).encode() for name, content in files.items()}
    contents |= {file: layer.encode() for layers in images.values() for file, layer in layers.items()}
    path = directory / "images.tar"
    with tarfile.open(path, "w") as archive:
        for name, content in contents.items():
            member = tarfile.TarInfo(name)
            if name in (links or {}):
                member.type, member.linkname = tarfile.SYMTYPE, (links or {})[name]
            else:
                member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def layers_left(path: Path) -> set[str]:
    with tarfile.open(path) as archive:
        return {name for name in archive.getnames() if not name.endswith(".json")}


def test_only_what_is_held_on_top_of_the_same_is_left_out(tmp_path: Path) -> None:
    path = written(tmp_path, {"one": {"1/layer.tar": "a", "2/layer.tar": "b"}, "two": {"3/layer.tar": "b"}})
    assert archive_layers.leave_out(str(path), set(chain_ids(["a", "b"]))) == 2
    assert layers_left(path) == {"3/layer.tar"}


def test_a_file_stays_that_another_image_needs(tmp_path: Path) -> None:
    """Engines from 25.0 on write a layer once, under the name of its content."""
    path = written(tmp_path, {"one": {"blobs/a": "a", "blobs/b": "b"}, "two": {"blobs/b": "b"}})
    archive_layers.leave_out(str(path), set(chain_ids(["a", "b"])))
    assert layers_left(path) == {"blobs/b"}


def test_a_file_stays_to_which_another_links(tmp_path: Path) -> None:
    """Engines before that link layers of the same content."""
    images = {"one": {"1/layer.tar": "a", "2/layer.tar": "b"}, "two": {"3/layer.tar": "b"}}
    path = written(tmp_path, images, {"3/layer.tar": "../2/layer.tar"})
    archive_layers.leave_out(str(path), set(chain_ids(["a", "b"])))
    assert layers_left(path) == {"2/layer.tar", "3/layer.tar"}


def test_nothing_held_leaves_all(tmp_path: Path) -> None:
    path = written(tmp_path, {"one": {"1/layer.tar": "a"}})
    assert archive_layers.leave_out(str(path), set()) == 0
    assert layers_left(path) == {"1/layer.tar"}
