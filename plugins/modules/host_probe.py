#!/usr/bin/python
"""What a host has: memory, disk, engine, and who listens on the ports that are wanted."""

from __future__ import annotations

DOCUMENTATION = r"""
module: host_probe
short_description: Say what a host has to offer
version_added: "0.1.0"
description:
  - One look at a host before anything is done to it. Changes nothing, needs nothing but Python 3.9, and no container engine.
author: [Slipway (@slipway)]
options:
  paths: {description: Directories whose free space is asked for; of one that is missing, the nearest above., type: list, elements: path, default: []}
  ports: {description: TCP ports whose listeners are asked for., type: list, elements: int, default: []}
  docker_socket: {description: Where the container engine listens., type: path, default: /var/run/docker.sock}
attributes:
  check_mode: {support: full, description: Changes nothing.}
  diff_mode: {support: none, description: Changes nothing.}
"""

EXAMPLES = r"""
- name: Look at the host
  slipway.kit.host_probe:
    paths: [/var/lib/slipway]
    ports: [80, 443]
  register: probe
"""

RETURN = r"""
memory: {description: Bytes of memory that the host may use., returned: always, type: int}
disk: {description: Path to free bytes., returned: always, type: dict}
engine:
  description: State of the container engine; C(absent) or C(running), with version and directory; or C(silent), installed and not answering.
  returned: always
  type: dict
  sample: {state: running, version: 26.1.5, root: /var/lib/docker}
listeners:
  description: Who listens on O(ports); with process and pid, or container and its environment, where they can be told.
  returned: always
  type: list
  elements: dict
  sample: [{port: 80, address: 0.0.0.0, pid: 12, process: apache2, container: "", environment: ""}]
python: {description: Version of the interpreter., returned: always, type: str}
architecture: {description: As of uname., returned: always, type: str}
distribution: {description: Identifiers of the distribution and those it is like., returned: always, type: list, elements: str}
systemd: {description: Whether systemd is the first process., returned: always, type: bool}
"""

import glob
import http.client
import ipaddress
import json
import os
import platform
import shutil
import socket
import sys
from typing import Any

from ansible.module_utils.basic import AnsibleModule

LISTEN = "0A"
LABEL = "slipway.environment"


class Engine(http.client.HTTPConnection):
    """The engine's HTTP interface over its Unix socket."""

    def __init__(self, path):
        super().__init__("localhost", timeout=5)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)

    def ask(self, question):
        self.request("GET", question)
        answer = self.getresponse()
        text = answer.read()
        if answer.status != 200:
            raise http.client.HTTPException("status %d" % answer.status)
        return json.loads(text)


def read(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:
            return stream.read()
    except OSError:
        return ""


def memory() -> int:
    """The host's memory, or the limit of the control group where the host is a container itself."""
    lines = read("/proc/meminfo").splitlines()
    found = [int(line.split()[1]) * 1024 for line in lines if line.startswith("MemTotal:")]
    for limit in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        text = read(limit).strip()
        if text.isdigit():
            found.append(int(text))
    return min(found) if found else 0


def free(path: str) -> int:
    while not os.path.isdir(path):
        path = os.path.dirname(path) or "/"
    state = os.statvfs(path)
    return state.f_bavail * state.f_frsize


def engine_state(path: str) -> tuple[dict[str, str], list[dict[str, Any]]]:
    """The engine's state, and its containers with their published ports."""
    if not os.path.exists(path):
        installed = shutil.which("dockerd", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
        return {"state": "stopped" if installed else "absent"}, []
    engine = Engine(path)
    try:
        version = engine.ask("/version").get("Version", "")
        root = engine.ask("/info").get("DockerRootDir", "")
        containers = engine.ask("/containers/json")
    except (OSError, ValueError, http.client.HTTPException) as error:
        # A socket without a listener is what a killed engine leaves behind.
        if isinstance(error, ConnectionRefusedError):
            return {"state": "stopped"}, []
        return {"state": "silent", "reason": str(error)}, []
    finally:
        engine.close()
    return {"state": "running", "version": version, "root": root}, containers


def published(containers, ports):
    for container in containers:
        for entry in container.get("Ports") or []:
            if entry.get("PublicPort") in ports and entry.get("Type") == "tcp":
                yield {
                    "port": entry["PublicPort"],
                    "address": entry.get("IP") or "0.0.0.0",
                    "pid": 0,
                    "process": "",
                    "container": (container.get("Names") or ["/?"])[0].lstrip("/"),
                    "environment": (container.get("Labels") or {}).get(LABEL, ""),
                }


def address(text):
    """The kernel's hexadecimal form of an address: words of four bytes in the host's order."""
    raw = bytes.fromhex(text)
    words = [raw[start : start + 4] for start in range(0, len(raw), 4)]
    return str(ipaddress.ip_address(b"".join(word[::-1] if sys.byteorder == "little" else word for word in words)))


def sockets(ports):
    """Listening TCP sockets on the ports: their inodes to address and port."""
    found = {}
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in read(table).splitlines()[1:]:
            fields = line.split()
            where, _colon, port = fields[1].rpartition(":")
            if fields[3] == LISTEN and int(port, 16) in ports:
                found[fields[9]] = (address(where), int(port, 16))
    return found


def owners(inodes):
    """Inode of a socket to pid and name of a process that has it."""
    found: dict[str, tuple[int, str]] = {}
    for link in glob.iglob("/proc/[0-9]*/fd/[0-9]*") if inodes else ():
        try:
            target = os.readlink(link)
        except OSError:
            continue
        inode = target[8:-1] if target.startswith("socket:[") else ""
        if inode in inodes:
            pid = link.split("/")[2]
            found.setdefault(inode, (int(pid), read("/proc/%s/comm" % pid).strip()))
    return found


def listeners(containers: list[dict[str, Any]], ports: set[int]) -> list[dict[str, Any]]:
    """Containers first: without a userland proxy they have no socket of their own, and with one it speaks for them."""
    found = list(published(containers, ports))
    by_container = {entry["port"] for entry in found}
    inodes = {inode: place for inode, place in sockets(ports).items() if place[1] not in by_container}
    known = owners(inodes)
    for inode, (where, port) in inodes.items():
        pid, process = known.get(inode, (0, ""))
        found.append(
            {"port": port, "address": where, "pid": pid, "process": process, "container": "", "environment": ""}
        )
    return sorted(found, key=lambda entry: (entry["port"], entry["address"]))


def distribution():
    fields = dict(line.split("=", 1) for line in read("/etc/os-release").splitlines() if "=" in line)
    return [word.strip('"') for key in ("ID", "ID_LIKE") for word in fields.get(key, "").strip('"').split()]


def main():
    module = AnsibleModule(
        argument_spec={
            "paths": {"type": "list", "elements": "path", "default": []},
            "ports": {"type": "list", "elements": "int", "default": []},
            "docker_socket": {"type": "path", "default": "/var/run/docker.sock"},
        },
        supports_check_mode=True,
    )
    engine, containers = engine_state(module.params["docker_socket"])
    paths = list(module.params["paths"]) + ([engine["root"]] if engine.get("root") else [])
    module.exit_json(
        changed=False,
        memory=memory(),
        disk={path: free(path) for path in paths},
        engine=engine,
        listeners=listeners(containers, set(module.params["ports"])),
        python=platform.python_version(),
        architecture=platform.machine(),
        distribution=distribution(),
        systemd=os.path.isdir("/run/systemd/system"),
    )


if __name__ == "__main__":
    main()
