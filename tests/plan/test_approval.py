"""Only what was approved is applied: targets, secrets, versions, files that were edited, and a squash merge."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.apply.houses import commit, house_of
from tests.conftest import House, function_spec


def test_an_approved_plan_is_applied_and_what_was_not_seen_is_refused_with_the_difference(house: House) -> None:
    house_of(house, "one", "two")
    for name in ("one", "two"):
        house.write(f"{name}.yaml", function_spec(name, configuration="Timeout: 9"))
    house.run("plan", "-o", "plan.json")
    house.lambda_.update_function_configuration(FunctionName="two", Timeout=77)
    house.writes()
    result = house.run("apply", "--yes", "--approved", "plan.json")
    assert result.exit_code == 23
    assert "-/configuration/Timeout: 3 → 9" in result.out
    assert "+/configuration/Timeout: 77 → 9" in result.out
    writes = house.sandbox.writes
    assert [request.params["FunctionName"] for request in writes] == ["one"]
    statuses = {task["target"]: task["status"]["failed"] for task in house.newest_report()["tasks"]}
    assert statuses == {"test/us-west-2/one": False, "test/us-west-2/two": True}


@pytest.mark.parametrize(
    ("spoil", "expected"),
    [
        (lambda plan: {**plan, "targets": []}, "was changed after it was written"),
        (lambda plan: {**plan, "format_version": "0.9"}, "format_version"),
        (lambda plan: {**plan, "kind": "report"}, "is a report, not a plan"),
        (lambda _: {"planned_values": {}}, "is no document of reconcile"),
        (lambda plan: {**plan, "extra": 1}, "extra"),
    ],
    ids=["tampered", "older format", "a report", "foreign", "unknown member"],
)
def test_a_plan_file_that_is_not_as_it_was_written_is_refused(house: House, spoil: Any, expected: str) -> None:
    house_of(house)
    house.write("one.yaml", function_spec("one"))
    house.run("plan", "-o", "plan.json")
    path = house.root / "plan.json"
    path.write_text(json.dumps(spoil(json.loads(path.read_text()))))
    result = house.run("apply", "--yes", "--approved", "plan.json")
    assert result.exit_code != 0
    assert expected in result.err
    assert house.writes() == []


def test_digests_are_equal_in_another_folder_at_another_time_under_another_hash_seed(
    house: House, tmp_path: Path
) -> None:
    source = tmp_path / "specs" / "src"
    source.mkdir(parents=True, exist_ok=True)
    (source / "lambda_function.py").write_text("x = 1\n")
    secret = "Environment: {Variables: {TOKEN: not-to-be-seen, OTHER: bbb}}"
    house.write(
        "one.yaml",
        function_spec(
            "one", configuration=secret, extra="publish: true\naliases: {live: {FunctionVersion: published}}\n"
        ),
    )
    house.write("two.yaml", function_spec("two").replace("{S3Bucket: artifacts, S3Key: v1.zip}", "{path: src}"))
    first = house.plan()
    elsewhere = tmp_path / "elsewhere" / "deep"
    elsewhere.mkdir(parents=True)
    subprocess.run(["cp", "-r", str(house.root / "specs"), str(elsewhere)], check=True)
    (elsewhere / "specs" / "src" / "lambda_function.py").touch()
    out = subprocess.run(
        [sys.executable, "-m", "reconciler", "plan", "--format", "json"], cwd=elsewhere, capture_output=True, check=True,
        env={**__import__("os").environ, "PYTHONHASHSEED": "42", "LC_ALL": "C", "TZ": "Asia/Tokyo"},
    )  # fmt: skip
    second = json.loads(out.stdout)
    assert second["digest"] == first["digest"]
    assert [target["digest"] for target in second["targets"]] == [target["digest"] for target in first["targets"]]
    assert "not-to-be-seen" not in json.dumps(first)


def test_a_plan_approved_on_a_branch_is_applied_after_its_squash_merge(house: House) -> None:
    house_of(house, "one")
    subprocess.run(["git", "init", "-q", "-b", "main"], cwd=house.root, check=True)
    (house.root / ".gitignore").write_text("reports\nplan.json\n")
    commit(house.root, "base")
    subprocess.run(["git", "checkout", "-qb", "change"], cwd=house.root, check=True)
    for timeout in (8, 9):
        house.write("one.yaml", function_spec("one", configuration=f"Timeout: {timeout}"))
        commit(house.root, f"step {timeout}")
    house.run("plan", "-o", "plan.json")
    subprocess.run(["git", "checkout", "-q", "main"], cwd=house.root, check=True)
    subprocess.run(["git", "merge", "-q", "--squash", "change"], cwd=house.root, check=True, capture_output=True)
    commit(house.root, "squashed")
    house.writes()
    assert house.run("apply", "--yes", "--approved", "plan.json").exit_code == 0
    assert house.writes() == ["UpdateFunctionConfiguration"]
