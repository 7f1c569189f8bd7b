"""`reconcile sandbox` where there is no spec yet: an AWS of its own, for what comes before the first spec."""

from __future__ import annotations

import json
import sys

import pytest

from tests.conftest import CONFIG, House, function_spec

SAYS = [sys.executable, "-c", "import json, os; json.dump(dict(os.environ), open('seen.json', 'w'))"]


def seen(house: House) -> dict[str, str]:
    result = house.run("sandbox", "--", *SAYS)
    assert result.exit_code == 0, result.err
    variables: dict[str, str] = json.loads((house.root / "seen.json").read_text())
    return variables


def test_an_empty_folder_has_an_empty_aws(house: House) -> None:
    (house.root / "specs/reconcile.yaml").unlink()
    assert seen(house)["AWS_REGION"] == "us-east-1"
    (house.root / "specs").rmdir()
    assert seen(house)["AWS_ENDPOINT_URL"].startswith("http://127.0.0.1:")


def test_a_reconcile_yaml_alone_says_the_accounts_and_the_region(house: House) -> None:
    house.write("reconcile.yaml", CONFIG.replace("us-west-2", "eu-west-1"), stock=False)
    assert seen(house)["AWS_REGION"] == "eu-west-1"


@pytest.mark.parametrize(
    ("words", "file", "text"),
    [
        ((), "reconcile.yaml", "aws: ["),
        ((), "broken.yaml", "function: ["),
        (("specs",), "reconcile.yaml", CONFIG),
        (("checkout",), "reconcile.yaml", CONFIG),
    ],
)
def test_what_is_broken_or_named_and_not_there_is_still_told(
    house: House, words: tuple[str, ...], file: str, text: str
) -> None:
    house.write(file, text, stock=False)
    assert house.run("sandbox", *words, "--", *SAYS).exit_code in (2, 20)
    assert not (house.root / "seen.json").exists()


def test_a_snapshot_needs_the_specs_that_it_is_of(house: House) -> None:
    house.write("checkout.yaml", function_spec())
    house.apply()
    house.run("snapshot", "-o", "live.json")
    house.remove("checkout.yaml")
    assert house.run("sandbox", "--from", "live.json", "--", *SAYS).exit_code == 20


ASKS = """\
import boto3, datetime, email.utils, time
answer = boto3.client("cloudwatch").describe_alarms()
first = email.utils.parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"])
time.sleep(0.1)
answer = boto3.client("cloudwatch").describe_alarms()
second = email.utils.parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"])
open("passed", "w").write(str((second - first).total_seconds()))
"""


def test_time_passes_as_fast_as_is_said(house: House) -> None:
    assert house.run("sandbox", "--time-scale", "1000", "--", sys.executable, "-c", ASKS).exit_code == 0
    assert float((house.root / "passed").read_text()) >= 99
