"""What plan says of an alias that moves in steps, and how an apply starts that: scenarios of the design, by their numbers."""

from __future__ import annotations

import json
import re
from collections import Counter
from contextlib import chdir
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from reconciler.commands import wiring, workspaces
from reconciler.core.place import Place
from reconciler.sandbox.around.faults import Fault, Script
from reconciler.sandbox.cloudwatch.calls import Called, Outcome, note_calls
from reconciler.snapshot import beginnings
from tests.conftest import ACCOUNT, REGION, ROLE, House
from tests.rollout.rolled import LIVE, action, alias, applies, event, lives, marker, releases, says, traffic

SMOKE = "{steps: [{weight: 0.05, bake: 10m}], smoke: [{event: events/order.json, expect: {/statusCode: 200}}]}"
FAILS = "def lambda_handler(event, context):\n    return {'statusCode': 500, 'secret': 'hunter2'}\n"


@pytest.fixture
def begun(house: House) -> House:
    """Version 2 at 5 %, beside 1."""
    lives(house)
    releases(house, "two")
    applies(house)
    house.writes()
    return house


def moved_to(house: House, step: int, weight: float) -> None:
    """As a tick would: the alias in another step."""
    version, _, described = alias(house)
    described = described.replace("step 1 of 4 at 5%", f"step {step} of 4 at {round(weight * 100)}%")
    house.lambda_.update_alias(
        FunctionName="checkout", Name="live", FunctionVersion=version, Description=described,
        RoutingConfig={"AdditionalVersionWeights": {"2": weight}},
    )  # fmt: skip
    house.writes()


def notes(house: House, severity: str) -> str:
    return "\n".join(note["message"] for note in house.plan()["diagnostics"] if note["severity"] == severity)


def does_nothing(house: House) -> None:
    """The law: what follows an apply is empty."""
    house.writes()
    assert house.verbs() == {}
    applies(house)
    assert house.writes() == []


def test_scenario_01_an_apply_starts_with_the_first_step_and_the_plan_is_empty(house: House) -> None:
    lives(house)
    releases(house, "two")
    planned = action(house)
    assert planned["reason"] == "rollout to published: 5 % → 25 % → approval → 50 % → 100 %"
    (field,) = planned["fields"]
    assert (field["path"], field["before"], field["by"]) == ("/aliases/live/FunctionVersion", "1", "rollout")
    assert planned["traffic"]["after"] == {"1": 0.95, "published": 0.05}
    applies(house)
    assert traffic(house) == ("1", {"2": 0.05})
    mark = marker(house)
    assert mark
    assert (mark.candidate, mark.from_, mark.step, mark.of, mark.since) == ("2", "1", 1, 4, mark.begun)
    does_nothing(house)


def test_scenario_02_an_open_rollout_is_told_and_has_an_exit_code_of_its_own(begun: House) -> None:
    moved_to(begun, 2, 0.25)
    underway = action(begun)["rollout"]
    assert {name: underway[name] for name in ("status", "stable", "candidate", "step", "steps", "weight")} == {
        "status": "shifting", "stable": "1", "candidate": "2", "step": 2, "steps": 4, "weight": 0.25,
    }  # fmt: skip
    assert underway["since"] < underway["not_before"]
    told = begun.run("plan", "--detailed-exitcode")
    assert told.exit_code == 12
    assert "2 at 25 % since" in told.out
    assert "step 2 of 4, not before" in told.out
    assert begun.run("plan", "--detailed-exitcode", "--format", "markdown").out.count("step 2 of 4") == 1
    releases(begun, "three")
    assert begun.run("plan", "--detailed-exitcode").exit_code == 10


def test_scenario_04_a_lost_answer_of_the_first_step_does_nothing_twice(house: House) -> None:
    lives(house)
    releases(house, "two")
    house.sandbox.gate.script = Script([Fault("UpdateAlias", nth=1, when="after", reset=True)])
    applies(house)
    assert house.writes().count("UpdateAlias") == 1
    assert traffic(house) == ("1", {"2": 0.05})
    does_nothing(house)


