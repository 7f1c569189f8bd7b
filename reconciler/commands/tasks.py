"""Task records of all reports: completed, fetched where they lie in a bucket, listed newest first, or one of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from reconciler.commands import wiring, workspaces
from reconciler.commands.distant import fetch_reports, require_kept
from reconciler.commands.output import warn
from reconciler.core.errors import ReportError
from reconciler.core.model import Target
from reconciler.report import journal, records
from reconciler.report.records import Record
from reconciler.spec.selection import matches, unknown

MOST_PARTS = 3  # of a place: account, region, and the kind of what is no function


@dataclass(frozen=True, slots=True)
class Filters:
    """Which tasks: of functions that a word means, failed ones, no more than `newest`, of runs since a moment, of one run with all
    its shards."""

    function: str = ""
    is_failed: bool = False
    newest: int | None = None
    since: datetime | None = None
    run: str = ""

    def fits(self, record: Record) -> bool:
        is_asked_for = not self.function or matches(self.function, target_of(record))
        return is_asked_for and (not self.is_failed or record.task["status"]["failed"])


def target_of(record: Record) -> Target:
    """What a task is of; of an address that is none, what no word means."""
    *place, name = record.task["target"].split("/", MOST_PARTS)
    return Target(place[0], place[1], name, *place[2:]) if len(place) > 1 else Target("", "", "")


def listed(folder: Path, filters: Filters) -> Iterator[Record]:
    """The tasks, newest first, each read when it is asked for. Files that cannot be read are told; raises ReportError where there is
    nothing but those."""
    require_records(folder)
    broken = list[ReportError]()

    def told(error: ReportError) -> None:
        broken.append(error)
        warn(str(error))

    run = records.run_named(folder, filters.run, told) if filters.run else ""
    found = records.records(folder, told, since=filters.since, holding=run)
    of_run = (record for record in found if run in ("", record.run_name))
    is_empty, targets = True, set[Target]()
    for record in islice(_fitting(of_run, filters, targets), filters.newest):
        is_empty = False
        yield record
    if is_empty and broken:
        raise broken[0]
    if targets and not any(matches(filters.function, target) for target in targets):
        warn(unknown(filters.function, targets, "no task is of"))


def _fitting(found: Iterable[Record], filters: Filters, targets: set[Target]) -> Iterator[Record]:
    """Those that fit; where a function is asked for, what all of them are of is kept."""
    for record in found:
        if filters.function:
            targets.add(target_of(record))
        if filters.fits(record):
            yield record


def one(folder: Path, identifier: str) -> Mapping[str, Any]:
    """The task of this id, or whose id alone begins so. Raises ReportError."""
    require_records(folder)
    broken = list[ReportError]()
    try:
        return records.task(folder, identifier, broken.append)
    except ReportError:
        for message in dict.fromkeys(map(str, broken)):
            warn(message)
        raise


def require_records(folder: Path) -> None:
    """Reports of all runs that have ended. Raises ReportError."""
    if not folder.is_dir():
        raise ReportError(f"{folder}: there is no such folder; `reconcile apply` writes reports")
    journal.complete(folder, warn)


def fetch_reports_of(path: Path, folder: Path) -> None:
    """Fetch what lies in the `reports: s3://…` of a folder of specs. Raises ReportError."""
    workspace = workspaces.read([path])
    require_kept(workspace)
    fetch_reports(workspace, wiring.connect(workspace.config, workspace.accounts), folder, warn)
