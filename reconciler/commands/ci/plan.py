"""`ci plan`: a change against its base, told where it is read, and left in a file for the jobs after it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from reconciler.commands import workspaces
from reconciler.commands.changed import part
from reconciler.commands.ci.telling import annotate, annotating_failures, hand_on, present, summarise, summary_view
from reconciler.commands.document import document as document_of
from reconciler.commands.output import show, view
from reconciler.commands.plan import planned as plan_made
from reconciler.commands.targets import shard
from reconciler.commands.workspaces import Choices, Workspace
from reconciler.core.errors import PlanError, StalePlan
from reconciler.files.repository import repository
from reconciler.github import handed_on
from reconciler.github.annotations import of_plan
from reconciler.github.job import QUEUE, Job
from reconciler.plan.guards import permitted_by
from reconciler.report import formats
from reconciler.report.files import write_result
from reconciler.report.formats.json import document_json
from reconciler.spec.branch import base_of
from reconciler.spec.history import History
from reconciler.spec.lineage import messages_since


def permitted_since(workspace: Workspace, base: str) -> frozenset[int]:
    """The numbers of deletions that the commits of the change allow."""
    return permitted_by(messages_since(repository(Path(workspace.own.path).parent), base)) if base else frozenset()


def planned(
    paths: Sequence[Path], output: Path, folder: Path, name: str, place: tuple[str, str], *, download_code: bool
) -> int:
    """Plan the change against its base, tell it, and leave the plan in a file; `folder` is where earlier reports lie, `place` the shard, if
    it is one. In a merge queue, what no pull request of the workspace `name` has shown is refused. Returns the exit code."""
    from reconciler.commands.ci.evidence import told_by_records  # what asks AWS; `ci validate` needs only the rest
    from reconciler.commands.ci.queue import compared, queued

    here = present()
    with annotating_failures(here, output):
        base = compared_with(here, paths) if here and here.base else ""
        workspace = shard(part(workspaces.read(paths), base=base), *place)
        choices = Choices(base=base, download_code=download_code, permitted=permitted_since(workspace, base))
        queue = queued(here, workspace, name) if here and here.event == QUEUE else None
        known = queue.known if queue else told_by_records(here, workspace, name)
        made, document = plan_made(workspace, choices, snapshot=None, folder=folder, known=known)
        if queue:
            made = compared(made, queue)
            document = document_of(made, workspace)
    write_result(output, document_json(document))
    show(formats.plan("text", document, view()))
    annotate(here, of_plan(document))
    summarise(here, formats.plan("markdown", document, summary_view(str(output))))
    hand_on(here, handed_on.of_plan(document))
    refused = [note.error for note in made.refusals]
    if StalePlan.__name__ in refused:
        return StalePlan.exit_code
    return PlanError.exit_code if refused else 0


def compared_with(here: Job, paths: Sequence[Path]) -> str:
    """The base of the event, or what the forge has merged the change into. Raises GitError."""
    folder = paths[0] if paths[0].is_dir() else paths[0].parent
    return base_of(History(folder), here.base, here.head)
