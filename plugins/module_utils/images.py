"""Which images an environment needs, in the order they are built, each named after its contents.

Pure functions over the build contexts on the control machine; nothing here talks to a container engine.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from typing import Any, Callable, Dict, Iterator, List, Mapping, Optional, Sequence, Tuple

# Never part of an image, whether or not a context's .dockerignore says so.
ALWAYS_IGNORED = (
    "**/__pycache__",
    "**/*.pyc",
    ".git",
    "**/.venv",
    "**/.mypy_cache",
    "**/.pytest_cache",
    "**/.ruff_cache",
)

KIT_KEYS = {"repository", "source", "epoch", "suite", "references", "images", "applications"}
IMAGE_KEYS = {"name", "title", "context", "dockerfile", "from", "args"}
#: Which key of a contract's image.build lists the packages of which parent.
PACKAGES = {"BASE": "packages", "BUILD": "build_packages"}


class ImageError(ValueError):
    """A catalogue that cannot be built; the message says what to mend."""


def _pattern(text: str) -> "re.Pattern[str]":
    """The regular expression of one .dockerignore pattern; it matches a path and everything below it."""
    out = ""
    rest = text.strip("/")
    while rest:
        if rest.startswith("**/"):
            out, rest = out + "(?:.*/)?", rest[3:]
        elif rest.startswith("**"):
            out, rest = out + ".*", rest[2:]
        elif rest[0] == "*":
            out, rest = out + "[^/]*", rest[1:]
        elif rest[0] == "?":
            out, rest = out + "[^/]", rest[1:]
        elif rest[0] == "[" and "]" in rest[1:]:
            end = rest.index("]", 1)
            out, rest = out + rest[: end + 1].replace("[!", "[^"), rest[end + 1 :]
        else:
            out, rest = out + re.escape(rest[0]), rest[1:]
    return re.compile(out + "(?:/.*)?\\Z")


def ignore_rules(text: str) -> "Callable[[str], bool]":
    """Whether a relative path is left out, by the rules of a .dockerignore: the last pattern that matches decides."""
    rules: List[Tuple[bool, "re.Pattern[str]"]] = [(True, _pattern(pattern)) for pattern in ALWAYS_IGNORED]
    for line in text.splitlines():
        entry = line.strip()
        if entry and not entry.startswith("#"):
            rules.append((not entry.startswith("!"), _pattern(os.path.normpath(entry.lstrip("!")))))

    def ignored(path: str) -> bool:
        verdict = False
        for leaves_out, pattern in rules:
            if leaves_out != verdict and pattern.match(path):
                verdict = leaves_out
        return verdict

    return ignored


def context_files(context: str, dockerfile: str = "Dockerfile") -> Iterator[str]:
    """Relative paths of the files in a build context, sorted: what the engine gets, and what the tag is a hash of."""
    rules_file = os.path.join(context, ".dockerignore")
    text = ""
    if os.path.isfile(rules_file):
        with open(rules_file, encoding="utf-8") as stream:
            text = stream.read()
    ignored = ignore_rules(text)
    may_prune = not any(line.strip().startswith("!") for line in text.splitlines())
    kept: List[str] = []
    for directory, subdirectories, names in os.walk(context):
        here = os.path.relpath(directory, context)
        prefix = "" if here == "." else here + "/"
        links = [name for name in subdirectories if os.path.islink(os.path.join(directory, name))]
        subdirectories[:] = [
            name for name in subdirectories if name not in links and not (may_prune and ignored(prefix + name))
        ]
        kept.extend(
            prefix + name
            for name in names + links
            if prefix + name in (dockerfile, ".dockerignore") or not ignored(prefix + name)
        )
    return iter(sorted(kept))


def context_hash(context: str, dockerfile: str, facts: Mapping[str, Any]) -> str:
    """Twelve hex digits over a context's paths, executable bits and contents, and whatever else the image depends on.

    Only the executable bit counts: git keeps no other, and two clones under different umasks must agree.
    """
    digest = hashlib.sha256(json.dumps(facts, sort_keys=True).encode())
    for path in context_files(context, dockerfile):
        full = os.path.join(context, path)
        if os.path.islink(full):
            kind, content = "link", os.readlink(full).encode()
        else:
            kind = "program" if os.stat(full).st_mode & 0o100 else "file"
            with open(full, "rb") as stream:
                content = stream.read()
        digest.update(json.dumps([kind, path, len(content)]).encode())
        digest.update(content)
    return digest.hexdigest()[:12]


def _refuse_unknown(where: str, given: Mapping[str, Any], known: "set[str]") -> None:
    unknown = sorted(set(given) - known)
    if unknown:
        raise ImageError(f"{where}: unknown key {', '.join(unknown)} (known: {', '.join(sorted(known))})")


def _directory(where: str, path: str, root: str) -> str:
    full = os.path.normpath(os.path.join(root, path))
    if not os.path.isdir(full):
        raise ImageError(f"{where}: the build context {full} is not a directory on the control machine")
    return full


def _text(values: Optional[Mapping[str, Any]]) -> Dict[str, str]:
    return {str(key): str(value) for key, value in (values or {}).items()}


def _suite(contract: Mapping[str, Any], default: str) -> str:
    """The Debian release that an application is built on."""
    build = (contract.get("image") or {}).get("build") or {}
    return str(build.get("debian") or default)


def _of_suite(kit: Mapping[str, Any], suite: str) -> List[Dict[str, Any]]:
    """What applications build on, once more, of another Debian release."""
    needed = set((kit.get("applications") or {}).get("from", {}).values())
    for image in reversed(kit["images"]):
        if image["name"] in needed:
            needed |= set((image.get("from") or {}).values())
    return [
        {
            **image,
            "name": f"{image['name']}-{suite}",
            "from": {arg: f"{parent}-{suite}" for arg, parent in (image.get("from") or {}).items()},
            "suite": suite,
        }
        for image in kit["images"]
        if image["name"] in needed
    ]


def _parents(
    name: str, contract: Mapping[str, Any], kit: Mapping[str, Any]
) -> Tuple[Dict[str, str], List[Dict[str, Any]]]:
    """What an application is built on, by build argument, and the images among them that only it has: with packages."""
    applications = kit.get("applications") or {}
    build = (contract.get("image") or {}).get("build") or {}
    suite = _suite(contract, kit["suite"])
    parents: Dict[str, str] = {}
    own: List[Dict[str, Any]] = []
    for arg, parent in applications.get("from", {}).items():
        parents[arg] = parent if suite == kit["suite"] else f"{parent}-{suite}"
        packages = build.get(PACKAGES.get(arg, "")) or []
        if packages:
            image = {"context": applications["packages"][arg], "from": {"BASE": parents[arg]}}
            parents[arg] = f"{parent}-for-{name}"
            title, args = f"slipway {parents[arg]}", {"PACKAGES": " ".join(sorted(packages))}
            own.append({**image, "name": parents[arg], "title": title, "version": str(kit["epoch"]), "args": args})
    return parents, own


def _application(name: str, contract: Mapping[str, Any], parents: Mapping[str, str]) -> Dict[str, Any]:
    """An application's image in the terms of the kit's own."""
    image = contract.get("image") or {}
    entry: Dict[str, Any] = {"name": f"app-{name}", "title": name, "version": str(contract.get("version", ""))}
    if "reference" in image:
        return {**entry, "reference": str(image["reference"])}
    build = image.get("build")
    if not build or "context" not in build:
        raise ImageError(f"application {name}: image needs either build.context or reference")
    return {
        **entry,
        **{key: build[key] for key in ("context", "dockerfile", "args") if build.get(key)},
        "from": dict(parents),
    }


def image_catalogue(kit: Mapping[str, Any], applications: Mapping[str, Any], root: str) -> List[Dict[str, Any]]:
    """Every image of an environment, each after those it builds on.

    An entry has ``name``, ``tag``, ``source`` (bootstrap, build or pull), ``requires`` (names), and for what is built
    ``context``, ``dockerfile``, ``args`` and ``labels``. ``kit`` is ``slipway_image_kit`` of playbooks/vars/images.yml.
    """
    _refuse_unknown("slipway_image_kit", kit, KIT_KEYS)
    wanted: List[Dict[str, Any]] = []
    for image in kit["images"]:
        _refuse_unknown(f"image {image.get('name')}", image, IMAGE_KEYS)
        wanted.append({**image, "suite": kit["suite"]})
    others = {_suite(contract, kit["suite"]) for contract in applications.values()} - {kit["suite"]}
    for suite in sorted(others):
        if suite not in kit["references"]:
            raise ImageError(f"there is no Debian {suite} (known: {', '.join(sorted(kit['references']))})")
        wanted.extend(_of_suite(kit, suite))
    wanted = [{"title": f"slipway {image['name']}", "version": str(kit["epoch"]), **image} for image in wanted]
    for name in sorted(applications):
        parents, own = _parents(name, applications[name], kit)
        wanted.extend([*own, _application(name, applications[name], parents)])

    catalogue: List[Dict[str, Any]] = []
    tags: Dict[str, str] = {}
    for image in wanted:
        name = str(image["name"])
        if name in tags:
            raise ImageError(f"image {name}: named twice")
        if "reference" in image:
            entry = {"name": name, "tag": image["reference"], "source": "pull", "requires": []}
        else:
            entry = _built(image, kit, tags, root)
        tags[name] = entry["tag"]
        catalogue.append(entry)
    return catalogue


def _built(image: Mapping[str, Any], kit: Mapping[str, Any], tags: Mapping[str, str], root: str) -> Dict[str, Any]:
    """The catalogue's entry of an image that is made here."""
    name, dockerfile = str(image["name"]), str(image.get("dockerfile") or "Dockerfile")
    where = f"image {name}"
    context = _directory(where, str(image["context"]), root)
    parents: Dict[str, str] = dict(image.get("from") or {})
    for parent in parents.values():
        if parent not in tags:
            raise ImageError(f"{where}: builds on {parent}, which is not listed before it")
    suite = str(image.get("suite", ""))
    reference = "" if parents else str(kit["references"].get(suite) or "")
    # An image on nothing is the base: made of packages, or FROM the reference of a registry.
    source = "build" if parents or reference else "bootstrap"
    args = {**_text(image.get("args")), **{arg: tags[parent] for arg, parent in parents.items()}}
    if reference:
        args["BASE"] = reference
    if source == "build" and not os.path.isfile(os.path.join(context, dockerfile)):
        raise ImageError(f"{where}: there is no {dockerfile} in {context}")
    labels = {
        "org.opencontainers.image.title": str(image["title"]),
        "org.opencontainers.image.version": str(image["version"]),
        "org.opencontainers.image.source": _source(str(kit.get("source") or ""), context, root),
    }
    # Epoch and suite count once, in the base; everything else follows through the tags it builds on.
    once = {"epoch": "", "suite": ""} if parents else {"epoch": str(kit["epoch"]), "suite": suite}
    facts = {"args": args, "labels": labels, "dockerfile": dockerfile, **once}
    content = context_hash(context, dockerfile, facts)
    return {
        "name": name,
        "tag": f"{kit['repository']}/{name}:{content}",
        "source": source,
        "requires": sorted(set(parents.values())),
        "suite": suite,
        "context": context,
        "dockerfile": dockerfile,
        "args": args,
        "labels": {**labels, "slipway.content": content},
    }


