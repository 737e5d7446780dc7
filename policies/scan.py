"""Load the policies and apply them to a folder of rendered specs, through checkov's own runner, in this process.

checkov's command line would load nothing from a folder without ``__init__.py`` and exit 0, log a policy that does not
import and go on, and ask the network for rules. In process none of that can happen: an import error stops the scan,
and what was loaded, evaluated and left out is counted.
"""

from __future__ import annotations

import importlib
import json
import pkgutil
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from checkov.json_doc.registry import registry
from checkov.json_doc.runner import Runner
from checkov.runner_filter import RunnerFilter

from policies import container
from policies.base import ContainerPolicy, Evaluation, Outcome, Relaxation, Spec

PREFIX = "CKV_SLIP_"


@dataclass(frozen=True)
class Finding:
    """One policy's evaluation of one document, with the place to look."""

    policy: ContainerPolicy
    document: str
    host: str
    container: str
    evaluation: Evaluation
    line: int = 1


@dataclass
class Result:
    """Everything a report says."""

    policies: list[ContainerPolicy]
    documents: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    relaxations: list[tuple[str, Relaxation]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def of(self, policy: ContainerPolicy) -> list[Finding]:
        """The findings of one policy."""
        return [finding for finding in self.findings if finding.policy is policy]

    def with_outcome(self, outcome: Outcome) -> list[Finding]:
        """The findings that came out so."""
        return [finding for finding in self.findings if finding.evaluation.outcome is outcome]

    @property
    def ok(self) -> bool:
        """Whether nothing failed and everything was looked at."""
        return not self.faults and not self.with_outcome(Outcome.FAILED)


class _Runner(Runner):  # type: ignore[misc]  # checkov's runner is generic over untyped graphs
    def require_external_checks(self) -> bool:
        return False  # load_policies imported them already


def load_policies() -> list[ContainerPolicy]:
    """Import every module of the policy packages, each of which registers one policy; in order of their ids."""
    modules = pkgutil.iter_modules(container.__path__, f"{container.__name__}.")
    policies: list[ContainerPolicy] = [importlib.import_module(module.name).policy for module in modules]
    ids = [policy.id for policy in policies]
    if len(set(ids)) != len(ids) or not all(entry.startswith(PREFIX) for entry in ids):
        raise ValueError(f"policy ids must be distinct and start with {PREFIX}: {ids}")
    return sorted(policies, key=lambda policy: int(policy.id.removeprefix(PREFIX)))


def scan(folder: Path, policies: Iterable[ContainerPolicy] | None = None) -> Result:
    """Apply every policy to every document below *folder*.

    ``policies`` narrows what is expected, not what checkov runs: a policy given here that evaluated nothing is a fault.
    """
    result = Result(list(policies) if policies is not None else load_policies())
    files = sorted(folder.rglob("*.json")) if folder.is_dir() else []
    result.documents = [str(path.relative_to(folder)) for path in files]
    if not files:
        result.faults.append(f"no rendered spec below {folder}: nothing was scanned")
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
        elif files and not policy.evaluations:
            result.faults.append(f"{policy.id} evaluated nothing")
    return result


def _findings(result: Result, path: Path, folder: Path, lines: dict[tuple[str, str], int]) -> list[Finding]:
    name = str(path.relative_to(folder))
    try:
        spec = Spec.of(json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, TypeError, KeyError) as error:
        result.faults.append(f"{name} is not a rendered spec: {error!r}")
        return []
    result.relaxations.extend((f"{spec.host}/{spec.name}", entry) for entry in spec.relaxations)
    found = []
    for policy in result.policies:
        evaluation = policy.evaluations.get(str(path))
        if evaluation is None:
            result.faults.append(f"{policy.id} did not evaluate {name}")
            continue
        line = lines.get((policy.id, str(path.absolute())), 1)
        found.append(Finding(policy, name, spec.host, spec.name, evaluation, line))
    return found
