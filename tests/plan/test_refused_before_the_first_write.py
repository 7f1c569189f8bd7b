"""What AWS would refuse in the middle of an apply is refused against the snapshot, with nothing written."""

from __future__ import annotations

import pytest

from tests.apply.houses import house_of
from tests.conftest import ROLE, House, function_spec


def test_a_missing_object_is_refused_before_the_first_write(house: House) -> None:
    house.write("one.yaml", function_spec("one", key="nowhere.zip"), stock=False)
    house.write("two.yaml", function_spec("two"), stock=False)
    house.sandbox.clients.get("s3", "123456789012", "us-west-2")
    result = house.run("plan")
    assert result.exit_code == 21
    assert "s3://artifacts/nowhere.zip does not exist" in result.out


@pytest.mark.parametrize(
    ("aliases", "expected"),
    [
        ('{live: {FunctionVersion: "9"}}', "version 9 does not exist; the function has 1, 2"),
        (
            '{live: {FunctionVersion: "1", RoutingConfig: {AdditionalVersionWeights: {"9": 0.1}}}}',
            "version 9 does not exist",
        ),
        ('{live: {FunctionVersion: "1", RoutingConfig: {AdditionalVersionWeights: {"2": 0.1}}}}', "differ in Role"),
    ],
    ids=["primary", "weighted", "another role"],
)
def test_an_alias_that_cannot_be_is_refused_against_the_snapshot(house: House, aliases: str, expected: str) -> None:
    house.write("one.yaml", function_spec("one", extra="publish: true\n"))
    house.apply()
    changed = function_spec("one", extra="publish: true\n").replace(ROLE, f"{ROLE}-2")
    house.write("one.yaml", changed)
    house.apply()
    house.write("one.yaml", changed + f"aliases: {aliases}\n")
    result = house.run("plan")
    assert result.exit_code == 21
    assert expected in result.out


def test_a_snapshot_that_did_not_read_a_section_refuses_to_guess(house: House) -> None:
    house_of(house, "one")
    house.run("snapshot", "-o", "live.json")
    house.write("one.yaml", function_spec("one", extra="aliases: {live: {FunctionVersion: $LATEST}}\n"))
    house.write("two.yaml", function_spec("two"))
    result = house.run("plan", "--snapshot", "live.json")
    assert result.exit_code == 21
    assert "test/us-west-2/one: the snapshot was taken without its alias, version; take it anew" in result.out
    assert "test/us-west-2/two: the snapshot was taken without this target; take it anew" in result.out


def test_fifty_tags_and_our_mark_are_too_many(house: House) -> None:
    house_of(house)
    tags = ", ".join(f"k{number}: v" for number in range(50))
    house.write("one.yaml", function_spec("one", extra=f"tags: {{{tags}}}\n"))
    result = house.run("plan")
    assert result.exit_code == 21
    assert "50 tags and our mark are more than AWS's 50" in result.out


def test_a_mapping_to_an_alias_that_is_nowhere_is_refused_before_the_first_write(house: House) -> None:
    mapping = "event_source_mappings: {q: {EventSourceArn: 'arn:aws:sqs:us-west-2:123456789012:q', alias: nope}}\n"
    house.write("one.yaml", function_spec("one", extra=mapping))
    result = house.run("apply", "--yes")
    assert result.exit_code == 21
    assert "there is no alias nope" in result.out
    assert house.writes() == []


def test_versions_that_will_differ_in_their_dead_letter_target_are_refused_at_plan(house: House) -> None:
    house.write("one.yaml", function_spec("one", extra="publish: true\n"))
    house.apply()
    alias = "publish: true\naliases: {live: {FunctionVersion: '1', RoutingConfig: {AdditionalVersionWeights: {published: 0.25}}}}\n"
    dead = "DeadLetterConfig: {TargetArn: 'arn:aws:sqs:us-west-2:123456789012:dead'}"
    house.write("one.yaml", function_spec("one", configuration=dead, extra=alias))
    result = house.run("plan")
    assert result.exit_code == 21
    assert "differ in DeadLetterConfig" in result.out


def test_an_environment_that_references_make_too_large_is_refused_before_the_first_write(house: House) -> None:
    house.sandbox.clients.get("ssm", "123456789012", "us-west-2").put_parameter(
        Name="/big", Value="x" * 4090, Type="String"
    )
    house.write(
        "one.yaml",
        function_spec("one", configuration="Environment: {Variables: {TOKEN: \"{{ ssm('/big') }}\", MORE: yyyyyyyy}}"),
    )
    result = house.run("apply", "--yes")
    assert result.exit_code == 21
    assert "bytes with its references looked up" in result.out
    assert house.writes() == []
