"""Documents of shards as the one that a run of all would have left."""

from __future__ import annotations

import json
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from reconciler.commands.ci.outcome import named
from reconciler.core.errors import ReportError
from reconciler.plan import approval
from reconciler.report import merging
from reconciler.report.schemas import PLAN, REPORT
from tests.commands.test_targets import TWO, spec
from tests.conftest import House, reconcile

PLACES = ("test/eu-west-1", "test/us-west-2")


@pytest.fixture
def wide(house: House) -> House:
    """Two functions in two regions."""
    house.write("reconcile.yaml", TWO, stock=False)
    for name in ("one", "two"):
        house.write(f"{name}.yaml", spec(name, "us-west-2", "eu-west-1"))
    return house


def test_parts_of_a_plan_are_the_plan_again(wide: House) -> None:
    whole = wide.plan()
    parts = [merging.within(whole, place) for place in PLACES]
    assert [len(part["targets"]) for part in parts] == [2, 2]
    merged = merging.plans(parts)
    assert merged["targets"] == whole["targets"]
    assert merged["diagnostics"] == whole["diagnostics"]
    assert merged["configuration"] == whole["configuration"]
    assert merged["costs"] == whole["costs"]
    assert [len(part["costs"]) for part in parts] == [1, 1]
    assert (merged["summary"], merged["digest"]) == (whole["summary"], whole["digest"])
    for document in (merged, *parts):
        Draft202012Validator(PLAN).validate(document)
        approval.check(document, "plan.json")


def test_shards_that_were_planned_alone_are_a_plan_of_all(wide: House) -> None:
    left = []
    for place in PLACES:
        account, region = place.split("/")
        assert wide.run("ci", "plan", "--account", account, "--region", region, "-o", f"{region}.json").exit_code == 0
        left.append(json.loads((wide.root / f"{region}.json").read_text()))
    merged, whole = merging.plans(left), wide.plan()
    last = {**left[-1], "summary": {name: count for name, count in left[-1]["summary"].items() if name != "create"}}
    assert merging.plans([left[0], last])["summary"]["create"] == left[0]["summary"]["create"] > 0
    for name in ("targets", "summary", "costs", "orphans", "in_sync"):
        assert merged[name] == whole[name], name
    for ordered in permutations(left):
        assert merging.plans(ordered)["targets"] == merged["targets"]
    assert merging.plans(left[:1]) is left[0]


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        (["unchanged", "unchanged"], "unchanged"), (["succeeded", "unchanged"], "succeeded"),
        (["succeeded", "failed"], "partial"), (["succeeded", "refused"], "partial"), (["partial", "unchanged"], "partial"),
        (["refused", "unchanged"], "refused"), (["refused", "failed"], "failed"),
    ],
)  # fmt: skip
def test_what_shards_came_to_together(statuses: list[str], expected: str) -> None:
    assert merging.status(statuses) == merging.status(statuses[::-1]) == expected


@pytest.mark.parametrize(
    ("codes", "expected"),
    [([0, 0], 0), ([0, 24], 24), ([25, 0, 25], 25), ([21, 23], 23), ([23, 26], 25), ([0, None], None)],
)
def test_how_shards_ended_together(codes: list[int | None], expected: int | None) -> None:
    assert merging.exit_code(codes) == expected


def test_reports_of_shards_are_one_of_their_run(wide: House) -> None:
    made = []
    for place in PLACES:
        account, region = place.split("/")
        assert wide.run("apply", "--yes", "--account", account, "--region", region).exit_code == 0
        made.append({**(report := wide.newest_report()), "run": {**report["run"], "place": place, "group": "7"}})
    made[-1]["run"]["broken"] = {"freezes": ["christmas"], "because": "the till is down"}
    merged = merging.reports(made)
    Draft202012Validator(REPORT).validate(merged)
    assert merged["run"]["broken"] == made[-1]["run"]["broken"]
    assert sorted(task["target"] for task in merged["tasks"]) == [
        f"{place}/{name}" for place in PLACES for name in ("one", "two")
    ]
    assert merged["outcome"] == {"status": "succeeded", "exit_code": 0}
    assert (merged["run"]["group"], "place" in merged["run"]) == ("7", False)
    assert merged["run"]["started_at"] == min(report["run"]["started_at"] for report in made)
    assert merged["summary"]["create"] == 4


# --- what a job of the run has made by hand ------------------------------------------------------------------------------


def outcome(place: str = "test/us-west-2", **said: Any) -> dict[str, Any]:
    error = {"format_version": "1.1", "kind": "error", "exit_code": 24, "error": "Locked", "messages": ["held"]}
    blank = {
        "format_version": "1.1",
        "kind": "outcome",
        "place": place,
        "exit_code": 24,
        "left": "",
        "is_by_hand": False,
    }
    return {**blank, "plan": None, "report": None, "error": error, "requests": [], **said}


def lay(folder: Path, document: Any, artifact: str = "reconcile-outcome-default.test.us-west-2") -> None:
    (folder / artifact).mkdir(parents=True, exist_ok=True)
    (folder / artifact / "outcome.json").write_text(json.dumps(document))


def told(folder: Path, *words: str) -> Any:
    return reconcile("ci", "outcome", "--outcomes", str(folder), "--report-dir", str(folder / "reports"), *words)


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"kind": "outcome"}, "format_version missing"), ([], "is no document"), (outcome(requests=[{"number": "7"}]), "/requests"),
        (outcome(plan={"kind": "plan", "format_version": "1.1"}), "must have"), (outcome(report={"kind": "plan"}), "not a report"),
        (outcome(place="x"), "/place"),
    ],
)  # fmt: skip
def test_an_outcome_that_is_none_is_refused(document: Any, said: str, tmp_path: Path) -> None:
    lay(tmp_path, document)
    result = told(tmp_path)
    assert result.exit_code != 0
    assert "Traceback" not in result.err
    assert not (tmp_path / "reports").exists()


def test_a_link_is_no_outcome(tmp_path: Path) -> None:
    lay(tmp_path / "elsewhere", outcome())
    folder = tmp_path / "outcomes" / "reconcile-outcome-default.test.us-west-2"
    folder.mkdir(parents=True)
    (folder / "outcome.json").symlink_to(tmp_path / "elsewhere" / folder.name / "outcome.json")
    result = told(tmp_path / "outcomes")
    assert result.exit_code != 0
    assert "no job has left an outcome" in result.err


@pytest.mark.parametrize("matrix", ["{", "[]", '{"include": [1]}', '{"include": [{"account": "x"}]}'])
def test_a_matrix_that_is_none_is_refused(matrix: str, tmp_path: Path) -> None:
    lay(tmp_path, outcome())
    result = told(tmp_path, "--shards", matrix)
    assert result.exit_code != 0
    assert "Traceback" not in result.err


def test_a_report_of_a_run_that_is_a_path_is_kept_nowhere() -> None:
    with pytest.raises(ReportError, match="whose id is none"):
        named({"run": {"id": "../../x", "started_at": "2026-01-01T00:00:00.000Z"}})
