"""Resource policies of the sandbox, by real boto3: FACTS 8."""

from __future__ import annotations

import json
from typing import Any

import pytest

from reconciler.sandbox import Spot, needs, stock
from tests.sandbox.conftest import ACCOUNT, REGION, Aws, refused, zipped

INVALID = "InvalidParameterValueException"
INVOKE = {"StatementId": "one", "Action": "lambda:InvokeFunction", "Principal": "s3.amazonaws.com"}
NO_PRINCIPAL = "The provided principal was invalid. Please check the principal and try again."


def grant(aws: Aws, name: str, **members: Any) -> dict[str, Any]:
    answer = aws.client.add_permission(FunctionName=name, **(INVOKE | members))
    return dict(json.loads(answer["Statement"]))


def aliased(aws: Aws) -> tuple[str, str]:
    """A function with the alias `live`, and the alias's revision."""
    name = aws.published()
    return name, aws.client.create_alias(FunctionName=name, Name="live", FunctionVersion="1")["RevisionId"]


CONDITIONS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"SourceArn": "arn:aws:s3:::b"}, {"ArnLike": {"AWS:SourceArn": "arn:aws:s3:::b"}}),
    ({"SourceAccount": ACCOUNT}, {"StringEquals": {"AWS:SourceAccount": ACCOUNT}}),
    ({"PrincipalOrgID": "o-1234567890"}, {"StringEquals": {"aws:PrincipalOrgID": "o-1234567890"}}),
    (
        {"Action": "lambda:InvokeFunctionUrl", "FunctionUrlAuthType": "NONE"},
        {"StringEquals": {"lambda:FunctionUrlAuthType": "NONE"}},
    ),
    ({"EventSourceToken": "a.b"}, {"StringEquals": {"lambda:EventSourceToken": "a.b"}}),
    ({"InvokedViaFunctionUrl": True}, {"Bool": {"lambda:InvokedViaFunctionUrl": "true"}}),
]


@pytest.mark.parametrize(("members", "condition"), CONDITIONS, ids=[list(one[0])[-1] for one in CONDITIONS])
def test_a_member_becomes_a_condition(aws: Aws, members: dict[str, Any], condition: dict[str, Any]) -> None:
    assert grant(aws, aws.function(), **members)["Condition"] == condition


def test_who_comes_by_a_url_is_asked_of_that_action_alone(aws: Aws) -> None:
    message = "FunctionUrlAuthType is only supported for lambda:InvokeFunctionUrl action"
    with refused(INVALID, message):
        grant(aws, aws.function(), FunctionUrlAuthType="NONE")