def test_scenario_14_a_commit_during_a_rollout_replaces_it_from_the_same_stable_version(begun: House) -> None:
    moved_to(begun, 2, 0.25)
    releases(begun, "three")
    assert action(begun)["reason"].startswith("replaces the rollout of 2; rollout to published: 5 %")
    applies(begun)
    assert begun.writes() == ["UpdateFunctionCode", "PublishVersion", "UpdateAlias"]
    assert traffic(begun) == ("1", {"3": 0.05})
    mark = marker(begun)
    assert mark
    assert (mark.candidate, mark.from_, mark.step) == ("3", "1", 1)
    does_nothing(begun)


def test_scenario_15_a_revert_goes_at_once(begun: House) -> None:
    releases(begun, "one")
    assert action(begun)["reason"] == "replaces the rollout of 2; same content as 1, no steps"
    applies(begun)
    assert traffic(begun) == ("3", {})
    assert marker(begun) is None
    does_nothing(begun)


def test_scenario_15_a_revert_goes_at_once_while_what_it_takes_back_is_watched(house: House) -> None:
    """Else it would wait through steps beside the version that it is to take back."""
    lives(house, rollout="{steps: all-at-once, watch: 15m}")
    releases(house, "two")
    applies(house)
    says(house)
    releases(house, "one")
    assert action(house)["reason"] == "replaces the rollout of 2; same content as 1, no steps"
    applies(house)
    assert (traffic(house), marker(house)) == (("3", {}), None)
    does_nothing(house)


def test_scenario_16_a_pin_to_the_stable_version_ends_it(begun: House) -> None:
    says(begun, version="1")
    assert action(begun)["reason"] == "ends the rollout of 2"
    applies(begun)
    assert begun.writes() == ["UpdateAlias"]
    assert (traffic(begun), marker(begun)) == (("1", {}), None)
    does_nothing(begun)


def test_scenario_17_steps_that_are_edited_meanwhile_are_taken_at_the_next_tick(begun: House) -> None:
    says(begun, rollout="{steps: [{weight: 0.1, bake: 5m}]}")
    assert begun.verbs() == {}
    does_nothing(begun)


def test_scenario_18_a_rollout_that_git_takes_out_goes_to_all_traffic_now(begun: House) -> None:
    says(begun, rollout="")
    assert action(begun)["verb"] == "update"
    applies(begun)
    assert (traffic(begun), marker(begun)) == (("2", {}), None)
    does_nothing(begun)


def test_scenario_20_what_somebody_promoted_by_hand_is_told_and_not_moved_back(begun: House) -> None:
    begun.lambda_.update_alias(
        FunctionName="checkout", Name="live", FunctionVersion="2", RoutingConfig={"AdditionalVersionWeights": {}}
    )
    assert "it is on version 2, which no rollout put there" in notes(begun, "warning")
    does_nothing(begun)
    assert traffic(begun) == ("2", {})


def test_scenario_21_a_description_that_git_changes_keeps_the_marker(begun: House) -> None:
    before = marker(begun)
    says(begun, alias="Description: what it is for")
    applies(begun)
    assert alias(begun)[2].startswith("what it is for [rollout 2: step 1 of 4")
    assert (traffic(begun), marker(begun)) == (("1", {"2": 0.05}), before)
    does_nothing(begun)


