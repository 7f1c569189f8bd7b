"""What changed after the plan, what failed, and what a later run takes up again."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

from reconciler.sandbox.around.faults import Fault, Script
from tests.apply.houses import house_of
from tests.conftest import House, function_spec


def test_a_change_after_the_plan_ends_that_target_as_stale_says_what_changed_and_leaves_the_rest(house: House) -> None:
    house_of(house, "one", "two")
    for name in ("one", "two"):
        house.write(f"{name}.yaml", function_spec(name, configuration="Timeout: 9"))
    meddled: list[str] = []

    def meddle(operation: str, params: Any) -> None:
        if operation == "UpdateFunctionConfiguration" and params["FunctionName"] == "one" and not meddled:
            meddled.append("once")
            house.lambda_.update_function_configuration(FunctionName="one", MemorySize=777)
            house.lambda_.get_function(FunctionName="one")

    house.sandbox.gate.watch = meddle
    result = house.run("apply", "--yes")
    assert result.exit_code == 23
    tasks = {task["target"].rpartition("/")[2]: task for task in house.newest_report()["tasks"]}
    assert "/configuration/MemorySize 128 → 777" in tasks["one"]["status"]["status"]
    assert tasks["two"]["status"]["failed"] is False
    assert house.lambda_.get_function_configuration(FunctionName="one")["Timeout"] == 3


def test_two_applies_at_once_on_one_target_publish_once(house: House) -> None:
    live = "publish: true\naliases: {live: {FunctionVersion: published}}\n"
    house.write("one.yaml", function_spec("one", extra=live))
    house.apply()
    house.write("one.yaml", function_spec("one", key="v2.zip", extra=live))
    command = [sys.executable, "-m", "reconciler", "apply", "--yes"]
    runs = [
        subprocess.Popen(command, cwd=house.root, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(2)
    ]
    codes = sorted(run.wait(timeout=60) for run in runs)
    assert codes[0] == 0
    assert codes[1] in (0, 23, 25)
    house.apply()
    versions = house.lambda_.list_versions_by_function(FunctionName="one")["Versions"]
    assert [version["Version"] for version in versions] == ["$LATEST", "1", "2"]
    assert house.verbs() == {}


def test_only_failed_retries_just_those_targets(house: House) -> None:
    house_of(house)
    for name in ("one", "two", "three"):
        house.write(f"{name}.yaml", function_spec(name))
    house.sandbox.gate.script = Script(
        [Fault("CreateFunction", nth=2, code="InvalidParameterValueException", message="no")]
    )
    assert house.apply()["outcome"]["exit_code"] == 25
    failed = [task["target"].rpartition("/")[2] for task in house.newest_report()["tasks"] if task["status"]["failed"]]
    report = str(max((house.root / "reports").glob("*.json")))
    house.sandbox.gate.script = Script([])
    for name in ("one", "two", "three"):
        house.write(f"{name}.yaml", function_spec(name, configuration="Timeout: 5"))
    house.writes()
    house.apply("--only-failed", report)
    assert [request.params["FunctionName"] for request in house.sandbox.writes] == failed
    newest = str(max((house.root / "reports").glob("*.json")))
    assert house.run("apply", "--yes", "--only-failed", newest).exit_code == 2


def test_an_update_that_failed_says_what_helps(house: House) -> None:
    house_of(house, "one")
    house.write("one.yaml", function_spec("one", configuration="Timeout: 9"))
    house.sandbox.gate.script = Script([Fault("UpdateFunctionConfiguration", nth=1, fails="EniLimitExceeded")])
    result = house.run("apply", "--yes")
    assert result.exit_code == 25
    assert "(EniLimitExceeded); ask for more network interfaces" in result.out
