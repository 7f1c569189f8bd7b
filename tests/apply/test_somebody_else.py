"""What an apply believes: only what was planned. The long sweep is in test_strangers; these are its plainest cases."""

from __future__ import annotations

import json
from typing import Any

import pytest

from reconciler.sandbox.around.faults import Fault, Script
from reconciler.sandbox.lambda_ import answers, functions
from tests.apply.strangers import ACTS, MARK, Stranger, each_mapping, zip_of
from tests.conftest import ACCOUNT, CONFIG, REGION, ROLE, House, function_spec
from tests.sampling import named, sampled

OURS = CONFIG + "managedBy: shop\n"
FULL = """publish: true
tags: {team: payments}
aliases: {live: {FunctionVersion: published}}
event_source_mappings: {orders: {EventSourceArn: "arn:aws:sqs:us-west-2:123456789012:orders", alias: live}}
"""
CHANGED = FULL.replace("payments", "orders").replace("alias: live", "alias: live, BatchSize: 7")
CHANGES = ["TagResource", "UpdateFunctionConfiguration", "UpdateFunctionCode", "PublishVersion", "UpdateAlias", "UpdateEventSourceMapping"]  # fmt: skip
ABSENT = "function: checkout\naccount: test\nregion: us-west-2\nstate: absent\n"


MOMENTS = {"TagResource-before": ("TagResource", "before")} | {f"{name}-after": (name, "after") for name in CHANGES}
FAULTS: dict[str, dict[str, Any]] = {"broken connection": {"reset": True}, "503": {"status": 503}}


