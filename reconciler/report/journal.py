"""The journal of a run: one JSON event a line, on the disk before anything else happens; the report made of it; and documents read back.

A writer holds a lock on its journal for as long as it lives, so that nobody completes the report of a run under way.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, TypeAlias

from reconciler.core.errors import ReportError
from reconciler.files.reading import UnreadableFile, contents
from reconciler.report.fold import report_of
from reconciler.report.formats.json import document_json
from reconciler.report.ours import CHAIN, beginning, chained, encoded, journals, line_of, linked, require_folder
from reconciler.report.schemas import TASK

QUIET_SECONDS = 3600  # without locks: far longer than one call and the waiting for it can take
DAMAGED = "what is damaged cannot be reported: move the journal elsewhere"
FORMS: Mapping[str, tuple[type, ...]] = {
    "string": (str,), "object": (dict,), "array": (list,), "boolean": (bool,), "integer": (int,), "number": (int, float),
    "null": (type(None),),
}  # fmt: skip
Warn: TypeAlias = Callable[[str], None]
MOST_LEVELS = 200  # twice what a function's answer in a report may have
LARGEST_BYTES = 128 * 2**20  # of a file from elsewhere; a snapshot of 10,000 functions has a fifth of that


@dataclass(slots=True, eq=False)
class _Entry:
    """What one thread records together, and how that ended."""

    lines: list[bytes]
    is_written: bool = False
    error: OSError | None = None


class Journal:
    """Appends events; `close` writes the report beside it. Safe to share between threads: what several record at the same
    moment goes to the disk together."""

    def __init__(self, folder: Path, name: str) -> None:
        self.path = folder / f"{name}.jsonl"
        self._writing, self._arriving = threading.Lock(), threading.Lock()
        self._arrived: list[_Entry] = []
        self._size = 0
        require_folder(folder)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._file = os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_APPEND, 0o600)
        except OSError as error:
            raise ReportError(f"{self.path}: cannot be written: {error.strerror}") from error
        self._link = beginning(self._file)
        is_locked(self._file, waiting=True)
        sync_folder(folder)

    def record(self, *events: Mapping[str, Any]) -> None:
        """These events, on the disk when this returns. Raises ReportError, and then no part of them is in the journal."""
        entry = _Entry([line_of(event) for event in events])
        with self._arriving:
            self._arrived.append(entry)
        with self._writing:  # whoever comes first writes for all that wait behind
            if not entry.is_written:
                self._write_arrived()
        if entry.error:
            raise ReportError(f"{self.path}: cannot be written: {entry.error.strerror}") from entry.error

    def _write_arrived(self) -> None:
        """What cannot be written together is tried one by one, so that nothing fails for another's sake."""
        with self._arriving:
            entries = list(self._arrived)
        if len(entries) == 1 or self._append(entries):
            for entry in entries:
                entry.error = self._append([entry])
        for entry in entries:
            entry.is_written = True
        with self._arriving:
            del self._arrived[: len(entries)]

    def _append(self, entries: list[_Entry]) -> OSError | None:
        text, link = chained((line for entry in entries for line in entry.lines), self._link)
        try:
            append(self._file, text)
        except OSError as error:
            with contextlib.suppress(OSError):
                os.ftruncate(self._file, self._size)
            return error
        self._size += len(text)
        self._link = link
        return None

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
        if self._size:
            self.close()
        else:  # nothing was begun, so there is nothing to report; what went wrong is already on its way up
            os.close(self._file)


def append(file: int, line: bytes) -> None:
    """One write, on the disk when this returns. Raises OSError, also when the disk took only a part."""
    if os.write(file, line) != len(line):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    os.fsync(file)


def is_locked(file: int, *, waiting: bool) -> bool | None:
    """Take the lock of an open file until it is closed. False: a living process has it. None: there are no locks here,
    as on Windows and on some network file systems."""
    try:
        import fcntl
    except ImportError:
        return None
    try:
        fcntl.flock(file, fcntl.LOCK_EX if waiting else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


def sync_folder(folder: Path) -> None:
    """Make a new name last through a power cut, where the file system can."""
    with contextlib.suppress(OSError):
        opened = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)


def events(path: Path) -> Iterator[dict[str, Any]]:
    """A journal's events; a last line that a kill tore off is passed over. Raises ReportError with the line's number."""
    try:
        with path.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                if not line.endswith(b"\n"):
                    return
                yield _event(line, f"{path}:{number}")
    except OSError as error:
        raise ReportError(f"{path}: cannot be read: {error.strerror}") from error


def _event(line: bytes, where: str) -> dict[str, Any]:
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):
        event = None
    if not isinstance(event, dict):
        raise ReportError(f"{where}: is not an event; {DAMAGED}")
    event.pop(CHAIN, None)
    return event


def require_whole(journal: BinaryIO, path: Path) -> None:
    """Raises ReportError for a line of a journal of ours that its run did not write."""
    journal.seek(0)
    before = beginning(journal.fileno())
    for number, line in enumerate(journal, 1):
        if not line.endswith(b"\n"):
            return
        _event(line, f"{path}:{number}")
        before = linked(line, before)
        if not before:
            raise ReportError(f"{path}:{number}: is not what the run wrote; {DAMAGED}")


