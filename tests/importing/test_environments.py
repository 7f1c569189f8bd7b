"""Values of environments: they stay where they are, go into parameters, or are written where somebody says so; else nobody sees them."""

from __future__ import annotations

import sys

import click
import pytest

from tests.conftest import REGION, House
from tests.importing.moving_in import (
    SECRET,
    WHOLE,
    imports,
    is_taken_over,
    living,
    text,
)
from tests.importing.test_law_of_import import put_parameters


def test_values_of_an_environment_stay_where_they_are_through_a_change_beside_them(house: House) -> None:
    living(house, WHOLE)
    imports(house, "checkout")
    assert SECRET not in text(house)
    house.write("checkout.yaml", text(house).replace("MemorySize: 512", "MemorySize: 1024"), stock=False)
    assert house.apply()["outcome"]["status"] == "succeeded"
    held = house.lambda_.get_function_configuration(FunctionName="checkout")
    assert (held["MemorySize"], held["Environment"]["Variables"]) == (1024, {"TOKEN": SECRET, "STAGE": "prod"})


def test_values_go_into_parameters_by_commands_that_do_not_show_them(house: House) -> None:
    living(house, WHOLE)
    result = imports(house, "checkout", "--env", "ssm:/shop", "--format", "json")
    assert "TOKEN: \"{{ ssm('/shop/checkout/TOKEN') }}\"" in text(house)
    commands = result.json()["parameters"]
    assert commands[0]["command"] == (
        f"(v=$(aws lambda get-function-configuration --region {REGION} --function-name checkout "
        '--query Environment.Variables.TOKEN --output text && echo x) && printf %s "${v%??}" '
        f"| aws ssm put-parameter --region {REGION} --name /shop/checkout/TOKEN --type SecureString --value file:///dev/stdin)"
    )
    put_parameters(house, commands)
    assert is_taken_over(house)


def test_values_are_written_only_where_somebody_at_a_terminal_says_so(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    living(house, WHOLE)
    refused = imports(house, "checkout", "--env", "values", code=21)
    assert refused.err.endswith("asks on a terminal, and there is none; leave it out, or pass ssm:/PREFIX (R255)\n")
    monkeypatch.setattr(sys, "stdin", type("Terminal", (), {"isatty": lambda _: True})())
    monkeypatch.setattr(click, "confirm", lambda *_, **__: False)
    assert imports(house, "checkout", "--env", "values", code=21).err.endswith("nothing was written (R255)\n")
    assert not (house.root / "specs" / "checkout.yaml").exists()
    monkeypatch.setattr(click, "confirm", lambda *_, **__: True)
    imports(house, "checkout", "--env", "values")
    assert f"Environment: {{Variables: {{TOKEN: {SECRET}, STAGE: prod}}}}" in text(house)
    assert is_taken_over(house)


@pytest.mark.parametrize("mode", ["", "all", "ssm:", "ssm:shop", "ssm:/aws/x", "ssm:/a b", "ssm:/shop')}}"])
def test_a_way_to_write_environments_that_is_none_is_told(house: House, mode: str) -> None:
    assert "ssm:/PREFIX" in imports(house, "checkout", "--env", mode, code=2).err
