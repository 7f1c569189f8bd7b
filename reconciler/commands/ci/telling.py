"""Where a job of GitHub Actions tells what it has to tell: annotations at lines, the job's summary, what later steps take.

Outside Actions it says what it would do.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from reconciler.commands.output import error_document, messages, obeyed, say, view
from reconciler.core.errors import ForgeError, ReconcileError, ReportError, SpecError
from reconciler.files.reading import UnreadableFile, contents
from reconciler.github import handed_on, sticky
from reconciler.github.annotations import Annotation, commands, of_faults
from reconciler.github.job import Job, job
from reconciler.github.port import Forge
from reconciler.report import formats
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
    except UnreadableFile as error:
        raise ReportError(f"{path}: {error}") from error


@contextmanager
def annotating_failures(here: Job | None, output: Path | None = None) -> Iterator[None]:
    """What ends the command is told where the pull request is read, too; `output` has it for the jobs after this one."""
    try:
        yield
    except ReconcileError as error:
        annotate(here, of_error(error))
        document = error_document(error, error.exit_code)
        summarise(here, formats.of("markdown").error(document, summary_view()))
        if output:
            write_result(output, document_json(document))
        raise


def of_error(error: Exception) -> list[Annotation]:
    if isinstance(error, SpecError):
        return of_faults(error.faults)
    return [Annotation("error", "\n".join(messages(error)))]


def connected(here: Job) -> Forge | None:
    """The forge by the job's token; None without one."""
    if not here.token:
        return None
    from reconciler.github.client import forge

    return forge(here.token, here.repository, here.api_url)


def post(here: Job, forge: Forge | None, number: int, name: str, page: str) -> bool:
    """Make a page our comment under a pull request. What keeps from that is told, and is no failure: the summary has it, too."""
    problem = "" if forge else "GITHUB_TOKEN is not set"
    try:
        if forge:
            sticky.put(forge, number, name, page)
    except ForgeError as error:
        problem = str(error)
    if problem:
        annotate(here, [Annotation("warning", f"#{number} is not told: {problem}; the summary of this job says it")])
    return not problem


def summary_view(whole_in: str = "", *, beside: int = 0) -> View:
    """`beside` are the bytes of what the same step says besides: a summary that is too large is dropped as a whole."""
    return replace(view(whole_in), room=formats.SUMMARY_ROOM - beside)


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


def appended(path: str, text: str) -> None:
    """Raises ReportError."""
    try:
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise ReportError(f"{path}: cannot be written: {error.strerror}") from error