def _source(prefix: str, context: str, root: str) -> str:
    """Where an image's source stands, without the control machine's own paths: two machines must agree on the tag."""
    relative = os.path.relpath(context, root)
    return f"{prefix}{os.path.basename(context) if relative.startswith('..') else relative}"


def image_tags(catalogue: Sequence[Mapping[str, Any]]) -> Dict[str, str]:
    """Name to reference of every image in a catalogue: what ``slipway_images`` is."""
    return {str(image["name"]): str(image["tag"]) for image in catalogue}


def image_references(images: Sequence[Mapping[str, Any]]) -> List[str]:
    """Every name under which an engine holds images: tags and digests of what module docker_image_info returned."""
    return [name for image in images for key in ("RepoTags", "RepoDigests") for name in image.get(key) or []]


def chain_ids(layers: Sequence[str]) -> List[str]:
    """What an engine calls each layer together with all below it: chain ids, of the digests of layers, lowest first.

    Source: https://github.com/opencontainers/image-spec/blob/main/config.md#layer-chainid
    """
    chains: List[str] = []
    for layer in layers:
        chains.append(f"sha256:{hashlib.sha256(f'{chains[-1]} {layer}'.encode()).hexdigest()}" if chains else layer)
    return chains


#: Where engines keep layers that they have themselves; what loads an archive into containerd's store reads all of it.
LAYER_STORES = frozenset({"overlay2", "fuse-overlayfs", "btrfs", "zfs", "vfs"})


