"""Every fault, one after the other, on a lab that runs; prints a table and writes build/faults.json.

SLIPWAY_INVENTORY=inventories/lab python -m tests.faults [WORDS OF A FAULT'S NAME]
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict

from tests.environment import ROOT, Environment
from tests.faults.faults import FAULTS, suffer
from tests.faults.lab import described


def main() -> int:
    environment = Environment.chosen()
    lab = described(environment.name, environment.addresses)
    outcomes = []
    print(
        "gap: the longest wait for a success; failed/tried: by clients on hosts that were not hit themselves",
        flush=True,
    )
    for fault in FAULTS:
        if not all(word in fault.name for word in sys.argv[1:]):
            continue
        outcome = suffer(lab, fault, environment.domain, environment.ca)
        outcomes.append(outcome)
        print(outcome.line(), flush=True)
        for store, problems in outcome.problems.items():
            for problem, times in sorted(problems.items(), key=lambda entry: -entry[1])[:3]:
                print(f"    {store}: {times} x {problem[:160]}", flush=True)
    path = ROOT / "build/faults.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps([asdict(outcome) for outcome in outcomes], indent=2) + "\n")
    lost = [outcome for outcome in outcomes if outcome.lost["postgres"]]
    for outcome in lost:
        print(f"LOST: {outcome.lost['postgres']} acknowledged rows of Postgres: {outcome.fault}")
    misfenced = [outcome for outcome in outcomes if not outcome.fenced_rightly]
    for outcome in misfenced:
        print(f"MISFENCED: {', '.join(outcome.fenced) or 'nobody'} was powered off: {outcome.fault}")
    return bool(lost or misfenced)


if __name__ == "__main__":
    sys.exit(main())
