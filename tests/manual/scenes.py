"""What stands around the commands of a page: how its stories begin, and what happens between two commands."""

from __future__ import annotations

import shutil
from pathlib import Path

from reconciler.rehearsal import fill
from reconciler.wiring import read
from tests.conftest import House

SPECS = Path(__file__).parents[2] / "specs"
CHECKOUT = "shop/checkout.yaml"

# --- how a story begins --------------------------------------------------------------------------------------------


def examples(house: House) -> None:
    """This repository's specs, on an AWS that has what they name and no function."""
    shutil.copytree(SPECS, house.root / "specs")
    fill(house.sandbox, read([house.root / "specs"]))


def nothing(_: House) -> None:
    """An empty folder and an empty AWS."""


def applied(house: House) -> None:
    """The same, all of it applied; nothing is left to do and no report is kept."""
    examples(house)
    _apply(house)


def canary(house: House) -> None:
    """The checkout is there; git has new code, more memory, and an alias that gives the new version a quarter."""
    examples(house)
    _change(house, "FunctionVersion: published  ", 'FunctionVersion: "1"  ')
    _apply(house, f"specs/{CHECKOUT}")
    _change(house, "checkout/v1.zip", "checkout/v2.zip")
    _change(house, "MemorySize: 512", "MemorySize: 1024")
    _change(house, "    # RoutingConfig:", "    RoutingConfig:")


# --- what happens between two commands -----------------------------------------------------------------------------


def many_mistakes(house: House) -> None:
    """A spec with six mistakes of six sorts."""
    house.write(CHECKOUT, MISTAKES)


MISTAKES = """\
# yaml-language-server: $schema=../../schemas/function.schema.json
function: checkout
account: test
region: us-west-2
configuration:
  Runtime: python3.13
  Handler: lambda_function.lambda_handler
  Role: arn:aws:iam::123456789012:role/shop/checkout
  Timout: 30
  MemorySize: "512"
  Environment: {Variables: {STAGE: test, RETRIES: 3}}
code: {S3Bucket: shop-artifacts}
aliases:
  live: {FunctionVersion: $LATEST, RoutingConfig: {AdditionalVersionWeights: {"1": 0.25}}}
event_source_mappings:
  orders: {EventSourceArn: "arn:aws:sqs:us-west-2:123456789012:orders", alias: live, BatchSize: 100}
"""


def _apply(house: House, *paths: str) -> None:
    """Apply without a trace but AWS's."""
    result = house.run("apply", "--yes", *paths)
    assert result.exit_code == 0, result.err
    shutil.rmtree(house.root / "reports")


def _change(house: House, before: str, after: str, file: str = CHECKOUT) -> None:
    text = (house.root / "specs" / file).read_text()
    assert before in text
    house.write(file, text.replace(before, after))
