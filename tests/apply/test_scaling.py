"""How many execution environments versions have on managed instances, from spec on, over HTTP: named versions alone, asked for and waited for."""

from __future__ import annotations

import json
from typing import Any

import pytest

from reconciler.core.model import Target
from reconciler.kinds.scaling import is_applied, standing
from tests.apply.houses import ABSENT, MANAGED, house_of
from tests.conftest import House, function_spec

PUT, LATEST = "PutFunctionScalingConfig", "$LATEST.PUBLISHED"
LEAST, MOST = "MinExecutionEnvironments", "MaxExecutionEnvironments"


def says(house: House, entries: dict[str, Any] | None, extra: str = "", configuration: str = MANAGED) -> None:
    """The spec of a function with these; None stands for no section."""
    section = "" if entries is None else f"scaling: {json.dumps(entries)}\n"
    house.write("one.yaml", function_spec("one", extra=f"publish: true\n{extra}{section}", configuration=configuration))


def asked(house: House, version: str = "1") -> dict[str, int]:
    answer = house.lambda_.get_function_scaling_config(FunctionName="one", Qualifier=version)
    house.sandbox.requests.clear()
    found: dict[str, int] = answer["RequestedFunctionScalingConfig"]
    return found


def ask(house: House, scale: dict[str, int], version: str = "1") -> None:
    house.lambda_.put_function_scaling_config(FunctionName="one", Qualifier=version, FunctionScalingConfig=scale)
    house.sandbox.requests.clear()


@pytest.fixture
def scaled(house: House) -> House:
    """A function of whose first version three execution environments are asked for, applied."""
    house_of(house)
    says(house, {"1": {LEAST: 3, MOST: 20}})
    assert house.apply()["outcome"]["exit_code"] == 0
    assert house.writes() == ["CreateFunction", PUT]
    return house


def test_what_was_applied_needs_nothing_more_and_is_one_call_for_each_version_that_is_named(scaled: House) -> None:
    assert (asked(scaled), scaled.verbs()) == ({LEAST: 3, MOST: 20}, {})
    read = [request for request in scaled.sandbox.requests if "Scaling" in request.operation]
    assert [request.params["Qualifier"] for request in read] == ["1"]
    scaled.apply()
    assert scaled.writes() == []


def test_a_change_is_one_call(scaled: House) -> None:
    says(scaled, {"1": {LEAST: 5, MOST: 20}})
    assert scaled.verbs() == {"one/scaling/1": "update"}
    assert scaled.apply()["outcome"]["exit_code"] == 0
    assert scaled.writes() == [PUT]
    assert (asked(scaled), scaled.verbs()) == ({LEAST: 5, MOST: 20}, {})


def test_nothing_said_sets_it_back_by_a_call_without_numbers(scaled: House) -> None:
    says(scaled, {"1": {}})
    assert scaled.verbs() == {"one/scaling/1": "update"}
    assert scaled.apply()["outcome"]["exit_code"] == 0
    (sent,) = [request.params for request in scaled.sandbox.writes]
    assert set(sent) == {"FunctionName", "Qualifier"}
    assert (asked(scaled), scaled.verbs()) == ({}, {})


def test_a_number_that_git_does_not_name_stays_and_is_told(scaled: House) -> None:
    says(scaled, {"1": {LEAST: 3}})
    plan = scaled.plan()
    assert [note["rule"] for note in plan["diagnostics"]] == ["W201"]
    says(scaled, {"1": {LEAST: 4}})
    scaled.apply()
    assert (asked(scaled), scaled.verbs()) == ({LEAST: 4, MOST: 20}, {})


@pytest.mark.parametrize("entries", [None, {}], ids=["no section", "no version"])
def test_a_version_that_is_not_named_is_neither_read_nor_changed(scaled: House, entries: dict[str, Any] | None) -> None:
    says(scaled, entries)
    assert scaled.verbs() == {}
    assert not [request for request in scaled.sandbox.requests if "Scaling" in request.operation]
    assert asked(scaled) == {LEAST: 3, MOST: 20}


def test_what_somebody_published_as_the_latest_has_a_scale_of_its_own(scaled: House) -> None:
    says(scaled, {LATEST: {LEAST: 1}})
    result = scaled.run("apply", "--yes")
    assert (result.exit_code, scaled.writes()) == (21, [])
    assert f"there is no version {LATEST}; publish it first, or name one that is there (R276)" in result.out
    scaled.lambda_.publish_version(FunctionName="one", PublishTo="LATEST_PUBLISHED")
    assert scaled.apply()["outcome"]["exit_code"] == 0
    assert (asked(scaled, LATEST), scaled.verbs()) == ({LEAST: 1}, {})


