"""Log groups, as far as moto takes what AWS refuses, or lacks what AWS has."""

from __future__ import annotations

import re
import time
from typing import Any

import boto3
import pytest
from botocore.config import Config

from reconciler.sandbox.around.faults import Fault, Script
from reconciler.sandbox.around.world import access_key
from tests.sandbox.conftest import ACCOUNT, REGION, Aws, refused, zipped

KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/k"


@pytest.fixture
def logs(aws: Aws) -> Any:
    """A client that sends what botocore itself would refuse; it makes groups of its own in every test."""
    client = boto3.client(
        "logs", region_name=REGION, endpoint_url=aws.sandbox.endpoint_url, aws_access_key_id=access_key(ACCOUNT),
        aws_secret_access_key="x", config=Config(parameter_validation=False, retries={"total_max_attempts": 1}),
    )  # fmt: skip
    for group in client.describe_log_groups()["logGroups"]:
        client.delete_log_group(logGroupName=group["logGroupName"])
    return client


def held(logs: Any, *names: str) -> list[dict[str, Any]]:
    named = {"logGroupIdentifiers": list(names)} if names else {}
    groups: list[dict[str, Any]] = logs.describe_log_groups(**named)["logGroups"]
    return groups


def test_a_group_is_standard_and_never_expires_until_somebody_says_otherwise(logs: Any) -> None:
    logs.create_log_group(logGroupName="/a")
    (group,) = held(logs, "/a")
    assert {"retentionInDays", "kmsKeyId"}.isdisjoint(group)
    assert group["logGroupClass"] == "STANDARD"
    assert (group["arn"], group["logGroupArn"]) == (f"{group['logGroupArn']}:*", group["arn"].removesuffix(":*"))
    logs.put_retention_policy(logGroupName="/a", retentionInDays=14)
    logs.associate_kms_key(logGroupName="/a", kmsKeyId=KEY)
    (group,) = held(logs, "/a")
    assert (group["retentionInDays"], group["kmsKeyId"]) == (14, KEY)
    logs.delete_retention_policy(logGroupName="/a")
    logs.disassociate_kms_key(logGroupName="/a")
    assert {"retentionInDays", "kmsKeyId"}.isdisjoint(held(logs, "/a")[0])


def test_a_group_has_what_it_was_created_with(logs: Any) -> None:
    logs.create_log_group(logGroupName="/a", logGroupClass="DELIVERY", kmsKeyId=KEY, tags={"team": "a"})
    (group,) = held(logs, "/a")
    assert (group["logGroupClass"], group["kmsKeyId"]) == ("DELIVERY", KEY)
    assert logs.list_tags_for_resource(resourceArn=group["logGroupArn"])["tags"] == {"team": "a"}


