"""`ci validate`: each mistake stands at its line of the pull request. Needs no credentials."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from reconciler.commands import wiring
from reconciler.commands.ci.telling import annotate, annotating_failures, present, summarise, summary_view
from reconciler.commands.output import show, view
from reconciler.github.annotations import Annotation
from reconciler.report import formats
from reconciler.report.documents import validation_document


def validated(paths: Sequence[Path], output: Path | None) -> None:
    """Check the specs; each mistake stands at its line of the pull request, and in `output` for the jobs after this one."""
    here = present()
    with annotating_failures(here, output):
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
