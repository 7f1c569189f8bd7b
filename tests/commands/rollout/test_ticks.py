"""Ticks: what one does of a rollout that is open, by CloudWatch's evidence and AWS's clock."""

from __future__ import annotations

import json
import shutil
from typing import Any

import pytest

from reconciler.rollout.marker import Marker
from reconciler.sandbox.around.faults import Fault, Script
from tests.commands.rollout.scenes import ADDRESS, Scene, frozen
from tests.conftest import ACCOUNT, CONFIG, REGION


def test_a_step_whose_time_is_over_and_whose_evidence_is_good_goes_on_in_one_call(scene: Scene) -> None:
    scene.at_step()
    scene.clock.go_on(10)
    scene.both()
    told = scene.told()
    assert (told["did"], told["step"], told["weight"], told["verdict"]) == ("step", 2, 0.25, "pass")
    version, weights, marker = scene.alias()
    assert (version, weights) == ("1", {"2": 0.25})
    assert marker and (marker.step, marker.since) == (2, scene.clock.now)
    assert scene.moves() == 1


def test_before_its_time_nothing_is_called(scene: Scene) -> None:
    scene.at_step()
    scene.clock.go_on(9)
    scene.both()
    told = scene.told()
    assert (told["did"], told["not_before"]) == ("none", "2026-11-25T12:10:00Z")
    assert scene.moves() == 0


def test_scenario_05_errors_take_it_back_in_one_call_and_exit_with_27(scene: Scene) -> None:
    scene.at_step(2, 0.25)
    scene.clock.go_on(30)
    scene.both(100, errors=5)
    told = scene.told(code=27)
    assert (told["did"], told["status"], told["reason"]) == ("back", "rejected", "errors 5 % > 2 %")
    version, weights, marker = scene.alias()
    assert (version, weights) == ("1", {})
    assert marker and (marker.state, marker.candidate) == ("rejected", "2")
    assert scene.moves() == 1
    planned = scene.house.run("plan", "--detailed-exitcode")
    assert (planned.exit_code, "2 was rejected (errors 5 % > 2 %)" in planned.out) == (0, True)


def test_scenario_16_a_candidate_that_git_wants_no_more_goes_nowhere_but_back(scene: Scene) -> None:
    file = scene.house.root / "specs" / "checkout.yaml"
    file.write_text(file.read_text().replace("FunctionVersion: published", 'FunctionVersion: "1"'))
    scene.at_step()
    scene.clock.go_on(11)
    scene.both(100)
    told = scene.told("advance", "--detailed-exitcode", code=28)
    assert (told["did"], told["reason"]) == ("none", "git says 1 by now, and the next apply ends it")
    assert scene.moves() == 0
    scene.calls("2", 100, errors=9)
    assert scene.told(code=27)["did"] == "back"


def test_scenario_06_a_failure_in_the_middle_of_a_bake_acts_at_once(scene: Scene) -> None:
    scene.at_step()
    scene.clock.go_on(5)
    scene.both(100, errors=50)
    assert scene.told(code=27)["did"] == "back"


def alarmed(scene: Scene, state: str) -> None:
    scene.watch.set_alarm_state(AlarmName="checkout-5xx", StateValue=state, StateReason="as the test wants it")


@pytest.fixture
def with_alarm(scene: Scene) -> Scene:
    scene.spec(analysis="{alarms: [checkout-5xx]}")
    scene.watch.put_metric_alarm(
        AlarmName="checkout-5xx", Namespace="shop", MetricName="5xx", Statistic="Sum", Period=60, EvaluationPeriods=1,
        Threshold=1, ComparisonOperator="GreaterThanThreshold", TreatMissingData="ignore",
    )  # fmt: skip
    return scene


def test_scenario_07_an_alarm_that_was_red_before_counts_once_it_was_green(with_alarm: Scene) -> None:
    alarmed(with_alarm, "ALARM")
    with_alarm.clock.go_on(5)
    with_alarm.at_step()
    with_alarm.clock.go_on(2)
    told = with_alarm.told()
    assert (told["did"], told["evidence"]["alarms"]) == ("none", {"checkout-5xx": "ALARM"})
    alarmed(with_alarm, "OK")
    with_alarm.clock.go_on(1)
    assert with_alarm.told()["verdict"] == "pass"
    with_alarm.clock.go_on(1)
    alarmed(with_alarm, "ALARM")
    with_alarm.clock.go_on(1)
    told = with_alarm.told(code=27)
    assert (told["did"], told["reason"]) == ("back", "alarm checkout-5xx is in ALARM")


