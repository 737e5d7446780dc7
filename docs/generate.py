"""Write what stands in two places from its one source: variable tables, the contract's reference, the policy catalogue.

``docs/generate.py`` writes; ``docs/generate.py --check`` only compares, names what is stale and exits 1.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "collections")]
GENERATED = "<!-- Written by `make docs`. Change the source, not this file. -->\n"


def code(value: Any) -> str:
    """A value as a table cell shows it.

    >>> code(["a"]), code("x|y"), code(None)
    ('`["a"]`', '`x\\\\|y`', '')
    """
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return f"`{text.strip()}`".replace("|", "\\|").replace("\n", " ") if text != "" else '`""`'


def prose(text: Any) -> str:
    """Text on one line, as a table cell takes it."""
    lines = text if isinstance(text, list) else [text]
    return " ".join(" ".join(str(line).split()) for line in lines).replace("|", "\\|")


def between(text: str, marker: str, content: str) -> str:
    """*text* with *content* between the comments ``<!-- marker -->`` and ``<!-- /marker -->``, where it has them.

    >>> between("a <!-- x --> old <!-- /x --> b", "x", "new")
    'a <!-- x -->\\nnew\\n<!-- /x --> b'
    """
    before, opening, rest = text.partition(f"<!-- {marker} -->")
    _, closing, after = rest.partition(f"<!-- /{marker} -->")
    return f"{before}{opening}\n{content}\n{closing}{after}" if closing else text


def options_of(role: Path) -> dict[str, dict[str, Any]]:
    """The options of all entry points of a role, in the order they are stated."""
    path = role / "meta" / "argument_specs.yml"
    specs = (yaml.safe_load(path.read_text(encoding="utf-8")) or {})["argument_specs"] if path.exists() else {}
    found: dict[str, dict[str, Any]] = {}
    for entry_point in specs.values():
        for name, option in (entry_point.get("options") or {}).items():
            found.setdefault(name, option)
    return found


def defaults_of(role: Path) -> dict[str, Any]:
    """What defaults/main.yml states."""
    path = role / "defaults" / "main.yml"
    return (yaml.safe_load(path.read_text(encoding="utf-8")) or {}) if path.exists() else {}


def variable_table(role: Path) -> str:
    """The table that stands between the markers of a role's README."""
    defaults = defaults_of(role)
    rows = []
    for name, option in options_of(role).items():
        kind = option.get("type", "str")
        if kind == "list" and "elements" in option:
            kind = f"list of {option['elements']}"
        default = "required" if option.get("required") else code(defaults.get(name, option.get("default")))
        choices = f" One of {', '.join(code(choice) for choice in option['choices'])}." if "choices" in option else ""
        rows.append(f"| `{name}` | {kind} | {default} | {prose(option.get('description', ''))}{choices} |")
    if not rows:
        return "The role has no variables of its own."
    return "\n".join(["| variable | type | default | what it is |", "|---|---|---|---|", *rows])


def role_readmes() -> Iterator[tuple[Path, str]]:
    """Each role's README with its table."""
    for role in sorted((ROOT / "roles").iterdir()):
        readme = role / "README.md"
        if readme.exists():
            yield readme, between(readme.read_text(encoding="utf-8"), "variables", variable_table(role))


def role_list() -> Iterator[tuple[Path, str]]:
    """The table of roles in the project's README."""
    rows = []
    for role in sorted((ROOT / "roles").iterdir()):
        meta = role / "meta" / "main.yml"
        info = yaml.safe_load(meta.read_text(encoding="utf-8"))["galaxy_info"] if meta.exists() else {}
        rows.append(f"| [{role.name}](roles/{role.name}/README.md) | {prose(info.get('description', ''))} |")
    readme = ROOT / "README.md"
    table = "\n".join(["| role | what it is |", "|---|---|", *rows])
    yield readme, between(readme.read_text(encoding="utf-8"), "roles", table)


def _kind(schema: Mapping[str, Any]) -> str:
    if "enum" in schema:
        return " or ".join(code(value) for value in schema["enum"])
    kinds = schema.get("type", "any")
    kinds = [kinds] if isinstance(kinds, str) else [kind for kind in kinds if kind != "null"]
    if kinds == ["array"] and isinstance(schema.get("items"), Mapping):
        return f"list of {_kind(schema['items'])}"
    return " or ".join(kinds)


