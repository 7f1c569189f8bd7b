"""What a person can ask of a rollout, in which state, and what is said where it cannot be."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from reconciler.rollout.decide import Wish, asked, rejected
from reconciler.rollout.standing import Alias
from tests.rollout.standing_by import NOON, in_step, minutes, rollout, watched
from tests.rollout.test_decide import APPROVAL, LAST, then, tick

LATER = NOON + minutes(5)
PAUSED, HELD = in_step(flag="paused", reason="for lunch"), in_step(flag="held", reason="few")
MOVED = replace(in_step(), weights={"8": 0.9})
PROMOTED = replace(in_step(), version="8", weights={})
REJECTED = rejected("8", "7", "errors 4 %", NOON)
FULL, RESET = {"is_full": True}, {"is_reset": True}
WISHES: dict[str, tuple[Wish, Alias, dict[str, Any], tuple[str, str]]] = {
    "promote past an approval": ("promote", APPROVAL, {}, ("step", "7 {'8': 0.5} step 4")),
    "promote past a hold": ("promote", HELD, {}, ("step", "7 {'8': 0.25} step 3")),
    "promote past a pause": ("promote", PAUSED, {}, ("step", "7 {'8': 0.25} step 3")),
    "promote past the last": ("promote", in_step(4, 0.5, flag="held"), {}, ("promote", "8 watch")),
    "promote all": ("promote", in_step(), FULL, ("promote", "8 watch")),
    "end a watch that is paused": ("promote", watched(flag="paused"), {}, ("done", "8")),
    "abort a step": ("abort", in_step(), {}, ("back", "7 rejected")),
    "abort an approval": ("abort", APPROVAL, {}, ("back", "7 rejected")),
    "abort what is paused": ("abort", PAUSED, {}, ("back", "7 rejected")),
    "abort a watch": ("abort", watched(), {}, ("back", "7 rejected")),
    "abort what somebody moved": ("abort", MOVED, {}, ("back", "7 rejected")),
    "abort what somebody promoted": ("abort", PROMOTED, {}, ("back", "7 rejected")),
    "pause": ("pause", in_step(), {}, ("pause", "7 {'8': 0.25} step 2 paused")),
    "pause what is held": ("pause", HELD, {}, ("pause", "7 {'8': 0.25} step 2 paused")),
    "pause a watch": ("pause", watched(), {}, ("pause", "8 watch paused")),
    "resume": ("resume", PAUSED, {}, ("resume", "7 {'8': 0.25} step 2")),
    "resume what is held": ("resume", HELD, {}, ("resume", "7 {'8': 0.25} step 2")),
    "reset": ("resume", MOVED, RESET, ("resume", "7 {'8': 0.25} step 2")),
    "reset a watch": ("resume", replace(watched(), weights={"6": 0.1}), RESET, ("resume", "8 watch")),
    "retry": ("retry", REJECTED, {"versions": ["7", "8"]}, ("start", "7 {'8': 0.05} step 1")),
}  # fmt: skip
REFUSED: dict[str, tuple[Wish, Alias, dict[str, Any], str]] = {
    "nothing waits": ("promote", in_step(), {}, "nothing waits for it: the step takes until 2026-11-25T12:30:05Z; `--full` moves all traffic now"),
    "all is there": ("promote", watched(), FULL, "8 has all the traffic already; it is watched"),
    "promote what was moved": ("promote", replace(MOVED, marker=APPROVAL.marker), {}, "`rollout resume --reset` gives the weight back"),
    "promote what was promoted": ("promote", PROMOTED, FULL, "it is on version 8, which no rollout put there"),
    "abort nothing": ("abort", Alias("7"), {}, "no rollout is open"),
    "abort what was rejected": ("abort", REJECTED, {}, "no rollout is open; 8 was rejected"),
    "pause twice": ("pause", PAUSED, {}, "it is paused already"),
    "resume what goes on": ("resume", in_step(), {}, "it is not paused"),
    "reset what goes on": ("resume", in_step(), RESET, "it is not paused"),
    "resume what was moved": ("resume", replace(MOVED, marker=PAUSED.marker), {}, "`--reset` gives the weight back"),
    "retry what is open": ("retry", in_step(), {}, "no version was rejected"),
    "retry what is deleted": ("retry", REJECTED, {"versions": ["7", "9"]}, "version 8 was deleted; publish a fix, or `reconcile republish`"),
    "retry beside weights": ("retry", replace(REJECTED, weights={"6": 0.1}), {}, "clear or adopt the weights"),
}  # fmt: skip


@pytest.mark.parametrize("case", WISHES)
def test_a_wish_is_one_call(case: str) -> None:
    wish, alias, how, expected = WISHES[case]
    decision = asked(wish, rollout(), alias, LATER, because="", **how)
    assert (decision.did, then(decision)) == expected


@pytest.mark.parametrize("case", REFUSED)
def test_a_wish_that_cannot_be_granted_says_why(case: str) -> None:
    wish, alias, how, reason = REFUSED[case]
    decision = asked(wish, rollout(), alias, LATER, **how)
    assert (decision.did, decision.after) == ("refused", None)
    assert reason in decision.reason


@pytest.mark.parametrize("alias", [in_step(), APPROVAL, PAUSED, LAST, watched(), MOVED, PROMOTED])
def test_going_back_needs_no_spec(alias: Alias) -> None:
    decision = asked("abort", None, alias, LATER, because="orders are lost")
    assert decision.after
    assert str(decision.after.marker) == "[rollout 8: rejected 2026-11-25T12:05:05Z: orders are lost]"


@pytest.mark.parametrize("wish", ["promote", "retry"])
def test_going_on_needs_one(wish: Wish) -> None:
    alias = REJECTED if wish == "retry" else APPROVAL
    assert "the spec has no rollout for this alias" in asked(wish, None, alias, LATER).reason


def test_scenario_11_promote_goes_past_the_approval() -> None:
    decision = asked("promote", rollout(), APPROVAL, LATER)
    assert then(decision) == "7 {'8': 0.5} step 4"
    assert decision.not_before == LATER + minutes(60)


def test_scenario_13_what_is_resumed_has_its_time_again() -> None:
    """Neither its deadline nor what was seen before ends it at once."""
    decision = asked("resume", rollout(), in_step(flag="paused", since=NOON - minutes(400)), NOON)
    assert decision.after
    assert tick(decision.after, 1, invocations=3).after is None
    assert tick(decision.after, 31, invocations=3).did == "hold"


def test_scenario_12_a_pause_says_why() -> None:
    decision = asked("pause", rollout(), in_step(), LATER, because="lunch")
    assert decision.after
    assert str(decision.after.marker).endswith(", from 7, paused: lunch]")