def test_a_composite_alarm_counts_like_any_other(with_alarm: Scene) -> None:
    with_alarm.watch.put_composite_alarm(AlarmName="shop", AlarmRule="ALARM(checkout-5xx)")
    with_alarm.spec(analysis="{alarms: [shop]}")
    alarmed(with_alarm, "OK")
    with_alarm.at_step()
    with_alarm.clock.go_on(2)
    alarmed(with_alarm, "ALARM")
    with_alarm.clock.go_on(1)
    assert with_alarm.told(code=27)["reason"] == "alarm shop is in ALARM"


def test_scenario_08_an_alarm_that_is_deleted_meanwhile_is_unsure(with_alarm: Scene) -> None:
    with_alarm.at_step()
    with_alarm.watch.delete_alarms(AlarmNames=["checkout-5xx"])
    with_alarm.clock.go_on(11)
    told = with_alarm.told()
    assert (told["verdict"], told["did"], told["unsure"]) == ("unsure", "hold", "there is no alarm checkout-5xx")


def test_scenario_09_too_few_invocations_hold_and_enough_of_them_go_on(scene: Scene) -> None:
    scene.at_step()
    scene.clock.go_on(11)
    scene.both(40)
    told = scene.told("advance", "--detailed-exitcode", code=28)
    assert (told["did"], told["status"], told["needs_person"]) == ("hold", "held", True)
    assert told["reason"] == "too few invocations of candidate for errors: 40 of 50"
    assert scene.moves() == 1
    assert scene.told("status", "--detailed-exitcode", code=28)["status"] == "held"
    assert scene.told()["did"] == "none"
    scene.both(10)
    scene.clock.go_on(1)
    told = scene.told()
    assert (told["did"], told["step"], told["status"]) == ("step", 2, "shifting")


@pytest.mark.parametrize(("unsure", "did", "code"), [("go", "step", 0), ("back", "back", 27)])
def test_scenario_10_what_is_unsure_goes_or_goes_back_where_the_spec_says_so(
    scene: Scene, unsure: str, did: str, code: int
) -> None:
    scene.spec(more=f"unsure: {unsure}")
    scene.at_step()
    scene.clock.go_on(11)
    scene.both(40)
    assert scene.told(code=code)["did"] == did


def test_scenario_11_an_approval_stays_until_somebody_promotes(scene: Scene) -> None:
    scene.at_step(2, 0.25)
    scene.clock.go_on(31)
    scene.both()
    told = scene.told("advance", "--detailed-exitcode", code=28)
    assert (told["did"], told["status"], told["weight"]) == ("step", "approval", 0.25)
    scene.clock.go_on(600)
    scene.both()
    assert scene.told()["did"] == "none"
    told = scene.told("promote", "checkout/live")
    assert (told["did"], told["step"], told["weight"]) == ("step", 4, 0.5)
    assert scene.moves() == 2


def test_scenario_12_what_is_paused_still_goes_back(scene: Scene) -> None:
    scene.at_step()
    told = scene.told("pause", ADDRESS, "--because", "release [freeze]")
    assert (told["status"], told["reason"]) == ("paused", "release [freeze]")
    scene.clock.go_on(600)
    scene.both()
    assert scene.told("advance", "--detailed-exitcode", code=28)["did"] == "none"
    scene.both(100, errors=100)
    assert scene.told(code=27)["did"] == "back"


def test_scenario_13_the_deadline_pauses(scene: Scene) -> None:
    scene.spec(more="deadline: 2h")
    scene.at_step()
    scene.clock.go_on(121)
    told = scene.told()
    assert (told["did"], told["status"]) == ("pause", "paused")
    assert told["reason"].startswith("deadline: ")


