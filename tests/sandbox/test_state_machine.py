"""FACTS 2.1 and 2.2: where a function is in its life, and what is refused while something runs."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.sandbox.around.faults import Fault, Script
from tests.sandbox.conftest import REGION, Aws, refused, zipped


def test_a_new_function_is_pending_without_a_last_update_status(aws: Aws) -> None:
    made = aws.create()
    assert (made["State"], made["StateReasonCode"]) == ("Pending", "Creating")
    assert "LastUpdateStatus" not in made


def test_a_new_function_becomes_active_and_its_last_update_successful(aws: Aws) -> None:
    found = aws.get(aws.function())
    assert (found["State"], found["LastUpdateStatus"]) == ("Active", "Successful")
    assert "StateReason" not in found
    assert "StateReasonCode" not in found


def test_nothing_settles_before_its_time(aws: Aws) -> None:
    name = aws.create()["FunctionName"]
    aws.clock.move(9.9)
    assert aws.get(name)["State"] == "Pending"
    aws.clock.move(0.2)
    assert aws.get(name)["State"] == "Active"


UPDATES = [
    pytest.param("update_function_configuration", {"Timeout": 5}, id="configuration"),
    pytest.param("update_function_code", {"ZipFile": zipped("x = 1")}, id="code"),
]


@pytest.mark.parametrize(("call", "params"), UPDATES)
def test_an_update_leaves_the_state_active_and_is_in_progress(aws: Aws, call: str, params: dict[str, Any]) -> None:
    name = aws.function()
    answer = getattr(aws.client, call)(FunctionName=name, **params)
    assert (answer["State"], answer["LastUpdateStatus"]) == ("Active", "InProgress")
    assert answer["LastUpdateStatusReason"] == "The function is being created."
    assert answer["LastUpdateStatusReasonCode"] == "Creating"
    aws.settle()
    found = aws.get(name)
    assert found["LastUpdateStatus"] == "Successful"
    assert "LastUpdateStatusReason" not in found


@pytest.mark.parametrize(("call", "params"), UPDATES)
def test_an_update_that_a_script_lets_fail_ends_failed_and_the_old_stays(
    aws: Aws, call: str, params: dict[str, Any]
) -> None:
    name = aws.function()
    before = aws.get(name)
    operation = "UpdateFunctionConfiguration" if "configuration" in call else "UpdateFunctionCode"
    aws.sandbox.gate.script = Script([Fault(operation, nth=1, fails="EniLimitExceeded")])
    getattr(aws.client, call)(FunctionName=name, **params)
    aws.sandbox.gate.script = Script([])
    aws.settle()
    found = aws.get(name)
    assert (found["State"], found["LastUpdateStatus"]) == ("Active", "Failed")
    assert found["LastUpdateStatusReasonCode"] == "EniLimitExceeded"
    assert (found["Timeout"], found["CodeSha256"]) == (before["Timeout"], before["CodeSha256"])
    aws.configure(name, Timeout=7)
    assert aws.get(name)["LastUpdateStatus"] == "Successful"


def test_a_creation_that_a_script_lets_fail_ends_failed(aws: Aws) -> None:
    aws.sandbox.gate.script = Script([Fault("CreateFunction", nth=1, fails="InvalidSubnet")])
    name = aws.function()
    aws.sandbox.gate.script = Script([])
    found = aws.get(name)
    assert (found["State"], found["StateReasonCode"]) == ("Failed", "InvalidSubnet")


GUARDED = [
    *UPDATES,
    pytest.param("publish_version", {}, id="publish"),
    pytest.param("update_function_code", {"ZipFile": zipped(), "DryRun": True}, id="dry run"),
]


@pytest.mark.parametrize(("call", "params"), GUARDED)
def test_an_update_in_progress_refuses_others(aws: Aws, call: str, params: dict[str, Any]) -> None:
    name = aws.function()
    arn = aws.client.update_function_configuration(FunctionName=name, Timeout=9)["FunctionArn"]
    message = f"The operation cannot be performed at this time. An update is in progress for resource: {arn}"
    with refused("ResourceConflictException", message, 409):
        getattr(aws.client, call)(FunctionName=name, **params)
    aws.settle()
    getattr(aws.client, call)(FunctionName=name, **params)


@pytest.mark.parametrize(("call", "params"), [*GUARDED, pytest.param("invoke", {}, id="invoke")])
def test_a_pending_function_refuses_what_changes_or_runs_it(aws: Aws, call: str, params: dict[str, Any]) -> None:
    name = aws.create()["FunctionName"]
    with refused("ResourceConflictException", "currently in the following state: Pending", 409):
        getattr(aws.client, call)(FunctionName=name, **params)


def test_reads_of_a_busy_function_are_answered(aws: Aws) -> None:
    name = aws.create()["FunctionName"]
    assert aws.client.get_function_configuration(FunctionName=name)["State"] == "Pending"
    assert aws.client.list_versions_by_function(FunctionName=name)["Versions"]


@pytest.mark.parametrize("listing", ["list_functions", "list_versions_by_function"])
def test_listings_do_not_say_the_state(aws: Aws, listing: str) -> None:
    name = aws.function()
    params = {"FunctionName": name} if "versions" in listing else {}
    answer = getattr(aws.client, listing)(**params)
    for one in answer.get("Functions") or answer["Versions"]:
        assert not {"State", "StateReason", "LastUpdateStatus", "RuntimeVersionConfig"} & set(one)


def test_a_second_creation_says_the_function_exists(aws: Aws) -> None:
    name = aws.function()
    with refused("ResourceConflictException", f"Function already exist: {name}", 409):
        aws.create(FunctionName=name)


def test_a_redundant_update_goes_in_progress_all_the_same(aws: Aws) -> None:
    name = aws.function(Timeout=5)
    assert aws.client.update_function_configuration(FunctionName=name, Timeout=5)["LastUpdateStatus"] == "InProgress"


def test_botocores_waiters_end(aws: Aws) -> None:
    name = aws.function()
    for waiter in ("function_active_v2", "function_updated_v2", "function_active", "function_updated"):
        aws.client.get_waiter(waiter).wait(FunctionName=name, WaiterConfig={"Delay": 0, "MaxAttempts": 1})


def test_regions_and_accounts_are_apart(aws: Aws) -> None:
    name = aws.function()
    for account, region in (("123456789012", "eu-west-1"), ("210987654321", REGION)):
        client = aws.sandbox.clients.get("lambda", account, region)
        with refused("ResourceNotFoundException", f"Function not found: arn:aws:lambda:{region}:{account}", 404):
            client.get_function(FunctionName=name)
