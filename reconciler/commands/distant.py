"""Reports where reconcile.yaml wants them beside the folder of each machine, `reports: s3://…`: put there, fetched, and looked at."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reconciler.aws.bucket import Store, location
from reconciler.commands import workspaces
from reconciler.commands.workspaces import Workspace
from reconciler.core.errors import AwsError, ReportError
from reconciler.report.journal import LARGEST_BYTES, json_object, require_report, write_atomically
from reconciler.report.ours import require_folder

if TYPE_CHECKING:
    from reconciler.aws.client import Aws


def store(workspace: Workspace, aws: Aws) -> Store:
    """S3 by the credentials of the first account that the specs name, or where none of them is chosen, that all of them do."""
    of_all = replace(workspace, specs=replace(workspace.specs, specs=workspace.written))
    place = (workspaces.places(workspace) or workspaces.places(of_all))[0]

    def call(operation: str, params: Mapping[str, Any]) -> Mapping[str, Any]:
        answer = aws.call(place, operation, params, api="s3")
        return {**answer.result, "Date": answer.headers.get("date", "")}

    return call


def keep_reports(workspace: Workspace, aws: Aws, paths: Sequence[Path]) -> None:
    """Copy reports and journals to where reconcile.yaml wants them as well. Raises ReportError, and AwsError where AWS says no."""
    put = store(workspace, aws)
    where = location(workspace.config.reports.rstrip("/"))
    for path in paths:
        for file in (path, path.with_suffix(".jsonl")):
            try:
                put(
                    "PutObject",
                    {"Bucket": where["Bucket"], "Key": f"{where['Key']}/{file.name}", "Body": file.read_bytes()},
                )
            except (AwsError, OSError) as failure:
                error = AwsError if isinstance(failure, AwsError) else ReportError
                said = f"{file} could not be copied to {workspace.config.reports}: {failure}"
                raise error(f"{said}; it stays where it is, copy it yourself once that is mended") from failure


def fetch_reports(workspace: Workspace, aws: Aws, folder: Path, warn: Callable[[str], None]) -> None:
    """Copy the reports that lie in `reports: s3://…` into a folder, for nobody else to read; those that are there already
    stay. What cannot be had, or is no report, is told and left where it is."""
    require_folder(folder)
    get = store(workspace, aws)
    for address in _addresses(workspace, get):
        path = folder / address["Key"].rpartition("/")[2]
        if not os.path.lexists(path):
            try:
                text, _ = _report(get, address)
                write_atomically(path, text.decode())
            except (AwsError, ReportError) as error:
                warn(f"{address['Key']} of {workspace.config.reports} is left out: {error}")


def require_kept(workspace: Workspace) -> None:
    """Raises ReportError where reconcile.yaml names no place for reports."""
    if not workspace.config.reports:
        raise ReportError(
            f"{workspace.config.path} does not say where reports are kept; write `reports: s3://bucket/prefix`"
        )


def newest_reports(workspace: Workspace, aws: Aws) -> Iterator[Mapping[str, Any]]:
    """The reports that lie in `reports: s3://…`, from the newest back, each read when it is asked for; what is none is passed
    over. Raises AwsError."""
    get = store(workspace, aws)
    for address in sorted(_addresses(workspace, get), key=lambda address: address["Key"], reverse=True):
        with suppress(ReportError):
            _, document = _report(get, address)
            yield document


def _addresses(workspace: Workspace, get: Store) -> Iterator[dict[str, str]]:
    where = location(workspace.config.reports.rstrip("/"))
    for key in listed(get, where["Bucket"], f"{where['Key']}/"):
        if key.endswith(".json"):
            yield {"Bucket": where["Bucket"], "Key": key}


def listed(get: Store, bucket: str, prefix: str) -> Iterator[str]:
    """The keys of all objects that lie right there, however many; what lies in folders below has other records. Raises AwsError."""
    token: dict[str, str] = {}
    while True:
        page = get("ListObjectsV2", {"Bucket": bucket, "Prefix": prefix, "Delimiter": "/", **token})
        yield from (item["Key"] for item in page.get("Contents", []))
        if not page.get("IsTruncated"):
            return
        token = {"ContinuationToken": page["NextContinuationToken"]}


def _report(get: Store, address: Mapping[str, Any]) -> tuple[bytes, dict[str, Any]]:
    """One object, as it is and as a document, if it is a report. Raises ReportError, AwsError."""
    name = address["Key"].rpartition("/")[2]
    text = get("GetObject", address)["Body"].read(LARGEST_BYTES + 1)
    if len(text) > LARGEST_BYTES:
        raise ReportError(f"{name}: is larger than {LARGEST_BYTES // 2**20} MiB, so it is not read")
    document = json_object(text, name)
    require_report(document, Path(name))
    return text, document