def test_scenario_19_traffic_that_somebody_else_moved_is_held_and_never_repaired(scene: Scene) -> None:
    scene.at_step()
    scene.lambda_.update_alias(FunctionName="checkout", Name="live", RoutingConfig={"AdditionalVersionWeights": {}})
    scene.house.writes()
    scene.clock.go_on(60)
    scene.both()
    told = scene.told("advance", "--detailed-exitcode", code=28)
    assert (told["did"], told["status"]) == ("none", "disagreement")
    assert scene.moves() == 0
    assert scene.run("resume", ADDRESS).exit_code == 21
    told = scene.told("resume", ADDRESS, "--reset")
    assert (told["did"], told["weights"]) == ("resume", {"2": 0.05})


def test_a_version_that_somebody_else_promoted_takes_the_marker_off(scene: Scene) -> None:
    scene.at_step()
    scene.lambda_.update_alias(
        FunctionName="checkout", Name="live", FunctionVersion="2", RoutingConfig={"AdditionalVersionWeights": {}}
    )
    scene.house.writes()
    assert scene.told()["did"] == "forget"
    assert scene.alias() == ("2", {}, None)


def test_scenario_28_two_advances_at_once_never_step_twice(scene: Scene) -> None:
    """The second one reads what the first one has not written yet: its call is stale, it looks again, and the step has just begun."""
    scene.at_step()
    scene.clock.go_on(11)
    scene.both()
    others: list[dict[str, Any]] = []

    def another(operation: str, _: Any) -> None:
        if operation == "UpdateAlias" and not others:
            others.append({})
            scene.clock.go_on(0.5)
            others[0] |= scene.told()

    scene.house.sandbox.gate.watch = another
    told = scene.told()
    assert (others[0]["did"], others[0]["step"]) == ("step", 2)
    assert (told["did"], told["step"]) == ("none", 2)
    assert scene.alias()[1] == {"2": 0.25}


def test_scenario_29_while_another_run_holds_the_lock_nothing_is_done(scene: Scene) -> None:
    bucket(scene, "lock: s3://state/lock")
    scene.at_step()
    scene.clock.go_on(11)
    scene.both(100, errors=100)
    s3 = scene.house.sandbox.clients.get("s3", ACCOUNT, REGION)
    held = {"owner": "ann@laptop", "run": "4711", "expires_at": 9e12, "lease_seconds": 120}
    s3.put_object(Bucket="state", Key="lock", Body=json.dumps(held).encode())
    result = scene.run("advance")
    assert result.exit_code == 24
    assert "4711" in result.err
    assert scene.moves() == 0
    assert scene.told("abort", ADDRESS, "--because", "it burns")["did"] == "back"


def test_scenario_32_errors_after_all_of_the_traffic_go_back_to_where_it_came_from(scene: Scene) -> None:
    scene.at_step(4, 0.5)
    scene.clock.go_on(61)
    scene.both()
    told = scene.told()
    assert (told["did"], told["status"], told["version"]) == ("promote", "watch", "2")
    scene.clock.go_on(10)
    scene.calls("2", 100, 9)
    told = scene.told(code=27)
    assert (told["did"], told["version"], told["status"]) == ("back", "1", "rejected")
    assert scene.alias()[0] == "1"


def test_a_watch_that_is_over_takes_the_marker_off(scene: Scene) -> None:
    scene.put(Marker("2", "watch", scene.clock.now, scene.clock.now, "1"))
    scene.clock.go_on(16)
    scene.calls("2", 100)
    told = scene.told("advance", "--detailed-exitcode")
    assert (told["did"], told["status"]) == ("done", "done")
    assert scene.alias() == ("2", {}, None)


def test_scenario_36_in_a_freeze_nothing_goes_on_and_all_goes_back(scene: Scene) -> None:
    """By AWS's clock, which is that of November here."""
    scene.at_step()
    scene.clock.go_on(11)
    scene.both()
    frozen(scene)
    told = scene.told("advance", "--detailed-exitcode", code=28)
    assert (told["did"], told["needs_person"], told["not_before"]) == ("none", True, "2026-11-30T07:00:00Z")
    assert told["reason"] == "held until 2026-11-30 08:00 Europe/Berlin by freeze weekend"
    assert scene.told("status")["reason"] == told["reason"]
    assert scene.moves() == 0
    told = scene.told("abort", ADDRESS, "--because", "it burns")
    assert (told["did"], scene.alias()[:2]) == ("back", ("1", {}))


