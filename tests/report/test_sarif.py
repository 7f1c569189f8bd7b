"""SARIF is what the standard's schema says, and each finding stands at its place."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft4Validator

from reconciler.report.formats import View, sarif
from tests.conftest import House, function_spec
from tests.report.test_hostile_text import field, nasty, note, plan, target

SCHEMA = Path(__file__).with_name("sarif-2.1.0.schema.json")


@cache
def standard() -> Draft4Validator:
    return Draft4Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))


def read(text: str) -> dict[str, Any]:
    """The one run of a log that is valid."""
    log = json.loads(text)
    assert [error.message for error in standard().iter_errors(log)] == []
    (run,) = log["runs"]
    return dict(run)


def places(run: dict[str, Any]) -> list[tuple[str, dict[str, int]]]:
    located = [location["physicalLocation"] for result in run["results"] for location in result.get("locations", [])]
    return [(place["artifactLocation"]["uri"], place.get("region", {})) for place in located]


def test_mistakes_of_a_validation_stand_at_their_columns(house: House) -> None:
    house.write("one.yaml", function_spec("one", configuration="Timout: 3"))
    result = house.run("validate", "--format", "sarif")
    run = read(result.out)
    (mistake,) = run["results"]
    assert (result.exit_code, mistake["level"], mistake["ruleId"]) == (20, "error", "R001")
    assert "did you mean Timeout?" in mistake["message"]["text"]
    ((uri, region),) = places(run)
    assert uri == "specs/one.yaml"
    assert region.keys() == {"startLine", "startColumn"}
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["R001"]
    assert run["invocations"][0]["executionSuccessful"]


def test_a_valid_tree_has_no_result(house: House) -> None:
    house.write("one.yaml", function_spec("one"))
    assert read(house.run("validate", "--format", "sarif").out)["results"] == []


def test_what_is_no_mistake_of_a_file_is_told_of_the_run(house: House) -> None:
    house.write("one.yaml", function_spec("one"))
    run = read(house.run("plan", "--base", "main", "--format", "sarif").out)
    assert run["results"] == []
    assert not run["invocations"][0]["executionSuccessful"]
    assert "git" in run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"]


def test_a_plan_has_its_notes_and_each_change_at_its_line() -> None:
    notes = [
        note("no", "refusal", {"file": "specs/a.yaml", "line": 2}),
        note("hm (W201)", "warning"),
        note("so", "note"),
    ]
    changed = field("512", "1024", path="/configuration/MemorySize") | {"source": {"file": "specs/a.yaml", "line": 7}}
    run = read(sarif.plan(plan(target("test/us-west-2/checkout", changed), notes=notes), View(folder="house")))
    assert [result["level"] for result in run["results"]] == ["error", "warning", "note", "note"]
    assert places(run) == [("house/specs/a.yaml", {"startLine": 2}), ("house/specs/a.yaml", {"startLine": 7})]
    assert run["results"][-1]["message"]["text"].endswith("MemorySize: 512 → 1024")


@given(nasty, st.integers(1, 9))
def test_a_file_of_any_name_has_an_address(value: str, line: int) -> None:
    path = f"specs/{value}.yaml".encode("utf-8", "replace").decode()  # a system has no half of a surrogate pair
    fault = {"file": path, "line": line, "column": 1, "message": value}
    ((uri, _),) = places(read(sarif.error({"faults": [fault], "messages": [value]}, View())))
    assert re.fullmatch(r"[\w.~/%-]+", uri, re.ASCII)
