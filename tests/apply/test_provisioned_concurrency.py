"""Provisioned concurrency from spec to deletion, over HTTP: kept started, scaled by who scales it, gone before its alias."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from reconciler.sandbox.around.faults import Fault, Script
from tests.apply.houses import ABSENT, house_of
from tests.apply.strangers import Stranger
from tests.conftest import ACCOUNT, REGION, House, function_spec

LIVE = "publish: true\naliases: {live: {FunctionVersion: published}}\n"
PUT, DELETE = "PutProvisionedConcurrencyConfig", "DeleteProvisionedConcurrencyConfig"
REGISTER, DEREGISTER = "RegisterScalableTarget", "DeregisterScalableTarget"
SCALED: dict[str, Any] = {
    "MinCapacity": 2,
    "MaxCapacity": 20,
    "policies": {"utilization": {"TargetValue": 0.7}},
    "scheduled": {"morning": {"Schedule": "cron(0 8 * * ? *)", "Timezone": "Europe/Berlin", "MinCapacity": 8}},
}


def entry(number: int = 5, **autoscaling: Any) -> dict[str, Any]:
    scaled = {"autoscaling": autoscaling} if autoscaling else {}
    return {"ProvisionedConcurrentExecutions": number, **scaled}


def says(house: House, entries: dict[str, Any] | None, extra: str = LIVE, key: str = "v1.zip") -> None:
    section = "" if entries is None else f"provisioned_concurrency: {json.dumps(entries)}\n"
    house.write("one.yaml", function_spec("one", key=key, extra=extra + section))


def scaling(house: House) -> Any:
    return house.sandbox.clients.get("application-autoscaling", ACCOUNT, REGION)


def which(qualifier: str = "live") -> dict[str, str]:
    return {
        "ServiceNamespace": "lambda",
        "ResourceId": f"function:one:{qualifier}",
        "ScalableDimension": "lambda:function:ProvisionedConcurrency",
    }


def numbers(house: House) -> dict[str, int]:
    """What is kept started, by qualifier."""
    listed = house.lambda_.list_provisioned_concurrency_configs(FunctionName="one")["ProvisionedConcurrencyConfigs"]
    house.sandbox.requests.clear()
    return {item["FunctionArn"].split(":")[7]: item["RequestedProvisionedConcurrentExecutions"] for item in listed}


def targets(house: House) -> dict[str, tuple[int, int]]:
    """Who is scaled, with its bounds."""
    listed = scaling(house).describe_scalable_targets(ServiceNamespace="lambda")["ScalableTargets"]
    house.sandbox.requests.clear()
    return {item["ResourceId"]: (item["MinCapacity"], item["MaxCapacity"]) for item in listed}


def reads(house: House) -> Counter[str]:
    house.sandbox.requests.clear()
    assert house.verbs() == {}
    found = Counter(request.operation for request in house.sandbox.requests)
    house.sandbox.requests.clear()
    return found


@pytest.fixture
def warm(house: House) -> House:
    """An alias with a number and a version with another, applied."""
    house_of(house)
    says(house, {"live": entry(5)})
    assert house.apply()["outcome"]["exit_code"] == 0
    house.writes()
    return house


@pytest.fixture
def scaled(house: House) -> House:
    """An alias that is scaled, applied."""
    house_of(house)
    says(house, {"live": entry(5, **SCALED)})
    report = house.apply()
    assert report["outcome"]["exit_code"] == 0, report
    house.writes()
    return house


# --- reading -------------------------------------------------------------------------------------------------------


def test_what_was_applied_needs_nothing_more_and_no_call(scaled: House) -> None:
    assert (numbers(scaled), targets(scaled)) == ({"live": 5}, {"function:one:live": (2, 20)})
    assert scaled.verbs() == {}
    scaled.apply()
    assert scaled.writes() == []


def test_one_listing_a_function_and_one_a_region_is_all_that_a_plan_reads_where_nothing_scales(warm: House) -> None:
    read = reads(warm)
    assert read["ListProvisionedConcurrencyConfigs"] == read["DescribeScalableTargets"] == 1
    assert not {"GetProvisionedConcurrencyConfig", "DescribeScalingPolicies", "DescribeScheduledActions"} & set(read)


def test_where_something_scales_its_policies_and_actions_are_a_call_a_region_each(scaled: House) -> None:
    read = reads(scaled)
    assert [read[f"Describe{what}"] for what in ("ScalableTargets", "ScalingPolicies", "ScheduledActions")] == [1, 1, 1]
    assert read["ListProvisionedConcurrencyConfigs"] == 1


def test_a_section_that_is_not_there_is_neither_read_nor_changed(scaled: House) -> None:
    says(scaled, None)
    read = reads(scaled)
    assert not [operation for operation in read if "Provisioned" in operation or operation.startswith("Describe")]
    assert (numbers(scaled), targets(scaled)) == ({"live": 5}, {"function:one:live": (2, 20)})


# --- changing ------------------------------------------------------------------------------------------------------


def test_it_is_made_after_its_alias_waited_for_and_scaled_then(house: House) -> None:
    house_of(house)
    house.sandbox.gate.region(ACCOUNT, REGION)[0].settle_seconds = 0.1
    says(house, {"live": entry(5, **SCALED)})
    house.apply()
    made = house.writes()
    assert made[made.index("CreateAlias") :] == ["CreateAlias", PUT, REGISTER, "PutScalingPolicy", "PutScheduledAction"]
    answer = house.lambda_.get_provisioned_concurrency_config(FunctionName="one", Qualifier="live")
    assert answer["Status"] == "READY"
    (policy,) = scaling(house).describe_scaling_policies(ServiceNamespace="lambda")["ScalingPolicies"]
    assert policy["TargetTrackingScalingPolicyConfiguration"] == {
        "TargetValue": 0.7, "DisableScaleIn": False,
        "PredefinedMetricSpecification": {"PredefinedMetricType": "LambdaProvisionedConcurrencyUtilization"},
    }  # fmt: skip


def test_another_number_is_one_call(warm: House) -> None:
    says(warm, {"live": entry(7)})
    assert warm.verbs() == {"one/provisioned_concurrency/live": "update"}
    warm.apply()
    assert warm.writes() == [PUT]
    assert (numbers(warm), warm.verbs()) == ({"live": 7}, {})


@pytest.mark.parametrize(
    ("change", "calls"),
    [
        ({"MaxCapacity": 30}, [REGISTER]),
        ({"SuspendedState": {"DynamicScalingInSuspended": True}}, [REGISTER]),
        ({"policies": {"utilization": {"TargetValue": 0.8, "ScaleInCooldown": 60}}}, ["PutScalingPolicy"]),
        ({"policies": {}}, ["DeleteScalingPolicy"]),
        ({"policies": {"other": {"TargetValue": 0.7}}}, ["PutScalingPolicy", "DeleteScalingPolicy"]),
        ({"scheduled": {}}, ["DeleteScheduledAction"]),
        (
            {
                "scheduled": {
                    "morning": {"Schedule": "rate(1 day)", "MaxCapacity": 9, "EndTime": "2030-01-01T00:00:00Z"}
                }
            },
            ["PutScheduledAction"],
        ),
    ],
    ids=["bounds", "a pause", "a policy", "no policy", "another policy", "no action", "an action"],
)
def test_of_what_scales_only_that_is_sent_which_differs(
    scaled: House, change: dict[str, Any], calls: list[str]
) -> None:
    says(scaled, {"live": entry(5, **{**SCALED, **change})})
    scaled.apply()
    assert sorted(scaled.writes()) == sorted(calls)
    assert scaled.verbs() == {}
    says(scaled, {"live": entry(5, **SCALED)})
    scaled.apply()
    assert scaled.verbs() == {}


def test_what_git_dropped_goes_with_who_scales_it_before_its_alias(scaled: House) -> None:
    scaled.write("one.yaml", function_spec("one", extra="aliases: {}\n"))
    result = scaled.run("apply", "--yes")
    assert (result.exit_code, "provisioned concurrency live" in result.out) == (21, True)
    scaled.write("one.yaml", function_spec("one", extra="aliases: {}\nprovisioned_concurrency: {}\n"))
    scaled.writes()
    scaled.apply()
    assert scaled.writes() == [DEREGISTER, DELETE, "DeleteAlias"]
    assert (scaled.verbs(), targets(scaled)) == ({}, {})


def test_scaling_that_git_dropped_is_ended_and_the_number_is_the_specs(scaled: House) -> None:
    scaled.lambda_.put_provisioned_concurrency_config(
        FunctionName="one", Qualifier="live", ProvisionedConcurrentExecutions=9
    )
    says(scaled, {"live": entry(5)})
    scaled.writes()
    scaled.apply()
    assert scaled.writes() == [DEREGISTER, PUT]
    assert (numbers(scaled), targets(scaled), scaled.verbs()) == ({"live": 5}, {}, {})


def test_from_a_version_to_the_alias_that_is_on_it_the_one_goes_before_the_other_comes(house: House) -> None:
    house_of(house)
    says(house, {"1": entry(5)})
    house.apply()
    says(house, {"live": entry(5)})
    house.writes()
    house.apply()
    assert house.writes() == [DELETE, PUT]
    assert (numbers(house), house.verbs()) == ({"live": 5}, {})


def test_within_what_is_reserved_a_lower_number_goes_before_a_higher_one(house: House) -> None:
    two = "publish: true\naliases: {a: {FunctionVersion: '1'}, b: {FunctionVersion: published}}\n"
    room = two + "concurrency: {ReservedConcurrentExecutions: 10}\n"
    house_of(house)
    says(house, None, "publish: true\n")
    house.apply()
    says(house, {"a": entry(2), "b": entry(8)}, room, "v2.zip")
    house.apply()
    assert numbers(house) == {"a": 2, "b": 8}
    says(house, {"a": entry(8), "b": entry(2)}, room, "v2.zip")
    assert house.apply()["outcome"]["exit_code"] == 0
    assert numbers(house) == {"a": 8, "b": 2}


def test_reserved_executions_are_raised_before_and_lowered_after(warm: House) -> None:
    for reserved, number, calls in ((20, 15, ["PutFunctionConcurrency", PUT]), (3, 3, [PUT, "PutFunctionConcurrency"])):
        says(warm, {"live": entry(number)}, f"{LIVE}concurrency: {{ReservedConcurrentExecutions: {reserved}}}\n")
        warm.apply()
        assert warm.writes() == calls
        assert warm.verbs() == {}


def test_a_version_that_does_not_start_ends_the_wait_with_its_reason_and_the_next_plan_says_it(house: House) -> None:
    house_of(house)
    says(house, {"live": entry(5)})
    house.sandbox.gate.script = Script([Fault(PUT, nth=1, fails="FUNCTION_ERROR_INIT_FAILURE")])
    report = house.apply()
    assert report["outcome"]["exit_code"] == 25
    assert "could not be started: FUNCTION_ERROR_INIT_FAILURE" in json.dumps(report)
    (note,) = [note for note in house.plan()["diagnostics"] if note["severity"] == "warning"]
    assert "FUNCTION_ERROR_INIT_FAILURE" in note["message"]


# --- what AWS moves by itself --------------------------------------------------------------------------------------


def test_a_number_that_autoscaling_moved_is_no_change(scaled: House) -> None:
    """Perpetual difference 10."""
    for number in (2, 13, 20):
        scaled.lambda_.put_provisioned_concurrency_config(
            FunctionName="one", Qualifier="live", ProvisionedConcurrentExecutions=number
        )
        assert scaled.verbs() == {}
    scaled.lambda_.put_provisioned_concurrency_config(
        FunctionName="one", Qualifier="live", ProvisionedConcurrentExecutions=21
    )
    assert scaled.verbs() == {"one/provisioned_concurrency/live": "update"}
    scaled.writes()
    scaled.apply()
    assert (scaled.writes(), numbers(scaled)) == ([PUT], {"live": 5})


def test_an_alias_right_after_its_move_is_no_change(warm: House) -> None:
    """Perpetual difference 11."""
    warm.sandbox.gate.region(ACCOUNT, REGION)[0].settle_seconds = 0.2
    says(warm, {"live": entry(5)}, key="v2.zip")
    assert warm.apply()["outcome"]["exit_code"] == 0
    assert warm.verbs() == {}
    assert (numbers(warm), "RoutingConfig" in warm.lambda_.get_alias(FunctionName="one", Name="live")) == (
        {"live": 5},
        False,
    )


def test_bounds_that_a_scheduled_action_has_set_are_no_change(scaled: House) -> None:
    """Perpetual difference 18."""
    scaling(scaled).register_scalable_target(**which(), MinCapacity=8)
    assert numbers(scaled) == {"live": 8}
    assert scaled.verbs() == {}
    scaling(scaled).register_scalable_target(**which(), MinCapacity=7)
    assert scaled.verbs() == {"one/provisioned_concurrency/live": "update"}
    scaled.writes()
    scaled.apply()
    assert (scaled.writes(), targets(scaled)) == ([REGISTER], {"function:one:live": (2, 20)})


def test_an_action_that_git_dropped_leaves_no_bounds_behind(scaled: House) -> None:
    scaling(scaled).register_scalable_target(**which(), MinCapacity=8)
    says(scaled, {"live": entry(5, **{**SCALED, "scheduled": {}})})
    scaled.writes()
    scaled.apply()
    assert scaled.writes() == [REGISTER, "DeleteScheduledAction"]
    assert (targets(scaled), scaled.verbs()) == ({"function:one:live": (2, 20)}, {})


def test_an_action_that_is_made_now_has_set_no_bounds_yet(scaled: House) -> None:
    """The bound that git leaves is the one that the new action will set: nobody but git has moved it so far."""
    first, second = {"MinCapacity": 8, "MaxCapacity": 20}, {"MinCapacity": 2, "MaxCapacity": 20}
    says(scaled, {"live": entry(8, **first)})
    scaled.apply()
    assert targets(scaled) == {"function:one:live": (8, 20)}
    says(scaled, {"live": entry(8, **second, scheduled={"noon": {"Schedule": "cron(0 12 * * ? *)", "MinCapacity": 8}})})
    scaled.apply()
    assert (targets(scaled), scaled.verbs()) == ({"function:one:live": (2, 20)}, {})


def test_bounds_that_leave_the_number_out_move_it_and_the_start_is_not_gone_back_to(scaled: House) -> None:
    scaled.lambda_.put_provisioned_concurrency_config(
        FunctionName="one", Qualifier="live", ProvisionedConcurrentExecutions=20
    )
    says(scaled, {"live": entry(5, **{**SCALED, "MaxCapacity": 12})})
    scaled.writes()
    scaled.apply()
    assert scaled.writes() == [REGISTER]
    assert (numbers(scaled), scaled.verbs()) == ({"live": 12}, {})


def test_a_number_that_moves_between_plan_and_apply_makes_no_plan_stale(scaled: House) -> None:
    says(scaled, {"live": entry(5, **{**SCALED, "policies": {}})})
    scaled.run("plan", "-o", "plan.json")
    scaled.lambda_.put_provisioned_concurrency_config(
        FunctionName="one", Qualifier="live", ProvisionedConcurrentExecutions=13
    )
    scaling(scaled).register_scalable_target(**which(), MinCapacity=8)
    assert scaled.run("apply", "--yes", "--approved", "plan.json").exit_code == 0
    assert numbers(scaled) == {"live": 13}


def test_none_is_left_of_what_was_scaled_to_none_and_that_is_no_change(house: House) -> None:
    house_of(house)
    says(house, {"live": entry(1, MinCapacity=0, MaxCapacity=5)})
    house.apply()
    house.lambda_.delete_provisioned_concurrency_config(FunctionName="one", Qualifier="live")
    assert house.verbs() == {}


def test_what_somebody_else_scales_is_left_to_them_with_the_number(warm: House) -> None:
    scaling(warm).register_scalable_target(**which(), MinCapacity=9, MaxCapacity=9)
    assert warm.verbs() == {"one/provisioned_concurrency/live": "update"}
    says(warm, {"live": entry(5)}, LIVE + "ignore: [/provisioned_concurrency/live/autoscaling]\n")
    assert warm.verbs() == {}


# --- the function goes ---------------------------------------------------------------------------------------------


def test_who_scales_goes_before_the_function(scaled: House) -> None:
    scaled.write("one.yaml", ABSENT.format("one"))
    assert scaled.verbs() == {"one/provisioned_concurrency/live": "delete", "one": "delete"}
    report = scaled.apply()
    assert (scaled.writes(), targets(scaled)) == ([DEREGISTER, DELETE, "DeleteFunction"], {})
    (export,) = report["exports"]
    assert export["spec"]["provisioned_concurrency"]["live"]["autoscaling"]["MaxCapacity"] == 20


def test_without_who_scales_it_goes_with_the_function(warm: House) -> None:
    warm.write("one.yaml", ABSENT.format("one"))
    warm.apply()
    assert warm.writes() == ["DeleteFunction"]


def test_after_a_replacement_all_of_it_is_there_again(scaled: House) -> None:
    section = f"provisioned_concurrency: {json.dumps({'live': entry(5, **SCALED)})}\n"
    durable = "DurableConfig: {ExecutionTimeout: 60}"
    scaled.write(
        "one.yaml", function_spec("one", extra=LIVE + "allow_replace: true\n" + section, configuration=durable)
    )
    assert scaled.apply()["outcome"]["exit_code"] == 0
    written = scaled.writes()
    assert written[:2] == ["DeleteFunction", "CreateFunction"]
    assert {DEREGISTER, DELETE}.isdisjoint(written)
    assert (numbers(scaled), targets(scaled), scaled.verbs()) == ({"live": 5}, {"function:one:live": (2, 20)}, {})


def test_what_an_earlier_function_of_the_name_left_is_taken_over(scaled: House) -> None:
    scaled.lambda_.delete_function(FunctionName="one")
    assert targets(scaled) == {"function:one:live": (2, 20)}
    says(scaled, {"live": entry(5, **{**SCALED, "MaxCapacity": 9})})
    assert scaled.apply()["outcome"]["exit_code"] == 0
    assert (numbers(scaled), targets(scaled), scaled.verbs()) == ({"live": 5}, {"function:one:live": (2, 9)}, {})


# --- what is refused -----------------------------------------------------------------------------------------------


def test_one_version_is_kept_started_once_whoever_moves_the_alias(house: House) -> None:
    house_of(house)
    says(house, None)
    house.apply()
    says(house, {"live": entry(1), "1": entry(1)})
    result = house.run("plan")
    assert (result.exit_code, "(R271)" in result.out + result.err) == (21, True)


def test_more_than_is_reserved_is_refused_before_the_first_write(warm: House) -> None:
    warm.lambda_.put_function_concurrency(FunctionName="one", ReservedConcurrentExecutions=6)
    says(warm, {"live": entry(7)})
    warm.writes()
    result = warm.run("apply", "--yes")
    assert (result.exit_code, "(R272)" in result.out + result.err, warm.writes()) == (21, True, [])


@pytest.mark.parametrize(
    ("entries", "configuration", "rule"),
    [
        ({"live": entry(1, MinCapacity=2, MaxCapacity=3)}, "", "W212"),
        ({"live": entry(1)}, "SnapStart: {ApplyOn: PublishedVersions}", "W213"),
    ],
    ids=["begun outside of the bounds", "started from a snapshot as well"],
)
def test_what_aws_may_do_otherwise_is_said_and_not_refused(
    house: House, entries: dict[str, Any], configuration: str, rule: str
) -> None:
    house_of(house)
    section = f"provisioned_concurrency: {json.dumps(entries)}\n"
    house.write("one.yaml", function_spec("one", extra=LIVE + section, configuration=configuration))
    result = house.run("validate")
    assert (result.exit_code, f"({rule})" in result.err) == (0, True)
    says(house, {"live": entry(2)})
    assert f"({rule})" not in house.run("validate").err


# --- what comes in between -----------------------------------------------------------------------------------------


def test_what_is_changed_by_somebody_else_at_this_moment_is_tried_again(warm: House) -> None:
    busy = Fault(REGISTER, first=2, code="ConcurrentUpdateException", message="somebody is at it")
    warm.sandbox.gate.script = Script([busy])
    says(warm, {"live": entry(5, **SCALED)})
    assert warm.apply()["outcome"]["exit_code"] == 0
    assert targets(warm) == {"function:one:live": (2, 20)}


def test_a_target_that_somebody_else_ended_right_before_is_ended(scaled: House) -> None:
    says(scaled, {"live": entry(5)})
    Stranger(scaled).waits(
        lambda house: scaling(house).deregister_scalable_target(**which()),
        lambda _number, operation, when: (operation, when) == (DEREGISTER, "before"),
    )
    assert scaled.apply()["outcome"]["exit_code"] == 0
    assert (targets(scaled), scaled.verbs()) == ({}, {})


def test_less_is_not_reserved_than_others_keep_started(warm: House) -> None:
    """Of what no spec says AWS is asked where less is to be reserved, and nowhere else."""
    says(warm, None)
    warm.apply()
    warm.lambda_.put_provisioned_concurrency_config(
        FunctionName="one", Qualifier="live", ProvisionedConcurrentExecutions=5
    )

    def reserving(number: int) -> tuple[int, str, bool]:
        says(warm, None, f"{LIVE}concurrency: {{ReservedConcurrentExecutions: {number}}}\n")
        warm.sandbox.requests.clear()
        result = warm.run("plan")
        asked = {request.operation for request in warm.sandbox.requests}
        return result.exit_code, result.out + result.err, "ListProvisionedConcurrencyConfigs" in asked

    code, out, _ = reserving(4)
    assert (code, "test/us-west-2/one: 4 are to be reserved, and 5 are kept started, which no spec says" in out) == (
        21,
        True,
    )
    assert "(R277)" in out
    assert warm.run("apply", "--yes").exit_code == 21
    warm.sandbox.gate.script = Script([Fault("ListProvisionedConcurrencyConfigs", status=403)])
    code, out, _ = reserving(5)
    assert (code, "reserved executions hold what is kept started is not known" in out) == (0, True)
    assert "(W267)" in out
    warm.sandbox.gate.script = Script([])
    warm.apply()
    assert reserving(6)[::2] == (0, False)
    warm.apply()
    assert reserving(4)[0] == 21


def test_bounds_become_less_before_what_is_reserved_is_only_as_much(scaled: House) -> None:
    scaled.lambda_.put_provisioned_concurrency_config(
        FunctionName="one", Qualifier="live", ProvisionedConcurrentExecutions=20
    )
    less = {"live": entry(5, **{**SCALED, "MaxCapacity": 10})}
    says(scaled, less, LIVE + "concurrency: {ReservedConcurrentExecutions: 10}\n")
    scaled.writes()
    assert scaled.apply()["outcome"]["exit_code"] == 0
    assert scaled.writes() == [REGISTER, "PutFunctionConcurrency"]
    assert (numbers(scaled), scaled.verbs()) == ({"live": 10}, {})


def test_a_reservation_that_ends_makes_room_for_what_is_kept_started(house: House) -> None:
    house_of(house)
    says(house, {}, LIVE + "concurrency: {ReservedConcurrentExecutions: 0}\n")
    house.apply()
    says(house, {"live": entry(5)}, LIVE + "concurrency: {}\n")
    house.writes()
    assert house.apply()["outcome"]["exit_code"] == 0
    assert house.writes() == ["DeleteFunctionConcurrency", PUT]
