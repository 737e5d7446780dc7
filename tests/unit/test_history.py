"""Which release a rollback goes to, what the history keeps, and what a failure tells."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.slipway.kit.plugins.module_utils.history import (
    contract_with_secrets,
    contract_without_secrets,
    history_lines,
    host_gone,
    outdated_images,
    rollback_target,
    rolled_back,
    rollout_failure,
)


def entry(began: str, version: str, outcome: str = "good", **more: Any) -> dict[str, Any]:
    value = {
        "version": version,
        "image": f"slipway/shop:{version}",
        "image_id": f"sha256:{version * 20}",
        "contract": {"version": version},
        "who": "ada@ci",
        "purpose": "deploy",
        "began": began,
        "outcome": outcome,
        **more,
    }
    return {"key": f"/slipway/shop/history/{began}", "value": value, "revision": 1}


def target(*found: dict[str, Any]) -> str:
    return str(rollback_target(list(found)).get("version", ""))


def test_nothing_was_rolled_out() -> None:
    assert rollback_target([]) == {}


def test_only_what_serves() -> None:
    assert target(entry("1", "a")) == ""


def test_the_one_before_what_serves() -> None:
    assert target(entry("2", "b"), entry("1", "a"), entry("3", "c")) == "b"


def test_the_same_release_again_is_not_the_one_before() -> None:
    assert target(entry("1", "a"), entry("2", "b"), entry("3", "b")) == "a"


@pytest.mark.parametrize("outcome", ["failed", "begun"])
def test_after_a_failure_the_last_good_one_serves(outcome: str) -> None:
    assert target(entry("1", "a"), entry("2", "b"), entry("3", "c", outcome)) == "b"


def test_a_second_rollback_goes_further_back() -> None:
    history = [entry("1", "a"), entry("2", "b"), entry("3", "c")]
    left = rolled_back(history, rollback_target(history))
    assert [found["key"] for found in left] == ["/slipway/shop/history/3"]
    after = [history[0], history[1], {**history[2], "value": left[0]["value"]}, entry("4", "b")]
    assert target(*after) == "a"


def test_nothing_is_left_by_going_back_to_what_serves() -> None:
    history = [entry("1", "a"), entry("2", "b", "failed")]
    assert [found["key"] for found in rolled_back(history, rollback_target(history))] == []


def test_secret_files_are_not_kept_and_come_from_today() -> None:
    contract = {"version": "1", "files": [{"path": "/k", "content": "s3cret", "secret": True}]}
    kept = contract_without_secrets(contract)
    assert "s3cret" not in str(kept)
    today = {"files": [{"path": "/k", "content": "new", "secret": True}]}
    assert contract_with_secrets(kept, today)["files"][0]["content"] == "new"
    with pytest.raises(ValueError, match="/k of version 1 is not in today's contract"):
        contract_with_secrets(kept, {})


def test_the_table_is_newest_first_and_names_what_was_interrupted() -> None:
    lines = history_lines([entry("1", "a"), entry("2", "b", "begun")])
    assert lines[1].split()[:4] == ["2", "interrupted,", "or", "under"]
    assert lines[2].startswith("1 ")


@pytest.mark.parametrize(
    ("step", "words"),
    [
        ({"expand": True}, "can live with what it did (expand: true)"),
        ({"expand": False}, "CANNOT live with what it did"),
        ({}, "does not state (expand)"),
        ({"reversible": ["undo", "it"]}, "this undoes it: undo it"),
    ],
)
def test_a_failure_says_what_a_release_left(step: dict[str, Any], words: str) -> None:
    contract = {"version": "2", "release": [{"name": "migrate", **step}]}
    failure = {"step": "exchange web-1", "host": "node1", "problem": "exited"}
    said = rollout_failure(failure, "shop", contract, "release step migrate starts\nrelease step migrate done")
    assert "shop 2 was not rolled out: exchange web-1 on node1 failed." in said
    assert words in said
    assert "migrate ran: " in said
    assert "migrate began and failed: " in rollout_failure(failure, "shop", contract, "release step migrate starts")
    assert "migrate" not in rollout_failure(failure, "shop", contract, "")


def test_images_beyond_a_number_are_outdated() -> None:
    found = [entry("1", "a"), entry("2", "b"), entry("3", "c"), entry("4", "a")]
    assert outdated_images(found, 2) == [f"sha256:{'b' * 20}"]
    assert outdated_images(found, 3) == []


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({}, "No replica was touched"),
        ({"exchanged": False, "served": True}, "went back to the version before"),
        ({"exchanged": False, "served": False}, "Nothing ran there before"),
    ],
)
def test_a_failure_says_what_serves_now(more: dict[str, Any], words: str) -> None:
    failure = {"step": "exchange web-1", "host": "node1", "problem": "exited", **more}
    assert words in rollout_failure(failure, "shop", {"version": "2"}, "")


def test_a_host_that_vanished_is_named_with_what_serves() -> None:
    said = rollout_failure(host_gone("node2"), "shop", {"version": "2"}, "")
    assert "the exchange of replicas on node2 failed" in said
    assert "--limit '!node2'" in said
    assert "went back to the version before, which serves" in said