def test_scenario_22_a_candidate_that_does_not_pass_is_rejected_and_others_are_applied(house: House) -> None:
    event(house)
    lives(house, "checkout", "till", rollout=SMOKE)
    releases(house, "two", text=FAILS)
    releases(house, "two", name="till")
    result = house.run("apply", "--yes")
    assert result.exit_code == 27
    assert traffic(house) == ("1", {})
    mark = marker(house)
    assert mark
    assert (mark.candidate, mark.state, mark.reason) == (
        "2",
        "rejected",
        "smoke events/order.json: /statusCode is not 200",
    )
    assert traffic(house, "till") == ("1", {"2": 0.05})
    report = house.newest_report()
    task = next(task for task in report["tasks"] if task["target"].endswith("checkout"))
    assert [(item["operation"], item["outcome"]) for item in task["operations"]][-3:] == [
        ("Invoke", "failed"), ("UpdateAlias", "not attempted"), ("UpdateAlias", "succeeded"),
    ]  # fmt: skip
    assert task["status"]["failed"]
    assert "version 2 did not pass: smoke events/order.json: /statusCode is not 200" in result.out
    assert "hunter2" not in json.dumps(report) + result.out + result.err
    assert "2 was rejected (smoke events/order.json: /statusCode is not 200)" in notes(house, "warning")
    assert house.plan()["in_sync"] is False
    does_nothing(house)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("def lambda_handler(event, context):\n    raise ValueError('hunter2')\n", "the function failed (Unhandled)"),
        ("import time\ndef lambda_handler(event, context):\n    time.sleep(0.3)\n    return {'statusCode': 200}\n", "took "),
        ("def lambda_handler(event, context):\n    return 'plain'\n", "/statusCode is not there"),
    ],
    ids=["a function that fails", "one that takes too long", "an answer that is no object"],
)  # fmt: skip
def test_scenario_23_what_a_candidate_answers_otherwise_is_remembered_by_the_alias(
    house: House, text: str, reason: str
) -> None:
    event(house)
    lives(house, rollout=SMOKE.replace("expect:", "within: 200ms, expect:") if "sleep" in text else SMOKE)
    releases(house, "two", text=text)
    assert house.run("apply", "--yes").exit_code == 27
    mark = marker(house)
    assert mark
    assert reason in mark.reason
    assert "hunter2" not in mark.reason
    assert traffic(house) == ("1", {})


def test_scenario_24_versions_that_one_alias_cannot_have_are_refused_before_any_write(house: House) -> None:
    lives(house)
    spec = house.root / "specs" / "checkout.yaml"
    spec.write_text(spec.read_text().replace(ROLE, f"{ROLE}-of-another"))
    assert house.run("apply", "--yes").exit_code == 21
    assert "differ in Role" in notes(house, "refusal")
    says(house, configuration="DeadLetterConfig: {TargetArn: 'arn:aws:sqs:us-west-2:123456789012:dead'}")
    assert house.run("apply", "--yes").exit_code == 21
    assert house.writes() == []
    assert "differ in DeadLetterConfig" in notes(house, "refusal")
    says(house, rollout="all-at-once", configuration="DeadLetterConfig: {TargetArn: 'arn:aws:sqs:us-west-2:123456789012:dead'}")  # fmt: skip
    applies(house)
    assert traffic(house) == ("2", {})
    does_nothing(house)


def test_scenario_26_another_number_of_what_is_kept_started_and_code_are_two_plans(house: House) -> None:
    kept = "provisioned_concurrency: {live: {ProvisionedConcurrentExecutions: %s}}\n"
    lives(house, extra=kept % 1)
    releases(house, "two")
    says(house, extra=kept % 2)
    assert house.run("apply", "--yes").exit_code == 21
    assert house.writes() == []
    assert "change it in one commit, and the code in the next" in notes(house, "refusal")


def test_scenario_27_of_two_functions_one_is_rejected_and_the_other_is_done(house: House) -> None:
    event(house)
    lives(house, "checkout", "till", rollout=SMOKE.replace("[{weight: 0.05, bake: 10m}]", "all-at-once"))
    releases(house, "two", text=FAILS)
    releases(house, "two", name="till")
    assert house.run("apply", "--yes").exit_code == 27
    assert (traffic(house), traffic(house, "till")) == (("1", {}), ("2", {}))


def test_scenario_34_a_newest_version_that_was_deleted_by_hand_is_refused(house: House) -> None:
    event(house)
    lives(house, rollout=SMOKE)
    releases(house, "two", text=FAILS)
    house.run("apply", "--yes")
    house.lambda_.delete_function(FunctionName="checkout", Qualifier="2")
    house.writes()
    assert house.run("apply", "--yes").exit_code == 21
    assert house.writes() == []
    assert "version 2, which its rollout was about, was deleted" in notes(house, "refusal")
    says(house, rollout=SMOKE, version="1")
    applies(house)
    assert marker(house) is None


def test_scenario_39_a_saved_snapshot_tells_of_the_open_rollout(begun: House) -> None:
    begun.run("snapshot", "-o", "snapshot.json")
    told = begun.run("plan", "--snapshot", "snapshot.json", "--detailed-exitcode")
    assert told.exit_code == 12
    assert "2 at 5 % since" in told.out


