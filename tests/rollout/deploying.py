"""A deploy in the background."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.environment import ROOT, Environment


def start(environment: Environment, *options: str) -> subprocess.Popen[str]:
    """A deploy in the background, in a process group of its own."""
    given = [option for inventory in environment.inventories for option in ("-i", str(inventory))]
    playbook = str(Path(sys.executable).with_name("ansible-playbook"))
    return subprocess.Popen(
        [playbook, *given, "-e", "app=devicehub", *options, str(ROOT / "playbooks/deploy.yml")],
        cwd=ROOT,
        env={**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
