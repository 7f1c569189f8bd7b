"""Live states and specs as they meet in practice, beyond what the other files tell: what is expected, and no call too many."""

from __future__ import annotations

import time
from typing import Any

import pytest

from reconciler.sandbox.around.faults import Fault, Script
from tests.conftest import ROLE, House, function_spec

ARN = "arn:aws:lambda:us-west-2:123456789012:function:checkout"
QUEUE = "event_source_mappings:\n  q: {EventSourceArn: 'arn:aws:sqs:us-west-2:123456789012:q'"
STREAM = "event_source_mappings:\n  s: {EventSourceArn: 'arn:aws:kinesis:us-west-2:123456789012:stream/s', StartingPosition: LATEST"
LIVE = "publish: true\naliases:\n  live: {FunctionVersion: published}\n"


def create(house: House, **members: Any) -> None:
    """A function that somebody made by hand."""
    house.write("checkout.yaml", function_spec())
    house.lambda_.create_function(
        FunctionName="checkout", Runtime="python3.13", Handler="lambda_function.lambda_handler", Role=ROLE,
        Code={"S3Bucket": "artifacts", "S3Key": "v1.zip"}, **members,
    )  # fmt: skip
    house.lambda_.get_function(FunctionName="checkout")
    house.writes()


def test_a_minimal_spec_without_a_live_function_is_one_creation(house: House) -> None:
    house.write("checkout.yaml", function_spec())
    house.apply()
    assert house.writes() == ["CreateFunction"]


def test_an_empty_environment_is_none_and_one_that_is_dropped_is_cleared_once(house: House) -> None:
    create(house)
    house.write("checkout.yaml", function_spec(configuration="Environment: {}"))
    assert house.verbs() == {}
    house.lambda_.update_function_configuration(FunctionName="checkout", Environment={"Variables": {"A1": "1"}})
    house.write("checkout.yaml", function_spec())
    house.writes()
    house.apply()
    (sent,) = [request for request in house.sandbox.writes if request.operation == "UpdateFunctionConfiguration"]
    assert sent.params["Environment"] == {"Variables": {}}
    assert house.verbs() == {}


@pytest.mark.parametrize("member", ["Architectures", "Handler"])
def test_what_an_update_of_the_code_alone_can_change_goes_with_the_code(house: House, member: str) -> None:
    value = {"Architectures": "[arm64]", "Handler": "app.handler"}[member]
    create(house)
    spec = function_spec().replace("Handler: lambda_function.lambda_handler", "Handler: app.handler") if member == "Handler" else function_spec(configuration=f"{member}: {value}")  # fmt: skip
    house.write("checkout.yaml", spec)
    house.apply()
    assert house.writes() == ["UpdateFunctionCode" if member == "Architectures" else "UpdateFunctionConfiguration"]
    assert house.verbs() == {}


def test_an_object_uploaded_in_parts_is_hashed_by_reading_and_never_a_perpetual_update(house: House) -> None:
    house.write("checkout.yaml", function_spec())
    house.apply()
    s3 = house.sandbox.clients.get("s3", "123456789012", "us-west-2")
    body = s3.get_object(Bucket="artifacts", Key="v1.zip")["Body"].read()
    upload = s3.create_multipart_upload(Bucket="artifacts", Key="parts.zip", ChecksumAlgorithm="SHA256")["UploadId"]
    part = s3.upload_part(
        Bucket="artifacts", Key="parts.zip", UploadId=upload, PartNumber=1, Body=body, ChecksumAlgorithm="SHA256"
    )
    parts = [{"PartNumber": 1, "ETag": part["ETag"], "ChecksumSHA256": part["ChecksumSHA256"]}]
    s3.complete_multipart_upload(Bucket="artifacts", Key="parts.zip", UploadId=upload, MultipartUpload={"Parts": parts})
    house.write("checkout.yaml", function_spec(key="parts.zip"))
    assert house.verbs() == {}


def test_a_hash_in_the_spec_makes_no_call_to_find_it_out(house: House) -> None:
    house.write("checkout.yaml", function_spec())
    house.apply()
    sha256 = house.lambda_.get_function_configuration(FunctionName="checkout")["CodeSha256"]
    declared = function_spec(key="never-read.zip").replace("never-read.zip}", f"never-read.zip, sha256: '{sha256}'}}")
    house.write("checkout.yaml", declared, stock=False)
    assert house.verbs() == {}


def test_a_pinned_object_version_is_what_is_deployed(house: House) -> None:
    s3 = house.sandbox.clients.get("s3", "123456789012", "us-west-2")
    house.write("checkout.yaml", function_spec())
    s3.put_bucket_versioning(Bucket="artifacts", VersioningConfiguration={"Status": "Enabled"})
    from reconciler.sandbox.stock import code_zip

    old = s3.put_object(Bucket="artifacts", Key="v1.zip", Body=code_zip("lambda_function.lambda_handler", "old"))[
        "VersionId"
    ]
    s3.put_object(Bucket="artifacts", Key="v1.zip", Body=code_zip("lambda_function.lambda_handler", "new"))
    house.write("checkout.yaml", function_spec().replace("v1.zip}", f"v1.zip, S3ObjectVersion: '{old}'}}"))
    house.apply()
    assert house.run("invoke", "checkout").json()["payload"]["code"] == "old"
    house.write("checkout.yaml", function_spec())
    house.writes()
    house.apply()
    (sent,) = house.sandbox.writes
    assert sent.params["S3ObjectVersion"]
    assert house.run("invoke", "checkout").json()["payload"]["code"] == "new"


def test_a_version_with_a_description_of_its_own_is_not_published_again(house: House) -> None:
    create(house)
    house.lambda_.publish_version(FunctionName="checkout", Description="by hand")
    house.write("checkout.yaml", function_spec(extra="publish: true\n"))
    assert house.verbs() == {}


