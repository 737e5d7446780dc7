"""`make up` from a fresh clone: no .venv, no environment. Whether images had to be built is looked up, not assumed."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from tests.bench.running import INVENTORY
from tests.environment import LOCAL, ROOT, docker

#: Read after the inventory's own main.yml, for files of a folder are read in the order of their names.
OVERLAY = "overlay.yml"


def images() -> set[str]:
    return set(docker("images", "--filter", "reference=slipway/*", "--format", "{{.Repository}}:{{.Tag}}").split())


def clone(directory: Path) -> Path:
    """The commit that is checked out, with an inventory `bench`: the local one by another name, on other ports."""
    tree = directory / "slipway"
    subprocess.run(["git", "clone", "--quiet", "--no-hardlinks", str(ROOT), str(tree)], check=True)
    inventory = tree / "inventories/bench"
    shutil.copytree(LOCAL, inventory)
    shutil.copy(INVENTORY / "group_vars/all/main.yml", inventory / "group_vars/all" / OVERLAY)
    return tree


def make(tree: Path, *arguments: str) -> tuple[float, str]:
    began = time.monotonic()
    # Without the caller's MAKEFLAGS and VIRTUAL_ENV: as in a shell of one's own.
    kept = {key: value for key, value in os.environ.items() if key not in ("MAKEFLAGS", "MAKELEVEL", "VIRTUAL_ENV")}
    done = subprocess.run(
        ["make", *arguments, "ENV=bench"],
        cwd=tree,
        env=kept,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    took = time.monotonic() - began
    if done.returncode:
        raise SystemExit(f"make {' '.join(arguments)} failed:\n{done.stdout[-4000:]}")
    return took, done.stdout


def measure(*, rebuild_images: bool) -> None:
    with tempfile.TemporaryDirectory(prefix="slipway-bench-") as directory:
        tree = clone(Path(directory))
        if rebuild_images:
            # Another epoch is another tag for every image.
            overlay = tree / "inventories/bench/group_vars/all" / OVERLAY
            overlay.write_text(overlay.read_text() + f"\nslipway_image_epoch: bench-{int(time.time())}\n")
        before = images()
        try:
            cold, _ = make(tree, "up")
            built = images() - before
            warm, said = make(tree, "up")
        finally:
            make(tree, "destroy", "FORCE=1")
            if rebuild_images and (made := images() - before):
                docker("rmi", "--force", *sorted(made))
    state = f"{len(built)} images built" if built else "all images present"
    print(f"cold_up: {cold:.0f} s for `make up` in a fresh clone, .venv included, {state}; {warm:.0f} s again")
    recap = next(line for line in said.splitlines() if "changed=" in line)
    print(f"  the second one said: {' '.join(recap.split())}")
