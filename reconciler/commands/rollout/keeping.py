"""Where the records of rollouts are kept: in the folder of reports, and in `reports: s3://…`. What cannot be kept is told, and changes
nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from reconciler.aws import bucket
from reconciler.commands.distant import listed, store
from reconciler.commands.new_files import require_folders
from reconciler.commands.output import warn
from reconciler.commands.workspaces import Workspace
from reconciler.core.errors import AwsError, CallFailed, GitError, ReportError
from reconciler.report import rollout_record
from reconciler.report.formats.json import document_json
from reconciler.report.journal import LARGEST_BYTES, has_form, json_object, read_json, write_atomically
from reconciler.report.ours import require_folder
from reconciler.report.rollout_record import By
from reconciler.report.rollout_schemas import ROLLOUT
from reconciler.report.rollouts import Told
from reconciler.rollout.marker import told

if TYPE_CHECKING:
    from reconciler.aws.client import Aws
    from reconciler.commands.apply import Orders, Session

MOST_TRIES = 3  # to write what others write as well


class Records(Protocol):
    """Raises ReportError and AwsError."""

    def names(self, folder: str) -> list[str]:
        """Of the records in a folder, the newest first."""

    def read(self, name: str) -> tuple[Mapping[str, Any] | None, str]:
        """A record, None where there is none; and what tells whether it is another by the time it is written."""

    def write(self, name: str, record: Mapping[str, Any], tag: str) -> bool:
        """Whether it was still the one that was read."""


class InFolder:
    """Of one machine."""

    def __init__(self, folder: Path) -> None:
        require_folder(folder)
        self._folder = folder

    def names(self, folder: str) -> list[str]:
        try:
            return rollout_record.newest_first(path.name for path in (self._folder / folder).iterdir())
        except OSError:
            return []

    def read(self, name: str) -> tuple[Mapping[str, Any] | None, str]:
        path = self._folder / name
        return (checked(read_json(path), name) if path.exists() else None), ""

    def write(self, name: str, record: Mapping[str, Any], tag: str) -> bool:
        require_folders(self._folder, name)
        write_atomically(self._folder / name, document_json(record))
        return True


class InBucket:
    """Of all machines: of two that write at once the second one reads again."""

    def __init__(self, workspace: Workspace, aws: Aws) -> None:
        self._call, self._where = store(workspace, aws), bucket.location(workspace.config.reports.rstrip("/"))

    def _address(self, name: str) -> dict[str, str]:
        return {"Bucket": self._where["Bucket"], "Key": f"{self._where['Key']}/{name}"}

    def names(self, folder: str) -> list[str]:
        prefix = f"{self._where['Key']}/{folder}/"
        keys = listed(self._call, self._where["Bucket"], prefix)
        return rollout_record.newest_first(key.removeprefix(prefix) for key in keys)

    def read(self, name: str) -> tuple[Mapping[str, Any] | None, str]:
        try:
            answer = self._call("GetObject", self._address(name))
        except CallFailed as failure:
            if failure.code in bucket.NO_OBJECT:
                return None, ""
            raise
        return checked(json_object(answer["Body"].read(LARGEST_BYTES + 1), name), name), str(answer["ETag"])

    def write(self, name: str, record: Mapping[str, Any], tag: str) -> bool:
        condition = {"IfMatch": tag} if tag else {"IfNoneMatch": "*"}
        body = {"Body": document_json(record).encode(), "ContentType": "application/json"}
        try:
            self._call("PutObject", {**self._address(name), **body, **condition})
        except CallFailed as failure:
            if failure.code in (*bucket.TAKEN, *bucket.NO_OBJECT):
                return False
            raise
        return True


def checked(document: dict[str, Any], name: str) -> Mapping[str, Any]:
    """Raises ReportError for what is no record."""
    if not has_form(document, ROLLOUT):
        raise ReportError(f"{name}: is no record of a rollout that this version can read; move it elsewhere")
    return document


def places(workspace: Workspace, aws: Aws, folder: Path, *, is_fetching: bool = True) -> Iterator[Records]:
    """Where records are kept."""
    yield InFolder(folder)
    if is_fetching and workspace.config.reports:
        yield InBucket(workspace, aws)


def kept(workspace: Workspace, session: Session, orders: Orders, items: Sequence[Told]) -> tuple[Told, ...]:
    """What was told, on record, with what is known of each from earlier ticks."""
    by = By(session.run_id, orders.command, commit(workspace) if items else "")
    return tuple(_kept(workspace, session.aws, orders.folder, item, by) if item.recorded else item for item in items)


def _kept(workspace: Workspace, aws: Aws, folder: Path, item: Told, by: By) -> Told:
    past: tuple[Mapping[str, Any], ...] = ()
    try:
        for records in places(workspace, aws, folder):
            past = max(past, rollout_record.history(_with_tick(records, item, by)), key=len)
    except (ReportError, AwsError) as error:
        warn(f"the record of {item.one.key} could not be kept: {error}")
    return replace(item, history=past)


def _with_tick(records: Records, item: Told, by: By) -> Mapping[str, Any]:
    """The record with this tick. Raises ReportError where others write it again and again."""
    assert item.recorded
    name = f"{rollout_record.folder_of(item.one.key)}/{rollout_record.name_of(item.recorded)}"
    for _ in range(MOST_TRIES):
        before, tag = records.read(name)
        record = rollout_record.ticked(before or rollout_record.begun(item, by), item, by)
        if records.write(name, record, tag):
            if before is None:
                _supersede(records, item, name)
            return record
    raise ReportError(f"{name}: others write it at the same time")


def _supersede(records: Records, item: Told, name: str) -> None:
    """What was open when another one began is over."""
    folder = rollout_record.folder_of(item.one.key)
    for other in records.names(folder)[:MOST_TRIES]:
        path = f"{folder}/{other}"
        before, tag = records.read(path) if path != name else (None, "")
        if before and before["ended"] is None:
            records.write(path, rollout_record.superseded(before, told(item.one.now)), tag)


def histories(workspace: Workspace, aws: Aws, folder: Path, items: Iterable[Told], *, is_fetching: bool) -> list[Told]:
    """What records tell of each, as far as they can be read."""
    stores = list(places(workspace, aws, folder, is_fetching=is_fetching))
    return [replace(item, history=max((_history(store, item) for store in stores), key=len)) for item in items]


def _history(records: Records, item: Told) -> tuple[Mapping[str, Any], ...]:
    """Of one that was rejected the marker does not tell when it began."""
    folder, candidate = rollout_record.folder_of(item.one.key), item.one.marker.candidate
    with suppress(ReportError, AwsError):
        names = [rollout_record.name_of(item.recorded)] if item.recorded else records.names(folder)
        name = next((name for name in names if name.endswith(f"-{candidate}.json")), "")
        record = records.read(f"{folder}/{name}")[0] if name else None
        return rollout_record.history(record) if record else ()
    return ()


def commit(workspace: Workspace) -> str:
    """Of a clean tree; empty where there is none, or no git."""
    from reconciler.spec.history import provenance

    with suppress(GitError):
        found = provenance(Path(workspace.own.path).parent)
        return "" if found["dirty"] else str(found["commit"] or "")
    return ""
