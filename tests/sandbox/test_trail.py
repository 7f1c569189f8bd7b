"""CloudTrail's LookupEvents: who asked what of the sandbox, as AWS would tell it."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest
from botocore.config import Config

from reconciler.sandbox.around.world import access_key
from tests.sandbox.conftest import ACCOUNT, REGION, Aws, refused

CONSOLE = "[console.amazonaws.com]"


def client(aws: Aws, api: str, key: str = "", token: str | None = None, agent: str = "") -> Any:
    return boto3.client(  # type: ignore[call-overload]
        api, region_name=REGION, endpoint_url=aws.sandbox.endpoint_url, aws_access_key_id=key or access_key(ACCOUNT),
        aws_secret_access_key="x", aws_session_token=token, config=Config(user_agent=agent or None, parameter_validation=False),
    )  # fmt: skip


def looked_up(aws: Aws, **params: Any) -> list[dict[str, Any]]:
    """The events, each as its JSON says it."""
    answer = client(aws, "cloudtrail").lookup_events(**params)
    return [json.loads(event["CloudTrailEvent"]) for event in answer["Events"]]


def by(name: str, value: str) -> list[dict[str, str]]:
    return [{"AttributeKey": name, "AttributeValue": value}]


def test_an_event_says_who_did_what_and_by_what_and_no_secret(aws: Aws) -> None:
    name = aws.function()
    by_hand = client(aws, "lambda", agent=CONSOLE)
    by_hand.update_function_configuration(
        FunctionName=f"{ACCOUNT}:function:{name}", MemorySize=512, Environment={"Variables": {"TOKEN": "correct-horse"}}
    )
    event, *_ = looked_up(aws, LookupAttributes=by("EventName", "UpdateFunctionConfiguration20150331v2"))
    assert event["requestParameters"] == {"functionName": f"{ACCOUNT}:function:{name}", "memorySize": 512}
    assert (event["userIdentity"]["type"], event["userIdentity"]["userName"]) == ("IAMUser", "sandbox")
    assert event["userAgent"].startswith(CONSOLE)
    assert event["sessionCredentialFromConsole"] == "true"
    assert (event["eventSource"], event["readOnly"]) == ("lambda.amazonaws.com", False)
    assert "correct-horse" not in json.dumps(event)


def test_a_role_is_told_with_its_session(aws: Aws) -> None:
    role = f"arn:aws:iam::{ACCOUNT}:role/admin"
    lent = client(aws, "sts").assume_role(RoleArn=role, RoleSessionName="ada@example.com")["Credentials"]
    name = aws.function()
    client(aws, "lambda", lent["AccessKeyId"], lent["SessionToken"]).put_function_concurrency(
        FunctionName=name, ReservedConcurrentExecutions=1
    )
    event, *_ = looked_up(aws, LookupAttributes=by("EventName", "PutFunctionConcurrency20171031"))
    identity = event["userIdentity"]
    assert identity["arn"].endswith(":assumed-role/admin/ada@example.com")
    assert identity["sessionContext"]["sessionIssuer"]["arn"] == role


def test_what_was_refused_has_its_code_and_reads_are_told_as_well(aws: Aws) -> None:
    with refused("ResourceNotFoundException"):
        aws.client.put_function_concurrency(FunctionName="nobody", ReservedConcurrentExecutions=1)
    (event,) = looked_up(aws, LookupAttributes=by("EventName", "PutFunctionConcurrency20171031"), MaxResults=1)
    assert event["errorCode"] == "ResourceNotFoundException"
    aws.client.list_functions()
    reads = looked_up(aws, LookupAttributes=by("EventSource", "lambda.amazonaws.com"))
    assert reads[0]["eventName"] == "ListFunctions20150331"
    assert reads[0]["readOnly"] is True


def test_pages_begin_with_the_newest_and_hold_every_event_once(aws: Aws) -> None:
    name = aws.function()
    start = aws.clock.now + 1
    for size in range(128, 135):
        aws.settle()
        aws.client.update_function_configuration(FunctionName=name, MemorySize=size)
    wanted = by("EventName", "UpdateFunctionConfiguration20150331v2")
    pages = client(aws, "cloudtrail").get_paginator("lookup_events").paginate(
        LookupAttributes=wanted, StartTime=start, PaginationConfig={"PageSize": 3}
    )  # fmt: skip
    told = [[json.loads(event["CloudTrailEvent"]) for event in page["Events"]] for page in pages]
    assert [len(page) for page in told] == [3, 3, 1]
    assert [event["requestParameters"]["memorySize"] for page in told for event in page] == [*range(134, 127, -1)]


def test_what_is_older_than_90_days_is_not_told(aws: Aws) -> None:
    aws.client.put_function_concurrency(FunctionName=aws.function(), ReservedConcurrentExecutions=1)
    wanted = by("EventName", "PutFunctionConcurrency20171031")
    assert looked_up(aws, LookupAttributes=wanted)
    aws.clock.move(90 * 86_400 + 1)
    assert looked_up(aws, LookupAttributes=wanted) == []


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"LookupAttributes": by("EventName", "a") + by("EventSource", "b")}, "InvalidLookupAttributesException"),
        ({"StartTime": 2, "EndTime": 1}, "InvalidTimeRangeException"),
        ({"MaxResults": 51}, "InvalidMaxResultsException"),
        ({"NextToken": "none"}, "InvalidNextTokenException"),
    ],
)
def test_what_makes_no_sense_is_refused(aws: Aws, params: dict[str, Any], code: str) -> None:
    with refused(code):
        client(aws, "cloudtrail").lookup_events(**params)
