"""Times in which nothing is carried out but what they allow, as frozen values. Pure: a moment goes in, the end of the time comes out.

Both edges are local times. One that summer time skips or doubles is the earlier of the two moments that it may mean at the beginning, and the
later one at the end.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta, tzinfo
from fnmatch import fnmatchcase
from typing import Literal, TypeAlias, get_args

from reconciler.core.model import Origin, Target

Allowed: TypeAlias = Literal["drift", "create", "tags"]
ALLOWED: tuple[Allowed, ...] = get_args(Allowed)
DAY, WEEK = timedelta(days=1), timedelta(days=7)
FUNCTION = "function"  # the root of targets that `functions` may name


@dataclass(frozen=True, slots=True)
class Once:
    """From one local time to another."""

    begins: datetime
    ends: datetime


@dataclass(frozen=True, slots=True)
class Weekly:
    """Of every week: since its Monday's midnight, and for how long."""

    begins: timedelta
    lasts: timedelta


@dataclass(frozen=True, slots=True)
class Freeze:
    """Of the targets that all its patterns match; without patterns of a sort, whatever they are. `allow` is carried out all the same; `origin`
    is where it is written."""

    name: str
    zone: tzinfo
    span: Once | Weekly
    accounts: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    functions: tuple[str, ...] = ()
    allow: frozenset[Allowed] = frozenset()
    origin: Origin | None = field(default=None, compare=False)

    def is_of(self, target: Target) -> bool:
        """Of what is no function only where functions are not named."""
        is_named = not self.functions or (target.root == FUNCTION and matches(self.functions, target.name))
        return is_named and matches(self.accounts, target.account) and matches(self.regions, target.region)

    def end_at(self, moment: datetime) -> datetime | None:
        """When it is over, in its own zone; None where it does not hold at that moment."""
        for begins, ends in self._around(moment):
            over = moments_of(ends, self.zone)[-1]
            if moments_of(begins, self.zone)[0] <= moment < over:
                return over.astimezone(self.zone)
        return None

    def _around(self, moment: datetime) -> Iterator[tuple[datetime, datetime]]:
        """The spans of local time that may hold the moment."""
        if isinstance(self.span, Once):
            yield self.span.begins, self.span.ends
            return
        day = moment.astimezone(self.zone).date()
        monday = datetime.combine(day - timedelta(days=day.weekday()), time())
        for week in (-WEEK, timedelta(0), WEEK):
            begins = monday + week + self.span.begins
            yield begins, begins + self.span.lasts


@dataclass(frozen=True, slots=True)
class Breaking:
    """The freezes that a run does not mind, and why."""

    names: tuple[str, ...] = ()
    because: str = ""

    def __bool__(self) -> bool:
        return bool(self.names)

    def left_of(self, freezes: Iterable[Freeze]) -> tuple[Freeze, ...]:
        """Those that hold all the same."""
        return tuple(freeze for freeze in freezes if freeze.name not in self.names)


@dataclass(frozen=True, slots=True)
class Broken:
    """The freezes that would have kept a run from something, by target, and why it was done all the same."""

    because: str = ""
    names: dict[Target, tuple[str, ...]] = field(default_factory=dict)

    @property
    def freezes(self) -> list[str]:
        return sorted({name for names in self.names.values() for name in names})

    def said_of(self, target: Target) -> str:
        """Empty where nothing was broken for it."""
        names = self.names.get(target, ())
        return f"{named(names)} broken: {self.because}" if names else ""


NOTHING, NOTHING_BROKEN = Breaking(), Broken()


def matches(patterns: Iterable[str], name: str) -> bool:
    """Whether a name is meant; without a pattern all are."""
    patterns = tuple(patterns)
    return not patterns or any(fnmatchcase(name, pattern) for pattern in patterns)


def moments_of(local: datetime, zone: tzinfo) -> tuple[datetime, datetime]:
    """The earlier and the later moment that a local time may mean, in UTC; mostly they are the same."""
    first, second = sorted(local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    return first, second


def on(freezes: Iterable[Freeze], target: Target, moment: datetime) -> list[tuple[Freeze, datetime]]:
    """Those that hold a target at a moment, each with its end, the one that ends last first."""
    ends = ((freeze, freeze.end_at(moment)) for freeze in freezes if freeze.is_of(target))
    return sorted(((freeze, end) for freeze, end in ends if end), key=lambda item: item[1], reverse=True)


def until(end: datetime) -> str:
    """As people read it: local time, with its zone."""
    return f"{end:%Y-%m-%d %H:%M} {end.tzinfo}"


def named(names: Iterable[str]) -> str:
    """`freeze christmas`, `freezes christmas and weekend`."""
    *others, last = dict.fromkeys(names)
    return f"freezes {', '.join(others)} and {last}" if others else f"freeze {last}"


def holding(names: Iterable[str]) -> str:
    """`freeze christmas holds`."""
    names = tuple(names)
    return f"{named(names)} {'holds' if len(names) == 1 else 'hold'}"


def how_to_break(names: Iterable[str]) -> str:
    """What to add to a command line."""
    return f"{' '.join(f'--break-freeze {name}' for name in names)} --because TEXT"