def write_report(journal: Path) -> Path:
    """The report of a journal, written whole or not at all. Raises ReportError."""
    path = journal.with_suffix(".json")
    try:
        report = report_of(events(journal))
    except (LookupError, TypeError, ValueError) as error:
        raise ReportError(f"{journal}: is not a journal that this version can read; move it elsewhere") from error
    except ReportError as error:
        raise error if str(journal) in str(error) else ReportError(f"{journal}: {error}") from error
    write_atomically(path, document_json(report))
    return path


def write_atomically(path: Path, text: str, *, mode: int = 0o600) -> None:
    """`text` in `path`, on the disk, or the file as it was. Raises ReportError."""
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", delete=False) as file:
            temporary = Path(file.name)
            file.write(encoded(text))
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(mode)
        temporary.replace(path)
    except OSError as error:
        if temporary:
            temporary.unlink(missing_ok=True)
        raise ReportError(f"{path}: cannot be written: {error.strerror}") from error
    sync_folder(path.parent)


def complete(folder: Path, warn: Warn = lambda _: None) -> list[Path]:
    """Write the report of every journal of ours that has none and no living writer. Returns the reports written; journals
    that are not ours are named, and left alone."""
    require_folder(folder)
    written = []
    for path, file in journals(folder):
        if file is None:
            warn(f"{path}: is not the journal of a run of this user on this machine, so it is left alone")
        elif _is_completed_now(path, file):
            written.append(path.with_suffix(".json"))
    return written


def _is_completed_now(path: Path, journal: BinaryIO) -> bool:
    """The journal's lock is held from the look to the report, so that nobody else writes the same one meanwhile."""
    if not _is_abandoned(journal.fileno()) or path.with_suffix(".json").exists():
        return False
    journal.seek(0)
    if not journal.readline().endswith(b"\n"):
        return False  # killed before its first event was whole: nothing was planned, nothing done
    require_whole(journal, path)
    write_report(path)
    return True


def _is_abandoned(journal: int) -> bool:
    locked = is_locked(journal, waiting=False)
    return time.time() - os.fstat(journal).st_mtime > QUIET_SECONDS if locked is None else locked


def require_report(document: Mapping[str, Any], path: Path) -> None:
    """Raises ReportError. What lists tasks relies on is checked, and no more: validating every report ever written would
    cost seconds at each look."""
    if not has_form(document.get("tasks"), {"type": "array", "items": TASK}):
        raise ReportError(f"{path}: is not a report that this version can read; move it elsewhere")


def has_form(value: Any, schema: Mapping[str, Any]) -> bool:
    """Whether a value has the types and the members that a schema of ours asks for, all the way down."""
    if "anyOf" in schema:
        return any(has_form(value, part) for part in schema["anyOf"])
    if "type" in schema:
        names = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        if type(value) not in {form for name in names for form in FORMS[name]}:
            return False
    if isinstance(value, list):
        return all(has_form(item, schema.get("items", {})) for item in value)
    if not isinstance(value, dict):
        return True
    known = schema.get("properties", {})
    return set(schema.get("required", ())) <= set(value) and all(
        has_form(value[name], part) for name, part in known.items() if name in value
    )


def read_json(path: Path) -> dict[str, Any]:
    """The JSON object in a regular file of a size that can be meant. Raises ReportError."""
    try:
        text = contents(path, LARGEST_BYTES)
    except UnreadableFile as error:
        raise ReportError(f"{path}: {error}") from error
    return json_object(text, str(path))


def json_object(text: bytes, name: str) -> dict[str, Any]:
    """The JSON object in a text from elsewhere. Raises ReportError."""
    try:
        document = json.loads(text.decode("utf-8"), parse_constant=_no_number)
    except ValueError as error:
        raise ReportError(f"{name}: is not JSON: {error}") from error
    except RecursionError as error:
        raise ReportError(f"{name}: is nested too deeply") from error
    if not isinstance(document, dict):
        raise ReportError(f"{name}: is not a JSON object")
    if is_deeper(document, MOST_LEVELS):
        raise ReportError(f"{name}: is nested too deeply")
    return document


def is_deeper(value: Any, levels: int) -> bool:
    """Whether maps and lists are nested in more levels: whoever walks through a document needs the stack for each."""
    level = [value]
    for _ in range(levels):
        held = [item.values() if isinstance(item, dict) else item for item in level]
        level = [part for parts in held for part in parts if isinstance(part, dict | list)]
    return bool(level)


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no number")


def load_document(path: Path, kind: str) -> dict[str, Any]:
    """A document of ours, checked against its schema. Raises ReportError saying what is wrong and where."""
    return checked(read_json(path), str(path), kind)


def checked(document: dict[str, Any], path: str, kind: str) -> dict[str, Any]:
    """The document, if it is one of ours of this kind; `path` is what errors call it. Raises ReportError."""
    from reconciler.files import validation  # jsonschema is needed only here

    actual = document.get("kind")
    version = str(document.get("format_version", ""))
    if actual != kind:
        raise ReportError(f"{path}: is {f'a {actual}' if actual else 'no document of reconcile'}, not a {kind}")
    if version.partition(".")[0] != "1":
        raise ReportError(
            f"{path}: has format_version {version or 'missing'}; this version reads 1.x: write the {kind} anew"
        )
    wrong = validation.findings(document, kind)
    if wrong:
        pointer, message, _ = wrong[0]
        raise ReportError(f"{path}: {pointer or '/'}: {message}")
    return document