def test_a_principal_is_shown_as_a_policy_has_it(aws: Aws) -> None:
    role = f"arn:aws:iam::{ACCOUNT}:role/a.b"
    stock(aws.sandbox, needs([Spot(ACCOUNT, REGION, {"principal": role})]))
    shown = {
        ACCOUNT: {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
        "s3.amazonaws.com": {"Service": "s3.amazonaws.com"},
        "alexa-appkit.amazon.com": {"Service": "alexa-appkit.amazon.com"},
        role: {"AWS": role},
        "*": "*",
    }
    assert {given: grant(aws, aws.function(), Principal=given)["Principal"] for given in shown} == shown


def test_an_account_is_shown_in_the_partition_of_its_region(aws: Aws) -> None:
    role = f"arn:aws-cn:iam::{ACCOUNT}:role/china"
    stock(aws.sandbox, needs([Spot(ACCOUNT, "cn-north-1", {"role": role})]))
    client, name = aws.sandbox.clients.get("lambda", ACCOUNT, "cn-north-1"), aws.new_name()
    client.create_function(
        FunctionName=name, Runtime="python3.13", Handler="app.handle", Role=role, Code={"ZipFile": zipped()}
    )
    answer = client.add_permission(FunctionName=name, **(INVOKE | {"Principal": ACCOUNT}))
    statement = json.loads(answer["Statement"])
    assert statement["Principal"] == {"AWS": f"arn:aws-cn:iam::{ACCOUNT}:root"}
    assert statement["Resource"] == f"arn:aws-cn:lambda:cn-north-1:{ACCOUNT}:function:{name}"


@pytest.mark.parametrize(
    "principal", ["example.com", "12345", f"arn:aws:iam::{ACCOUNT}:role/nobody", f"arn:aws:iam::{ACCOUNT}:user/none"]
)
def test_a_principal_that_there_is_not_is_refused(aws: Aws, principal: str) -> None:
    with refused(INVALID, NO_PRINCIPAL, 400):
        grant(aws, aws.function(), Principal=principal)


def test_each_qualifier_has_a_policy_of_its_own(aws: Aws) -> None:
    name, _ = aliased(aws)
    grant(aws, name, StatementId="whole")
    grant(aws, name, StatementId="alias", Qualifier="live")
    for params, sid in (({}, "whole"), ({"Qualifier": "live"}, "alias")):
        document = json.loads(aws.client.get_policy(FunctionName=name, **params)["Policy"])
        assert (document["Version"], document["Id"]) == ("2012-10-17", "default")
        assert [one["Sid"] for one in document["Statement"]] == [sid]
    with refused("ResourceNotFoundException", status=404):
        aws.client.get_policy(FunctionName=name, Qualifier="1")


def test_a_statement_id_is_used_once(aws: Aws) -> None:
    name = aws.function()
    grant(aws, name)
    with refused("ResourceConflictException", "The statement id (one) provided already exists.", 409):
        grant(aws, name)


def test_a_policy_is_gone_with_its_last_statement(aws: Aws) -> None:
    name = aws.function()
    grant(aws, name)
    aws.client.remove_permission(FunctionName=name, StatementId="one")
    with refused("ResourceNotFoundException", "The resource you requested does not exist.", 404):
        aws.client.get_policy(FunctionName=name)
    with refused("ResourceNotFoundException", "No policy is associated with the given resource.", 404):
        aws.client.remove_permission(FunctionName=name, StatementId="one")


def test_what_is_not_there_is_told_as_lambda_tells_it(aws: Aws) -> None:
    name, _ = aliased(aws)
    with refused("ResourceNotFoundException", "Function not found: arn:aws:lambda:", 404):
        grant(aws, "missing")
    with refused("ResourceNotFoundException", "The resource you requested does not exist.", 404):
        aws.client.get_policy(FunctionName="missing")
    with refused(
        "ResourceNotFoundException",
        f"Cannot find alias arn: arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}:old",
        404,
    ):
        grant(aws, name, Qualifier="old")
    with refused(
        "ResourceNotFoundException", f"Function not found: arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}:42", 404
    ):
        grant(aws, name, Qualifier="42")
    grant(aws, name)
    with refused("ResourceNotFoundException", "Statement two is not found in resource policy.", 404):
        aws.client.remove_permission(FunctionName=name, StatementId="two")
    with refused(INVALID, "We currently do not support adding policies for $LATEST."):
        grant(aws, name, Qualifier="$LATEST")


def test_the_first_statement_goes_by_the_revision_of_its_alias_and_the_next_by_the_policys(aws: Aws) -> None:
    name, revision = aliased(aws)
    live = {"FunctionName": name, "Qualifier": "live"}
    with refused("PreconditionFailedException", "Call the GetPolicy API to retrieve the latest Revision Id", 412):
        grant(aws, name, Qualifier="live", RevisionId="wrong")
    grant(aws, name, Qualifier="live", RevisionId=revision)
    with refused("PreconditionFailedException", status=412):
        grant(aws, name, Qualifier="live", StatementId="two", RevisionId=revision)
    first = aws.client.get_policy(**live)["RevisionId"]
    grant(aws, name, Qualifier="live", StatementId="two", RevisionId=first)
    second = aws.client.get_policy(**live)["RevisionId"]
    with refused("PreconditionFailedException", status=412):
        aws.client.remove_permission(**live, StatementId="one", RevisionId=first)
    aws.client.publish_version(FunctionName=name)
    aws.client.remove_permission(**live, StatementId="one", RevisionId=second)
    assert len({revision, first, second, aws.client.get_policy(**live)["RevisionId"]}) == 4


def test_a_policy_has_no_room_for_more_than_20480_characters(aws: Aws) -> None:
    name = aws.function()
    arn = "arn:aws:s3:::" + "b" * 9_000
    grant(aws, name, StatementId="one", SourceArn=arn)
    grant(aws, name, StatementId="two", SourceArn=arn)
    with refused("PolicyLengthExceededException", "is bigger than the limit (20480).", 400):
        grant(aws, name, StatementId="three", SourceArn=arn)


# --- whole policies ------------------------------------------------------------------------------------------------


def whole(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


DENIED = {"Effect": "Deny", "Principal": "*", "Action": "lambda:InvokeFunction", "Resource": "*"}


def test_a_whole_policy_takes_the_place_of_what_there_was(aws: Aws) -> None:
    name, _ = aliased(aws)
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}:live"
    grant(aws, name, Qualifier="live")
    first = aws.client.get_resource_policy(ResourceArn=arn)
    assert [one["Sid"] for one in json.loads(first["Policy"])["Statement"]] == ["one"]
    put = aws.client.put_resource_policy(ResourceArn=arn, Policy=whole(DENIED), RevisionId=first["RevisionId"])
    held = aws.client.get_resource_policy(ResourceArn=arn)
    assert (held["Policy"], held["RevisionId"]) == (put["Policy"], put["RevisionId"])
    assert json.loads(held["Policy"]) == {"Version": "2012-10-17", "Statement": [DENIED]}
    with refused("PreconditionFailedException", status=412):
        aws.client.delete_resource_policy(ResourceArn=arn, RevisionId=first["RevisionId"])
    aws.client.delete_resource_policy(ResourceArn=arn, RevisionId=held["RevisionId"])
    for call in (aws.client.get_resource_policy, aws.client.delete_resource_policy):
        with refused("ResourceNotFoundException", status=404):
            call(ResourceArn=arn)


def test_a_whole_policy_is_a_document_of_a_function_and_has_room(aws: Aws) -> None:
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{aws.function()}"
    for policy in ("no JSON", "[]", "{}"):
        with refused(INVALID, status=400):
            aws.client.put_resource_policy(ResourceArn=arn, Policy=policy)
    with refused("ValidationException", "at 'policy' failed to satisfy constraint", 400):
        aws.unchecked.put_resource_policy(ResourceArn=arn, Policy=whole({**DENIED, "Sid": "b" * 20_480}))
    with refused("ResourceNotFoundException", status=404):
        aws.client.put_resource_policy(ResourceArn=f"{arn}:42", Policy=whole(DENIED))
    with refused("NotImplementedException", status=501):
        aws.client.get_resource_policy(ResourceArn=f"arn:aws:lambda:{REGION}:{ACCOUNT}:runtime/python")
