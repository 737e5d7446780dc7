"""What every policy stands on: a checkov check that says in words what is wrong, and remembers it.

checkov walks the documents, finds line numbers and keeps the registry. Two of its habits would let a scan pass in
silence, and are closed here: an exception in a check becomes "unknown" and drops out of the report (here it is a
failure), and a ``checkov:skip=`` inside any scanned value switches the check off (here it is data like any other).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar

from checkov.common.models.enums import CheckCategories, CheckResult
from checkov.json_doc.base_json_check import BaseJsonCheck
from checkov.json_doc.enums import BlockType


class Outcome(StrEnum):
    """How one policy found one document."""

    PASSED = "passed"
    FAILED = "failed"
    RELAXED = "relaxed"


@dataclass(frozen=True)
class Evaluation:
    """One policy applied to one document."""

    outcome: Outcome
    problems: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True)
class Relaxation:
    """An option that a spec weakens against the baseline, and why."""

    option: str
    value: Any
    reason: str


@dataclass(frozen=True)
class Spec:
    """A rendered container, as playbooks/render.yml wrote it."""

    host: str
    environment: str
    service: str
    name: str
    container: Mapping[str, Any]
    files: tuple[Mapping[str, Any], ...]
    relaxations: tuple[Relaxation, ...]

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Spec:
        """Read a document; a missing part is an error: a policy must never pass for want of something to read."""
        return cls(
            host=str(document["host"]),
            environment=str(document["environment"]),
            service=str(document["service"]),
            name=str(document["name"]),
            container=dict(document["container"]),
            files=tuple(document["files"]),
            relaxations=tuple(
                Relaxation(str(entry["option"]), entry["value"], str(entry["reason"]))
                for entry in document["relaxations"]
            ),
        )

    def names(self, option: str) -> list[str]:
        """The list at *option* as strings, empty when it is not given."""
        return [str(entry) for entry in self.container.get(option) or []]


class ContainerPolicy(BaseJsonCheck):  # type: ignore[misc]  # checkov's registry base is untyped
    """A policy over one rendered container. The docstring of a subclass says why the policy exists.

    A subclass states the attributes below and :meth:`problems`, and its module ends with ``policy = TheClass()``,
    which registers it.
    """

    id: ClassVar[str]
    name: ClassVar[str]
    level: ClassVar[str]  # critical, high, medium or low
    reference: ClassVar[str]
    mend: ClassVar[str]
    evaluates: ClassVar[str]  # the path whose lines a report points at, such as "container/healthcheck"
    relaxed_by: ClassVar[frozenset[str]] = frozenset()  # relaxations of the spec that excuse a failure

    def __init__(self) -> None:
        super().__init__(
            name=self.name,
            id=self.id,
            categories=[CheckCategories.GENERAL_SECURITY],
            supported_entities=["*"],
            block_type=BlockType.DOCUMENT,
        )
        self.evaluations: dict[str, Evaluation] = {}

    @property
    def why(self) -> str:
        """The docstring, on one line."""
        return " ".join((self.__doc__ or "").split())

    def problems(self, spec: Spec) -> Iterable[str]:
        """What is wrong with *spec*, one sentence each; nothing when all is well."""
        raise NotImplementedError

    def evaluate(self, document: Mapping[str, Any]) -> Evaluation:
        """Apply the policy to one document."""
        try:
            spec = Spec.of(document)
            problems = tuple(self.problems(spec))
        except Exception as error:  # noqa: BLE001  # whatever breaks a policy must fail it, not hide it
            return Evaluation(Outcome.FAILED, (f"the policy could not read this document: {error!r}",))
        if not problems:
            return Evaluation(Outcome.PASSED)
        reasons = [entry.reason for entry in spec.relaxations if entry.option in self.relaxed_by]
        if reasons and all(reason.strip() for reason in reasons):
            return Evaluation(Outcome.RELAXED, problems, "; ".join(reasons))
        return Evaluation(Outcome.FAILED, problems)

    def run(
        self,
        scanned_file: str,
        entity_configuration: dict[str, Any],
        entity_name: str,  # noqa: ARG002  # checkov's signature
        entity_type: str,  # noqa: ARG002
        skip_info: Any,  # noqa: ARG002  # left unread on purpose: see the module's docstring
    ) -> dict[str, Any]:
        """Called by checkov for each document."""
        evaluation = self.evaluate(entity_configuration)
        self.evaluations[scanned_file] = evaluation
        result = {
            Outcome.PASSED: CheckResult.PASSED,
            Outcome.FAILED: CheckResult.FAILED,
            Outcome.RELAXED: CheckResult.SKIPPED,
        }[evaluation.outcome]
        return {"result": result, "suppress_comment": evaluation.reason, "evaluated_keys": [self.evaluates]}

    def scan_entity_conf(self, conf: dict[str, Any], entity_type: str) -> CheckResult:
        """Required by checkov's base class; :meth:`run` does the work."""
        raise NotImplementedError


def host_paths(container: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The host paths a container mounts, each with its propagation mode, from ``mounts`` and ``volumes`` alike."""
    for mount in container.get("mounts") or []:
        if str(mount.get("type", "volume")) == "bind":
            yield str(mount.get("source", "")), str(mount.get("propagation") or "")
    for volume in container.get("volumes") or []:
        source, _, rest = str(volume).partition(":")
        if source.startswith(("/", ".", "~")):
            yield source, rest.partition(":")[2]
