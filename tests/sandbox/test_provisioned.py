"""FACTS 10.6: provisioned concurrency takes a while, may fail, and follows its alias."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.sandbox import Sandbox, Spot, needs, stock
from tests.sandbox.conftest import ACCOUNT, REGION, ROLE, SETTLE, Aws, Clock, refused

INVALID, MISSING = "InvalidParameterValueException", "ResourceNotFoundException"
ARN = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{{}}"


def put(aws: Aws, name: str, qualifier: str, count: int = 5) -> dict[str, Any]:
    return dict(
        aws.client.put_provisioned_concurrency_config(
            FunctionName=name, Qualifier=qualifier, ProvisionedConcurrentExecutions=count
        )
    )


def get(aws: Aws, name: str, qualifier: str) -> dict[str, Any]:
    return dict(aws.client.get_provisioned_concurrency_config(FunctionName=name, Qualifier=qualifier))


def numbers(answer: dict[str, Any]) -> tuple[str, int, int]:
    return (
        answer["Status"], answer["AllocatedProvisionedConcurrentExecutions"],
        answer["AvailableProvisionedConcurrentExecutions"],
    )  # fmt: skip


def aliased(aws: Aws, versions: int = 2, **members: Any) -> str:
    name = aws.published(versions, **members)
    aws.client.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    return name


def weights(aws: Aws, name: str) -> Any:
    alias = aws.client.get_alias(FunctionName=name, Name="live")
    return alias.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})


def test_it_is_there_after_a_while(aws: Aws) -> None:
    name = aliased(aws)
    assert numbers(put(aws, name, "live")) == ("IN_PROGRESS", 0, 0)
    assert numbers(get(aws, name, "live")) == ("IN_PROGRESS", 0, 0)
    aws.settle()
    assert numbers(get(aws, name, "live")) == ("READY", 5, 5)
    listed = aws.client.list_provisioned_concurrency_configs(FunctionName=name)["ProvisionedConcurrencyConfigs"]
    assert [(item["FunctionArn"], item["RequestedProvisionedConcurrentExecutions"]) for item in listed] == [
        (f"{ARN.format(name)}:live", 5)
    ]


def test_another_number_takes_a_while_again(aws: Aws) -> None:
    name = aliased(aws)
    put(aws, name, "live")
    aws.settle()
    assert numbers(put(aws, name, "live", 7)) == ("IN_PROGRESS", 5, 5)
    aws.settle()
    assert numbers(get(aws, name, "live")) == ("READY", 7, 7)


def test_none_is_told_and_deleted_without_an_error(aws: Aws) -> None:
    name = aliased(aws)
    words = "No Provisioned Concurrency Config found for this function"
    with refused("ProvisionedConcurrencyConfigNotFoundException", words, 404):
        get(aws, name, "live")
    put(aws, name, "live")
    for _ in range(2):
        aws.client.delete_provisioned_concurrency_config(FunctionName=name, Qualifier="live")
    assert aws.client.list_provisioned_concurrency_configs(FunctionName=name)["ProvisionedConcurrencyConfigs"] == []


def test_it_is_for_what_is_published(aws: Aws) -> None:
    name = aliased(aws)
    with refused(INVALID, "Provisioned Concurrency Configs cannot be applied to unpublished function versions.", 400):
        put(aws, name, "$LATEST")
    with refused(INVALID, "The function resource provided must be an alias or a published version.", 400):
        get(aws, name, "$LATEST")
    for call in (put, get):
        with refused(MISSING, f"Cannot find alias arn: {ARN.format(name)}:nowhere", 404):
            call(aws, name, "nowhere")
        with refused(MISSING, f"Function not found: {ARN.format(name)}:10", 404):
            call(aws, name, "10")


def test_a_version_is_provisioned_once(aws: Aws) -> None:
    name = aliased(aws)
    put(aws, name, "live")
    with refused("ResourceConflictException", "Version is pointed by a Provisioned Concurrency alias", 409):
        put(aws, name, "1")
    aws.client.create_alias(FunctionName=name, Name="next", FunctionVersion="2")
    put(aws, name, "2")
    on_version = "Alias can't be used for Provisioned Concurrency configuration on an already Provisioned version"
    with refused("ResourceConflictException", on_version, 409):
        put(aws, name, "next")


def test_it_fits_into_what_is_reserved(aws: Aws) -> None:
    name = aliased(aws)
    aws.client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=5)
    with refused(INVALID, "should not be greater than the reservedConcurrentExecution for function", 400):
        put(aws, name, "live", 6)
    put(aws, name, "live", 4)
    words = " ReservedConcurrentExecutions  3 should not be lower than function's total provisioned concurrency [4]."
    with refused(INVALID, words, 400):
        aws.client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=3)
    aws.client.delete_function(FunctionName=name)


def test_it_fits_into_the_account(aws: Aws) -> None:
    name = aliased(aws)
    with refused(INVALID, "greater than account's unreserved concurrency [1000].", 400):
        put(aws, name, "live", 1001)
    with refused(INVALID, "below its minimum value of [100].", 400):
        put(aws, name, "live", 950)
    before = aws.client.get_account_settings()["AccountLimit"]["UnreservedConcurrentExecutions"]
    put(aws, name, "live", 10)
    after = aws.client.get_account_settings()["AccountLimit"]["UnreservedConcurrentExecutions"]
    assert before - after == 10


def test_it_goes_with_its_alias(aws: Aws) -> None:
    name = aliased(aws)
    put(aws, name, "live")
    aws.client.delete_alias(FunctionName=name, Name="live")
    assert aws.client.list_provisioned_concurrency_configs(FunctionName=name)["ProvisionedConcurrencyConfigs"] == []


# --- while an alias moves ------------------------------------------------------------------------------------------


def moved(aws: Aws) -> str:
    """A function whose alias has what is provisioned, and has just been pointed at version 2."""
    name = aliased(aws)
    put(aws, name, "live")
    aws.settle()
    answer = aws.client.update_alias(FunctionName=name, Name="live", FunctionVersion="2")
    assert "RoutingConfig" not in answer
    return name


def test_traffic_stays_on_the_warm_version_until_the_other_is_ready(aws: Aws) -> None:
    name = moved(aws)
    assert (weights(aws, name), numbers(get(aws, name, "live"))) == ({"1": 1.0}, ("IN_PROGRESS", 5, 5))
    assert aws.client.invoke(FunctionName=name, Qualifier="live")["ExecutedVersion"] == "1"
    aws.settle()
    assert (weights(aws, name), numbers(get(aws, name, "live"))) == ({}, ("READY", 5, 5))
    assert aws.client.invoke(FunctionName=name, Qualifier="live")["ExecutedVersion"] == "2"


def test_meanwhile_neither_the_number_nor_the_way_back_is_taken(aws: Aws) -> None:
    name = moved(aws)
    with refused(INVALID, "Alias with weights can not be used with Provisioned Concurrency", 400):
        put(aws, name, "live", 6)
    with refused(INVALID, "Function version 1 is already included in routing configuration.", 400):
        aws.client.update_alias(FunctionName=name, Name="live", FunctionVersion="1")
    aws.client.update_alias(
        FunctionName=name, Name="live", FunctionVersion="1", RoutingConfig={"AdditionalVersionWeights": {}}
    )
    aws.settle()
    assert (weights(aws, name), get(aws, name, "live")["Status"]) == ({}, "READY")


def test_weights_of_ones_own_stay(aws: Aws) -> None:
    name = moved(aws)
    own = {"AdditionalVersionWeights": {"1": 0.25}}
    aws.client.update_alias(FunctionName=name, Name="live", RoutingConfig=own)
    aws.settle()
    assert weights(aws, name) == {"1": 0.25}


@pytest.mark.parametrize("operation", ["PutProvisionedConcurrencyConfig", "UpdateAlias"])
def test_it_may_fail_by_a_script(operation: str) -> None:
    clock = Clock()
    reason = "FUNCTION_ERROR_INIT_FAILURE"
    faults = [{"operation": operation, "nth": 1, "fails": reason}]
    with Sandbox(settle_seconds=SETTLE, clock=clock, faults=faults) as sandbox:
        stock(sandbox, needs([Spot(ACCOUNT, REGION, {"role": ROLE})]))
        aws = Aws(sandbox, clock)
        name = aliased(aws)
        put(aws, name, "live")
        aws.settle()
        if operation == "UpdateAlias":
            aws.client.update_alias(FunctionName=name, Name="live", FunctionVersion="2")
            aws.settle()
            assert weights(aws, name) == {"1": 1.0}
        answer = get(aws, name, "live")
        assert (*numbers(answer), answer["StatusReason"]) == ("FAILED", 0, 0, reason)
        aws.client.update_alias(FunctionName=name, Name="live", RoutingConfig={"AdditionalVersionWeights": {}})
        put(aws, name, "live")
        aws.settle()
        assert numbers(get(aws, name, "live")) == ("READY", 5, 5)
