"""FACTS 10.2: how a function, version or alias is invoked asynchronously."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.conftest import ACCOUNT, REGION, Aws, refused

INVALID, MISSING = "InvalidParameterValueException", "ResourceNotFoundException"
ARN = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{{}}"
QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:failed"
HUSKS: dict[str, Any] = {"OnSuccess": {}, "OnFailure": {}}


def shown(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in answer.items() if name not in ("LastModified", "ResponseMetadata")}


def test_only_what_was_set_is_shown_beside_both_destinations(aws: Aws) -> None:
    name = aws.function()
    made = aws.client.put_function_event_invoke_config(FunctionName=name, MaximumRetryAttempts=1)
    wanted = {"FunctionArn": f"{ARN.format(name)}:$LATEST", "MaximumRetryAttempts": 1, "DestinationConfig": HUSKS}
    assert shown(made) == wanted
    assert shown(aws.client.get_function_event_invoke_config(FunctionName=name)) == wanted


def test_a_put_replaces_all_and_an_update_what_it_names(aws: Aws) -> None:
    name = aws.function()
    config = {"OnFailure": {"Destination": QUEUE}}
    aws.client.put_function_event_invoke_config(FunctionName=name, MaximumRetryAttempts=1, DestinationConfig=config)
    updated = aws.client.update_function_event_invoke_config(FunctionName=name, MaximumEventAgeInSeconds=60)
    assert (updated["MaximumRetryAttempts"], updated["DestinationConfig"]) == (1, {**HUSKS, **config})
    put = aws.client.put_function_event_invoke_config(FunctionName=name, MaximumEventAgeInSeconds=90)
    assert shown(put) == {
        "FunctionArn": f"{ARN.format(name)}:$LATEST", "MaximumEventAgeInSeconds": 90, "DestinationConfig": HUSKS,
    }  # fmt: skip


def test_each_qualifier_has_its_own_and_all_are_listed(aws: Aws) -> None:
    name = aws.published()
    aws.client.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    for qualifier in ({"Qualifier": "live"}, {}, {"Qualifier": "1"}):
        aws.client.put_function_event_invoke_config(FunctionName=name, MaximumRetryAttempts=0, **qualifier)
    listed = aws.client.list_function_event_invoke_configs(FunctionName=name)["FunctionEventInvokeConfigs"]
    assert [item["FunctionArn"].split(":")[7] for item in listed] == ["$LATEST", "1", "live"]
    aws.client.delete_function_event_invoke_config(FunctionName=name, Qualifier="1")
    aws.client.delete_alias(FunctionName=name, Name="live")
    listed = aws.client.list_function_event_invoke_configs(FunctionName=name)["FunctionEventInvokeConfigs"]
    assert [item["FunctionArn"].split(":")[7] for item in listed] == ["$LATEST"]


def test_nothing_set_is_refused(aws: Aws) -> None:
    name = aws.function()
    words = "You must specify at least one of error handling or destination setting."
    for call in (aws.client.put_function_event_invoke_config, aws.client.update_function_event_invoke_config):
        with refused(INVALID, words, 400):
            call(FunctionName=name)
    made = aws.client.put_function_event_invoke_config(FunctionName=name, DestinationConfig={"OnSuccess": {}})
    assert made["DestinationConfig"] == HUSKS


@pytest.mark.parametrize("end", ["", ":live", ":1"], ids=["function", "alias", "version"])
def test_what_is_not_there_is_told(aws: Aws, end: str) -> None:
    name = aws.function() if end else aws.new_name()
    for call in (aws.client.put_function_event_invoke_config, aws.client.update_function_event_invoke_config):
        with refused(MISSING, "The function doesn't exist.", 404):
            call(FunctionName=name + end, MaximumRetryAttempts=1)
    words = f"The function {ARN.format(name)}{end or ':$LATEST'} doesn't have an EventInvokeConfig"
    for read in (aws.client.get_function_event_invoke_config, aws.client.delete_function_event_invoke_config):
        with refused(MISSING, words, 404):
            read(FunctionName=name + end)


def test_a_function_that_is_not_there_has_no_list(aws: Aws) -> None:
    with refused(MISSING, "The function doesn't exist.", 404):
        aws.client.list_function_event_invoke_configs(FunctionName=aws.new_name())


def test_an_update_of_none_is_refused(aws: Aws) -> None:
    name = aws.function()
    with refused(MISSING, f"The function {ARN.format(name)}:$LATEST doesn't have an EventInvokeConfig", 404):
        aws.client.update_function_event_invoke_config(FunctionName=name, MaximumRetryAttempts=1)


def test_a_destination_must_be_one(aws: Aws) -> None:
    name, other = aws.function(), aws.function()
    refusals = {
        ARN.format("nowhere"): f"The destination ARN {ARN.format('nowhere')} is invalid.",
        ARN.format(name): "You can't specify the function as a destination for itself.",
        f"arn:aws:iam::{ACCOUNT}:role/a": "The provided destination config DestinationConfig(onSuccess="
        f"OnSuccess(destination=arn:aws:iam::{ACCOUNT}:role/a), onFailure=null) is invalid.",
    }
    for arn, words in refusals.items():
        with refused(INVALID, words, 400):
            aws.client.put_function_event_invoke_config(
                FunctionName=name, DestinationConfig={"OnSuccess": {"Destination": arn}}
            )
    aws.client.put_function_event_invoke_config(
        FunctionName=name, DestinationConfig={"OnSuccess": {"Destination": ARN.format(other)}}
    )