def test_a_function_that_is_only_now_moved_to_managed_instances_has_no_version_there(house: House) -> None:
    house_of(house)
    says(house, None, configuration="")
    house.apply()
    says(house, {"1": {LEAST: 1}})
    result = house.run("apply", "--yes")
    assert (result.exit_code, "there is no version 1" in result.out) == (21, True)


def test_what_somebody_asked_for_since_the_plan_is_not_written_over(scaled: House) -> None:
    says(scaled, {"1": {LEAST: 5, MOST: 20}})
    reads: list[str] = []

    def theirs(operation: str, _: object) -> None:
        reads.append(operation)
        if reads.count("GetFunctionScalingConfig") == 2:  # the plan's, and the look before the call
            scaled.sandbox.gate.watch = lambda *_: None
            ask(scaled, {LEAST: 9, MOST: 99})

    scaled.sandbox.gate.watch = theirs
    assert scaled.run("apply", "--yes").exit_code == 23
    assert asked(scaled) == {LEAST: 9, MOST: 99}


def test_it_is_set_again_with_its_function(scaled: House) -> None:
    durable = "DurableConfig: {ExecutionTimeout: 60}\n"
    says(scaled, {"1": {LEAST: 3, MOST: 20}}, extra="allow_replace: true\n", configuration=MANAGED + durable)
    assert scaled.apply()["outcome"]["exit_code"] == 0
    assert (asked(scaled), scaled.verbs()) == ({LEAST: 3, MOST: 20}, {})


def test_what_is_left_to_others_is_sent_as_it_is(scaled: House) -> None:
    ask(scaled, {LEAST: 3, MOST: 99})
    says(scaled, {"1": {LEAST: 4, MOST: 20}}, extra=f"ignore: [/scaling/1/{MOST}]\n")
    assert scaled.apply()["outcome"]["exit_code"] == 0
    assert (asked(scaled), scaled.verbs()) == ({LEAST: 4, MOST: 99}, {})


def test_a_version_without_environments_is_told_before(scaled: House) -> None:
    says(scaled, {"1": {LEAST: 0, MOST: 0}})
    assert "no invocation of it runs until the number is raised (W208)" in scaled.run("plan").out


def test_list_and_export_have_that_of_the_latest(scaled: House) -> None:
    scaled.lambda_.publish_version(FunctionName="one", PublishTo="LATEST_PUBLISHED")
    ask(scaled, {LEAST: 2}, LATEST)
    (item,) = scaled.run("functions").json()
    assert item["scaling"] == [{"qualifier": LATEST, "minExecutionEnvironments": 2}]
    scaled.write("one.yaml", ABSENT.format("one"))
    (export,) = scaled.apply()["exports"]
    assert export["spec"]["scaling"] == {LATEST: {LEAST: 2}}


def test_functions_that_are_not_managed_are_not_asked(house: House) -> None:
    house_of(house, "one")
    (item,) = house.run("functions").json()
    assert item["scaling"] == []
    assert not [request for request in house.sandbox.requests if "Scaling" in request.operation]


def test_a_scale_without_a_capacity_provider_is_worth_a_warning(house: House) -> None:
    says(house, {"1": {LEAST: 1}}, configuration="")
    result = house.run("validate")
    assert (result.exit_code, "(W217)" in result.err) == (0, True)
    says(house, {"1": {LEAST: 1}})
    assert house.run("validate").err == ""


REQUESTED, APPLIED = "RequestedFunctionScalingConfig", "AppliedFunctionScalingConfig"


@pytest.mark.parametrize(
    ("state", "is_over"),
    [
        ({REQUESTED: {LEAST: 3}, APPLIED: {}}, False),
        ({REQUESTED: {LEAST: 3}}, False),
        ({REQUESTED: {LEAST: 3, MOST: 5}, APPLIED: {LEAST: 3, MOST: 4}}, False),
        ({REQUESTED: {LEAST: 3}, APPLIED: {LEAST: 3, MOST: 400}}, True),
        ({REQUESTED: {}, APPLIED: {LEAST: 3}}, True),
        ({APPLIED: {LEAST: 3}}, True),
        (None, True),
    ],
)
def test_it_is_waited_until_what_was_asked_for_is_applied(state: dict[str, Any] | None, is_over: bool) -> None:
    wanted = {LEAST: 3, "Name": "1"}
    assert is_applied(state, Target("test", "us-west-2", "one"), wanted) is is_over
    assert not is_applied(wanted, Target("test", "us-west-2", "one"), wanted)
    assert "applied" in standing(state)
