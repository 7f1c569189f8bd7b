"""Asynchronous configurations from spec to deletion, over HTTP: always replaced whole, there though they say only defaults."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from reconciler.sandbox.around.faults import Fault, Script
from tests.apply.houses import ABSENT, house_of
from tests.conftest import House, function_spec

LIVE = "publish: true\naliases: {live: {FunctionVersion: published}}\n"
QUEUE, TOPIC = "arn:aws:sqs:us-west-2:123456789012:failed", "arn:aws:sns:us-west-2:123456789012:done"
PUT, DELETE = "PutFunctionEventInvokeConfig", "DeleteFunctionEventInvokeConfig"


def says(house: House, entries: dict[str, Any], extra: str = "") -> None:
    section = f"event_invoke: {json.dumps(entries)}\n"
    house.write("one.yaml", function_spec("one", extra=LIVE + section + extra))


def held(house: House, name: str = "one") -> dict[str, dict[str, Any]]:
    """What AWS answers, by qualifier."""
    listed = house.lambda_.list_function_event_invoke_configs(FunctionName=name)["FunctionEventInvokeConfigs"]
    house.sandbox.requests.clear()
    return {
        item["FunctionArn"].split(":")[7]: {
            key: item[key] for key in item if key not in ("FunctionArn", "LastModified")
        }
        for item in listed
    }


def to(failed: str = "", done: str = "") -> dict[str, Any]:
    sides = {"OnFailure": failed, "OnSuccess": done}
    return {"DestinationConfig": {side: {"Destination": arn} for side, arn in sides.items() if arn}}


HUSKS: dict[str, Any] = {"DestinationConfig": {"OnFailure": {}, "OnSuccess": {}}}
ALL = {
    "$LATEST": {"MaximumRetryAttempts": 0},
    "live": {"MaximumEventAgeInSeconds": 3600, **to(QUEUE, TOPIC)},
    "1": to(QUEUE),
}


@pytest.fixture
def applied(house: House) -> House:
    """A function with one for itself, its alias and its version, applied."""
    house_of(house)
    says(house, ALL)
    assert house.apply()["outcome"]["exit_code"] == 0
    house.sandbox.requests.clear()
    return house


def test_what_was_applied_needs_nothing_more_and_no_call(applied: House) -> None:
    assert set(held(applied)) == {"$LATEST", "live", "1"}
    assert applied.verbs() == {}
    applied.apply()
    assert applied.writes() == []


def test_one_listing_a_function_is_all_that_a_plan_reads_of_them(applied: House) -> None:
    applied.plan()
    read = Counter(request.operation for request in applied.sandbox.requests)
    assert (read["ListFunctionEventInvokeConfigs"], read["GetFunctionEventInvokeConfig"]) == (1, 0)


def test_a_section_that_is_not_there_is_neither_read_nor_changed(applied: House) -> None:
    applied.write("one.yaml", function_spec("one", extra=LIVE))
    assert applied.verbs() == {}
    assert "ListFunctionEventInvokeConfigs" not in [request.operation for request in applied.sandbox.requests]
    assert len(held(applied)) == 3


@pytest.mark.parametrize(
    ("written", "lives"),
    [
        ({"MaximumRetryAttempts": 2, "MaximumEventAgeInSeconds": 300}, {"MaximumEventAgeInSeconds": 300}),
        ({"MaximumRetryAttempts": 2}, {"MaximumRetryAttempts": 2}),
        ({"MaximumEventAgeInSeconds": 21600}, {"MaximumRetryAttempts": 2}),
        ({"MaximumRetryAttempts": 1, "DestinationConfig": {}}, {"MaximumRetryAttempts": 1}),
        ({"MaximumRetryAttempts": 1, **to()}, {"MaximumRetryAttempts": 1}),
        (
            {"MaximumRetryAttempts": 1, "DestinationConfig": {"OnFailure": {"Destination": ""}}},
            {"MaximumRetryAttempts": 1},
        ),
    ],
    ids=["a default that is not shown", "the same", "defaults alone", "no destinations", "none", "an empty one"],
)
def test_what_is_the_same_to_aws_is_no_change(house: House, written: dict[str, Any], lives: dict[str, Any]) -> None:
    house_of(house, "one")
    house.lambda_.put_function_event_invoke_config(FunctionName="one", **lives)
    house.write("one.yaml", function_spec("one", extra=f"event_invoke: {json.dumps({'$LATEST': written})}\n"))
    assert house.verbs() == {}


def test_an_entry_of_defaults_is_there_and_none_is_not(house: House) -> None:
    house_of(house)
    says(house, {"live": {"MaximumRetryAttempts": 2}})
    house.apply()
    assert set(held(house)) == {"live"}
    says(house, {})
    assert house.verbs() == {"one/event_invoke/live": "delete"}
    house.apply()
    assert (held(house), house.verbs()) == ({}, {})


def test_what_git_dropped_goes_before_its_alias(applied: House) -> None:
    applied.write("one.yaml", function_spec("one", extra="aliases: {}\n"))
    result = applied.run("apply", "--yes")
    assert (result.exit_code, "asynchronous configuration live" in result.out) == (21, True)
    applied.write("one.yaml", function_spec("one", extra="aliases: {}\nevent_invoke: {}\n"))
    applied.writes()
    applied.apply()
    assert applied.writes() == [DELETE, DELETE, DELETE, "DeleteAlias"]
    assert applied.verbs() == {}


def test_a_member_that_is_left_to_others_is_sent_as_it_lives(applied: House) -> None:
    says(applied, ALL | {"live": {"MaximumRetryAttempts": 1}}, "ignore: [/event_invoke/live/DestinationConfig]\n")
    applied.apply()
    assert held(applied)["live"] == {
        "MaximumEventAgeInSeconds": 21600, "MaximumRetryAttempts": 1,
        "DestinationConfig": {"OnFailure": {"Destination": QUEUE}, "OnSuccess": {"Destination": TOPIC}},
    }  # fmt: skip
    assert applied.verbs() == {}
    says(applied, {"1": ALL["1"]}, "ignore: [/event_invoke/live, '/event_invoke/$LATEST']\n")
    assert applied.verbs() == {}


def test_a_new_version_has_none_and_one_that_goes_takes_its_own_along(applied: House) -> None:
    applied.lambda_.update_function_configuration(FunctionName="one", Timeout=9)
    applied.lambda_.publish_version(FunctionName="one")
    assert set(held(applied)) == {"$LATEST", "live", "1"}
    own = "aliases: {live: {FunctionVersion: '2'}}\nversions: {'1': {state: absent}}\n"
    entries = {name: ALL[name] for name in ("$LATEST", "live")}
    applied.write(
        "one.yaml",
        function_spec("one", configuration="Timeout: 9", extra=own + f"event_invoke: {json.dumps(entries)}\n"),
    )
    applied.apply()
    assert applied.writes() == ["UpdateAlias", DELETE, "DeleteFunction"]
    assert applied.verbs() == {}


def test_they_are_made_again_with_their_function(applied: House) -> None:
    replaced = f"{LIVE}event_invoke: {json.dumps(ALL)}\nallow_replace: true\n"
    durable = "TenancyConfig: {TenantIsolationMode: PER_TENANT}"
    applied.write("one.yaml", function_spec("one", extra=replaced, configuration=durable))
    assert "asynchronous configuration" not in applied.run("plan").out.partition("loses with its")[2]
    applied.apply()
    assert applied.writes() == ["DeleteFunction", "CreateFunction", "CreateAlias", PUT, PUT, PUT]
    assert (applied.verbs(), set(held(applied))) == ({}, {"$LATEST", "live", "1"})


# --- somebody else -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("entries", [ALL | {"live": {"MaximumRetryAttempts": 1}}, {}], ids=["changed", "deleted"])
def test_what_somebody_changed_since_the_plan_is_not_written_over(applied: House, entries: dict[str, Any]) -> None:
    says(applied, entries)

    def theirs(operation: str, _: object) -> None:
        if operation == "GetFunctionEventInvokeConfig":
            region, _unused = applied.sandbox.gate.region("123456789012", "us-west-2")
            region.functions["one"].event_invoke["live"] = {"MaximumRetryAttempts": 0}

    applied.sandbox.gate.watch = theirs
    report = applied.apply()
    applied.sandbox.gate.watch = lambda *_: None
    assert report["outcome"]["exit_code"] == 23
    assert held(applied)["live"] == {"MaximumRetryAttempts": 0, **HUSKS}


def test_one_that_somebody_made_since_the_plan_is_not_written_over(house: House) -> None:
    house_of(house, "one")
    says(house, {"$LATEST": {"MaximumRetryAttempts": 1}})

    def theirs(operation: str, _: object) -> None:
        if operation == "PublishVersion":
            region, _unused = house.sandbox.gate.region("123456789012", "us-west-2")
            region.functions["one"].event_invoke["$LATEST"] = {"MaximumRetryAttempts": 0}

    house.sandbox.gate.watch = theirs
    assert house.apply()["outcome"]["exit_code"] == 23
    house.sandbox.gate.watch = lambda *_: None
    assert held(house)["$LATEST"] == {"MaximumRetryAttempts": 0, **HUSKS}


def test_one_that_is_gone_already_needs_no_second_deletion(applied: House) -> None:
    says(applied, {name: ALL[name] for name in ("$LATEST", "1")})
    applied.run("plan")

    def theirs(operation: str, _: object) -> None:
        if operation == DELETE:
            region, _unused = applied.sandbox.gate.region("123456789012", "us-west-2")
            region.functions["one"].event_invoke.pop("live", None)

    applied.sandbox.gate.watch = theirs
    assert applied.apply()["outcome"]["exit_code"] == 0
    applied.sandbox.gate.watch = lambda *_: None
    assert applied.verbs() == {}


@pytest.mark.parametrize(
    "message",
    [
        f"The destination ARN {QUEUE} is invalid.",
        f"The function's execution role does not have permissions to call SendMessage on {QUEUE}",
    ],
    ids=["a destination that is new", "a right that is new"],
)
def test_what_is_new_to_aws_is_waited_for(house: House, message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    house_of(house, "one")
    refusal = Fault(PUT, first=2, status=400, code="InvalidParameterValueException", message=message)
    house.sandbox.gate.script = Script([refusal])
    says(house, {"$LATEST": to(QUEUE)})
    assert house.apply()["outcome"]["exit_code"] == 0
    assert house.verbs() == {}


def test_what_aws_refuses_is_told_in_its_words(house: House) -> None:
    house_of(house, "one")
    house.write("one.yaml", function_spec("one", extra=f"event_invoke: {json.dumps({'$LATEST': to(QUEUE)})}\n"))
    code, message = "InvalidParameterValueException", "The provided destination config is invalid."
    house.sandbox.gate.script = Script([Fault(PUT, status=400, code=code, message=message)])
    result = house.run("apply", "--yes")
    assert (result.exit_code, message in result.out + result.err) == (25, True)


# --- how it is told ------------------------------------------------------------------------------------------------


def test_the_list_and_the_export_have_them_and_the_export_applies_again(applied: House) -> None:
    (item,) = applied.run("functions").json()
    assert [one["qualifier"] for one in item["eventInvoke"]] == ["$LATEST", "live", "1"]
    applied.write("one.yaml", ABSENT.format("one"))
    assert "loses with its deletion: " in applied.run("plan").out
    (export,) = applied.apply()["exports"]
    assert set(export["spec"]["event_invoke"]) == {"$LATEST", "live", "1"}
    again = {key: value for key, value in export["spec"].items() if key not in ("policy", "code")}
    code = {"S3Bucket": "artifacts", "S3Key": "v1.zip"}
    applied.write("one.yaml", json.dumps(again | {"code": code, "publish": True}))
    assert applied.run("apply", "--yes").exit_code == 0
    assert set(held(applied)) == {"$LATEST", "live", "1"}


def test_who_may_not_list_them_still_gets_the_list_of_functions(applied: House) -> None:
    denied = Fault("ListFunctionEventInvokeConfigs", status=403, code="AccessDeniedException")
    applied.sandbox.gate.script = Script([denied])
    result = applied.run("functions")
    (item,) = result.json()
    assert (result.exit_code, item["eventInvoke"]) == (0, None)


def test_a_destination_elsewhere_is_worth_a_warning(house: House) -> None:
    says(house, {"$LATEST": to(QUEUE.replace("us-west-2", "eu-west-1"))})
    assert (
        "OnFailure goes to eu-west-1, and the function is in us-west-2; AWS may refuse it (W224)"
        in house.run("validate").err
    )
    says(house, {"$LATEST": to(QUEUE)})
    assert "W224" not in house.run("validate").err
