#!/usr/bin/python3
"""Start Patroni, and beside it a watch that wakes it in the moment when its Postgres ends.

Patroni looks whether Postgres runs every `loop_wait` seconds; a crash would wait for the next look. It has no call for
that alone, but looks at once when its configuration is written: the watch takes out a key that is not there.

usage: patroni-start [CONFIGURATION]
"""

import os
import select
import sys
import time
from pathlib import Path

import psutil
from patroni.config import Config
from patroni.request import PatroniRequest

#: Postgres does not start while processes of the one before are there: they end by themselves, within moments.
LEFT = 2.0
PAUSE = 0.5


def wait_for_end(data: Path) -> bool:
    """Wait until the Postgres that runs in this directory ends; False where none does."""
    try:
        process = os.pidfd_open(int((data / "postmaster.pid").read_text().split()[0]))
    except (OSError, ValueError, IndexError):
        return False
    try:
        ended = select.poll()
        ended.register(process, select.POLLIN)
        ended.poll()
    finally:
        os.close(process)
    return True


def wait_for_the_rest() -> None:
    until = time.monotonic() + LEFT
    while time.monotonic() < until and any(each.name() == "postgres" for each in psutil.process_iter(["name"])):
        time.sleep(0.05)


def configure(configuration: str, settings: dict[str, object]) -> None:
    """Write settings into the cluster's configuration, which Patroni then reads; None takes one out."""
    config = Config(configuration)
    url = f"https://{config['restapi']['connect_address']}/config"
    answer = PatroniRequest(config).request("PATCH", url, settings, timeout=5.0, retries=False)
    if answer.status != 200:
        raise RuntimeError(f"Patroni answers {answer.status}")


def watch(configuration: str) -> None:
    data = Path(Config(configuration)["postgresql"]["data_dir"])
    while True:
        try:
            if wait_for_end(data):
                wait_for_the_rest()
                configure(configuration, {"postgres_ended": None})
        except Exception as error:  # noqa: BLE001 whatever it is, the next end is watched for
            print(f"Postgres ended, and Patroni could not be woken: {error}", file=sys.stderr, flush=True)
        time.sleep(PAUSE)


if __name__ == "__main__":
    mounted = sys.argv[1] if len(sys.argv) > 1 else "/etc/patroni"
    if os.fork():
        os.execvp("patroni", ["patroni", mounted])  # noqa: S606 it takes the place of this process
    watch(mounted)
