"""`plan --drift --who`: who changed what AWS holds, as CloudTrail tells it; and that nothing of it can fail a plan."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.commands.test_drift_accept import committed, of_every_kind
from tests.conftest import ACCOUNT, REGION, House, function_spec
from tests.hands import by_hand


def who(house: House, *flags: str) -> dict[str, dict[str, str]]:
    """By resource within checkout, what is told of who did it."""
    document = house.plan("--drift", "--who", *flags)
    (target,) = (one for one in document["targets"] if one["address"].endswith("/checkout"))
    return {
        action["address"].removeprefix("test/us-west-2/checkout").lstrip("/"): action["who"]
        for action in target["actions"]
        if action["verb"] != "none"
    }


def looks(house: House) -> list[Any]:
    return [request.params for request in house.sandbox.requests if request.operation == "LookupEvents"]


def test_a_change_in_the_console_is_told_with_its_person_at_the_cost_of_one_call(house: House) -> None:
    committed(house)
    by_hand(house.sandbox, role="admin").update_function_configuration(FunctionName="checkout", MemorySize=1024)
    house.sandbox.requests.clear()
    told = who(house)
    assert told[""] | {"at": "", "event_id": ""} == {
        "at": "", "name": "admin", "session": "ada@example.com", "type": "AssumedRole", "via": "console",
        "event": "UpdateFunctionConfiguration20150331v2", "event_id": "",
    }  # fmt: skip
    assert len(looks(house)) == 1
    assert house.writes() == []
    text = house.run("plan", "--drift", "--who").out
    assert f"      changed by admin/ada@example.com via console at {told['']['at']}\n" in text
    markdown = house.run("plan", "--drift", "--who", "--format", "markdown").out
    assert "changed by admin/ada" in markdown


def test_without_the_flag_nobody_is_asked_and_digests_are_the_same(house: House) -> None:
    committed(house)
    by_hand(house.sandbox).update_function_configuration(FunctionName="checkout", MemorySize=1024)
    house.sandbox.requests.clear()
    plain = house.plan("--drift")
    assert looks(house) == []
    asked = house.plan("--drift", "--who")
    assert plain["digest"] == asked["digest"]
    assert [one["digest"] for one in plain["targets"]] == [one["digest"] for one in asked["targets"]]
    assert not any("who" in action for target in plain["targets"] for action in target["actions"])


def test_our_own_hands_are_ours(house: House) -> None:
    """Where no report tells that it was before."""
    committed(house)
    for report in (house.root / "reports").iterdir():
        report.unlink()
    by_hand(house.sandbox, "Boto3/1.0 lambda-reconciler/0.2.0").update_function_configuration(
        FunctionName="checkout", MemorySize=129
    )
    assert (who(house)[""]["by"], who(house)[""]["via"]) == ("us", "Boto3")


def test_every_kind_of_resource_and_every_spelling_of_a_function_is_found(house: House) -> None:
    committed(house)
    aws, arn = by_hand(house.sandbox, "aws-cli/2.1 Python"), f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:checkout"
    (held,) = aws.list_event_source_mappings()["EventSourceMappings"]
    aws.update_function_configuration(FunctionName=arn, Timeout=31)
    aws.tag_resource(Resource=arn, Tags={"team": "risk"})
    aws.create_alias(FunctionName=f"{ACCOUNT}:function:checkout", Name="beta", FunctionVersion="1")
    aws.update_alias(FunctionName="checkout", Name="live", FunctionVersion="1", Description="by hand")
    aws.update_event_source_mapping(UUID=held["UUID"], BatchSize=7)
    aws.create_function_url_config(FunctionName=f"{arn}:live", AuthType="AWS_IAM")
    told = who(house)
    assert {name.partition("/")[0]: one["event"] for name, one in told.items()} == {
        "": "UpdateFunctionConfiguration20150331v2",
        "alias": "UpdateAlias20150331",
        "event_source_mapping": "UpdateEventSourceMapping20150331",
        "url": "CreateFunctionUrlConfig",
    }
    assert told["alias/beta"]["event"] == "CreateAlias20150331"
    assert {one["via"] for one in told.values()} == {"cli"}


def test_what_was_deleted_is_found_by_its_deletion(house: House) -> None:
    committed(house)
    aws = by_hand(house.sandbox)
    (held,) = aws.list_event_source_mappings()["EventSourceMappings"]
    aws.delete_event_source_mapping(UUID=held["UUID"])
    aws.delete_alias(FunctionName="checkout", Name="live")
    told = {name: one["event"] for name, one in who(house).items()}
    assert told == {
        "alias/live": "DeleteAlias20150331",
        "event_source_mapping/orders": "DeleteEventSourceMapping20150331",
    }


def test_a_function_that_is_gone_took_all_of_its_own_with_it(house: House) -> None:
    committed(house)
    by_hand(house.sandbox).delete_function(FunctionName="checkout")
    told = who(house)
    assert {told[""]["event"], told["alias/live"]["event"]} == {"DeleteFunction20150331"}


def test_of_two_changes_the_last_of_the_same_member_counts_and_refused_ones_and_others_do_not(house: House) -> None:
    committed(house)
    house.write("other.yaml", function_spec("other"))
    house.apply("specs/other.yaml")
    by_hand(house.sandbox, "first/1").update_function_configuration(FunctionName="checkout", MemorySize=600)
    by_hand(house.sandbox, "second/1").update_function_configuration(FunctionName="checkout", MemorySize=700)
    by_hand(house.sandbox, "third/1").update_function_configuration(FunctionName="other", MemorySize=700)
    by_hand(house.sandbox, "fourth/1").update_function_configuration(FunctionName="checkout", Timeout=30)
    with pytest.raises(ClientError):
        by_hand(house.sandbox, "fifth/1").update_function_configuration(
            FunctionName="checkout", MemorySize=700, Role=f"arn:aws:iam::{ACCOUNT}:role/nobody"
        )
    assert who(house)[""]["via"] == "second"


def test_a_variable_has_its_event_though_cloudtrail_leaves_it_out(house: House) -> None:
    committed(house)
    by_hand(house.sandbox).update_function_configuration(
        FunctionName="checkout", Environment={"Variables": {"TOKEN": "another-battery"}}
    )
    result = house.run("plan", "--drift", "--who", "--format", "json")
    assert "UpdateFunctionConfiguration20150331v2" in result.out
    assert "another-battery" not in result.out


def test_what_cloudtrail_does_not_tell_yet_is_not_guessed(house: House) -> None:
    committed(house)
    by_hand(house.sandbox).update_function_configuration(FunctionName="checkout", MemorySize=1024)
    house.sandbox.gate.log.trail.clear()
    assert who(house) == {"": {"unknown": "not found yet"}}
    assert "who changed it is not known: not found yet" in house.run("plan", "--drift", "--who").out


def denied(house: House, code: str) -> None:
    from reconciler.sandbox.around.faults import Fault, Script

    house.sandbox.gate.script = Script([Fault("LookupEvents", code=code, status=400)])


@pytest.mark.parametrize(
    ("code", "unknown"), [("AccessDeniedException", "no permission"), ("OperationNotPermittedException", "no answer")]
)
def test_what_cloudtrail_refuses_fails_no_plan_and_is_told_with_its_mend(house: House, code: str, unknown: str) -> None:
    committed(house)
    by_hand(house.sandbox).update_function_configuration(FunctionName="checkout", MemorySize=1024)
    denied(house, code)
    house.sandbox.requests.clear()
    result = house.run("plan", "--drift", "--who")
    assert result.exit_code == 0
    assert f"who changed it is not known: {unknown}" in result.out
    assert (
        f"test/us-west-2: who changed what cannot be told: LookupEvents: A fault of the script (400) ({code}"
        in result.out
    )
    assert len(looks(house)) == 1


@pytest.fixture
def few_calls(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    from reconciler.snapshot import trail

    monkeypatch.setattr(trail, "MOST_CALLS", 2)
    yield 2


def test_there_is_an_end_to_the_calls_of_a_run(house: House, few_calls: int) -> None:
    committed(house)
    aws = by_hand(house.sandbox)
    aws.tag_resource(Resource=f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:checkout", Tags={"team": "risk"})
    aws.create_alias(FunctionName="checkout", Name="beta", FunctionVersion="1")
    aws.update_alias(FunctionName="checkout", Name="live", Description="by hand")
    house.sandbox.requests.clear()
    told = who(house)
    assert {"unknown": "more than 40 look-ups"} in told.values()
    assert len(looks(house)) == few_calls


def test_names_that_strangers_chose_are_inert(house: House) -> None:
    committed(house)
    agent = "<b>@ada\x9b31m"
    by_hand(house.sandbox, agent.encode("ascii", "ignore").decode()).update_function_configuration(
        FunctionName="checkout", MemorySize=1024
    )
    for form in ("text", "markdown", "json"):
        shown = house.run("plan", "--drift", "--who", "--format", form).out
        assert "\x9b" not in shown
        told = [line for line in shown.splitlines() if line.startswith("> -")]
        assert form != "markdown" or (len(told) == 1 and "<b>@ada" not in told[0] and "changed by" in told[0])


def test_the_flag_says_what_it_needs(house: House) -> None:
    committed(house)
    assert "give --drift as well" in house.run("plan", "--who").err
    assert house.run("snapshot", "-o", "live.json").exit_code == 0
    result = house.run("plan", "--drift", "--who", "--snapshot", "live.json")
    assert (result.exit_code, "leave --snapshot out" in result.err) == (2, True)


# --- every kind ------------------------------------------------------------------------------------------------------


def events(house: House) -> dict[str, str]:
    """By resource, the event, or why there is none."""
    return {name: one.get("event", one.get("unknown", "")) for name, one in who(house).items()}


def test_whatever_is_changed_of_every_kind_has_its_event(house: House) -> None:
    of_every_kind(house)
    aws, named = by_hand(house.sandbox), {"FunctionName": "checkout"}
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:checkout"
    (held,) = aws.list_event_source_mappings()["EventSourceMappings"]
    aws.tag_resource(Resource=arn, Tags={"team": "risk"})
    house.sandbox.clients.get("logs", ACCOUNT, REGION).put_retention_policy(
        logGroupName="/aws/lambda/checkout", retentionInDays=30
    )
    aws.put_function_concurrency(**named, ReservedConcurrentExecutions=7)
    aws.put_function_recursion_config(**named, RecursiveLoop="Terminate")
    aws.put_runtime_management_config(**named, UpdateRuntimeOn="Auto")
    aws.update_alias(**named, Name="live", FunctionVersion="2", RoutingConfig={"AdditionalVersionWeights": {}})
    aws.delete_alias(**named, Name="beta")
    aws.update_function_url_config(**named, Qualifier="live", Cors={"AllowMethods": ["GET"]})
    aws.update_function_event_invoke_config(**named, Qualifier="live", MaximumRetryAttempts=2)
    aws.update_event_source_mapping(UUID=held["UUID"], BatchSize=9)
    aws.add_permission(
        FunctionName=f"{arn}:live", StatementId="rule", Action="lambda:InvokeFunction", Principal="events.amazonaws.com"
    )
    aws.remove_permission(**named, Qualifier="live", StatementId="topic")
    house.sandbox.requests.clear()
    assert events(house) == {
        "": "TagResource20170331v2",
        "log_group//aws/lambda/checkout": "PutRetentionPolicy",
        "alias/beta": "DeleteAlias20150331",
        "alias/live": "UpdateAlias20150331",
        "recursion": "PutFunctionRecursionConfig",
        "runtime_management": "PutRuntimeManagementConfig",
        "concurrency": "PutFunctionConcurrency20171031",
        "url/live": "UpdateFunctionUrlConfig",
        "permission/live/rule": "AddPermission20150331v2",
        "permission/live/topic": "RemovePermission20150331v2",
        "event_invoke/live": "UpdateFunctionEventInvokeConfig",
        "event_source_mapping/orders": "UpdateEventSourceMapping20150331",
    }
    assert len(looks(house)) <= 15


def test_whatever_is_deleted_of_every_kind_has_its_event(house: House) -> None:
    of_every_kind(house)
    aws, named = by_hand(house.sandbox), {"FunctionName": "checkout"}
    (held,) = aws.list_event_source_mappings()["EventSourceMappings"]
    aws.delete_event_source_mapping(UUID=held["UUID"])
    aws.delete_function_url_config(**named, Qualifier="live")
    aws.delete_function_event_invoke_config(**named, Qualifier="live")
    aws.remove_permission(**named, Qualifier="live", StatementId="topic")
    aws.delete_function_concurrency(**named)
    aws.delete_alias(**named, Name="beta")
    house.sandbox.requests.clear()
    assert events(house) == {
        "alias/beta": "DeleteAlias20150331",
        "concurrency": "DeleteFunctionConcurrency20171031",
        "url/live": "DeleteFunctionUrlConfig",
        "permission/live/topic": "RemovePermission20150331v2",
        "event_invoke/live": "DeleteFunctionEventInvokeConfig",
        "event_source_mapping/orders": "DeleteEventSourceMapping20150331",
    }
