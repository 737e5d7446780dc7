"""CKV_SLIP_107."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from policies.base import Audit, ContainerPolicy
from policies.subjects import Spec, host_paths

SENSITIVE = (
    *("/boot", "/dev", "/etc", "/home", "/lib", "/lib64", "/proc", "/root", "/run", "/sys", "/usr"),
    *("/var/lib/containerd", "/var/lib/docker", "/var/log", "/var/run"),
)
SOCKETS = ("docker.sock", "containerd.sock", "podman.sock")


def _overlap(one: str, other: str) -> bool:
    """Whether one path is the other or stands below it."""
    return posixpath.commonpath([one, other]) in (one, other)


class NoSensitiveHostPath(ContainerPolicy):
    """Whoever reaches the engine's socket or the host's system directories from a container owns the host."""

    id = "CKV_SLIP_107"
    name = "No engine socket and no sensitive host path is mounted"
    level = "critical"
    audit = Audit.PRIVILEGE
    reference = "CIS Docker Benchmark: Ensure that sensitive host directories and the Docker socket are not mounted"
    mend = "Mount named volumes, or files below the environment's own state directory."
    evaluates = "container"

    def problems(self, spec: Spec) -> Iterator[str]:
        for source, mode in host_paths(spec.container):
            path = posixpath.normpath(source)
            if not path.startswith("/"):
                yield f"host path {source} is not absolute"
            elif posixpath.basename(path) in SOCKETS:
                yield f"engine socket {path} is mounted"
            elif any(_overlap(path, entry) for entry in SENSITIVE):
                yield f"sensitive host path {path} is mounted"
            if "shared" in mode:
                yield f"mounts below {path} propagate to the host ({mode})"


policy = NoSensitiveHostPath()
