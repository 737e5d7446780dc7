#!/usr/bin/python
"""What there is of a container engine on a host, in one look."""

from __future__ import annotations

DOCUMENTATION = r"""
module: engine_state
short_description: Report the Docker engine of a host and its configuration
version_added: "0.1.0"
description:
  - Asks the engine for its version and settings, and reads its configuration file and command line. Changes nothing.
  - Needs no Python library on the host.
author: [Slipway (@slipway)]
options:
  socket: {description: The engine's socket., type: path, default: /var/run/docker.sock}
  config: {description: The engine's configuration file., type: path, default: /etc/docker/daemon.json}
  pid_file: {description: The engine's pid file., type: path, default: /var/run/docker.pid}
  wait: {description: Seconds to wait for the engine to answer; fails when it does not., type: int, default: 0}
attributes:
  check_mode: {support: full, description: Changes nothing.}
  diff_mode: {support: none, description: Changes nothing.}
"""

EXAMPLES = r"""
- name: Ask the host about its engine
  slipway.kit.engine_state:
  register: engine
"""

RETURN = r"""
installed: {description: Whether dockerd is there., returned: always, type: bool}
client: {description: Path of the docker client; empty when there is none., returned: always, type: str}
running: {description: Whether the engine answers., returned: always, type: bool}
version: {description: Version of the engine; empty when it does not run., returned: always, type: str}
api_version: {description: Highest API version of the engine., returned: always, type: str}
containers_running: {description: How many containers run., returned: always, type: int}
live_restore: {description: Whether containers outlive the engine., returned: always, type: bool}
swarm: {description: Whether the engine is a node of a Swarm., returned: always, type: bool}
icc: {description: Whether containers on the default bridge reach each other; null when unknown., returned: always, type: bool}
log_driver: {description: Default log driver; null when unknown., returned: always, type: str}
pid: {description: Process id of dockerd; 0 when unknown., returned: always, type: int}
flags: {description: Settings that dockerd has on its command line., returned: always, type: list, elements: str}
restartable: {description: Whether a restart brings the engine back as it was., returned: always, type: bool}
systemd: {description: Whether systemd runs the host., returned: always, type: bool}
config: {description: Contents of the configuration file., returned: always, type: dict}
python_missing: {description: "Python libraries that community.docker lacks in the interpreter that runs modules.", returned: always, type: list, elements: str}
"""

import http.client
import importlib.util
import json
import os
import shutil
import socket
import time
from typing import Any, Dict, List, Tuple

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.slipway.kit.plugins.module_utils.engine import command_line_keys

SYSTEM_PATH = os.pathsep.join([os.environ.get("PATH", ""), "/usr/local/sbin", "/usr/sbin", "/sbin", "/usr/bin"])


class Engine(http.client.HTTPConnection):
    """The engine's API over its socket."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=10)
        self.path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)

    def ask(self, path: str) -> Dict[str, Any]:
        """The answer to a GET; empty when the engine has none."""
        self.request("GET", path)
        response = self.getresponse()
        body = response.read()
        answer: Dict[str, Any] = json.loads(body) if response.status == 200 else {}
        return answer


def ask_engine(path: str) -> Dict[str, Any]:
    """Version, settings and default bridge of the engine; empty when none answers."""
    engine = Engine(path)
    try:
        return {
            "version": engine.ask("/version"),
            "info": engine.ask("/info"),
            "bridge": engine.ask("/networks/bridge"),
        }
    except (OSError, ValueError, http.client.HTTPException):
        return {}
    finally:
        engine.close()


def command_line(pid_file: str) -> Tuple[int, List[str]]:
    """Process id and command line of dockerd; 0 and nothing when its pid file leads to no dockerd."""
    try:
        with open(pid_file, encoding="ascii") as stream:
            pid = int(stream.read())
        with open(f"/proc/{pid}/cmdline", encoding="utf-8") as stream:
            argv = stream.read().rstrip("\0").split("\0")
    except (OSError, ValueError):
        return 0, []
    return (pid, argv) if os.path.basename(argv[0]) == "dockerd" else (0, [])


def configuration(module: AnsibleModule, path: str) -> Dict[str, Any]:
    """Contents of daemon.json; a file that dockerd could not read either is an error."""
    try:
        with open(path, encoding="utf-8") as stream:
            text = stream.read()
    except FileNotFoundError:
        return {}
    try:
        content: Dict[str, Any] = json.loads(text or "{}")
    except ValueError as error:
        module.fail_json(msg=f"{path} is not valid JSON ({error}). Mend it: nothing was changed.")
    if not isinstance(content, dict):
        module.fail_json(msg=f"{path} does not hold a JSON object. Mend it: nothing was changed.")
    return content


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "socket": {"type": "path", "default": "/var/run/docker.sock"},
            "config": {"type": "path", "default": "/etc/docker/daemon.json"},
            "pid_file": {"type": "path", "default": "/var/run/docker.pid"},
            "wait": {"type": "int", "default": 0},
        },
        supports_check_mode=True,
    )
    if os.path.exists(module.params["socket"]) and not os.access(module.params["socket"], os.W_OK):
        module.fail_json(
            msg=f"The user of this connection may not use {module.params['socket']}: become root, or join the group docker."
        )
    deadline = time.monotonic() + module.params["wait"]
    answers = ask_engine(module.params["socket"])
    while not answers and time.monotonic() < deadline:
        time.sleep(0.2)
        answers = ask_engine(module.params["socket"])
    if not answers and module.params["wait"]:
        module.fail_json(msg=f"No engine answers on {module.params['socket']} after {module.params['wait']} s.")

    info = answers.get("info", {})
    bridge = answers.get("bridge", {}).get("Options") or {}
    icc = bridge.get("com.docker.network.bridge.enable_icc")
    pid, argv = command_line(module.params["pid_file"])
    systemd = os.path.isdir("/run/systemd/system")
    module.exit_json(
        changed=False,
        installed=bool(answers) or bool(shutil.which("dockerd", path=SYSTEM_PATH)),
        client=shutil.which("docker", path=SYSTEM_PATH) or "",
        running=bool(answers),
        version=answers.get("version", {}).get("Version", ""),
        api_version=answers.get("version", {}).get("ApiVersion", ""),
        containers_running=info.get("ContainersRunning", 0),
        live_restore=info.get("LiveRestoreEnabled", False),
        swarm=(info.get("Swarm") or {}).get("LocalNodeState", "inactive") not in ("", "inactive"),
        icc=None if icc is None else icc == "true",
        log_driver=info.get("LoggingDriver"),
        pid=pid,
        flags=command_line_keys(argv),
        # Without systemd nobody knows how an engine with arguments of its own was started.
        restartable=systemd or len(argv) == 1,
        systemd=systemd,
        config=configuration(module, module.params["config"]),
        python_missing=[name for name in ("requests",) if importlib.util.find_spec(name) is None],
    )


if __name__ == "__main__":
    main()
