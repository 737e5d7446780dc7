"""The report as one page, made for reading: no script, no other file, nothing asked of the network."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from policies.base import Audit, Outcome
from policies.scan import LEVELS, Finding, Result

TONES = {
    Outcome.PASSED: "good",
    Outcome.WARNED: "warn",
    Outcome.RELAXED: "excused",
    Outcome.WAIVED: "excused",
    Outcome.FAILED: "bad",
}
#: How targets are grouped, by the kind of document.
TARGETS = {
    "Environment, hosts and containers": {"environment", "host", "container"},
    "Dockerfiles": {"dockerfile"},
    "Ansible tasks": {"tasks"},
}


def _row(name: str, findings: Iterable[Finding], policies: int | None = None) -> dict[str, Any]:
    found = list(findings)
    count = Counter(entry.evaluation.outcome for entry in found)
    return {
        "name": name,
        "policies": len({entry.policy.id for entry in found}) if policies is None else policies,
        "passed": count[Outcome.PASSED],
        "warned": count[Outcome.WARNED],
        "excused": count[Outcome.RELAXED] + count[Outcome.WAIVED],
        "failed": count[Outcome.FAILED],
    }


def _targets(result: Result, kinds: set[str]) -> list[dict[str, Any]]:
    found = [entry for entry in result.findings if entry.policy.kind in kinds]
    names = dict.fromkeys(entry.target for entry in found)
    return [_row(name, (entry for entry in found if entry.target == name)) for name in names]


def _catalogue(result: Result) -> list[dict[str, Any]]:
    rows = []
    for policy in result.policies:
        found = result.of(policy)
        worst = max((entry.evaluation.outcome for entry in found), key=list(TONES).index, default=None)
        problems = [
            {
                "tone": TONES[entry.evaluation.outcome],
                "outcome": entry.evaluation.outcome.value,
                "target": entry.target,
                "text": " ".join(["; ".join(entry.evaluation.problems), entry.evaluation.reason]).strip(),
            }
            for entry in found
            if entry.evaluation.problems
        ]
        rows.append(
            {
                "policy": policy,
                "failed": worst is Outcome.FAILED,
                "tone": TONES[worst] if worst else "soft",
                "said": f"{worst.value} ({len(found)})" if worst else "nothing to look at",
                "targets": [entry.target for entry in found],
                "problems": problems,
            }
        )
    return rows


def write(result: Result, output: Path, environment: str = "") -> Path:
    """Write index.html below *output*."""
    count = Counter(entry.evaluation.outcome for entry in result.findings)
    judged = sum(len(verdict.findings) + bool(verdict.fault) for verdict in result.verdicts)
    template = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    ).get_template("page.html.j2")
    text = template.render(
        environment=environment,
        made=datetime.datetime.now(tz=datetime.UTC).strftime("%Y-%m-%d %H:%M UTC"),
        result=result,
        numbers=[
            ("passed", count[Outcome.PASSED], "good"),
            ("warnings", count[Outcome.WARNED], "warn"),
            ("excused", count[Outcome.RELAXED] + count[Outcome.WAIVED], "excused"),
            ("failed", count[Outcome.FAILED], "bad"),
            ("found by other judges", judged, "bad"),
            ("faults of the scan", len(result.faults), "bad"),
        ],
        sections=[
            ("Failed", result.with_outcome(Outcome.FAILED), "bad"),
            ("Not wrong yet", result.with_outcome(Outcome.WARNED), "warn"),
            ("Waived", result.with_outcome(Outcome.WAIVED), "excused"),
        ],
        by_level=[
            _row(
                level,
                (entry for entry in result.findings if entry.policy.level == level),
                sum(policy.level == level for policy in result.policies),
            )
            for level in reversed(LEVELS)
        ],
        by_audit=[
            _row(
                audit.value,
                (entry for entry in result.findings if entry.policy.audit is audit),
                sum(policy.audit is audit for policy in result.policies),
            )
            for audit in Audit
        ],
        by_target=[(title, _targets(result, kinds)) for title, kinds in TARGETS.items()],
        catalogue=_catalogue(result),
    )
    output.mkdir(parents=True, exist_ok=True)
    path = output / "index.html"
    path.write_text(text, encoding="utf-8")
    return path
