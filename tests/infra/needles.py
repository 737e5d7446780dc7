"""Looking for secrets without ever saying one."""

from __future__ import annotations

from pathlib import Path

import yaml

SHORTEST = 16


class Needles:
    """Secret values by name: passwords, and the first line of each private key. A failure says names, never values."""

    def __init__(self, control_dir: Path) -> None:
        held = yaml.safe_load((control_dir / "secrets.yml").read_text())
        keys = {path.name: path.read_text().splitlines()[1] for path in (control_dir / "pki").glob("*.key")}
        self.values: dict[str, str] = {**held, **keys}
        self.short = [name for name, value in self.values.items() if len(value) < SHORTEST]

    def found_in(self, text: str) -> list[str]:
        return sorted(name for name, value in self.values.items() if value in text)
