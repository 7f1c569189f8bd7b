"""The state of a metric alarm, of the points that it looks at (FACTS 10.14).

It looks at the last `EvaluationPeriods` periods, and at a few before them where points are missing.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reconciler.sandbox.cloudwatch.metrics import Metric, Metrics, statistic

ALARM, OK, INSUFFICIENT = "ALARM", "OK", "INSUFFICIENT_DATA"
STATES = (ALARM, OK, INSUFFICIENT)
MORE = 2  # periods that are looked at beside those that count
TREATMENTS = BREACHING, NOT_BREACHING, IGNORE, MISSING = "breaching", "notBreaching", "ignore", "missing"
OPERATORS: Mapping[str, tuple[Callable[[float, float], bool], str]] = {
    "GreaterThanOrEqualToThreshold": (operator.ge, "greater than or equal to"),
    "GreaterThanThreshold": (operator.gt, "greater than"),
    "LessThanOrEqualToThreshold": (operator.le, "less than or equal to"),
    "LessThanThreshold": (operator.lt, "less than"),
}


@dataclass(frozen=True, slots=True)
class Watched:
    """What a metric alarm looks at: `least` of `periods` points must breach."""

    metric: Metric
    stat: str
    period: int
    unit: str
    periods: int
    least: int
    threshold: float
    comparison: str
    missing: str


def watched(members: Mapping[str, Any], dimensions: tuple[tuple[str, str], ...]) -> Watched:
    """As PutMetricAlarm's members have it."""
    return Watched(
        Metric(members["Namespace"], members["MetricName"], dimensions),
        members.get("Statistic") or members["ExtendedStatistic"], members["Period"], members.get("Unit", ""),
        members["EvaluationPeriods"], members.get("DatapointsToAlarm", members["EvaluationPeriods"]),
        members["Threshold"], members["ComparisonOperator"], members.get("TreatMissingData", MISSING),
    )  # fmt: skip


def evaluated(metrics: Metrics, what: Watched, at: int, current: str) -> tuple[str, str]:
    """(state, reason) at a whole minute."""
    count = what.periods + MORE
    start = at - count * what.period
    values = metrics.values(what.metric, start, at, what.period, what.unit)
    points = [
        statistic(what.stat, values[begun]) if begun in values else None for begun in range(start, at, what.period)
    ]
    breaks = OPERATORS[what.comparison][0]
    state = state_of([None if point is None else breaks(point, what.threshold) for point in points], what, current)
    return state, _reason(state, [point for point in points if point is not None], what)


def state_of(points: Sequence[bool | None], what: Watched, current: str) -> str:
    """`points` are the newest last, True where one breaches, None where there is none."""
    known = [point for point in points if point is not None][-what.periods :]
    lacking = what.periods - len(known)
    if not known:
        return {BREACHING: ALARM, NOT_BREACHING: OK, IGNORE: current, MISSING: INSUFFICIENT}[what.missing]
    if sum(known) + (lacking if what.missing == BREACHING else 0) >= what.least:
        return ALARM
    if lacking and all(known) and what.missing in (IGNORE, MISSING):
        is_old = points.index(True) <= len(points) - what.least
        return ALARM if is_old and what.missing == MISSING else current
    return OK


def _reason(state: str, known: Sequence[float], what: Watched) -> str:
    if state == INSUFFICIENT or not known:
        return f"Insufficient Data: {what.periods} datapoints were unknown."
    last = ", ".join(str(point) for point in reversed(known[-what.periods :]))
    was = "was" if state == ALARM else "was not"
    return (
        f"Threshold Crossed: {what.least} out of the last {what.periods} datapoints [{last}] {was} "
        f"{OPERATORS[what.comparison][1]} the threshold ({float(what.threshold)})."
    )
