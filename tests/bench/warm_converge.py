"""site.yml with nothing to do, beside `docker-compose up -d` with nothing to do for the same containers."""

from __future__ import annotations

import json
import re
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.bench.compose import compose_file
from tests.environment import ROOT, Environment, docker

RUNS = 3
PROJECT = "slipway-bench"


def seconds(act: Callable[[], str]) -> tuple[float, str]:
    """The median of several runs, and what the last one said."""
    took, said = [], ""
    for _ in range(RUNS):
        began = time.monotonic()
        said = act()
        took.append(time.monotonic() - began)
    return statistics.median(took), said


def converge(environment: Environment) -> str:
    done = environment.playbook("site.yml")
    if done.returncode or "changed=0" not in done.stdout:
        raise SystemExit(f"there was something to do:\n{done.stdout[-4000:]}")
    return done.stdout


def run(*command: str) -> str:
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stdout}")
    return done.stdout


def identities() -> set[str]:
    return set(docker("ps", "--quiet", "--filter", f"label=com.docker.compose.project={PROJECT}").split())


def compose(environment: Environment, directory: Path) -> float:
    """Stop the environment's containers and have docker-compose run the same ones, on their data and files."""
    done = environment.playbook("playbooks/render.yml", "-e", f"slipway_render_dir={directory}")
    if done.returncode:
        raise SystemExit(done.stdout[-4000:])
    documents = [json.loads(path.read_text()) for path in sorted(directory.glob("*/*.json"))]
    file = directory / "docker-compose.json"
    file.write_text(json.dumps(compose_file(documents), indent=2))
    command = ["docker-compose", "--file", str(file), "--project-name", PROJECT]
    names = [f"{environment.name}-{name}" for name in environment.containers()]
    docker("stop", *names)
    try:
        run(*command, "up", "--detach")
        before = identities()
        took, _ = seconds(lambda: run(*command, "up", "--detach"))
        if identities() != before or len(before) != len(names):
            raise SystemExit(f"docker-compose had something to do, or did not run {len(names)} containers")
    finally:
        run(*command, "down", "--timeout", "5")
        docker("start", *names)
    return took


def measure(environment: Environment) -> None:
    subprocess.run([ROOT / "tests/install-missing", "docker-compose=docker-compose"], check=True)
    warm, said = seconds(lambda: converge(environment))
    tasks = sum(int(count) for count in re.findall(r"\bok=(\d+)", said))
    with tempfile.TemporaryDirectory() as directory:
        other = compose(environment, Path(directory))
    version = run("docker-compose", "version", "--short").strip()
    print(f"warm_converge: {warm:.1f} s for site.yml with nothing to do, {tasks} tasks (median of {RUNS})")
    print(f"  {other:.1f} s for docker-compose {version} up -d with nothing to do, the same containers")
    print(f"  ratio {warm / other:.1f}")
