"""FACTS 1, 2.7 and 6: what AWS refuses in a creation or update."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.sandbox.http import wire
from reconciler.sandbox.lambda_ import code
from tests.sandbox.conftest import ACCOUNT, REGION, ROLE, Aws, refused, zipped

INVALID, CHECKED = "InvalidParameterValueException", "ValidationException"
LAYER = f"arn:aws:lambda:{REGION}:{ACCOUNT}:layer:{{}}:{{}}"
BUCKET = {"S3Bucket": "artifacts", "S3Key": "v1.zip"}

CREATIONS: dict[str, tuple[dict[str, Any], str, str]] = {
    "a name of 65 letters": ({"FunctionName": "n" * 65}, INVALID, "Member must have length less than or equal to 64"),
    "a name with a space": ({"FunctionName": "a b"}, CHECKED, "'functionName'"),
    "no handler": ({"Handler": None}, INVALID, "Runtime and Handler are mandatory parameters"),
    "no runtime": ({"Runtime": None}, INVALID, "Runtime and Handler are mandatory parameters"),
    "an unknown runtime": ({"Runtime": "cobol85"}, INVALID, "Value cobol85 at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: ["),
    "a runtime of new functions no more": ({"Runtime": "go1.x"}, INVALID, "The runtime parameter of go1.x is no longer supported"),
    "snapshots of another runtime": ({"Runtime": "nodejs22.x", "SnapStart": {"ApplyOn": "PublishedVersions"}}, INVALID, "nodejs22.x is not supported for SnapStart enabled functions."),
    "a runtime of the past": ({"Runtime": "python2.7"}, INVALID, "The runtime parameter of python2.7 is no longer supported"),
    "a zip that is none": ({"Code": {"ZipFile": b"hello"}}, INVALID, "Could not unzip uploaded file."),
    "no code": ({"Code": {}}, INVALID, "Please provide a source for function code."),
    "a missing bucket": ({"Code": {**BUCKET, "S3Bucket": "nowhere"}}, INVALID, "S3 Error Code: NoSuchBucket"),
    "a missing key": ({"Code": {**BUCKET, "S3Key": "nothing.zip"}}, INVALID, "S3 Error Code: NoSuchKey"),
    "a missing object version": ({"Code": {**BUCKET, "S3ObjectVersion": "nope"}}, INVALID, "Error occurred while GetObject."),
    "a timeout of 901": ({"Timeout": 901}, CHECKED, "Member must have value less than or equal to 900"),
    "a timeout of 0": ({"Timeout": 0}, CHECKED, "Member must have value greater than or equal to 1"),
    "memory of 127": ({"MemorySize": 127}, CHECKED, "Member must have value greater than or equal to 128"),
    "memory of 10241": ({"MemorySize": 10241}, CHECKED, "Member must have value less than or equal to 10240"),
    "storage of 10241": ({"EphemeralStorage": {"Size": 10241}}, CHECKED, "Value '10241' at 'ephemeralStorage.size' failed to satisfy constraint: Member must have value less than or equal to 10240"),
    "storage of 511": ({"EphemeralStorage": {"Size": 511}}, CHECKED, "Member must have value greater than or equal to 512"),
    "an architecture of another spelling": ({"Architectures": ["X86_64"]}, CHECKED, "Value '[X86_64]' at 'architectures' failed to satisfy constraint: Member must satisfy constraint: [Member must satisfy enum value set: [x86_64, arm64], Member must not be null]"),
    "two architectures": ({"Architectures": ["x86_64", "arm64"]}, CHECKED, "length less than or equal to 1"),
    "a long description": ({"Description": "d" * 257}, CHECKED, "length less than or equal to 256"),
    "a handler with a space": ({"Handler": "a b"}, CHECKED, "'handler'"),
    "5 KB of environment": ({"Environment": {"Variables": {"AA": "v" * 5120}}}, INVALID, "exceeded the 4KB limit"),
    "a reserved variable": ({"Environment": {"Variables": {"AWS_REGION": "x"}}}, INVALID, "Reserved keys used in this request: AWS_REGION"),
    "a variable with a dash": ({"Environment": {"Variables": {"a-b": "x"}}}, CHECKED, "Map keys must satisfy constraint"),
    "levels without JSON": ({"LoggingConfig": {"LogFormat": "Text", "SystemLogLevel": "INFO"}}, INVALID, 'LogLevel is not supported when LogFormat is set to "Text".'),
    "a layer that is not there": ({"Layers": [LAYER.format("nowhere", 1)]}, INVALID, f"Layer version {LAYER.format('nowhere', 1)} does not exist."),
    "a layer of another region": ({"Layers": [LAYER.format("a", 1).replace(REGION, "eu-west-1")]}, INVALID, f"Layers are expected to be in region {REGION}."),
    "a layer that has no version": ({"Layers": [LAYER.format("a", 1).removesuffix(":1")]}, CHECKED, "Member must have length greater than or equal to 1, Member must satisfy regular expression pattern: (arn:"),
    "six layers": ({"Layers": [LAYER.format(n, 1) for n in "abcdef"]}, INVALID, "Cannot reference more than 5 layers."),
    "one layer twice": ({"Layers": [LAYER.format("a", 1), LAYER.format("a", 2)]}, INVALID, f"{LAYER.format('a', 1)} and {LAYER.format('a', 2)} are versions of the same layer."),
    "a subnet that is not there": ({"VpcConfig": {"SubnetIds": ["subnet-nowhere"], "SecurityGroupIds": ["sg-1"]}}, INVALID, "Error occurred while DescribeSubnets. EC2 Error Code: InvalidSubnetID.NotFound. EC2 Error Message: The subnet ID 'subnet-nowhere' does not exist"),
    "a group that is not there": ({"VpcConfig": {"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-nowhere"]}}, INVALID, "Error occurred while DescribeSecurityGroups. EC2 Error Code: InvalidGroup.NotFound."),
    "a subnet of another form": ({"VpcConfig": {"SubnetIds": ["bad"], "SecurityGroupIds": ["sg-1"]}}, CHECKED, "Value '[bad]' at 'vpcConfig.subnetIds' failed to satisfy constraint: Member must satisfy constraint: [Member must have length less than or equal to 1024, Member must have length greater than or equal to 0, Member must satisfy regular expression pattern: subnet-[0-9a-z]*]"),
    "subnets without groups": ({"VpcConfig": {"SubnetIds": ["subnet-1"]}}, INVALID, "must coexist"),
    "a role that is no ARN": ({"Role": "lambda"}, CHECKED, "'role'"),
    "a role that is not there": ({"Role": f"{ROLE}-nowhere"}, INVALID, "The role defined for the function cannot be assumed by Lambda."),
    "a tag of AWS": ({"Tags": {"aws:mine": "x"}}, INVALID, "reserved"),
    "51 tags": ({"Tags": {f"k{n}": "v" for n in range(51)}}, INVALID, "Number of tags exceeds resource tag limit."),
    "an image as a zip": ({"Code": {"ImageUri": "a.example.com/b:c"}}, INVALID, "PackageType"),
    "an image with a handler": ({"PackageType": "Image", "Handler": "a.b", "Code": {"ImageUri": "a.example.com/b:c"}}, INVALID, "Please don't provide Handler or Runtime or Layer"),
    "two sources": ({"Code": {"ZipFile": zipped(), **BUCKET}}, INVALID, "Please do not provide other FunctionCode parameters"),
}  # fmt: skip


@pytest.mark.parametrize(("members", "code", "message"), CREATIONS.values(), ids=CREATIONS)
def test_a_creation_is_refused_with(aws: Aws, members: dict[str, Any], code: str, message: str) -> None:
    base = {
        "FunctionName": aws.new_name(), "Role": ROLE, "Runtime": "python3.13", "Handler": "a.b", "Code": {"ZipFile": zipped()},
    }  # fmt: skip
    params = {name: value for name, value in {**base, **members}.items() if value is not None}
    with refused(code, message, 400):
        aws.unchecked.create_function(**params)
    with refused("ResourceNotFoundException" if params["FunctionName"] != "a b" else CHECKED):
        aws.unchecked.get_function(FunctionName=params["FunctionName"])


UPDATED = ["a timeout of 901", "memory of 127", "5 KB of environment", "a reserved variable", "levels without JSON"]


@pytest.mark.parametrize("what", [*UPDATED, "six layers", "a role that is not there", "a runtime of the past"])
def test_an_update_is_refused_with(aws: Aws, what: str) -> None:
    members, code, message = CREATIONS[what]
    name = aws.function()
    before = aws.get(name)
    with refused(code, message, 400):
        aws.unchecked.update_function_configuration(FunctionName=name, **members)
    assert aws.get(name) == before


@pytest.mark.parametrize(
    ("call", "params", "words"),
    [
        ("put_function_recursion_config", {"RecursiveLoop": "x"}, "[Terminate, Allow]"),
        ("create_function_url_config", {"AuthType": "NONE", "InvokeMode": "x"}, "[RESPONSE_STREAM, BUFFERED]"),
        ("create_event_source_mapping", {"StartingPosition": "x"}, "[LATEST, AT_TIMESTAMP, TRIM_HORIZON]"),
        ("list_functions", {"FunctionVersion": "x"}, "[ALL]"),
    ],
)
def test_words_are_told_in_awss_order(aws: Aws, call: str, params: dict[str, Any], words: str) -> None:
    name = {} if call == "list_functions" else {"FunctionName": aws.function()}
    with refused(CHECKED, f"failed to satisfy constraint: Member must satisfy enum value set: {words}", 400):
        getattr(aws.unchecked, call)(**name, **params)


def test_a_zip_function_takes_no_image(aws: Aws) -> None:
    message = "Please don't provide ImageUri when updating a function with packageType Zip."
    with refused(INVALID, message, 400):
        aws.client.update_function_code(FunctionName=aws.function(), ImageUri="a.example.com/b:c")


def test_an_image_function_takes_no_zip(aws: Aws) -> None:
    name = aws.function(PackageType="Image", Code={"ImageUri": "a.example.com/b:c"})
    message = "Please provide ImageUri when updating a function with packageType Image."
    with refused(INVALID, message, 400):
        aws.client.update_function_code(FunctionName=name, ZipFile=zipped())


@pytest.mark.parametrize("end", ["1", "live"], ids=["version", "alias"])
@pytest.mark.parametrize(
    ("call", "params"), [("update_function_configuration", {"Timeout": 4}), ("update_function_code", {"ZipFile": b"x"})]
)
def test_a_version_or_alias_is_not_updated(aws: Aws, end: str, call: str, params: dict[str, Any]) -> None:
    name = aws.published()
    aws.client.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    with refused(INVALID, "This operation is permitted on Lambda functions only.", 400):
        getattr(aws.client, call)(FunctionName=f"{name}:{end}", **params)


def test_a_role_that_does_not_trust_lambda_cannot_be_assumed(aws: Aws) -> None:
    iam = aws.sandbox.clients.get("iam", ACCOUNT, REGION)
    iam.create_role(
        RoleName="others", AssumeRolePolicyDocument='{"Statement": [{"Principal": {"Service": "ec2.amazonaws.com"}}]}'
    )
    with refused(INVALID, "The role defined for the function cannot be assumed by Lambda."):
        aws.create(Role=f"arn:aws:iam::{ACCOUNT}:role/others")


def test_all_mistakes_of_the_model_are_told_at_once(aws: Aws) -> None:
    with refused(CHECKED, "2 validation errors detected: "):
        aws.unchecked.create_function(
            FunctionName="a", Role=ROLE, Code={"ZipFile": zipped()}, Timeout=0, Description="d" * 300
        )


def test_a_missing_member_is_named(aws: Aws) -> None:
    message = "1 validation error detected: Value null at 'role' failed to satisfy constraint: Member must not be null"
    with refused(CHECKED, message):
        aws.unchecked.create_function(FunctionName="a", Code={"ZipFile": zipped()})


def test_a_refusal_by_the_model_does_not_repeat_a_secret(aws: Aws) -> None:
    with pytest.raises(Exception, match="Map keys must satisfy") as caught:
        aws.client.create_function(
            FunctionName="a", Role=ROLE, Code={"ZipFile": zipped()}, Environment={"Variables": {"b-c": "hush-hush"}}
        )
    assert "hush-hush" not in str(caught.value)


def test_a_zip_that_is_too_large_to_send_is_refused(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    assert code.LARGEST_DIRECT_BYTES == 52_428_800
    monkeypatch.setattr(code, "LARGEST_DIRECT_BYTES", 10)
    with refused("RequestEntityTooLargeException", "Zipped size must be smaller than 10 bytes", 413):
        aws.create()


def test_a_request_that_is_too_large_is_refused(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    name = aws.function()
    assert (wire.LARGEST_BYTES["CreateFunction"], wire.LARGEST_BYTES["Invoke"]) == (70_167_211, 6_291_456)
    monkeypatch.setattr(wire, "LARGEST_BYTES", {"CreateFunction": 10, "Invoke": 10})
    with refused("RequestEntityTooLargeException", "smaller than 10 bytes for the CreateFunction operation", 413):
        aws.create()
    with refused("RequestEntityTooLargeException", "smaller than 10 bytes for the InvokeFunction operation", 413):
        aws.client.invoke(FunctionName=name, Payload=b'"more than ten"')


def test_a_zip_that_unpacks_to_too_much_is_refused(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    assert code.LARGEST_UNZIPPED_BYTES == 262_144_000
    size = len("def handle(event, context):\n    return event\n")
    monkeypatch.setattr(code, "LARGEST_UNZIPPED_BYTES", size)
    for source in ({"ZipFile": zipped()}, BUCKET):
        with refused(INVALID, "Unzipped size must be smaller than"):
            aws.create(Code=source)


def test_a_refused_creation_takes_no_name(aws: Aws) -> None:
    name = aws.new_name()
    with refused(CHECKED):
        aws.create(FunctionName=name, Timeout=901)
    aws.create(FunctionName=name)
