"""Traffic as time passes: what calls there have been by now, by the minute, with nothing left to chance.

How often it is asked makes no difference: an alias gets its n-th call at the same moment, by the same version, with the same end. The weights
are those of the time at which it is asked, so whoever changes them asks before.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from reconciler.sandbox.cloudwatch.calls import Called, Outcome, note_calls, note_concurrency, note_throttles
from reconciler.sandbox.cloudwatch.metrics import MINUTE, Metrics
from reconciler.sandbox.cloudwatch.written import Behaviour, Calls, Traffic

LONGEST_BACK = 15 * 86_400  # no metric is told for longer by the minute
EXACT = 1e-6  # what floating point may lose of a whole call


class Routing(NamedTuple):
    """Which versions run, by their shares; without any all calls are refused."""

    shares: Mapping[str, float]
    is_alias: bool
    is_refused: bool


Route = Callable[[str, str], Routing | None]


@dataclass(slots=True)
class Line:
    """What has come of the calls to one name: how many there were, and of each version."""

    sent: int
    taken: Counter[str]


class Flow:
    """The traffic of one account and region."""

    def __init__(self, traffic: Traffic, began: float) -> None:
        self._traffic, self._began, self._until = traffic, began, began
        self._lines = {name: Line(0, Counter()) for name in traffic.calls}

    def advance(self, metrics: Metrics, route: Route, now: float) -> None:
        """All calls until now, each at the minute in which it began."""
        start = max(self._until, now - LONGEST_BACK)
        while self._lines and start < now:
            end = min(now, (start // MINUTE + 1) * MINUTE)
            for (function, qualifier), calls in self._traffic.calls.items():
                routing = route(function, qualifier)
                if routing:
                    self._call(metrics, (function, qualifier), calls, routing, start, end)
            start = end
        self._until = max(self._until, now)

    def _call(
        self, metrics: Metrics, name: tuple[str, str], calls: Calls, routing: Routing, start: float, end: float
    ) -> None:
        called = [
            Called(name[0], "" if name[1] == "$LATEST" else name[1], version, routing.is_alias)
            for version in routing.shares
        ]
        line = self._lines[name]
        came = self._due(calls.invocations, start, end)
        throttled = self._due(calls.throttles, start, end) + (came if routing.is_refused else 0)
        note_throttles(metrics, called[0], start, throttled)
        if routing.is_refused:
            return
        for one, count in zip(called, _split(list(routing.shares.values()), line.sent, came), strict=True):
            behaviour = calls.of(one.version)
            own = behaviour.invocations
            taken = count if own is None else self._due(own, start, end)
            _take(metrics, one, behaviour, line, taken, start)
        line.sent += came

    def _due(self, a_minute: float, start: float, end: float) -> int:
        return _whole(a_minute * (end - self._began) / MINUTE) - _whole(a_minute * (start - self._began) / MINUTE)


def _take(metrics: Metrics, called: Called, behaviour: Behaviour, line: Line, count: int, at: float) -> None:
    if not count:
        return
    before = line.taken[called.version]
    line.taken[called.version] = after = before + count
    turns = len(behaviour.durations)
    durations = Counter(
        {
            duration: (after - index + turns - 1) // turns - (before - index + turns - 1) // turns
            for index, duration in enumerate(behaviour.durations)
        }
    )
    errors = _whole(behaviour.errors * after) - _whole(behaviour.errors * before)
    note_calls(metrics, called, at, Outcome(+durations, errors))
    at_once = math.ceil(count / MINUTE * max(behaviour.durations) / 1000)
    note_concurrency(metrics, called, at, max(1, at_once))


def _split(shares: list[float], before: int, count: int) -> list[int]:
    """So many calls to each share; the last has what is left of them."""
    parts = [_whole(share * (before + count)) - _whole(share * before) for share in shares[:-1]]
    return [*parts, count - sum(parts)]


def _whole(number: float) -> int:
    return math.floor(number + EXACT)
