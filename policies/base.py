"""What every policy stands on: a checkov check that says in words what is wrong, and remembers it.

checkov walks the documents, finds line numbers and keeps the registry. Two of its habits would let a scan pass in
silence, and are closed here: an exception in a check becomes "unknown" and drops out of the report (here it is a
failure), and a ``checkov:skip=`` inside any scanned value switches the check off (here it is data like any other).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar, Generic, TypeVar

from checkov.common.models.enums import CheckCategories, CheckResult
from checkov.json_doc.base_json_check import BaseJsonCheck
from checkov.json_doc.enums import BlockType

from policies.subjects import Dockerfile, Environment, Host, Spec, Subject, TaskFile


class Audit(StrEnum):
    """What audits of real systems found, and a policy keeps from coming back."""

    PRIVILEGE = "containers with more rights than they need"
    SINGLE = "one process, one Redis: a single point of failure"
    MIGRATIONS = "migrations that nobody ran"
    BLIND = "data stores and applications without a working healthcheck"
    SECRETS = "secrets in templates, logs and docker inspect"  # pragma: allowlist secret
    PLACEHOLDERS = "placeholders and test switches that reached production"
    EXPOSURE = "back-end ports open to the world"
    PLAINTEXT = "connections without encryption or proof of who answers"
    HEADERS = "no security headers, weak cookies, open origins"
    TOKENS = "tokens in access logs"  # pragma: allowlist secret
    LOGS = "logs in files that vanish with the container"
    DRIFT = "documents, scripts and what runs disagree"
    OUTDATED = "an end-of-life base image"


class Outcome(StrEnum):
    """How one policy found one document."""

    PASSED = "passed"
    WARNED = "warned"
    FAILED = "failed"
    RELAXED = "relaxed"
    WAIVED = "waived"


@dataclass(frozen=True)
class Evaluation:
    """One policy applied to one document."""

    outcome: Outcome
    problems: tuple[str, ...] = ()
    reason: str = ""


S = TypeVar("S", bound=Subject)


class Policy(BaseJsonCheck, Generic[S]):  # type: ignore[misc]  # checkov's registry base is untyped
    """A policy over documents of one kind. The docstring of a subclass says why the policy exists.

    A subclass states the attributes below and :meth:`problems`, and its module ends with ``policy = TheClass()``,
    which registers it.
    """

    id: ClassVar[str]
    name: ClassVar[str]
    level: ClassVar[str]  # critical, high, medium or low
    audit: ClassVar[Audit]
    reference: ClassVar[str]
    mend: ClassVar[str]
    kind: ClassVar[str]
    evaluates: ClassVar[str] = ""  # the path whose lines a report points at, such as "container/healthcheck"
    relaxed_by: ClassVar[frozenset[str]] = frozenset()  # relaxations of the spec that excuse a failure
    idle: ClassVar[str] = ""  # why it may find nothing to look at in an environment; empty: it must find something

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

    @staticmethod
    def subject(document: Mapping[str, Any]) -> S:
        """Read a document of this policy's kind."""
        raise NotImplementedError

    def concerns(self, subject: S) -> bool:  # noqa: ARG002  # for subclasses to use
        """Whether the policy has anything to say of this subject."""
        return True

    def problems(self, subject: S) -> Iterable[str]:
        """What is wrong with *subject*, one sentence each; nothing when all is well."""
        raise NotImplementedError

    def warnings(self, subject: S) -> Iterable[str]:  # noqa: ARG002  # for the few that see something come
        """What is not wrong yet."""
        return ()

    def excuses(self, subject: S) -> list[str]:  # noqa: ARG002  # for kinds that know relaxations
        """The reasons that the subject itself gives for a failure."""
        return []

    def evaluate(self, document: Mapping[str, Any]) -> Evaluation | None:
        """Apply the policy to one document; None when it does not concern it."""
        if document["kind"] != self.kind:
            return None
        try:
            subject = self.subject(document)
            if not self.concerns(subject):
                return None
            problems = tuple(self.problems(subject))
        except Exception as error:  # noqa: BLE001  # whatever breaks a policy must fail it, not hide it
            return Evaluation(Outcome.FAILED, (f"the policy could not read this document: {error!r}",))
        if not problems:
            warnings = tuple(self.warnings(subject))
            return Evaluation(Outcome.WARNED, warnings) if warnings else Evaluation(Outcome.PASSED)
        reasons = self.excuses(subject)
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
        if evaluation is None:
            return {"result": CheckResult.UNKNOWN, "evaluated_keys": []}
        self.evaluations[scanned_file] = evaluation
        result = {
            Outcome.PASSED: CheckResult.PASSED,
            Outcome.WARNED: CheckResult.PASSED,
            Outcome.FAILED: CheckResult.FAILED,
            Outcome.RELAXED: CheckResult.SKIPPED,
        }[evaluation.outcome]
        return {"result": result, "suppress_comment": evaluation.reason, "evaluated_keys": [self.evaluates]}

    def scan_entity_conf(self, conf: dict[str, Any], entity_type: str) -> CheckResult:
        """Required by checkov's base class; :meth:`run` does the work."""
        raise NotImplementedError


class ContainerPolicy(Policy[Spec]):
    """A policy over containers, rendered and running."""

    kind = "container"
    evaluates = "container"
    subject = staticmethod(Spec.of)

    def excuses(self, subject: Spec) -> list[str]:
        return [entry.reason for entry in subject.relaxations if entry.option in self.relaxed_by]


class FilePolicy(ContainerPolicy):
    """A policy over a configuration file that the kit renders for the containers of one service.

    A container as it runs has no rendered files: there, policies over hosts ask the programs themselves.
    """

    file: ClassVar[str]
    evaluates = "files"
    idle = "no container here has the file that it reads"

    def concerns(self, subject: Spec) -> bool:
        return subject.has(self.file)


class EnvironmentPolicy(Policy[Environment]):
    """A policy over an inventory and the contracts in it."""

    kind = "environment"
    evaluates = "applications"
    subject = staticmethod(Environment.of)


class DockerfilePolicy(Policy[Dockerfile]):
    """A policy over Dockerfiles."""

    kind = "dockerfile"
    evaluates = "instructions"
    subject = staticmethod(Dockerfile.of)


class TaskPolicy(Policy[TaskFile]):
    """A policy over Ansible tasks, as far as they are literal: a template where a literal is needed fails."""

    kind = "tasks"
    evaluates = "tasks"
    subject = staticmethod(TaskFile.of)


class HostPolicy(Policy[Host]):
    """A policy over what is really there on a host."""

    kind = "host"
    evaluates = "effective"
    idle = "looks at running hosts: LIVE=1"
    subject = staticmethod(Host.of)
