"""What AWS would refuse in the middle of an apply is refused against the snapshot, with nothing written."""

from __future__ import annotations

from tests.apply.houses import house_of
from tests.conftest import House, function_spec


def test_a_missing_object_is_refused_before_the_first_write(house: House) -> None:
    house.write("one.yaml", function_spec("one", key="nowhere.zip"), stock=False)
    house.write("two.yaml", function_spec("two"), stock=False)
    house.sandbox.clients.get("s3", "123456789012", "us-west-2")
    result = house.run("plan")
    assert result.exit_code == 21
    assert "s3://artifacts/nowhere.zip does not exist" in result.out


def test_a_snapshot_that_did_not_read_a_section_refuses_to_guess(house: House) -> None:
    house_of(house, "one")
    house.run("snapshot", "-o", "live.json")
    house.write("one.yaml", function_spec("one", extra="aliases: {live: {FunctionVersion: $LATEST}}\n"))
    house.write("two.yaml", function_spec("two"))
    result = house.run("plan", "--snapshot", "live.json")
    assert result.exit_code == 21
    assert "test/us-west-2/one: the snapshot was taken without its alias, version; take it anew" in result.out
    assert "test/us-west-2/two\n  + function" in result.out  # the snapshot has the names of all that there are


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
