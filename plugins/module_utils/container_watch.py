"""How a container is: whether it got healthy or never will, and the evidence. Runs on hosts, over the engine's API."""

from __future__ import annotations

from typing import Any, Dict, Mapping, Tuple

from ansible_collections.community.docker.plugins.module_utils._api.errors import APIError, DockerException
from ansible_collections.community.docker.plugins.module_utils.common_api import RequestException

RESTARTS_BEFORE_GIVING_UP = 3


def verdict(state: Mapping[str, Any], restarts: int, checked: bool) -> str:
    """'healthy', '' for not yet, or why it will not get there."""
    if state["Status"] in ("exited", "dead"):
        return f"exited with status {state['ExitCode']}{': ' + state['Error'] if state.get('Error') else ''}"
    if restarts >= RESTARTS_BEFORE_GIVING_UP:
        return f"restarted {restarts} times, last exit status {state['ExitCode']}"
    if state["Status"] != "running":
        return ""
    health = (state.get("Health") or {}).get("Status")
    return "healthy" if not checked or health == "healthy" else ""


def passes(client: Any, name: str, healthcheck: Mapping[str, Any]) -> Tuple[bool, str]:
    """Run the container's own healthcheck now, not at the engine's next interval: whether it passed, and its output."""
    test = healthcheck.get("Test") or []
    if test[:1] == ["CMD"]:
        command = test[1:]
    elif test[:1] == ["CMD-SHELL"]:
        command = ["/bin/sh", "-c", *test[1:]]
    else:
        return False, ""
    try:
        request = {"Cmd": command, "AttachStdout": True, "AttachStderr": True, "Tty": False}
        execution = client.post_json_to_json("/containers/{0}/exec", name, data=request)["Id"]
        start = {"Detach": False, "Tty": False}
        stdout, stderr = client.post_json_to_stream("/exec/{0}/start", execution, data=start, stream=False, demux=True)
        output = ((stdout or b"") + (stderr or b"")).decode(errors="replace").strip()
        return client.get_json("/exec/{0}/json", execution)["ExitCode"] == 0, output
    except APIError:
        return False, ""  # it stopped in between; the next look says so


def evidence(client: Any, name: str, reason: str, output: str, lines: int) -> Dict[str, str]:
    try:
        found = client.get_json("/containers/{0}/json", name)
        # The client of community.docker reads logs by these two calls only (docker_container does the same).
        answer = client._get(
            client._url("/containers/{0}/logs", name), params={"stdout": 1, "stderr": 1, "follow": 0, "tail": lines}
        )
        log = client._get_result_tty(False, answer, found["Config"]["Tty"])
    except (DockerException, RequestException) as error:
        return {"name": name, "reason": reason, "health_output": output, "log": f"(no log: {error})"}
    return {
        "name": name,
        "reason": reason,
        "health_output": output,
        "log": log.decode(errors="replace").rstrip(),
    }
