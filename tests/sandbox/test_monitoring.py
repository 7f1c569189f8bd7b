"""CloudWatch in the sandbox: what invocations leave in its metrics, and how they are asked for, in each protocol that clients speak."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import cycle
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from botocore.parsers import create_parser
from botocore.serialize import create_serializer

from reconciler.core import service
from reconciler.sandbox import Sandbox
from reconciler.sandbox.around.faults import parse_faults
from reconciler.sandbox.around.world import access_key
from reconciler.sandbox.lambda_ import invoke, runner
from tests.sandbox.conftest import ACCOUNT, FAILING, REGION, Aws, Clock, refused, zipped

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
    made = create_serializer(protocol, include_validation=False).serialize_to_request(dict(params), model)
    connection = http.client.HTTPConnection(urlsplit(aws.sandbox.endpoint_url).netloc)
    body = urlencode(made["body"]) if isinstance(made["body"], dict) else made["body"]
    connection.request("POST", made["url_path"], body, {**made["headers"], "Authorization": SCOPE})
    answer = connection.getresponse()
    headers = {key.lower(): value for key, value in answer.getheaders()}
    received = {"status_code": answer.status, "headers": headers, "body": answer.read()}
    parsed = dict(create_parser(protocol).parse(received, model.output_shape or service.response("DeleteAlarms")))
    del parsed["ResponseMetadata"]
    return parsed


def weighted(aws: Aws, share: float = 0.5) -> str:
    """A function whose alias sends a share to version 2."""
    name = aws.published(2)
    weights = {"AdditionalVersionWeights": {"2": share}}
    aws.client.create_alias(FunctionName=name, Name="live", FunctionVersion="1", RoutingConfig=weights)
    return name


def test_an_invocation_counts_for_all_for_the_function_for_the_alias_and_for_the_version_that_ran(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = weighted(aws)
    monkeypatch.setattr(aws.sandbox.gate.chance, "random", cycle([0.1, 0.6, 0.9, 0.4]).__next__)
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
    assert ran == ["2", "1", "1", "2"] * 2
    assert found == {
        "function": [9], "unqualified": [1], "alias": [8], "one": [4], "two": [4], "neither": [],
        "errors": [0], "running": [1],
    }  # fmt: skip


def test_a_point_bears_the_moment_at_which_the_invocation_began(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    name, began = aws.function(), moment(aws).replace(second=0, microsecond=0)
    run = runner.invoke_python

    def slowly(*parts: Any, **more: Any) -> Any:
        aws.clock.move(120)
        return run(*parts, **more)

    monkeypatch.setattr(invoke, "invoke_python", slowly)
    aws.client.invoke(FunctionName=name)
    answer = cloudwatch(aws).get_metric_data(
        MetricDataQueries=[query("q", "Duration", "SampleCount", FunctionName=name)], StartTime=moment(aws, -10), EndTime=moment(aws, 1)
    )  # fmt: skip
    assert [at for result in answer["MetricDataResults"] for at in result["Timestamps"]] == [began]


def test_what_fails_is_an_error_and_what_reserved_concurrency_refuses_a_throttle(aws: Aws) -> None:
    name = aws.function(Code={"ZipFile": zipped(FAILING)})
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


# --- windows, statistics, pages --------------------------------------------------------------------------------------


def put(aws: Aws, metric: str, *values: float, minutes: float = 0, **more: Any) -> None:
    datum = {"MetricName": metric, "Values": list(values), "Timestamp": moment(aws, minutes)}
    cloudwatch(aws).put_metric_data(Namespace="Shop", MetricData=[datum | more])


def own(name: str, metric: str, stat: str, period: int = 60) -> dict[str, Any]:
    wanted = {"Namespace": "Shop", "MetricName": metric}
    return {"Id": name, "MetricStat": {"Metric": wanted, "Period": period, "Stat": stat}}


def test_statistics_of_what_was_put(aws: Aws) -> None:
    name = aws.new_name()
    put(aws, name, *range(1, 101))
    put(aws, name, 1000, Counts=[2])
    stats = ("Sum", "Average", "Minimum", "Maximum", "SampleCount", "p50", "p90", "p99.9", "p0", "p100")
    found = ask(aws, *(own(f"q{number}", name, stat) for number, stat in enumerate(stats)))
    assert [values for (values,) in found.values()] == [7050, 7050 / 102, 1, 1000, 102, 51, 92, 1000, 1, 1000]


def test_a_summary_has_percentiles_only_where_all_its_values_are_one(aws: Aws) -> None:
    wide, narrow = aws.new_name(), aws.new_name()
    for name, least in ((wide, 1), (narrow, 3)):
        summary = {"SampleCount": 2, "Sum": 3 + least, "Minimum": least, "Maximum": 3}
        cloudwatch(aws).put_metric_data(Namespace="Shop", MetricData=[{"MetricName": name, "StatisticValues": summary}])
    found = ask(aws, own("sum", wide, "Sum"), own("wide", wide, "p50"), own("narrow", narrow, "p50"))
    assert found == {"sum": [4], "wide": [], "narrow": [3]}


def test_periods_begin_with_the_minute_of_the_start_and_end_before_the_end(aws: Aws) -> None:
    name, minute = aws.new_name(), moment(aws).replace(second=0, microsecond=0)
    aws.clock.now = minute.timestamp() + 30
    for minutes in (-10, -9, -6, -5, -1):
        put(aws, name, 1, minutes=minutes)
    queries = [own("minutes", name, "Sum"), own("fives", name, "Sum", 300)]
    window = {"StartTime": moment(aws, -10), "EndTime": minute - timedelta(minutes=1), "ScanBy": "TimestampAscending"}
    answer = cloudwatch(aws).get_metric_data(MetricDataQueries=queries, **window)
    told = {
        result["Id"]: [(int((at - minute).total_seconds() / 60), value) for at, value in zip(result["Timestamps"], result["Values"], strict=True)]
        for result in answer["MetricDataResults"]
    }  # fmt: skip
    assert told == {"minutes": [(-10, 1), (-9, 1), (-6, 1), (-5, 1)], "fives": [(-10, 3), (-5, 1)]}


def test_the_newest_comes_first_unless_asked_otherwise(aws: Aws) -> None:
    name = aws.new_name()
    put(aws, name, 1, minutes=-2)
    put(aws, name, 2, minutes=-1)
    assert ask(aws, own("q", name, "Sum"))["q"] == [2, 1]
    assert ask(aws, own("q", name, "Sum"), ScanBy="TimestampAscending")["q"] == [1, 2]


def test_pages_have_all_points_once_and_say_what_is_partial(aws: Aws) -> None:
    name = aws.new_name()
    for minutes in range(5):
        put(aws, name, minutes + 1, minutes=-minutes)
    params = {
        "MetricDataQueries": [own("sum", name, "Sum"), own("most", name, "Maximum")], "MaxDatapoints": 4,
        "StartTime": moment(aws, -10), "EndTime": moment(aws, 1),
    }  # fmt: skip
    pages: list[list[tuple[list[float], str]]] = []
    more: dict[str, str] = {}
    while not pages or more:
        answer = cloudwatch(aws).get_metric_data(**params, **more)
        pages.append([(result["Values"], result["StatusCode"]) for result in answer["MetricDataResults"]])
        more = {"NextToken": answer["NextToken"]} if "NextToken" in answer else {}
    assert pages == [
        [([1, 2, 3, 4], "PartialData"), ([], "PartialData")],
        [([5], "Complete"), ([1, 2, 3], "PartialData")],
        [([], "Complete"), ([4, 5], "Complete")],
    ]


def test_units_labels_and_what_is_not_to_be_returned(aws: Aws) -> None:
    name = aws.new_name()
    put(aws, name, 1, Unit="Seconds")
    put(aws, name, 2, Unit="Bytes")
    seconds, hidden = own("seconds", name, "Sum"), own("hidden", name, "Sum") | {"ReturnData": False}
    seconds["MetricStat"]["Unit"] = "Seconds"
    answer = cloudwatch(aws).get_metric_data(
        MetricDataQueries=[seconds, hidden, own("all", name, "Sum") | {"Label": "both"}], StartTime=moment(aws, -5), EndTime=moment(aws, 1)
    )  # fmt: skip
    assert [(result["Id"], result["Label"], result["Values"]) for result in answer["MetricDataResults"]] == [
        ("seconds", name, [1]), ("all", "both", [3]),
    ]  # fmt: skip


# --- what is refused -------------------------------------------------------------------------------------------------

QUERIES: Mapping[str, tuple[Any, str, str]] = {
    "metric math": ([{"Id": "e", "Expression": "m1 / m2"}], "NotImplementedException", "does not speak metric math"),
    "both": ([own("q", "m", "Sum") | {"Expression": "1"}], "ValidationError", "Exactly one"),
    "neither": ([{"Id": "q"}], "ValidationError", "Exactly one"),
    "another account": ([own("q", "m", "Sum") | {"AccountId": "1"}], "NotImplementedException", "other accounts"),
    "a bad id": ([own("Q", "m", "Sum")], "ValidationError", "The value Q for parameter MetricDataQueries.member.1.Id"),
    "an id twice": ([own("q", "m", "Sum"), own("q", "m", "Sum")], "ValidationError", "must be unique: q"),
    "too many": ([own(f"q{number}", "m", "Sum") for number in range(501)], "ValidationError", "The collection MetricDataQueries must not have a size greater than 500."),
    "a trimmed mean": ([own("q", "m", "tm90")], "NotImplementedException", "tm90"),
    "a percentile above all": ([own("q", "m", "p101")], "NotImplementedException", "p101"),
    "ten seconds": ([own("q", "m", "Sum", 10)], "NotImplementedException", "shorter than a minute"),
    "ninety seconds": ([own("q", "m", "Sum", 90)], "ValidationError", "multiple of 60"),
    "no period": ([own("q", "m", "Sum", 0)], "ValidationError", "period"),
    "no list": ("q", "SerializationException", ""),
}  # fmt: skip


@pytest.mark.parametrize(("queries", "code", "message"), QUERIES.values(), ids=QUERIES)
def test_a_query_is_refused(aws: Aws, queries: Any, code: str, message: str) -> None:
    if isinstance(queries, str):
        body = json.dumps({"MetricDataQueries": queries, "StartTime": 0, "EndTime": 60})
        refusal = posted(aws, body.encode(), {"X-Amz-Target": "GraniteServiceVersion20100801.GetMetricData"})
        assert (refusal[0], code.encode() in refusal[1]) == (400, True)
        return
    params = {"MetricDataQueries": queries, "StartTime": moment(aws, -5), "EndTime": moment(aws)}
    error = spoken(aws, "json", "GetMetricData", params)["Error"]
    assert (error["Code"], message in error["Message"]) == (code, True), error


def posted(aws: Aws, body: bytes, headers: Mapping[str, str], path: str = "/") -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(urlsplit(aws.sandbox.endpoint_url).netloc)
    connection.request("POST", path, body, {**headers, "Authorization": SCOPE})
    answer = connection.getresponse()
    return answer.status, answer.read()


PUT: Mapping[str, tuple[dict[str, Any], str, str]] = {
    "a namespace of AWS": ({"Namespace": "AWS/Lambda"}, "InvalidParameterValue", "The value AWS/ for parameter Namespace is invalid."),
    "nothing": ({"MetricData": []}, "MissingParameter", "MetricData"),
    "two forms": ({"MetricData": [{"MetricName": "m", "Value": 1, "Values": [1]}]}, "InvalidParameterCombination", "Exactly one"),
    "counts for others": ({"MetricData": [{"MetricName": "m", "Values": [1, 2], "Counts": [1]}]}, "ValidationError", "Counts"),
    "long ago": ({"MetricData": [{"MetricName": "m", "Value": 1, "Timestamp": 0}]}, "InvalidParameterValue", "two weeks"),
    "a thousand and one": ({"MetricData": [{"MetricName": "m", "Value": 1}] * 1001}, "ValidationError", "1000"),
    "too large": ({"MetricData": [{"MetricName": "m", "Value": 1e200}]}, "InvalidParameterValue", "2^360"),
    "a summary of nothing": (
        {"MetricData": [{"MetricName": "m", "StatisticValues": {"SampleCount": 0, "Sum": 0, "Minimum": 0, "Maximum": 0}}]},
        "ValidationError", "SampleCount",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("params", "code", "message"), PUT.values(), ids=PUT)
def test_data_are_refused(aws: Aws, params: dict[str, Any], code: str, message: str) -> None:
    sent = {"Namespace": "Shop", "MetricData": [{"MetricName": "m", "Value": 1}]} | params
    error = spoken(aws, "json", "PutMetricData", sent)["Error"]
    assert (error["Code"], message in error["Message"]) == (code, True), error


def test_data_are_refused_together_or_taken_together(aws: Aws) -> None:
    name = aws.new_name()
    with refused("InvalidParameterValue"):
        cloudwatch(aws).put_metric_data(
            Namespace="Shop", MetricData=[{"MetricName": name, "Value": 1}, {"MetricName": name, "Value": 1e200}]
        )  # fmt: skip
    assert ask(aws, own("q", name, "Sum")) == {"q": []}


def test_what_clients_pack_is_unpacked(aws: Aws) -> None:
    name = aws.new_name()
    data = [
        {"MetricName": name, "Value": 1.0, "Dimensions": [{"Name": "padding", "Value": "x" * 200}]} for _ in range(200)
    ]
    cloudwatch(aws).put_metric_data(Namespace="Shop", MetricData=[*data, {"MetricName": name, "Value": 1}])
    assert ask(aws, own("q", name, "Sum")) == {"q": [1]}


BODIES = {
    "cut": b"\xa1\x61",
    "no map": b"\x83\x01\x02\x03",
    "two values": b"\xa0\xa0",
    "endless": b"\x9f\x01",
    "a length that lies": b"\x9b\xff\xff\xff\xff\xff\xff\xff\xff",
    "deep": b"\x81" * 5000,
    "no text": b"\xa1\x61\xff\x01",
    "undefined": b"\xa1\x61\x61\xf7\x00",
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_bytes_that_are_no_cbor_are_refused(aws: Aws, body: bytes) -> None:
    headers = {"Smithy-Protocol": "rpc-v2-cbor", "Content-Type": "application/cbor"}
    path = "/service/GraniteServiceVersion20100801/operation/DescribeAlarms"
    status, answer = posted(aws, body, headers, path)
    assert (status, b"SerializationException" in answer) == (400, True)


@pytest.mark.parametrize("body", [b"Action=DescribeAlarms&MaxRecords=x", b"Action=DescribeAlarms&AlarmNames=a", b"Action=DescribeAlarms&AlarmNames.member.x=a", b"Action=DescribeAlarms&MaxRecords.a=1&MaxRecords=1"])  # fmt: skip
def test_a_form_that_does_not_fit_is_refused(aws: Aws, body: bytes) -> None:
    status, answer = posted(aws, body, {"Content-Type": "application/x-www-form-urlencoded"})
    assert (status, b"<Code>MalformedInput</Code>" in answer) == (400, True)


# --- faults, throttling, in the process ------------------------------------------------------------------------------


def test_faults_strike_and_requests_are_on_record() -> None:
    faults = parse_faults(
        [
            {"operation": "GetMetricData", "nth": 1, "status": 503},
            {"operation": "DescribeAlarms", "code": "AccessDenied", "status": 403},
        ],
        "faults",
    )
    with Sandbox(faults=faults) as sandbox:
        client = sandbox.clients.get("cloudwatch", ACCOUNT, REGION)
        window = {"StartTime": datetime(2026, 1, 1, tzinfo=UTC), "EndTime": datetime(2026, 1, 2, tzinfo=UTC)}
        with refused("ServiceException", status=503):
            client.get_metric_data(MetricDataQueries=[], **window)
        assert client.get_metric_data(MetricDataQueries=[], **window)["MetricDataResults"] == []
        with refused("AccessDenied", status=403):
            client.describe_alarms()
        client.put_metric_data(Namespace="Shop", MetricData=[{"MetricName": "m", "Value": 1}])
        seen = [(request.operation, request.status) for request in sandbox.requests]
        assert seen == [("GetMetricData", 503), ("GetMetricData", 200), ("DescribeAlarms", 403), ("PutMetricData", 200)]
        assert [request.operation for request in sandbox.writes] == ["PutMetricData"]


def test_each_operation_has_a_quota_of_its_own() -> None:
    with Sandbox(throttle=True, clock=Clock()) as sandbox:
        client = sandbox.clients.get("cloudwatch", ACCOUNT, REGION)
        for _ in range(9):
            client.describe_alarms()
        with refused("Throttling", "Rate exceeded", 400):
            client.describe_alarms()
        sandbox.clients.get("lambda", ACCOUNT, REGION).list_functions()


def test_accounts_and_regions_have_metrics_and_alarms_of_their_own(aws: Aws) -> None:
    name = aws.new_name()
    put(aws, name, 1)
    cloudwatch(aws).put_composite_alarm(AlarmName=name, AlarmRule="TRUE")
    for account, region in ((ACCOUNT, "eu-west-1"), ("999999999999", REGION)):
        other = aws.sandbox.clients.get("cloudwatch", account, region)
        found = other.get_metric_data(
            MetricDataQueries=[own("q", name, "Sum")], StartTime=moment(aws, -5), EndTime=moment(aws, 1)
        )
        assert found["MetricDataResults"][0]["Values"] == []
        assert other.describe_alarms(AlarmNames=[name], AlarmTypes=["CompositeAlarm"])["CompositeAlarms"] == []


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_what_is_not_spoken_about_metrics_and_alarms_is_said_never_answered_with_nothing(
    aws: Aws, protocol: str
) -> None:
    for operation, params in (
        ("ListMetrics", {}),
        ("DescribeAlarmHistory", {}),
        ("DisableAlarmActions", {"AlarmNames": ["a"]}),
    ):
        error = spoken(aws, protocol, operation, params)["Error"]
        assert (error["Code"], error["Message"]) == (
            "NotImplementedException",
            f"The sandbox does not speak {operation}.",
        )


def test_dashboards_are_motos(aws: Aws) -> None:
    cloudwatch(aws).put_dashboard(DashboardName="shop", DashboardBody='{"widgets": []}')
    assert [entry["DashboardName"] for entry in cloudwatch(aws).list_dashboards()["DashboardEntries"]] == ["shop"]
