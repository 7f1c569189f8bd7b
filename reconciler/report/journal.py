"""The journal of a run: one JSON event a line, on the disk before anything else happens; and the reports made of it.

A writer holds a lock on its journal for as long as it lives, so that nobody completes the report of a run under way.
"""

from __future__ import annotations

import fcntl
import json
import os
import tempfile
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from reconciler.errors import ReportError
from reconciler.report.fold import report_of


class Journal:
    """Appends events; `close` writes the report beside it. Safe to share between threads."""

    def __init__(self, folder: Path, name: str) -> None:
        self.path = folder / f"{name}.jsonl"
        self._lock = threading.Lock()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._file = os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_APPEND, 0o600)
        except OSError as error:
            raise ReportError(f"{self.path}: cannot be written: {error.strerror}") from error
        fcntl.flock(self._file, fcntl.LOCK_EX)

    def record(self, event: Mapping[str, Any]) -> None:
        """One event, on the disk when this returns."""
        line = json.dumps(event, separators=(",", ":"), ensure_ascii=False, default=str).encode() + b"\n"
        with self._lock:
            os.write(self._file, line)
            os.fsync(self._file)

    def close(self) -> Path:
        """Make the report and let go of the journal."""
        try:
            return write_report(self.path)
        finally:
            os.close(self._file)

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def events(path: Path) -> Iterator[dict[str, Any]]:
    """A journal's events; a last line that a kill tore off is passed over."""
    with path.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            if not line.endswith("\n"):
                return
            yield json.loads(line)


def write_report(journal: Path) -> Path:
    """The report of a journal, written whole or not at all."""
    path = journal.with_suffix(".json")
    write_atomically(path, json.dumps(report_of(events(journal)), indent=2, ensure_ascii=False) + "\n")
    return path


def write_atomically(path: Path, text: str) -> None:
    """`text` in `path`, on the disk, or the file as it was. Raises ReportError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, prefix=".", delete=False) as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(file.name).replace(path)
    except OSError as error:
        raise ReportError(f"{path}: cannot be written: {error.strerror}") from error


def complete(folder: Path) -> list[Path]:
    """Write the report of every journal that has none and no living writer. Returns the reports written."""
    written = []
    for journal in sorted(folder.glob("*.jsonl")):
        if journal.with_suffix(".json").exists():
            continue
        with journal.open("rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                continue
            if not file.readline().endswith(b"\n"):
                continue  # killed before its first event was whole: nothing was planned, nothing done
        written.append(write_report(journal))
    return written


def reports(folder: Path) -> list[dict[str, Any]]:
    """All reports of a folder, oldest first. Raises ReportError naming the file that cannot be read."""
    return [read_json(path) for path in sorted(folder.glob("*.json"))]


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object in a file. Raises ReportError."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ReportError(f"{path}: cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise ReportError(f"{path}: is not JSON: {error}") from error
    if not isinstance(document, dict):
        raise ReportError(f"{path}: is not a JSON object")
    return document


def tasks(folder: Path) -> list[dict[str, Any]]:
    """The tasks of all reports, oldest first."""
    return [task for report in reports(folder) if report.get("kind") == "report" for task in report["tasks"]]


def task(folder: Path, identifier: str) -> dict[str, Any]:
    """The task whose id is, or alone begins with, `identifier`. Raises ReportError."""
    found = [one for one in tasks(folder) if one["id"].startswith(identifier)]
    exact = [one for one in found if one["id"] == identifier]
    if len(exact or found) == 1:
        return (exact or found)[0]
    what = f"{len(found)} tasks have an id that begins with" if found else "there is no task"
    raise ReportError(f"{folder}: {what} {identifier}; `reconcile tasks --report-dir {folder}` lists them")


def load_document(path: Path, kind: str) -> dict[str, Any]:
    """A document of ours, checked against its schema. Raises ReportError saying what is wrong and where."""
    from reconciler import validation  # jsonschema is needed only here

    document = read_json(path)
    found = document.get("kind")
    version = str(document.get("format_version", ""))
    if found != kind:
        raise ReportError(f"{path}: is {f'a {found}' if found else 'no document of reconcile'}, not a {kind}")
    if version.partition(".")[0] != "1":
        raise ReportError(
            f"{path}: has format_version {version or 'missing'}; this version reads 1.x: write the {kind} anew"
        )
    wrong = validation.findings(document, kind)
    if wrong:
        pointer, message, _ = wrong[0]
        raise ReportError(f"{path}: {pointer or '/'}: {message}")
    return document
