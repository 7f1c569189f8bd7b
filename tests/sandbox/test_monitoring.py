"""CloudWatch in the sandbox: what invocations leave in its metrics, and how they are asked for, in each protocol that clients speak."""

from __future__ import annotations

import http.client
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from botocore.parsers import create_parser
from botocore.serialize import create_serializer

from reconciler.core import service
from reconciler.sandbox.around.world import access_key
from tests.sandbox.conftest import ACCOUNT, REGION, Aws, refused, zipped

PROTOCOLS = ("json", "smithy-rpc-v2-cbor", "query")
SCOPE = f"AWS4-HMAC-SHA256 Credential={access_key(ACCOUNT)}/20261130/{REGION}/monitoring/aws4_request"


def cloudwatch(aws: Aws) -> Any:
    return aws.sandbox.clients.get("cloudwatch", ACCOUNT, REGION)


def moment(aws: Aws, minutes: float = 0) -> datetime:
    return datetime.fromtimestamp(aws.clock.now, UTC) + timedelta(minutes=minutes)


def query(name: str, metric: str, stat: str, **dimensions: str) -> dict[str, Any]:
    """Of one of Lambda's metrics, by the minute."""
    known = [{"Name": key, "Value": value} for key, value in dimensions.items()]
    wanted = {"Namespace": "AWS/Lambda", "MetricName": metric, "Dimensions": known}
    return {"Id": name, "MetricStat": {"Metric": wanted, "Period": 60, "Stat": stat}}


def ask(aws: Aws, *queries: dict[str, Any], **more: Any) -> dict[str, list[float]]:
    """Values of the last hour by query."""
    window = {"StartTime": moment(aws, -60), "EndTime": moment(aws, 1)}
    answer = cloudwatch(aws).get_metric_data(**(window | {"MetricDataQueries": list(queries)} | more))
    return {result["Id"]: result["Values"] for result in answer["MetricDataResults"]}


def spoken(aws: Aws, protocol: str, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
    """What botocore reads of the answer to what it sends in a protocol."""
    model = service.model("cloudwatch").operation_model(operation)
    made = create_serializer(protocol).serialize_to_request(dict(params), model)
    connection = http.client.HTTPConnection(urlsplit(aws.sandbox.endpoint_url).netloc)
    body = urlencode(made["body"]) if isinstance(made["body"], dict) else made["body"]
    connection.request("POST", made["url_path"], body, {**made["headers"], "Authorization": SCOPE})
    answer = connection.getresponse()
    headers = {key.lower(): value for key, value in answer.getheaders()}
    received = {"status_code": answer.status, "headers": headers, "body": answer.read()}
    assert model.output_shape
    parsed = dict(create_parser(protocol).parse(received, model.output_shape))
    del parsed["ResponseMetadata"]
    return parsed


def weighted(aws: Aws, share: float = 0.5) -> str:
    """A function whose alias sends a share to version 2."""
    name = aws.published(2)
    weights = {"AdditionalVersionWeights": {"2": share}}
    aws.client.create_alias(FunctionName=name, Name="live", FunctionVersion="1", RoutingConfig=weights)
    return name


def test_an_invocation_counts_for_all_for_the_function_for_the_alias_and_for_the_version_that_ran(aws: Aws) -> None:
    name = weighted(aws)
    ran = [aws.client.invoke(FunctionName=name, Qualifier="live")["ExecutedVersion"] for _ in range(8)]
    aws.client.invoke(FunctionName=name)
    alias = {"FunctionName": name, "Resource": f"{name}:live"}
    found = ask(
        aws,
        query("function", "Invocations", "Sum", FunctionName=name),
        query("unqualified", "Invocations", "Sum", FunctionName=name, Resource=name),
        query("alias", "Invocations", "Sum", **alias),
        query("one", "Invocations", "Sum", **alias, ExecutedVersion="1"),
        query("two", "Invocations", "Sum", **alias, ExecutedVersion="2"),
        query("neither", "Invocations", "Sum", FunctionName=name, ExecutedVersion="2"),
        query("errors", "Errors", "Sum", **alias, ExecutedVersion="1"),
        query("running", "ConcurrentExecutions", "Maximum", FunctionName=name),
    )
    assert 0 < ran.count("2") < 8
    assert found == {
        "function": [9], "unqualified": [1], "alias": [8], "one": [ran.count("1")], "two": [ran.count("2")], "neither": [],
        "errors": [0], "running": [1],
    }  # fmt: skip


def test_what_fails_is_an_error_and_what_reserved_concurrency_refuses_a_throttle(aws: Aws) -> None:
    name = aws.function(Code={"ZipFile": zipped("def handle(event, context):\n    raise ValueError\n")})
    aws.client.invoke(FunctionName=name)
    aws.client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    with refused("TooManyRequestsException"):
        aws.client.invoke(FunctionName=name)
    found = ask(
        aws,
        *(query(metric.lower(), metric, "Sum", FunctionName=name) for metric in ("Invocations", "Errors", "Throttles")),
    )
    assert found == {"invocations": [1], "errors": [1], "throttles": [1]}


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_every_protocol_tells_the_same(aws: Aws, protocol: str) -> None:
    name = aws.function()
    aws.client.invoke(FunctionName=name)
    params = {
        "MetricDataQueries": [query("all", "Invocations", "Sum", FunctionName=name), query("none", "Errors", "Sum", FunctionName="no")],
        "StartTime": moment(aws, -5), "EndTime": moment(aws, 1), "ScanBy": "TimestampAscending",
    }  # fmt: skip
    minute = moment(aws).replace(second=0, microsecond=0)
    answer = spoken(aws, protocol, "GetMetricData", params)
    told = {
        result["Id"]: (result["Timestamps"], result["Values"], result["StatusCode"])
        for result in answer["MetricDataResults"]
    }
    assert told == {"all": ([minute], [1.0], "Complete"), "none": ([], [], "Complete")}
    refusal = spoken(aws, protocol, "GetMetricData", params | {"EndTime": moment(aws, -6)})["Error"]
    assert (refusal["Code"], refusal["Message"]) == (
        "ValidationError",
        "The parameter StartTime must be less than the parameter EndTime.",
    )
