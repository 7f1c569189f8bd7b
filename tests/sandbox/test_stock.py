"""What specs name is put into the sandbox, so that it can be reached and run."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import zipfile
from typing import Any

import pytest

from reconciler.sandbox import Need, Spot, needs, stock
from reconciler.sandbox.stock import code_zip
from tests.sandbox.conftest import ACCOUNT, REGION, Aws

OTHER = "210987654321"
DOCUMENT: dict[str, Any] = {
    "function": "checkout",
    "configuration": {
        "Handler": "app.handle",
        "Role": f"arn:aws:iam::{ACCOUNT}:role/paths/too/worker",
        "DeadLetterConfig": {"TargetArn": f"arn:aws:sns:{REGION}:{ACCOUNT}:alarms"},
    },
    "code": {"S3Bucket": "builds", "S3Key": "checkout/v1.zip"},
    "layers": [f"arn:aws:lambda:{REGION}:{OTHER}:layer:tools:7"],
    "network": ["subnet-0a1b2c3d", "sg-0a1b2c3d"],
    "permissions": {"live": {"who": {"Principal": f"arn:aws:iam::{OTHER}:user/deploys/bot"}}},
    "event_source_mappings": {
        "queue": {"EventSourceArn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:work.fifo"},
        "stream": {"EventSourceArn": f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/views"},
        "table": {"EventSourceArn": f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/orders/stream/2024-01-01T00:00:00.000"},
    },
}


def client(aws: Aws, api: str, account: str = ACCOUNT) -> Any:
    return aws.sandbox.clients.get(api, account, REGION)


def test_needs_name_each_thing_once_and_sorted() -> None:
    found = needs([Spot(ACCOUNT, REGION, DOCUMENT), Spot(ACCOUNT, REGION, DOCUMENT)])
    assert found == [
        Need("dynamodb", ACCOUNT, REGION, "orders"),
        Need("kinesis", ACCOUNT, REGION, "views"),
        Need("layer", OTHER, REGION, "tools:7"),
        Need("network", ACCOUNT, REGION, "sg-0a1b2c3d"),
        Need("network", ACCOUNT, REGION, "subnet-0a1b2c3d"),
        Need("object", ACCOUNT, REGION, "builds/checkout/v1.zip", "app.handle"),
        Need("role", ACCOUNT, REGION, "paths/too/worker"),
        Need("sns", ACCOUNT, REGION, "alarms"),
        Need("sqs", ACCOUNT, REGION, "work.fifo"),
        Need("user", OTHER, REGION, "deploys/bot"),
    ]


def test_what_is_named_is_there_and_stocking_twice_is_harmless(aws: Aws) -> None:
    wanted = needs([Spot(ACCOUNT, REGION, DOCUMENT)])
    stock(aws.sandbox, wanted)
    before = client(aws, "s3").head_object(Bucket="builds", Key="checkout/v1.zip")["LastModified"]
    stock(aws.sandbox, wanted)
    assert client(aws, "s3").head_object(Bucket="builds", Key="checkout/v1.zip")["LastModified"] == before
    assert client(aws, "iam").get_role(RoleName="worker")["Role"]["Arn"] == DOCUMENT["configuration"]["Role"]
    assert client(aws, "sqs").get_queue_url(QueueName="work.fifo")
    assert client(aws, "kinesis").describe_stream_summary(StreamName="views")
    assert client(aws, "ec2").describe_subnets(SubnetIds=["subnet-0a1b2c3d"])
    assert client(aws, "ec2").describe_security_groups(GroupIds=["sg-0a1b2c3d"])
    assert client(aws, "iam", OTHER).get_user(UserName="bot")
    arn = DOCUMENT["layers"][0]
    assert client(aws, "lambda", OTHER).get_layer_version_by_arn(Arn=arn)["Version"] == 7
    assert aws.get(aws.function(Layers=[arn]))["Layers"][0]["Arn"] == arn
    assert client(aws, "dynamodb").describe_table(TableName="orders")["Table"]["StreamSpecification"]["StreamEnabled"]


def test_a_stocked_spec_can_be_created_mapped_and_run(aws: Aws) -> None:
    stock(aws.sandbox, needs([Spot(ACCOUNT, REGION, DOCUMENT)]))
    name = aws.function(Role=DOCUMENT["configuration"]["Role"], Code=DOCUMENT["code"])
    for mapping in DOCUMENT["event_source_mappings"].values():
        assert aws.map(name, mapping["EventSourceArn"])["State"] == "Creating"
    answer = aws.client.invoke(FunctionName=name, Payload=b'{"a": 1}')
    assert json.loads(answer["Payload"].read()) == {"event": {"a": 1}, "code": "checkout/v1.zip"}


def test_code_has_the_sha256_that_lambda_has(aws: Aws) -> None:
    stock(aws.sandbox, needs([Spot(ACCOUNT, REGION, DOCUMENT)]))
    head = client(aws, "s3").head_object(Bucket="builds", Key="checkout/v1.zip", ChecksumMode="ENABLED")
    content = code_zip("app.handle", "checkout/v1.zip")
    assert head["ChecksumSHA256"] == base64.b64encode(hashlib.sha256(content).digest()).decode()


@pytest.mark.parametrize(
    ("handler", "entry"),
    [
        ("app.handle", "app.py"),
        ("src/app.handle", "src/app.py"),
        ("pkg.mod.handle", "pkg/mod.py"),
        ("lambda_function.lambda_handler", "lambda_function.py"),
        ("com.example.Order::handle", "lambda_function.py"),
        ("bootstrap", "lambda_function.py"),
    ],
)
def test_code_is_a_zip_with_the_handlers_module(handler: str, entry: str) -> None:
    content = code_zip(handler, "k.zip")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.namelist() == [entry]
        compile(archive.read(entry), entry, "exec")


def test_code_is_the_same_for_a_key_and_another_for_another() -> None:
    assert code_zip("a.b", "k") == code_zip("a.b", "k")
    assert len({code_zip("a.b", "k"), code_zip("a.b", "l"), code_zip("a.b", "k", "v1"), code_zip("a.c", "k")}) == 4


def test_pinned_versions_of_an_object_have_the_ids_that_specs_say(aws: Aws) -> None:
    spots = [
        Spot(ACCOUNT, REGION, {"code": {"S3Bucket": "pinned", "S3Key": "k.zip", "S3ObjectVersion": version}})
        for version in ("one.A_1", "two.B_2")
    ]
    for _ in range(2):
        stock(aws.sandbox, needs(spots))
    hashes = set()
    for spot in spots:
        code = spot.document["code"]
        head = client(aws, "s3").head_object(
            Bucket="pinned", Key="k.zip", VersionId=code["S3ObjectVersion"], ChecksumMode="ENABLED"
        )
        assert head["VersionId"] == code["S3ObjectVersion"]
        found = aws.get(aws.function(Code=code))
        assert found["CodeSha256"] == head["ChecksumSHA256"]
        hashes.add(found["CodeSha256"])
    assert len(hashes) == 2
    assert len(client(aws, "s3").list_object_versions(Bucket="pinned")["Versions"]) == 2


def test_code_by_reference_tells_the_version_of_a_pinned_object(aws: Aws) -> None:
    code = {"S3Bucket": "pinned-too", "S3Key": "r.zip", "S3ObjectVersion": "v9", "S3ObjectStorageMode": "REFERENCE"}
    stock(aws.sandbox, needs([Spot(ACCOUNT, REGION, {"code": code})]))
    found = aws.client.get_function(FunctionName=aws.function(Code=code))["Code"]["ResolvedS3Object"]
    assert found == {"S3Bucket": "pinned-too", "S3Key": "r.zip", "S3ObjectVersion": "v9"}


def test_an_image_of_ecr_is_there_under_a_digest_and_follows_its_tag(aws: Aws) -> None:
    uri = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/shop/checkout:v1"
    stock(aws.sandbox, needs([Spot(ACCOUNT, REGION, {"code": {"ImageUri": uri}})]))
    ecr = client(aws, "ecr")
    found = ecr.describe_images(repositoryName="shop/checkout", imageIds=[{"imageTag": "v1"}])["imageDetails"][0]
    name = aws.function(PackageType="Image", Code={"ImageUri": uri})
    code = aws.client.get_function(FunctionName=name)["Code"]
    assert code["ImageUri"] == uri
    assert code["ResolvedImageUri"] == f"{uri.rpartition(':')[0]}@{found['imageDigest']}"
    assert aws.get(name)["CodeSha256"] == found["imageDigest"].removeprefix("sha256:")


def test_things_of_another_account_are_made_there(aws: Aws) -> None:
    document = {
        "configuration": {"Role": f"arn:aws:iam::{OTHER}:role/theirs"},
        "event_source_mappings": {"a": {"EventSourceArn": f"arn:aws:sqs:{REGION}:{OTHER}:theirs"}},
    }
    stock(aws.sandbox, needs([Spot(ACCOUNT, REGION, document)]))
    assert client(aws, "iam", OTHER).get_role(RoleName="theirs")
    assert client(aws, "sqs", OTHER).get_queue_url(QueueName="theirs")
    assert aws.map(aws.function(), f"arn:aws:sqs:{REGION}:{OTHER}:theirs")["State"] == "Creating"


def test_one_bucket_may_serve_two_accounts(aws: Aws) -> None:
    code = {"S3Bucket": "common", "S3Key": "k.zip"}
    stock(aws.sandbox, needs([Spot(account, REGION, {"code": code}) for account in (ACCOUNT, OTHER)]))
    for account in (ACCOUNT, OTHER):
        assert client(aws, "s3", account).head_object(Bucket="common", Key="k.zip")


@pytest.mark.parametrize(
    "text", ["arn:", "arn:aws:sqs", "arn:aws:sqs:::", "arn:aws:iam::x:role/", "arn:aws:kinesis:us-west-2:1:stream", "arn:aws:dynamodb:::a/b", "arn:aws:iam::aws:policy/x", "a.dkr.ecr.b/c"]
)  # fmt: skip
def test_an_odd_arn_is_no_reason_to_fail(aws: Aws, text: str) -> None:
    document = {"configuration": {"Environment": {"Variables": {"AA": text}}}, "code": {"ImageUri": text}}
    stock(aws.sandbox, needs([Spot(ACCOUNT, REGION, document)]))
