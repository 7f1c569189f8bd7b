"""What the totals count, and when it may be said that AWS holds what git says: as facts of the plan's document."""

from __future__ import annotations

import subprocess
from typing import Any

import pytest

from tests.conftest import CONFIG, ROLE, House, function_spec

OURS = CONFIG + "managedBy: shop\n"
ABSENT = "function: {}\naccount: test\nregion: us-west-2\nstate: absent\n"
VERDICT = "What git says is what AWS holds"


def lives(house: House, *names: str, config: str = OURS) -> None:
    house.write("reconcile.yaml", config, stock=False)
    for name in names:
        house.write(f"{name}.yaml", function_spec(name.rpartition("/")[2]))
    house.apply()
    house.writes()


def test_refused_targets_are_counted_apart_and_their_changes_are_none_to_come(house: House) -> None:
    lives(house, "one")
    for name in ("two", "three"):
        house.write(f"{name}.yaml", function_spec(name))
        house.lambda_.create_function(
            FunctionName=name, Runtime="python3.13", Handler="lambda_function.lambda_handler", Role=ROLE, Timeout=99,
            Code={"S3Bucket": "artifacts", "S3Key": "v1.zip"},
        )  # fmt: skip
    house.write("one.yaml", function_spec("one", configuration="Timeout: 9"))
    plan = house.plan()
    expected = {"create": 0, "update": 1, "replace": 0, "adopt": 0, "delete": 0, "unchanged": 0, "refused": 2}
    assert plan["summary"] == expected | {"operations": 1}
    assert house.apply()["summary"] == plan["summary"]
    plan = house.plan()
    assert (plan["summary"]["refused"], plan["summary"]["operations"], plan["in_sync"]) == (2, 0, False)


def said(house: House, *flags: str) -> tuple[bool, bool]:
    """Whether the document says that both are alike, and whether the text does."""
    text = house.run("plan", *flags)
    return house.plan(*flags)["in_sync"], VERDICT in text.out


def test_what_is_alike_is_said_to_be(house: House) -> None:
    lives(house, "one")
    assert said(house) == (True, True)


def test_an_orphan_is_not_what_git_says(house: House) -> None:
    lives(house, "one", "two")
    house.remove("two.yaml")
    assert said(house) == (False, False)


def test_a_refusal_of_the_run_is_not_what_git_says(house: House) -> None:
    lives(house, "one")
    result = house.run("apply", "--yes", "--allow-deletes", "3")
    assert result.exit_code == 21
    assert VERDICT not in result.out


def reference(house: House, text: str = "") -> Any:
    house.sandbox.clients.get("ssm", "123456789012", "us-west-2").put_parameter(Name="/a", Value="v", Type="String")
    house.write("one.yaml", function_spec("one", configuration=text))


def test_a_reference_that_is_new_is_a_change_offline_too(house: House) -> None:
    reference(house)
    lives(house)
    house.run("snapshot", "-o", "live.json")
    reference_text = "Environment: {Variables: {TOKEN: \"{{ ssm('/a') }}\"}}"
    house.write("one.yaml", function_spec("one", configuration=reference_text))
    offline, live = house.plan("--snapshot", "live.json"), house.plan()
    assert offline["targets"] == live["targets"]
    assert offline["summary"]["update"] == 1


def test_a_reference_that_is_not_looked_up_is_spoken_of(house: House) -> None:
    reference(house, "Environment: {Variables: {TOKEN: \"{{ ssm('/a') }}\"}}")
    lives(house)
    house.run("snapshot", "-o", "live.json")
    assert said(house) == (True, True)
    assert said(house, "--snapshot", "live.json") == (False, False)
    (note,) = house.plan("--snapshot", "live.json")["diagnostics"]
    assert note["left_out"]
    assert "TOKEN refers to a value that is not looked up offline" in note["message"]
    assert note["source"] == {"file": "specs/one.yaml", "line": 8}


def test_what_only_git_moved_is_left_out_of_the_drift_and_spoken_of(house: House) -> None:
    lives(house, "one")
    git = ["git", "-c", "user.name=Ada", "-c", "user.email=ada@example.com"]
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "first"]):
        subprocess.run([*git, *command], cwd=house.root, check=True)
    assert said(house, "--drift") == (True, True)
    house.write("one.yaml", function_spec("one", configuration="Timeout: 9"))
    assert said(house, "--drift") == (False, False)


def test_a_run_of_what_failed_speaks_of_the_others(house: House) -> None:
    lives(house, "one", "two")
    house.write("two.yaml", function_spec("two", key="nowhere.zip"), stock=False)
    assert house.run("apply", "--yes").exit_code == 21
    house.write("two.yaml", function_spec("two"))
    failed = str(max((house.root / "reports").glob("*.json")))
    result = house.run("apply", "--yes", "--only-failed", failed)
    assert result.exit_code == 0
    assert f"left out, for {failed} does not say that they failed: 1 of 2 targets" in result.out
    assert VERDICT not in result.out


# --- a percentage of the house --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("percent", "exit_code"), [(25, 0), (24, 21)])
def test_a_percentage_is_one_of_the_whole_house_whatever_path_is_given(
    house: House, percent: int, exit_code: int
) -> None:
    guards = f"guards: {{maxDeletePercent: {percent}}}\n"
    lives(house, "shop/a", "shop/b", "c", "d", config=OURS + guards)
    house.write("shop/a.yaml", ABSENT.format("a"))
    for path in ("specs/shop/a.yaml", "specs/shop", "specs"):
        assert house.run("plan", path).exit_code == exit_code, path
    assert house.run("apply", "--yes", "specs/shop/a.yaml").exit_code == exit_code


def test_specs_of_functions_that_do_not_live_make_no_house_greater(house: House) -> None:
    lives(house, "a", "b", config=CONFIG + "guards: {maxDeletePercent: 40}\n")
    for number in range(8):
        house.write(f"new{number}.yaml", function_spec(f"new{number}"))
    house.write("a.yaml", ABSENT.format("a"))
    result = house.run("plan", "specs/a.yaml")
    assert result.exit_code == 21
    assert "this is 50 % of 2" in result.out


def test_a_house_that_cannot_be_counted_is_no_greater_than_what_was_read(house: House) -> None:
    lives(house, "a", "b", "c", config=CONFIG + "guards: {maxDeletePercent: 50}\n")
    house.write("a.yaml", ABSENT.format("a"))
    house.write("c.yaml", "function: {}\n", stock=False)
    assert house.run("plan", "specs/a.yaml").exit_code == 21
