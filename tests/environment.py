"""A running environment as tests and benchmarks see it: what its inventories resolve to, and ways to ask it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
import yaml

ROOT = Path(__file__).resolve().parents[1]
LOCAL = ROOT / "inventories/local"


def start_playbook(inventories: Sequence[Path], name: str, *options: str) -> subprocess.Popen[str]:
    """Start a playbook of the kit in a session of its own, with the Ansible that belongs to this Python and the
    repository's own settings. What it says is in ``stdout``, errors included.
    """
    given = [option for inventory in inventories for option in ("-i", str(inventory))]
    command = [str(Path(sys.executable).with_name("ansible-playbook")), *given, *options, str(ROOT / name)]
    settings = {"ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1", "ANSIBLE_FORCE_COLOR": "0"}
    return subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, **settings},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def playbook(inventories: Sequence[Path], name: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Run a playbook of the kit to its end; what it said is in ``stdout``."""
    with start_playbook(inventories, name, *options) as process:
        try:
            said, _ = process.communicate()
        except BaseException:
            process.kill()
            raise
    return subprocess.CompletedProcess(process.args, process.returncode, said)


def changed_nothing(said: str) -> bool:
    """Whether a playbook that said this changed nothing on any host, by its recap."""
    recap = [line for line in said.rsplit("PLAY RECAP", 1)[1].splitlines() if "changed=" in line]
    return bool(recap) and all("changed=0 " in line for line in recap)


