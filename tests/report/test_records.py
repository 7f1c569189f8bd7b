"""Tasks of earlier runs, out of the reports of a folder: in their order, no more of them read than are asked for."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from weakref import ref

import pytest

from reconciler.commands.tasks import Filters, listed
from reconciler.core.errors import ReportError
from reconciler.report import records
from reconciler.report.fold import report_of
from reconciler.report.formats.json import backwards, document_json
from reconciler.report.journal import json_object
from reconciler.report.records import reports, task
from tests.report.journals import begun, ended

CHAIN = ("UpdateFunctionConfiguration",)


def report(folder: Path, name: str, *identifiers: str) -> None:
    made = report_of([begun(*((one, CHAIN) for one in identifiers)), ended()])
    (folder / f"{name}.json").write_text(json.dumps(made))


def ids(folder: Path, since: datetime | None = None) -> list[str]:
    return [record.task["id"] for record in records.records(folder, since=since)]


def test_tasks_come_newest_first_and_other_documents_are_passed_over(tmp_path: Path) -> None:
    report(tmp_path, "20261125T000000000000Z-b", "three")
    report(tmp_path, "20261124T000000000000Z-a", "one", "two")
    (tmp_path / "plan.json").write_text('{"kind": "plan"}')
    assert ids(tmp_path) == ["three", "two", "one"]
    assert ids(tmp_path, since=datetime(2026, 11, 24, 12, tzinfo=UTC)) == ["three"]
    assert ids(tmp_path, since=datetime(2026, 11, 26, tzinfo=UTC)) == []


def test_of_many_reports_no_more_are_read_than_are_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(100):
        report(tmp_path, f"20261124T0000000000{number:02}Z-a", f"task-{number:02}")
    read: list[str] = []

    def counted(text: bytes, name: str) -> dict[str, object]:
        read.append(name)
        return json_object(text, name)

    monkeypatch.setattr("reconciler.report.records.json_object", counted)
    assert [record.task["id"] for record in islice(records.records(tmp_path), 2)] == ["task-99", "task-98"]
    assert len(read) == 2
    assert task(tmp_path, "task-07")["id"] == "task-07"
    assert len(read) == 3
    assert ids(tmp_path, since=datetime(2026, 11, 24, 0, 0, 0, 97, tzinfo=UTC)) == ["task-99", "task-98", "task-97"]
    assert len(read) == 6


@pytest.mark.parametrize(
    ("identifier", "message"),
    [
        pytest.param("abc-", "2 tasks have an id that begins with abc-: abc-1, abc-2;", id="ambiguous"),
        pytest.param("abd-1", "there is no task abd-1; did you mean abc-1", id="mistyped"),
        pytest.param("nobody", "there is no task nobody; `reconcile tasks", id="nothing near"),
    ],
)
def test_an_id_that_names_no_task_is_told_what_it_may_mean(tmp_path: Path, identifier: str, message: str) -> None:
    report(tmp_path, "a", "abc-1", "abc-2", "xyz")
    with pytest.raises(ReportError) as caught:
        task(tmp_path, identifier)
    assert message in str(caught.value)


def test_an_id_may_be_cut_short_and_an_exact_one_wins(tmp_path: Path) -> None:
    report(tmp_path, "a", "abc", "abc-1", "xyz")
    assert task(tmp_path, "x")["id"] == "xyz"
    assert task(tmp_path, "abc")["id"] == "abc"


@pytest.mark.parametrize("tasks_member", ["", '"tasks": null', '"tasks": [1]', '"tasks": [{"id": "x"}]'])
def test_a_report_without_whole_tasks_is_named(tmp_path: Path, tasks_member: str) -> None:
    (tmp_path / "bad.json").write_text(f'{{"kind": "report"{", " if tasks_member else ""}{tasks_member}}}')
    with pytest.raises(ReportError, match=r"bad\.json: is not a report"):
        list(reports(tmp_path))


def test_the_shards_of_one_run_are_one_run_whichever_of_them_is_named(tmp_path: Path) -> None:
    runs = (("b", "two", "77"), ("a", "one", "77"), ("c", "three", ""), ("d", "four", "78"))
    for name, identifier, group in runs:
        report(tmp_path, f"20261125T000000000000Z-{name}", identifier)
        path = tmp_path / f"20261125T000000000000Z-{name}.json"
        written = json.loads(path.read_text())
        written["run"] |= {"id": name, **({"group": group, "place": "test/us-west-2"} if group else {})}
        path.write_text(json.dumps(written))
    for word, expected in (("a", {"one", "two"}), ("77", {"one", "two"}), ("c", {"three"}), ("d", {"four"})):
        assert {record.task["id"] for record in listed(tmp_path, Filters(run=word))} == expected
    assert {record.run_name for record in records.records(tmp_path)} == {"77", "78", "c"}
    with pytest.raises(ReportError, match="no run 7; "):
        [*listed(tmp_path, Filters(run="7"))]


class Held(dict[str, str]):
    """A task that can be seen to be let go."""


@pytest.mark.parametrize("count", [0, 1, 20])
def test_tasks_are_told_as_one_list_and_not_held_all_at_once(count: int) -> None:
    made, most = list[ref[Held]](), 0

    def coming() -> Iterator[Held]:
        nonlocal most
        for number in range(count):
            held = Held(id=f"{number}", said="of\u2028lines\n")
            made.append(ref(held))
            most = max(most, sum(one() is not None for one in made))
            yield held

    text = "".join(backwards(coming()))
    assert text == document_json([{"id": f"{number}", "said": "of\u2028lines\n"} for number in reversed(range(count))])
    assert most <= 2


def test_a_document_takes_little_more_than_its_text_while_it_is_written() -> None:
    document = [{"id": f"{number}", "said": "nothing"} for number in range(5_000)]
    document_json(document[:1])
    tracemalloc.start()
    try:
        text = document_json(document)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 4 * len(text)