def test_groups_are_looked_up_by_name_and_those_that_are_not_there_are_left_out(logs: Any) -> None:
    for name in ("/b", "/a", "/c"):
        logs.create_log_group(logGroupName=name)
    assert [group["logGroupName"] for group in held(logs, "/c", "/a", "/x")] == ["/a", "/c"]
    assert held(logs, "/x") == []
    by_arn = held(logs, f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/b")
    assert [group["logGroupName"] for group in by_arn] == ["/b"]
    with refused("InvalidParameterException", "logGroupIdentifiers"):
        held(logs, *(f"/{number}" for number in range(51)))


def test_a_listing_comes_in_pages(logs: Any) -> None:
    for number in range(5):
        logs.create_log_group(logGroupName=f"/{number}")
    pages = logs.get_paginator("describe_log_groups").paginate(PaginationConfig={"PageSize": 2})
    assert [[group["logGroupName"] for group in page["logGroups"]] for page in pages] == [
        ["/0", "/1"], ["/2", "/3"], ["/4"]
    ]  # fmt: skip
    assert [group["logGroupName"] for group in logs.describe_log_groups(logGroupNamePattern="3")["logGroups"]] == ["/3"]


def test_what_aws_refuses_is_refused(logs: Any) -> None:
    logs.create_log_group(logGroupName="/a")
    with refused("ResourceAlreadyExistsException", "already exists"):
        logs.create_log_group(logGroupName="/a")
    with refused("InvalidParameterException", "retentionInDays"):
        logs.put_retention_policy(logGroupName="/a", retentionInDays=8)
    with refused("InvalidParameterException", "logGroupClass"):
        logs.create_log_group(logGroupName="/b", logGroupClass="CHEAP")
    with refused("InvalidParameterException", "logGroupName"):
        logs.create_log_group(logGroupName="a b")
    with refused("InvalidParameterException", "KMS key"):
        logs.associate_kms_key(logGroupName="/a", kmsKeyId="key/k")
    for act in (logs.delete_retention_policy, logs.disassociate_kms_key):
        with refused("ResourceNotFoundException", "does not exist"):
            act(logGroupName="/x")
    assert [group["logGroupName"] for group in held(logs)] == ["/a"]


def test_an_invocation_makes_the_group_that_it_logs_into(aws: Aws, logs: Any) -> None:
    name = aws.function()
    other = aws.function(LoggingConfig={"LogGroup": "/other"})
    assert held(logs) == []
    for _ in range(2):
        aws.client.invoke(FunctionName=name)
    aws.client.invoke(FunctionName=other)
    assert [group["logGroupName"] for group in held(logs)] == [f"/aws/lambda/{name}", "/other"]


def test_an_invocation_leaves_its_lines_in_the_stream_of_its_version(aws: Aws, logs: Any) -> None:
    source = "def handle(event, context):\n    print('said', context.log_stream_name)\n"
    name = aws.function(Code={"ZipFile": zipped(source)})
    other = aws.function(Code={"ZipFile": zipped(source)}, LoggingConfig={"LogGroup": "/other"})
    aws.client.publish_version(FunctionName=name)
    for function, qualifier in ((name, "$LATEST"), (name, "1"), (name, "1"), (other, "$LATEST")):
        aws.client.invoke(FunctionName=function, Qualifier=qualifier)
    events = logs.filter_log_events(logGroupName=f"/aws/lambda/{name}")["events"]
    assert [event["message"].split()[0] for event in events] == ["START", "said", "END", "REPORT"] * 3
    assert len({event["eventId"] for event in events}) == len(events)
    streams = list(dict.fromkeys(event["logStreamName"] for event in events))
    assert [re.sub("[0-9a-f]{32}", "ID", stream[11:]) for stream in streams] == ["[$LATEST]ID", "[1]ID"]
    assert next(event["message"] for event in events if event["message"].startswith("said")) == f"said {streams[0]}\n"
    (shared,) = {event["logStreamName"] for event in logs.filter_log_events(logGroupName="/other")["events"]}
    assert re.fullmatch(rf"\d{{4}}/\d\d/\d\d/{other}\[\$LATEST\]\[[0-9a-f]{{32}}\]", shared)


def test_events_come_in_pages_and_by_time_stream_and_pattern(aws: Aws, logs: Any) -> None:
    logs.create_log_group(logGroupName="/a")
    for stream in ("x", "y"):
        logs.create_log_stream(logGroupName="/a", logStreamName=stream)
    now = int(time.time() * 1000)
    for number in range(4):
        line = {"timestamp": now + number, "message": f"line {number}"}
        logs.put_log_events(logGroupName="/a", logStreamName="xy"[number % 2], logEvents=[line])

    def found(**wanted: Any) -> list[list[str]]:
        pages = logs.get_paginator("filter_log_events").paginate(logGroupName="/a", **wanted)
        return [[event["message"][-1] for event in page["events"]] for page in pages]

    assert found(limit=3) == [["0", "1", "2"], ["3"]]
    assert found(startTime=now + 1, endTime=now + 2) == [["1", "2"]]
    assert found(logStreamNamePrefix="y") == [["1", "3"]]
    assert found(logStreamNames=["x"]) == [["0", "2"]]
    assert found(logStreamNamePrefix="z") == [[]]
    assert found(filterPattern='"line 2"') == [["2"]]
    with refused("ResourceNotFoundException", "does not exist"):
        logs.filter_log_events(logGroupName="/b")
    for wrong in ({"limit": 0}, {"logStreamNames": ["x"], "logStreamNamePrefix": "x"}):
        with refused("InvalidParameterException"):
            logs.filter_log_events(logGroupName="/a", **wrong)


def test_whoever_subscribes_to_its_own_lines_is_not_called_for_ever(aws: Aws, logs: Any) -> None:
    name = aws.function()
    group = f"/aws/lambda/{name}"
    aws.client.add_permission(
        FunctionName=name, StatementId="logs", Action="lambda:InvokeFunction", Principal="logs.amazonaws.com"
    )
    logs.create_log_group(logGroupName=group)
    arn = aws.client.get_function(FunctionName=name)["Configuration"]["FunctionArn"]
    logs.put_subscription_filter(logGroupName=group, filterName="all", filterPattern="", destinationArn=arn)
    aws.client.invoke(FunctionName=name)
    starts = [event for event in logs.filter_log_events(logGroupName=group)["events"] if "START" in event["message"]]
    assert len(starts) == 2


def test_its_requests_are_on_record_and_meet_faults(aws: Aws, logs: Any) -> None:
    aws.sandbox.requests.clear()
    aws.sandbox.gate.script = Script([Fault("CreateLogGroup", nth=1, when="after", status=503)])
    with refused("ServiceException", status=503):
        logs.create_log_group(logGroupName="/a")
    assert [group["logGroupName"] for group in held(logs)] == ["/a"]
    aws.sandbox.gate.script = Script([])
    assert [(request.operation, request.status, request.is_write) for request in aws.sandbox.requests] == [
        ("CreateLogGroup", 503, True), ("DescribeLogGroups", 200, False)
    ]  # fmt: skip


def test_what_is_no_json_is_told(aws: Aws, logs: Any) -> None:
    import urllib3

    headers = {
        "X-Amz-Target": "Logs_20140328.CreateLogGroup",
        "Authorization": f"AWS4-HMAC-SHA256 Credential={access_key(ACCOUNT)}/20260101/{REGION}/logs/aws4_request, Signature=x",
    }
    for body in (b"{", b"[]"):
        answer = urllib3.request("POST", aws.sandbox.endpoint_url, body=body, headers=headers, retries=False)
        assert (answer.status, answer.json()["__type"]) == (400, "SerializationException")
