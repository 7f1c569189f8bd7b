"""GetMetricData.

Metric math, Metrics Insights, other accounts' metrics and statistics other than those of `metrics` are not spoken here, and refused as such.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from reconciler.sandbox.cloudwatch.errors import invalid
from reconciler.sandbox.cloudwatch.metrics import (
    MINUTE,
    Metric,
    Metrics,
    is_statistic,
    statistic,
)
from reconciler.sandbox.refusals import Refused, not_spoken

Params = Mapping[str, Any]

MOST_QUERIES, MOST_POINTS = 500, 100_800
ID = re.compile(r"[a-z][A-Za-z0-9_]*")
SHORT_PERIODS = (1, 5, 10, 20, 30)
LONGEST_PERIOD = 86_400


# --- what is asked ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Query:
    id: str
    metric: Metric
    stat: str
    period: int
    unit: str
    label: str
    is_returned: bool


@dataclass(frozen=True, slots=True)
class Series:
    """A query's points, in the order that was asked for."""

    query: Query
    points: tuple[tuple[int, float], ...]


def get_metric_data(metrics: Metrics, params: Params) -> dict[str, Any]:
    queries = _queries(params["MetricDataQueries"])
    start, end = _window(params["StartTime"], params["EndTime"])
    is_descending = params.get("ScanBy", "TimestampDescending") == "TimestampDescending"
    found = [
        Series(query, _points(metrics, query, start, end, is_descending)) for query in queries if query.is_returned
    ]
    return _page(found, params)


def _queries(given: Sequence[Params]) -> list[Query]:
    if len(given) > MOST_QUERIES:
        raise invalid(f"The collection MetricDataQueries must not have a size greater than {MOST_QUERIES}.")
    queries = [_query(query, f"MetricDataQueries.member.{number}") for number, query in enumerate(given, start=1)]
    twice = [name for name, count in Counter(query.id for query in queries).items() if count > 1]
    if twice:
        raise invalid(f"The values for parameter id in MetricDataQueries must be unique: {', '.join(sorted(twice))}.")
    return queries


def _query(given: Params, at: str) -> Query:
    name = given["Id"]
    if not ID.fullmatch(name):
        raise invalid(
            f"The value {name} for parameter {at}.Id is not matching the expected pattern ^[a-z][a-zA-Z0-9_]*$."
        )
    if ("Expression" in given) == ("MetricStat" in given):
        raise invalid(f"Exactly one of the parameters {at}.Expression and {at}.MetricStat must be given.")
    if "Expression" in given:
        raise not_spoken(f"metric math or Metrics Insights: {at}.Expression")
    if "AccountId" in given:
        raise not_spoken(f"metrics of other accounts: {at}.AccountId")
    wanted = given["MetricStat"]
    _check_period(wanted["Period"], f"{at}.MetricStat.Period")
    if not is_statistic(wanted["Stat"]):
        raise not_spoken(f"the statistic {wanted['Stat']}: {at}.MetricStat.Stat")
    metric = wanted["Metric"]
    known = Metric(metric.get("Namespace", ""), metric.get("MetricName", ""), dimensions(metric.get("Dimensions", ())))
    return Query(
        name, known, wanted["Stat"], wanted["Period"], wanted.get("Unit", ""), given.get("Label", known.name),
        given.get("ReturnData", True),
    )  # fmt: skip


def _check_period(period: int, at: str) -> None:
    if period in SHORT_PERIODS:
        raise not_spoken(f"periods shorter than a minute: {at}")
    if period % MINUTE or not MINUTE <= period <= LONGEST_PERIOD:
        raise invalid(f"The parameter {at} must be 1, 5, 10, 20, 30 or a multiple of {MINUTE}.")


def dimensions(given: Sequence[Params]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((one["Name"], one["Value"]) for one in given))


def _window(start: float, end: float) -> tuple[int, float]:
    """Begins with a whole minute; ends before the other."""
    if start >= end:
        raise invalid("The parameter StartTime must be less than the parameter EndTime.")
    return int(start // MINUTE) * MINUTE, end


def _points(
    metrics: Metrics, query: Query, start: int, end: float, is_descending: bool
) -> tuple[tuple[int, float], ...]:
    told = (
        (begun, statistic(query.stat, values))
        for begun, values in metrics.values(query.metric, start, end, query.period, query.unit).items()
    )
    points = [(begun, value) for begun, value in told if value is not None]
    return tuple(reversed(points) if is_descending else points)


# --- pages -----------------------------------------------------------------------------------------------------------


def _page(found: Sequence[Series], params: Params) -> dict[str, Any]:
    """So many points of all series, taken one after the other. A series whose points are not all told yet is partial."""
    most = params.get("MaxDatapoints", MOST_POINTS)
    if not 1 <= most <= MOST_POINTS:
        raise invalid(f"The parameter MaxDatapoints must be between 1 and {MOST_POINTS}.")
    begun, before, results = _begun(params), 0, []
    for series in found:
        shown = series.points[max(0, begun - before) : max(0, begun + most - before)]
        before += len(series.points)
        results.append(_result(series, shown, "PartialData" if before > begun + most else "Complete"))
    more = {"NextToken": _token(begun + most)} if before > begun + most else {}
    return {"MetricDataResults": results, **more, "Messages": []}


def _result(series: Series, shown: Sequence[tuple[int, float]], status: str) -> dict[str, Any]:
    return {
        "Id": series.query.id,
        "Label": series.query.label,
        "Timestamps": [datetime.fromtimestamp(begun, UTC) for begun, _ in shown],
        "Values": [value for _, value in shown],
        "StatusCode": status,
    }


def _token(begun: int) -> str:
    return base64.b64encode(json.dumps({"after": begun}).encode()).decode()


def _begun(params: Params) -> int:
    if "NextToken" not in params:
        return 0
    try:
        begun = json.loads(base64.b64decode(params["NextToken"], validate=True))["after"]
    except (binascii.Error, ValueError, KeyError, TypeError) as error:
        raise Refused("InvalidNextToken", "The next token is invalid.") from error
    if type(begun) is not int or begun < 0:
        raise Refused("InvalidNextToken", "The next token is invalid.")
    return begun
