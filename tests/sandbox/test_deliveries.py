"""Other services find the sandbox's functions, and hand them what is theirs, if the functions' policies let them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from reconciler.sandbox.http.log import Logged
from tests.sandbox.conftest import ACCOUNT, REGION, Aws, zipped

SOURCE = """
import json, pathlib

def handle(event, context):
    pathlib.Path({path!r}).write_text(json.dumps(event))
"""


class Receiver:
    """A function that keeps what it was handed."""

    def __init__(self, aws: Aws, folder: Any, *services: str, qualifier: str = "") -> None:
        self.aws, self.path = aws, folder / "event.json"
        self.name = aws.function(Code={"ZipFile": zipped(SOURCE.format(path=str(self.path)))})
        self.arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{self.name}"
        for service in services:
            aws.client.add_permission(
                FunctionName=self.name, StatementId=service, Action="lambda:InvokeFunction",
                Principal=f"{service}.amazonaws.com",
            )  # fmt: skip

    def client(self, api: str) -> Any:
        return self.aws.sandbox.clients.get(api, ACCOUNT, REGION)

    @property
    def event(self) -> Any:
        return json.loads(self.path.read_text())

    @property
    def last(self) -> Logged:
        return [entry for entry in self.aws.sandbox.requests if entry.operation == "Invoke"][-1]


def test_a_topic_hands_its_messages_over(aws: Aws, tmp_path: Any) -> None:
    receiver = Receiver(aws, tmp_path, "sns")
    sns = receiver.client("sns")
    topic = sns.create_topic(Name=receiver.name)["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=receiver.arn)
    sns.publish(TopicArn=topic, Message="hello", Subject="greeting")
    record = receiver.event["Records"][0]
    assert (record["EventSource"], record["Sns"]["Message"], record["Sns"]["Subject"]) == (
        "aws:sns",
        "hello",
        "greeting",
    )
    assert (receiver.last.status, receiver.last.params["Principal"]) == (202, "sns.amazonaws.com")


def test_who_is_not_let_hands_nothing_over_and_that_is_on_record(aws: Aws, tmp_path: Any) -> None:
    receiver = Receiver(aws, tmp_path, "s3")
    sns = receiver.client("sns")
    topic = sns.create_topic(Name=receiver.name)["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=receiver.arn)
    sns.publish(TopicArn=topic, Message="hello")
    assert not receiver.path.exists()
    assert (receiver.last.status, receiver.last.code) == (403, "AccessDeniedException")


def test_a_log_group_hands_its_lines_over(aws: Aws, tmp_path: Any) -> None:
    receiver = Receiver(aws, tmp_path, "logs")
    logs, group = receiver.client("logs"), f"/{receiver.name}"
    logs.create_log_group(logGroupName=group)
    logs.create_log_stream(logGroupName=group, logStreamName="s")
    logs.put_subscription_filter(logGroupName=group, filterName="all", filterPattern="", destinationArn=receiver.arn)
    logs.put_log_events(
        logGroupName=group, logStreamName="s", logEvents=[{"timestamp": 1_700_000_000_000, "message": "line"}]
    )
    assert set(receiver.event) == {"awslogs"}


def test_a_subscription_needs_a_function_that_is_there(aws: Aws) -> None:
    logs = aws.sandbox.clients.get("logs", ACCOUNT, REGION)
    logs.create_log_group(logGroupName="/nobody")
    with pytest.raises(ClientError, match="Could not execute the lambda function"):
        logs.put_subscription_filter(
            logGroupName="/nobody", filterName="all", filterPattern="",
            destinationArn=f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:nowhere",
        )  # fmt: skip


def test_a_bucket_hands_its_events_over(aws: Aws, tmp_path: Any) -> None:
    receiver = Receiver(aws, tmp_path, "s3")
    s3, bucket = receiver.client("s3"), f"uploads-{receiver.name}"
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_bucket_notification_configuration(
        Bucket=bucket,
        NotificationConfiguration={
            "LambdaFunctionConfigurations": [{"LambdaFunctionArn": receiver.arn, "Events": ["s3:ObjectCreated:*"]}]
        },
    )
    s3.put_object(Bucket=bucket, Key="a", Body=b"x")
    assert receiver.event["Records"][0]["s3"]["object"]["key"] == "a"


def test_a_bus_hands_its_events_over_to_an_alias(aws: Aws, tmp_path: Any) -> None:
    receiver = Receiver(aws, tmp_path)
    aws.client.publish_version(FunctionName=receiver.name)
    aws.client.create_alias(FunctionName=receiver.name, Name="live", FunctionVersion="1")
    aws.client.add_permission(
        FunctionName=receiver.name, Qualifier="live", StatementId="e", Action="lambda:InvokeFunction",
        Principal="events.amazonaws.com",
    )  # fmt: skip
    events = receiver.client("events")
    events.put_rule(Name=receiver.name, EventPattern=json.dumps({"source": ["mine"]}))
    events.put_targets(Rule=receiver.name, Targets=[{"Id": "1", "Arn": f"{receiver.arn}:live"}])
    events.put_events(Entries=[{"Source": "mine", "DetailType": "t", "Detail": "{}"}])
    assert receiver.event["source"] == "mine"
