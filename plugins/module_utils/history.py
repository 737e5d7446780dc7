"""What was rolled out: entries of an application's history, and which of them a rollback goes to. Pure functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

#: What makes two releases the same one.
RELEASE = ("version", "image", "contract")
HIDDEN = "[secret file]"


def contract_without_secrets(contract: Mapping[str, Any]) -> dict[str, Any]:
    """A contract as it may be kept: what its secret files say is left out. (Other secrets are never in a contract.)

    >>> contract_without_secrets({"version": "1", "files": [{"path": "/a", "content": "x", "secret": True}]})["files"]
    [{'path': '/a', 'content': '[secret file]', 'secret': True}]
    """
    files = [{**file, "content": HIDDEN} if file.get("secret") else dict(file) for file in contract.get("files") or []]
    return {**contract, **({"files": files} if files else {})}


def contract_with_secrets(kept: Mapping[str, Any], current: Mapping[str, Any]) -> dict[str, Any]:
    """A contract out of the history, with the secret files of today at the same paths.

    :raises ValueError: today's contract has no such file.
    """
    today = {file["path"]: file["content"] for file in current.get("files") or [] if file.get("secret")}
    files = []
    for file in kept.get("files") or []:
        if file.get("secret") and file["path"] not in today:
            raise ValueError(
                f"the secret file {file['path']} of version {kept['version']} is not in today's contract, and the"
                " history keeps no secrets. Mend: add it to the contract's files again."
            )
        files.append({**file, "content": today[file["path"]]} if file.get("secret") else dict(file))
    return {**kept, **({"files": files} if files else {})}


def release_of(entry: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(entry[key] for key in RELEASE)


def ordered(found: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Entries as etcd returned them (key, value), oldest first, each with its ``key``."""
    return [{**entry["value"], "key": entry["key"]} for entry in sorted(found, key=lambda entry: str(entry["key"]))]


def rollback_target(found: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The entry to go back to, or {} where there is none.

    Where the last rollout failed or was interrupted, the last good release serves, or should: it is the target.
    Otherwise it is the last good one before what serves, leaving out what was rolled back from.
    """
    entries = ordered(found)
    if not entries:
        return {}
    good = [entry for entry in entries if entry["outcome"] == "good"]
    if entries[-1]["outcome"] in ("failed", "begun"):
        return good[-1] if good else {}
    serving = release_of(entries[-1])
    return next((entry for entry in reversed(good) if release_of(entry) != serving), {})


def rolled_back(found: Sequence[Mapping[str, Any]], target: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Entries of the release that a rollback to ``target`` leaves: (key, value) with their new outcome."""
    entries = ordered(found)
    if not entries or release_of(entries[-1]) == release_of(target):
        return []
    left = release_of(entries[-1])
    return [
        {"key": entry["key"], "value": {**{k: v for k, v in entry.items() if k != "key"}, "outcome": "rolled back"}}
        for entry in entries
        if entry["outcome"] == "good" and release_of(entry) == left
    ]


def outdated_images(found: Sequence[Mapping[str, Any]], kept: int) -> list[str]:
    """Ids of the images that an application was rolled out with, but for the last ``kept`` of them."""
    used = [str(entry["image_id"]) for entry in reversed(ordered(found))]
    return [image for image in dict.fromkeys(used) if image][kept:]


def history_lines(found: Sequence[Mapping[str, Any]]) -> list[str]:
    """A table for people, newest first."""
    rows = [("began", "outcome", "version", "image", "who", "why", "note")]
    for entry in reversed(ordered(found)):
        outcome = "interrupted, or under way" if entry["outcome"] == "begun" else entry["outcome"]
        image = str(entry["image_id"]).removeprefix("sha256:")[:12]
        note = str(entry.get("note") or "")
        rows.append((entry["began"], outcome, entry["version"], image, entry["who"], entry["purpose"], note))
    widths = [max(len(str(row[column])) for row in rows) for column in range(len(rows[0]))]
    return ["  ".join(str(cell).ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def rollout_failure(failure: Mapping[str, Any], name: str, contract: Mapping[str, Any], said: str) -> str:
    """What an operator has to know of a rollout that failed: the step, the host, the last words, what to do.

    ``said`` is what checks and release commands wrote; the entrypoint names each release command that it begins.
    """
    lines = [
        f"{name} {contract['version']} was not rolled out: {failure['step']} on {failure['host']} failed.",
        str(failure["problem"]),
        _what_is_left(failure),
    ]
    if failure.get("not_back"):
        lines[-1] = f"Not everything could go back to the version before:\n{failure['not_back']}"
    begun = [step for step in contract.get("release") or [] if f"release step {step['name']} " in said]
    lines += [_left_behind(step, said) for step in begun]
    lines.append("Mend: correct what the lines above say and deploy again. playbooks/history.yml shows what ran when.")
    return "\n".join(lines)


def host_gone(host: str) -> dict[str, Any]:
    """The failure of a host that does not answer any more, in the form of those that hosts report themselves."""
    problem = (
        "It failed, or does not answer any more: see above. Its replicas may be of either version: when it is back,"
        f" deploy again. Until then runs need --limit '!{host}'."
    )
    return {
        "ok": False,
        "step": "the exchange of replicas",
        "host": host,
        "problem": problem,
        "exchanged": False,
        "served": True,
    }


def _what_is_left(failure: Mapping[str, Any]) -> str:
    if "exchanged" not in failure:
        return "No replica was touched: the version before serves."
    if failure.get("served"):
        return "What was replaced went back to the version before, which serves."
    return "Nothing ran there before that could go on; what was started is still there to be looked at."


def _left_behind(step: Mapping[str, Any], said: str) -> str:
    """What a release command that ran means for the version before."""
    ended = any(f"release step {step['name']} {words}" in said for words in ("done", "already ran"))
    expand = step.get("expand")
    judgement = {
        True: "the version before can live with what it did (expand: true)",
        False: "the version before CANNOT live with what it did (expand: false)",
        None: "its contract does not state (expand) whether the version before can live with what it did",
    }[expand if isinstance(expand, bool) else None]
    undo = f"; this undoes it: {' '.join(map(str, step['reversible']))}" if step.get("reversible") else ""
    return f"The release command {step['name']} {'ran' if ended else 'began and failed'}: {judgement}{undo}."
