"""Functions as people deploy them, each said once, for two accounts and two regions: they apply everywhere, and leave nothing to do."""

from __future__ import annotations

import re
import zipfile

import pytest

from tests.apply.test_deployed_configurations import SPECS
from tests.conftest import ACCOUNT, REGION, ROLE, House

OTHER = "210987654321"
CONFIG = f"""
aws:
  lambda: {{enabled: true}}
  accounts:
    - {{name: staging, lambdaEnabled: true, accountId: "{ACCOUNT}", regions: [{REGION}, eu-west-1]}}
    - {{name: prod, lambdaEnabled: true, accountId: "{OTHER}", regions: [{REGION}, eu-west-1], assumeRole: role/reconcile}}
"""
DEFAULTS = """defaults: all of the house
configuration:
  Role: "arn:aws:iam::{{ account.id }}:role/lambda"
"""
HEAD = "extends: defaults.yaml\naccount: staging\nregions: [us-west-2, eu-west-1]\n"
PROD = "variants:\n  prod: {account: prod, configuration: {MemorySize: 3008}}\n"


def said_once(text: str) -> str:
    """A spec of one account and region as one of all: what is of a place refers to it, and what all have stands in defaults."""
    text = re.sub(rf", Role: {ROLE}|Role: {ROLE}, |\n  Role: {ROLE}(?=\n)", "", text)
    text = re.sub(r"ImageUri: (\S+?)}", r'ImageUri: "\1"}', text)
    text = text.replace(ACCOUNT, "{{ account.id }}").replace(REGION, "{{ region }}")
    return text.strip() + "\n" + HEAD + PROD


def write_all(house: House) -> None:
    """A spec of each for two accounts and two regions, the defaults that they extend, and their code."""
    house.write("reconcile.yaml", CONFIG, stock=False)
    house.write("defaults.yaml", DEFAULTS, stock=False)
    (house.root / "specs" / "build").mkdir()
    with zipfile.ZipFile(house.root / "specs" / "build" / "orders.jar", "w") as jar:
        jar.writestr("com/example/Orders.class", "class")
    for number, text in enumerate(SPECS.values()):
        house.write(f"f{number}.yaml", said_once(text), stock=number == len(SPECS) - 1)


@pytest.mark.sweep
def test_twelve_functions_for_two_accounts_and_two_regions_are_fourteen_files(house: House) -> None:
    write_all(house)
    assert len([*(house.root / "specs").glob("*.yaml")]) == len(SPECS) + 2 <= 14
    validated = house.run("validate")
    assert (validated.exit_code, validated.err) == (0, ""), validated.out + validated.err
    assert house.apply()["outcome"]["status"] == "succeeded"
    second = house.run("plan", "--detailed-exitcode")
    assert (second.exit_code, f"({4 * len(SPECS)} functions" in second.out) == (0, True), second.out
    prod = house.sandbox.clients.get("lambda", OTHER, "eu-west-1").get_function_configuration(FunctionName="orders")
    assert (prod["MemorySize"], prod["Role"]) == (3008, f"arn:aws:iam::{OTHER}:role/lambda")
