"""What a person wants of a rollout."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from reconciler.rollout.marker import Marker
from tests.commands.rollout.scenes import ADDRESS, BEGUN, Scene
from tests.conftest import function_spec


def test_all_of_the_traffic_can_be_had_without_evidence(scene: Scene) -> None:
    scene.at_step()
    told = scene.told("promote", ADDRESS, "--full")
    assert (told["did"], told["status"], told["version"]) == ("promote", "watch", "2")
    assert scene.alias()[:2] == ("2", {})
    assert scene.moves() == 1


def test_an_abort_says_why_on_the_alias_and_what_was_asked_for_is_no_failure(scene: Scene) -> None:
    scene.at_step(2, 0.25)
    told = scene.told("abort", "checkout/live", "--because", "orders\x1b fail]")
    assert (told["did"], told["version"], told["weights"]) == ("back", "1", {})
    marker = scene.alias()[2]
    assert marker and (marker.state, marker.candidate, marker.reason) == ("rejected", "2", "orders fail)")


def test_an_abort_waits_for_no_answer_of_cloudwatch(scene: Scene) -> None:
    scene.at_step()
    scene.house.sandbox.requests.clear()
    scene.told("abort", ADDRESS, "--because", "it burns")
    assert "GetMetricData" not in [request.operation for request in scene.house.sandbox.requests]


def test_what_is_resumed_begins_its_step_anew(scene: Scene) -> None:
    scene.at_step()
    scene.told("pause", ADDRESS)
    scene.clock.go_on(60)
    told = scene.told("resume", ADDRESS)
    assert (told["did"], told["status"]) == ("resume", "shifting")
    marker = scene.alias()[2]
    assert marker and (marker.since, marker.flag) == (scene.clock.now, "")


WATCHED = Marker("2", "watch", BEGUN, BEGUN, "1")
TOLD: dict[str, tuple[Marker, dict[str, Any], str]] = {
    "a watch that is paused": (replace(WATCHED, flag="paused", reason="a freeze"), {}, "2 at 100 %, watched since 2026-11-25T12:00:00Z, from 1; paused: a freeze"),
    "a watch in which somebody gave weights": (WATCHED, {"weights": {"1": 0.5}}, "watched since 2026-11-25T12:00:00Z, from 1; disagreement: somebody moved"),
    "a watch in which somebody went back": (
        WATCHED, {"version": "1"}, "from 1; disagreement\n  the next tick: the marker is taken off: it is on version 1, which no rollout put there"),
    "a rejected version that somebody put there": (
        Marker("2", "rejected", BEGUN), {"version": "2"}, "on 2, 2 was rejected 2026-11-25T12:00:00Z; disagreement\n  the next tick: the marker is taken off: it is on version 2"),
    "a rejected version that somebody gave weights": (
        Marker("2", "rejected", BEGUN), {"weights": {"2": 0.5}}, "; disagreement: its weights (2 at 50 %) are of no rollout"),
}  # fmt: skip


@pytest.mark.parametrize("name", TOLD)
def test_what_has_no_step_is_told_as_well(scene: Scene, name: str) -> None:
    marker, moved, sentence = TOLD[name]
    scene.put(marker, **moved)
    result = scene.run("status", "--detailed-exitcode")
    assert (result.exit_code, sentence in result.out) == (28, True), (result.out, result.err)
    assert ("(W252)" in scene.house.run("plan").out) == bool(moved)


def test_where_git_has_no_steps_any_more_the_marker_tells_them(scene: Scene) -> None:
    scene.at_step()
    scene.spec("all-at-once", analysis="")
    told = scene.told("status")
    assert (told["step"], told["steps"], told["next"]) == (1, 4, "promote")


REFUSED = {
    "nothing open": ((), ("promote", ADDRESS), 21, "no rollout is open (R360)"),
    "not paused": (("step",), ("resume", ADDRESS), 21, "it is not paused (R360)"),
    "nothing waits": (("step",), ("promote", ADDRESS), 21, "`--full` moves all traffic now (R360)"),
    "no such alias": (("step",), ("abort", "checkout/lve", "--because", "x"), 21, "alias/lve does not exist (R361)"),
    "no such function": (("step",), ("abort", "chekout/live", "--because", "x"), 2, "did you mean checkout?"),
    "no alias": (
        ("step",),
        ("abort", "checkout", "--because", "x"),
        2,
        "which alias of checkout? write checkout/ALIAS",
    ),
    "no reason": (("step",), ("abort", ADDRESS, "--because", " "), 2, "it is empty"),
    "none at all": (("step",), ("abort", ADDRESS), 2, "Missing option '--because'"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_is_refused_and_nothing_is_written(scene: Scene, name: str) -> None:
    begun, words, code, message = REFUSED[name]
    scene.at_step() if begun else scene.put(None)
    result = scene.run(*words)
    assert result.exit_code == code, result.err
    assert message in result.err
    assert scene.moves() == 0
    if code == 21:
        document = scene.run(*words, "--format", "json").json()
        assert (document["kind"], document["exit_code"]) == ("error", 21)


def test_what_was_rejected_is_shown_with_what_is_to_be_done(scene: Scene) -> None:
    scene.put(Marker("2", "rejected", scene.clock.now, reason="errors 4.1 % > 2 %"))
    told = scene.told("status")
    assert (told["status"], told["candidate"], told["version"], told["reason"]) == (
        "rejected",
        "2",
        "1",
        "errors 4.1 % > 2 %",
    )
    assert "2 was rejected 2026-11-25T12:00:00Z: errors 4.1 % > 2 %" in scene.run("status").out
    assert "Nothing to change; 1 alias waits for a person (2 unchanged).\n" in scene.house.run("plan").out
    assert scene.house.run("status").out.endswith("\n1 function: 1 waits for a person.\n")


def test_status_changes_nothing_and_says_what_the_next_tick_does(scene: Scene) -> None:
    scene.at_step()
    scene.clock.go_on(11)
    scene.both(100, errors=9)
    told = scene.told("status")
    assert (told["did"], told["next"], told["verdict"]) == ("none", "back", "fail")
    assert scene.moves() == 0
    assert "the next tick: back to the stable version: errors 9 % > 2 %\n" in scene.run("status").out
    assert scene.run("status", "--detailed-exitcode").exit_code == 12


def test_a_step_that_is_over_has_no_time_that_it_waits_for(scene: Scene) -> None:
    scene.at_step()
    scene.clock.go_on(11)
    scene.both(100)
    told = scene.told("status")
    assert (told["next"], told["not_before"]) == ("step", None)
    lines = scene.run("status").out.splitlines()
    assert lines[0].endswith("2 at 5 % of 1, step 1 of 4 since 2026-11-25T12:00:00Z")
    assert "  the next tick: on to the next step: step 2 of 4: 2 at 25 %" in lines


def test_where_nothing_is_open_nothing_but_the_aliases_is_asked(scene: Scene) -> None:
    scene.house.sandbox.requests.clear()
    result = scene.run("advance", "--detailed-exitcode")
    assert (result.exit_code, result.out) == (0, "No rollout is open.\n")
    asked = {request.operation for request in scene.house.sandbox.requests}
    assert not asked & {"GetMetricData", "DescribeAlarms", "UpdateAlias", "GetProvisionedConcurrencyConfig"}


@pytest.mark.parametrize(
    ("verb", "said"),
    [
        ("status", "No spec of these has aliases"),
        ("advance", "No spec of these says `rollout`, so no alias was looked at"),
    ],
)
def test_where_no_spec_says_rollout_nothing_is_asked_and_that_is_said(scene: Scene, verb: str, said: str) -> None:
    scene.at_step()
    scene.house.write("checkout.yaml", function_spec("checkout"))
    scene.house.sandbox.requests.clear()
    result = scene.run(verb)
    assert (result.exit_code, scene.house.sandbox.requests) == (0, [])
    assert said in result.out


def test_a_rollout_that_its_spec_has_lost_is_shown_until_the_apply_that_ends_it(scene: Scene) -> None:
    scene.at_step()
    scene.house.write("checkout.yaml", function_spec("checkout", extra="aliases: {live: {FunctionVersion: '2'}}"))
    told = scene.told("status", "--detailed-exitcode", code=12)
    assert (told["address"], told["step"], told["steps"], told["next"]) == (ADDRESS, 1, 4, "none")
    assert "its spec has no rollout; the next apply makes of it what git says" in scene.run("status").out


def test_a_rejected_version_that_was_deleted_is_not_tried_again(scene: Scene) -> None:
    scene.put(Marker("2", "rejected", scene.clock.now))
    scene.lambda_.delete_function(FunctionName="checkout", Qualifier="2")
    scene.house.writes()
    result = scene.run("retry", ADDRESS)
    assert (result.exit_code, scene.house.writes()) == (21, [])
    assert f"error: {ADDRESS}: version 2 was deleted; publish a fix, or `reconcile republish` (R360)" in result.err
