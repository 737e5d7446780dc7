"""The forms a scan is written in: a table for the terminal, JSON, JUnit and SARIF for machines."""

from __future__ import annotations

import dataclasses
import json
import xml.etree.ElementTree as ElementTree
from collections import Counter
from pathlib import Path
from typing import Any

from policies.base import Outcome
from policies.scan import Finding, Result

SARIF_LEVELS = {"critical": "error", "high": "error", "medium": "warning", "low": "note"}
SARIF_SCORES = {"critical": "9.5", "high": "8.0", "medium": "5.5", "low": "2.5"}


def table(result: Result) -> str:
    """A line per policy, then what failed with its mend, then what is relaxed and why."""
    lines = [f"{'policy':<13} {'level':<9} {'passed':>6} {'excused':>7} {'failed':>6}  what it says"]
    for policy in result.policies:
        count = Counter(finding.evaluation.outcome for finding in result.of(policy))
        excused = count[Outcome.RELAXED] + count[Outcome.WAIVED]
        passed = count[Outcome.PASSED] + count[Outcome.WARNED]
        numbers = f"{passed:>6} {excused:>7} {count[Outcome.FAILED]:>6}"
        note = "" if result.of(policy) or policy.idle else "   EVALUATED NOTHING"
        lines.append(f"{policy.id:<13} {policy.level:<9} {numbers}  {policy.name}{note}")
    warned = result.with_outcome(Outcome.WARNED)
    if warned:
        lines += ["", "Not wrong yet:"]
        lines += [f"  {_where(entry)}: {problem}" for entry in warned for problem in entry.evaluation.problems]
    if result.idle:
        lines += ["", "Found nothing to look at:"]
        lines += [f"  {policy.id} {policy.name}: {policy.idle}" for policy in result.idle]
    waived = result.with_outcome(Outcome.WAIVED)
    if waived:
        lines += ["", "Waived:"]
        lines += [
            f"  {_where(entry)}: {'; '.join(entry.evaluation.problems)}. {entry.evaluation.reason}" for entry in waived
        ]
    if result.relaxations:
        lines += ["", "Relaxed, with the reason the spec gives:"]
        lines += [f"  {where}: {entry.option} is {entry.value}. {entry.reason}" for where, entry in result.relaxations]
    failed = result.with_outcome(Outcome.FAILED)
    if failed:
        lines += ["", "Failed:"]
        for entry in failed:
            lines += [f"  {_where(entry)}: {problem}" for problem in entry.evaluation.problems]
            lines.append(f"    mend: {entry.policy.mend}")
    if result.verdicts:
        lines += ["", "Other judges:"]
    for verdict in result.verdicts:
        found = verdict.fault or (f"{len(verdict.findings)} findings" if verdict.findings else "nothing")
        lines.append(f"  {verdict.name} {verdict.version} on {verdict.looked_at}: {found}")
        lines += [f"    {finding}" for finding in verdict.findings]
    if result.faults:
        lines += ["", "The scan itself is at fault:", *(f"  {fault}" for fault in result.faults)]
    relaxed, warnings = len(result.with_outcome(Outcome.RELAXED)), len(warned)
    passed = len(result.with_outcome(Outcome.PASSED))
    size = f"{len(result.policies)} policies, {len(result.documents)} documents, {len(result.findings)} evaluations"
    aside = f"{relaxed} relaxed, {len(waived)} waived"
    counts = f"{passed} passed, {warnings} warnings, {aside}, {len(failed)} failed, {len(result.faults)} faults"
    lines += ["", f"{size} in {result.seconds:.1f} s: {counts}"]
    return "\n".join(lines)


def _where(finding: Finding) -> str:
    return f"{finding.policy.id} {finding.target}"


def as_json(result: Result) -> dict[str, Any]:
    """The scan as data: the catalogue that was applied, every evaluation, and the faults."""
    return {
        "ok": result.ok,
        "documents": result.documents,
        "faults": result.faults,
        "judges": [dataclasses.asdict(verdict) for verdict in result.verdicts],
        "policies": [
            {
                "id": policy.id,
                "name": policy.name,
                "level": policy.level,
                "kind": policy.kind,
                "audit": policy.audit.value,
                "why": policy.why,
                "reference": policy.reference,
                "mend": policy.mend,
                "evaluated": len(result.of(policy)),
                "idle": policy.idle if not result.of(policy) else "",
            }
            for policy in result.policies
        ],
        "relaxations": [
            {"where": where, "option": entry.option, "value": entry.value, "reason": entry.reason}
            for where, entry in result.relaxations
        ],
        "findings": [
            {
                "policy": entry.policy.id,
                "target": entry.target,
                "document": entry.document,
                "line": entry.line,
                "outcome": entry.evaluation.outcome.value,
                "problems": list(entry.evaluation.problems),
                "reason": entry.evaluation.reason,
            }
            for entry in result.findings
        ],
    }


