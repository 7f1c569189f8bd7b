"""FACTS 2.3 and 2.8: when a version is made, with what number, and when it may go."""

from __future__ import annotations

import pytest

from reconciler.sandbox.around.faults import Fault, Script
from tests.sandbox.conftest import Aws, refused, zipped


def test_a_version_is_active_at_once_and_holds_latest(aws: Aws) -> None:
    name = aws.function(Timeout=7)
    made = aws.client.publish_version(FunctionName=name)
    assert (made["Version"], made["State"], made["Timeout"]) == ("1", "Active", 7)
    assert made["FunctionArn"].endswith(f":{name}:1")
    assert made["CodeSha256"] == aws.get(name)["CodeSha256"]


def test_publishing_what_is_unchanged_answers_the_last_version_and_ignores_the_description(aws: Aws) -> None:
    name = aws.function()
    first = aws.client.publish_version(FunctionName=name, Description="one")
    second = aws.client.publish_version(FunctionName=name, Description="two")
    assert (second["Version"], second["Description"]) == ("1", "one")
    assert second["RevisionId"] == first["RevisionId"]


def test_a_description_given_to_a_version_does_not_make_the_next_publish_new(aws: Aws) -> None:
    name = aws.function(Description="mine")
    assert aws.client.publish_version(FunctionName=name, Description="other")["Description"] == "other"
    assert aws.get(name)["Description"] == "mine"
    assert aws.client.publish_version(FunctionName=name)["Version"] == "1"


@pytest.mark.parametrize("change", [{"Timeout": 30}, {"Description": "said anew"}], ids=["timeout", "description"])
def test_a_change_of_configuration_alone_makes_a_version(aws: Aws, change: dict[str, object]) -> None:
    name = aws.published()
    aws.configure(name, **change)
    assert aws.client.publish_version(FunctionName=name)["Version"] == "2"


def test_a_change_of_code_alone_makes_a_version(aws: Aws) -> None:
    name = aws.published()
    aws.client.update_function_code(FunctionName=name, ZipFile=zipped("v = 2"))
    aws.settle()
    assert aws.client.publish_version(FunctionName=name)["Version"] == "2"


def test_a_version_does_not_change_with_latest(aws: Aws) -> None:
    name = aws.function(Timeout=5, Environment={"Variables": {"AA": "1"}})
    aws.client.publish_version(FunctionName=name)
    aws.configure(name, Timeout=6, Environment={"Variables": {"AA": "2"}})
    old = aws.get(name, Qualifier="1")
    assert (old["Timeout"], old["Environment"]["Variables"]) == (5, {"AA": "1"})


def test_the_code_guard_refuses_another_hash(aws: Aws) -> None:
    name = aws.function()
    held = aws.get(name)["CodeSha256"]
    message = f"CodeSHA256 (else) is different from current CodeSHA256 in $LATEST ({held})."
    with refused("InvalidParameterValueException", message, 400):
        aws.client.publish_version(FunctionName=name, CodeSha256="else")
    assert aws.client.publish_version(FunctionName=name, CodeSha256=held)["Version"] == "1"


def test_creating_with_publish_answers_version_1_under_an_unqualified_arn(aws: Aws) -> None:
    made = aws.create(Publish=True)
    name = made["FunctionName"]
    assert (made["Version"], made["State"]) == ("1", "Pending")
    assert made["FunctionArn"].endswith(f":{name}")
    assert aws.get(name)["Version"] == "$LATEST"
    assert aws.get(name, Qualifier="1")["State"] == "Pending"
    aws.settle()
    assert aws.get(name, Qualifier="1")["State"] == "Active"


def test_updating_code_with_publish_answers_the_version_while_latest_is_in_progress(aws: Aws) -> None:
    name = aws.published()
    made = aws.client.update_function_code(FunctionName=name, ZipFile=zipped("u = 1"), Publish=True)
    assert (made["Version"], made["State"]) == ("2", "Pending")
    assert made["FunctionArn"].endswith(f":{name}:2")
    latest = aws.get(name)
    assert (latest["Version"], latest["LastUpdateStatus"]) == ("$LATEST", "InProgress")
    aws.settle()
    assert aws.get(name, Qualifier="2")["State"] == "Active"
    listed = aws.client.list_versions_by_function(FunctionName=name)["Versions"]
    assert [one["Version"] for one in listed] == ["$LATEST", "1", "2"]


def test_a_version_of_a_snapstart_function_is_pending_first(aws: Aws) -> None:
    name = aws.function(SnapStart={"ApplyOn": "PublishedVersions"})
    made = aws.client.publish_version(FunctionName=name)
    assert (made["State"], made["SnapStart"]["OptimizationStatus"]) == ("Pending", "On")
    assert aws.get(name)["SnapStart"] == {"ApplyOn": "PublishedVersions", "OptimizationStatus": "Off"}
    aws.settle()
    assert aws.get(name, Qualifier="1")["State"] == "Active"


