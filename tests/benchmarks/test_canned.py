"""The canned AWS of the benchmarks says what the sandbox says, keeps Lambda's quotas in every second, and counts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from reconciler.sandbox import Sandbox
from reconciler.sandbox.http.wire import Request
from tests.benchmarks import fleet
from tests.benchmarks.aws import Running, running
from tests.benchmarks.aws.canned import Around, Canned, Settings
from tests.benchmarks.aws.quotas import Quotas
from tests.conftest import reconcile

SIGNED = {
    "authorization": "AWS4-HMAC-SHA256 Credential=SANDBOX123456789012/20261130/us-west-2/lambda/aws4_request, SignedHeaders=host"
}
VARYING = ("RevisionId", "LastModified", "UUID", "EventSourceMappingArn", "CodeSha256", "CodeSize", "Location")


@pytest.fixture(scope="module")
def aws() -> Iterator[Running]:
    with running(Settings(functions=3, regions=(fleet.REGION, "eu-west-1"), latency_seconds=0.0)) as aws:
        yield aws


def client(aws: Running, api: Any) -> Any:
    access_key = aws.environment()["AWS_ACCESS_KEY_ID"]
    return boto3.client(
        api, region_name=fleet.REGION, endpoint_url=aws.endpoint_url, aws_access_key_id=access_key, aws_secret_access_key="x",
        config=Config(retries={"total_max_attempts": 1}),
    )  # fmt: skip


def shape(answer: Any) -> Any:
    """An answer without what is another each time."""
    match answer:
        case dict():
            return {
                name: type(value).__name__ if name in VARYING else shape(value)
                for name, value in answer.items()
                if name != "ResponseMetadata"
            }
        case list():
            return [shape(item) for item in answer]
    return answer


def test_its_answers_are_those_of_a_sandbox_that_was_asked_to_make_the_same(aws: Running) -> None:
    name = fleet.named(0)
    reads: dict[str, dict[str, Any]] = {
        "get_function": {"FunctionName": name}, "list_aliases": {"FunctionName": name}, "list_event_source_mappings": {"FunctionName": name},
        "list_versions_by_function": {"FunctionName": name}, "list_functions": {"FunctionVersion": "ALL"},
    }  # fmt: skip
    with Sandbox(settle_seconds=0.0) as sandbox:
        sandbox.gate.region(fleet.ACCOUNT, fleet.REGION)[0].world = Around()
        for number in range(3):
            for operation, params in fleet.creations(number, fleet.REGION):
                sandbox.gate.carry_out("lambda", operation, params, fleet.ACCOUNT, fleet.REGION)
        theirs = sandbox.clients.get("lambda", fleet.ACCOUNT, fleet.REGION)
        for read, params in reads.items():
            canned, real = (getattr(lambda_, read)(**params) for lambda_ in (client(aws, "lambda"), theirs))
            assert shape(canned) == shape(real), read


def test_a_plan_of_the_fleets_specs_is_empty_in_every_region(
    aws: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in aws.environment().items():
        monkeypatch.setenv(name, value)
    specs = fleet.write_specs(tmp_path / "specs", 3, (fleet.REGION, "eu-west-1"))
    assert reconcile("plan", "--detailed-exitcode", str(specs)).exit_code == 0
    fleet.change(specs, [1], (fleet.REGION, "eu-west-1"))
    assert reconcile("plan", "--detailed-exitcode", str(specs)).exit_code == 10


def test_it_says_whose_credentials_they_are_and_what_an_object_weighs(aws: Running) -> None:
    assert client(aws, "sts").get_caller_identity()["Account"] == fleet.ACCOUNT
    head = client(aws, "s3").head_object(Bucket=fleet.BUCKET, Key=fleet.KEY, ChecksumMode="ENABLED")
    function = client(aws, "lambda").get_function(FunctionName=fleet.named(0))
    assert head["ChecksumSHA256"] == function["Configuration"]["CodeSha256"]
    tags = client(aws, "resourcegroupstaggingapi").get_resources(ResourceTypeFilters=["lambda:function"])
    assert len(tags["ResourceTagMappingList"]) == 3
    with pytest.raises(ClientError, match="AccessDenied"):
        client(aws, "iam").get_role(RoleName="lambda")


def asked(canned: Canned, path: str, now: float) -> int:
    return canned.answer(Request("GET", f"/2015-03-31/functions/{path}", "", SIGNED, b""), now).status


def test_the_sixteenth_scarce_call_within_a_second_is_refused_whenever_the_second_begins() -> None:
    canned = Canned(Settings(functions=1))
    path = f"{fleet.named(0)}/aliases"
    assert [asked(canned, path, 0.9 + number / 100) for number in range(16)] == [200] * 15 + [429]
    assert asked(canned, path, 1.895) == 429
    assert asked(canned, path, 1.905) == 200
    assert asked(canned, path, 1.906) == 429  # only one of the fifteen is a second ago
    assert asked(canned, fleet.named(0), 1.907) == 200  # GetFunction has a quota of its own
    counts = canned.counts
    assert (counts.calls, counts.throttled) == ({"ListAliases": 19, "GetFunction": 1}, {"ListAliases": 3})
    assert (counts.first_at, counts.last_at) == (0.9, 1.907)


def test_each_account_region_and_bucket_has_a_quota_of_its_own() -> None:
    quotas = Quotas()
    taken = [quotas.takes("1", "r", "GetFunction", 0.0) for _ in range(101)]
    assert taken == [True] * 100 + [False]
    assert quotas.takes("2", "r", "GetFunction", 0.0)
    assert quotas.takes("1", "s", "GetFunction", 0.0)
    assert quotas.takes("1", "r", "GetPolicy", 0.0)
    assert [quotas.takes("1", "r", name, 0.0) for name in ("ListAliases", "CreateAlias") * 8] == [True] * 15 + [False]


def test_what_is_created_settles_after_the_seconds_that_were_said() -> None:
    with running(Settings(settle_seconds=3600.0, latency_seconds=0.0)) as slow:
        _, params = fleet.creations(0, fleet.REGION)[0]
        client(slow, "lambda").create_function(**params)
        assert client(slow, "lambda").get_function(FunctionName=fleet.named(0))["Configuration"]["State"] == "Pending"
        slow.begin(Settings(functions=1, settle_seconds=3600.0, latency_seconds=0.0))
        assert client(slow, "lambda").get_function(FunctionName=fleet.named(0))["Configuration"]["State"] == "Active"


def test_a_mapping_settles_within_seconds_whatever_functions_take() -> None:
    canned = Canned(Settings(settle_seconds=3600.0))
    assert canned._settle_seconds("CreateFunction") == 3600.0
    assert canned._settle_seconds("CreateEventSourceMapping") == 2.0
    assert Canned(Settings(settle_seconds=0.5))._settle_seconds("UpdateEventSourceMapping") == 0.5
