"""Whether a rollout's steps get the invocations that its evidence needs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from reconciler.rollout.scarce import least, scarcity
from reconciler.rollout.steps import rollout_of

STEPS = [{"weight": 0.05, "bake": "12m"}, "approve", {"weight": 0.5, "bake": "12m"}]
ERRORS = {"errors": {"max": "2%", "least": 50}}


def said(a_day: float, *, timeout: int = 3, analysis: Any = ERRORS, **more: Any) -> str:
    rollout = rollout_of({"steps": STEPS, "analysis": analysis, **more})
    return scarcity(rollout, a_day, timedelta(days=1), timedelta(seconds=timeout))


def test_the_step_that_lacks_most_is_told_with_what_comes_of_it_and_what_to_write() -> None:
    assert said(2880) == (
        "at 5 % for 12m about 1 of the 50 invocations that its evidence needs are to be expected (2880 invocations in the last day), "
        "and it is held then; let it bake for 502m, give it more, or lower `least`"
    )


@pytest.mark.parametrize(("a_day", "is_scarce"), [(144_000, False), (143_000, True)])
def test_two_minutes_of_a_step_count_for_nothing(a_day: int, is_scarce: bool) -> None:
    """Of twelve minutes ten are looked at: five invocations a minute at 5 %."""
    assert bool(said(a_day)) is is_scarce


def test_a_long_timeout_leaves_less_of_a_step_to_look_at() -> None:
    assert said(150_000) == ""
    assert said(150_000, timeout=300) != ""


def test_where_both_are_compared_the_smaller_side_counts() -> None:
    compared = {"errors": {"over_stable": "1%", "least": 50}}
    steps = [{"weight": 0.95, "bake": "12m"}]
    assert said(20_000, steps=steps) == ""
    assert "at 95 % for 12m about 7 of the 50" in said(20_000, steps=steps, analysis=compared)


@pytest.mark.parametrize(
    ("unsure", "then"), [("hold", "it is held then"), ("go", "it goes on unseen"), ("back", "it goes back")]
)
def test_it_says_what_is_done_when_nobody_can_tell(unsure: str, then: str) -> None:
    assert then in said(0, unsure=unsure)
    assert "0 invocations in the last day" in said(0, unsure=unsure)
    assert "bake" not in said(0, unsure=unsure), "no time is enough for nothing"


def test_what_is_younger_than_a_day_counts_by_the_time_that_it_was_called_in() -> None:
    rollout = rollout_of({"steps": STEPS, "analysis": ERRORS})
    assert scarcity(rollout, 1000, timedelta(minutes=10), timedelta(seconds=3)) == ""


def test_the_greatest_need_counts_and_without_one_nothing_is_scarce() -> None:
    both = {"errors": {"max": "1%", "least": 5}, "duration": {"stat": "p95", "max": "1s", "least": 200}}
    assert least(rollout_of({"steps": STEPS, "analysis": both})) == 200
    assert least(rollout_of({"steps": STEPS, "analysis": {"throttles": {"max": 0}}})) == 0
    assert least(rollout_of({"steps": "all-at-once", "analysis": both})) == 0
    assert said(0, analysis={"throttles": {"max": 0}}) == ""
