"""Scan rendered specs: ``python -m policies.run build/render/local``.

The exit status is 1 when anything failed or was not looked at.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path


def main(arguments: Sequence[str] | None = None) -> int:
    """Scan, print the table, write the reports."""
    parser = argparse.ArgumentParser(prog="policies", description="Apply the policies to rendered container specs.")
    parser.add_argument("specs", type=Path, help="folder that playbooks/render.yml wrote")
    parser.add_argument("--output", type=Path, default=Path("build/policy"), help="folder for the reports")
    options = parser.parse_args(arguments)

    # Read by checkov at import time, which is why it is imported below: log errors only, and never ask the network.
    os.environ.setdefault("LOG_LEVEL", "ERROR")
    logging.getLogger().setLevel(logging.ERROR)
    from policies import report  # noqa: PLC0415
    from policies.scan import scan  # noqa: PLC0415

    result = scan(options.specs)
    print(report.table(result))
    for path in report.write(result, options.specs, options.output):
        print(f"wrote {path}")
    return 0 if result.ok else 1


if __name__ == "__main__":
    sys.exit(main())
