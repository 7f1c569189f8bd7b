"""What CloudWatch is asked for rollouts, and what is made of its answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from reconciler.aws.client import Aws
from reconciler.core.errors import CallFailed
from reconciler.core.model import Key, Target
from reconciler.core.place import Place
from reconciler.core.rollouts import Rollout
from reconciler.rollout.evidence import Evidence, Window
from reconciler.rollout.marker import Marker
from reconciler.rollout.rolling import Rolling
from reconciler.rollout.standing import Alias
from reconciler.rollout.steps import rollout_of
from reconciler.snapshot.metrics import MOST_QUERIES, combined, evidence

BEGUN = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
NOW = BEGUN + timedelta(minutes=20)
ALL = {
    "alarms": ["red"], "errors": {"max": "2%"}, "duration": {"stat": "p95", "over_stable": "30%"}, "throttles": {"max": 0},
}  # fmt: skip
STEP = Marker("8", "step", BEGUN, BEGUN, "7", 1, 2, 0.05)
WATCH = Marker("8", "watch", BEGUN, BEGUN, "7")


@dataclass
class Watched:
    """A CloudWatch that holds these points, (metric, version) -> minute -> value, and these alarms; it keeps what it was asked."""

    points: Mapping[tuple[str, str], Mapping[datetime, float]] = field(default_factory=dict)
    alarms: Mapping[str, str] = field(default_factory=dict)
    status: str = "Complete"
    asked: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)

    def pages(self, _: Place, operation: str, params: Mapping[str, Any], *, api: str) -> Iterator[Mapping[str, Any]]:
        assert api == "cloudwatch"
        self.asked.append((operation, params))
        if operation == "DescribeAlarms":
            named = [{"AlarmName": name, "StateValue": state} for name, state in self.alarms.items()]
            yield {"MetricAlarms": named[:1], "CompositeAlarms": named[1:]}
            return
        for query in params["MetricDataQueries"]:
            points = self.points.get(self.of(query), {})
            for at, value in points.items():
                yield {
                    "MetricDataResults": [
                        {"Id": query["Id"], "Timestamps": [at], "Values": [value], "StatusCode": self.status}
                    ]
                }

    @staticmethod
    def of(query: Mapping[str, Any]) -> tuple[str, str]:
        metric = query["MetricStat"]["Metric"]
        return metric["MetricName"], {one["Name"]: one["Value"] for one in metric["Dimensions"]}.get(
            "ExecutedVersion", ""
        )


def rolling(
    name: str = "live", marker: Marker = STEP, analysis: Mapping[str, Any] = ALL, function: str = "checkout"
) -> Rolling:
    rollout: Rollout = rollout_of({"steps": [{"weight": 0.05, "bake": "10m"}], "analysis": analysis})
    key = Key(Target("test", "us-west-2", function), "alias", name)
    return Rolling(key, Alias("7", {"8": 0.05}, marker), NOW, (), rollout=rollout, timeout=timedelta(seconds=30))


def told(watched: Watched, *those: Rolling) -> dict[Key, Evidence]:
    return evidence(cast(Aws, watched), those)


def minute(number: int) -> datetime:
    return BEGUN + timedelta(minutes=number)


def test_all_that_is_to_be_known_of_a_place_is_one_call_each() -> None:
    watched = Watched()
    told(watched, rolling(), rolling("blue"), rolling(function="audit"))
    assert [operation for operation, _ in watched.asked] == ["GetMetricData", "DescribeAlarms"]
    queries = watched.asked[0][1]["MetricDataQueries"]
    assert len(queries) == 3 * 7
    assert {query["MetricStat"]["Period"] for query in queries} == {60}
    assert watched.asked[1][1] == {"AlarmNames": ["red"], "AlarmTypes": ["MetricAlarm", "CompositeAlarm"]}


def test_more_than_one_call_takes_are_several() -> None:
    watched = Watched()
    told(watched, *(rolling(f"alias-{number}", analysis={"errors": {"max": "2%"}}) for number in range(200)))
    sizes = [len(params["MetricDataQueries"]) for _, params in watched.asked]
    assert sizes == [MOST_QUERIES, 200 * 4 - MOST_QUERIES]


def test_without_an_analysis_nothing_is_asked() -> None:
    watched = Watched()
    (found,) = told(watched, rolling(analysis={})).values()
    assert (watched.asked, found.problem) == ([], "")


def test_only_minutes_of_the_window_count_and_both_versions_have_the_same() -> None:
    counted = {minute(0): 9.0, minute(1): 10.0, minute(18): 20.0, minute(19): 40.0}
    watched = Watched({("Invocations", "8"): counted, ("Invocations", "7"): counted, ("Errors", "8"): {minute(1): 3.0}})
    (found,) = told(watched, rolling()).values()
    assert found.window == Window(minute(1), minute(19))
    assert (found.candidate.invocations, found.candidate.errors, found.stable.invocations) == (30, 3, 30)
    assert (found.candidate.duration, found.stable.errors) == (None, 0)


def test_once_it_has_all_traffic_the_alias_tells_of_the_candidate_and_before_of_the_stable_version() -> None:
    """Versions are told apart only while they share the traffic."""
    watched = Watched({("Invocations", ""): {minute(-30): 70.0, minute(-61): 1.0, minute(5): 80.0}})
    (found,) = told(watched, rolling(marker=WATCH)).values()
    assert (found.candidate.invocations, found.stable.invocations) == (80, 70)


def test_throttles_are_those_of_the_window_and_of_the_hour_before() -> None:
    watched = Watched({("Throttles", ""): {minute(-30): 4.0, minute(5): 6.0}})
    (found,) = told(watched, rolling()).values()
    assert (found.throttles, found.throttles_before) == (6, 4)


def test_of_throttles_before_what_began_weeks_ago_nobody_knows() -> None:
    """CloudWatch has the minutes of 15 days; that there were none is something else."""
    began = STEP.since - timedelta(days=15)
    (found,) = told(Watched({("Throttles", ""): {minute(5): 6.0}}), rolling(marker=replace(STEP, begun=began))).values()
    assert (found.throttles, found.throttles_before) == (6, None)


def test_alarms_of_both_sorts_are_found_and_one_that_is_gone_is_not_there() -> None:
    analysis = {"alarms": ["red", "green", "gone"]}
    (found,) = told(Watched(alarms={"red": "ALARM", "green": "OK"}), rolling(analysis=analysis)).values()
    assert {name: alarm.state for name, alarm in found.alarms.items()} == {"red": "ALARM", "green": "OK"}


@pytest.mark.parametrize("status", ["InternalError", "Forbidden"])
def test_a_metric_that_cannot_be_had_is_a_problem_and_no_zero(status: str) -> None:
    watched = Watched({("Invocations", "8"): {minute(5): 1.0}}, {"red": "ALARM"}, status)
    (found,) = told(watched, rolling()).values()
    assert f"CloudWatch answers {status} of a metric" in found.problem
    assert (found.throttles, found.alarms["red"].state) == (None, "ALARM")


def test_what_cloudwatch_refuses_is_a_problem_of_those_whom_it_says_something_of() -> None:
    class Denied(Watched):
        def pages(self, *_: Any, **__: Any) -> Iterator[Mapping[str, Any]]:
            raise CallFailed("not allowed", code="AccessDenied")

    found = told(Denied(), rolling(), rolling("bare", analysis={}))
    assert [bool(one.problem) for one in found.values()] == [True, False]


def test_of_what_began_long_ago_no_more_is_asked_than_cloudwatch_keeps() -> None:
    watched, long_ago = Watched(), NOW - timedelta(days=40)
    told(watched, rolling(marker=Marker("8", "step", long_ago, long_ago, "7", 1, 2, 0.05)))
    assert watched.asked[0][1]["StartTime"] == NOW - timedelta(days=15)


SPAN = Window(minute(0), minute(10))
COUNTS = {minute(1): 90.0, minute(2): 10.0}


@pytest.mark.parametrize(
    ("stat", "expected"), [("Maximum", 400.0), ("Minimum", 100.0), ("Average", 130.0), ("p95", 130.0)]
)
def test_minutes_count_by_their_invocations(stat: str, expected: float) -> None:
    durations = {minute(1): 100.0, minute(2): 400.0, minute(11): 9000.0}
    assert combined(stat, durations, COUNTS, SPAN) == pytest.approx(expected)
    assert combined(stat, {}, COUNTS, SPAN) is None