def test_scenario_40_an_approval_holds_for_the_events_that_were_seen(house: House) -> None:
    event(house)
    lives(house, rollout=SMOKE)
    releases(house, "two")
    house.run("plan", "-o", "plan.json")
    event(house, {"other": 1})
    refused = house.run("apply", "--yes", "--approved", "plan.json")
    assert refused.exit_code == 23
    assert len(re.findall(r"[-+]\S+/alias/live: steps, events and analysis [0-9a-f]{8}", refused.out)) == 2
    assert house.writes() == []
    event(house)
    applies(house, "--approved", "plan.json")
    assert traffic(house) == ("1", {"2": 0.05})


def test_weights_of_somebody_keep_a_rollout_from_beginning(house: House) -> None:
    lives(house)
    house.lambda_.publish_version(FunctionName="checkout")
    house.lambda_.update_function_configuration(FunctionName="checkout", Description="theirs")
    house.lambda_.publish_version(FunctionName="checkout")
    house.lambda_.update_alias(
        FunctionName="checkout", Name="live", RoutingConfig={"AdditionalVersionWeights": {"2": 0.1}}
    )
    releases(house, "two")
    house.writes()
    assert house.run("apply", "--yes").exit_code == 21
    assert house.writes() == []
    assert "its weights (2 at 10 %) are of no rollout; clear or adopt the weights" in notes(house, "refusal")


def test_scenario_19_weights_that_somebody_cleared_are_told_and_left(begun: House) -> None:
    begun.lambda_.update_alias(FunctionName="checkout", Name="live", RoutingConfig={"AdditionalVersionWeights": {}})
    assert "somebody moved its traffic: no weights" in notes(begun, "warning")
    does_nothing(begun)
    assert traffic(begun) == ("1", {})


def test_a_pin_to_one_of_the_last_versions_goes_at_once(house: House) -> None:
    lives(house, rollout="all-at-once")
    releases(house, "two")
    applies(house)
    says(house, version="1")
    assert "back to one of the 3 versions before 2, no steps" in action(house)["reason"]
    applies(house)
    assert traffic(house) == ("1", {})
    does_nothing(house)


def test_a_pin_to_one_that_was_rejected_before_the_last_goes_at_once_and_is_warned_of(begun: House) -> None:
    """By the records, for the alias remembers one; where those are lost nothing else is decided."""
    assert begun.run("rollout", "abort", "checkout/live", "--because", "orders fail").exit_code == 0
    releases(begun, "three")
    says(begun, rollout="all-at-once")
    applies(begun)
    assert traffic(begun) == ("3", {})
    says(begun, version="2")
    told = notes(begun, "warning")
    assert f"{LIVE}: 2 goes without steps, and was rejected 20" in told
    assert ": orders fail; pin another, or publish a fix (W266)" in told
    assert "(W266)" in begun.run("apply", "--yes").out
    assert traffic(begun) == ("2", {})
    says(begun, version="1")
    assert "(W266)" not in notes(begun, "warning")


def test_what_is_kept_started_waits_for_the_rollout_of_its_alias(begun: House) -> None:
    says(begun, extra="provisioned_concurrency: {live: {ProvisionedConcurrentExecutions: 1}}\n")
    assert "waits for the rollout of alias live" in notes(begun, "note")
    does_nothing(begun)


def test_a_step_that_is_over_before_an_invocation_may_be_is_worth_a_warning(house: House) -> None:
    lives(house, configuration="Timeout: 900")
    releases(house, "two")
    assert "and an invocation may take 900" in notes(house, "warning")


def test_an_alias_that_is_new_is_made_at_once_and_one_with_a_watch_is_watched(house: House) -> None:
    lives(house, rollout="{steps: all-at-once, watch: 15m}")
    assert (traffic(house), marker(house)) == (("1", {}), None)
    releases(house, "two")
    applies(house)
    mark = marker(house)
    assert mark
    assert (mark.state, mark.from_, traffic(house)) == ("watch", "1", ("2", {}))
    assert house.run("plan", "--detailed-exitcode").exit_code == 12
    does_nothing(house)


