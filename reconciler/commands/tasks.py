"""Task records of all reports: completed, fetched where they lie in a bucket, listed, or one of them."""

from __future__ import annotations

from pathlib import Path

from reconciler.commands import wiring
from reconciler.commands.distant import fetch_reports
from reconciler.commands.output import warn
from reconciler.core.errors import ReportError
from reconciler.report import journal
from reconciler.report.formats.json import document_json
from reconciler.report.formats.text import task_text, tasks_text


def records_text(path: Path | None, folder: Path, identifier: str | None, form: str | None) -> str:
    """All records, or one, as text or JSON: a list is text and one record JSON, unless told. Of `path` the reports in
    `reports: s3://…` are fetched first."""
    if path:
        fetch_reports_of(path, folder)
    if not folder.is_dir():
        raise ReportError(f"{folder}: there is no such folder; `reconcile apply` writes reports")
    journal.complete(folder, warn)

    broken: list[ReportError] = []
    records = journal.tasks(folder, broken.append)
    if broken and not records:
        raise broken[0]
    for error in broken:
        warn(str(error))
    if identifier:
        task = journal.named(records, identifier, folder)
        return task_text(task) if form == "text" else document_json(task)
    return document_json(records) if form == "json" else tasks_text(records)


def fetch_reports_of(path: Path, folder: Path) -> None:
    workspace = wiring.read([path])
    if not workspace.config.reports:
        raise ReportError(
            f"{workspace.config.path} does not say where reports are kept; write `reports: s3://bucket/prefix`"
        )
    fetch_reports(workspace, wiring.connect(workspace.config, workspace.accounts), folder, warn)