def test_in_a_freeze_errors_take_a_rollout_back(scene: Scene) -> None:
    scene.at_step()
    scene.clock.go_on(5)
    scene.both(errors=50)
    frozen(scene)
    assert scene.told(code=27)["did"] == "back"
    assert scene.alias()[:2] == ("1", {})


def test_a_rollout_goes_on_where_a_freeze_is_over(scene: Scene) -> None:
    scene.at_step()
    frozen(scene)
    scene.clock.go_on(24 * 60 * 5)
    scene.both()
    assert scene.told()["did"] == "step"


@pytest.mark.parametrize(("wish", "flag"), [("promote", ""), ("resume", "paused"), ("retry", "rejected")])
def test_what_takes_a_rollout_on_breaks_a_freeze_or_waits(scene: Scene, wish: str, flag: str) -> None:
    if flag == "rejected":
        scene.put(Marker("2", "rejected", scene.clock.now, reason="errors"))
    else:
        scene.at_step(3, 0.25, **({"flag": flag} if flag else {}))
    frozen(scene)
    refused = scene.run(wish, ADDRESS)
    assert (refused.exit_code, "with --break-freeze weekend --because TEXT (R351)" in refused.err) == (21, True)
    assert scene.moves() == 0
    told = scene.told(wish, ADDRESS, "--break-freeze", "weekend", "--because", "the till is down")
    assert told["did"] in ("step", "resume", "start")
    report = scene.house.newest_report()
    assert report["run"]["broken"] == {"freezes": ["weekend"], "because": "the till is down"}
    assert "freeze weekend broken: the till is down" in [one["status"] for one in report["tasks"][0]["history"]]


def test_a_rollout_is_paused_whatever_is_frozen(scene: Scene) -> None:
    scene.at_step()
    frozen(scene)
    assert scene.told("pause", ADDRESS)["did"] == "pause"


def test_abort_works_whatever_holds(scene: Scene) -> None:
    """A lock of another run, specs that are broken: going back asks for neither."""
    bucket(scene, "lock: s3://state/lock")
    s3 = scene.house.sandbox.clients.get("s3", ACCOUNT, REGION)
    held = {"owner": "ann@laptop", "run": "4711", "expires_at": 9e12, "lease_seconds": 120}
    s3.put_object(Bucket="state", Key="lock", Body=json.dumps(held).encode())
    scene.at_step()
    scene.house.write("broken.yaml", "function: [", stock=False)
    assert scene.run("advance").exit_code == 20
    told = scene.told("abort", ADDRESS, "--because", "it burns")
    assert (told["did"], told["reason"]) == ("back", "it burns")
    assert scene.alias()[:2] == ("1", {})


@pytest.mark.parametrize("operation", ["GetMetricData", "DescribeAlarms"])
def test_scenario_37_a_cloudwatch_that_gives_no_answer_is_unsure(with_alarm: Scene, operation: str) -> None:
    with_alarm.spec(analysis="{alarms: [checkout-5xx], errors: {max: 2%, least: 50}}")
    alarmed(with_alarm, "OK")
    with_alarm.at_step()
    with_alarm.clock.go_on(11)
    with_alarm.both()
    with_alarm.house.sandbox.gate.script = Script([Fault(operation, status=500)])
    told = with_alarm.told()
    assert (told["verdict"], told["did"]) == ("unsure", "hold")
    assert operation in told["unsure"]
    assert ("candidate" in told["evidence"]) == (operation == "DescribeAlarms")


def test_scenario_38_without_its_record_the_same_is_decided(scene: Scene) -> None:
    scene.at_step()
    scene.clock.go_on(5)
    scene.both()
    scene.told()
    shutil.rmtree(scene.house.root / "reports" / "rollouts")
    scene.clock.go_on(5)
    told = scene.told()
    assert (told["did"], told["step"]) == ("step", 2)


def bucket(scene: Scene, line: str) -> None:
    scene.house.sandbox.clients.get("s3", ACCOUNT, REGION).create_bucket(
        Bucket="state", CreateBucketConfiguration={"LocationConstraint": REGION}
    )
    scene.house.write("reconcile.yaml", f"{CONFIG}{line}\n", stock=False)
