"""FACTS 2.5: aliases and their weights."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.conftest import ACCOUNT, REGION, Aws, refused


@pytest.fixture(scope="module")
def name(aws: Aws) -> str:
    """A function with versions 1 to 3."""
    return aws.published(3)


def weights(**shares: float) -> dict[str, Any]:
    return {"AdditionalVersionWeights": {key.removeprefix("v"): share for key, share in shares.items()}}


INVALID, MISSING, CHECKED = "InvalidParameterValueException", "ResourceNotFoundException", "ValidationException"
ALREADY = "Invalid function version 1. Function version 1 is already included in routing configuration."
BAD = {
    "two weights": ("1", weights(v2=0.1, v3=0.1), INVALID, "Number of items in AdditionalVersionWeights cannot be greater than 1"),
    "a weight over 1": ("1", weights(v2=1.5), CHECKED, "Member must have value less than or equal to 1"),
    "a weight below 0": ("1", weights(v2=-0.1), CHECKED, "Member must have value greater than or equal to 0"),
    "the same version": ("1", weights(v1=0.5), INVALID, ALREADY),
    "latest with weights": ("$LATEST", weights(v1=0.5), INVALID, "$LATEST is not supported for an alias pointing to more than 1 version"),
    "latest as a weight": ("1", {"AdditionalVersionWeights": {"$LATEST": 0.5}}, CHECKED, "[0-9]+"),
    "a missing version": ("99", {}, MISSING, "Function not found: arn:aws:lambda:us-west-2:123456789012:function:"),
    "a missing weighted version": ("1", weights(v99=0.5), MISSING, ":99"),
}  # fmt: skip


@pytest.mark.parametrize(("version", "routing", "code", "message"), BAD.values(), ids=BAD)
@pytest.mark.parametrize("call", ["create_alias", "update_alias"])
def test_a_bad_routing_is_refused(
    aws: Aws, name: str, call: str, version: str, routing: dict[str, Any], code: str, message: str
) -> None:
    alias = aws.new_name()
    if call == "update_alias":
        aws.client.create_alias(FunctionName=name, Name=alias, FunctionVersion="3")
    with refused(code, message):
        getattr(aws.unchecked, call)(FunctionName=name, Name=alias, FunctionVersion=version, RoutingConfig=routing)


def test_an_alias_name_of_digits_is_refused(aws: Aws, name: str) -> None:
    with refused("ValidationException", "at 'name'"):
        aws.client.create_alias(FunctionName=name, Name="2024", FunctionVersion="1")


def test_an_alias_to_latest_alone_is_fine(aws: Aws, name: str) -> None:
    made = aws.client.create_alias(FunctionName=name, Name="newest", FunctionVersion="$LATEST")
    assert (made["FunctionVersion"], made["Description"]) == ("$LATEST", "")
    assert "RoutingConfig" not in made


def test_a_second_alias_of_the_name_is_refused(aws: Aws, name: str) -> None:
    aws.client.create_alias(FunctionName=name, Name="twice", FunctionVersion="1")
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}:twice"
    with refused("ResourceConflictException", f"Alias already exists: {arn}", 409):
        aws.client.create_alias(FunctionName=name, Name="twice", FunctionVersion="1")


def test_weighted_versions_need_the_same_role_and_dead_letter_queue(aws: Aws) -> None:
    name = aws.published()
    aws.configure(name, DeadLetterConfig={"TargetArn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:dead"})
    aws.client.publish_version(FunctionName=name)
    with refused("InvalidParameterValueException", "role and dead letter configuration"):
        aws.client.create_alias(FunctionName=name, Name="live", FunctionVersion="1", RoutingConfig=weights(v2=0.1))


def test_an_empty_map_clears_weights_and_omitting_keeps_them(aws: Aws, name: str) -> None:
    call = {"FunctionName": name, "Name": "canary"}
    aws.client.create_alias(**call, FunctionVersion="1", RoutingConfig=weights(v2=0.25))
    kept = aws.client.update_alias(**call, Description="said")
    assert kept["RoutingConfig"] == weights(v2=0.25)
    cleared = aws.client.update_alias(**call, FunctionVersion="2", RoutingConfig={"AdditionalVersionWeights": {}})
    assert "RoutingConfig" not in cleared
    assert (cleared["FunctionVersion"], cleared["Description"]) == ("2", "said")
    assert "RoutingConfig" not in aws.client.get_alias(**call)


def test_creating_with_an_empty_map_has_no_routing(aws: Aws, name: str) -> None:
    made = aws.client.create_alias(
        FunctionName=name, Name="empty", FunctionVersion="1", RoutingConfig={"AdditionalVersionWeights": {}}
    )
    assert "RoutingConfig" not in made


def test_moving_to_the_weighted_version_alone_is_already_included(aws: Aws, name: str) -> None:
    call = {"FunctionName": name, "Name": "half-done"}
    aws.client.create_alias(**call, FunctionVersion="1", RoutingConfig=weights(v2=0.25))
    with refused("InvalidParameterValueException", "Function version 2 is already included in routing configuration."):
        aws.client.update_alias(**call, FunctionVersion="2")


def test_an_update_without_fields_is_taken_and_has_a_new_revision(aws: Aws, name: str) -> None:
    call = {"FunctionName": name, "Name": "idle"}
    before = aws.client.create_alias(**call, FunctionVersion="1")
    after = aws.client.update_alias(**call)
    assert after["RevisionId"] != before["RevisionId"]
    assert after["FunctionVersion"] == "1"


def test_a_missing_alias_is_told_by_update_and_get_but_not_by_delete(aws: Aws, name: str) -> None:
    call = {"FunctionName": name, "Name": "nowhere"}
    with refused("ResourceNotFoundException", "Alias not found", 404):
        aws.client.update_alias(**call)
    with refused("ResourceNotFoundException", "Cannot find alias arn", 404):
        aws.client.get_alias(**call)
    assert aws.client.delete_alias(**call)["ResponseMetadata"]["HTTPStatusCode"] == 204


def test_a_deleted_alias_is_gone(aws: Aws, name: str) -> None:
    call = {"FunctionName": name, "Name": "brief"}
    aws.client.create_alias(**call, FunctionVersion="1")
    aws.client.delete_alias(**call)
    with refused("ResourceNotFoundException"):
        aws.client.get_alias(**call)


def test_an_aliass_policy_and_url_go_with_it(aws: Aws, name: str) -> None:
    call = {"FunctionName": name, "Name": "guarded"}
    aws.client.create_alias(**call, FunctionVersion="1")
    grant = {"StatementId": "a", "Action": "lambda:InvokeFunction", "Principal": "s3.amazonaws.com"}
    aws.client.add_permission(FunctionName=name, Qualifier="guarded", **grant)
    aws.client.create_function_url_config(FunctionName=name, Qualifier="guarded", AuthType="NONE")
    aws.client.delete_alias(**call)
    aws.client.create_alias(**call, FunctionVersion="1")
    for read in (aws.client.get_policy, aws.client.get_function_url_config):
        with refused("ResourceNotFoundException", status=404):
            read(FunctionName=name, Qualifier="guarded")


def test_a_refused_update_leaves_the_alias_as_it_was(aws: Aws, name: str) -> None:
    call = {"FunctionName": name, "Name": "steady"}
    aws.client.create_alias(**call, FunctionVersion="1", RoutingConfig=weights(v2=0.25))
    before = aws.client.get_alias(**call)
    with refused("ResourceNotFoundException"):
        aws.client.update_alias(**call, FunctionVersion="99", Description="moved")
    after = aws.client.get_alias(**call)
    assert {**before, "ResponseMetadata": None} == {**after, "ResponseMetadata": None}


def test_aliases_live_while_an_update_runs(aws: Aws) -> None:
    name = aws.published()
    aws.client.update_function_configuration(FunctionName=name, Timeout=9)
    aws.client.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    aws.client.update_alias(FunctionName=name, Name="live", Description="x")


def test_getting_a_function_by_alias_gives_the_version_under_the_aliass_arn(aws: Aws, name: str) -> None:
    aws.client.create_alias(FunctionName=name, Name="shown", FunctionVersion="2", RoutingConfig=weights(v1=0.5))
    found, version = aws.get(name, Qualifier="shown"), aws.get(name, Qualifier="2")
    assert found["FunctionArn"].endswith(f":{name}:shown")
    assert (found["Version"], found["RevisionId"]) == ("2", version["RevisionId"])
    assert "RoutingConfig" not in found


def test_aliases_list_by_version(aws: Aws) -> None:
    name = aws.published(2)
    for alias, version in (("aa", "1"), ("bb", "2"), ("cc", "2")):
        aws.client.create_alias(FunctionName=name, Name=alias, FunctionVersion=version)
    listed = aws.client.list_aliases(FunctionName=name, FunctionVersion="2")["Aliases"]
    assert [one["Name"] for one in listed] == ["bb", "cc"]
