"""Metrics of one account and region: values by the minute, and the statistics of them.

Times are seconds since the epoch and come in as arguments. Safe to share between threads.
"""

from __future__ import annotations

import math
import re
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

MINUTE = 60
PERCENTILE = re.compile(r"p(\d{1,2}(?:\.\d{1,10})?|100(?:\.0{1,10})?)")
NO_UNIT = "None"

Dimensions = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Metric:
    """`dimensions` are sorted: metrics with others are others."""

    namespace: str
    name: str
    dimensions: Dimensions = ()


@dataclass(frozen=True, slots=True)
class Summary:
    """Values of which only this is known."""

    count: float
    total: float
    least: float
    most: float


@dataclass(slots=True)
class Values:
    """What was measured in a time: each value with how often it was."""

    each: Counter[float] = field(default_factory=Counter)
    summaries: list[Summary] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.each or self.summaries)

    def add(self, other: Values) -> None:
        self.each.update(other.each)
        self.summaries += other.summaries

    @property
    def count(self) -> float:
        return sum(self.each.values()) + sum(summary.count for summary in self.summaries)

    @property
    def total(self) -> float:
        return math.fsum(value * count for value, count in self.each.items()) + math.fsum(
            summary.total for summary in self.summaries
        )

    @property
    def least(self) -> float:
        return min([*self.each, *(summary.least for summary in self.summaries)])

    @property
    def most(self) -> float:
        return max([*self.each, *(summary.most for summary in self.summaries)])

    def percentile(self, share: float) -> float | None:
        """The least value that so many are not above; None where only a summary is known."""
        each = Counter(self.each)
        for summary in self.summaries:
            if summary.least != summary.most:
                return None
            each[summary.least] += summary.count  # type: ignore[assignment]
        wanted, seen = math.ceil(sum(each.values()) * share), 0.0
        for value in sorted(each):
            seen += each[value]
            if seen >= wanted:
                return value
        return None


SIMPLE: Mapping[str, Callable[[Values], float]] = {
    "Average": lambda values: values.total / values.count,
    "Maximum": lambda values: values.most,
    "Minimum": lambda values: values.least,
    "SampleCount": lambda values: values.count,
    "Sum": lambda values: values.total,
}


def is_statistic(name: str) -> bool:
    return name in SIMPLE or bool(PERCENTILE.fullmatch(name))


def statistic(name: str, values: Values) -> float | None:
    """One of `is_statistic`; None where there is nothing to tell."""
    if not values or not values.count:
        return None
    if name in SIMPLE:
        return float(SIMPLE[name](values))
    return values.percentile(float(name[1:]) / 100)


class Metrics:
    def __init__(self) -> None:
        self._held: dict[Metric, dict[str, dict[int, Values]]] = {}
        self._lock = threading.Lock()

    def add(self, metric: Metric, at: float, values: Values, unit: str = NO_UNIT) -> None:
        """Values of the minute that `at` is in."""
        minute = int(at // MINUTE) * MINUTE
        with self._lock:
            self._held.setdefault(metric, {}).setdefault(unit, {}).setdefault(minute, Values()).add(values)

    def values(self, metric: Metric, start: int, end: float, period: int, unit: str = "") -> dict[int, Values]:
        """By the beginnings of the periods in [start, end), those that have any; `start` is a whole minute. A unit that is not named is any."""
        found: dict[int, Values] = {}
        wanted = range(start, math.ceil(end), MINUTE)
        with self._lock:
            for held, minutes in self._held.get(metric, {}).items():
                if unit in ("", held):
                    for minute in min(minutes, wanted, key=len):
                        if minute in wanted and minute in minutes:
                            begun = start + (minute - start) // period * period
                            found.setdefault(begun, Values()).add(minutes[minute])
        return dict(sorted(found.items()))