def shared_layers(images: Sequence[Mapping[str, Any]], there: Sequence[Mapping[str, Any]]) -> List[str]:
    """Chain ids of layers of ``images`` that an engine has already in the images ``there``.

    :param images: what module docker_image_info returned.
    :param there: the same of another engine.
    """
    held = {chain for image in there if _store(image) in LAYER_STORES for chain in chain_ids(_layers(image))}
    return sorted(held.intersection(chain for image in images for chain in chain_ids(_layers(image))))


def _store(image: Mapping[str, Any]) -> str:
    return str((image.get("GraphDriver") or {}).get("Name", ""))


def _layers(image: Mapping[str, Any]) -> List[str]:
    return (image.get("RootFS") or {}).get("Layers") or []


def images_wanted(
    catalogue: Sequence[Mapping[str, Any]], names: Optional[Sequence[str]] = None
) -> List[Dict[str, Any]]:
    """The entries with these names; without any, all that no other image is built on."""
    unknown = sorted(set(names or ()) - {str(image["name"]) for image in catalogue})
    if unknown:
        known = ", ".join(str(image["name"]) for image in catalogue)
        raise ImageError(f"no image is called {', '.join(unknown)} (known: {known})")
    stages = {parent for image in catalogue for parent in image["requires"]}
    return [
        dict(image) for image in catalogue if (image["name"] not in stages if names is None else image["name"] in names)
    ]


