"""Reports name what failed, where, and keep the reasons of what is relaxed."""

from __future__ import annotations

from pathlib import Path

import jsonschema
import pytest

from policies import report
from policies.base import Outcome
from policies.scan import Result


def test_json_holds_every_evaluation(scanned: Result) -> None:
    data = report.as_json(scanned)
    assert len(data["findings"]) == len(scanned.findings)
    assert sum(entry["evaluated"] for entry in data["policies"]) == len(scanned.findings)


def test_junit_counts_agree(scanned: Result) -> None:
    suite = report.as_junit(scanned)[0]
    assert int(suite.attrib["tests"]) == len(suite.findall("testcase"))
    assert len(suite.findall("testcase")) == len(scanned.findings) + len(scanned.faults)
    assert int(suite.attrib["failures"]) == len(suite.findall("testcase/failure"))
    assert int(suite.attrib["skipped"]) == len(suite.findall("testcase/skipped"))


def test_sarif_points_at_lines_and_suppresses_what_is_relaxed(scanned: Result) -> None:
    run = report.as_sarif(scanned, Path("specs"))["runs"][0]
    rules = run["tool"]["driver"]["rules"]
    assert len(run["results"]) == len(scanned.findings) - len(scanned.with_outcome(Outcome.PASSED))
    for found in run["results"]:
        assert rules[found["ruleIndex"]]["id"] == found["ruleId"]
    lines = [found["locations"][0]["physicalLocation"]["region"]["startLine"] for found in run["results"]]
    assert min(lines) >= 1
    assert max(lines) > 10
    suppressed = [found["suppressions"][0] for found in run["results"] if "suppressions" in found]
    assert len(suppressed) == len(scanned.with_outcome(Outcome.RELAXED))
    assert all(entry["justification"] for entry in suppressed)


#: What SARIF 2.1.0 (OASIS standard, sections 3.13 to 3.58) says of the objects that are written here, and nothing else.
TEXT = {
    "type": "object",
    "required": ["text"],
    "properties": {"text": {"type": "string"}},
    "additionalProperties": False,
}
LEVEL = {"enum": ["none", "note", "warning", "error"]}
SARIF = {
    "type": "object",
    "required": ["version", "runs"],
    "additionalProperties": False,
    "properties": {
        "$schema": {"type": "string", "format": "uri"},
        "version": {"const": "2.1.0"},
        "runs": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["tool"],
                "additionalProperties": False,
                "properties": {
                    "tool": {
                        "type": "object",
                        "required": ["driver"],
                        "additionalProperties": False,
                        "properties": {
                            "driver": {
                                "type": "object",
                                "required": ["name"],
                                "additionalProperties": False,
                                "properties": {
                                    "name": {"type": "string"},
                                    "rules": {
                                        "type": "array",
                                        "uniqueItems": True,
                                        "items": {
                                            "type": "object",
                                            "required": ["id"],
                                            "additionalProperties": False,
                                            "properties": {
                                                "id": {"type": "string"},
                                                "name": {"type": "string"},
                                                "shortDescription": TEXT,
                                                "fullDescription": TEXT,
                                                "help": TEXT,
                                                "defaultConfiguration": {
                                                    "type": "object",
                                                    "additionalProperties": False,
                                                    "properties": {"level": LEVEL},
                                                },
                                                "properties": {"type": "object"},
                                            },
                                        },
                                    },
                                },
                            }
                        },
                    },
                    "invocations": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "required": ["executionSuccessful"],
                            "additionalProperties": False,
                            "properties": {
                                "executionSuccessful": {"type": "boolean"},
                                "toolExecutionNotifications": {
                                    "type": "array",
                                    "items": {
                                        "type": "object",
                                        "required": ["message"],
                                        "additionalProperties": False,
                                        "properties": {"level": LEVEL, "message": TEXT},
                                    },
                                },
                            },
                        },
                    },
                    "results": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "required": ["message"],
                            "additionalProperties": False,
                            "properties": {
                                "ruleId": {"type": "string"},
                                "ruleIndex": {"type": "integer", "minimum": 0},
                                "level": LEVEL,
                                "message": TEXT,
                                "locations": {
                                    "type": "array",
                                    "items": {
                                        "type": "object",
                                        "additionalProperties": False,
                                        "properties": {
                                            "physicalLocation": {
                                                "type": "object",
                                                "required": ["artifactLocation"],
                                                "additionalProperties": False,
                                                "properties": {
                                                    "artifactLocation": {
                                                        "type": "object",
                                                        "additionalProperties": False,
                                                        "properties": {
                                                            "uri": {"type": "string", "format": "uri-reference"}
                                                        },
                                                    },
                                                    "region": {
                                                        "type": "object",
                                                        "additionalProperties": False,
                                                        "properties": {"startLine": {"type": "integer", "minimum": 1}},
                                                    },
                                                },
                                            }
                                        },
                                    },
                                },
                                "suppressions": {
                                    "type": "array",
                                    "uniqueItems": True,
                                    "items": {
                                        "type": "object",
                                        "required": ["kind"],
                                        "additionalProperties": False,
                                        "properties": {
                                            "kind": {"enum": ["inSource", "external"]},
                                            "justification": {"type": "string"},
                                        },
                                    },
                                },
                            },
                        },
                    },
                },
            },
        },
    },
}


def test_sarif_is_what_the_standard_says(scanned: Result) -> None:
    written = report.as_sarif(scanned, Path("specs"))
    jsonschema.Draft7Validator(SARIF, format_checker=jsonschema.FormatChecker()).validate(written)
    written["runs"][0]["results"][0]["level"] = "fatal"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(written, SARIF)


def test_table_shows_relaxations_with_their_reason(scanned: Result) -> None:
    assert "read_only_root/with-reason: read_only is False. the vendor's installer" in report.table(scanned)
