"""The journal and the folder of reports: what a kill, a full disk, a second process or a strange file does to them."""

from __future__ import annotations

import fcntl
import json
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reconciler.core.errors import ReportError
from reconciler.report import journal
from reconciler.report.fold import report_of
from reconciler.report.journal import (
    QUIET_SECONDS,
    Journal,
    complete,
    events,
    load_document,
    read_json,
    write_atomically,
)
from tests.report.journals import begun, done, ended, event, lines, started, written

CHAIN = ("UpdateFunctionConfiguration", "PublishVersion", "UpdateAlias")
RUN = [begun(("one", CHAIN)), *done("one", CHAIN), ended()]


def killed(folder: Path, name: str = "run", content: bytes = lines(RUN[:-1])) -> Path:
    """The journal of a run that is no more."""
    folder.mkdir(exist_ok=True)
    return written(folder / f"{name}.jsonl", content)


# --- writing -------------------------------------------------------------------------------------------------------


def test_a_run_leaves_a_journal_and_the_report_that_it_tells(tmp_path: Path) -> None:
    with Journal(tmp_path, "run") as open_journal:
        for one in RUN:
            open_journal.record(one)
    assert list(events(tmp_path / "run.jsonl")) == RUN
    assert read_json(tmp_path / "run.json") == report_of(RUN)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["run.json", "run.jsonl"]


def test_each_event_is_on_the_disk_when_record_returns(tmp_path: Path) -> None:
    with Journal(tmp_path, "run") as open_journal:
        for count, one in enumerate(RUN, 1):
            open_journal.record(one)
            assert len(list(events(open_journal.path))) == count


def test_an_event_costs_the_same_however_long_the_journal_is(tmp_path: Path) -> None:
    sizes = []
    with Journal(tmp_path, "run") as open_journal:
        open_journal.record(RUN[0])
        for _ in range(200):
            before = open_journal.path.stat().st_size
            open_journal.record(event("operation_started", "one", index=0))
            sizes.append(open_journal.path.stat().st_size - before)
    assert len(set(sizes)) == 1


