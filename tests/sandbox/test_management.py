"""FACTS 10.5: how Lambda looks after a function by itself."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.conftest import ACCOUNT, REGION, Aws, refused, zipped

RUNTIME = f"arn:aws:lambda:{REGION}::runtime:0123456789abcdef"
PROVIDER = f"arn:aws:lambda:{REGION}:{ACCOUNT}:capacity-provider:p"


def runtime(aws: Aws, name: str, **more: Any) -> dict[str, Any]:
    read = dict(aws.client.get_runtime_management_config(FunctionName=name, **more))
    return {key: read[key] for key in ("UpdateRuntimeOn", "RuntimeVersionArn", "FunctionArn") if key in read}


def test_a_recursive_loop_is_ended_unless_it_is_allowed(aws: Aws) -> None:
    name = aws.function()
    assert aws.client.get_function_recursion_config(FunctionName=name)["RecursiveLoop"] == "Terminate"
    assert (
        aws.client.put_function_recursion_config(FunctionName=name, RecursiveLoop="Allow")["RecursiveLoop"] == "Allow"
    )
    assert aws.client.get_function_recursion_config(FunctionName=name)["RecursiveLoop"] == "Allow"
    words = "Value 'No' at 'recursiveLoop' failed to satisfy constraint: Member must satisfy enum value set: ["
    with refused("ValidationException", words):
        aws.unchecked.put_function_recursion_config(FunctionName=name, RecursiveLoop="No")


def test_the_runtime_is_updated_by_itself_until_something_else_is_said(aws: Aws) -> None:
    name = aws.function()
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}:$LATEST"
    assert runtime(aws, name) == {"UpdateRuntimeOn": "Auto", "FunctionArn": arn}
    manual = {"UpdateRuntimeOn": "Manual", "RuntimeVersionArn": RUNTIME}
    put = aws.client.put_runtime_management_config(FunctionName=name, **manual)
    assert put["RuntimeVersionArn"] == RUNTIME
    assert runtime(aws, name) == {**manual, "FunctionArn": arn}
    aws.client.put_runtime_management_config(FunctionName=name, UpdateRuntimeOn="FunctionUpdate")
    assert runtime(aws, name) == {"UpdateRuntimeOn": "FunctionUpdate", "FunctionArn": arn}


@pytest.mark.parametrize(
    "params", [{"UpdateRuntimeOn": "Manual"}, {"UpdateRuntimeOn": "Auto", "RuntimeVersionArn": RUNTIME}]
)
def test_a_version_of_the_runtime_belongs_to_manual(aws: Aws, params: dict[str, Any]) -> None:
    with refused("InvalidParameterValueException", "RuntimeVersionArn", 400):
        aws.client.put_runtime_management_config(FunctionName=aws.function(), **params)


def test_a_published_version_takes_the_mode_of_that_moment(aws: Aws) -> None:
    name = aws.function()
    aws.client.put_runtime_management_config(FunctionName=name, UpdateRuntimeOn="FunctionUpdate")
    aws.client.publish_version(FunctionName=name)
    aws.client.put_runtime_management_config(FunctionName=name, UpdateRuntimeOn="Auto")
    assert runtime(aws, name, Qualifier="1")["UpdateRuntimeOn"] == "FunctionUpdate"
    assert runtime(aws, name)["UpdateRuntimeOn"] == "Auto"


@pytest.mark.parametrize("call", ["get_function_recursion_config", "get_runtime_management_config"])
def test_of_no_function_there_is_nothing(aws: Aws, call: str) -> None:
    with refused("ResourceNotFoundException", "Function not found: ", 404):
        getattr(aws.client, call)(FunctionName="nowhere")


def managed(aws: Aws) -> str:
    config = {"LambdaManagedInstancesCapacityProviderConfig": {"CapacityProviderArn": PROVIDER}}
    return aws.function(CapacityProviderConfig=config, Code={"ZipFile": zipped()})


def test_managed_instances_have_a_scale_that_is_set_and_set_back(aws: Aws) -> None:
    name, where = managed(aws), {"Qualifier": "$LATEST.PUBLISHED"}
    with refused("ResourceNotFoundException", ":$LATEST.PUBLISHED", 404):
        aws.client.get_function_scaling_config(FunctionName=name, **where)
    aws.client.publish_version(FunctionName=name, PublishTo="LATEST_PUBLISHED")
    scale = {"MinExecutionEnvironments": 3, "MaxExecutionEnvironments": 20}
    aws.client.put_function_scaling_config(FunctionName=name, FunctionScalingConfig=scale, **where)
    for applied in ({}, scale):
        read = aws.client.get_function_scaling_config(FunctionName=name, **where)
        assert (read["RequestedFunctionScalingConfig"], read["AppliedFunctionScalingConfig"]) == (scale, applied)
        aws.settle()
    aws.client.put_function_scaling_config(FunctionName=name, **where)
    assert aws.client.get_function_scaling_config(FunctionName=name, **where)["RequestedFunctionScalingConfig"] == {}


def test_an_ordinary_function_has_no_scale(aws: Aws) -> None:
    with refused("AccessDeniedException", "does not contain a capacity provider configuration", 403):
        aws.client.get_function_scaling_config(FunctionName=aws.function(), Qualifier="$LATEST.PUBLISHED")
    with refused("ResourceNotFoundException", "Function not found: ", 404):
        aws.client.get_function_scaling_config(FunctionName=managed(aws), Qualifier="7")
