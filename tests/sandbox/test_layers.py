"""FACTS 10.1: layers have versions that are numbered once, and each of them says who may use it."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.sandbox.conftest import ACCOUNT, LAYER, REGION, Aws, refused, zipped

INVALID, MISSING = "InvalidParameterValueException", "ResourceNotFoundException"
OTHER = "210987654321"


def publish(aws: Aws, name: str, **members: Any) -> dict[str, Any]:
    return dict(aws.client.publish_layer_version(LayerName=name, **{"Content": {"ZipFile": zipped()}, **members}))


def test_a_published_version_is_answered_and_read_the_same(aws: Aws) -> None:
    name, content = aws.new_name(), zipped("shared = 1")
    made = publish(
        aws, name, Content={"ZipFile": content}, CompatibleRuntimes=["python3.13"], CompatibleArchitectures=["arm64"],
        LicenseInfo="MIT",
    )  # fmt: skip
    read = aws.client.get_layer_version(LayerName=name, VersionNumber=1)
    made.pop("ResponseMetadata")
    read.pop("ResponseMetadata")
    assert made == read
    assert made["Content"]["CodeSha256"] == base64.b64encode(hashlib.sha256(content).digest()).decode()
    assert (made["Version"], made["Description"], made["LayerVersionArn"]) == (1, "", f"{made['LayerArn']}:1")
    assert aws.client.get_layer_version_by_arn(Arn=made["LayerVersionArn"])["Content"] == made["Content"]


def test_equal_content_makes_another_version(aws: Aws) -> None:
    name = aws.new_name()
    assert [publish(aws, name)["Version"] for _ in range(2)] == [1, 2]


def test_a_number_is_never_given_again_even_when_all_are_deleted(aws: Aws) -> None:
    name = aws.new_name()
    publish(aws, name)
    for _ in range(2):
        aws.client.delete_layer_version(LayerName=name, VersionNumber=1)
    assert aws.client.list_layer_versions(LayerName=name)["LayerVersions"] == []
    assert name not in [layer["LayerName"] for layer in aws.client.list_layers()["Layers"]]
    assert publish(aws, name)["Version"] == 2


def test_versions_are_listed_newest_first_and_by_what_they_are_for(aws: Aws) -> None:
    name = aws.new_name()
    for runtime in ("python3.13", "nodejs22.x", "python3.13"):
        publish(aws, name, CompatibleRuntimes=[runtime])
    listed = aws.client.list_layer_versions(LayerName=name, CompatibleRuntime="python3.13")["LayerVersions"]
    assert [version["Version"] for version in listed] == [3, 1]
    newest = aws.client.list_layers(CompatibleRuntime="nodejs22.x")["Layers"]
    assert [layer["LatestMatchingVersion"]["Version"] for layer in newest if layer["LayerName"] == name] == [2]


def test_a_layer_that_is_not_there_has_no_versions(aws: Aws) -> None:
    name = aws.new_name()
    assert aws.client.list_layer_versions(LayerName=name)["LayerVersions"] == []
    with refused(MISSING, "The resource you requested does not exist.", 404):
        aws.client.get_layer_version(LayerName=name, VersionNumber=1)
    with refused(MISSING, "The resource you requested does not exist.", 404):
        aws.client.get_layer_version_by_arn(Arn=LAYER.format(name))
    with refused(INVALID, "Layer Version Cannot be less than 1"):
        aws.unchecked.get_layer_version(LayerName=name, VersionNumber=0)


def test_a_runtime_that_is_none_is_refused_with_all_that_there_are(aws: Aws) -> None:
    words = (
        "Value '[cobol]' at 'compatibleRuntimes' failed to satisfy constraint: Member must satisfy enum value set: ["
    )
    with refused("ValidationException", words):
        aws.unchecked.publish_layer_version(LayerName="a", Content={"ZipFile": zipped()}, CompatibleRuntimes=["cobol"])


def test_runtimes_are_told_before_architectures(aws: Aws) -> None:
    ending = (
        "; Value '[mips, x86_64]' at 'compatibleArchitectures' failed to satisfy constraint: "
        "Member must satisfy constraint: [Member must satisfy enum value set: [x86_64, arm64], Member must not be null]"
    )
    given = {"CompatibleRuntimes": ["cobol"], "CompatibleArchitectures": ["mips", "x86_64"]}
    with pytest.raises(ClientError, match="2 validation errors detected") as caught:
        aws.unchecked.publish_layer_version(LayerName="a", Content={"ZipFile": zipped()}, **given)
    assert caught.value.response["Error"]["Message"].endswith(ending)


def test_a_runtime_that_is_asked_for_may_be_one_that_no_function_has(aws: Aws) -> None:
    words = "enum value set: [ruby3.5, ruby2.6, dotnetcore1.0, python3.7, nodejs8.10, nasa, ruby2.7, "
    with refused("ValidationException", words, 400):
        aws.unchecked.list_layers(CompatibleRuntime="cobol")


def test_a_function_keeps_a_layer_that_is_deleted_and_is_not_updated_to_it_again(aws: Aws) -> None:
    layer = aws.new_name()
    arn = publish(aws, layer)["LayerVersionArn"]
    name = aws.function(Layers=[arn])
    aws.client.delete_layer_version(LayerName=layer, VersionNumber=1)
    aws.configure(name, Timeout=9)
    assert aws.get(name)["Layers"] == [{"Arn": arn, "CodeSize": len(zipped())}]
    with refused(INVALID, f"Layer version {arn} does not exist."):
        aws.client.update_function_configuration(FunctionName=name, Layers=[arn])


# --- who may use a version -----------------------------------------------------------------------------------------


def grant(aws: Aws, name: str, principal: str, **more: Any) -> dict[str, Any]:
    return dict(
        aws.client.add_layer_version_permission(
            LayerName=name, VersionNumber=1, StatementId="s", Action="lambda:GetLayerVersion", Principal=principal, **more
        )
    )  # fmt: skip


@pytest.mark.parametrize("principal", [OTHER, f"arn:aws:iam::{OTHER}:root", "*"])
def test_another_account_uses_a_version_when_its_policy_says_so(aws: Aws, principal: str) -> None:
    layer = aws.new_name()
    arn = publish(aws, layer)["LayerVersionArn"]
    role = f"arn:aws:iam::{OTHER}:role/other"
    aws.sandbox.clients.get("iam", OTHER, REGION).create_role(
        RoleName=f"other-{layer}",
        AssumeRolePolicyDocument='{"Statement": [{"Principal": {"Service": "lambda.amazonaws.com"}}]}',
    )
    client = aws.sandbox.clients.get("lambda", OTHER, REGION)
    params = {
        "FunctionName": layer, "Role": f"{role}-{layer}", "Runtime": "python3.13", "Handler": "app.handle",
        "Code": {"ZipFile": zipped()}, "Layers": [arn],
    }  # fmt: skip
    with refused("AccessDeniedException", f"perform: lambda:GetLayerVersion on resource: {arn} because", 403):
        client.create_function(**params)
    grant(aws, layer, principal)
    assert client.create_function(**params)["Layers"][0]["Arn"] == arn


def test_a_versions_policy_has_statements_and_a_revision(aws: Aws) -> None:
    name = aws.new_name()
    arn = publish(aws, name)["LayerVersionArn"]
    with refused(MISSING, "No policy is associated with the given resource.", 404):
        aws.client.get_layer_version_policy(LayerName=name, VersionNumber=1)
    revision = grant(aws, name, "*", OrganizationId="o-0123456789")["RevisionId"]
    read = aws.client.get_layer_version_policy(LayerName=name, VersionNumber=1)
    assert read["RevisionId"] == revision
    assert json.loads(read["Policy"])["Statement"] == [
        {
            "Sid": "s", "Effect": "Allow", "Principal": "*", "Action": "lambda:GetLayerVersion", "Resource": arn,
            "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-0123456789"}},
        }
    ]  # fmt: skip
    with refused("ResourceConflictException", "The statement id (s) provided already exists.", 409):
        grant(aws, name, ACCOUNT)
    with refused("PreconditionFailedException", "Call the GetLayerPolicy API to retrieve the latest Revision Id", 412):
        aws.client.remove_layer_version_permission(LayerName=name, VersionNumber=1, StatementId="s", RevisionId="old")
    with refused(MISSING, "Statement t is not found in resource policy.", 404):
        aws.client.remove_layer_version_permission(LayerName=name, VersionNumber=1, StatementId="t")
    aws.client.remove_layer_version_permission(LayerName=name, VersionNumber=1, StatementId="s", RevisionId=revision)
    with refused(MISSING, "No policy is associated with the given resource.", 404):
        aws.client.get_layer_version_policy(LayerName=name, VersionNumber=1)


def test_a_version_that_is_not_there_has_no_policy(aws: Aws) -> None:
    name = aws.new_name()
    with refused(MISSING, f"Layer version {LAYER.format(name)} does not exist.", 404):
        grant(aws, name, "*")
    with refused("ValidationException", "Member must satisfy regular expression pattern: lambda:GetLayerVersion"):
        aws.unchecked.add_layer_version_permission(
            LayerName=name, VersionNumber=1, StatementId="s", Action="lambda:*", Principal="*"
        )
