"""How the functions of some specs stand. Reads what a plan reads, and no more; changes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reconciler.commands import wiring
from reconciler.commands.causes import caused
from reconciler.commands.last_applied import last_applied
from reconciler.commands.past import in_bucket, in_folder
from reconciler.commands.workspaces import Choices, Workspace
from reconciler.core.errors import GitError
from reconciler.core.model import Snapshot, Target
from reconciler.core.plans import Plan
from reconciler.report.status import Known, last_runs, status_document

if TYPE_CHECKING:
    from reconciler.aws.client import Aws

MOST_REPORTS = 1000  # of a folder: a function that none of them is about was last touched long ago


@dataclass(frozen=True, slots=True)
class Past:
    """Where earlier reports lie, and whether those in S3 are read as well."""

    folder: Path
    is_fetching: bool


def standing(workspace: Workspace, past: Past) -> dict[str, Any]:
    """The document. Raises AwsError where nothing of it can be read."""
    aws = wiring.connect(workspace.config, workspace.accounts)
    resolved = wiring.with_values(workspace, aws)
    live = wiring.live_snapshot(resolved, aws, wiring.looking(past.folder, Choices()))
    made = wiring.planned(resolved, live, Choices(), aws)
    drift, notes = drifted(resolved, made, live, past, aws)
    addresses = [str(target) for target in {*(planned.target for planned in made.targets), *made.orphans}]
    last = last_runs(reports(resolved, past, aws), addresses)
    return status_document(made, live, resolved.specs.specs, Known(last, drift, notes, workspace.config.freezes))


def reports(workspace: Workspace, past: Past, aws: Aws) -> Iterator[Mapping[str, Any]]:
    """Newest first: those in S3, which all machines leave there, before those of this one."""
    distant = list(in_bucket(workspace, aws)) if past.is_fetching else []
    near = islice(in_folder(past.folder), MOST_REPORTS)
    if not distant:
        return near
    return iter(sorted(chain(distant, near), key=lambda report: str(report["run"]["started_at"]), reverse=True))


def drifted(
    workspace: Workspace, made: Plan, live: Snapshot, past: Past, aws: Aws
) -> tuple[dict[Target, int] | None, tuple[str, ...]]:
    """How much of each function AWS moved since it was last applied, in settings and resources; None, and why, where git cannot tell.
    One that is not there and that no report knows was never made, rather than deleted."""
    known, notes = last_applied(workspace, past.folder, aws if past.is_fetching else None)
    there = {item.key.target for item in live.resources}
    acting = tuple(
        planned
        for planned in made.targets
        if any(action.verb != "none" for action in planned.actions)
        and (planned.target in there or known.commit_of(str(planned.target)))
    )
    if not acting:
        return {}, ()
    try:
        bare = replace(made, targets=acting, diagnostics=())
        explained = caused(workspace, bare, live, Choices(drift=True), known)
    except GitError as error:
        return None, (f"drift is not told apart from edits: {error}",)
    counts = {
        planned.target: sum(len(action.changes) or 1 for action in planned.actions if action.verb != "none")
        for planned in explained.targets
    }
    return counts, tuple(note.message for note in notes)
