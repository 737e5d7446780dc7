"""What it costs to render an environment and to apply every policy to it."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.environment import LOCAL, ROOT, playbook


def _timed(*arguments: str) -> tuple[float, str]:
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(done.stdout[-4000:])
    return time.monotonic() - began, done.stdout


def measure() -> None:
    with tempfile.TemporaryDirectory() as directory:
        rendered, output = Path(directory) / "rendered", Path(directory) / "policy"
        began = time.monotonic()
        done = playbook([LOCAL], "playbooks/render.yml", "-e", f"slipway_render_dir={rendered}")
        if done.returncode:
            raise SystemExit(done.stdout[-4000:])
        rendering = time.monotonic() - began
        imports, _ = _timed("-c", "import checkov.json_doc.runner")
        scanning, said = _timed("-m", "policies.run", str(rendered), "--sources", "--output", str(output))
    summary = next(line for line in said.splitlines() if " evaluations in " in line)
    print(f"policy: {rendering:.1f} s to render inventories/local, {scanning:.1f} s to apply every policy")
    print(f"  {imports:.1f} s of that for importing checkov: ratio {scanning / imports:.1f}")
    print(f"  it said: {summary}")