#: The images that a host of each group runs. Edge hosts take static files out of the applications' images.
GROUP_IMAGES = {
    "edge": ("nginx", "router"),
    "app": ("router", "pgbouncer"),
    "postgres": ("postgres",),
    "redis": ("redis",),
    "consensus": ("etcd",),
    "registry": ("registry",),
}


def host_images(host: str, topology: Mapping[str, Sequence[str]], applications: Mapping[str, Any]) -> List[str]:
    """The names of the images that a host runs, by the groups that it is in.

    >>> host_images("a", {"edge": ["b"], "app": ["a"]}, {"shop": {}})
    ['app-shop', 'pgbouncer', 'router']
    """
    groups = [group for group in GROUP_IMAGES if host in topology.get(group, ())]
    found = {image for group in groups for image in GROUP_IMAGES[group]}
    if {"edge", "app"} & set(groups):
        found |= {f"app-{name}" for name in applications}
    return sorted(found)


def image_plan(
    catalogue: Sequence[Mapping[str, Any]], present: Sequence[str], names: Optional[Sequence[str]] = None
) -> List[Dict[str, Any]]:
    """What an engine has to make, in order: images that are wanted and it lacks, and those it lacks to build them on.

    ``present`` are the references that it holds, ``names`` the images that are wanted: see :func:`images_wanted`. (A
    base or a build stage is made only when something has to be built on it.)
    """
    by_name = {str(image["name"]): image for image in catalogue}
    missing: "set[str]" = set()

    def want(name: str) -> None:
        if name not in missing and by_name[name]["tag"] not in present:
            missing.add(name)
            for parent in by_name[name]["requires"]:
                want(str(parent))

    for image in images_wanted(catalogue, names):
        want(str(image["name"]))
    return [dict(image) for image in catalogue if image["name"] in missing]
