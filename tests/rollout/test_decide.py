"""What a tick does with an alias, by where it stands and what was seen: never more than one step, and nothing that somebody else began."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from reconciler.core.rollouts import Rollout
from reconciler.rollout.decide import Decision, begun, decide, held_back, rejected
from reconciler.rollout.evidence import Alarm
from reconciler.rollout.marker import Marker
from reconciler.rollout.standing import Alias, disagreement, place, status
from tests.rollout.standing_by import CANARY, NOON, in_step, marked, minutes, rollout, seen, watched

RED = {"red": Alarm("ALARM", NOON)}
FAILING: dict[str, Any] = {"errors": 20}
FEW: dict[str, Any] = {"invocations": 40, "errors": 0}
APPROVAL = in_step(3)
LAST = in_step(4, 0.5)


def tick(alias: Alias, later: float, *, rule: Rollout | None = None, **found: Any) -> Decision:
    now = NOON + minutes(later)
    return decide(rule or rollout(), alias, seen(alias, now, **found), now)


def then(decision: Decision) -> str:
    """`7 {8: 0.25} step 2`: what one call makes of the alias; empty where there is none."""
    alias = decision.after
    if alias is None:
        return ""
    where = f" {alias.marker.state} {alias.marker.step or ''}".rstrip() if alias.marker else ""
    flag = f" {alias.marker.flag}" if alias.marker and alias.marker.flag else ""
    return f"{alias.version} {dict(alias.weights) or ''}".rstrip() + where + flag


TICKS: dict[str, tuple[Alias, float, dict[str, Any], tuple[str, str, bool]]] = {
    "in mid-bake": (in_step(), 29, {}, ("none", "", False)),
    "the bake is over": (in_step(), 30, {}, ("step", "7 {'8': 0.25} step 3", True)),
    "an approval waits": (APPROVAL, 600, {}, ("none", "", True)),
    "an approval may fail": (APPROVAL, 5, FAILING, ("back", "7 rejected", False)),
    "nobody can tell at an approval": (APPROVAL, 600, FEW, ("none", "", True)),
    "after the last step": (LAST, 60, {}, ("promote", "8 watch", False)),
    "watched": (watched(), 14, {}, ("none", "", False)),
    "the watch is over": (watched(), 15, {}, ("done", "8", False)),
    "few came while it was watched": (watched(), 15, FEW, ("done", "8", False)),
    "a red alarm": (in_step(), 3, {"alarms": RED}, ("back", "7 rejected", False)),
    "held": (in_step(flag="held", reason="few"), 31, {}, ("step", "7 {'8': 0.25} step 3", True)),
    "held still": (in_step(flag="held", reason="few"), 31, FEW, ("none", "", True)),
    "paused": (in_step(flag="paused"), 31, {}, ("none", "", True)),
    "no minute yet": (in_step(1, 0.05), 1, {}, ("none", "", False)),
    "no rollout": (Alias("7"), 1, {}, ("none", "", False)),
    "weights of somebody else": (Alias("7", {"8": 0.1}), 1, FAILING, ("none", "", False)),
    "rejected": (rejected("8", "7", "errors", NOON), 600, {}, ("none", "", False)),
    "rejected, and promoted by hand": (replace(rejected("8", "7", "errors", NOON), version="8"), 1, {}, ("forget", "8", False)),
    "put back by hand while watched": (replace(watched(), version="7"), 1, {}, ("forget", "7", False)),
    "another weight": (replace(in_step(), weights={"8": 0.9}), 31, {}, ("none", "", True)),
    "another weight, and it fails": (replace(in_step(), weights={"8": 0.9}), 31, FAILING, ("back", "7 rejected", False)),
    "a third version, and it fails": (replace(in_step(), weights={"6": 0.9}), 31, FAILING, ("none", "", True)),
    "weights while watched": (replace(watched(), weights={"6": 0.1}), 31, {}, ("none", "", True)),
    "AWS keeps the traffic": (replace(watched(), weights={"7": 1.0}, provisioned="IN_PROGRESS"), 31, {}, ("none", "", False)),
    "what is provisioned does not start": (replace(watched(), weights={"7": 1.0}, provisioned="FAILED"), 1, {}, ("back", "7 rejected", False)),
    "AWS gave up": (replace(watched(), weights={"7": 1.0}, stuck="no room"), 1, {}, ("back", "7 rejected", False)),
    "all traffic by hand": (replace(in_step(), weights={"8": 1.0}), 31, {}, ("none", "", True)),
}  # fmt: skip


RULED: dict[str, tuple[dict[str, Any], Alias, float, dict[str, Any], tuple[str, str, bool]]] = {
    "no watch": ({"watch": "0s"}, LAST, 60, {}, ("promote", "8", False)),
    "no watch, and something is provisioned": ({"watch": "0s"}, replace(LAST, provisioned="READY"), 60, {}, ("promote", "8 watch", False)),
    "held, and it fails": ({}, in_step(flag="held", reason="few"), 5, FAILING, ("back", "7 rejected", False)),
    "held, and it fails, for people": ({"on_failure": "hold"}, in_step(flag="held", reason="few"), 5, FAILING, ("pause", "7 {'8': 0.25} step 2 paused", True)),
    "a watch fails, for people": ({"on_failure": "hold"}, watched(), 5, FAILING, ("pause", "8 watch paused", True)),
    "an approval fails, for people": ({"on_failure": "hold"}, APPROVAL, 5, FAILING, ("pause", "7 {'8': 0.25} step 3 paused", True)),
    "an approval has no deadline": ({"deadline": "1h"}, APPROVAL, 500, FEW, ("none", "", True)),
    "a pause has no deadline": ({"deadline": "1h"}, in_step(flag="paused"), 500, FEW, ("none", "", True)),
    "late, and enough came": ({"deadline": "1h"}, in_step(), 500, {}, ("step", "7 {'8': 0.25} step 3", True)),
    "late, and unsure goes": ({"deadline": "1h", "unsure": "go"}, in_step(), 500, FEW, ("step", "7 {'8': 0.25} step 3", True)),
    "late, and unsure goes back": ({"deadline": "1h", "unsure": "back"}, in_step(), 500, FEW, ("back", "7 rejected", False)),
    "a watch has no unsure": ({"unsure": "back"}, watched(), 15, FEW, ("done", "8", False)),
    "back from where people wait, by what does not start": (
        {"on_failure": "hold"}, replace(watched(flag="paused"), weights={"7": 1.0}, provisioned="FAILED"), 1, {}, ("back", "7 rejected", False)),
    "nothing is looked at": ({"analysis": {}}, in_step(), 30, {**FEW, "problem": ""}, ("step", "7 {'8': 0.25} step 3", True)),
}  # fmt: skip


@pytest.mark.parametrize("case", RULED)
def test_a_tick_does_what_the_spec_says(case: str) -> None:
    said, alias, later, found, expected = RULED[case]
    decision = tick(alias, later, rule=rollout(**said), **found)
    assert (decision.did, then(decision), decision.needs_person) == expected


@pytest.mark.parametrize("case", TICKS)
def test_a_tick_does_one_thing(case: str) -> None:
    alias, later, found, expected = TICKS[case]
    decision = tick(alias, later, **found)
    assert (decision.did, then(decision), decision.needs_person) == expected


def test_a_first_call_gives_the_first_share() -> None:
    decision = begun(rollout(), Alias("7"), "8", NOON)
    assert (decision.did, then(decision)) == ("start", "7 {'8': 0.05} step 1")
    assert decision.not_before == NOON + minutes(10)
    assert str(marked(decision.after or Alias(""))).startswith(
        "[rollout 8: step 1 of 4 at 5% since 2026-11-25T12:00:05Z, "
    )


def test_a_rollout_of_no_steps_moves_at_once_and_is_watched() -> None:
    assert then(begun(rollout(steps="all-at-once"), Alias("7"), "8", NOON)) == "8 watch"
    assert then(begun(Rollout(), Alias("7"), "8", NOON)) == "8"


def test_a_watch_that_is_over_while_nobody_can_look_waits_for_no_time_that_is_past() -> None:
    now = NOON + minutes(16)
    decision = decide(rollout(), watched(), seen(watched(), now, problem="CloudWatch answered 503"), now)
    assert (decision.did, decision.reason, decision.not_before) == ("none", "CloudWatch answered 503", None)


def test_what_is_provisioned_is_waited_for_without_a_watch() -> None:
    decision = begun(Rollout(), Alias("7", provisioned="READY"), "8", NOON)
    assert (then(decision), decision.not_before) == ("8 watch", NOON)


def test_a_rollout_that_begins_with_an_approval_moves_nothing() -> None:
    decision = begun(rollout(steps=["approve"]), Alias("7"), "8", NOON)
    assert (then(decision), decision.needs_person) == ("7 step 1", True)


def test_a_newer_candidate_begins_again_beside_the_same_stable_version() -> None:
    decision = begun(rollout(), in_step(flag="paused"), "9", NOON + minutes(7))
    assert then(decision) == "7 {'9': 0.05} step 1"
    assert marked(decision.after or Alias("")).begun == NOON + minutes(7)


def test_all_steps_one_after_the_other() -> None:
    """Each begins when the one before is over; begun and stable stay what they are."""
    rule, now = rollout(CANARY.replace("  - approve\n", "")), NOON
    decision, story = begun(rule, Alias("7"), "8", now), list[str]()
    while decision.after and decision.after.marker:
        alias = decision.after
        story.append(str(alias.marker).partition(", begun ")[0])
        assert alias.marker is not None
        assert (alias.marker.begun, alias.marker.from_) == (NOON, "7")
        assert decision.not_before
        now = decision.not_before
        assert decide(rule, alias, seen(alias, now), now - timedelta(seconds=1)).after is None
        decision = decide(rule, alias, seen(alias, now), now)
    assert decision.after == Alias("8")
    assert story == [
        "[rollout 8: step 1 of 3 at 5% since 2026-11-25T12:00:05Z",
        "[rollout 8: step 2 of 3 at 25% since 2026-11-25T12:10:05Z",
        "[rollout 8: step 3 of 3 at 50% since 2026-11-25T12:40:05Z",
        "[rollout 8: watch since 2026-11-25T13:40:05Z",
    ]


# --- the scenarios of the design, by their numbers -----------------------------------------------------------------


def test_scenario_05_errors_put_it_back_in_one_call() -> None:
    decision = tick(in_step(), 31, **FAILING)
    assert (decision.did, then(decision)) == ("back", "7 rejected")
    assert str(marked(decision.after or Alias(""))) == "[rollout 8: rejected 2026-11-25T12:31:05Z: errors 5 % > 2 %]"
    assert decision.verdict
    assert decision.verdict.outcome == "fail"
    assert tick(decision.after or Alias(""), 40).did == "none"


def test_scenario_06_a_fail_does_not_wait_for_the_bake() -> None:
    assert then(tick(in_step(), 4, **FAILING)) == "7 rejected"


@pytest.mark.parametrize(
    ("alarm", "did"),
    [
        pytest.param(Alarm("ALARM", NOON - minutes(11)), "step", id="red before"),
        pytest.param(Alarm("OK", NOON), "step", id="green"),
        pytest.param(Alarm("ALARM", NOON + minutes(3)), "back", id="red again"),
    ],
)
def test_scenario_07_an_old_fire_does_not_keep_the_fix_out(alarm: Alarm, did: str) -> None:
    assert tick(in_step(), 30, alarms={"red": alarm}).did == did


def test_scenario_08_an_alarm_that_was_deleted_is_unsure() -> None:
    decision = tick(in_step(), 30, alarms={})
    assert (decision.did, decision.reason) == ("hold", "there is no alarm red")


def test_scenario_09_too_few_invocations_hold_until_there_are_more() -> None:
    held = tick(in_step(), 30, **FEW)
    assert (held.did, then(held), held.needs_person) == ("hold", "7 {'8': 0.25} step 2 held", True)
    assert held.after
    assert held.after.marker == replace(
        marked(in_step()), flag="held", reason="too few invocations of candidate for errors: 40 of 50"
    )
    assert tick(held.after, 31, **FEW).after is None
    assert then(tick(held.after, 31, invocations=50, errors=0)) == "7 {'8': 0.25} step 3"


@pytest.mark.parametrize(("unsure", "after"), [("go", "7 {'8': 0.25} step 3"), ("back", "7 rejected")])
def test_scenario_10_too_few_invocations_go_on_or_back_where_the_spec_says_so(unsure: str, after: str) -> None:
    assert then(tick(in_step(), 30, rule=rollout(unsure=unsure), **FEW)) == after
    assert tick(in_step(), 29, rule=rollout(unsure=unsure), **FEW).did == "none"


def test_scenario_11_an_approval_stays_however_long() -> None:
    decision = tick(APPROVAL, 60 * 24 * 30, **FEW)
    assert (decision.did, decision.needs_person, decision.not_before) == ("none", True, None)


def test_scenario_12_what_is_paused_still_goes_back() -> None:
    assert then(tick(in_step(flag="paused"), 10, **FAILING)) == "7 rejected"


def test_scenario_13_after_its_deadline_a_step_without_evidence_is_paused() -> None:
    held = in_step(flag="held", reason="few")
    assert tick(held, 359, **FEW).did == "none"
    late = tick(held, 360, **FEW)
    assert (late.did, then(late), late.needs_person) == ("pause", "7 {'8': 0.25} step 2 paused", True)
    assert late.after
    assert tick(late.after, 700).did == "none"


@pytest.mark.parametrize(
    ("steps", "number", "after"),
    [
        pytest.param([0.05, 0.3, 0.5], 2, "7 {'8': 0.3} step 2", id="the step got greater"),
        pytest.param([0.05, 0.1, 0.25, 0.5], 3, "7 {'8': 0.5} step 4", id="one more before"),
        pytest.param([0.25, 0.5], 1, "7 {'8': 0.5} step 2", id="one less before"),
        pytest.param([0.05, 0.2], 3, "8 watch", id="all are below"),
        pytest.param([0.05, 0.25, 0.9], 2, "7 {'8': 0.9} step 3", id="the next is another"),
    ],
)
def test_scenario_17_edited_steps_go_on_from_the_nearest_that_is_not_below(
    steps: list[float], number: int, after: str
) -> None:
    rule = rollout(steps=[{"weight": weight, "bake": "30m"} for weight in steps])
    alias = in_step()
    assert (place(rule, marked(alias)), disagreement(alias)) == (number, "")
    assert then(tick(alias, 30, rule=rule)) == after


def test_scenario_17_steps_that_were_taken_out_move_it_at_the_next_tick() -> None:
    assert then(tick(in_step(), 3, rule=rollout(steps="all-at-once"))) == "8 watch"


def test_scenario_19_traffic_that_somebody_moved_stays_where_it_is() -> None:
    for moved in ({}, {"8": 0.5}, {"9": 0.25}):
        alias = replace(in_step(), weights=moved)
        decision = tick(alias, 31)
        assert (decision.did, decision.after, decision.needs_person) == ("none", None, True)
        assert "somebody moved its traffic" in decision.reason
        assert status(rollout(), alias) == "disagreement"


@pytest.mark.parametrize(
    "alias",
    [
        pytest.param(replace(in_step(), version="8", weights={}), id="promoted"),
        pytest.param(replace(in_step(), version="6"), id="another stable version"),
        pytest.param(replace(watched(), version="9"), id="while it is watched"),
    ],
)
def test_scenario_20_a_version_that_somebody_else_put_there_takes_the_marker_off(alias: Alias) -> None:
    decision = tick(alias, 31, **FAILING)
    assert (decision.did, decision.after) == ("forget", replace(alias, marker=None))
    assert f"on version {alias.version}, which no rollout put there" in decision.reason


def test_scenario_30_no_clock_but_the_one_that_is_given_counts() -> None:
    """And none goes back: before its step began, nothing is due."""
    early = datetime(2026, 11, 25, 11, 0, 5, tzinfo=UTC)
    assert decide(rollout(), in_step(), seen(in_step(), early), early).did == "none"
    here = (NOON + minutes(30)).astimezone(timezone(timedelta(hours=9)))
    assert decide(rollout(), in_step(), seen(in_step(), here), here) == tick(in_step(), 30)


def test_scenario_31_a_tick_that_comes_late_takes_one_step() -> None:
    rule = rollout(CANARY.replace("  - approve\n", ""))
    first = tick(in_step(1, 0.05), 180, rule=rule)
    assert then(first) == "7 {'8': 0.25} step 2"
    assert first.after
    assert tick(first.after, 180, rule=rule).after is None
    assert tick(first.after, 209, rule=rule).after is None
    assert then(tick(first.after, 210, rule=rule)) == "7 {'8': 0.5} step 3"


def test_scenario_32_while_it_is_watched_it_still_goes_back() -> None:
    decision = tick(watched(), 5, **FAILING)
    assert (decision.did, then(decision)) == ("back", "7 rejected")


def test_scenario_37_where_cloudwatch_cannot_be_asked_nothing_goes_on() -> None:
    held = tick(in_step(), 30, problem="CloudWatch answered 503")
    assert (held.did, held.reason) == ("hold", "CloudWatch answered 503")
    for unsure in ("go", "back"):  # words about too little traffic, not about eyes that are shut
        rule = rollout(unsure=unsure, deadline="1h")
        assert then(tick(in_step(), 30, rule=rule, problem="CloudWatch answered 503")) == "7 {'8': 0.25} step 2 held"
        assert then(tick(in_step(), 60, rule=rule, problem="CloudWatch answered 503")) == "7 {'8': 0.25} step 2 paused"
    watch = tick(watched(), 600, problem="CloudWatch answered 503")
    assert (watch.did, watch.reason) == ("none", "CloudWatch answered 503")


def test_scenario_38_a_decision_needs_the_alias_and_what_was_seen_alone() -> None:
    """No record is among what is given; the same given twice is the same decision."""
    assert tick(in_step(), 30) == tick(in_step(), 30)
    assert tick(in_step(), 30, **FAILING) == tick(in_step(), 30, **FAILING)


# --- what a spec says of failing ------------------------------------------------------------------------------------


def test_where_the_spec_says_so_a_fail_is_held_for_a_person_until_somebody_decides() -> None:
    rule = rollout(on_failure="hold")
    held = tick(in_step(), 4, rule=rule, **FAILING)
    assert (held.did, then(held), held.reason) == ("pause", "7 {'8': 0.25} step 2 paused", "errors 5 % > 2 %")
    assert held.after
    assert tick(held.after, 31, rule=rule).after is None
    assert tick(held.after, 31, rule=rule, **FAILING).after is None


@pytest.mark.parametrize("case", TICKS)
def test_scenario_36_in_a_freeze_a_tick_takes_back_and_does_nothing_else(case: str) -> None:
    alias, later, found, _ = TICKS[case]
    made = tick(alias, later, **found)
    held = held_back(made, "held by freeze f", NOON + minutes(9999))
    assert held == made if made.did == "back" or not made.after else (held.did, held.needs_person) == ("none", True)
    assert held.after is None or held.did == "back"
    assert held.verdict == made.verdict


def test_what_speaks_against_a_candidate_is_told_in_a_freeze_as_well() -> None:
    failed = tick(in_step(), 4, rule=rollout(on_failure="hold"), **FAILING)
    assert held_back(failed, "held by freeze f", NOON).reason == "held by freeze f: errors 5 % > 2 %"


@pytest.mark.parametrize(
    ("alias", "expected"),
    [
        (Alias("7"), ""),
        (in_step(), "shifting"),
        (APPROVAL, "approval"),
        (in_step(flag="paused"), "paused"),
        (in_step(3, flag="held"), "held"),
        (watched(), "watch"),
        (replace(watched(), weights={"7": 1.0}, provisioned="IN_PROGRESS"), "promoting"),
        (rejected("8", "7", "errors", NOON), "rejected"),
        (replace(rejected("8", "7", "errors", NOON), version="8"), "disagreement"),
        (replace(rejected("8", "7", "errors", NOON), weights={"8": 0.5}), "disagreement"),
        (replace(in_step(), version="8"), "disagreement"),
    ],
)
def test_an_alias_stands_somewhere(alias: Alias, expected: str) -> None:
    assert status(rollout(), alias) == expected


def test_without_a_rollout_in_the_spec_it_is_told_by_the_alias_alone() -> None:
    assert (status(None, APPROVAL), status(None, watched())) == ("shifting", "watch")
    assert isinstance(marked(APPROVAL), Marker)
