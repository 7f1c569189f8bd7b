"""What a job of GitHub Actions runs: validate and plan as the commands do, told where a pull request is read.

Annotations at lines, the summary of the job, what later steps take, and plan.json. Outside Actions it says what it would do.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from reconciler.commands import wiring
from reconciler.commands.changed import read
from reconciler.commands.output import error_document, obeyed, say, show, view
from reconciler.commands.plan import planned as plan_made
from reconciler.commands.wiring import Choices
from reconciler.core.errors import PlanError, ReconcileError, ReportError, SpecError
from reconciler.files.reading import Unreadable, contents
from reconciler.github import handed_on
from reconciler.github.annotations import Annotation, commands, of_faults, of_plan
from reconciler.github.job import Job, job
from reconciler.report import formats
from reconciler.report.documents import validation_document
from reconciler.report.files import write_result
from reconciler.report.formats import View
from reconciler.report.formats.json import document_json
from reconciler.report.journal import json_object

LARGEST_EVENT_BYTES = 25 * 2**20  # GitHub sends no larger one


def present() -> Job | None:
    """The job that this process runs in; None outside Actions. Raises ReportError where its event cannot be read."""
    path = os.environ.get("GITHUB_EVENT_PATH", "")
    if os.environ.get("GITHUB_ACTIONS") != "true" or not path:
        return job(os.environ, {})
    try:
        return job(os.environ, json_object(contents(Path(path), LARGEST_EVENT_BYTES), path))
    except Unreadable as error:
        raise ReportError(f"{path}: {error}") from error


def validated(paths: Sequence[Path]) -> None:
    """Check the specs; each mistake stands at its line of the pull request."""
    here = present()
    with annotating_failures(here):
        workspace = wiring.read(paths)
    specs, targets = len(workspace.specs.documents), len(workspace.specs.specs)
    notes = wiring.warnings(workspace.specs, wiring.now())
    warnings = [
        Annotation("warning", note.message, note.origin.path, note.origin.line, note.origin.column)
        for note in notes
        if note.origin
    ]
    annotate(here, warnings)
    document = validation_document(specs, targets, notes)
    summarise(here, formats.of("markdown").validation(document, summary_view()))
    show(formats.of("text").validation(document, view()))


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


@contextmanager
def annotating_failures(here: Job | None) -> Iterator[None]:
    """What ends the command is told where the pull request is read, too."""
    try:
        yield
    except ReconcileError as error:
        annotate(here, of_faults(error.faults) if isinstance(error, SpecError) else [Annotation("error", str(error))])
        summarise(here, formats.of("markdown").error(error_document(error, error.exit_code), summary_view()))
        raise


def summary_view(whole_in: str = "") -> View:
    return replace(view(whole_in), room=formats.SUMMARY_ROOM)


# --- where it goes -------------------------------------------------------------------------------------------------


def annotate(here: Job | None, annotations: Iterable[Annotation]) -> None:
    for line in commands(list(annotations)):
        if here:
            obeyed(line)
        else:
            say(f"would annotate: {line.removeprefix('::')}")


def summarise(here: Job | None, markdown: str) -> None:
    if here and here.summary:
        appended(here.summary, markdown)


def hand_on(here: Job | None, values: Mapping[str, str]) -> None:
    if here is None:
        say(f"would hand on: {', '.join(f'{name}={value}' for name, value in values.items())}")
    elif here.output:
        appended(here.output, handed_on.written(values, f"end-{secrets.token_hex(16)}"))


def appended(path: str, text: Any) -> None:
    """Raises ReportError."""
    try:
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise ReportError(f"{path}: cannot be written: {error.strerror}") from error
