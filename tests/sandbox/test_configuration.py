"""FACTS 1.1 and 3: what a configuration holds by default, and how updates change it."""

from __future__ import annotations

import base64
import hashlib
from typing import Any
from urllib.request import urlopen

import boto3
import pytest

from reconciler.core import service
from reconciler.sandbox import Sandbox, Spot, needs, stock
from reconciler.sandbox.around.world import access_key
from reconciler.sandbox.lambda_ import configuration
from tests.sandbox.conftest import ACCOUNT, LAYER, REGION, ROLE, Aws, Clock, refused, zipped

IMAGE = "public.example.com/app@sha256:" + "a" * 64


def test_defaults_are_shown(aws: Aws) -> None:
    name = aws.function()
    found = aws.get(name)
    wanted = {
        "Description": "", "Timeout": 3, "MemorySize": 128, "Architectures": ["x86_64"], "EphemeralStorage": {"Size": 512},
        "TracingConfig": {"Mode": "PassThrough"}, "SnapStart": {"ApplyOn": "None", "OptimizationStatus": "Off"},
        "LoggingConfig": {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{name}"}, "PackageType": "Zip",
    }  # fmt: skip
    assert {member: found.get(member) for member in wanted} == wanted
    assert "RuntimeVersionArn" in found["RuntimeVersionConfig"]


@pytest.mark.parametrize(
    "member",
    ["Environment", "VpcConfig", "DeadLetterConfig", "KMSKeyArn", "Layers", "FileSystemConfigs", "ImageConfigResponse"],
)
def test_what_was_never_set_is_absent(aws: Aws, member: str) -> None:
    assert member not in aws.get(aws.function())


def test_concurrency_and_tags_that_were_never_set_are_absent(aws: Aws) -> None:
    answer = aws.client.get_function(FunctionName=aws.function())
    assert set(answer) - {"ResponseMetadata"} == {"Configuration", "Code"}


SET: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "sizes": ({"Timeout": 9, "MemorySize": 512, "EphemeralStorage": {"Size": 1024}, "Description": "x"}, {}),
    "tracing": ({"TracingConfig": {"Mode": "Active"}}, {}),
    "environment": ({"Environment": {"Variables": {"AA": "1"}}}, {}),
    "key": ({"KMSKeyArn": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/k"}, {}),
    "dead letters": ({"DeadLetterConfig": {"TargetArn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:d"}}, {}),
    "runtime and handler": ({"Runtime": "python3.12", "Handler": "b.c"}, {}),
    "file system": (
        {"FileSystemConfigs": [{"Arn": f"arn:aws:elasticfilesystem:{REGION}:{ACCOUNT}:access-point/fsap-0123456789abcdef0", "LocalMountPath": "/mnt/a"}]},
        {},
    ),
    "layers": (
        {"Layers": [LAYER.format("a"), LAYER.format("b")]},
        {"Layers": [{"Arn": LAYER.format("a"), "CodeSize": 253}, {"Arn": LAYER.format("b"), "CodeSize": 253}]},
    ),
    "network": (
        {"VpcConfig": {"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}},
        {"VpcConfig": {"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"], "Ipv6AllowedForDualStack": False}},
    ),
    "snapshots": (
        {"SnapStart": {"ApplyOn": "PublishedVersions"}},
        {"SnapStart": {"ApplyOn": "PublishedVersions", "OptimizationStatus": "Off"}},
    ),
}  # fmt: skip


@pytest.mark.parametrize("on_create", [True, False], ids=["create", "update"])
@pytest.mark.parametrize(("sent", "shown"), SET.values(), ids=SET)
def test_a_member_is_kept_and_shown(aws: Aws, sent: dict[str, Any], shown: dict[str, Any], on_create: bool) -> None:
    name = aws.function(**(sent if on_create else {}))
    if not on_create:
        aws.configure(name, **sent)
    found = aws.get(name)
    found.get("VpcConfig", {}).pop("VpcId", None)
    assert {member: found.get(member) for member in sent} == {**sent, **shown}


def test_a_function_is_in_the_vpc_of_its_subnets(aws: Aws) -> None:
    ec2 = aws.sandbox.clients.get("ec2", ACCOUNT, REGION)
    name = aws.function(VpcConfig=SET["network"][0]["VpcConfig"])
    assert aws.get(name)["VpcConfig"]["VpcId"] == ec2.describe_subnets(SubnetIds=["subnet-1"])["Subnets"][0]["VpcId"]


def test_the_network_of_awss_examples_is_there(aws: Aws) -> None:
    ids = {"SubnetIds": ["subnet-0123456789abcdef0"], "SecurityGroupIds": ["sg-0123456789abcdef0"]}
    ec2 = aws.sandbox.clients.get("ec2", ACCOUNT, REGION)
    vpc = ec2.describe_subnets(SubnetIds=ids["SubnetIds"])["Subnets"][0]["VpcId"]
    assert aws.get(aws.function(VpcConfig=ids))["VpcConfig"]["VpcId"] == vpc


def test_what_ec2_has_deleted_is_not_there_for_lambda_either(aws: Aws) -> None:
    ec2 = aws.sandbox.clients.get("ec2", ACCOUNT, REGION)
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.9.1.0/24")["Subnet"]["SubnetId"]
    group = ec2.create_security_group(GroupName="g", Description="g", VpcId=vpc)["GroupId"]
    config = {"SubnetIds": [subnet], "SecurityGroupIds": [group]}
    assert aws.get(aws.function(VpcConfig=config))["VpcConfig"]["VpcId"] == vpc
    ec2.delete_subnet(SubnetId=subnet)
    with refused("InvalidParameterValueException", f"The subnet ID '{subnet}' does not exist"):
        aws.create(VpcConfig=config)


def test_a_network_is_the_same_before_ec2_is_asked_and_after() -> None:
    config = {"SubnetIds": ["subnet-a"], "SecurityGroupIds": ["sg-a"]}
    clock = Clock()
    with Sandbox(settle_seconds=0, clock=clock) as sandbox:
        stock(sandbox, needs([Spot(ACCOUNT, REGION, {"role": ROLE, "network": config})]))
        aws = Aws(sandbox, clock)
        before = aws.get(aws.function(VpcConfig=config))["VpcConfig"]["VpcId"]
        ec2 = boto3.client(
            "ec2", region_name=REGION, endpoint_url=sandbox.endpoint_url, aws_access_key_id=access_key(ACCOUNT),
            aws_secret_access_key="x",
        )  # fmt: skip
        assert ec2.describe_subnets(SubnetIds=["subnet-a"])["Subnets"][0]["VpcId"] == before
        assert aws.get(aws.function(VpcConfig=config))["VpcConfig"]["VpcId"] == before


CLEARED: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = {
    "environment": (SET["environment"][0], {"Environment": {"Variables": {}}}, {}),
    "key": (SET["key"][0], {"KMSKeyArn": ""}, {}),
    "dead letters": (SET["dead letters"][0], {"DeadLetterConfig": {"TargetArn": ""}}, {}),
    "an environment that is left out": (SET["environment"][0], {"Environment": {}}, {}),
    "layers": (SET["layers"][0], {"Layers": []}, {}),
    "file system": (SET["file system"][0], {"FileSystemConfigs": []}, {}),
    "network": (
        SET["network"][0],
        {"VpcConfig": {"SubnetIds": [], "SecurityGroupIds": []}},
        {"VpcConfig": {"SubnetIds": [], "SecurityGroupIds": [], "VpcId": "", "Ipv6AllowedForDualStack": False}},
    ),
}


@pytest.mark.parametrize(("sent", "clearing", "shown"), CLEARED.values(), ids=CLEARED)
def test_an_empty_value_clears(aws: Aws, sent: dict[str, Any], clearing: dict[str, Any], shown: dict[str, Any]) -> None:
    name = aws.function(**sent)
    aws.configure(name, **clearing)
    found = aws.get(name)
    assert {member: found[member] for member in sent if member in found} == shown


def test_a_function_that_is_created_with_an_empty_environment_shows_it(aws: Aws) -> None:
    assert aws.get(aws.function(Environment={}))["Environment"] == {"Variables": {}}


def test_an_update_keeps_what_it_does_not_name(aws: Aws) -> None:
    name = aws.function(MemorySize=256, Environment={"Variables": {"AA": "1"}})
    aws.configure(name, Timeout=8)
    found = aws.get(name)
    assert (found["MemorySize"], found["Environment"]["Variables"]) == (256, {"AA": "1"})


def test_the_environment_and_layers_are_replaced_whole(aws: Aws) -> None:
    name = aws.function(
        Environment={"Variables": {"AA": "1", "BB": "2"}}, Layers=[LAYER.format("a"), LAYER.format("b")]
    )
    aws.configure(name, Environment={"Variables": {"CC": "3"}}, Layers=[LAYER.format("b")])
    found = aws.get(name)
    assert found["Environment"]["Variables"] == {"CC": "3"}
    assert [layer["Arn"] for layer in found["Layers"]] == [LAYER.format("b")]


def logging(aws: Aws, name: str) -> Any:
    return aws.get(name)["LoggingConfig"]


def test_json_logging_alone_has_both_levels_at_info(aws: Aws) -> None:
    name = aws.function()
    aws.configure(name, LoggingConfig={"LogFormat": "JSON"})
    assert logging(aws, name) == {
        "LogFormat": "JSON", "LogGroup": f"/aws/lambda/{name}", "ApplicationLogLevel": "INFO", "SystemLogLevel": "INFO",
    }  # fmt: skip


def test_text_logging_drops_the_levels(aws: Aws) -> None:
    name = aws.function(LoggingConfig={"LogFormat": "JSON", "ApplicationLogLevel": "DEBUG"})
    aws.configure(name, LoggingConfig={"LogFormat": "Text"})
    assert logging(aws, name) == {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{name}"}


def test_logging_is_merged_member_by_member(aws: Aws) -> None:
    name = aws.function(LoggingConfig={"LogFormat": "JSON", "ApplicationLogLevel": "DEBUG"})
    aws.configure(name, LoggingConfig={"LogGroup": "/mine"})
    assert logging(aws, name) == {
        "LogFormat": "JSON", "LogGroup": "/mine", "ApplicationLogLevel": "DEBUG", "SystemLogLevel": "INFO",
    }  # fmt: skip


# --- images and code -----------------------------------------------------------------------------------------------


def image(aws: Aws, **members: Any) -> str:
    return aws.function(PackageType="Image", Code={"ImageUri": IMAGE}, **members)


def test_an_image_function_has_its_digest_and_no_runtime_or_handler(aws: Aws) -> None:
    name = image(aws)
    answer = aws.client.get_function(FunctionName=name)
    found = answer["Configuration"]
    assert (found["PackageType"], found["CodeSha256"], found["CodeSize"]) == ("Image", "a" * 64, 0)
    assert not {"Runtime", "Handler"} & set(found)
    assert answer["Code"] == {"RepositoryType": "ECR", "ImageUri": IMAGE, "ResolvedImageUri": IMAGE}


def test_an_image_config_is_replaced_whole_and_removed_by_an_empty_one(aws: Aws) -> None:
    name = image(aws, ImageConfig={"EntryPoint": ["/e"], "Command": ["a"]})
    aws.configure(name, ImageConfig={"Command": ["b"], "WorkingDirectory": "/w"})
    assert aws.get(name)["ImageConfigResponse"]["ImageConfig"] == {"Command": ["b"], "WorkingDirectory": "/w"}
    aws.configure(name, ImageConfig={})
    assert "ImageConfigResponse" not in aws.get(name)


def test_a_zips_hash_is_base64_of_its_sha256(aws: Aws) -> None:
    content = zipped("here = 1")
    found = aws.get(aws.function(Code={"ZipFile": content}))
    assert found["CodeSha256"] == base64.b64encode(hashlib.sha256(content).digest()).decode()
    assert found["CodeSize"] == len(content)


def test_code_from_s3_is_copied_and_its_place_is_not_told(aws: Aws) -> None:
    name = aws.function(Code={"S3Bucket": "artifacts", "S3Key": "v1.zip"})
    code = aws.client.get_function(FunctionName=name)["Code"]
    assert set(code) == {"RepositoryType", "Location"}
    assert code["RepositoryType"] == "S3"


def test_code_can_be_downloaded_without_credentials(aws: Aws) -> None:
    content = zipped("here = 2")
    name = aws.function(Code={"ZipFile": content})
    layer = aws.client.publish_layer_version(LayerName=name, Content={"ZipFile": content})
    for where in (aws.client.get_function(FunctionName=name)["Code"]["Location"], layer["Content"]["Location"]):
        with urlopen(where) as answer:
            assert answer.read() == content


def test_code_by_reference_tells_its_place(aws: Aws) -> None:
    source = {"S3Bucket": "artifacts", "S3Key": "v1.zip", "S3ObjectStorageMode": "REFERENCE"}
    code = aws.client.get_function(FunctionName=aws.function(Code=source))["Code"]
    assert code["ResolvedS3Object"] == {"S3Bucket": "artifacts", "S3Key": "v1.zip"}


def test_the_hash_is_the_checksum_that_s3_tells(aws: Aws) -> None:
    s3 = aws.sandbox.clients.get("s3", ACCOUNT, REGION)
    head = s3.head_object(Bucket="artifacts", Key="v1.zip", ChecksumMode="ENABLED")
    name = aws.function(Code={"S3Bucket": "artifacts", "S3Key": "v1.zip"})
    assert aws.get(name)["CodeSha256"] == head["ChecksumSHA256"]


def test_the_codes_key_is_shown_and_goes_when_it_is_not_sent_again(aws: Aws) -> None:
    key = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/k"
    name = aws.function(Code={"ZipFile": zipped(), "SourceKMSKeyArn": key})
    assert aws.client.get_function(FunctionName=name)["Code"]["SourceKMSKeyArn"] == key
    aws.client.update_function_code(FunctionName=name, ZipFile=zipped())
    assert "SourceKMSKeyArn" not in aws.client.get_function(FunctionName=name)["Code"]


def test_the_architecture_changes_with_the_code(aws: Aws) -> None:
    name = aws.function()
    aws.client.update_function_code(FunctionName=name, ZipFile=zipped(), Architectures=["arm64"])
    assert aws.get(name)["Architectures"] == ["arm64"]


def test_a_dry_run_changes_nothing(aws: Aws) -> None:
    name = aws.function()
    before = aws.client.get_function(FunctionName=name)["Configuration"]
    aws.client.update_function_code(FunctionName=name, ZipFile=zipped("d = 1"), DryRun=True)
    assert aws.client.get_function(FunctionName=name)["Configuration"] == before


def test_every_member_of_the_two_calls_is_held_or_known_to_be_elsewhere() -> None:
    """Completeness: what the model adds to the calls is stored, and shown if the answer's shape has it."""
    shown = set(service.response("GetFunctionConfiguration").members) | {"ImageConfig"}
    assert shown >= configuration.MEMBERS
    assert set(configuration.DEFAULTS) <= configuration.MEMBERS