@dataclass(frozen=True)
class Environment:
    """What the inventories say. Everything that changes while it runs is asked of the engine, each time."""

    inventories: tuple[Path, ...]
    name: str
    state_dir: Path
    control_dir: Path
    http_port: int
    https_port: int
    topology: dict[str, list[str]]
    #: Each host's own address.
    addresses: dict[str, str]
    applications: dict[str, dict[str, Any]]

    @classmethod
    def describe(cls, inventories: Sequence[Path]) -> Environment:
        with tempfile.TemporaryDirectory() as directory:
            target = Path(directory) / "environment.json"
            done = playbook(inventories, "tests/describe.yml", "-e", f"describe_to={target}")
            if done.returncode:
                raise RuntimeError(f"the environment cannot be described:\n{done.stdout}")
            facts = json.loads(target.read_text())
        state_dir, control_dir = Path(facts.pop("state_dir")), Path(facts.pop("control_dir"))
        return cls(inventories=tuple(inventories), state_dir=state_dir, control_dir=control_dir, **facts)

    @classmethod
    def chosen(cls) -> Environment:
        """The one that SLIPWAY_INVENTORY names: inventories, the later ones winning, with colons between."""
        named = os.environ.get("SLIPWAY_INVENTORY", str(LOCAL)).split(":")
        return cls.describe([ROOT / path for path in named])

    def playbook(self, name: str, *options: str) -> subprocess.CompletedProcess[str]:
        return playbook(self.inventories, name, *options)

    def run(self, name: str, *options: str) -> str:
        """Run a playbook that must end well; what it said."""
        done = self.playbook(name, *options)
        if done.returncode:
            raise RuntimeError(f"{name} failed in {self.name}:\n{done.stdout[-4000:]}")
        return done.stdout

    def converge(self, *options: str) -> str:
        return self.run("site.yml", *options)

    def destroy(self) -> subprocess.CompletedProcess[str]:
        return self.playbook("playbooks/destroy.yml", "-e", f"destroy_confirm={self.name}")

    def judged(self, output: Path) -> tuple[int, dict[str, Any]]:
        """Apply the policies to what runs: the status, and the report, which is in *output* with all else."""
        options = {
            "policy_live": True,
            "policy_judges": False,
            "policy_output": str(output),
            "slipway_render_dir": str(output.parent / "rendered"),
        }
        done = self.playbook("playbooks/policy.yml", "-e", json.dumps(options))
        if not (output / "report.json").exists():
            raise RuntimeError(f"the policies were not applied:\n{done.stdout[-4000:]}")
        return done.returncode, json.loads((output / "report.json").read_text())

    @property
    def ca(self) -> Path:
        """The certificate of the environment's authority."""
        return self.control_dir / "pki/ca.crt"

    @property
    def secrets(self) -> dict[str, str]:
        held: dict[str, str] = yaml.safe_load((self.control_dir / "secrets.yml").read_text())
        return held

    @property
    def domains(self) -> list[str]:
        return [domain for contract in self.applications.values() for domain in contract.get("domains", [])]

    @property
    def domain(self) -> str:
        """Where the first example answers."""
        return str(self.applications["devicehub"]["domains"][0])

    @property
    def authority(self) -> str:
        """Domain and port, as a browser shows them."""
        return self.url.removeprefix("https://")

    @property
    def url(self) -> str:
        return self.url_of("devicehub")

    def url_of(self, application: str) -> str:
        domain = self.applications[application]["domains"][0]
        return f"https://{domain}" if self.https_port == 443 else f"https://{domain}:{self.https_port}"

    def session(self) -> requests.Session:
        """An HTTP client that trusts the environment's authority, and nobody else."""
        session = requests.Session()
        session.verify = str(self.ca)
        session.trust_env = False
        return session

    def containers(self) -> dict[str, dict[str, Any]]:
        """What `docker inspect` says of each container, by its name without the environment's."""
        wanted = f"label=slipway.environment={self.name}"
        identifiers = docker("ps", "--all", "--quiet", "--filter", wanted).split()
        found = json.loads(docker("inspect", *identifiers)) if identifiers else []
        return {entry["Name"].removeprefix(f"/{self.name}-"): entry for entry in found}

    def replicas(self, application: str, process: str) -> list[str]:
        """Names of a process's containers."""
        wanted = {"slipway.application": application, "slipway.process": process}
        found = self.containers().items()
        return sorted(name for name, entry in found if wanted.items() <= entry["Config"]["Labels"].items())

    def address(self, container: str, network: str) -> str:
        """A container's own address, which this machine reaches over the bridge."""
        entry = json.loads(docker("inspect", f"{self.name}-{container}"))[0]
        return str(entry["NetworkSettings"]["Networks"][f"{self.name}-{network}"]["IPAddress"])

    def log(self, container: str) -> str:
        """All that a container wrote, to its output and to its error output."""
        return docker("logs", f"{self.name}-{container}")

    def execute(self, container: str, *command: str, text: str = "") -> str:
        return docker("exec", "--interactive", f"{self.name}-{container}", *command, text=text)

    def duplicate(self, container: str, name: str) -> str:
        """Start the same container once more, as another host would run it: under a host name of its own."""
        found = json.loads(docker("inspect", f"{self.name}-{container}"))[0]
        host, config = found["HostConfig"], found["Config"]
        options = ["--detach", "--name", f"{self.name}-{name}", "--hostname", name, "--init"]
        options += [
            "--network",
            host["NetworkMode"],
            "--user",
            config["User"],
            "--read-only",
            "--restart",
            "unless-stopped",
        ]
        options += [word for path, mode in host["Tmpfs"].items() for word in ("--tmpfs", f"{path}:{mode}")]
        options += [word for mount in host["Mounts"] for word in ("-v", f"{mount['Source']}:{mount['Target']}:ro")]
        options += [word for bind in host["Binds"] or [] for word in ("-v", bind)]
        own = [entry for entry in config["Env"] if not entry.startswith("HOSTNAME=")]
        options += [word for entry in [*own, f"HOSTNAME={name}"] for word in ("-e", entry)]
        entrypoint, *arguments = config["Entrypoint"]
        docker("run", *options, "--entrypoint", entrypoint, config["Image"], *arguments, *config["Cmd"])
        return f"{self.name}-{name}"

    def manage(self, container: str, *command: str, text: str = "") -> str:
        """Run a command in a replica as its process was started: with the environment that the entrypoint makes. In a
        singleton, too, which would wait for its lease otherwise.
        """
        started = ("env", "SLIPWAY_RUN=command", "python3", "/slipway/entrypoint.py")
        return self.execute(container, *started, *command, text=text)


def docker(*command: str, text: str = "") -> str:
    """What the engine's client prints, its error output included; raises with it where the command fails."""
    done = subprocess.run(
        ["docker", *command], input=text, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"docker {' '.join(command)} ended with {done.returncode}:\n{done.stdout}")
    return done.stdout


@contextmanager
def resolving(domains: Sequence[str], address: str = "127.0.0.1") -> Iterator[None]:
    """Have this process find the domains at an address, as --resolve of curl does; all else goes by their names."""
    known = socket.getaddrinfo

    def look_up(host: Any, *arguments: Any, **options: Any) -> Any:
        return known(address if host in domains else host, *arguments, **options)

    socket.getaddrinfo = look_up
    try:
        yield
    finally:
        socket.getaddrinfo = known
