"""What CloudWatch tells of rollouts that are open: one GetMetricData and one DescribeAlarms an account and region, as far as those take
so much at once. What it does not tell is no evidence; why, is. Never writes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple, TypeVar

from reconciler.aws.client import Aws
from reconciler.aws.unread import failure_text
from reconciler.core.errors import AwsError, CallFailed
from reconciler.core.grouping import grouped
from reconciler.core.model import Key
from reconciler.core.place import Place
from reconciler.core.rollouts import Analysis
from reconciler.rollout.evidence import Alarm, Evidence, Side, Window, baseline, hour_before, window
from reconciler.rollout.rolling import Rolling

API = "cloudwatch"
NAMESPACE = "AWS/Lambda"
MOST_QUERIES, MOST_ALARMS = 500, 100  # of one call
PERIOD_SECONDS = 60
KEPT = timedelta(days=15)  # that CloudWatch has the points of minutes

Points = Mapping[datetime, float]
Item = TypeVar("Item")


class Metric(NamedTuple):
    """A statistic of what an alias did, or one version for it."""

    name: str
    stat: str
    function: str
    resource: str
    version: str = ""

    def query(self, identifier: str, period_seconds: int) -> dict[str, Any]:
        dimensions = {"FunctionName": self.function, "Resource": self.resource}
        dimensions |= {"ExecutedVersion": self.version} if self.version else {}
        metric = {
            "Namespace": NAMESPACE,
            "MetricName": self.name,
            "Dimensions": [{"Name": name, "Value": value} for name, value in dimensions.items()],
        }
        return {"Id": identifier, "MetricStat": {"Metric": metric, "Period": period_seconds, "Stat": self.stat}}


def evidence(aws: Aws, rolling: Iterable[Rolling]) -> dict[Key, Evidence]:
    """Of each alias that is judged by some."""
    by_place = grouped(rolling, lambda one: Place.of(one.key.target))
    return {key: told for place, those in by_place.items() for key, told in _told(aws, place, those).items()}


def _told(aws: Aws, place: Place, rolling: Sequence[Rolling]) -> dict[Key, Evidence]:
    points, problem = dict[Metric, Points](), ""
    lit, unasked = dict[str, Alarm](), ""
    try:
        points = _points(aws, place, rolling)
    except AwsError as failure:
        problem = failure_text("GetMetricData", failure)
    try:
        lit = alarms(aws, place, {name for one in rolling for name in _analysis(one).alarms})
    except AwsError as failure:
        unasked = failure_text("DescribeAlarms", failure)
    return {one.key: _evidence(one, points, lit, problem, unasked) for one in rolling}


def _evidence(
    one: Rolling,
    points: Mapping[Metric, Points],
    alarms: Mapping[str, Alarm],
    problem: str,
    unasked: str,
) -> Evidence:
    analysis, (seen, before) = _analysis(one), _windows(one)
    candidate, stable = _sides(one)
    throttles = throttles_before = None
    if analysis.throttles is not None and not problem:
        of_alias = points.get(_metric(one, "Throttles", "Sum"), {})
        throttles, earlier = sum(_in(of_alias, seen)), hour_before(one.marker)
        throttles_before = sum(_in(of_alias, earlier)) if earlier.start >= one.now - KEPT else None
    problems = [problem if analysis.is_measured else "", unasked if analysis.alarms else ""]
    return Evidence(
        window=seen,
        candidate=_side(candidate, points, seen),
        stable=_side(stable, points, before),
        throttles=throttles,
        throttles_before=throttles_before,
        alarms={name: alarms[name] for name in analysis.alarms if name in alarms},
        problem="; ".join(filter(None, problems)),
        is_measured=not problem,
    )


def _analysis(one: Rolling) -> Analysis:
    assert one.rollout
    return one.rollout.analysis


# --- metrics ---------------------------------------------------------------------------------------------------------


def _metric(one: Rolling, name: str, stat: str, version: str = "") -> Metric:
    function = one.key.target.function
    return Metric(name, stat, function, f"{function}:{one.key.name}", version)


def _sides(one: Rolling) -> tuple[tuple[Metric, ...], tuple[Metric, ...]]:
    """What tells of the candidate and of the stable version. Versions are told apart only while they share the traffic: of an alias that is on
    one alone, all that it did was that one's."""
    marker, timing = one.marker, _analysis(one).duration
    are_two = marker.state == "step"
    stats = [("Invocations", "Sum"), ("Errors", "Sum"), *([("Duration", timing.stat)] if timing else [])]
    versions = (marker.candidate, marker.from_) if are_two else ("", "")
    candidate, stable = (tuple(_metric(one, *stat, version) for stat in stats) for version in versions)
    return candidate, stable


