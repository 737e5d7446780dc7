"""Load the policies and apply them to folders of documents, through checkov's own runner, in this process.

checkov's command line would load nothing from a folder without ``__init__.py`` and exit 0, log a policy that does not
import and go on, and ask the network for rules. In process none of that can happen: an import error stops the scan,
and what was loaded, evaluated and left out is counted.
"""

from __future__ import annotations

import importlib
import json
import pkgutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from checkov.json_doc.registry import registry
from checkov.json_doc.runner import Runner
from checkov.runner_filter import RunnerFilter

from policies.base import Evaluation, Outcome, Policy
from policies.judges import Verdict
from policies.subjects import Dockerfile, Environment, Host, Relaxation, Spec, TaskFile
from policies.waivers import Waiver

PREFIX = "CKV_SLIP_"
#: The packages of the catalogue: policies by what they look at.
CATALOGUE = ("container", "environment", "dockerfile", "tasks", "edge", "router", "data", "host")
LEVELS = ("low", "medium", "high", "critical")
KINDS: dict[str, Any] = {
    "container": Spec,
    "environment": Environment,
    "dockerfile": Dockerfile,
    "tasks": TaskFile,
    "host": Host,
}


@dataclass(frozen=True)
class Finding:
    """One policy's evaluation of one document, with the place to look."""

    policy: Policy[Any]
    document: str
    target: str
    evaluation: Evaluation
    line: int = 1


@dataclass
class Result:
    """Everything a report says."""

    policies: list[Policy[Any]]
    documents: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    relaxations: list[tuple[str, Relaxation]] = field(default_factory=list)
    waivers: list[Waiver] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    threshold: str = "low"
    verdicts: list[Verdict] = field(default_factory=list)
    seconds: float = 0.0

    def of(self, policy: Policy[Any]) -> list[Finding]:
        """The findings of one policy."""
        return [finding for finding in self.findings if finding.policy is policy]

    def with_outcome(self, outcome: Outcome) -> list[Finding]:
        """The findings that came out so."""
        return [finding for finding in self.findings if finding.evaluation.outcome is outcome]

    @property
    def blocking(self) -> list[Finding]:
        """The failures at or above the threshold."""
        least = LEVELS.index(self.threshold)
        failed = self.with_outcome(Outcome.FAILED)
        return [finding for finding in failed if LEVELS.index(finding.policy.level) >= least]

    @property
    def idle(self) -> list[Policy[Any]]:
        """The policies that found nothing to look at, and say why that may be."""
        return [policy for policy in self.policies if policy.idle and not self.of(policy)]

    @property
    def ok(self) -> bool:
        """Whether nothing failed, everything was looked at, and no other judge found anything."""
        judged = any(verdict.findings or verdict.fault for verdict in self.verdicts)
        return not self.faults and not self.blocking and not judged


class _Runner(Runner):  # type: ignore[misc]  # checkov's runner is generic over untyped graphs
    def require_external_checks(self) -> bool:
        return False  # load_policies imported them already


def load_policies() -> list[Policy[Any]]:
    """Import every module of the catalogue, each of which registers one policy; in order of their ids."""
    policies: list[Policy[Any]] = []
    for name in CATALOGUE:
        package = importlib.import_module(f"policies.{name}")
        modules = pkgutil.iter_modules(package.__path__, f"{package.__name__}.")
        policies += [importlib.import_module(module.name).policy for module in modules]
    ids = [policy.id for policy in policies]
    if len(set(ids)) != len(ids) or not all(entry.startswith(PREFIX) for entry in ids):
        raise ValueError(f"policy ids must be distinct and start with {PREFIX}: {ids}")
    return sorted(policies, key=lambda policy: int(policy.id.removeprefix(PREFIX)))


def scan(
    folder: Path,
    policies: Iterable[Policy[Any]] | None = None,
    waivers: Sequence[Waiver] = (),
    threshold: str = "low",
) -> Result:
    """Apply every policy to every document below *folder*.

    ``policies`` narrows what is expected, not what checkov runs: a policy given here that evaluated nothing is a fault.
    """
    expected = list(policies) if policies is not None else load_policies()
    result = Result(expected, waivers=list(waivers), threshold=threshold)
    files = sorted(folder.rglob("*.json")) if folder.is_dir() else []
    result.documents = [str(path.relative_to(folder)) for path in files]
    if not files:
        result.faults.append(f"no document below {folder}: nothing was scanned")
    for policy in result.policies:
        policy.evaluations.clear()
    if files:
        report = _Runner().run(files=[str(path) for path in files], runner_filter=RunnerFilter(show_progress_bar=False))
        lines = {
            (record.check_id, record.file_abs_path): max(1, int(record.file_line_range[0]))
            for record in report.get_all_records()
        }
        for path in files:
            result.findings.extend(_findings(result, path, folder, lines))
    registered = {check.id for _, check in registry.all_checks() if check.id.startswith(PREFIX)}
    for policy in result.policies:
        if policy.id not in registered:
            result.faults.append(f"{policy.id} is not registered with checkov")
        elif files and not policy.evaluations and not policy.idle:
            result.faults.append(f"{policy.id} evaluated nothing")
    _waive(result)
    return result


def _findings(result: Result, path: Path, folder: Path, lines: dict[tuple[str, str], int]) -> list[Finding]:
    name = str(path.relative_to(folder))
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        subject = KINDS[document["kind"]].of(document)
    except (ValueError, TypeError, KeyError) as error:
        result.faults.append(f"{name} is no document that policies know: {error!r}")
        return []
    if isinstance(subject, Spec):
        result.relaxations.extend((subject.target, entry) for entry in subject.relaxations)
    result.faults.extend(f"{name}: a value of it says {skip!r}" for skip in _skips(document))
    found = []
    for policy in result.policies:
        evaluation = policy.evaluations.get(str(path))
        if (evaluation is None) != (policy.evaluate(document) is None):
            result.faults.append(f"{policy.id} did not evaluate {name}")
        if evaluation is not None:
            line = lines.get((policy.id, str(path.absolute())), 1)
            found.append(Finding(policy, name, subject.target, evaluation, line))
    return found


def _skips(value: Any) -> set[str]:
    """What tries to switch policies off from inside a scanned value. A Dockerfile's comments are not among them."""
    if isinstance(value, dict):
        return {skip for key, entry in value.items() for skip in _skips(key) | _skips(entry)}
    if isinstance(value, list):
        return {skip for entry in value for skip in _skips(entry)}
    text = str(value).replace(" ", "").lower()
    return {"checkov:skip"} if "checkov:skip" in text or "bridgecrew:skip" in text else set()


def _waive(result: Result) -> None:
    """Turn failures that somebody answers for into waived ones; a waiver that waives nothing is a fault."""
    used = set()
    for place, finding in enumerate(result.findings):
        if finding.evaluation.outcome is not Outcome.FAILED:
            continue
        for waiver in result.waivers:
            if waiver.covers(finding.policy.id, finding.target):
                used.add(waiver)
                said = f"{waiver.reason} ({waiver.owner}, until {waiver.expires})"
                evaluation = Evaluation(Outcome.WAIVED, finding.evaluation.problems, said)
                result.findings[place] = replace(finding, evaluation=evaluation)
                break
    unused = [waiver for waiver in result.waivers if waiver not in used]
    result.faults.extend(f"waiver of {entry.policy} for {entry.resource} waives nothing: remove it" for entry in unused)
