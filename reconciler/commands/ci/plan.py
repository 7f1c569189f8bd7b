"""`ci plan`: a change against its base, told where it is read, and left in a file for the jobs after it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from reconciler.commands.changed import read
from reconciler.commands.ci.telling import annotate, annotating_failures, hand_on, present, summarise, summary_view
from reconciler.commands.output import show, view
from reconciler.commands.plan import planned as plan_made
from reconciler.commands.wiring import Choices
from reconciler.core.errors import PlanError
from reconciler.github import handed_on
from reconciler.github.annotations import of_plan
from reconciler.report import formats
from reconciler.report.files import write_result
from reconciler.report.formats.json import document_json


def planned(paths: Sequence[Path], output: Path, folder: Path, *, download_code: bool) -> int:
    """Plan the change against its base, tell it, and leave the plan in a file; `folder` is where earlier reports lie. Returns the
    exit code."""
    here = present()
    with annotating_failures(here):
        choices = Choices(base=here.base if here else "", download_code=download_code)
        workspace = read(paths, base=choices.base, changed_since="", prunes=False)
        made, document = plan_made(workspace, choices, snapshot=None, folder=folder)
    write_result(output, document_json(document))
    show(formats.plan("text", document, view()))
    annotate(here, of_plan(document))
    summarise(here, formats.plan("markdown", document, summary_view(str(output))))
    hand_on(here, handed_on.of_plan(document))
    is_refused = any(note.severity == "refusal" for note in made.diagnostics)
    return PlanError.exit_code if is_refused else 0