@pytest.fixture
def changed(house: House) -> House:
    """A function that lives, and a spec that changes everything about it."""
    house.write("reconcile.yaml", OURS, stock=False)
    house.write("checkout.yaml", function_spec(extra=FULL))
    house.apply()
    house.writes()
    house.write("checkout.yaml", function_spec(key="v2.zip", configuration="Timeout: 9", extra=CHANGED))
    return house


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for anything."""
    monkeypatch.setattr("time.sleep", lambda _: None)


def live_version(house: House) -> dict[str, Any]:
    """What the alias leads to."""
    found: dict[str, Any] = house.lambda_.get_function_configuration(FunctionName="checkout", Qualifier="live")
    return found


def ends(house: House) -> None:
    """The next run does what is left, and then nothing is."""
    assert house.apply()["outcome"]["exit_code"] == 0
    assert house.verbs() == {}
    assert live_version(house)["Timeout"] == 9
    assert live_version(house)["MemorySize"] == 128


@pytest.mark.parametrize("status", [503, 0], ids=["503", "broken connection"])
def test_a_version_is_not_published_of_what_somebody_changed_before_the_second_attempt(
    changed: House, status: int
) -> None:
    changed.sandbox.gate.script = Script([Fault("PublishVersion", nth=1, status=status, reset=not status)])
    stranger = Stranger(changed)
    stranger.waits(
        ACTS["configuration"], lambda _number, operation, _when: stranger.requests[-2:-1] == ["PublishVersion"]
    )
    report = changed.apply()
    assert stranger.leaves()
    assert report["outcome"]["exit_code"] == 23
    assert "/configuration/MemorySize 128 → 777; plan again" in report["tasks"][0]["status"]["status"]
    assert live_version(changed)["Version"] == "1"
    ends(changed)


@pytest.mark.parametrize(("act", "moment"), sampled(named("configuration", "code"), MOMENTS))
def test_a_revision_that_came_with_other_content_is_not_believed(
    changed: House, act: str, moment: tuple[str, str]
) -> None:
    operation, when = moment
    stranger = Stranger(changed)
    stranger.waits(ACTS[act], lambda _, name, moment: (name, moment) == (operation, when))
    report = changed.apply()
    assert stranger.leaves()
    assert report["outcome"]["exit_code"] == 23
    assert live_version(changed)["MemorySize"] == 128
    ends(changed)


def test_a_plan_that_only_publishes_is_guarded_as_well(house: House) -> None:
    house.write("checkout.yaml", function_spec())
    house.apply()
    house.write("checkout.yaml", function_spec(extra="publish: true\naliases: {live: {FunctionVersion: published}}\n"))
    stranger = Stranger(house)
    stranger.waits(ACTS["configuration"], lambda _, name, when: (name, when) == ("PublishVersion", "before"))
    assert house.apply()["outcome"]["exit_code"] == 23
    assert len(house.lambda_.list_versions_by_function(FunctionName="checkout")["Versions"]) == 1


@pytest.mark.parametrize(("fault", "operation"), sampled(FAULTS, named(*CHANGES)))
def test_an_answer_lost_while_aws_is_still_at_it_is_known_as_our_own(
    changed: House, operation: str, fault: dict[str, Any]
) -> None:
    changed.sandbox.gate.region(ACCOUNT, REGION)[0].settle_seconds = 0.15
    changed.sandbox.gate.script = Script([Fault(operation, nth=1, when="after", **fault)])
    report = changed.apply()
    assert report["outcome"]["exit_code"] == 0, report["tasks"][0]["status"]
    assert changed.writes() == CHANGES
    assert live_version(changed)["Version"] == "2"
    assert changed.verbs() == {}


def test_in_progress_and_then_another_revision_after_a_lost_answer_is_our_own_change(
    changed: House, at_once: None
) -> None:
    """The order in which AWS answers a change that is sent twice, where a look came too late to see it."""
    in_progress = Fault("UpdateFunctionConfiguration", first=2, status=409, message="An update is in progress for x")
    acts: list[str] = []

    def carry_out(operation: str, _: Any) -> None:
        if operation == "UpdateFunctionConfiguration" and not acts:
            acts.append(operation)
            changed.lambda_.update_function_configuration(FunctionName="checkout", Timeout=9)

    changed.sandbox.gate.script = Script([in_progress])
    changed.sandbox.gate.watch = carry_out
    report = changed.apply()
    assert report["outcome"]["exit_code"] == 0, report["tasks"][0]["status"]
    ends(changed)


def test_every_attempt_is_counted(changed: House, at_once: None) -> None:
    conflict = Fault("UpdateFunctionCode", first=2, status=409, message="An update is in progress for resource: x")
    changed.sandbox.gate.script = Script([conflict, Fault("PublishVersion", first=3, status=503)])
    operations = {item["operation"]: item["attempts"] for item in changed.apply()["tasks"][0]["operations"]}
    assert (operations["UpdateFunctionCode"], operations["PublishVersion"], operations["UpdateAlias"]) == (3, 4, 1)


def test_a_change_that_keeps_failing_is_not_carried_out_and_says_how_often_it_was_tried(
    changed: House, at_once: None
) -> None:
    changed.sandbox.gate.script = Script([Fault("UpdateFunctionCode", status=503)])
    report = changed.apply()
    assert report["outcome"]["exit_code"] == 25
    assert report["tasks"][0]["operations"][2]["attempts"] == 8
    changed.sandbox.gate.script = Script([])
    ends(changed)


# --- owners --------------------------------------------------------------------------------------------------------


def test_what_another_house_marked_meanwhile_is_not_deleted(changed: House) -> None:
    changed.write("checkout.yaml", ABSENT)
    stranger = Stranger(changed)
    stranger.waits(ACTS["owner mark"], lambda _, name, when: (name, when) == ("DeleteEventSourceMapping", "after"))
    result = changed.run("apply", "--yes")
    assert result.exit_code == 21
    assert "is managed by bakery since the plan was made" in result.out
    assert changed.lambda_.get_function(FunctionName="checkout")["Tags"][MARK] == "bakery"


def test_what_another_house_marked_meanwhile_is_not_adopted(house: House) -> None:
    house.write("reconcile.yaml", OURS, stock=False)
    house.write("checkout.yaml", function_spec(extra="adopt: true\n"))
    house.lambda_.create_function(
        FunctionName="checkout", Runtime="python3.13", Handler="lambda_function.lambda_handler", Role=ROLE,
        Code={"ZipFile": zip_of("before")},
    )  # fmt: skip
    house.writes()
    stranger = Stranger(house)
    stranger.waits(ACTS["owner mark"], lambda number, name, when: (number, name, when) == (0, "GetFunction", "after"))
    assert house.apply()["outcome"]["exit_code"] == 21
    assert house.lambda_.get_function(FunctionName="checkout")["Tags"] == {MARK: "bakery"}


def test_a_mapping_that_was_given_to_another_function_is_not_deleted(changed: House) -> None:
    changed.lambda_.create_function(
        FunctionName="theirs", Runtime="python3.13", Handler="lambda_function.lambda_handler", Role=ROLE,
        Code={"ZipFile": zip_of("theirs")},
    )  # fmt: skip
    changed.write("checkout.yaml", ABSENT)

    def give_away(house: House) -> None:
        give = house.lambda_.update_event_source_mapping
        each_mapping(house, lambda uuid: give(UUID=uuid, FunctionName="theirs"))

    stranger = Stranger(changed)
    stranger.waits(give_away, lambda _, name, when: (name, when) == ("GetPolicy", "before"))
    assert changed.apply()["outcome"]["exit_code"] == 23
    assert stranger.leaves()
    (kept,) = changed.lambda_.list_event_source_mappings()["EventSourceMappings"]
    assert kept["FunctionArn"].endswith(":theirs")
    assert changed.apply()["outcome"]["exit_code"] == 0


def test_a_function_that_somebody_creates_again_is_not_waited_for_to_be_gone(changed: House) -> None:
    changed.write("checkout.yaml", ABSENT)

    def create(house: House) -> None:
        house.lambda_.create_function(
            FunctionName="checkout", Runtime="python3.13", Handler="lambda_function.lambda_handler", Role=ROLE,
            Code={"ZipFile": zip_of("theirs")},
        )  # fmt: skip

    stranger = Stranger(changed)
    stranger.waits(create, lambda _, name, when: (name, when) == ("DeleteFunction", "after"))
    report = changed.apply()
    assert report["outcome"]["exit_code"] == 25
    assert "somebody created it again" in report["tasks"][0]["status"]["status"]
    assert changed.run("apply", "--yes").exit_code == 21


# --- what is AWS's own, and what is secret -------------------------------------------------------------------------


def test_what_aws_fills_in_where_nobody_named_anything_is_noted_and_stops_nothing(
    changed: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = answers.configuration_answer

    def with_new_default(*arguments: Any) -> dict[str, Any]:
        configuration = arguments[2].configuration
        filled = {"RuntimeConfig": {"RuntimeAlias": "stable"}, "DurableConfig": {"ExecutionTimeout": 60}}
        return answer(*arguments) | (filled if configuration["Timeout"] == 9 else {})

    for module in (answers, functions):
        monkeypatch.setattr(module, "configuration_answer", with_new_default)
    report = changed.apply()
    assert report["outcome"]["exit_code"] == 0, report["tasks"][0]["status"]
    noted = [item.get("noted", []) for item in report["tasks"][0]["operations"]]
    assert noted[1] == ["/configuration/RuntimeConfig/RuntimeAlias"]
    assert not any(noted[2:])


def test_a_variable_that_somebody_changed_is_named_and_not_shown(house: House) -> None:
    variables = "Environment: {Variables: {TOKEN: sentinel-before}}"
    house.write("checkout.yaml", function_spec(configuration=variables, extra="tags: {a: b}\n"))
    house.apply()
    house.write("checkout.yaml", function_spec(configuration=variables, extra="tags: {a: c}\n"))

    def theirs(house: House) -> None:
        environment = {"Variables": {"TOKEN": "sentinel-after"}}
        house.lambda_.update_function_configuration(FunctionName="checkout", Environment=environment)

    stranger = Stranger(house)
    stranger.waits(theirs, lambda _, name, when: (name, when) == ("TagResource", "before"))
    result = house.run("apply", "--yes")
    assert result.exit_code == 23
    assert "/configuration/Environment/Variables/TOKEN (sensitive) → (sensitive)" in result.out
    assert "sentinel" not in result.out + result.err + json.dumps(house.newest_report())


def test_tags_of_aws_are_nobodys_change(changed: House) -> None:
    stranger = Stranger(changed)

    def tagged_by_aws(house: House) -> None:
        tags = house.sandbox.gate.region(ACCOUNT, REGION)[0].functions["checkout"].tags
        tags["aws:cloudformation:stack-name"] = "stack"

    stranger.waits(tagged_by_aws, lambda _, name, when: (name, when) == ("TagResource", "after"))
    assert changed.apply()["outcome"]["exit_code"] == 0
    assert changed.lambda_.get_function(FunctionName="checkout")["Tags"]["team"] == "orders"