def _windows(one: Rolling) -> tuple[Window, Window]:
    seen = window(one.marker, one.timeout, one.now)
    return seen, baseline(one.marker, seen)


def _points(aws: Aws, place: Place, rolling: Sequence[Rolling]) -> dict[Metric, Points]:
    """The points of all that is to be known, asked for together. Raises AwsError where that cannot be had whole."""
    metrics, spans = dict[Metric, None](), list[Window]()
    for one in rolling:
        analysis = _analysis(one)
        if not analysis.is_measured:
            continue
        metrics |= dict.fromkeys(metric for side in _sides(one) for metric in side)
        spans += _windows(one)
        if analysis.throttles is not None:
            metrics[_metric(one, "Throttles", "Sum")] = None
            spans.append(hour_before(one.marker))
    spans = [span for span in spans if not span.is_empty]
    if not spans:
        return {}
    start, end = max(min(span.start for span in spans), rolling[0].now - KEPT), max(span.end for span in spans)
    return asked(aws, place, list(metrics), Window(start, end))


def asked(
    aws: Aws, place: Place, metrics: Sequence[Metric], span: Window, period_seconds: int = PERIOD_SECONDS
) -> dict[Metric, Points]:
    """The points of metrics in a span, for each period one. Raises AwsError where they cannot be had whole."""
    found: dict[Metric, Points] = {}
    for some in _cut(metrics, MOST_QUERIES):
        found |= _asked(aws, place, some, span, period_seconds)
    return found


def _asked(
    aws: Aws, place: Place, metrics: Sequence[Metric], span: Window, period_seconds: int
) -> dict[Metric, Points]:
    named = {f"m{number}": metric for number, metric in enumerate(metrics)}
    found: dict[Metric, dict[datetime, float]] = {metric: {} for metric in metrics}
    params = {
        "MetricDataQueries": [metric.query(identifier, period_seconds) for identifier, metric in named.items()],
        "StartTime": span.start,
        "EndTime": span.end,
        "ScanBy": "TimestampAscending",
    }
    for page in aws.pages(place, "GetMetricData", params, api=API):
        for result in page["MetricDataResults"]:
            if result.get("StatusCode", "Complete") not in (
                "Complete",
                "PartialData",
            ):  # of the latter the rest follows
                raise CallFailed(f"CloudWatch answers {result['StatusCode']} of a metric", code=result["StatusCode"])
            found[named[result["Id"]]].update(zip(result["Timestamps"], result["Values"], strict=True))
    return dict(found)


def _side(metrics: Sequence[Metric], points: Mapping[Metric, Points], span: Window) -> Side:
    invocations, errors, *durations = (points.get(metric, {}) for metric in metrics)
    duration = combined(metrics[2].stat, durations[0], invocations, span) if durations else None
    return Side(sum(_in(invocations, span)), sum(_in(errors, span)), duration)


def combined(stat: str, durations: Points, invocations: Points, span: Window) -> float | None:
    """One number for all minutes. Of percentiles and averages each minute counts by its invocations; of percentiles that comes
    close to what they are of all."""
    within = {at: value for at, value in durations.items() if span.start <= at < span.end}
    if not within:
        return None
    if stat in ("Maximum", "Minimum"):
        return (max if stat == "Maximum" else min)(within.values())
    weights = {at: invocations.get(at) or 1.0 for at in within}
    return sum(value * weights[at] for at, value in within.items()) / sum(weights.values())


def _in(points: Points, span: Window) -> Iterator[float]:
    return (value for at, value in points.items() if span.start <= at < span.end)


# --- alarms ----------------------------------------------------------------------------------------------------------


def alarms(aws: Aws, place: Place, names: Iterable[str]) -> dict[str, Alarm]:
    """Those of these names that there are, whatever they are made of."""
    found: dict[str, Alarm] = {}
    for some in _cut(sorted(names), MOST_ALARMS):
        params = {"AlarmNames": some, "AlarmTypes": ["MetricAlarm", "CompositeAlarm"]}
        for page in aws.pages(place, "DescribeAlarms", params, api=API):
            alarms = (*page.get("MetricAlarms", ()), *page.get("CompositeAlarms", ()))
            found |= {alarm["AlarmName"]: _alarm(alarm) for alarm in alarms}
    return found


def _alarm(answer: Mapping[str, Any]) -> Alarm:
    since = answer.get("StateTransitionedTimestamp") or answer.get("StateUpdatedTimestamp")
    return Alarm(str(answer["StateValue"]), since)


def _cut(items: Sequence[Item], most: int) -> Iterator[Sequence[Item]]:
    return (items[start : start + most] for start in range(0, len(items), most))
