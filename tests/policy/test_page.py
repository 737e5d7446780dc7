"""The page holds all that a reader looks for, escapes what it shows, and asks the network for nothing."""

from __future__ import annotations

import re
from pathlib import Path

from policies import page
from policies.base import Outcome
from policies.judges import Verdict
from policies.scan import Result


def test_the_page_shows_each_policy_and_each_failure(scanned: Result, tmp_path: Path) -> None:
    text = page.write(scanned, tmp_path, "fixture").read_text()
    for policy in scanned.policies:
        assert f'id="{policy.id}"' in text
    failed = scanned.with_outcome(Outcome.FAILED)
    assert text.count("<tr><td><code>") >= len(failed)
    assert "This environment does not pass." in text


def test_the_page_stands_alone(scanned: Result, tmp_path: Path) -> None:
    text = page.write(scanned, tmp_path, "fixture").read_text()
    assert not re.search(r"<script|<link|<img|@import|url\(|src=", text)


def test_what_is_shown_is_escaped(scanned: Result, tmp_path: Path) -> None:
    scanned.verdicts = [Verdict("judge", "a file", "1", ("<script>alert(1)</script>",))]
    text = page.write(scanned, tmp_path, "<b>fixture</b>").read_text()
    scanned.verdicts = []
    assert "<script>" not in text
    assert "&lt;b&gt;fixture" in text
