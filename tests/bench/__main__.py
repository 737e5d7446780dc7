"""Measure the kit on this machine: python -m tests.bench [PART …], all parts without one. See README.md."""

from __future__ import annotations

import argparse
import os
import platform

from tests.bench import cold_up, hosts, policy, requests, warm_converge
from tests.bench.running import running

PARTS = ("cold_up", "warm_converge", "requests", "policy")
ON_REQUEST = ("hosts",)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument(
        "parts",
        nargs="*",
        metavar="part",
        help=f"any of {', '.join(PARTS)}, all of these without one; {', '.join(ON_REQUEST)} on request",
    )
    parser.add_argument("--rebuild-images", action="store_true", help="cold_up builds every image anew")
    parser.add_argument("--seconds", type=float, default=10, help="how long each measurement of requests lasts")
    options = parser.parse_args()
    unknown = sorted(set(options.parts) - {*PARTS, *ON_REQUEST})
    if unknown:
        parser.error(f"no part is called {', '.join(unknown)} (known: {', '.join(PARTS + ON_REQUEST)})")
    wanted = options.parts or PARTS

    print(f"{os.cpu_count()} processors, {platform.system()} {platform.release()}, Python {platform.python_version()}")
    if "cold_up" in wanted:
        cold_up.measure(rebuild_images=options.rebuild_images)
    if "hosts" in wanted:
        hosts.measure()
    if "policy" in wanted:
        policy.measure()
    if {"warm_converge", "requests"} & set(wanted):
        with running() as environment:
            if "requests" in wanted:
                requests.measure(environment, options.seconds)
            if "warm_converge" in wanted:
                warm_converge.measure(environment)


if __name__ == "__main__":
    main()