def test_threads_do_not_tear_each_others_lines(tmp_path: Path) -> None:
    with Journal(tmp_path, "run") as open_journal:
        open_journal.record(RUN[0])
        note = event("operation_started", "one", index=0, padding="x" * 5000)

        def twenty() -> None:
            for _ in range(20):
                open_journal.record(note)

        threads = [threading.Thread(target=twenty) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(list(events(open_journal.path))) == 81


def test_an_event_that_the_disk_takes_only_half_of_leaves_no_trace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.write
    with Journal(tmp_path, "run") as open_journal:
        open_journal.record(RUN[0])
        monkeypatch.setattr(os, "write", lambda file, line: real(file, line[: len(line) // 2]))
        with pytest.raises(ReportError, match=r"run\.jsonl: cannot be written: No space left"):
            open_journal.record(RUN[1])
        monkeypatch.setattr(os, "write", real)
        open_journal.record(RUN[2])
        assert list(events(open_journal.path)) == [RUN[0], RUN[2]]
        open_journal.record(RUN[1])


class Disk:
    """A slow disk: the first `fsync` lasts until so many threads have come to record. Counts them all."""

    def __init__(self, open_journal: Journal, waiting: int) -> None:
        self.journal, self.waiting, self.syncs = open_journal, waiting, 0

    def sync(self, _: int) -> None:
        self.syncs += 1
        while len(self.journal._arrived) < self.waiting and self.syncs == 1:
            time.sleep(0.001)


def side_by_side(open_journal: Journal, disk: Disk, notes: list[list[dict[str, Any]]]) -> list[str]:
    """What went wrong for whom, each recorded by a thread of its own, the first before the others."""
    wrong = []

    def record(number: int, note: list[dict[str, Any]]) -> None:
        try:
            open_journal.record(*note)
            kept = list(events(open_journal.path))
            wrong.extend([] if all(one in kept for one in note) else [f"{number}: not on the disk"])
        except ReportError as error:
            wrong.append(f"{number}: {error}")

    threads = [threading.Thread(target=record, args=(number, note)) for number, note in enumerate(notes)]
    for thread in threads:
        thread.start()
        while not disk.syncs:
            time.sleep(0.001)
    for thread in threads:
        thread.join()
    return wrong


def noted(number: int) -> list[dict[str, Any]]:
    return [event(name, "one", index=number) for name in ("operation_finished", "operation_started")]


def test_one_write_serves_all_threads_that_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    open_journal = Journal(tmp_path, "run")
    disk = Disk(open_journal, waiting=9)
    monkeypatch.setattr(os, "fsync", disk.sync)
    assert side_by_side(open_journal, disk, [noted(number) for number in range(9)]) == []
    assert disk.syncs == 2
    kept = list(events(open_journal.path))
    assert sorted((kept[place : place + 2] for place in range(0, 18, 2)), key=str) == [noted(one) for one in range(9)]
    with open_journal.path.open("rb") as file:
        journal.require_whole(file, open_journal.path)


def test_what_cannot_be_written_together_fails_only_who_cannot_be_written_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_journal, real = Journal(tmp_path, "run"), os.write
    disk = Disk(open_journal, waiting=5)
    monkeypatch.setattr(os, "fsync", disk.sync)
    monkeypatch.setattr(os, "write", lambda file, text: real(file, text[:7] if b"large" in text else text))
    notes = [noted(0), noted(1), [event("operation_started", "one", index=2, note="large")], noted(3), noted(4)]
    (wrong,) = side_by_side(open_journal, disk, notes)
    assert wrong.startswith("2: ")
    assert wrong.endswith("No space left on device")
    assert len(list(events(open_journal.path))) == 8
    with open_journal.path.open("rb") as file:
        journal.require_whole(file, open_journal.path)


def test_half_a_surrogate_pair_from_aws_does_not_end_the_run(tmp_path: Path) -> None:
    with Journal(tmp_path, "run") as open_journal:
        for one in RUN:
            open_journal.record({**one, "result": {"text": "\ud800"}} if one["event"] == "operation_answered" else one)
    assert read_json(tmp_path / "run.json")["tasks"][0]["resultObjects"][0] == {"text": "\ud800"}
    assert "\\ud800" in (tmp_path / "run.json").read_text(encoding="utf-8")


def test_an_error_before_the_first_event_is_not_hidden_by_the_empty_journal(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), Journal(tmp_path, "run"):
        raise ZeroDivisionError
    assert not list(tmp_path.glob("*.json"))


def test_two_runs_never_share_a_journal(tmp_path: Path) -> None:
    killed(tmp_path)
    with pytest.raises(ReportError, match="File exists"):
        Journal(tmp_path, "run")


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "report.json"
    write_atomically(path, "old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ReportError, match="No space left"):
        write_atomically(path, "new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


# --- completing ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "step", [pytest.param(1, id="every byte", marks=pytest.mark.sweep), pytest.param(13, id="some")]
)
def test_a_journal_cut_at_any_byte_is_completed_to_what_its_whole_lines_tell(tmp_path: Path, step: int) -> None:
    path = killed(tmp_path, content=lines([begun(("ä", CHAIN)), *done("ä", CHAIN), ended()]))
    whole = path.read_bytes()
    around_lines = {place + near for place, byte in enumerate(whole) if byte == ord("\n") for near in (0, 1, 2)}
    for end in sorted(({*range(0, len(whole), step)} | around_lines) & {*range(len(whole) + 1)}):
        path.write_bytes(whole[:end])
        path.with_suffix(".json").unlink(missing_ok=True)
        kept = whole[:end].count(b"\n")
        assert complete(tmp_path) == ([path.with_suffix(".json")] if kept else [])
        if kept:
            told = [json.loads(line) for line in whole.split(b"\n")[:kept]]
            assert read_json(path.with_suffix(".json")) == report_of(told)


def test_a_tail_of_zeros_after_a_power_cut_is_passed_over(tmp_path: Path) -> None:
    path = killed(tmp_path, content=lines(RUN[:3]) + b"\0" * 100)
    assert list(events(path)) == RUN[:3]


def test_a_completed_record_never_changes(tmp_path: Path) -> None:
    path = killed(tmp_path)
    (written,) = complete(tmp_path)
    before = (written.read_bytes(), written.stat().st_mtime_ns, written.stat().st_ino)
    path.write_bytes(lines(RUN))
    assert complete(tmp_path) == []
    assert (written.read_bytes(), written.stat().st_mtime_ns, written.stat().st_ino) == before


def test_a_living_run_is_left_alone_and_its_report_is_its_own(tmp_path: Path) -> None:
    with Journal(tmp_path, "run") as open_journal:
        for one in RUN[:3]:
            open_journal.record(one)
        assert complete(tmp_path) == []
        open_journal.record(RUN[3])
    assert complete(tmp_path) == []
    assert read_json(tmp_path / "run.json") == report_of(RUN[:4])


def test_a_report_is_written_while_the_lock_is_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = killed(tmp_path)
    real, seen = journal.write_report, []

    def watched(at: Path) -> Path:
        with at.open("rb") as other:
            try:
                fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
                seen.append("free")
            except BlockingIOError:
                seen.append("held")
        return real(at)

    monkeypatch.setattr(journal, "write_report", watched)
    assert complete(tmp_path) == [path.with_suffix(".json")]
    assert seen == ["held"]


@pytest.mark.parametrize(
    ("age_seconds", "is_completed"), [(60, False), (QUIET_SECONDS + 60, True)], ids=["a minute", "an hour"]
)
def test_without_locks_a_journal_counts_as_abandoned_when_it_was_long_quiet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, age_seconds: int, is_completed: bool
) -> None:
    def unsupported(*_: Any) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(fcntl, "flock", unsupported)
    path, then = killed(tmp_path), time.time() - age_seconds
    os.utime(path, (then, then))
    assert bool(complete(tmp_path)) is is_completed


DAMAGED: dict[str, tuple[bytes, str]] = {
    "no JSON in the middle": (lines(RUN[:2]) + b"garbage\n" + lines(RUN[2:]), r"run\.jsonl:3: is not an event"),
    "a list in the middle": (lines(RUN[:2]) + b"[]\n", r"run\.jsonl:3: is not an event"),
    "a line of somebody else": (
        lines(RUN[:2]) + b'{ "event": "task_finished"}\n',
        r"run\.jsonl:3: is not what the run wrote",
    ),
    "another first event": (lines([started("one")]), r"run\.jsonl: does not begin with the start of a run"),
    "a bare first event": (b'{"event":"run_started"}\n', r"run\.jsonl: is not a journal that this version can read"),
    "an unknown task": (lines([RUN[0], started("two")]), r"run\.jsonl: is not a journal that this version can read"),
    "an unknown event": (
        lines([RUN[0], event("blessed", "one")]),
        r"run\.jsonl: is not a journal that this version can read",
    ),
    "nested without end": (lines(RUN[:1]) + b"[" * 100_000 + b"\n", r"run\.jsonl:2: is not an event"),
}


@pytest.mark.parametrize("damage", DAMAGED)
def test_a_damaged_journal_is_named_and_nothing_is_made_up_of_it(tmp_path: Path, damage: str) -> None:
    content, message = DAMAGED[damage]
    killed(tmp_path, content=content)
    with pytest.raises(ReportError, match=message):
        complete(tmp_path)
    assert not list(tmp_path.glob("*.json"))


# --- reading -------------------------------------------------------------------------------------------------------


SNAPSHOT = {
    "format_version": "1.0", "kind": "snapshot", "taken_at": "2026-01-01T00:00:00Z", "digest": "0" * 64, "salt": "0" * 32,
    "accounts": {}, "resources": [], "artifacts": [],
}  # fmt: skip
RESOURCE = {"address": "test/us-west-2/f", "kind": "function", "name": "", "properties": {}, "handle": {}}
FOREIGN: dict[str, tuple[Callable[[], bytes], str]] = {
    "no JSON": (lambda: b"{", "is not JSON"),
    "no UTF-8": (lambda: b"\xff\xfe", "is not JSON"),
    "no object": (lambda: b"[]", "is not a JSON object"),
    "nested without end": (lambda: b"[" * 100_000, "is nested too deeply"),
    "no number": (lambda: b'{"a": NaN}', "NaN is no number"),
    "no document": (lambda: b"{}", "is no document of reconcile, not a snapshot"),
    "another kind": (lambda: json.dumps({**SNAPSHOT, "kind": "plan"}).encode(), "is a plan, not a snapshot"),
    "a newer format": (lambda: json.dumps({**SNAPSHOT, "format_version": "2.0"}).encode(), "format_version 2.0; this version reads 1.x"),
    "no format": (lambda: b'{"kind": "snapshot"}', "format_version missing"),
    "a member too many": (lambda: json.dumps({**SNAPSHOT, "extra": 1}).encode(), "extra"),
    "another kind of resource": (lambda: json.dumps({**SNAPSHOT, "resources": [{**RESOURCE, "kind": "rocket"}]}).encode(), "/resources/0/kind: "),
    "no address": (lambda: json.dumps({**SNAPSHOT, "resources": [{**RESOURCE, "address": "x"}]}).encode(), "/resources/0/address: "),
}  # fmt: skip


@pytest.mark.parametrize("case", FOREIGN)
def test_a_file_from_elsewhere_is_refused_with_its_name_and_the_place(tmp_path: Path, case: str) -> None:
    content, message = FOREIGN[case]
    path = tmp_path / "given.json"
    path.write_bytes(content())
    with pytest.raises(ReportError) as caught:
        load_document(path, "snapshot")
    assert str(caught.value).startswith(f"{path}: ")
    assert message in str(caught.value)


def test_a_whole_snapshot_is_read(tmp_path: Path) -> None:
    path = tmp_path / "given.json"
    path.write_text(json.dumps({**SNAPSHOT, "resources": [RESOURCE]}))
    assert load_document(path, "snapshot")["resources"] == [RESOURCE]


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "LARGEST_BYTES", 2**20)
    path = tmp_path / "given.json"
    path.write_bytes(b" " * (2**20 + 1))
    with pytest.raises(ReportError, match="larger than 1 MiB"):
        load_document(path, "plan")
