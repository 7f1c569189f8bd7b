"""What CloudWatch is asked for, and what follows from its numbers."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from reconciler.rollout.evidence import Alarm, Evidence, Side, Window, baseline, hour_before, verdict, window
from reconciler.rollout.marker import Marker
from reconciler.rollout.words import judged_in_words
from tests.rollout.standing_by import GREEN, NOON, in_step, marked, minutes, rollout, watched

STEP, WATCH = marked(in_step()), marked(watched())
HALF_AN_HOUR = Window(NOON, NOON + minutes(30))


def at(hour: int, minute: int) -> datetime:
    return datetime(2026, 11, 25, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("timeout", "later", "end"),
    [
        pytest.param(timedelta(seconds=3), minutes(10), at(12, 9), id="a minute for what still runs"),
        pytest.param(minutes(5), minutes(10), at(12, 5), id="as long as the function may run"),
        pytest.param(minutes(90), minutes(30), at(12, 15), id="a quarter of an hour at the most"),
        pytest.param(minutes(15), minutes(10), at(12, 1), id="nothing yet"),
        pytest.param(timedelta(seconds=3), minutes(-60), at(12, 1), id="a clock that goes back"),
    ],
)
def test_a_window_has_whole_minutes_without_the_first_and_the_last(
    timeout: timedelta, later: timedelta, end: datetime
) -> None:
    found = window(STEP, timeout, NOON + later)
    assert found == Window(at(12, 1), end)
    assert found.is_empty == (end == at(12, 1))


def test_the_stable_version_is_looked_at_in_the_same_window() -> None:
    assert baseline(STEP, HALF_AN_HOUR) == HALF_AN_HOUR


def test_while_it_is_watched_in_the_hour_before_all_began() -> None:
    assert baseline(WATCH, HALF_AN_HOUR) == hour_before(WATCH) == Window(at(9, 30), at(10, 30))


ERRORS = {"errors": {"max": "2%", "over_stable": "1%", "least": 50}}
TIMES = {"duration": {"stat": "p95", "max": "800ms", "over_stable": "30%", "least": 50}}
MOST = {"errors": {"max": "2%", "least": 50}}
THROTTLES = {"throttles": {"max": 2}}
CASES: dict[str, tuple[dict[str, Any], dict[str, Any], str, str]] = {
    "nothing to look at": ({}, {}, "pass", ""),
    "few errors": (ERRORS, {"candidate": Side(100, 2), "stable": Side(100, 1)}, "pass", ""),
    "too many errors": (ERRORS, {"candidate": Side(100, 3), "stable": Side(100, 3)}, "fail", "errors 3 % > 2 %"),
    "more errors than stable": (
        ERRORS, {"candidate": Side(1000, 16), "stable": Side(1000, 5)}, "fail", "errors 1.6 %, 1.1 % over stable > 1 %"),
    "by less than a tenth": (MOST, {"candidate": Side(10_000, 204)}, "fail", "errors 2.04 % > 2 %"),
    "by one of a million": (MOST, {"candidate": Side(1_000_000, 20_001)}, "fail", "errors 2.0001 % > 2 %"),
    "a most of less than a tenth": (
        {"errors": {"max": "0.05%"}}, {"candidate": Side(10_000, 6)}, "fail", "errors 0.1 % > 0.05 %"),
    "slow by less than one": (TIMES, {"candidate": Side(50, 0, 800.25), "stable": Side(50, 0, 800)}, "fail", "duration p95 800.2 ms > 800 ms"),
    "as many more as there may be": (ERRORS, {"candidate": Side(100, 2), "stable": Side(100, 1)}, "pass", ""),
    "by no more than floating point adds": (
        {"errors": {"over_stable": "1%"}}, {"candidate": Side(100, 7), "stable": Side(100, 6)}, "pass", ""),
    "too few of the candidate": (
        ERRORS, {"candidate": Side(40, 40), "stable": Side(900)}, "unsure", "too few invocations of candidate for errors: 40 of 50"),
    "too few of stable to compare with": (
        ERRORS, {"candidate": Side(100, 2), "stable": Side(49)}, "unsure", "too few invocations of stable for errors: 49 of 50"),
    "too many, whatever stable does": (ERRORS, {"candidate": Side(100, 50), "stable": Side()}, "fail", "errors 50 % > 2 %"),
    "enough for the most alone": (MOST, {"candidate": Side(50, 1), "stable": Side()}, "pass", ""),
    "nobody came": (MOST, {}, "unsure", "too few invocations of candidate for errors: 0 of 50"),
    "fast": (TIMES, {"candidate": Side(50, 0, 390), "stable": Side(50, 0, 300)}, "pass", ""),
    "slow": (TIMES, {"candidate": Side(50, 0, 801), "stable": Side(50, 0, 800)}, "fail", "duration p95 801 ms > 800 ms"),
    "slower than stable": (
        TIMES, {"candidate": Side(50, 0, 400), "stable": Side(50, 0, 300)}, "fail",
        "duration p95 400 ms, more than 30 % over stable's 300 ms"),
    "slow, and nothing to compare with": (
        TIMES, {"candidate": Side(50, 0, 400), "stable": Side(10, 0, 1)}, "unsure", "too few invocations of stable for duration: 10 of 50"),
    "slow, by too few": (
        TIMES, {"candidate": Side(9, 0, 9000), "stable": Side(50, 0, 1)}, "unsure",
        "too few invocations of candidate for duration: 9 of 50"),
    "no duration": (TIMES, {"candidate": Side(50), "stable": Side(50, 0, 1)}, "unsure", "no duration of candidate"),
    "as many throttles as before": (THROTTLES, {"throttles": 12, "throttles_before": 10}, "pass", ""),
    "more throttles than before": (THROTTLES, {"throttles": 13, "throttles_before": 10}, "fail", "throttles 13 > 2 (before: 10)"),
    "throttles of three hours beside one": (
        THROTTLES, {"throttles": 32, "throttles_before": 10, "window": Window(NOON, NOON + minutes(180))}, "pass", ""),
    "throttles that nobody counted": (THROTTLES, {"throttles": 5}, "unsure", "throttles are not known"),
    "two reasons": (
        {"alarms": ["red"], **MOST}, {"alarms": {"red": Alarm("ALARM", NOON)}, "candidate": Side(100, 3)}, "fail",
        "alarm red is in ALARM; errors 3 % > 2 %"),
    "an alarm that lacks data": ({"alarms": ["red"]}, {"alarms": {"red": Alarm("INSUFFICIENT_DATA", NOON)}}, "pass", ""),
    "an alarm counts without any traffic": ({"alarms": ["red"], **MOST}, {"alarms": {"red": Alarm("ALARM", NOON)}}, "fail", "alarm red is in ALARM"),
    "an alarm of somebody else": ({"alarms": ["red"]}, {"alarms": GREEN | {"blue": Alarm("ALARM", NOON)}}, "pass", ""),
    "an alarm since nobody knows when": ({"alarms": ["red"]}, {"alarms": {"red": Alarm("ALARM")}}, "fail", "alarm red is in ALARM"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_a_verdict_says_why(case: str) -> None:
    analysis, found, outcome, reason = CASES[case]
    judged = verdict(rollout(analysis=analysis), STEP, Evidence(**{"window": HALF_AN_HOUR} | found))
    assert (judged.outcome, judged.reason) == (outcome, reason)


def test_scenario_07_an_alarm_that_was_red_before_counts_once_it_was_green() -> None:
    """CloudWatch tells when an alarm came into its state: one that was green since is red since later."""
    rule, told = rollout(analysis={"alarms": ["red"]}), {}
    states = {
        "red before": ("ALARM", -60),
        "green": ("OK", 5),
        "red again": ("ALARM", 9),
        "red as it began": ("ALARM", -10),
    }
    for name, (state, since) in states.items():
        evidence = Evidence(HALF_AN_HOUR, alarms={"red": Alarm(state, NOON + minutes(since))})
        told[name] = verdict(rule, STEP, evidence).outcome
    assert told == {"red before": "pass", "green": "pass", "red again": "fail", "red as it began": "fail"}


def test_scenario_08_an_alarm_that_is_not_there_is_no_pass() -> None:
    judged = verdict(rollout(analysis={"alarms": ["red"]}), STEP, Evidence(HALF_AN_HOUR))
    assert (judged.outcome, judged.reason) == ("unsure", "there is no alarm red")


@pytest.mark.parametrize("marker", [STEP, WATCH], ids=["step", "watch"])
def test_scenario_37_what_could_not_be_asked_is_no_pass_and_what_was_found_still_fails(marker: Marker) -> None:
    found = Evidence(HALF_AN_HOUR, Side(900), Side(900), alarms=GREEN, problem="CloudWatch answered 503")
    judged = verdict(rollout(), marker, found)
    assert (judged.outcome, judged.reason) == ("unsure", "CloudWatch answered 503")
    assert verdict(rollout(), marker, replace(found, alarms={"red": Alarm("ALARM", NOON)})).outcome == "fail"


def test_a_verdict_keeps_its_numbers() -> None:
    rule = rollout(analysis={"alarms": ["red"], **TIMES, **THROTTLES})
    found = Evidence(HALF_AN_HOUR, Side(420, 1, 310.04), Side(1270, 4), 3, 2, GREEN)
    assert verdict(rule, STEP, found).numbers == {
        "candidate": {"invocations": 420, "errors": 1, "duration_p95_ms": 310.0},
        "stable": {"invocations": 1270, "errors": 4, "duration_p95_ms": None},
        "throttles": 3,
        "alarms": {"red": "OK"},
    }


def test_of_versions_that_nobody_asked_for_or_was_told_of_there_are_no_numbers() -> None:
    """A record with 0 invocations would say that nobody came."""
    found = Evidence(HALF_AN_HOUR, alarms=GREEN)
    assert verdict(rollout(analysis={"alarms": ["red"]}), STEP, found).numbers == {"alarms": {"red": "OK"}}
    unknown = replace(found, problem="CloudWatch answered 503", is_measured=False)
    assert verdict(rollout(), STEP, unknown).numbers == {"alarms": {"red": "OK"}}


@pytest.mark.parametrize(
    ("candidate", "stable", "told"),
    [
        (Side(20, 0, 9), Side(900, 0, 9), "; at this rate enough in about 45m"),
        (Side(20, 0, 9), Side(10, 0, 9), "; at this rate enough in about 120m"),
        (Side(0), Side(900, 0, 9), ""),
        (Side(50, 0, None), Side(900, 0, 9), ""),
    ],
    ids=["one side", "the slower of both", "nobody came", "enough, and no duration"],
)
def test_when_there_may_be_enough_invocations_is_told_from_what_came_so_far(
    candidate: Side, stable: Side, told: str
) -> None:
    rule = rollout(
        analysis={"errors": {"max": "2%", "over_stable": "1%", "least": 50}, "duration": {"max": "1s", "least": 50}}
    )
    judged = verdict(rule, STEP, Evidence(HALF_AN_HOUR, candidate, stable))
    assert (judged.outcome, judged.lacks) == ("unsure", f"{judged.reason}{told}")
    assert verdict(rule, STEP, Evidence(HALF_AN_HOUR, candidate, stable, problem="CloudWatch is down")).lacks == (
        "CloudWatch is down"
    )


def test_a_million_is_told_in_its_digits() -> None:
    rule = rollout(analysis={"errors": {"max": "2%", "least": 2_000_000}, **THROTTLES})
    judged = verdict(rule, STEP, Evidence(HALF_AN_HOUR, Side(1_234_567, 1), Side(9_876_543), 1_000_001, 1_000_000))
    assert judged.reason == "too few invocations of candidate for errors: 1234567 of 2000000"
    assert judged_in_words(judged.outcome, judged.numbers, "") == (
        "unsure: candidate 1234567 invocations, 1 error; stable 9876543 invocations, 0 errors; throttles 1000001"
    )
