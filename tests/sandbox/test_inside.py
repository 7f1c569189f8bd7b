"""The strict Lambda within the process, beside moto's mock."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from moto import mock_aws

from reconciler.sandbox import Fault, install
from reconciler.sandbox.stock import TRUST
from tests.sandbox.conftest import ACCOUNT, REGION, ROLE, Clock, refused, zipped


@pytest.fixture
def session() -> Iterator[boto3.Session]:
    with mock_aws():
        session = boto3.Session("testing", "testing", region_name=REGION)
        session.client("iam").create_role(RoleName="lambda", AssumeRolePolicyDocument=TRUST)
        yield session


def create(client: Any, **members: Any) -> dict[str, Any]:
    params = {
        "FunctionName": "a", "Role": ROLE, "Runtime": "python3.13", "Handler": "app.handle",
        "Code": {"ZipFile": zipped()}, **members,
    }  # fmt: skip
    return dict(client.create_function(**params))


def test_a_session_is_answered_without_a_socket(session: boto3.Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socket.socket.connect", lambda *_: pytest.fail("a socket"))
    clock = Clock()
    front = install(session, settle_seconds=5, clock=clock)
    client = session.client("lambda")
    assert create(client)["State"] == "Pending"
    clock.move(6)
    assert client.get_function(FunctionName="a")["Configuration"]["State"] == "Active"
    assert [request.operation for request in front.writes] == ["CreateFunction"]
    assert front.requests[0].account == ACCOUNT


def test_metrics_are_there_without_a_socket_and_answers_bear_the_time(session: boto3.Session) -> None:
    clock = Clock()
    install(session, clock=clock)
    client, cloudwatch = session.client("lambda"), session.client("cloudwatch")
    create(client)
    client.invoke(FunctionName="a")
    wanted = {
        "Namespace": "AWS/Lambda",
        "MetricName": "Invocations",
        "Dimensions": [{"Name": "FunctionName", "Value": "a"}],
    }
    answer = cloudwatch.get_metric_data(
        MetricDataQueries=[{"Id": "q", "MetricStat": {"Metric": wanted, "Period": 60, "Stat": "Sum"}}],
        StartTime=clock.now - 60, EndTime=clock.now + 60,
    )  # fmt: skip
    assert answer["MetricDataResults"][0]["Values"] == [1]
    assert answer["ResponseMetadata"]["HTTPHeaders"]["date"] == "Tue, 14 Nov 2023 22:13:20 GMT"


def test_one_client_may_be_strict_while_others_are_motos(session: boto3.Session) -> None:
    strict, lax = session.client("lambda"), session.client("lambda")
    install(strict)
    create(strict)
    assert len(strict.list_functions()["Functions"]) == 1
    assert lax.list_functions()["Functions"] == []


def test_code_comes_from_motos_s3_and_other_services_stay_motos(session: boto3.Session) -> None:
    install(session)
    s3 = session.client("s3")
    s3.create_bucket(Bucket="builds", CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket="builds", Key="k", Body=zipped())
    client = session.client("lambda")
    create(client, Code={"S3Bucket": "builds", "S3Key": "k"})
    answer = client.invoke(FunctionName="a", Payload=io.BytesIO(b'{"x": 1}'))
    assert answer["Payload"].read() == b'{"x": 1}'


def test_refusals_and_faults_are_as_over_http(session: boto3.Session) -> None:
    front = install(session, faults=[Fault("ListFunctions", nth=1, reset=True)])
    client = session.client("lambda")
    create(client)
    with refused("ResourceConflictException", "Function already exist"):
        create(client)
    assert client.list_functions()["Functions"]  # botocore tries again
    assert [request.code for request in front.requests if request.operation == "ListFunctions"] == ["Reset", ""]


def test_tags_are_found_by_the_tagging_api(session: boto3.Session) -> None:
    install(session)
    create(session.client("lambda"), Tags={"a": "b"})
    found = session.client("resourcegroupstaggingapi").get_resources(ResourceTypeFilters=["lambda:function"])
    assert [one["Tags"] for one in found["ResourceTagMappingList"]] == [[{"Key": "a", "Value": "b"}]]


def test_without_the_mock_nothing_leaves_the_process() -> None:
    session = boto3.Session("testing", "testing", region_name=REGION)
    install(session)
    with pytest.raises(RuntimeError, match="needs moto's mock_aws to be active"):
        session.client("lambda").list_functions()


def test_roles_and_sources_are_asked_of_motos_iam_and_sqs(session: boto3.Session) -> None:
    install(session)
    client, queue = session.client("lambda"), f"arn:aws:sqs:{REGION}:{ACCOUNT}:inside"
    with refused("InvalidParameterValueException", "cannot be assumed by Lambda"):
        create(client, Role=f"{ROLE}-nowhere")
    create(client)
    with refused("InvalidParameterValueException", "does not exist"):
        client.create_event_source_mapping(FunctionName="a", EventSourceArn=queue)
    session.client("sqs").create_queue(QueueName="inside")
    assert client.create_event_source_mapping(FunctionName="a", EventSourceArn=queue)["State"] == "Creating"


def test_after_the_mock_nothing_leaves_the_process_either() -> None:
    session = boto3.Session("testing", "testing", region_name=REGION)
    install(session)
    with mock_aws():
        client = session.client("lambda")
        assert client.list_functions()["Functions"] == []
    with pytest.raises(RuntimeError, match="needs moto's mock_aws to be active"):
        client.list_functions()


def test_throttling_goes_by_the_clock_that_is_given(session: boto3.Session) -> None:
    clock = Clock()
    front = install(session, throttle=True, clock=clock)
    client = session.client("lambda", config=Config(retries={"total_max_attempts": 1}))
    for _ in range(15):
        client.list_functions()
    with refused("TooManyRequestsException", "Rate exceeded", 429):
        client.list_functions()
    clock.move(1)
    client.list_functions()
    assert [request.status for request in front.requests] == [200] * 15 + [429, 200]
