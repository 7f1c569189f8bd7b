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
@pytest.mark.parametrize("message", ["m" * 90, "日本`@#|" * 40, "x" * 70_000], ids=["short", "wide", "long"])
def test_mistakes_stay_below_the_limit_and_are_all_shown_or_counted(room: int, message: str) -> None:
    count = 3_000
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


def run_of(count: int) -> dict[str, Any]:
    run = {"id": "8a3a72014416", "command": "apply", "duration_seconds": 1.0}
    done = {**task("done"), "status": {"failed": False, "completed": True, "status": "done"}}
    tasks = [{**done, "target": f"t/r/{number}"} for number in range(count)]
    return {
        "run": run,
        "outcome": {"status": "succeeded", "exit_code": 0},
        "tasks": tasks,
        "provenance": {"commit": "c" * 40},
    }


def test_what_failed_comes_before_what_was_done() -> None:
    report = run_of(3)
    report["tasks"].append({**task("no"), "target": "t/r/failed"})
    text = formats.of("markdown").report(report, View())
    assert text.index("t/r/failed") < text.index("t/r/0")
    assert text.splitlines()[0] == "### 🟢 Apply succeeded: 3 of 4 functions done"


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