def test_a_version_that_a_script_lets_fail_ends_failed(aws: Aws) -> None:
    name = aws.function(SnapStart={"ApplyOn": "PublishedVersions"})
    aws.sandbox.gate.script = Script([Fault("PublishVersion", nth=1, fails="FunctionError")])
    aws.client.publish_version(FunctionName=name)
    aws.sandbox.gate.script = Script([])
    aws.settle()
    found = aws.get(name, Qualifier="1")
    assert (found["State"], found["StateReasonCode"]) == ("Failed", "FunctionError")


def test_updating_to_the_same_code_with_publish_answers_the_last_version(aws: Aws) -> None:
    name = aws.published()
    made = aws.client.update_function_code(FunctionName=name, ZipFile=zipped(), Publish=True)
    assert made["Version"] == "1"
    assert aws.get(name)["LastUpdateStatus"] == "InProgress"


def test_what_was_put_back_to_an_older_version_is_new_again(aws: Aws) -> None:
    name = aws.published(2)
    aws.configure(name, Description="as version 1")
    assert aws.client.publish_version(FunctionName=name)["Version"] == "3"


def test_a_number_is_not_used_twice_while_the_function_lives(aws: Aws) -> None:
    name = aws.published(2)
    aws.client.delete_function(FunctionName=name, Qualifier="2")
    assert aws.client.publish_version(FunctionName=name)["Version"] == "3"


def test_a_function_made_anew_counts_from_1(aws: Aws) -> None:
    name = aws.published(2)
    aws.client.delete_function(FunctionName=name)
    aws.function(FunctionName=name)
    assert aws.client.publish_version(FunctionName=name)["Version"] == "1"


def test_versions_list_with_qualified_arns(aws: Aws) -> None:
    name = aws.published(2)
    listed = aws.client.list_versions_by_function(FunctionName=name)["Versions"]
    assert [one["FunctionArn"].rpartition(":")[2] for one in listed] == ["$LATEST", "1", "2"]


# --- deletes -------------------------------------------------------------------------------------------------------


def test_deleting_a_function_takes_its_versions_aliases_policy_url_and_reservation(aws: Aws) -> None:
    name = aws.published()
    aws.client.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    aws.client.add_permission(
        FunctionName=name, StatementId="a", Action="lambda:InvokeFunction", Principal="s3.amazonaws.com"
    )
    aws.client.create_function_url_config(FunctionName=name, AuthType="NONE")
    aws.client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=1)
    assert aws.client.delete_function(FunctionName=name)["ResponseMetadata"]["HTTPStatusCode"] == 204
    aws.function(FunctionName=name)
    assert set(aws.client.get_function(FunctionName=name)) == {"ResponseMetadata", "Configuration", "Code"}
    assert aws.client.list_function_url_configs(FunctionName=name)["FunctionUrlConfigs"] == []
    with refused("ResourceNotFoundException", status=404):
        aws.client.get_policy(FunctionName=name)
    assert aws.client.list_aliases(FunctionName=name)["Aliases"] == []
    assert len(aws.client.list_versions_by_function(FunctionName=name)["Versions"]) == 1


def test_deleting_a_function_twice_is_not_found(aws: Aws) -> None:
    name = aws.function()
    aws.client.delete_function(FunctionName=name)
    with refused("ResourceNotFoundException", "Function not found", 404):
        aws.client.delete_function(FunctionName=name)
    with refused("ResourceNotFoundException", status=404):
        aws.client.get_function(FunctionName=name)


@pytest.mark.parametrize("version", ["1", "2"], ids=["primary", "weighted"])
def test_a_version_that_an_alias_uses_stays(aws: Aws, version: str) -> None:
    name = aws.published(2)
    routing = {"AdditionalVersionWeights": {"2": 0.1}}
    aws.client.create_alias(FunctionName=name, Name="live", FunctionVersion="1", RoutingConfig=routing)
    message = "Unable to delete version because the following aliases reference it: [live]"
    with refused("ResourceConflictException", message, 409):
        aws.client.delete_function(FunctionName=name, Qualifier=version)


def test_latest_is_not_deleted_alone(aws: Aws) -> None:
    name = aws.function()
    message = "$LATEST version cannot be deleted without deleting the function."
    with refused("InvalidParameterValueException", message, 400):
        aws.client.delete_function(FunctionName=name, Qualifier="$LATEST")
    assert aws.get(name)


def test_an_alias_is_not_deleted_as_a_version(aws: Aws) -> None:
    name = aws.published()
    aws.client.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    with refused("InvalidParameterValueException", "Deletion of aliases is not currently supported."):
        aws.client.delete_function(FunctionName=name, Qualifier="live")


def test_deleting_a_version_that_is_not_there_succeeds(aws: Aws) -> None:
    name = aws.function()
    aws.client.delete_function(FunctionName=name, Qualifier="77")
    assert aws.get(name)