def _parts(schema: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any], bool]]:
    """What is right below a schema, as a path goes on: ``.key``, ``.NAME`` of a mapping, ``[].key`` of a list."""
    for key, value in (schema.get("properties") or {}).items():
        yield f".{key}", value, key in (schema.get("required") or [])
    if isinstance(schema.get("additionalProperties"), Mapping):
        yield ".NAME", schema["additionalProperties"], False
    if isinstance(schema.get("items"), Mapping) and "properties" in schema["items"]:
        for suffix, value, required in _parts(schema["items"]):
            yield f"[]{suffix}", value, required


def schema_rows(schema: Mapping[str, Any], path: str, deep: bool) -> Iterator[str]:
    """A table row for each key below a JSON Schema, and with *deep* for those below them."""
    for suffix, value, required in _parts(schema):
        here = f"{path}{suffix}".lstrip(".")
        default = "required" if required else code(value.get("default"))
        yield f"| `{here}` | {_kind(value)} | {default} | {prose(value.get('description', ''))} |"
        if deep:
            yield from schema_rows(value, here, deep)


def contract_reference() -> Iterator[tuple[Path, str]]:
    """docs/reference/contract.md, from the schema that validates contracts."""
    from ansible_collections.slipway.kit.plugins.module_utils.contract_schema import CONTRACT_SCHEMA  # noqa: PLC0415

    header = ["| key | type | default | what it is |", "|---|---|---|---|"]
    lines = ["# The application contract", "", GENERATED]
    lines += [prose(CONTRACT_SCHEMA["description"]), ""]
    lines += [
        "It is one entry of `slipway_applications`: the application's name, and below it these keys. Unknown keys are"
    ]
    lines += ["refused by name. `NAME` stands for a name of your choice, `[]` for each entry of a list.", ""]
    lines += [*header, *schema_rows(CONTRACT_SCHEMA, "", deep=False)]
    for suffix, value, _ in _parts(CONTRACT_SCHEMA):
        rows = list(schema_rows(value, suffix, deep=True))
        if rows:
            lines += ["", f"## {suffix.lstrip('.')}", "", prose(value.get("description", "")), "", *header, *rows]
    yield ROOT / "docs" / "reference" / "contract.md", "\n".join(lines) + "\n"


POLICY_KINDS = {
    "environment": "Inventory and contracts",
    "container": "Containers and their configuration files",
    "dockerfile": "Dockerfiles",
    "tasks": "Ansible tasks",
    "host": "Running hosts",
}


def policy_catalogue() -> Iterator[tuple[Path, str]]:
    """docs/reference/policies.md, from the policies themselves."""
    from policies.scan import load_policies  # noqa: PLC0415

    lines = [
        "# The policies",
        "",
        GENERATED,
        "[How they are applied, waived and proved](../policies.md). Under each heading, what a policy looks at.",
    ]
    policies = load_policies()
    for kind, title in POLICY_KINDS.items():
        found = [policy for policy in policies if policy.kind == kind]
        lines += ["", f"## {title}: {len(found)}", ""]
        lines += [
            "| policy | level | what it says | why | against | mend | relaxed by |",
            "|---|---|---|---|---|---|---|",
        ]
        for policy in found:
            relaxed = ", ".join(code(option) for option in sorted(policy.relaxed_by)) or "nothing"
            why = f"{policy.why} ({policy.reference})"
            cells = [policy.id, policy.level, policy.name, why, policy.audit.value, policy.mend]
            lines.append("| " + " | ".join([*map(prose, cells), relaxed]) + " |")
    yield ROOT / "docs" / "reference" / "policies.md", "\n".join(lines) + "\n"


def main() -> int:
    """Write or compare."""
    parser = argparse.ArgumentParser(description="Write the generated parts of the documents.")
    parser.add_argument("--check", action="store_true", help="write nothing; name what is stale and exit 1")
    check = parser.parse_args().check
    stale = []
    for pages in (role_readmes(), role_list(), contract_reference(), policy_catalogue()):
        for path, text in pages:
            if path.exists() and path.read_text(encoding="utf-8") == text:
                continue
            stale.append(path.relative_to(ROOT))
            if not check:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
    for path in stale:
        print(f"{path} is stale: run make docs" if check else f"wrote {path}")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
