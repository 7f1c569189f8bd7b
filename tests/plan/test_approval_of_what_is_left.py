"""What was approved stays approved while it is carried out: by parts, by several plans, after a failure half-way, from another version."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.sandbox.around.faults import Fault, Script
from tests.apply.houses import OURS, house_of
from tests.conftest import House, function_spec

LIVE = "publish: true\naliases: {live: {FunctionVersion: published}}\n"
SECRET = "Environment: {Variables: {TOKEN: sentinel-a, OTHER: sentinel-b}}"
APPROVED = ("apply", "--yes", "--approved", "plan.json")


@pytest.fixture
def released(house: House) -> House:
    """A function with an alias that follows what is published, and an approved plan of its next release."""
    house_of(house)
    house.write("one.yaml", function_spec("one", extra=LIVE))
    house.apply()
    house.write("one.yaml", function_spec("one", key="v2.zip", configuration=f"Timeout: 9\n{SECRET}", extra=LIVE))
    house.run("plan", "-o", "plan.json")
    house.writes()
    return house


@pytest.mark.parametrize("operation", ["UpdateFunctionCode", "PublishVersion", "UpdateAlias"])
def test_an_apply_that_failed_half_way_goes_on_where_it_stopped(released: House, operation: str) -> None:
    released.sandbox.gate.script = Script([Fault(operation, status=403, code="AccessDeniedException", first=1)])
    assert released.run(*APPROVED).exit_code == 25
    released.sandbox.gate.script = Script([])
    done = released.writes()
    assert released.run(*APPROVED).exit_code == 0
    again = released.writes()
    assert again[0] == operation
    assert set(done[:-1]).isdisjoint(again)
    assert released.verbs() == {}


def test_what_was_done_before_the_run_undoes_no_approval(released: House) -> None:
    released.lambda_.update_function_configuration(FunctionName="one", Timeout=9)
    assert released.run(*APPROVED).exit_code == 0
    assert released.verbs() == {}


def test_the_version_that_an_alias_comes_from_undoes_no_approval(released: House) -> None:
    released.lambda_.publish_version(FunctionName="one", Description="")
    released.lambda_.update_function_configuration(FunctionName="one", MemorySize=256)
    released.lambda_.publish_version(FunctionName="one")
    released.lambda_.update_function_configuration(FunctionName="one", MemorySize=128)
    released.lambda_.update_alias(FunctionName="one", Name="live", FunctionVersion="2")
    assert released.run(*APPROVED).exit_code == 0
    assert released.lambda_.get_alias(FunctionName="one", Name="live")["FunctionVersion"] == "3"


def test_where_an_alias_goes_is_approved_to_the_number(house: House) -> None:
    house_of(house)
    house.write("one.yaml", function_spec("one", extra=LIVE))
    house.apply()
    for key in ("v2.zip", "v3.zip"):
        house.write("one.yaml", function_spec("one", key=key, extra=LIVE))
        house.apply()
    house.write("one.yaml", function_spec("one", key="v3.zip", extra="aliases: {live: {FunctionVersion: '1'}}\n"))
    house.run("plan", "-o", "plan.json")
    house.write("one.yaml", function_spec("one", key="v3.zip", extra="aliases: {live: {FunctionVersion: '2'}}\n"))
    result = house.run(*APPROVED)
    assert (result.exit_code, "FunctionVersion: 3 → 2" in result.out) == (23, True)


@pytest.mark.parametrize("other", ["sentinel-b", "sentinel-c"])
def test_a_secret_holds_for_all_that_an_action_does_not_show(released: House, other: str) -> None:
    released.write(
        "one.yaml",
        function_spec(
            "one", key="v2.zip", configuration=f"Timeout: 9\n{SECRET.replace('sentinel-b', other)}", extra=LIVE
        ),
    )
    result = released.run(*APPROVED)
    assert result.exit_code == (0 if other == "sentinel-b" else 23)
    assert "sentinel" not in result.out + result.err


def test_a_field_or_an_action_that_was_not_seen_is_refused_with_only_that(released: House) -> None:
    released.write(
        "one.yaml",
        function_spec(
            "one", key="v2.zip", configuration=f"Timeout: 9\nMemorySize: 512\n{SECRET}", extra=LIVE + "tags: {a: b}\n"
        ),
    )
    result = released.run(*APPROVED)
    assert result.exit_code == 23
    refusal = next(line for line in result.out.splitlines() if line.startswith("refusal"))
    assert "+/configuration/MemorySize: 128 → 512" in refusal
    assert "+/tags/a" in refusal
    assert "Timeout" not in refusal
    assert released.writes() == []


def planned(house: House, name: str, **changes: int) -> None:
    """A plan file of specs with these timeouts, the specs put back."""
    for function, timeout in changes.items():
        house.write(f"{function}.yaml", function_spec(function, configuration=f"Timeout: {timeout}"))
    house.run("plan", "-o", name)


def test_of_several_plans_the_last_that_acts_on_a_target_counts(house: House) -> None:
    house_of(house, "one", "two", "three")
    planned(house, "first.json", one=5, two=5)
    house_of(house, "one", "two", "three")
    planned(house, "second.json", two=9)
    house.write("one.yaml", function_spec("one", configuration="Timeout: 5"))
    both = ("apply", "--yes", "--approved", "first.json", "--approved", "second.json")
    assert house.run(*both).exit_code == 0
    assert house.verbs() == {}
    house.write("two.yaml", function_spec("two", configuration="Timeout: 5"))
    result = house.run(*both)
    assert (result.exit_code, "9 → 5" in result.out) == (23, True)


def test_a_plan_under_another_configuration_approves_nothing_beside_one_that_holds(house: House) -> None:
    house_of(house, "one", "two")
    planned(house, "first.json", one=5)
    house.write("reconcile.yaml", OURS + "guards: {maxDeletes: 3}\n", stock=False)
    planned(house, "second.json", two=9)
    planned(house, "second.json", two=9)
    house.writes()
    document = Path(house.root / "second.json").read_text()
    assert "maxDeletes" in document
    result = house.run("apply", "--yes", "--approved", "second.json", "--approved", "first.json")
    assert result.exit_code == 23
    assert "test/us-west-2/one: specs/reconcile.yaml is not what was approved" in result.out
    assert [request.params["FunctionName"] for request in house.sandbox.writes] == ["two"]


# --- what git drops after the review was not seen -----------------------------------------------------------------


def reviewed_then(house: House, before: str | None, reviewed: str, now: str) -> int:
    """The exit code of an apply of `now` with an approved plan of `reviewed`."""
    house_of(house)
    if before is not None:
        house.write("one.yaml", before)
        house.apply()
    house.write("one.yaml", reviewed)
    house.run("plan", "-o", "plan.json")
    house.write("one.yaml", now)
    house.writes()
    return house.run(*APPROVED).exit_code


QUEUE = "event_source_mappings: {q: {EventSourceArn: 'arn:aws:sqs:us-west-2:123456789012:q', Enabled: false}}\n"


def test_a_creation_without_a_field_that_was_reviewed_is_another_one(house: House) -> None:
    seen = function_spec("one", configuration="TracingConfig: {Mode: Active}")
    assert reviewed_then(house, None, seen, function_spec("one")) == 23
    assert house.writes() == []


def test_a_mapping_that_was_reviewed_as_switched_off_is_not_created_switched_on(house: House) -> None:
    plain = function_spec("one")
    seen, now = function_spec("one", extra=QUEUE), function_spec("one", extra=QUEUE.replace(", Enabled: false", ""))
    assert reviewed_then(house, plain, seen, now) == 23


def test_an_update_without_a_field_that_was_reviewed_is_another_one(house: House) -> None:
    seen = function_spec("one", configuration="Timeout: 9\nMemorySize: 512")
    assert reviewed_then(house, function_spec("one"), seen, function_spec("one", configuration="MemorySize: 512")) == 23


def test_a_canary_that_was_reviewed_is_not_a_full_move(house: House) -> None:
    house_of(house)
    for key in ("v1.zip", "v2.zip"):
        house.write("one.yaml", function_spec("one", key=key, extra=LIVE))
        house.apply()
    weights = ", RoutingConfig: {AdditionalVersionWeights: {'2': 0.9}}"
    alias = "aliases: {live: {FunctionVersion: '1'%s}}\n"
    house.write("one.yaml", function_spec("one", key="v2.zip", extra=alias % weights))
    house.run("plan", "-o", "plan.json")
    house.write("one.yaml", function_spec("one", key="v2.zip", extra=alias % ""))
    assert house.run(*APPROVED).exit_code == 23


def test_only_the_newest_version_stands_for_what_was_to_be_published(house: House) -> None:
    house_of(house)
    for key in ("v1.zip", "v2.zip"):
        house.write("one.yaml", function_spec("one", key=key, extra=LIVE))
        house.apply()
    house.write("one.yaml", function_spec("one", key="v3.zip", extra=LIVE))
    house.run("plan", "-o", "plan.json")
    house.write("one.yaml", function_spec("one", key="v3.zip", extra="aliases: {live: {FunctionVersion: '1'}}\n"))
    result = house.run(*APPROVED)
    assert (result.exit_code, "2 → 1" in result.out) == (23, True)


@pytest.mark.parametrize("is_done", [True, False])
def test_secrets_that_are_not_left_are_those_that_aws_holds_by_now(house: House, is_done: bool) -> None:
    house_of(house, "one")
    house.write("one.yaml", function_spec("one", configuration=f"Timeout: 9\n{SECRET}"))
    house.run("plan", "-o", "plan.json")
    held = {"TOKEN": "sentinel-a", "OTHER": "sentinel-b" if is_done else "theirs"}
    house.lambda_.update_function_configuration(FunctionName="one", Environment={"Variables": held})
    house.write("one.yaml", function_spec("one", configuration=f"Timeout: 9\nEnvironment: {{Variables: {held}}}"))
    assert house.run(*APPROVED).exit_code == (0 if is_done else 23)