def test_code_that_goes_back_to_the_newest_version_publishes_nothing(house: House) -> None:
    house.write("checkout.yaml", function_spec(extra=LIVE))
    house.apply()
    house.lambda_.update_function_code(FunctionName="checkout", S3Bucket="artifacts", S3Key="v1.zip")
    house.lambda_.update_function_configuration(FunctionName="checkout", Timeout=9)
    house.writes()
    house.apply()
    assert house.writes() == ["UpdateFunctionConfiguration"]
    assert house.verbs() == {}


def test_a_mapping_still_being_created_is_waited_for_and_not_created_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.write("checkout.yaml", function_spec(extra=QUEUE + ", Enabled: false}\n"))
    house.apply()
    region, _ = house.sandbox.gate.region("123456789012", "us-west-2")
    (mapping,) = region.mappings.values()
    mapping.state, mapping.goes_to = "Creating", "Disabled"
    region.begin(mapping, time.time() + 0.5)
    house.writes()
    assert house.verbs() == {}


def test_a_mapping_in_use_is_waited_out(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "sleep", lambda _: None)
    house.write("checkout.yaml", function_spec(extra=QUEUE + "}\n"))
    house.apply()
    house.sandbox.gate.script = Script([Fault("UpdateEventSourceMapping", first=2, code="ResourceInUseException", message="Cannot update the event source mapping because it is in use.")])  # fmt: skip
    house.write("checkout.yaml", function_spec(extra=QUEUE + ", BatchSize: 3}\n"))
    assert house.apply()["outcome"]["exit_code"] == 0
    assert house.verbs() == {}


@pytest.mark.parametrize("section", [QUEUE, STREAM], ids=["queue", "stream"])
def test_a_mapping_switched_off_by_hand_is_switched_on_by_one_update(house: House, section: str) -> None:
    house.write("checkout.yaml", function_spec(extra=section + "}\n"))
    house.apply()
    uuid = house.lambda_.list_event_source_mappings()["EventSourceMappings"][0]["UUID"]
    house.lambda_.update_event_source_mapping(UUID=uuid, Enabled=False)
    house.lambda_.get_event_source_mapping(UUID=uuid)
    house.writes()
    house.apply()
    assert house.writes() == ["UpdateEventSourceMapping"]
    assert house.verbs() == {}


def test_filters_and_scaling_are_cleared_by_taking_them_out(house: House) -> None:
    more = ", FilterCriteria: {Filters: [{Pattern: '{\"a\": [1]}'}]}, ScalingConfig: {MaximumConcurrency: 5}, FunctionResponseTypes: [ReportBatchItemFailures]}\n"  # fmt: skip
    house.write("checkout.yaml", function_spec(extra=QUEUE + more))
    house.apply()
    house.write("checkout.yaml", function_spec(extra=QUEUE + "}\n"))
    house.writes()
    house.apply()
    assert house.writes() == ["UpdateEventSourceMapping"]
    found = house.lambda_.list_event_source_mappings()["EventSourceMappings"][0]
    assert "FilterCriteria" not in found
    assert "ScalingConfig" not in found
    assert house.verbs() == {}


def test_every_page_is_read(house: House) -> None:
    create(house)
    house.write("checkout.yaml", function_spec(extra=LIVE))
    house.apply()
    for number in range(120):
        house.lambda_.create_alias(FunctionName="checkout", Name=f"a{number}", FunctionVersion="$LATEST")
    plan = house.plan()
    assert plan["summary"]["delete"] == 120


@pytest.mark.parametrize("state", ["Inactive", "ActiveNonInvocable"])
def test_a_function_that_sleeps_is_planned_as_usual(house: House, state: str) -> None:
    create(house)
    region, _ = house.sandbox.gate.region("123456789012", "us-west-2")
    region.functions["checkout"].latest.state = state
    assert house.verbs() == {}
    house.write("checkout.yaml", function_spec(configuration="Timeout: 9"))
    assert house.apply()["outcome"]["exit_code"] == 0


def test_a_function_whose_creation_failed_is_proposed_for_replacement(house: House) -> None:
    create(house)
    region, _ = house.sandbox.gate.region("123456789012", "us-west-2")
    region.functions["checkout"].latest.state = "Failed"
    result = house.run("plan")
    assert result.exit_code == 21
    assert "its creation failed" in result.out
    house.write("checkout.yaml", function_spec(extra="allow_replace: true\n"))
    house.apply()
    assert house.writes() == ["DeleteFunction", "CreateFunction"]
    assert house.verbs() == {}


def test_an_update_under_way_is_waited_for_before_planning(house: House) -> None:
    create(house)
    region, _ = house.sandbox.gate.region("123456789012", "us-west-2")
    region.settle_seconds = 0.3
    house.lambda_.update_function_configuration(FunctionName="checkout", Timeout=9)
    house.write("checkout.yaml", function_spec(configuration="Timeout: 9\nMemorySize: 256"))
    report = house.apply()
    assert report["outcome"]["exit_code"] == 0
    assert house.verbs() == {}


def test_what_a_failing_key_of_tags_leaves_is_healed(house: House) -> None:
    house.write("checkout.yaml", function_spec(extra="tags: {a/b: 'x y', c: ''}\n"))
    house.apply()
    assert house.lambda_.list_tags(Resource=ARN)["Tags"] == {"a/b": "x y", "c": ""}
    house.write("checkout.yaml", function_spec(extra="tags: {a/b: z}\n"))
    house.writes()
    house.apply()
    assert house.writes() == ["UntagResource", "TagResource"]
    assert house.verbs() == {}