def as_junit(result: Result) -> ElementTree.Element:
    """One suite; a case per evaluation, and one per fault."""
    cases = len(result.findings) + len(result.faults)
    failures = len(result.with_outcome(Outcome.FAILED)) + len(result.faults)
    skipped = len(result.with_outcome(Outcome.RELAXED)) + len(result.with_outcome(Outcome.WAIVED))
    totals = {"tests": str(cases), "failures": str(failures), "skipped": str(skipped), "errors": "0"}
    root = ElementTree.Element("testsuites", totals)
    suite = ElementTree.SubElement(root, "testsuite", {"name": "slipway.policy", **totals})
    for entry in result.findings:
        name = f"{entry.target}: {entry.policy.name}"
        case = ElementTree.SubElement(suite, "testcase", {"classname": entry.policy.id, "name": name})
        problems = "\n".join(entry.evaluation.problems)
        if entry.evaluation.outcome is Outcome.FAILED:
            failure = ElementTree.SubElement(case, "failure", {"message": problems})
            failure.text = f"{problems}\nmend: {entry.policy.mend}"
        elif entry.evaluation.outcome in (Outcome.RELAXED, Outcome.WAIVED):
            ElementTree.SubElement(case, "skipped", {"message": f"{problems}. {entry.evaluation.reason}"})
    for fault in result.faults:
        case = ElementTree.SubElement(suite, "testcase", {"classname": "scan", "name": fault})
        ElementTree.SubElement(case, "failure", {"message": fault})
    return root


def as_sarif(result: Result, folder: Path) -> dict[str, Any]:
    """SARIF 2.1.0: a rule per policy, a result per failure, and per relaxation as a suppressed one."""
    rules = [
        {
            "id": policy.id,
            "name": type(policy).__name__,
            "shortDescription": {"text": policy.name},
            "fullDescription": {"text": policy.why},
            "help": {"text": f"{policy.mend}\n\n{policy.reference}"},
            "defaultConfiguration": {"level": SARIF_LEVELS[policy.level]},
            "properties": {"security-severity": SARIF_SCORES[policy.level]},
        }
        for policy in result.policies
    ]
    results = []
    for entry in result.findings:
        if entry.evaluation.outcome is Outcome.PASSED:
            continue
        found: dict[str, Any] = {
            "ruleId": entry.policy.id,
            "ruleIndex": result.policies.index(entry.policy),
            "level": "note" if entry.evaluation.outcome is Outcome.WARNED else SARIF_LEVELS[entry.policy.level],
            "message": {"text": f"{entry.target}: {'; '.join(entry.evaluation.problems)}"},
            "locations": [
                {
                    "physicalLocation": {
                        "artifactLocation": {"uri": (folder / entry.document).as_posix()},
                        "region": {"startLine": entry.line},
                    }
                }
            ],
        }
        kinds = {Outcome.RELAXED: "inSource", Outcome.WAIVED: "external"}
        if entry.evaluation.outcome in kinds:
            kind = kinds[entry.evaluation.outcome]
            found["suppressions"] = [{"kind": kind, "justification": entry.evaluation.reason}]
        results.append(found)
    notifications = [{"level": "error", "message": {"text": fault}} for fault in result.faults]
    return {
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": {"name": "Slipway policies", "rules": rules}},
                "invocations": [
                    {"executionSuccessful": not result.faults, "toolExecutionNotifications": notifications}
                ],
                "results": results,
            }
        ],
    }


def write(result: Result, folder: Path, output: Path) -> list[Path]:
    """Write every form below *output*; the files written."""
    output.mkdir(parents=True, exist_ok=True)
    paths = [output / "report.json", output / "junit.xml", output / "policy.sarif"]
    paths[0].write_text(json.dumps(as_json(result), indent=2) + "\n", encoding="utf-8")
    ElementTree.ElementTree(as_junit(result)).write(paths[1], encoding="utf-8", xml_declaration=True)
    paths[2].write_text(json.dumps(as_sarif(result, folder), indent=2) + "\n", encoding="utf-8")
    return paths
