"""What commands end with as a page of markdown: nothing in it but our own, all that has room, and a word of what has none."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given

from reconciler.report import formats
from reconciler.report.formats import View
from tests.report.pages import OURS, nodes
from tests.report.test_hostile_text import nasty, task

GITHUB = View(repository_url="https://github.com/o/r", commit="c" * 40, run_url="https://github.com/o/r/actions/runs/1")


def failed(*faults: dict[str, Any], code: int = 20) -> dict[str, Any]:
    return {"kind": "error", "exit_code": code, "error": "SpecError", "messages": [], "faults": list(faults)}


def fault(file: str, message: str, line: int = 1) -> dict[str, Any]:
    return {"file": file, "line": line, "column": 3, "message": message}


@given(nasty, nasty)
def test_no_text_of_an_ending_becomes_markdown(one: str, two: str) -> None:
    shown = formats.of("markdown")
    note = {"severity": "warning", "message": one, "address": None, "source": {"file": two, "line": 1}, "error": ""}
    run = {"id": one, "command": "apply", "duration_seconds": 1.0}
    outcome = {"status": "failed", "exit_code": 25}
    report = {"run": run, "outcome": outcome, "tasks": [task(two)], "provenance": {"commit": one}}
    item = {"accountName": one, "region": "r", "functionName": two, "runtime": one, "memorySize": 1, "timeout": 1, "lastModified": two}  # fmt: skip
    for text in (
        shown.error(failed(fault(one, two), fault(two, one)), GITHUB),
        shown.error({"exit_code": 26, "messages": [one, two]}, GITHUB),
        shown.validation({"specs": 1, "targets": 1, "warnings": [note]}, GITHUB),
        shown.report(report, GITHUB),
        shown.functions([item], GITHUB),
        shown.answer({"statusCode": 200, "payload": {one: two}, "logResult": two}, GITHUB),
    ):
        assert nodes(text) <= OURS
        text.encode()


@pytest.mark.parametrize("room", [60_000, 1_000_000])
@pytest.mark.parametrize(
    ("count", "message"),
    [(3_000, "m" * 90), (3_000, "日本`@#|" * 40), (100, "x" * 70_000)],
    ids=["short", "wide", "long"],
)
def test_mistakes_stay_below_the_limit_and_are_all_shown_or_counted(room: int, count: int, message: str) -> None:
    faults = [fault(f"specs/{number % 9}.yaml", message, number) for number in range(count)]
    text = formats.of("markdown").error(failed(*faults), View(room=room))
    assert len(text.encode()) <= room
    shown = len(re.findall(r"^- specs/\d&#46;yaml:\d+:3 ", text, re.MULTILINE))
    left = re.findall(r"^- (\d+) more messages?, in (.*); the log has all of them$", text, re.MULTILINE)
    assert shown + sum(int(number) for number, _ in left) == count
    assert all("specs/0&#46;yaml" in files for _, files in left)


@pytest.mark.parametrize("limit", [-1, 0, 1])
def test_a_page_is_whole_up_to_its_last_byte(limit: int) -> None:
    text = formats.of("markdown").report(run_of(40), View())
    again = formats.of("markdown").report(run_of(40), View(room=len(text.encode()) + 500 + limit))
    assert (again == text) == (limit >= 0)


def done(address: str, *operations: str, **result: str) -> dict[str, Any]:
    """A task of which all operations succeeded, each with this answer."""
    items = [{"operation": one, "address": address, "outcome": "succeeded"} for one in operations]
    return {
        "target": address, "operations": items, "resultObjects": [result for _ in items],
        "status": {"failed": False, "completed": True, "status": "Orchestration completed."},
    }  # fmt: skip


def undone(address: str, operation: str, cause: str, message: str) -> dict[str, Any]:
    """A task that failed at its one operation, or was refused where that is the planning."""
    error = {"type": "EXCEPTION", "operation": operation, "cause": cause, "message": message}
    outcome = "failed" if operation != "PlanLambdaAtomicOperation" else "not attempted"
    return {
        "target": address, "resultObjects": [error],
        "operations": [{"operation": "UpdateFunctionCode", "address": address, "outcome": outcome}],
        "status": {"failed": True, "completed": True, "status": f"Orchestration failed: {operation} | {cause}: [{message}]"},
    }  # fmt: skip


def run_of(count: int, *others: dict[str, Any]) -> dict[str, Any]:
    """A run in which every function got a version of its own."""
    run = {"id": "8a3a72014416", "command": "apply", "duration_seconds": 1.0}
    tasks = [done(f"t/r/{number}", "PublishVersion", version=str(number)) for number in range(count)]
    return {
        "run": run,
        "outcome": {"status": "succeeded", "exit_code": 0},
        "tasks": [*tasks, *others],
        "provenance": {"commit": "c" * 40},
    }


def test_what_failed_comes_before_what_was_done() -> None:
    report = run_of(3, undone("t/r/failed", "UpdateLambdaCodeAtomicOperation", "ServiceException", "not today"))
    text = formats.of("markdown").report(report, View())
    assert text.index("<b>failed</b>") < text.index("version 0 published")
    assert text.splitlines()[0] == "### 🟢 Apply succeeded: 3 of 4 functions done"


def test_what_failed_is_told_in_the_words_of_whoever_refused_it() -> None:
    failed_at = undone("t/r/one", "UpdateLambdaCodeAtomicOperation", "ServiceException", "not today")
    refused = undone("t/r/two", "PlanLambdaAtomicOperation", "StalePlan", "t/r/two was not in the approved plan (R240)")
    text = formats.of("markdown").report(run_of(0, failed_at, refused), View())
    assert "| <b>failed</b>: ServiceException: not today |" in text
    assert "| <b>refused</b>: t/r/two was not in the approved plan (R240) |" in text


def test_of_each_function_it_is_said_what_was_done() -> None:
    release = ("TagResource", "UntagResource", "UpdateFunctionConfiguration", "UpdateFunctionCode")
    made, changed, gone = done("t/r/a", "CreateFunction"), done("t/r/b", *release), done("t/r/c", "DeleteFunction")
    version = done("t/r/d", "DeleteFunction")
    version["operations"][0]["address"] = "t/r/d/version/1"
    text = formats.of("markdown").report(run_of(0, made, changed, gone, version), View())
    assert re.findall(r"^\| 🟢 \| <b>(.)</b><br><sub>t · r</sub> \| (.*) \|$", text, re.MULTILINE) == [
        ("a", "created, 1 AWS call"), ("b", "new tags, tags removed, new configuration, new code, 4 AWS calls"),
        ("c", "deleted, 1 AWS call"), ("d", "1 AWS call"),
    ]  # fmt: skip


def test_what_was_done_to_five_hundred_alike_is_one_row_in_little_room() -> None:
    alike = [done(f"t/r/team-function-{number:03}", "UpdateFunctionConfiguration") for number in range(500)]
    text = formats.of("markdown").report(run_of(0, *alike), View())
    assert len(text.encode()) <= 1_200
    (row,) = re.findall(r"^\| 🟢 .*$", text, re.MULTILINE)
    assert "<b>500 functions</b>" in row
    assert row.endswith("| new configuration, 1 AWS call each |")


def test_a_long_answer_is_cut_at_a_line_and_that_is_said() -> None:
    text = formats.of("markdown").answer(
        {"statusCode": 200, "payload": list(range(50_000)), "logResult": "```\n" * 9}, View()
    )
    assert len(text.encode()) <= 60_000
    assert re.search(r"^… \d+ more lines have no room here$", text, re.MULTILINE)
    assert nodes(text) <= OURS


def test_a_file_outside_the_repository_has_no_link() -> None:
    text = formats.of("markdown").error(failed(fault("../x.yaml", "m"), fault("/etc/x.yaml", "m"), fault("a b/#.yaml", "m")), GITHUB)  # fmt: skip
    assert re.findall(r"\(<(.*)>\)", text) == [
        f"https://github.com/o/r/blob/{'c' * 40}/a%20b/%23.yaml#L1",
        GITHUB.run_url,
    ]
