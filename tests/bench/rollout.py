"""A new version under load: what a deploy loses and takes, beside recreating the same replicas the usual way."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable

from tests.bench.compose import compose_file  # noqa: F401
from tests.environment import LOCAL, ROOT, Environment
from tests.rollout.load import Load, Report

INVENTORY = ROOT / "tests/rollout/inventory"
CALM = 8.0


def under_load(
    environment: Environment, act: Callable[[], subprocess.CompletedProcess[str]]
) -> tuple[float, float, float, Report]:
    """Calm, then the act, then calm again, all under load."""
    with Load(environment) as load:
        time.sleep(CALM)
        began = time.monotonic()
        done = act()
        ended = time.monotonic()
        time.sleep(CALM)
    if done.returncode:
        print(done.stdout[-3000:])
    return began, ended, ended - began, load.report


def tell(name: str, began: float, ended: float, report: Report) -> None:
    calm = report.percentile(0.99, until=began)
    during = report.percentile(0.99, since=began, until=ended)
    print(
        f"  {name:<24} {ended - began:6.1f} s  {len(report.asked):6d} asked  {len(report.failed):5d} failed"
        f"  longest gap {report.longest_gap:5.2f} s  p99 {calm:5.0f} → {during:5.0f} ms (ratio {during / calm:.1f})"
        f"  {report.posted} posted, {report.posted_twice} twice, {report.lost} lost"
        f"  WebSockets: {report.closed_well} closed well, {len(report.closed_badly)} badly",
        flush=True,
    )
    for problem in report.problems():
        print(f"    {problem}")


if __name__ == "__main__":
    environment = Environment.describe([LOCAL, INVENTORY])
    version = f"1.0.{int(time.time())}"
    began, ended, _, report = under_load(
        environment, lambda: environment.playbook("site.yml", "-e", f"roll_version={version}")
    )
    tell("site.yml", began, ended, report)
