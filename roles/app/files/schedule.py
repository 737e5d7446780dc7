#!/usr/bin/env python3
"""Run the application's periodic commands, which launch.json states: a cron of five fields, in UTC.

A command that is still running is not started again. What came due while nobody ran this is not made up for.
``--check`` tells whether it is at work. On SIGTERM nothing more is started, and what runs is waited for.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from datetime import datetime, timezone
from pathlib import Path

LAUNCH = Path(__file__).with_name("launch.json")
ALIVE = Path("/tmp/slipway-schedule")
SILENT = 30
FIELDS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))


def say(level, message, **more):
    print(json.dumps({"level": level, "logger": "slipway.schedule", "message": message, **more}), flush=True)


def field(text, first, last):
    """The numbers that one field means.

    >>> sorted(field("*/20,5", 0, 59))
    [0, 5, 20, 40]
    """
    found = set()
    for part in text.split(","):
        span, _, step = part.partition("/")
        begin, _, end = (f"{first}-{last}" if span == "*" else span).partition("-")
        found.update(range(int(begin), int(end or (last if step else begin)) + 1, int(step or 1)))
    return found


def due(cron, now):
    """Whether a minute is one of a cron's. Of day of month and day of week, where both are stated, one is enough."""
    parts = cron.split()
    minute, hour, day, month, weekday = (field(parts[n], *span) for n, span in enumerate(FIELDS))
    stated = [text != "*" for text in parts]
    on_day = now.day in day
    on_weekday = now.isoweekday() in weekday or (now.isoweekday() == 7 and 0 in weekday)
    right_day = (on_day or on_weekday) if stated[2] and stated[4] else (on_day and on_weekday)
    return now.minute in minute and now.hour in hour and now.month in month and right_day


class Schedule:
    def __init__(self, entries):
        self.entries = entries
        self.running = {}
        self.ending = False

    def end(self, *_):
        self.ending = True

    def begin(self, entry):
        if entry["name"] in self.running:
            say("warning", f"{entry['name']} still runs; this time it is left out")
            return
        say("info", f"{entry['name']} starts", command=" ".join(entry["command"]))
        try:
            child = subprocess.Popen(entry["command"])
        except OSError as error:
            say("error", f"{entry['name']} cannot start: {error.strerror}")
            return
        self.running[entry["name"]] = (child, time.monotonic(), entry["timeout"])

    def look(self):
        """Tell of what has ended, and end what takes too long."""
        for name, (child, began, timeout) in list(self.running.items()):
            status, took = child.poll(), time.monotonic() - began
            if status is None and took > timeout:
                say("error", f"{name} is given up after {timeout} s")
                child.kill()
                status = child.wait()
            if status is not None:
                del self.running[name]
                say("info" if status == 0 else "error", f"{name} ended with status {status}", seconds=round(took, 1))

    def run(self):
        minute = None
        while self.running or not self.ending:
            ALIVE.touch()
            now = datetime.now(timezone.utc).replace(second=0, microsecond=0)  # noqa: UP017 Python 3.9 has no other name
            if now != minute and not self.ending:
                for entry in self.entries if minute else []:
                    if due(entry["cron"], now):
                        self.begin(entry)
                minute = now
            self.look()
            time.sleep(0.5)


def main():
    if sys.argv[1:] == ["--check"]:
        sys.exit(0 if ALIVE.exists() and time.time() - os.stat(ALIVE).st_mtime < SILENT else "the schedule is silent")
    schedule = Schedule(json.loads(LAUNCH.read_text())["schedule"])
    signal.signal(signal.SIGTERM, schedule.end)
    say("info", f"{len(schedule.entries)} commands are scheduled")
    schedule.run()


if __name__ == "__main__":
    main()
