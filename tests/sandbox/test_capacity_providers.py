"""FACTS 10.8 and 10.9: capacity providers, and durable executions, of which there is none."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.sandbox import Sandbox, Spot, needs, stock
from tests.sandbox.conftest import ACCOUNT, REGION, ROLE, SETTLE, Aws, Clock, refused

ARN = f"arn:aws:lambda:{REGION}:{ACCOUNT}:capacity-provider:{{}}"
NETWORK = {"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}
EXECUTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:a:1/durable-execution/b/c"
NOT_THERE = "The resource you requested does not exist."


def create(aws: Aws, name: str, **members: Any) -> dict[str, Any]:
    given = {"VpcConfig": NETWORK, "PermissionsConfig": {"CapacityProviderOperatorRoleArn": ROLE}, **members}
    return dict(aws.client.create_capacity_provider(CapacityProviderName=name, **given)["CapacityProvider"])


def read(aws: Aws, name: str) -> dict[str, Any]:
    return dict(aws.client.get_capacity_provider(CapacityProviderName=name)["CapacityProvider"])


def managed(name: str) -> dict[str, Any]:
    return {"LambdaManagedInstancesCapacityProviderConfig": {"CapacityProviderArn": ARN.format(name)}}


def test_a_provider_is_pending_then_active_then_deleting_then_gone(aws: Aws) -> None:
    assert create(aws, "life")["State"] == "Pending"
    aws.settle()
    assert read(aws, "life")["State"] == read(aws, ARN.format("life"))["State"] == "Active"
    gone = aws.client.delete_capacity_provider(CapacityProviderName="life")["CapacityProvider"]
    assert (gone["State"], gone["CapacityProviderArn"]) == ("Deleting", ARN.format("life"))
    assert read(aws, "life")["State"] == "Deleting"
    aws.settle()
    for call in ("get_capacity_provider", "update_capacity_provider", "delete_capacity_provider",
                 "list_function_versions_by_capacity_provider"):  # fmt: skip
        with refused("ResourceNotFoundException", NOT_THERE, 404):
            getattr(aws.client, call)(CapacityProviderName="life")


def test_a_provider_that_a_script_lets_fail_has_failed() -> None:
    clock = Clock()
    faults = [{"operation": "CreateCapacityProvider", "fails": "InsufficientCapacity"}]
    with Sandbox(settle_seconds=SETTLE, clock=clock, faults=faults) as sandbox:
        aws = Aws(sandbox, clock)
        example = {"SubnetIds": ["subnet-0123456789abcdef0"], "SecurityGroupIds": []}
        stock(sandbox, needs([Spot(ACCOUNT, REGION, {"configuration": {"Role": ROLE}})]))
        create(aws, "broken", VpcConfig=example)
        aws.settle()
        assert read(aws, "broken")["State"] == "Failed"


def test_an_update_changes_what_it_names_and_fills_in_how_it_scales(aws: Aws) -> None:
    made = create(aws, "scaled", InstanceRequirements={"Architectures": ["arm64"]}, Tags={"team": "payments"})
    assert made["CapacityProviderScalingConfig"] == {"MaxVCpuCount": 400, "ScalingMode": "Auto"}
    with refused("ResourceConflictException", "currently in the following state: Pending", 409):
        aws.client.update_capacity_provider(CapacityProviderName="scaled")
    aws.settle()
    aws.client.update_capacity_provider(
        CapacityProviderName="scaled", CapacityProviderScalingConfig={"MaxVCpuCount": 30}
    )
    held = read(aws, "scaled")
    assert held["CapacityProviderScalingConfig"] == {"MaxVCpuCount": 30, "ScalingMode": "Auto"}
    assert held["InstanceRequirements"] == {"Architectures": ["arm64"]}
    assert aws.client.list_tags(Resource=ARN.format("scaled"))["Tags"] == {"team": "payments"}


def test_a_provider_that_functions_use_is_not_deleted(aws: Aws) -> None:
    create(aws, "used")
    name = aws.published(CapacityProviderConfig=managed("used"))
    listed = aws.client.list_function_versions_by_capacity_provider(CapacityProviderName="used")
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"
    assert listed["FunctionVersions"] == [
        {"FunctionArn": f"{arn}:$LATEST", "State": "Active"}, {"FunctionArn": f"{arn}:1", "State": "Active"}
    ]  # fmt: skip
    message = (
        "The capacity provider is currently in use by 1 functions. "
        f"To delete this capacity provider, first remove its association with {ARN.format('used')}."
    )
    with refused("ResourceConflictException", message, 409):
        aws.client.delete_capacity_provider(CapacityProviderName="used")
    aws.client.delete_function(FunctionName=name)
    aws.client.delete_capacity_provider(CapacityProviderName="used")


def test_what_is_there_already_or_not_there_is_refused(aws: Aws) -> None:
    create(aws, "once")
    with refused("ResourceConflictException", ARN.format("once"), 409):
        create(aws, "once")
    with refused("InvalidParameterValueException", "EC2 Error Code: InvalidSubnetID.NotFound"):
        create(aws, "nowhere", VpcConfig={**NETWORK, "SubnetIds": ["subnet-nowhere"]})
    with refused("InvalidParameterValueException", "cannot be assumed by Lambda"):
        role = f"arn:aws:iam::{ACCOUNT}:role/nobody"
        create(aws, "nowhere", PermissionsConfig={"CapacityProviderOperatorRoleArn": role})
    listed = aws.client.list_capacity_providers(State="Pending")["CapacityProviders"]
    arns = [provider["CapacityProviderArn"] for provider in listed]
    assert ARN.format("once") in arns
    assert ARN.format("nowhere") not in arns


def test_a_durable_function_has_no_executions(aws: Aws) -> None:
    name = aws.function(DurableConfig={"ExecutionTimeout": 60})
    assert aws.client.list_durable_executions_by_function(FunctionName=name)["DurableExecutions"] == []
    with refused("ResourceNotFoundException", "Function not found: ", 404):
        aws.client.list_durable_executions_by_function(FunctionName=name, Qualifier="live")


@pytest.mark.parametrize(
    "call", ["get_durable_execution", "get_durable_execution_history", "stop_durable_execution",
             "pause_durable_execution", "resume_durable_execution", "delete_durable_execution"]
)  # fmt: skip
def test_an_execution_is_not_there(aws: Aws, call: str) -> None:
    with refused("ResourceNotFoundException", NOT_THERE, 404):
        getattr(aws.client, call)(DurableExecutionArn=EXECUTION)


def test_nothing_waits_for_a_callback_and_nothing_has_a_token(aws: Aws) -> None:
    with refused("ResourceNotFoundException", NOT_THERE, 404):
        aws.client.send_durable_execution_callback_heartbeat(CallbackId="YQ==")
    with refused("InvalidParameterValueException", "Invalid Checkpoint Token", 400):
        aws.client.checkpoint_durable_execution(DurableExecutionArn=EXECUTION, CheckpointToken="YQ==")