WATCHED = "{steps: [{weight: 0.05, bake: 10m}], analysis: {alarms: [%s]%s}}"


def put_alarm(house: House, name: str, state: str) -> None:
    """It stays in that state, for no point of its metric ever comes."""
    cloudwatch = house.sandbox.clients.get("cloudwatch", ACCOUNT, REGION)
    cloudwatch.put_metric_alarm(
        AlarmName=name, Namespace="AWS/Lambda", MetricName="Errors", Period=60, EvaluationPeriods=1, Statistic="Sum",
        Threshold=1, ComparisonOperator="GreaterThanThreshold", TreatMissingData="ignore", Dimensions=[{"Name": "FunctionName", "Value": "other"}],
    )  # fmt: skip
    cloudwatch.set_alarm_state(AlarmName=name, StateValue=state, StateReason="a test")


def test_an_alarm_that_is_not_there_keeps_a_rollout_from_beginning(house: House) -> None:
    lives(house, rollout=WATCHED % ("5xx", ""))
    house.sandbox.requests.clear()
    assert house.verbs() == {}
    assert "DescribeAlarms" not in [request.operation for request in house.sandbox.requests]
    releases(house, "two")
    assert house.run("apply", "--yes").exit_code == 21
    assert "there is no alarm 5xx in test/us-west-2; make it, or correct `analysis` (R349)" in notes(house, "refusal")
    assert house.writes() == []


def test_an_alarm_that_is_red_already_is_told_and_refused_where_it_must_be_green(house: House) -> None:
    put_alarm(house, "5xx", "ALARM")
    lives(house, rollout=WATCHED % ("5xx", ", require_green: true"))
    releases(house, "two")
    assert "(R350)" in notes(house, "refusal")
    says(house, rollout=WATCHED % ("5xx", ""))
    assert "5xx is in ALARM already, so it says nothing of the rollout until it has been green (W255)" in notes(
        house, "warning"
    )
    applies(house)
    assert traffic(house) == ("1", {"2": 0.05})


def test_alarms_that_nobody_may_see_are_told(house: House) -> None:
    lives(house, rollout=WATCHED % ("5xx", ""))
    releases(house, "two")
    house.sandbox.gate.script = Script([Fault("DescribeAlarms", code="AccessDenied", status=403, message="no")])
    assert "(W256)" in notes(house, "warning")


QUIET = "{steps: [{weight: 0.05, bake: 12m}], analysis: {errors: {max: 2%, least: 50}}}"


