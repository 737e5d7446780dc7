"""Apply the policies: ``python -m policies.run build/rendered/local``. `make policy` and playbooks/policy.yml call it.

The exit status is 1 when anything at or above the threshold failed and nobody waived it, when anything was not looked
at, or when one of the other judges found something.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from policies import waivers
from policies.end_of_life import today


def main(arguments: Sequence[str] | None = None) -> int:
    """Scan, print the table, write the reports."""
    parser = argparse.ArgumentParser(
        prog="policies", description="Apply the policies to what an environment would run."
    )
    parser.add_argument("documents", type=Path, help="folder that playbooks/render.yml wrote, or playbooks/policy.yml")
    parser.add_argument("--output", type=Path, default=Path("build/policy"), help="folder for the reports")
    parser.add_argument("--waivers", type=Path, help="inventories/NAME/policy-waivers.yml; it need not exist")
    parser.add_argument("--threshold", default="low", choices=("low", "medium", "high", "critical"))
    parser.add_argument(
        "--sources", action="store_true", help="look at Dockerfiles and tasks of the repository as well"
    )
    parser.add_argument(
        "--judges", action="store_true", help="ask gixy, hadolint, ansible-lint and detect-secrets as well"
    )
    options = parser.parse_args(arguments)

    # Read by checkov at import time, which is why it is imported below: log errors only, and never ask the network.
    os.environ.setdefault("LOG_LEVEL", "ERROR")
    logging.getLogger().setLevel(logging.ERROR)
    from policies import judges, page, report, sources  # noqa: PLC0415
    from policies.scan import scan  # noqa: PLC0415

    accepted, faults = waivers.read(options.waivers, today()) if options.waivers else ([], [])
    asked = judges.start(options.documents) if options.judges else []
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as directory:
        folder = Path(directory)
        if options.documents.is_dir():
            shutil.copytree(options.documents, folder, dirs_exist_ok=True)
        sources.split_live(folder)
        if options.sources:
            environment = folder / "environment.json"
            sources.write(folder, json.loads(environment.read_text()) if environment.exists() else None)
        result = scan(folder, waivers=accepted, threshold=options.threshold)
    result.faults += faults
    result.seconds = time.monotonic() - began
    result.verdicts = judges.verdicts(asked)

    print(report.table(result))
    for path in [
        *report.write(result, options.documents, options.output),
        page.write(result, options.output, options.documents.name),
    ]:
        print(f"wrote {path}")
    return 0 if result.ok else 1


if __name__ == "__main__":
    sys.exit(main())
