"""Images are named after their contents, built after what they build on, and only where they are missing."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.slipway.kit.plugins.module_utils.images import (
    GROUP_IMAGES,
    ImageError,
    chain_ids,
    context_files,
    host_images,
    image_catalogue,
    image_plan,
    image_references,
    image_tags,
    images_wanted,
    shared_layers,
)
from ansible_collections.slipway.kit.plugins.module_utils.preflight import GROUPS

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def kit(tmp_path: Path) -> dict[str, Any]:
    """A kit of a base, a build stage, a Python image and one service, with their contexts below tmp_path."""
    images: list[dict[str, Any]] = [{"name": "base", "context": "base"}]
    images += [{"name": name, "context": name, "from": {"BASE": "base"}} for name in ("build", "python", "redis")]
    for context in ("more", *(image["context"] for image in images)):
        (tmp_path / context).mkdir()
        (tmp_path / context / "Dockerfile").write_text("ARG BASE\nFROM ${BASE}\n")
    return {
        "repository": "slipway",
        "source": "urn:slipway:",
        "epoch": "2026-01-01",
        "suite": "trixie",
        "references": {"trixie": "", "bookworm": ""},
        "images": images,
        "applications": {"from": {"BASE": "python", "BUILD": "build"}, "packages": {"BASE": "more", "BUILD": "more"}},
    }


@pytest.fixture
def hub(tmp_path: Path) -> dict[str, Any]:
    """One application, by contract, with its context."""
    (tmp_path / "hub").mkdir()
    (tmp_path / "hub" / "Dockerfile").write_text("FROM scratch\n")
    (tmp_path / "hub" / "manage.py").write_text("print()\n")
    return {"hub": {"version": "1.2.3", "image": {"build": {"context": "hub", "args": {"EXTRA": 7}}}}}


def tags(kit: dict[str, Any], applications: dict[str, Any], root: Path) -> dict[str, str]:
    return image_tags(image_catalogue(kit, applications, str(root)))


def changed(before: dict[str, str], after: dict[str, str]) -> set[str]:
    return {name for name in after if before.get(name) != after[name]}


def test_catalogue_entry_says_all_that_a_build_needs(kit: dict[str, Any], hub: dict[str, Any], tmp_path: Path) -> None:
    catalogue = {image["name"]: image for image in image_catalogue(kit, hub, str(tmp_path))}
    assert list(catalogue) == ["base", "build", "python", "redis", "app-hub"]
    base, entry = catalogue["base"], catalogue["app-hub"]
    assert (base["source"], base["args"], base["requires"]) == ("bootstrap", {}, [])
    assert entry["source"] == "build"
    assert entry["context"] == str(tmp_path / "hub")
    assert entry["args"] == {"EXTRA": "7", "BASE": catalogue["python"]["tag"], "BUILD": catalogue["build"]["tag"]}
    assert entry["requires"] == ["build", "python"]
    repository, content = entry["tag"].split(":")
    assert repository == "slipway/app-hub"
    assert entry["labels"] == {
        "org.opencontainers.image.title": "hub",
        "org.opencontainers.image.version": "1.2.3",
        "org.opencontainers.image.source": "urn:slipway:hub",
        "slipway.content": content,
    }


def test_same_contents_have_the_same_tags_on_another_machine(
    kit: dict[str, Any], hub: dict[str, Any], tmp_path: Path
) -> None:
    before = tags(kit, hub, tmp_path)
    for name in ("base", "build", "python", "redis", "hub"):
        for file in (tmp_path / name).iterdir():
            file.chmod(0o600)
            os.utime(file, (1, 1))
    elsewhere = tmp_path.rename(tmp_path.with_name("elsewhere"))
    assert tags(kit, hub, elsewhere) == before


def test_file_changes_its_image_and_what_builds_on_it(kit: dict[str, Any], hub: dict[str, Any], tmp_path: Path) -> None:
    before = tags(kit, hub, tmp_path)
    (tmp_path / "python" / "Dockerfile").write_text("FROM scratch\nUSER 1\n")
    assert changed(before, tags(kit, hub, tmp_path)) == {"python", "app-hub"}


@pytest.mark.parametrize("change", ["content", "name", "mode", "link", "argument", "version"])
def test_whatever_an_image_is_made_of_changes_its_tag(
    kit: dict[str, Any], hub: dict[str, Any], tmp_path: Path, change: str
) -> None:
    before = tags(kit, hub, tmp_path)
    program = tmp_path / "hub" / "manage.py"
    match change:
        case "content":
            program.write_text("print(1)\n")
        case "name":
            program.rename(program.with_name("other.py"))
        case "mode":
            program.chmod(0o755)
        case "link":
            program.unlink()
            program.symlink_to("Dockerfile")
        case "argument":
            hub["hub"]["image"]["build"]["args"]["EXTRA"] = 8
        case "version":
            hub["hub"]["version"] = "1.2.4"
    assert changed(before, tags(kit, hub, tmp_path)) == {"app-hub"}


def test_epoch_rebuilds_everything(kit: dict[str, Any], hub: dict[str, Any], tmp_path: Path) -> None:
    before = tags(kit, hub, tmp_path)
    assert changed(before, tags({**kit, "epoch": "2026-02-01"}, hub, tmp_path)) == set(before)


def test_base_comes_from_a_registry_where_one_is_named(kit: dict[str, Any], tmp_path: Path) -> None:
    before = tags(kit, {}, tmp_path)
    kit["references"]["trixie"] = "registry.example/debian@sha256:0123"
    base = image_catalogue(kit, {}, str(tmp_path))[0]
    assert (base["source"], base["args"]) == ("build", {"BASE": "registry.example/debian@sha256:0123"})
    assert changed(before, tags(kit, {}, tmp_path)) == set(before)


def test_an_application_of_another_release_has_a_base_of_its_own(
    kit: dict[str, Any], hub: dict[str, Any], tmp_path: Path
) -> None:
    before = tags(kit, hub, tmp_path)
    old = {**hub, "old": {"version": "1", "image": {"build": {"context": "hub", "debian": "bookworm"}}}}
    catalogue = {image["name"]: image for image in image_catalogue(kit, old, str(tmp_path))}
    assert [name for name in catalogue if "bookworm" in name] == ["base-bookworm", "build-bookworm", "python-bookworm"]
    assert (catalogue["base-bookworm"]["suite"], catalogue["base-bookworm"]["source"]) == ("bookworm", "bootstrap")
    assert catalogue["base-bookworm"]["tag"].split(":")[1] != before["base"].split(":")[1]
    assert catalogue["app-old"]["requires"] == ["build-bookworm", "python-bookworm"]
    assert changed(before, {name: image["tag"] for name, image in catalogue.items() if name in before}) == set()
    with pytest.raises(ImageError, match="there is no Debian jessie"):
        image_catalogue(kit, {"hub": {"image": {"build": {"context": "hub", "debian": "jessie"}}}}, str(tmp_path))


def test_packages_are_added_to_what_an_application_is_built_on(
    kit: dict[str, Any], hub: dict[str, Any], tmp_path: Path
) -> None:
    before = tags(kit, hub, tmp_path)
    hub["hub"]["image"]["build"]["packages"] = ["libb2", "liba1"]
    catalogue = {image["name"]: image for image in image_catalogue(kit, hub, str(tmp_path))}
    assert catalogue["app-hub"]["requires"] == ["build", "python-for-hub"]
    assert catalogue["python-for-hub"]["args"] == {"PACKAGES": "liba1 libb2", "BASE": before["python"]}
    hub["hub"]["image"]["build"] |= {"build_packages": ["libc3-dev"], "packages": []}
    assert {image["name"]: image for image in image_catalogue(kit, hub, str(tmp_path))}["app-hub"]["requires"] == [
        "build-for-hub",
        "python",
    ]


def test_application_from_a_registry_is_pulled(kit: dict[str, Any], tmp_path: Path) -> None:
    reference = "registry.example/shop@sha256:0123"
    catalogue = image_catalogue(kit, {"shop": {"version": "1", "image": {"reference": reference}}}, str(tmp_path))
    assert catalogue[-1] == {"name": "app-shop", "tag": reference, "source": "pull", "requires": []}
    assert image_plan(catalogue, [reference], ["app-shop"]) == []


def test_ignored_files_are_neither_hashed_nor_sent(tmp_path: Path) -> None:
    for path in (
        "Dockerfile",
        ".dockerignore",
        "app/main.py",
        "app/__pycache__/main.pyc",
        "notes.md",
        "README.md",
        "docs/a/b.txt",
        "docs/keep.txt",
        "local.env",
        "sub/local.env",
        ".git/HEAD",
    ):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
    assert "notes.md" in list(context_files(str(tmp_path)))
    (tmp_path / ".dockerignore").write_text(
        "# notes\n*.md\n!README.md\n/docs/**\n!docs/keep.txt\n**/*.env\nDockerfile\n"
    )
    assert list(context_files(str(tmp_path))) == [
        ".dockerignore",
        "Dockerfile",
        "README.md",
        "app/main.py",
        "docs/keep.txt",
    ]


def test_ignore_patterns_read_as_the_engine_reads_them(tmp_path: Path) -> None:
    for path in ("a/x.log", "a/b/x.log", "x.log", "build/out", "builder/out", "f1", "f2", "fx", "Dockerfile"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
    (tmp_path / ".dockerignore").write_text("*/x.log\nbuild\nf[0-9]\n")
    assert list(context_files(str(tmp_path))) == [
        ".dockerignore",
        "Dockerfile",
        "a/b/x.log",
        "builder/out",
        "fx",
        "x.log",
    ]


@pytest.mark.parametrize(
    ("mutate", "message"),
    [
        (lambda kit: kit.update(epoc="x"), "unknown key epoc"),
        (lambda kit: kit["images"][1].update(contxt="x"), "image build: unknown key contxt"),
        (lambda kit: kit["images"][1].update(context="nowhere"), "is not a directory on the control machine"),
        (lambda kit: kit["images"][1].update(dockerfile="Other"), "there is no Other in"),
        (lambda kit: kit["images"].reverse(), "builds on base, which is not listed before it"),
        (lambda kit: kit["images"].append(kit["images"][0]), "image base: named twice"),
    ],
)
def test_broken_catalogue_is_refused(kit: dict[str, Any], tmp_path: Path, mutate: Any, message: str) -> None:
    mutate(kit)
    with pytest.raises(ImageError, match=message):
        image_catalogue(kit, {}, str(tmp_path))


def test_application_without_image_is_refused(kit: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="application shop: image needs either"):
        image_catalogue(kit, {"shop": {"version": "1"}}, str(tmp_path))


class TestPlan:
    """What a host has to make."""

    @pytest.fixture
    def catalogue(self, kit: dict[str, Any], hub: dict[str, Any], tmp_path: Path) -> list[dict[str, Any]]:
        return image_catalogue(kit, hub, str(tmp_path))

    @staticmethod
    def names(plan: list[dict[str, Any]]) -> list[str]:
        return [image["name"] for image in plan]

    def test_empty_host_needs_all_in_order(self, catalogue: list[dict[str, Any]]) -> None:
        assert self.names(image_plan(catalogue, [])) == ["base", "build", "python", "redis", "app-hub"]

    def test_complete_host_needs_nothing(self, catalogue: list[dict[str, Any]]) -> None:
        assert image_plan(catalogue, list(image_tags(catalogue).values())) == []

    def test_build_stages_are_not_missed_while_nothing_is_built(self, catalogue: list[dict[str, Any]]) -> None:
        known = image_tags(catalogue)
        assert image_plan(catalogue, [known["redis"], known["app-hub"]]) == []

    def test_missing_image_brings_the_missing_ones_it_builds_on(self, catalogue: list[dict[str, Any]]) -> None:
        known = image_tags(catalogue)
        assert self.names(image_plan(catalogue, [known["base"], known["redis"]])) == ["build", "python", "app-hub"]

    def test_host_gets_only_what_it_runs(self, catalogue: list[dict[str, Any]]) -> None:
        assert self.names(image_plan(catalogue, [], ["redis"])) == ["base", "redis"]

    def test_unknown_name_is_refused(self, catalogue: list[dict[str, Any]]) -> None:
        with pytest.raises(ImageError, match="no image is called rediss"):
            image_plan(catalogue, [], ["rediss"])


def test_the_kits_own_images_are_found() -> None:
    kit = yaml.safe_load((ROOT / "playbooks/vars/images.yml").read_text())["slipway_image_kit"] | {"references": {}}
    catalogue = image_catalogue(kit, {}, str(ROOT))
    assert [image["name"] for image in catalogue][:3] == ["base", "build", "python"]


def test_a_host_gets_the_images_of_its_groups() -> None:
    topology = {"edge": ["e"], "app": ["a"], "postgres": ["d"], "redis": ["d"], "consensus": ["d"]}
    assert host_images("e", topology, {"shop": {}}) == ["app-shop", "nginx", "router"]
    assert host_images("a", topology, {"shop": {}}) == ["app-shop", "pgbouncer", "router"]
    assert host_images("d", topology, {"shop": {}}) == ["etcd", "postgres", "redis"]


def test_every_group_is_known_and_every_image_of_it(kit: dict[str, Any]) -> None:
    assert set(GROUP_IMAGES) == {*GROUPS, "registry"}
    text = (ROOT / "playbooks/vars/images.yml").read_text()
    for image in {name for names in GROUP_IMAGES.values() for name in names}:
        assert f"name: {image}" in text


def test_only_what_is_wanted_is_made(kit: dict[str, Any], hub: dict[str, Any], tmp_path: Path) -> None:
    catalogue = image_catalogue(kit, hub, str(tmp_path))
    assert [image["name"] for image in images_wanted(catalogue)] == ["redis", "app-hub"]
    assert [image["name"] for image in images_wanted(catalogue, ["base"])] == ["base"]
    assert images_wanted(catalogue, []) == []
    with pytest.raises(ImageError, match="no image is called nothing"):
        images_wanted(catalogue, ["nothing"])


def test_an_engine_knows_images_by_tags_and_digests() -> None:
    images: list[dict[str, Any]] = [
        {"RepoTags": ["a:1"], "RepoDigests": None},
        {"RepoTags": [], "RepoDigests": ["b@sha256:2"]},
    ]
    assert image_references(images) == ["a:1", "b@sha256:2"]


def inspected(*layers: str, store: str = "overlay2") -> dict[str, Any]:
    return {"RootFS": {"Layers": list(layers)}, "GraphDriver": {"Name": store}}


def test_a_layer_is_the_same_only_on_top_of_the_same() -> None:
    assert shared_layers([inspected("a", "b", "c")], [inspected("a", "b", "d")]) == sorted(chain_ids(["a", "b"]))
    assert shared_layers([inspected("a", "b")], [inspected("b", "a")]) == []
    assert shared_layers([inspected("a")], []) == []


def test_an_engine_that_does_not_keep_layers_itself_has_none() -> None:
    assert shared_layers([inspected("a")], [inspected("a", store="overlayfs"), {"RootFS": None}]) == []


def test_chain_ids_are_those_of_the_specification() -> None:
    lowest, next_one = (f"sha256:{hashlib.sha256(layer).hexdigest()}" for layer in (b"lowest", b"next"))
    both = hashlib.sha256(f"{lowest} {next_one}".encode()).hexdigest()
    assert chain_ids([lowest, next_one]) == [lowest, f"sha256:{both}"]
