"""A spec that owns the configuration and not the code: what goes only with code neither changes nor is set back."""

from __future__ import annotations

import pytest

from tests.conftest import ROLE, House, function_spec

CODE = "code: {S3Bucket: artifacts, S3Key: v1.zip}\n"
MEND = "write Architectures: [arm64], or own `code`"


def bare(configuration: str = "", extra: str = "") -> str:
    return function_spec(configuration=configuration, extra=extra).replace(CODE, "")


@pytest.fixture
def arm(house: House) -> House:
    house.write("checkout.yaml", function_spec(configuration="Architectures: [arm64]"))
    house.apply()
    house.writes()
    return house


@pytest.mark.parametrize("configuration", ["", "Architectures: [x86_64]"], ids=["left out", "another"])
def test_an_architecture_that_does_not_live_is_refused_with_the_mend(arm: House, configuration: str) -> None:
    arm.write("checkout.yaml", bare(f"{configuration}\nTimeout: 9\n"))
    plan = arm.plan()
    assert [note["severity"] for note in plan["diagnostics"]] == ["refusal"]
    assert MEND in plan["diagnostics"][0]["message"]
    assert arm.run("apply", "--yes").exit_code == 21
    assert arm.writes() == []


def test_what_is_left_out_is_not_planned_to_be_set_back(arm: House) -> None:
    arm.write("checkout.yaml", bare())
    assert arm.verbs() == {}


@pytest.mark.parametrize(
    "spec", [bare("Architectures: [arm64]"), bare(extra="ignore: [/configuration/Architectures]\n")], ids=["named", "ignored"]
)  # fmt: skip
def test_the_one_that_lives_is_no_change(arm: House, spec: str) -> None:
    arm.write("checkout.yaml", spec)
    assert arm.run("plan").exit_code == 0
    assert arm.verbs() == {}


def test_what_cannot_be_created_again_is_refused_not_lost(house: House) -> None:
    house.write("checkout.yaml", function_spec())
    house.apply()
    house.writes()
    image = f"function: checkout\naccount: test\nregion: us-west-2\nallow_replace: true\nconfiguration: {{PackageType: Image, Role: {ROLE}}}\n"
    house.write("checkout.yaml", image)
    result = house.run("apply", "--yes")
    assert result.exit_code == 21
    assert "for that the spec needs `configuration` and `code`" in result.out
    assert house.writes() == []
