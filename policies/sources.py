"""Documents of what lies in the repository: Dockerfiles and files of Ansible tasks."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from dockerfile_parse import DockerfileParser

ROOT = Path(__file__).resolve().parents[1]
BLOCKS = ("block", "rescue", "always")
SECTIONS = ("pre_tasks", "tasks", "post_tasks", "handlers", *BLOCKS)
#: Keys of a task that name no module. https://docs.ansible.com/ansible/latest/reference_appendices/playbooks_keywords.html
KEYWORDS = frozenset(
    "action any_errors_fatal args async become become_exe become_flags become_method become_user changed_when"
    " check_mode collections connection debugger delay delegate_facts delegate_to diff environment failed_when"
    " ignore_errors ignore_unreachable listen local_action loop loop_control module_defaults name no_log notify poll"
    " port register remote_user retries run_once tags throttle timeout until vars when".split()
)


def dockerfiles(environment: Mapping[str, Any] | None) -> Iterator[Path]:
    """Those of the kit's images, and of the applications that an environment builds."""
    yield from sorted((ROOT / "roles").glob("*/files/**/Dockerfile"))
    for contract in (environment or {"applications": {}})["applications"].values():
        build = (contract.get("image") or {}).get("build")
        if build:
            yield ROOT / build["context"] / build["dockerfile"]


def dockerfile_document(path: str, text: str) -> dict[str, Any]:
    """A Dockerfile as instructions; comments are left out, stages are counted."""
    parser = DockerfileParser(fileobj=io.BytesIO(text.encode()))
    stage, instructions = 0, []
    for entry in parser.structure:
        if entry["instruction"] == "COMMENT":
            continue
        stage += entry["instruction"] == "FROM"
        place = {"line": entry["startline"] + 1, "stage": stage}
        instructions.append({"name": entry["instruction"], "value": entry["value"], **place})
    return {"kind": "dockerfile", "path": path, "instructions": instructions}


class _Loader(yaml.SafeLoader):
    """YAML as Ansible writes it: !vault, !unsafe and the like are texts, and mappings remember their line."""


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[str, Any]:
    loader.flatten_mapping(node)
    content: dict[str, Any] = {"__line__": node.start_mark.line + 1}
    content.update((str(key), value) for key, value in loader.construct_mapping(node, deep=True).items())
    return content


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)
_Loader.add_multi_constructor("!", lambda _loader, suffix, node: f"!{suffix} {node.value}")


def task_files() -> Iterator[Path]:
    """Every file of tasks, of handlers and every playbook of the kit."""
    yield ROOT / "site.yml"
    for pattern in ("playbooks/**/*.yml", "roles/*/tasks/*.yml", "roles/*/handlers/*.yml"):
        yield from (path for path in sorted(ROOT.glob(pattern)) if "vars" not in path.relative_to(ROOT).parts)


def _plain(value: Any) -> Any:
    """Without the lines that the loader added."""
    if isinstance(value, Mapping):
        return {str(key): _plain(entry) for key, entry in value.items() if key != "__line__"}
    return [_plain(entry) for entry in value] if isinstance(value, list) else value


def _tasks(entries: Any, section: str) -> Iterator[dict[str, Any]]:
    for entry in entries or []:
        nested = [key for key in SECTIONS if key in entry]
        for key in nested:
            yield from _tasks(entry[key], key)
        if nested or "hosts" in entry or not isinstance(entry, Mapping):
            continue
        modules = [key for key in entry if key not in KEYWORDS and not key.startswith(("with_", "__"))]
        module = modules[0] if modules else str(entry.get("action") or entry.get("local_action") or "")
        yield {
            "name": str(entry.get("name", "")),
            "module": module,
            "arguments": _plain(entry.get(module)),
            "keywords": {key: _plain(entry[key]) for key in entry if key in KEYWORDS},
            "section": section,
            "line": entry["__line__"],
        }


def task_document(path: str, text: str) -> dict[str, Any]:
    """All tasks of a file, whatever section they stand in."""
    content = yaml.load(text, Loader=_Loader)  # noqa: S506  # a safe loader, extended
    tasks = list(_tasks(content, "tasks"))
    return {"kind": "tasks", "path": path, "tasks": tasks}


def _read(path: Path) -> tuple[str, str]:
    return str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")


def split_live(folder: Path) -> None:
    """Make of what playbooks/policy.yml found on each host, a file for it, a document a file."""
    for path in sorted(folder.glob("live-*.json")):
        documents = json.loads(path.read_text(encoding="utf-8"))["documents"]
        path.unlink()
        (folder / path.stem).mkdir()
        for document in documents:
            name = document.get("name", document["kind"])
            (folder / path.stem / f"{name}.json").write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


def write(folder: Path, environment: Mapping[str, Any] | None) -> None:
    """Write all documents of this kind below *folder*."""
    documents = [dockerfile_document(*_read(path)) for path in dockerfiles(environment)]
    documents += [document for path in task_files() if (document := task_document(*_read(path)))["tasks"]]
    for document in documents:
        path = folder / document["kind"] / f"{document['path'].replace('/', '__')}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
