"""The records of earlier runs in a folder of reports, newest first: each report is read when it is asked for.

A report's name begins with the moment when its run began, so that names tell the order, and what is too old is not opened.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from reconciler.core.errors import ReportError
from reconciler.files.reading import UnreadableFile, contents
from reconciler.report.journal import LARGEST_BYTES, json_object, require_report
from reconciler.report.ours import require_folder

STAMP = "%Y%m%dT%H%M%S%fZ"
STAMPED = re.compile(r"\d{8}T\d{12}Z-")
MOST_GUESSED = 1000  # reports whose tasks an unknown id is compared with

Broken = Callable[[ReportError], None]


@dataclass(frozen=True, slots=True)
class Record:
    """A task with the run that it belongs to; older reports do not tell of theirs."""

    task: Mapping[str, Any]
    run: Mapping[str, Any]

    @property
    def run_name(self) -> str:
        """What the runs of all shards have in common that are one, else the run's own id."""
        return str(self.run.get("group") or self.run.get("id", ""))


def raised(error: ReportError) -> None:
    raise error


def reports(
    folder: Path,
    broken: Broken = raised,
    *,
    since: datetime | None = None,
    holding: str = "",
    counts: Callable[[Path], bool] = lambda _: True,
) -> Iterator[Mapping[str, Any]]:
    """The reports of a folder, newest first: those of runs that began since a moment, those that hold a text, those that count. `broken` is
    told of each file that cannot be read. Raises ReportError."""
    require_folder(folder)
    oldest = since.astimezone(UTC).strftime(STAMP) if since else ""
    for name in sorted(_names(folder), reverse=True):
        if STAMPED.match(name) and name < oldest:
            continue
        path = folder / name
        try:
            text = contents(path, LARGEST_BYTES)
            document = json_object(text, str(path)) if holding.encode() in text and counts(path) else {}
            if document.get("kind") == "report":
                require_report(document, path)
                yield document
        except UnreadableFile as error:
            broken(ReportError(f"{path}: {error}"))
        except ReportError as error:
            broken(error)


def _names(folder: Path) -> list[str]:
    """Those of a folder's documents; none where there is no folder. Raises ReportError."""
    try:
        return [name for name in os.listdir(folder) if name.endswith(".json")]  # noqa: PTH208  paths take longer to sort
    except FileNotFoundError:
        return []
    except OSError as error:
        raise ReportError(f"{folder}: cannot be read: {error.strerror}") from error


def records(
    folder: Path, broken: Broken = raised, *, since: datetime | None = None, holding: str = ""
) -> Iterator[Record]:
    """The tasks of those reports; of one report the last first."""
    for report in reports(folder, broken, since=since, holding=holding):
        run = report["run"] if isinstance(report.get("run"), dict) else {}
        for task in reversed(report["tasks"]):
            begun_ms = task["startTimeMs"]
            if since is None or begun_ms is None or begun_ms >= since.timestamp() * 1000:
                yield Record(task, run)


def run_named(folder: Path, word: str, broken: Broken = raised) -> str:
    """The name of the run that has this id, or of which a shard has it. Raises ReportError."""
    for record in records(folder, broken, holding=word):
        if word in (record.run.get("id"), record.run.get("group")):
            return record.run_name
    raise ReportError(f"{folder}: there is no run {word}; `reconcile tasks --report-dir {folder}` names them")


def task(folder: Path, identifier: str, broken: Broken = raised) -> Mapping[str, Any]:
    """The task whose id is, or alone begins with, `identifier`. Only reports that hold it are looked at. Raises ReportError."""
    matches = dict[str, Mapping[str, Any]]()
    for record in records(folder, broken, holding=identifier):
        name = record.task["id"]
        if name == identifier:
            return record.task
        if name.startswith(identifier):
            matches[name] = record.task
    if len(matches) == 1:
        return next(iter(matches.values()))
    raise ReportError(
        f"{folder}: {_which(folder, identifier, sorted(matches), broken)} `reconcile tasks --report-dir {folder}` lists them"
    )


def _which(folder: Path, identifier: str, matches: list[str], broken: Broken) -> str:
    """Why an identifier names no task, and which ones it may mean."""
    if matches:
        return f"{len(matches)} tasks have an id that begins with {identifier}: {', '.join(matches[:3])}{', …' if matches[3:] else ''};"
    known = [task["id"] for report in islice(reports(folder, broken), MOST_GUESSED) for task in report["tasks"]]
    near = " or ".join(difflib.get_close_matches(identifier, known, n=3))
    return f"there is no task {identifier};{f' did you mean {near}?' if near else ''}"
