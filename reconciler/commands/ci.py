"""What a job of GitHub Actions runs: validate and plan as the commands do, told where a pull request is read.

Annotations at lines, the summary of the job, what later steps take, and plan.json. Outside Actions it says what it would do.
"""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from reconciler.commands import wiring
from reconciler.commands.changed import read
from reconciler.commands.output import has_colour, obeyed, say, show
from reconciler.commands.plan import planned as plan_made
from reconciler.commands.wiring import Choices
from reconciler.core.errors import PlanError, ReconcileError, ReportError, SpecError
from reconciler.core.words import many
from reconciler.files.reading import Unreadable, contents
from reconciler.github import handed_on
from reconciler.github.annotations import Annotation, commands, of_faults, of_plan
from reconciler.github.job import Job, job
from reconciler.report import formats
from reconciler.report.files import write_result
from reconciler.report.formats.json import document_json
from reconciler.report.formats.markdown import inert
from reconciler.report.journal import json_object

LARGEST_EVENT_BYTES = 25 * 2**20  # GitHub sends no larger one
MOST_TOLD = 100  # mistakes in the summary of a job


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
    with told(here):
        workspace = wiring.read(paths)
    specs, targets = len(workspace.specs.documents), len(workspace.specs.specs)
    warnings = [
        Annotation("warning", note.message, note.origin.path, note.origin.line, note.origin.column)
        for note in wiring.warnings(workspace.specs, wiring.now())
        if note.origin
    ]
    annotate(here, warnings)
    summarise(here, f"### {many(specs, 'spec')} valid, {many(targets, 'target')}\n")
    show(f"{many(specs, 'spec')} valid, {many(targets, 'target')}.\n")


def planned(paths: Sequence[Path], output: Path, folder: Path, *, download_code: bool) -> int:
    """Plan the change against its base, tell it, and leave the plan in a file; `folder` is where earlier reports lie. Returns the
    exit code."""
    here = present()
    with told(here):
        choices = Choices(base=here.base if here else "", download_code=download_code)
        workspace = read(paths, base=choices.base, changed_since="", prunes=False)
        made, document = plan_made(workspace, choices, snapshot=None, folder=folder)
    write_result(output, document_json(document))
    show(formats.plan("text", document, formats.View(has_colour(sys.stdout))))
    annotate(here, of_plan(document))
    summarise(here, formats.plan("markdown", document, formats.View(whole_in=str(output))))
    hand_on(here, handed_on.of_plan(document))
    is_refused = any(note.severity == "refusal" for note in made.diagnostics)
    return PlanError.exit_code if is_refused else 0


@contextmanager
def told(here: Job | None) -> Iterator[None]:
    """What ends the command is told where the pull request is read, too."""
    try:
        yield
    except SpecError as error:
        annotate(here, of_faults(error.faults))
        lines = [f"- {inert(fault)}\n" for fault in error.faults[:MOST_TOLD]]
        left = len(error.faults) - len(lines)
        more = f"- and {left} more, in the log of this job\n" if left else ""
        summarise(here, f"### {many(len(error.faults), 'mistake')}\n\n{''.join(lines)}{more}")
        raise
    except ReconcileError as error:
        annotate(here, [Annotation("error", str(error))])
        summarise(here, f"### Nothing was planned\n\n{inert(str(error))}\n")
        raise


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
