"""PutMetricData: whatever anybody but AWS measures."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from reconciler.sandbox.cloudwatch.errors import invalid
from reconciler.sandbox.cloudwatch.metrics import NO_UNIT, Metric, Metrics, Summary, Values
from reconciler.sandbox.cloudwatch.reading import dimensions
from reconciler.sandbox.refusals import Refused

Params = Mapping[str, Any]

RESERVED = "AWS/"
MOST_METRICS, MOST_DIMENSIONS, MOST_VALUES = 1000, 30, 150
OLDEST_SECONDS, NEWEST_SECONDS = 14 * 86_400, 2 * 3600
LARGEST = 2.0**360
FORMS = ("Value", "Values", "StatisticValues")


def put_metric_data(metrics: Metrics, params: Params, now: float) -> dict[str, Any]:
    """All of it, or nothing."""
    namespace = params["Namespace"]
    if namespace.startswith(RESERVED):
        raise Refused("InvalidParameterValue", f"The value {RESERVED} for parameter Namespace is invalid.")
    data = list(_data(params))
    if not data:
        raise Refused("MissingParameter", "The parameter MetricData is required.")
    if len(data) > MOST_METRICS:
        raise invalid(f"The collection MetricData must not have a size greater than {MOST_METRICS}.")
    measured = [
        (_metric(namespace, datum, at), _moment(datum, at, now), _values(datum, at), datum) for at, datum in data
    ]
    for metric, moment, values, datum in measured:
        metrics.add(metric, moment, values, datum.get("Unit", NO_UNIT))
    return {}


def _data(params: Params) -> Iterator[tuple[str, Params]]:
    for number, datum in enumerate(params.get("MetricData", ()), start=1):
        yield f"MetricData.member.{number}", datum
    for place, entity in enumerate(params.get("EntityMetricData", ()), start=1):
        for number, datum in enumerate(entity.get("MetricData", ()), start=1):
            yield f"EntityMetricData.member.{place}.MetricData.member.{number}", datum


def _metric(namespace: str, datum: Params, at: str) -> Metric:
    given: Sequence[Params] = datum.get("Dimensions", ())
    if len(given) > MOST_DIMENSIONS:
        raise invalid(f"The collection {at}.Dimensions must not have a size greater than {MOST_DIMENSIONS}.")
    return Metric(namespace, datum["MetricName"], dimensions(given))


def _moment(datum: Params, at: str, now: float) -> float:
    moment = float(datum.get("Timestamp", now))
    if not now - OLDEST_SECONDS <= moment <= now + NEWEST_SECONDS:
        raise Refused(
            "InvalidParameterValue",
            f"The parameter {at}.Timestamp must specify a time within the past two weeks, and no more than two hours in the future.",
        )
    return moment


def _values(datum: Params, at: str) -> Values:
    given = [form for form in FORMS if datum.get(form) is not None]
    if len(given) != 1:
        raise Refused("InvalidParameterCombination", f"Exactly one of {', '.join(FORMS)} must be given: {at}.")
    if given == ["StatisticValues"]:
        return _summary(datum["StatisticValues"], f"{at}.StatisticValues")
    values = [datum["Value"]] if given == ["Value"] else datum["Values"]
    counts = datum.get("Counts", [1] * len(values))
    if not 0 < len(values) <= MOST_VALUES or len(counts) != len(values):
        raise invalid(f"{at} needs 1 to {MOST_VALUES} Values, and Counts as many, if any.")
    _check([*values, *counts], at)
    each: Counter[float] = Counter()
    for value, count in zip(values, counts, strict=True):
        if count < 0:
            raise invalid(f"The parameter {at}.Counts must not be negative.")
        each[float(value)] += count
    return Values(+each)


def _summary(given: Params, at: str) -> Values:
    _check([given[name] for name in ("SampleCount", "Sum", "Minimum", "Maximum")], at)
    if given["Minimum"] > given["Maximum"] or given["SampleCount"] <= 0:
        raise invalid(f"{at} needs a SampleCount above 0, and a Minimum that is not above its Maximum.")
    return Values(summaries=[Summary(given["SampleCount"], given["Sum"], given["Minimum"], given["Maximum"])])


def _check(numbers: Sequence[float], at: str) -> None:
    if any(not math.isfinite(number) or abs(number) > LARGEST for number in numbers):
        raise Refused("InvalidParameterValue", f"The values of {at} must be numbers from -2^360 to 2^360.")
