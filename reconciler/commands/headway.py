"""How far a run is, in words: calls or operations done, of about how many, at which rate, how long it still takes, and what AWS refused.

What the seam counted and how long it has been go in, lines come out. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from reconciler.core.foreign import printable
from reconciler.core.words import duration

MOST_LINES = 8  # of places; what is more is counted


class Line(Protocol):
    """What the seam tells of the calls that share a quota: `asked` were sent, `per_second` may be."""

    @property
    def owner(self) -> str: ...
    @property
    def region(self) -> str: ...
    @property
    def quota(self) -> str: ...
    @property
    def asked(self) -> int: ...
    @property
    def per_second(self) -> float: ...
    @property
    def throttled(self) -> int: ...


Expected = Mapping[tuple[str, str, str], int]  # calls by owner, region and quota


@dataclass(frozen=True, slots=True)
class Headway:
    """`done` of about `expected`; 0 where nobody knows, and then nobody knows what is left. `unit` is what one is called; those that are
    `under_way` may wait for AWS for minutes."""

    name: str
    unit: str
    done: int
    expected: int = 0
    seconds_left: float | None = None
    throttled: int = 0
    under_way: int = 0


def calls(before: Iterable[Line], now: Sequence[Line], names: Mapping[str, str], expected: Expected) -> list[Headway]:
    """By account and region: what was sent since. Its slowest quota says how long a place still takes; `names` are those of accounts,
    by their numbers. What is only expected has no rate yet, and takes no time."""
    sent = {_key(line): line for line in before}
    places: dict[tuple[str, str], list[_Share]] = {}
    for line in now:
        key = _key(line)
        done = line.asked - (sent[key].asked if key in sent else 0)
        left = max(0, expected.get(key, 0) - done)
        throttled = line.throttled - (sent[key].throttled if key in sent else 0)
        share = _Share(done, left, left / line.per_second if line.per_second else 0.0, throttled)
        places.setdefault(key[:2], []).append(share)
    for key in expected.keys() - {_key(line) for line in now}:
        places.setdefault(key[:2], []).append(_Share(0, expected[key], 0.0, 0))
    return [
        _headway(f"{names.get(owner, owner)}/{region}", shares, is_known=bool(expected))
        for (owner, region), shares in sorted(places.items())
        if any(share.done or share.left for share in shares)
    ]


@dataclass(frozen=True, slots=True)
class _Share:
    """What of a place's calls draws on one quota."""

    done: int
    left: int
    seconds: float
    throttled: int


def _headway(name: str, shares: Sequence[_Share], *, is_known: bool) -> Headway:
    done, throttled = sum(share.done for share in shares), sum(share.throttled for share in shares)
    if not is_known:
        return Headway(name, "call", done, throttled=throttled)
    seconds = max(share.seconds for share in shares)
    return Headway(name, "call", done, done + sum(share.left for share in shares), seconds, throttled)


def _key(line: Line) -> tuple[str, str, str]:
    return line.owner, line.region, line.quota


def operations(done: int, of: int, elapsed_seconds: float, throttled: int, under_way: int = 0) -> Headway:
    """Of an apply: what is left takes as long as what was done, one by one."""
    left = (of - done) * elapsed_seconds / done if done else None
    return Headway("", "operation", done, of, left, throttled, under_way)


def lines(phase: str, headways: Sequence[Headway], elapsed_seconds: float) -> list[str]:
    """A line a place, in their order, of many those that take longest; the phase alone where nothing is counted. Names are made
    printable."""
    if not headways:
        return [f"{printable(phase)}, {duration(elapsed_seconds)}"]
    longest = sorted(headways, key=lambda one: -(one.seconds_left or 0))[:MOST_LINES]
    told = [f"{printable(phase)}{of(one)}: {text(one, elapsed_seconds)}" for one in headways if one in longest]
    more = len(headways) - MOST_LINES
    return [*told, f"and {more} more {'place' if more == 1 else 'places'}"] if more > 0 else told


def of(headway: Headway) -> str:
    return f" {printable(headway.name)}" if headway.name else ""


def text(headway: Headway, elapsed_seconds: float) -> str:
    about = "about " if headway.unit == "call" else ""
    of_all = f" of {about}{headway.expected:,}" if headway.expected else ""
    rate = headway.done / elapsed_seconds if elapsed_seconds else 0.0
    ending = "" if (headway.expected or headway.done) == 1 else "s"
    parts = [f"{headway.done:,}{of_all} {headway.unit}{ending}"]
    if headway.under_way:
        parts.append(f"{headway.under_way:,} under way")
    parts.append(f"{rate:.1f} a second")
    if headway.seconds_left is not None:
        parts.append(f"about {duration(headway.seconds_left)} left")
    if headway.throttled:
        parts.append(f"AWS throttled {headway.throttled:,}")
    return ", ".join(parts)
