"""Run a program in a container through the engine's API, with text on its standard input.

The same calls as community.docker.docker_container_exec, as a function: for modules that run several programs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from ansible_collections.community.docker.plugins.module_utils.selectors import selectors
from ansible_collections.community.docker.plugins.module_utils.socket_handler import DockerSocketHandlerModule


class Outcome(NamedTuple):
    """How a program ended."""

    status: int
    output: str
    errors: str


def run(client: Any, container: str, command: Sequence[str], text: str = "") -> Outcome:
    """Run ``command`` in ``container`` and wait for its end.

    :param client: an AnsibleDockerClient.
    :param command: program and arguments; anybody on the host can read them, so secrets go in ``text``.
    """
    created = client.post_json_to_json(
        "/containers/{0}/exec",
        container,
        data={
            "AttachStdin": True,
            "AttachStdout": True,
            "AttachStderr": True,
            "Tty": False,
            "Privileged": False,
            "Cmd": list(command),
        },
    )
    socket = client.post_json_to_stream_socket("/exec/{0}/start", created["Id"], data={"Tty": False, "Detach": False})
    try:
        with DockerSocketHandlerModule(socket, client.module, selectors) as handler:
            handler.write(text.encode())
            output, errors = handler.consume()
    finally:
        socket.close()
    ended = client.get_json("/exec/{0}/json", created["Id"])
    return Outcome(
        int(ended.get("ExitCode") or 0),
        (output or b"").decode(errors="replace"),
        (errors or b"").decode(errors="replace"),
    )
