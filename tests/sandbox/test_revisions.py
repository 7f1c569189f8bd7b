"""FACTS 2.4: when a RevisionId changes, and where an old one is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from reconciler.sandbox.around.faults import Fault, Script
from tests.sandbox.conftest import Aws, refused, zipped


def test_every_answer_about_a_function_has_the_same_revision(aws: Aws) -> None:
    name = aws.function()
    listed = aws.client.list_versions_by_function(FunctionName=name)["Versions"][0]
    assert aws.revision(name) == listed["RevisionId"]
    assert aws.revision(name) == aws.client.get_function_configuration(FunctionName=name)["RevisionId"]


def test_it_changes_when_a_new_function_becomes_active(aws: Aws) -> None:
    made = aws.create()
    aws.settle()
    assert aws.revision(made["FunctionName"]) != made["RevisionId"]


@pytest.mark.parametrize("code", [False, True], ids=["configuration", "code"])
def test_it_changes_with_an_update_and_again_when_the_update_ends(aws: Aws, code: bool) -> None:
    name = aws.function()
    first = aws.revision(name)
    if code:
        second = aws.client.update_function_code(FunctionName=name, ZipFile=zipped("y = 1"))["RevisionId"]
    else:
        second = aws.client.update_function_configuration(FunctionName=name, Timeout=5)["RevisionId"]
    aws.settle()
    assert len({first, second, aws.revision(name)}) == 3


CHANGING: dict[str, Callable[[Any, str, str], Any]] = {
    "publishing a version": lambda client, name, _: client.publish_version(FunctionName=name),
    "tagging": lambda client, _, arn: client.tag_resource(Resource=arn, Tags={"a": "b"}),
    "untagging": lambda client, _, arn: client.untag_resource(Resource=arn, TagKeys=["a"]),
}
KEEPING: dict[str, Callable[[Any, str, str], Any]] = {
    "creating and updating an alias": lambda client, name, _: (
        client.create_alias(FunctionName=name, Name="moved", FunctionVersion="$LATEST"),
        client.update_alias(FunctionName=name, Name="moved", Description="x"),
    ),
    "deleting an alias": lambda client, name, _: client.delete_alias(FunctionName=name, Name="nowhere"),
    "creating an alias": lambda client, name, _: client.create_alias(
        FunctionName=name, Name="live", FunctionVersion="$LATEST"
    ),
    "reserving concurrency": lambda client, name, _: client.put_function_concurrency(
        FunctionName=name, ReservedConcurrentExecutions=1
    ),
    "a permission": lambda client, name, _: client.add_permission(
        FunctionName=name, StatementId="a", Action="lambda:InvokeFunction", Principal="s3.amazonaws.com"
    ),
    "a dry run": lambda client, name, _: client.update_function_code(
        FunctionName=name, ZipFile=zipped("z"), DryRun=True
    ),
}


@pytest.mark.parametrize("change", CHANGING.values(), ids=CHANGING)
def test_it_changes_by(aws: Aws, change: Callable[[Any, str, str], Any]) -> None:
    found = aws.get(aws.function(Tags={"a": "x"}))
    change(aws.client, found["FunctionName"], found["FunctionArn"])
    assert aws.revision(found["FunctionName"]) != found["RevisionId"]


@pytest.mark.parametrize("change", KEEPING.values(), ids=KEEPING)
def test_it_does_not_change_by(aws: Aws, change: Callable[[Any, str, str], Any]) -> None:
    found = aws.get(aws.function())
    change(aws.client, found["FunctionName"], found["FunctionArn"])
    assert aws.revision(found["FunctionName"]) == found["RevisionId"]


def test_a_redundant_update_changes_it_twice(aws: Aws) -> None:
    name = aws.function(Timeout=5)
    first = aws.revision(name)
    second = aws.client.update_function_configuration(FunctionName=name, Timeout=5)["RevisionId"]
    aws.settle()
    assert len({first, second, aws.revision(name)}) == 3


def test_an_update_that_fails_changes_it_too(aws: Aws) -> None:
    name = aws.function()
    aws.sandbox.gate.script = Script([Fault("UpdateFunctionConfiguration", nth=1, fails="InvalidSubnet")])
    second = aws.client.update_function_configuration(FunctionName=name, Timeout=5)["RevisionId"]
    aws.sandbox.gate.script = Script([])
    aws.settle()
    assert aws.revision(name) != second


def test_a_version_that_was_pending_keeps_it_when_it_becomes_active(aws: Aws) -> None:
    name = aws.function(SnapStart={"ApplyOn": "PublishedVersions"})
    made = aws.client.publish_version(FunctionName=name)["RevisionId"]
    aws.settle()
    assert aws.get(name, Qualifier="1")["RevisionId"] == made


def test_publishing_what_is_published_already_keeps_it(aws: Aws) -> None:
    name = aws.published()
    before = aws.revision(name)
    aws.client.publish_version(FunctionName=name)
    assert aws.revision(name) == before


def test_a_versions_revision_is_constant(aws: Aws) -> None:
    name = aws.published()
    before = aws.get(name, Qualifier="1")["RevisionId"]
    aws.configure(name, Timeout=20)
    aws.client.publish_version(FunctionName=name)
    assert aws.get(name, Qualifier="1")["RevisionId"] == before


@pytest.mark.parametrize(
    ("call", "params"),
    [
        ("update_function_configuration", {"Timeout": 5}),
        ("update_function_code", {"ZipFile": zipped("w = 1")}),
        ("publish_version", {}),
    ],
)
def test_an_old_revision_is_refused_and_the_current_one_taken(aws: Aws, call: str, params: dict[str, Any]) -> None:
    name = aws.function()
    old = aws.revision(name)
    aws.configure(name, Timeout=4)
    message = "The Revision Id provided does not match the latest Revision Id."
    with refused("PreconditionFailedException", message, 412):
        getattr(aws.client, call)(FunctionName=name, RevisionId=old, **params)
    getattr(aws.client, call)(FunctionName=name, RevisionId=aws.revision(name), **params)


def test_a_revision_from_before_a_tag_is_refused(aws: Aws) -> None:
    found = aws.get(aws.function())
    aws.client.tag_resource(Resource=found["FunctionArn"], Tags={"team": "a"})
    with refused("PreconditionFailedException"):
        aws.client.update_function_configuration(
            FunctionName=found["FunctionName"], RevisionId=found["RevisionId"], Timeout=5
        )


def test_an_alias_has_a_revision_of_its_own(aws: Aws) -> None:
    name = aws.published()
    first = aws.client.create_alias(FunctionName=name, Name="live", FunctionVersion="1")["RevisionId"]
    second = aws.client.update_alias(FunctionName=name, Name="live", RevisionId=first)["RevisionId"]
    assert len({first, second, aws.revision(name)}) == 3
    with refused("PreconditionFailedException", status=412):
        aws.client.update_alias(FunctionName=name, Name="live", RevisionId=first)


def test_a_policy_has_a_revision_of_its_own_that_publishing_keeps(aws: Aws) -> None:
    name = aws.function()
    grant = {"FunctionName": name, "Action": "lambda:InvokeFunction", "Principal": "s3.amazonaws.com"}
    aws.client.add_permission(StatementId="a", **grant)
    revision = aws.client.get_policy(FunctionName=name)["RevisionId"]
    assert revision != aws.revision(name)
    aws.client.publish_version(FunctionName=name)
    assert aws.client.get_policy(FunctionName=name)["RevisionId"] == revision
    with refused("PreconditionFailedException", "Call the GetPolicy API to retrieve the latest Revision Id", 412):
        aws.client.add_permission(StatementId="b", RevisionId=aws.revision(name), **grant)
    aws.client.add_permission(StatementId="b", RevisionId=revision, **grant)
    assert aws.client.get_policy(FunctionName=name)["RevisionId"] != revision


def test_the_first_statement_is_guarded_by_the_revision_of_what_it_is_for(aws: Aws) -> None:
    name = aws.published()
    alias = aws.client.create_alias(FunctionName=name, Name="live", FunctionVersion="1")["RevisionId"]
    grant = {
        "FunctionName": name,
        "Qualifier": "live",
        "Action": "lambda:InvokeFunction",
        "Principal": "s3.amazonaws.com",
    }
    for other in ("wrong", aws.revision(name)):
        with refused("PreconditionFailedException", "Call the GetPolicy API to retrieve the latest Revision Id", 412):
            aws.client.add_permission(StatementId="a", RevisionId=other, **grant)
    aws.client.add_permission(StatementId="a", RevisionId=alias, **grant)
    with refused("PreconditionFailedException", status=412):
        aws.client.add_permission(StatementId="b", RevisionId=alias, **grant)


def test_a_statement_is_removed_under_the_policys_revision(aws: Aws) -> None:
    name = aws.function()
    grant = {"FunctionName": name, "Action": "lambda:InvokeFunction", "Principal": "s3.amazonaws.com"}
    aws.client.add_permission(StatementId="a", **grant)
    old = aws.client.get_policy(FunctionName=name)["RevisionId"]
    aws.client.add_permission(StatementId="b", **grant)
    with refused("PreconditionFailedException", "Call the GetPolicy API to retrieve the latest Revision Id", 412):
        aws.client.remove_permission(FunctionName=name, StatementId="a", RevisionId=old)
    current = aws.client.get_policy(FunctionName=name)["RevisionId"]
    aws.client.remove_permission(FunctionName=name, StatementId="a", RevisionId=current)


def test_aliases_and_policies_of_one_function_do_not_share_a_revision(aws: Aws) -> None:
    name = aws.published()
    grant = {"FunctionName": name, "Action": "lambda:InvokeFunction", "Principal": "s3.amazonaws.com"}
    alias = aws.client.create_alias(FunctionName=name, Name="live", FunctionVersion="1")["RevisionId"]
    aws.client.add_permission(StatementId="a", Qualifier="live", **grant)
    assert aws.client.get_alias(FunctionName=name, Name="live")["RevisionId"] == alias
    policy = aws.client.get_policy(FunctionName=name, Qualifier="live")["RevisionId"]
    aws.client.update_alias(FunctionName=name, Name="live", RevisionId=alias, Description="x")
    assert aws.client.get_policy(FunctionName=name, Qualifier="live")["RevisionId"] == policy