def called_in_the_last_day(house: House, count: int, name: str = "checkout") -> None:
    region = house.sandbox.gate.region(ACCOUNT, REGION)[0]
    called = Called(name, "live", "1", is_alias=True)
    for hours in (23, 3):
        at = (datetime.now(UTC) - timedelta(hours=hours)).timestamp()
        note_calls(region.metrics, called, at, Outcome(Counter({100.0: count // 2}), 0))


def asked_of_cloudwatch(house: House) -> list[str]:
    names = [request.operation for request in house.sandbox.requests]
    return [name for name in names if name in ("GetMetricData", "DescribeAlarms")]


def test_too_little_traffic_is_told_before_a_rollout_begins_and_asked_for_but_once_a_region(house: House) -> None:
    lives(house, "checkout", "till", rollout=QUIET)
    house.sandbox.requests.clear()
    assert house.verbs() == {}
    assert asked_of_cloudwatch(house) == [], "none begins"
    called_in_the_last_day(house, 2880)
    called_in_the_last_day(house, 200_000, "till")
    for name in ("checkout", "till"):
        releases(house, "two", name=name)
    told = notes(house, "warning")
    assert asked_of_cloudwatch(house) == ["GetMetricData"]
    assert f"{LIVE}: at 5 % for 12m about 1 of the 50 invocations" in told
    assert "(2880 invocations in the last day), and it is held then" in told
    assert "(W260)" in told
    assert "/till/" not in told


def test_traffic_that_nobody_may_see_is_one_note_and_keeps_nothing_from_beginning(house: House) -> None:
    lives(house, "checkout", "till", rollout=QUIET)
    for name in ("checkout", "till"):
        releases(house, "two", name=name)
    house.sandbox.gate.script = Script([Fault("GetMetricData", code="AccessDenied", status=403, message="no")])
    assert "needs is not known" not in notes(house, "warning")
    told = notes(house, "note")
    assert told.count("(W261)") == 1
    assert (
        f"{LIVE}: whether its rollout gets the invocations that its evidence needs is not known: GetMetricData" in told
    )
    applies(house)
    assert traffic(house) == traffic(house, "till") == ("1", {"2": 0.05})


def test_what_cloudwatch_is_asked_before_a_rollout_is_known_before(house: House) -> None:
    put_alarm(house, "5xx", "OK")
    both = WATCHED % ("5xx", ", errors: {max: 2%}")
    lives(house, "checkout", "till", rollout=both)
    for name in ("checkout", "till"):
        releases(house, "two", name=name)
    house.sandbox.requests.clear()
    with chdir(house.root):
        workspace = workspaces.read([Path("specs")])
        aws = wiring.connect(workspace.config, {"test"})
        snapshot = wiring.live_snapshot(workspace, aws)
        made = wiring.planned(workspace, snapshot, workspaces.Choices(), aws)
        expected = beginnings.calls(made, workspace.specs.specs)
    assert expected == {Place("test", REGION): {"cloudwatch": 2}}
    assert sorted(asked_of_cloudwatch(house)) == ["DescribeAlarms", "GetMetricData"]


def test_a_plan_tells_how_an_open_rollout_does_and_asks_no_more_of_cloudwatch_than_that_takes(house: House) -> None:
    put_alarm(house, "5xx", "OK")
    lives(house, "checkout", "till", rollout=WATCHED % ("5xx", ", errors: {max: 2%}"))
    for name in ("checkout", "till"):
        releases(house, "two", name=name)
    applies(house)
    house.sandbox.requests.clear()
    told = notes(house, "note")
    assert f"{LIVE}: by now unsure: candidate 0 invocations, 0 errors; stable 0 invocations" in told
    assert "; alarm 5xx OK; too few invocations of candidate for errors: 0 of 50 (W264)" in told
    assert told.count("(W264)") == 2
    assert sorted(asked_of_cloudwatch(house)) == ["DescribeAlarms"], "there is no whole minute yet"
    assert "(W264)" in house.run("plan", "--format", "markdown").out
    says(house)
    says(house, name="till")
    assert "(W264)" not in notes(house, "note"), "where nothing is looked at nothing is told"


def test_a_rollback_of_one_alias_leaves_the_rollout_of_another(house: House) -> None:
    other = "  next: {FunctionVersion: published}\n"
    lives(house, extra=other)
    releases(house, "two")
    applies(house)
    before = alias(house)
    assert house.run("rollback", "checkout/next", "--to", "1", "--yes").exit_code == 0
    assert alias(house) == before


def test_what_somebody_does_to_the_alias_after_the_smoke_is_not_written_over(house: House) -> None:
    event(house)
    lives(house, rollout=SMOKE)
    releases(house, "two")
    meddled: list[str] = []

    def meddle(operation: str, _: object) -> None:
        if operation == "Invoke" and not meddled:
            meddled.append("once")
            house.lambda_.update_alias(FunctionName="checkout", Name="live", Description="theirs")

    house.sandbox.gate.watch = meddle
    assert house.run("apply", "--yes").exit_code == 23
    assert (traffic(house), alias(house)[2]) == (("1", {}), "theirs")


@pytest.mark.parametrize("fault", [{"status": 503}, {"reset": True}], ids=["503", "reset"])
def test_a_lost_answer_of_a_rejection_is_looked_for(house: House, fault: dict[str, object]) -> None:
    event(house)
    lives(house, rollout=SMOKE)
    releases(house, "two", text=FAILS)
    house.sandbox.gate.script = Script([Fault("UpdateAlias", nth=1, when="after", **fault)])  # type: ignore[arg-type]
    assert house.run("apply", "--yes").exit_code == 27
    assert house.writes().count("UpdateAlias") == 1
    mark = marker(house)
    assert mark
    assert mark.state == "rejected"
    does_nothing(house)
