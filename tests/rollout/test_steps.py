"""What a spec says of a rollout becomes steps, times and shares."""

from __future__ import annotations

from datetime import timedelta

import pytest

from reconciler.core.rollouts import Analysis, Duration, Errors, Rollout, Smoke, Step
from reconciler.rollout.steps import PRESETS, duration, in_words, percent, rollout_of
from tests.rollout.standing_by import minutes, rollout


def test_an_approval_keeps_the_share_of_the_step_before() -> None:
    assert rollout().steps == (
        Step(0.05, minutes(10)),
        Step(0.25, minutes(30)),
        Step(0.25, is_approval=True),
        Step(0.5, minutes(60)),
    )
    assert in_words(rollout()) == "5 % → 25 % → approval → 50 % → 100 %"


def test_an_approval_may_come_before_all_traffic() -> None:
    assert rollout_of({"steps": ["approve"]}).steps == (Step(0.0, is_approval=True),)


@pytest.mark.parametrize(
    ("name", "steps"),
    [
        ("all-at-once", []),
        ("LambdaAllAtOnce", []),
        ("LambdaCanary10Percent15Minutes", [(0.1, 15)]),
        ("LambdaLinear10PercentEvery1Minute", [(tenths / 10, 1) for tenths in range(1, 10)]),
        ("LambdaLinear10PercentEvery10Minutes", [(tenths / 10, 10) for tenths in range(1, 10)]),
    ],
)
def test_a_preset_is_the_steps_that_it_stands_for(name: str, steps: list[tuple[float, int]]) -> None:
    expected = Rollout(tuple(Step(weight, minutes(bake)) for weight, bake in steps))
    assert rollout_of(name) == rollout_of({"steps": name}) == expected


def test_the_presets_are_those_of_codedeploy() -> None:
    assert [name for name in PRESETS if name != "all-at-once"] == [
        "LambdaAllAtOnce",
        *(f"LambdaCanary10Percent{bake}Minutes" for bake in (5, 10, 15, 30)),
        "LambdaLinear10PercentEvery1Minute",
        *(f"LambdaLinear10PercentEvery{bake}Minutes" for bake in (2, 3, 10)),
    ]


def test_everything_that_may_be_said_is_understood() -> None:
    said = {
        "steps": "all-at-once",
        "watch": "15m",
        "smoke": [
            {"event": "e.json", "expect": {"/a": 1}, "within": "800ms", "log_lacks": ["x"], "params": {"TenantId": "t"}}
        ],
        "analysis": {
            "alarms": ["red"],
            "require_green": True,
            "errors": {"max": "2%", "over_stable": "0.5%", "least": 7},
            "duration": {"stat": "p95", "max": "2s", "over_stable": "30%"},
            "throttles": {"max": 0},
        },
        "unsure": "go",
        "deadline": "1d",
        "on_failure": "hold",
        "rollback_window": 1,
    }
    assert rollout_of(said) == Rollout(
        steps=(),
        watch=minutes(15),
        smoke=(Smoke("e.json", {"/a": 1}, timedelta(milliseconds=800), ("x",), {"TenantId": "t"}),),
        analysis=Analysis(("red",), True, Errors(0.02, 0.005, 7), Duration("p95", 2000, 0.3, 50), 0),
        unsure="go",
        deadline=timedelta(days=1),
        on_failure="hold",
        rollback_window=1,
    )


def test_what_is_left_out_holds_and_goes_back() -> None:
    assert rollout_of("all-at-once") == Rollout((), timedelta(0), (), Analysis(), "hold", None, "back", 3)


@pytest.mark.parametrize(
    ("text", "seconds"), [("800ms", 0.8), ("90s", 90), ("10m", 600), ("6h", 21_600), ("1d", 86_400)]
)
def test_a_time_is_a_number_with_its_unit(text: str, seconds: float) -> None:
    assert duration(text).total_seconds() == seconds


@pytest.mark.parametrize(
    ("share", "text"), [(0.05, "5 %"), (0.041, "4.1 %"), (0.29, "29 %"), (1.0, "100 %"), (0, "0 %")]
)
def test_a_share_is_told_in_percents(share: float, text: str) -> None:
    assert percent(share) == text
