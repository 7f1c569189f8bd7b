"""`ci validate`: each mistake stands at its line of the pull request; and what the change would do to what AWS held lately. Needs no
credentials."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from reconciler.commands import wiring, workspaces
from reconciler.commands.ci.preview import preview
from reconciler.commands.ci.telling import annotate, annotating_failures, present, summarise, summary_view
from reconciler.commands.output import show, view
from reconciler.github.annotations import Annotation
from reconciler.report import formats
from reconciler.report.documents import validation_document


def validated(paths: Sequence[Path], output: Path | None, name: str, snapshot: Path | None) -> None:
    """Check the specs; each mistake stands at its line of the pull request, and in `output` for the jobs after this one. What is valid
    is planned against a snapshot, where there is one."""
    here = present()
    with annotating_failures(here, output):
        workspace = workspaces.read(paths)
    specs, targets = workspace.specs.file_count, len(workspace.specs.specs)
    notes = workspaces.warnings(workspace.specs, wiring.now())
    warnings = [
        Annotation("warning", note.message, note.origin.path, note.origin.line, note.origin.column)
        for note in notes
        if note.origin
    ]
    annotate(here, warnings)
    document = validation_document(specs, targets, notes)
    summarise(here, formats.of("markdown").validation(document, summary_view(beside=formats.SUMMARY_ROOM // 2)))
    show(formats.of("text").validation(document, view()))
    preview(here, paths, name, snapshot)
