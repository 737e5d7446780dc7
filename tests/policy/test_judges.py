"""Other judges are believed only when they object to their canary; what they find fails the scan."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from policies import judges
from policies.judges import Question, Verdict
from policies.scan import Result
from tests.policy.cases import load_good

FINDING = json.dumps([{"file": "Dockerfile", "line": 2, "code": "DL3004", "message": "Do not use sudo"}])


def saying(text: str) -> subprocess.Popen[str]:
    return judges._ask([sys.executable, "-c", f"print({text!r})"])


def asked(found: str, canary: str, read: Callable[[str], list[str]] = judges._hadolint) -> Verdict:
    question = Question("hadolint", "a Dockerfile", "1", read, saying(found), saying(canary))
    (verdict,) = judges.verdicts([question])
    return verdict


def test_nothing_found_with_a_canary_that_sings_is_good() -> None:
    assert asked("[]", FINDING) == Verdict("hadolint", "a Dockerfile", "1")


def test_a_finding_is_told() -> None:
    assert asked(FINDING, FINDING).findings == ("Dockerfile:2: DL3004 Do not use sudo",)


def test_a_silent_canary_is_a_fault() -> None:
    assert "canary" in asked("[]", "[]").fault


def test_nonsense_is_a_fault() -> None:
    assert "could not be understood" in asked("Traceback", FINDING).fault


def test_a_finding_or_a_fault_fails_the_scan() -> None:
    assert Result([], verdicts=[Verdict("judge", "x")]).ok
    assert not Result([], verdicts=[Verdict("judge", "x", findings=("one",))]).ok
    assert not Result([], verdicts=[Verdict("judge", "x", fault="silent")]).ok


def test_every_real_judge_objects_to_its_canary(tmp_path: Path) -> None:
    (tmp_path / "nginx.json").write_text(json.dumps(load_good("nginx")))
    found = judges.verdicts(judges.start(tmp_path))
    assert {verdict.name for verdict in found} == {"gixy-next", "hadolint", "checkov", "ansible-lint", "detect-secrets"}
    assert {verdict.name: verdict.fault for verdict in found if verdict.fault} == {}
