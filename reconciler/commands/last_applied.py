"""What was last applied, by the reports that can be had: those of runs of ours in a folder, and those that lie in S3."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reconciler.commands.distant import newest_reports
from reconciler.commands.workspaces import Workspace
from reconciler.core.errors import AwsError
from reconciler.core.finding import Rule
from reconciler.core.plans import Diagnostic
from reconciler.report.applied import Applied, applied
from reconciler.report.journal import has_form
from reconciler.report.schemas import REPORT
from reconciler.report.sent import documents

if TYPE_CHECKING:
    from reconciler.aws.client import Aws

MOST_REPORTS = 100  # of those in S3: beyond them, what was last applied counts as unknown
READS_REPORTS = Rule(
    "W211", "With --drift, the reports in `reports: s3://…` are read, for they say what was last applied."
)


def last_applied(workspace: Workspace, folder: Path, aws: Aws | None) -> tuple[Applied, tuple[Diagnostic, ...]]:
    """By the reports of a folder and, where `aws` is there to be asked, of the bucket that reconcile.yaml names; with a note where that
    cannot be read."""
    found, notes = list(documents(folder)), tuple[Diagnostic, ...]()
    if aws is not None and workspace.config.reports:
        try:
            found += until_whole(newest_reports(workspace, aws))
        except AwsError as error:
            message = (
                f"{workspace.config.reports} cannot be read, so what is not applied yet may count as drift: {error}"
            )
            notes = (READS_REPORTS.cited(Diagnostic("note", message)),)
    return applied(found), notes


def until_whole(reports: Iterator[Mapping[str, Any]], place: str = "") -> Iterator[Mapping[str, Any]]:
    """Reports from the newest back to one that speaks of every target, or of every one of a place."""
    for report in islice((report for report in reports if has_form(report, REPORT)), MOST_REPORTS):
        yield report
        if applied([report], place).whole:
            return
