"""What Lambda tells CloudWatch of invocations: which metrics, with which dimensions (FACTS 10.13).

A call's points bear the moment at which it began.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from reconciler.sandbox.cloudwatch.metrics import Dimensions, Metric, Metrics, Values

NAMESPACE = "AWS/Lambda"
COUNT, MILLISECONDS = "Count", "Milliseconds"


class Called(NamedTuple):
    """`qualifier` as the caller named it; `alias` says whether that is one."""

    function: str
    qualifier: str
    version: str
    is_alias: bool

    @property
    def groups(self) -> tuple[Dimensions, ...]:
        """By what is counted: all, the function, what was called. Whatever is said of no version alone ends here."""
        function = ("FunctionName", self.function)
        resource = f"{self.function}:{self.qualifier}" if self.qualifier else self.function
        return ((), (function,), (function, ("Resource", resource)))

    @property
    def all_groups(self) -> tuple[Dimensions, ...]:
        executed = (("ExecutedVersion", self.version), *self.groups[-1])
        return (*self.groups, *((executed,) if self.is_alias else ()))


class Running:
    """How many invocations of a function there are at once. Safe to share between threads."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()

    def enter(self, function: str) -> int:
        """One more, and how many there are with it."""
        with self._lock:
            self._counts[function] += 1
            return self._counts[function]

    def leave(self, function: str) -> None:
        with self._lock:
            self._counts[function] -= 1


@dataclass(frozen=True, slots=True)
class Outcome:
    """Several calls that began in one minute."""

    durations: Counter[float]
    errors: int = 0

    @property
    def count(self) -> int:
        return sum(self.durations.values())


def note_calls(metrics: Metrics, called: Called, at: float, outcome: Outcome) -> None:
    """Each call counts in every metric: one that went well is an error of 0."""
    count = outcome.count
    _add(metrics, called.all_groups, "Invocations", at, Counter({1.0: count}))
    _add(metrics, called.all_groups, "Errors", at, +Counter({1.0: outcome.errors, 0.0: count - outcome.errors}))
    _add(metrics, called.all_groups, "Duration", at, outcome.durations, MILLISECONDS)
    _add(metrics, called.groups, "Throttles", at, Counter({0.0: count}))


def note_throttles(metrics: Metrics, called: Called, at: float, count: int) -> None:
    _add(metrics, called.groups, "Throttles", at, +Counter({1.0: count}))


def note_concurrency(metrics: Metrics, called: Called, at: float, running: int) -> None:
    _add(metrics, called.groups, "ConcurrentExecutions", at, Counter({float(running): 1}))


def _add(
    metrics: Metrics, groups: Sequence[Dimensions], name: str, at: float, each: Counter[float], unit: str = COUNT
) -> None:
    for dimensions in groups if each else ():
        metrics.add(Metric(NAMESPACE, name, tuple(sorted(dimensions))), at, Values(each), unit)
