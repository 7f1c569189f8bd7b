"""FACTS 9.1 and 9.3: what is not there: the words that AWS has for it are other ones for other calls."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.sandbox.conftest import ACCOUNT, REGION, Aws, refused

ARN = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:nowhere"
GRANT = {"StatementId": "s", "Action": "lambda:InvokeFunction", "Principal": "s3.amazonaws.com"}

OF_NO_FUNCTION: dict[str, tuple[str, dict[str, Any], str]] = {
    "get": ("get_function", {}, f"Function not found: {ARN}"),
    "get $LATEST": ("get_function", {"Qualifier": "$LATEST"}, f"Function not found: {ARN}:$LATEST"),
    "get an alias": ("get_function", {"Qualifier": "live"}, f"Function not found: {ARN}:live"),
    "get the configuration": ("get_function_configuration", {"Qualifier": "1"}, f"Function not found: {ARN}:1"),
    "invoke": ("invoke", {}, f"Function not found: {ARN}:$LATEST"),
    "invoke an alias": ("invoke", {"Qualifier": "live"}, f"Function not found: {ARN}:live"),
    "delete": ("delete_function", {}, f"Function not found: {ARN}"),
    "make an alias": ("create_alias", {"Name": "live", "FunctionVersion": "1"}, f"Function not found: {ARN}:1"),
    "list aliases": ("list_aliases", {}, f"Function not found: {ARN}"),
    "reserve": ("put_function_concurrency", {"ReservedConcurrentExecutions": 1}, f"Function not found: {ARN}:$LATEST"),
    "tags": ("tag_resource", {"Resource": ARN, "Tags": {"A": "b"}}, f"Function not found: {ARN}"),
    "read the policy": ("get_policy", {}, "The resource you requested does not exist."),
    "grant": ("add_permission", GRANT, f"Function not found: {ARN}"),
    "take a grant back": ("remove_permission", {"StatementId": "s"}, f"No policy found for: {ARN}"),
    "make a URL": ("create_function_url_config", {"AuthType": "NONE"}, "Function does not exist"),
    "read a URL": ("get_function_url_config", {}, "The resource you requested does not exist."),
}


@pytest.mark.parametrize(("call", "params", "words"), OF_NO_FUNCTION.values(), ids=OF_NO_FUNCTION)
def test_of_no_function_aws_says(aws: Aws, call: str, params: dict[str, Any], words: str) -> None:
    whole = params if "Resource" in params else {"FunctionName": "nowhere", **params}
    with pytest.raises(ClientError) as caught:
        getattr(aws.client, call)(**whole)
    answer = caught.value.response
    assert (answer["Error"]["Code"], answer["Error"]["Message"]) == ("ResourceNotFoundException", words)
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 404
    assert dict(answer)["Message"] == words  # the body of a 404 spells it so; that of other errors does not


def test_other_errors_spell_their_message_as_the_model_does(aws: Aws) -> None:
    with pytest.raises(ClientError) as caught:
        aws.client.update_alias(FunctionName=aws.function(), Name="live", FunctionVersion="$LATEST", RevisionId="x")
    assert "Message" in caught.value.response
    with pytest.raises(ClientError) as caught:
        aws.create(FunctionName=aws.function())
    assert "message" in caught.value.response
    assert "Message" not in caught.value.response


def test_what_can_be_no_version_is_not_deleted_whatever_it_is_of(aws: Aws) -> None:
    aws.client.delete_function(FunctionName="nowhere", Qualifier="$latest")
    with refused("InvalidParameterValueException", "Deletion of aliases is not currently supported.", 400):
        aws.client.delete_function(FunctionName="nowhere", Qualifier="live")
    with refused("ResourceNotFoundException", f"Function not found: {ARN}", 404):
        aws.client.delete_function(FunctionName="nowhere", Qualifier="1")


def test_a_grant_names_the_version_or_alias_that_is_missing(aws: Aws) -> None:
    name = aws.function()
    arn = ARN.replace("nowhere", name)
    for qualifier, words in (("42", f"Function not found: {arn}:42"), ("live", f"Cannot find alias arn: {arn}:live")):
        with refused("ResourceNotFoundException", words, 404):
            aws.client.add_permission(FunctionName=name, Qualifier=qualifier, **GRANT)


def test_a_policy_that_is_not_there_has_no_statement_to_remove(aws: Aws) -> None:
    with refused("ResourceNotFoundException", "No policy is associated with the given resource.", 404):
        aws.client.remove_permission(FunctionName=aws.function(), StatementId="s")


def test_a_version_that_is_not_there_has_no_policy(aws: Aws) -> None:
    for qualifier in ("42", "live"):
        with refused("ResourceNotFoundException", "The resource you requested does not exist.", 404):
            aws.client.get_policy(FunctionName=aws.function(), Qualifier=qualifier)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (
            f"arn:aws:sqs:{REGION}:{ACCOUNT}:nowhere",
            "Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. ",
        ),
        (f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/nowhere", "Stream not found: arn:aws:kinesis:"),
        (f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/nowhere/stream/2024", "Stream not found: arn:aws:dynamodb:"),
    ],
    ids=["queue", "stream", "table"],
)
def test_a_source_that_is_not_there_is_refused(aws: Aws, source: str, words: str) -> None:
    with refused("InvalidParameterValueException", words, 400):
        aws.map(aws.function(), source)


def test_a_mapping_that_is_not_there_has_no_tags(aws: Aws) -> None:
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:event-source-mapping:01234567-0123-0123-0123-0123456789ab"
    with refused("ResourceNotFoundException", f"Event source mapping not found: {arn}", 404):
        aws.client.list_tags(Resource=arn)
