"""FACTS 10.4: code signing configurations, and the link of functions to them."""

from __future__ import annotations

from typing import Any

from tests.sandbox.conftest import ACCOUNT, REGION, Aws, refused, zipped

PUBLISHERS = {"SigningProfileVersionArns": [f"arn:aws:signer:{REGION}:{ACCOUNT}:/signing-profiles/p/v"]}
NOWHERE = f"arn:aws:lambda:{REGION}:{ACCOUNT}:code-signing-config:csc-0123456789abcdefg"
MISSING = f"The Lambda code signing configuration {NOWHERE} can not be found."
UNLINKED = (
    f"The code signing configuration cannot be found. Check that the provided configuration is not deleted: {NOWHERE}."
)


def create(aws: Aws, **members: Any) -> dict[str, Any]:
    made = aws.client.create_code_signing_config(**{"AllowedPublishers": PUBLISHERS, **members})
    return dict(made["CodeSigningConfig"])


def test_a_config_warns_by_default_and_an_update_changes_what_it_names(aws: Aws) -> None:
    made = create(aws, Description="one")
    assert made["CodeSigningPolicies"] == {"UntrustedArtifactOnDeployment": "Warn"}
    arn = made["CodeSigningConfigArn"]
    assert arn.endswith(f":code-signing-config:{made['CodeSigningConfigId']}")
    aws.client.update_code_signing_config(
        CodeSigningConfigArn=arn, CodeSigningPolicies={"UntrustedArtifactOnDeployment": "Enforce"}
    )
    read = aws.client.get_code_signing_config(CodeSigningConfigArn=arn)["CodeSigningConfig"]
    assert (read["Description"], read["AllowedPublishers"]) == ("one", PUBLISHERS)
    assert read["CodeSigningPolicies"] == {"UntrustedArtifactOnDeployment": "Enforce"}
    assert read in aws.client.list_code_signing_configs()["CodeSigningConfigs"]


def test_a_config_that_is_not_there_is_told(aws: Aws) -> None:
    for call in ("get_code_signing_config", "update_code_signing_config", "delete_code_signing_config",
                 "list_functions_by_code_signing_config"):  # fmt: skip
        with refused("ResourceNotFoundException", MISSING, 404):
            getattr(aws.client, call)(CodeSigningConfigArn=NOWHERE)


def test_a_function_is_linked_listed_and_let_go(aws: Aws) -> None:
    arn, name = create(aws)["CodeSigningConfigArn"], aws.function()
    assert "CodeSigningConfigArn" not in aws.client.get_function_code_signing_config(FunctionName=name)
    aws.client.put_function_code_signing_config(FunctionName=name, CodeSigningConfigArn=arn)
    read = aws.client.get_function_code_signing_config(FunctionName=name)
    assert (read["CodeSigningConfigArn"], read["FunctionName"]) == (arn, name)
    listed = aws.client.list_functions_by_code_signing_config(CodeSigningConfigArn=arn)
    assert listed["FunctionArns"] == [f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"]
    with refused("ResourceConflictException", status=409):
        aws.client.delete_code_signing_config(CodeSigningConfigArn=arn)
    for _ in range(2):
        aws.client.delete_function_code_signing_config(FunctionName=name)
    aws.client.delete_code_signing_config(CodeSigningConfigArn=arn)


def test_a_link_needs_its_config_first_and_its_function_then(aws: Aws) -> None:
    name = aws.function()
    for of in (name, "nowhere"):
        with refused("CodeSigningConfigNotFoundException", UNLINKED, 404):
            aws.client.put_function_code_signing_config(FunctionName=of, CodeSigningConfigArn=NOWHERE)
    with refused("CodeSigningConfigNotFoundException", UNLINKED, 404):
        aws.create(CodeSigningConfigArn=NOWHERE)
    arn = create(aws)["CodeSigningConfigArn"]
    with refused("ResourceNotFoundException", "Function not found: ", 404):
        aws.client.put_function_code_signing_config(FunctionName="nowhere", CodeSigningConfigArn=arn)
    created = aws.function(CodeSigningConfigArn=arn)
    assert aws.client.get_function_code_signing_config(FunctionName=created)["CodeSigningConfigArn"] == arn


def test_an_enforcing_config_takes_no_unsigned_code_and_leaves_what_is_there(aws: Aws) -> None:
    arn = create(aws, CodeSigningPolicies={"UntrustedArtifactOnDeployment": "Enforce"})["CodeSigningConfigArn"]
    name = aws.function()
    aws.client.put_function_code_signing_config(FunctionName=name, CodeSigningConfigArn=arn)
    before = aws.get(name)["CodeSha256"]
    with refused("CodeVerificationFailedException", "Lambda cannot deploy the function.", 400):
        aws.client.update_function_code(FunctionName=name, ZipFile=zipped("x = 1"))
    with refused("CodeVerificationFailedException", status=400):
        aws.create(CodeSigningConfigArn=arn)
    assert aws.get(name)["CodeSha256"] == before


def test_a_config_has_tags(aws: Aws) -> None:
    arn = create(aws, Tags={"a": "1"})["CodeSigningConfigArn"]
    aws.client.tag_resource(Resource=arn, Tags={"b": "2"})
    assert aws.client.list_tags(Resource=arn)["Tags"] == {"a": "1", "b": "2"}
