"""The reports of earlier runs that can be had: those of runs of ours in a folder, and, where they are asked for, those in S3."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reconciler.commands.distant import newest_reports, require_kept
from reconciler.commands.last_applied import MOST_REPORTS
from reconciler.commands.workspaces import Workspace
from reconciler.core.errors import ReportError
from reconciler.report import records
from reconciler.report.journal import has_form
from reconciler.report.ours import is_of_ours
from reconciler.report.schemas import REPORT

if TYPE_CHECKING:
    from reconciler.aws.client import Aws


def in_folder(folder: Path, holding: str = "") -> Iterator[Mapping[str, Any]]:
    """The reports that runs of ours left in a folder, newest first, those that hold a text; what cannot be read is none."""
    found = records.reports(folder, _passed, holding=holding, counts=is_of_ours)
    return (report for report in found if has_form(report, REPORT))


def in_bucket(workspace: Workspace, aws: Aws) -> Iterator[Mapping[str, Any]]:
    """The newest of those that lie in `reports: s3://…`. Raises AwsError, and ReportError where reconcile.yaml names no such place."""
    require_kept(workspace)
    found = newest_reports(workspace, aws)
    return (report for report in islice(found, MOST_REPORTS) if has_form(report, REPORT))


def _passed(_: ReportError) -> None:
    """What is no report tells nothing."""
