"""FACTS 10.11: Application Auto Scaling of provisioned concurrency, where moto takes what AWS refuses, or scales nothing."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from botocore.config import Config

from reconciler.sandbox.around.world import access_key
from tests.sandbox.conftest import ACCOUNT, REGION, Aws, refused

DIMENSION = "lambda:function:ProvisionedConcurrency"
TRACKING = {
    "TargetValue": 0.7,
    "PredefinedMetricSpecification": {"PredefinedMetricType": "LambdaProvisionedConcurrencyUtilization"},
}


@pytest.fixture
def scaling(aws: Aws) -> Any:
    return boto3.client(
        "application-autoscaling", region_name=REGION, endpoint_url=aws.sandbox.endpoint_url,
        aws_access_key_id=access_key(ACCOUNT), aws_secret_access_key="x",
        config=Config(parameter_validation=False, retries={"total_max_attempts": 1}),
    )  # fmt: skip


@pytest.fixture
def name(aws: Aws) -> str:
    """A function with an alias."""
    made = aws.published()
    aws.client.create_alias(FunctionName=made, Name="live", FunctionVersion="1")
    return made


def which(name: str, qualifier: str = ":live") -> dict[str, str]:
    return {
        "ServiceNamespace": "lambda",
        "ResourceId": f"function:{name}{qualifier}",
        "ScalableDimension": DIMENSION,
    }


def register(scaling: Any, name: str, **members: Any) -> None:
    scaling.register_scalable_target(**which(name), **members)


def target(scaling: Any, name: str) -> dict[str, Any]:
    (found,) = scaling.describe_scalable_targets(ServiceNamespace="lambda", ResourceIds=[which(name)["ResourceId"]])[
        "ScalableTargets"
    ]
    return dict(found)


def requested(aws: Aws, name: str) -> int:
    answer = aws.client.get_provisioned_concurrency_config(FunctionName=name, Qualifier="live")
    return int(answer["RequestedProvisionedConcurrentExecutions"])


def test_registering_moves_the_number_into_the_bounds_at_once(aws: Aws, scaling: Any, name: str) -> None:
    aws.client.put_provisioned_concurrency_config(
        FunctionName=name, Qualifier="live", ProvisionedConcurrentExecutions=5
    )
    aws.settle()
    for bounds, number in (((2, 9), 5), ((7, 9), 7), ((1, 3), 3)):
        register(scaling, name, MinCapacity=bounds[0], MaxCapacity=bounds[1])
        aws.settle()
        assert requested(aws, name) == number


def test_what_is_not_said_of_a_target_that_is_there_stays(scaling: Any, name: str) -> None:
    register(scaling, name, MinCapacity=1, MaxCapacity=9, SuspendedState={"ScheduledScalingSuspended": True})
    register(scaling, name, MaxCapacity=5)
    found = target(scaling, name)
    assert (found["MinCapacity"], found["MaxCapacity"]) == (1, 5)
    assert found["SuspendedState"] == {
        "DynamicScalingInSuspended": False, "DynamicScalingOutSuspended": False, "ScheduledScalingSuspended": True,
    }  # fmt: skip


def test_a_target_that_goes_takes_its_policies_and_actions_along(scaling: Any, name: str) -> None:
    register(scaling, name, MinCapacity=1, MaxCapacity=9)
    scaling.put_scaling_policy(
        **which(name), PolicyName="p", PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration=TRACKING,
    )  # fmt: skip
    scaling.put_scheduled_action(
        **which(name), ScheduledActionName="s", Schedule="rate(1 hour)", ScalableTargetAction={"MinCapacity": 2}
    )
    only = {"ServiceNamespace": "lambda", "ResourceId": which(name)["ResourceId"]}
    assert [item["PolicyName"] for item in scaling.describe_scaling_policies(**only)["ScalingPolicies"]] == ["p"]
    assert len(scaling.describe_scheduled_actions(**only)["ScheduledActions"]) == 1
    scaling.deregister_scalable_target(**which(name))
    register(scaling, name, MinCapacity=1, MaxCapacity=9)
    assert scaling.describe_scaling_policies(**only)["ScalingPolicies"] == []
    assert scaling.describe_scheduled_actions(**only)["ScheduledActions"] == []


def test_a_scheduled_action_that_is_put_again_loses_its_start_and_keeps_its_schedule(scaling: Any, name: str) -> None:
    register(scaling, name, MinCapacity=1, MaxCapacity=9)
    action = {**which(name), "ScheduledActionName": "s"}
    scaling.put_scheduled_action(
        **action, Schedule="rate(1 hour)", Timezone="Europe/Berlin", StartTime=1893456000,
        ScalableTargetAction={"MinCapacity": 2},
    )  # fmt: skip
    scaling.put_scheduled_action(**action, ScalableTargetAction={"MaxCapacity": 5})
    (found,) = scaling.describe_scheduled_actions(ServiceNamespace="lambda", ResourceId=which(name)["ResourceId"])[
        "ScheduledActions"
    ]
    assert (found["Schedule"], found["Timezone"], found["ScalableTargetAction"]) == (
        "rate(1 hour)", "Europe/Berlin", {"MaxCapacity": 5},
    )  # fmt: skip
    assert "StartTime" not in found


def test_what_is_not_there_is_an_object_that_is_not_found(scaling: Any, name: str) -> None:
    missing = "ObjectNotFoundException"
    with refused(missing, "No scalable target found for service namespace: lambda, resource ID: function:"):
        scaling.deregister_scalable_target(**which(name))
    with refused(missing, "No scalable target registered for service namespace: lambda"):
        scaling.put_scaling_policy(
            **which(name), PolicyName="p", PolicyType="TargetTrackingScaling",
            TargetTrackingScalingPolicyConfiguration=TRACKING,
        )  # fmt: skip
    with refused(missing, "No scalable target registered"):
        scaling.put_scheduled_action(**which(name), ScheduledActionName="s", Schedule="rate(1 hour)")
    register(scaling, name, MinCapacity=1, MaxCapacity=9)
    with refused(missing, f"scalable dimension: {DIMENSION}, policy name: p"):
        scaling.delete_scaling_policy(**which(name), PolicyName="p")
    with refused(missing, f"scalable dimension: {DIMENSION}, scheduled action name: s"):
        scaling.delete_scheduled_action(**which(name), ScheduledActionName="s")


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"ResourceId": "function:{}", "MinCapacity": 1, "MaxCapacity": 2}, "Unsupported service namespace"),
        ({"ScalableDimension": "ecs:service:DesiredCount", "MinCapacity": 1, "MaxCapacity": 2}, "Unsupported"),
        ({"MinCapacity": 3, "MaxCapacity": 2}, "Maximum capacity cannot be less than minimum capacity"),
        ({"MinCapacity": 3}, "MinCapacity and MaxCapacity"),
        ({"ResourceId": "function:{}:none", "MinCapacity": 1, "MaxCapacity": 2}, "doesn't exist"),
    ],
    ids=["no qualifier", "another dimension", "bounds turned round", "half of the bounds", "no such alias"],
)
def test_what_is_no_target_is_not_registered(scaling: Any, name: str, more: dict[str, Any], message: str) -> None:
    members = which(name) | {key: value.format(name) if key == "ResourceId" else value for key, value in more.items()}
    with refused("ValidationException", message):
        scaling.register_scalable_target(**members)


@pytest.mark.parametrize(
    "members",
    [
        {"PolicyType": "StepScaling", "StepScalingPolicyConfiguration": {}},
        {
            "PolicyType": "TargetTrackingScaling",
            "TargetTrackingScalingPolicyConfiguration": {
                "TargetValue": 0.5,
                "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"},
            },
        },
    ],
    ids=["in steps", "by another service's metric"],
)
def test_only_its_utilization_is_tracked(scaling: Any, name: str, members: dict[str, Any]) -> None:
    register(scaling, name, MinCapacity=1, MaxCapacity=9)
    with refused("ValidationException"):
        scaling.put_scaling_policy(**which(name), PolicyName="p", **members)


def test_a_target_stays_behind_when_its_function_goes(aws: Aws, scaling: Any, name: str) -> None:
    register(scaling, name, MinCapacity=1, MaxCapacity=9)
    aws.settle()
    aws.client.delete_function(FunctionName=name)
    assert target(scaling, name)["MaxCapacity"] == 9


def test_what_is_scaled_elsewhere_is_not_among_them(aws: Aws, scaling: Any, name: str) -> None:
    register(scaling, name, MinCapacity=1, MaxCapacity=9)
    table = {
        "ServiceNamespace": "dynamodb", "ResourceId": f"table/{name}",
        "ScalableDimension": "dynamodb:table:ReadCapacityUnits",
    }  # fmt: skip
    scaling.register_scalable_target(**table, MinCapacity=1, MaxCapacity=9)
    for namespace, resource in (("lambda", which(name)["ResourceId"]), ("dynamodb", table["ResourceId"])):
        pages = scaling.get_paginator("describe_scalable_targets").paginate(ServiceNamespace=namespace)
        found = [item["ResourceId"] for page in pages for item in page["ScalableTargets"]]
        assert resource in found
        assert len({item.partition(":")[0].partition("/")[0] for item in found}) == 1


def test_targets_come_in_pages(aws: Aws, scaling: Any, name: str) -> None:
    for number in range(3):
        aws.client.create_alias(FunctionName=name, Name=f"a{number}", FunctionVersion="1")
        scaling.register_scalable_target(**which(name, f":a{number}"), MinCapacity=1, MaxCapacity=2)
    pages = scaling.get_paginator("describe_scalable_targets").paginate(
        ServiceNamespace="lambda", PaginationConfig={"PageSize": 2}
    )
    found = [item["ResourceId"] for page in pages for item in page["ScalableTargets"]]
    assert len(found) == len(set(found))
    assert {f"function:{name}:a{number}" for number in range(3)} <= set(found)


def test_a_target_has_the_tags_that_it_was_given_by_its_arn(scaling: Any, name: str) -> None:
    arn = scaling.register_scalable_target(**which(name), MinCapacity=1, MaxCapacity=9, Tags={"team": "shop"})[
        "ScalableTargetARN"
    ]
    scaling.tag_resource(ResourceARN=arn, Tags={"stage": "test"})
    scaling.untag_resource(ResourceARN=arn, TagKeys=["team"])
    assert scaling.list_tags_for_resource(ResourceARN=arn)["Tags"] == {"stage": "test"}
    with refused("TooManyTagsException"):
        scaling.tag_resource(ResourceARN=arn, Tags={str(number): "" for number in range(50)})
    scaling.deregister_scalable_target(**which(name))
    with refused("ResourceNotFoundException"):
        scaling.list_tags_for_resource(ResourceARN=arn)
