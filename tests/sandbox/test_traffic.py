"""Traffic by a file, and a clock that goes faster: what metrics hold of it, and that nothing about it is left to chance."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.sandbox import Sandbox, needs, read_traffic, stock
from reconciler.sandbox.around.clock import faster
from reconciler.sandbox.cloudwatch.flow import Flow, Routing
from reconciler.sandbox.cloudwatch.metrics import Metric, Metrics, statistic
from reconciler.sandbox.cloudwatch.written import BadTraffic, Traffic
from reconciler.sandbox.stock import Spot
from tests.sandbox.conftest import ACCOUNT, REGION, ROLE, Aws, Clock
from tests.sandbox.test_monitoring import ask, query

BEGAN = 1_700_000_040.0  # a whole minute
CANARY = """\
checkout:
  live:
    invocations: 100
    errors: 1%
    duration: [10ms, 20ms, 0.5s]
    throttles: 2
    versions:
      "8": {errors: 0.5, duration: 900ms}
"""


def traffic(text: str, folder: Path) -> Traffic:
    path = folder / "traffic.yaml"
    path.write_text(text, encoding="utf-8")
    return read_traffic(path)


def metric(name: str, version: str = "") -> Metric:
    executed = [("ExecutedVersion", version)] if version else []
    return Metric("AWS/Lambda", name, (*executed, ("FunctionName", "checkout"), ("Resource", "checkout:live")))


def told(metrics: Metrics, wanted: Metric, stat: str = "Sum") -> list[float | None]:
    """By the minute."""
    return [statistic(stat, values) for values in metrics.values(wanted, int(BEGAN), BEGAN + 86_400, 60).values()]


def flowed(flow: Flow, shares: Mapping[str, float], *moments: float) -> Metrics:
    metrics = Metrics()
    for moment in moments:
        flow.advance(metrics, lambda *_: Routing(shares, is_alias=True, is_refused=False), BEGAN + moment)
    return metrics


def test_weights_split_calls_and_each_version_fails_and_lasts_as_the_file_says(tmp_path: Path) -> None:
    metrics = flowed(Flow(traffic(CANARY, tmp_path), BEGAN), {"8": 0.25, "7": 0.75}, 120)
    assert told(metrics, metric("Invocations", "8")) == [25, 25]
    assert told(metrics, metric("Invocations", "7")) == [75, 75]
    assert told(metrics, metric("Invocations")) == [100, 100]
    assert told(metrics, metric("Errors", "8")) == [12, 13]
    assert told(metrics, metric("Errors", "7")) == [0, 1]
    assert told(metrics, metric("Duration", "8"), "Maximum") == [900, 900]
    assert told(metrics, metric("Duration", "7"), "p50") == [20, 20]
    assert told(metrics, metric("Duration", "7"), "p99") == [500, 500]
    assert told(metrics, metric("Throttles")) == [2, 2]
    assert told(metrics, metric("Throttles", "8")) == []


@given(st.lists(st.floats(0, 600), max_size=6), st.floats(0.01, 0.99))
def test_how_often_it_is_asked_makes_no_difference(moments: list[float], weight: float) -> None:
    calls = read_traffic(Path(__file__).with_name("traffic.yaml"))
    shares = {"8": weight, "7": 1 - weight}
    once, often = flowed(Flow(calls, BEGAN), shares, 600), flowed(Flow(calls, BEGAN), shares, *sorted(moments), 600)
    for name in ("Invocations", "Errors", "Throttles"):
        for version in ("", "7", "8"):
            assert told(once, metric(name, version)) == told(often, metric(name, version))
    assert told(once, metric("Duration", "7"), "p90") == told(often, metric("Duration", "7"), "p90")


def test_an_own_number_of_calls_comes_whatever_the_weight_is_as_long_as_there_is_one(tmp_path: Path) -> None:
    calls = traffic('checkout: {live: {versions: {"8": {invocations: 40}}}}', tmp_path)
    assert told(flowed(Flow(calls, BEGAN), {"8": 0.01, "7": 0.99}, 60), metric("Invocations", "8")) == [40]
    assert told(flowed(Flow(calls, BEGAN), {"7": 1.0}, 60), metric("Invocations")) == []


def test_what_is_not_there_is_not_called_and_what_is_refused_is_throttled(tmp_path: Path) -> None:
    flow, metrics = Flow(traffic(CANARY, tmp_path), BEGAN), Metrics()
    flow.advance(metrics, lambda *_: None, BEGAN + 60)
    assert told(metrics, metric("Invocations")) == []
    flow.advance(metrics, lambda *_: Routing({"7": 1.0}, is_alias=True, is_refused=True), BEGAN + 120)
    assert (told(metrics, metric("Invocations")), told(metrics, metric("Throttles"))) == ([], [102])


def test_traffic_follows_an_alias_while_its_weights_move(tmp_path: Path) -> None:
    clock = Clock()
    clock.now = BEGAN
    calls = traffic('f: {live: {invocations: 60, versions: {"2": {errors: 100%}}}}', tmp_path)
    with Sandbox(settle_seconds=0, clock=clock, traffic=calls) as sandbox:
        document = {
            "configuration": {"Role": ROLE, "Handler": "app.handle"},
            "code": {"S3Bucket": "b", "S3Key": "k.zip"},
        }
        stock(sandbox, needs([Spot(ACCOUNT, REGION, document)]))
        aws = Aws(sandbox, clock)
        aws.create(FunctionName="f", Publish=True)
        aws.client.update_function_configuration(FunctionName="f", Description="two")
        aws.client.publish_version(FunctionName="f")
        clock.move(60)
        aws.client.create_alias(FunctionName="f", Name="live", FunctionVersion="1")
        clock.move(60)
        aws.client.update_alias(FunctionName="f", Name="live", RoutingConfig={"AdditionalVersionWeights": {"2": 0.25}})
        clock.move(60)
        aws.client.update_alias(FunctionName="f", Name="live", FunctionVersion="2", RoutingConfig={})
        clock.move(30)
        alias = {"FunctionName": "f", "Resource": "f:live"}
        found = ask(
            aws,
            query("one", "Invocations", "Sum", **alias, ExecutedVersion="1"),
            query("two", "Invocations", "Sum", **alias, ExecutedVersion="2"),
            query("errors", "Errors", "Sum", FunctionName="f"),
            ScanBy="TimestampAscending",
        )
    assert found == {"one": [60, 45], "two": [15, 30], "errors": [0, 15, 30]}


# --- the file --------------------------------------------------------------------------------------------------------

BAD: Mapping[str, tuple[str, str]] = {
    "nothing": ("", "1:1: "),
    "a list": ("[1]", "1:1: traffic is a map of functions"),
    "no calls": ("f: {}", "1:4: f is to be a map of what is called"),
    "a function's name": ('"f g": {live: {invocations: 1}}', "1:1: f g is no name of a function"),
    "a qualifier": ('f: {"li ve": {invocations: 1}}', "1:5: li ve is neither an alias nor a version's number nor $LATEST"),
    "an unknown member": ("f:\n  live:\n    invokations: 3\n    invocations: 1", "3:5: invokations is not known; did you mean invocations?"),
    "never called": ("f: {live: {errors: 1%}}", "1:5: live is never called: say how many `invocations` a minute"),
    "not a number": ("f: {live: {invocations: many}}", "1:25: invocations is to be a number a minute"),
    "true is no number": ("f: {live: {invocations: true}}", "1:25: invocations is to be a number a minute"),
    "fewer than none": ("f: {live: {invocations: -1}}", "1:25: invocations is to be a number a minute"),
    "too large a share": ("f: {live: {invocations: 1, errors: 101%}}", "errors is to be a share: 6%, or 0.06"),
    "a share in words": ("f: {live: {invocations: 1, errors: few}}", "errors is to be a share: 6%, or 0.06"),
    "a duration without unit": ("f: {live: {invocations: 1, duration: 3}}", "duration is to be a duration, as 180ms or 1.5s"),
    "no durations": ("f: {live: {invocations: 1, duration: []}}", "duration is to be a duration, as 180ms or 1.5s"),
    "no version": ("f: {live: {invocations: 1, versions: {a: {}}}}", "a is no version's number"),
    "versions as a list": ("f: {live: {invocations: 1, versions: [8]}}", "versions is to be a map of version numbers"),
    "a version's throttles": ('f: {live: {invocations: 1, versions: {"8": {throttles: 1}}}}', "throttles is not known"),
    "a key twice": ("f: {live: {invocations: 1}}\nf: {}", "2:1: "),
    "no YAML": ("f: {", "1:"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "message"), BAD.values(), ids=BAD)
def test_a_mistake_is_told_with_its_place(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(BadTraffic) as caught:
        traffic(text, tmp_path)
    assert message in str(caught.value)
    assert str(caught.value).startswith(f"{tmp_path / 'traffic.yaml'}:")
    assert caught.value.exit_code == 2


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(BadTraffic) as caught:
        traffic("f:\n  live: {errors: 2, duration: 3}\n  8 8: 1\n", tmp_path)
    assert len(str(caught.value).splitlines()) == 5


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadTraffic, match="cannot be read"):
        read_traffic(tmp_path / "none.yaml")


def test_json_is_read_as_well(tmp_path: Path) -> None:
    assert (
        traffic('{"f": {"$LATEST": {"invocations": 3, "errors": "2%"}}}', tmp_path).calls["f", "$LATEST"].usual.errors
        == 0.02
    )


# --- a clock that goes faster ----------------------------------------------------------------------------------------


def test_a_faster_clock_begins_at_the_other_ones_time() -> None:
    clock = Clock()
    fast = faster(clock, 60)
    before = fast()
    clock.move(10)
    assert (before, fast()) == (1_700_000_000.0, 1_700_000_600.0)


def test_every_answer_bears_the_sandboxs_time_and_so_does_what_is_made() -> None:
    clock = Clock()
    with Sandbox(settle_seconds=0, clock=clock, time_scale=60) as sandbox:
        stock(
            sandbox,
            needs(
                [Spot(ACCOUNT, REGION, {"configuration": {"Role": ROLE}, "code": {"S3Bucket": "b", "S3Key": "k.zip"}})]
            ),
        )
        clock.move(10)
        now = datetime.fromtimestamp(1_700_000_600, UTC)
        made = Aws(sandbox, clock).create(FunctionName="f")
        assert datetime.fromisoformat(made["LastModified"]) == now
        s3 = sandbox_client(sandbox, "s3")
        s3.create_bucket(Bucket="locks", CreateBucketConfiguration={"LocationConstraint": REGION})
        s3.put_object(Bucket="locks", Key="lock", Body=b"")
        answers = [
            made,
            s3.get_object(Bucket="locks", Key="lock"),
            sandbox.clients.get("cloudwatch", ACCOUNT, REGION).describe_alarms(),
        ]
        assert [date(answer) for answer in answers] == [now] * 3
        assert answers[1]["LastModified"] == now


def date(answer: dict[str, Any]) -> datetime:
    return parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"])


def sandbox_client(sandbox: Sandbox, api: str) -> Any:
    """By HTTP, as anybody's client."""
    import boto3
    from botocore.config import Config

    from reconciler.sandbox.around.world import access_key

    return boto3.client(
        api, region_name=REGION, endpoint_url=sandbox.endpoint_url, aws_access_key_id=access_key(ACCOUNT),  # type: ignore[call-overload]
        aws_secret_access_key="x", config=Config(s3={"addressing_style": "path"}),
    )  # fmt: skip


def test_minutes_of_the_canary_come_one_after_the_other(tmp_path: Path) -> None:
    metrics, flow = Metrics(), Flow(traffic(CANARY, tmp_path), BEGAN)
    seen = []
    for second in range(0, 181, 20):
        flow.advance(metrics, lambda *_: Routing({"7": 1.0}, is_alias=True, is_refused=False), BEGAN + second)
        seen.append(sum(count or 0 for count in told(metrics, metric("Invocations"))))
    assert seen[-1] == 300
    assert all(before <= after for before, after in pairwise(seen))
