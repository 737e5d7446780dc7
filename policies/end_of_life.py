"""When versions stop getting security updates: the dates of end_of_life.yml, and what they say today."""

from __future__ import annotations

import datetime
from functools import cache
from pathlib import Path

import yaml

TABLE = Path(__file__).with_suffix(".yml")
WARNING = datetime.timedelta(days=90)
#: Names of Debian's releases, and of the official images of products that the table calls otherwise.
RELEASES = {"stretch": "9", "buster": "10", "bullseye": "11", "bookworm": "12", "trixie": "13"}
PRODUCTS = {"postgres": "postgresql"}


@cache
def table() -> dict[str, dict[str, datetime.date]]:
    """Product to version to the last day with updates."""
    dates: dict[str, dict[str, datetime.date]] = yaml.safe_load(TABLE.read_text(encoding="utf-8"))
    return dates


def today() -> datetime.date:
    return datetime.datetime.now(tz=datetime.UTC).date()


def _order(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def last_day(product: str, version: str) -> datetime.date | None:
    """None for a product that is not in the table, and for versions newer than all in it."""
    dates = table().get(PRODUCTS.get(product, product))
    if dates is None:
        return None
    version = RELEASES.get(version, version)
    known = [other for other in dates if version == other or version.startswith(f"{other}.")]
    if known:
        return dates[max(known, key=_order)]
    newer = _order(version) > max(map(_order, dates))
    return None if newer else datetime.date.min


def ended(product: str, version: str) -> str:
    """What is wrong with a version today; empty where nothing is."""
    last = last_day(product, version)
    if last is None or last >= today():
        return ""
    return (
        "is not in the table of maintained versions" if last == datetime.date.min else f"got its last update on {last}"
    )


def ending(product: str, version: str) -> str:
    """What will soon be wrong with it; empty where nothing will."""
    last = last_day(product, version)
    return f"gets updates until {last} only" if last and today() <= last <= today() + WARNING else ""
