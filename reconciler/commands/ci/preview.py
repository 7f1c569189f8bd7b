"""What a change would do to what AWS held lately: for pull requests whose jobs get no credentials. Nothing of it fails a job.

The snapshot is one that a run on the default branch left, or a file that is named.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from reconciler.commands import wiring, workspaces
from reconciler.commands.changed import part
from reconciler.commands.ci.plan import compared_with
from reconciler.commands.ci.telling import annotate, connected, summarise, summary_view
from reconciler.commands.output import say, show, view
from reconciler.commands.plan import planned
from reconciler.commands.workspaces import Choices
from reconciler.core.errors import GitError, ReconcileError
from reconciler.core.words import ago
from reconciler.github import kept
from reconciler.github.annotations import Annotation, of_plan
from reconciler.github.job import Job
from reconciler.report import formats
from reconciler.report.applied import Applied
from reconciler.report.formats import View
from reconciler.report.formats.page.text import inert, size

SNAPSHOT = "snapshot.json"


def preview(here: Job | None, paths: Sequence[Path], name: str, snapshot: Path | None) -> None:
    """Tell what the change would do; where that cannot be told, why."""
    try:
        with held(here, name, snapshot) as path:
            document = planned_from(here, paths, path) if path else None
    except ReconcileError as error:
        message = f"what this change would do is not told: {error}"
        annotate(here, [Annotation("warning", message)])
        summarise(here, f"\n{inert(message)}\n")
        return
    if document is None:
        return
    taken_at = document["snapshot"]["taken_at"]
    age = f"planned against what AWS held {ago(taken_at, wiring.now())} ({taken_at}), without asking AWS now"
    say(age)
    show(formats.plan("text", document, view()))
    first = Annotation("notice", age, is_edited=True)  # so that it is never among those for which there is no room
    annotate(here, [first, *(bearable(one) for one in of_plan(document))])
    summarise(here, page(document, age, summary_view()))


@contextmanager
def held(here: Job | None, name: str, snapshot: Path | None) -> Iterator[Path | None]:
    """The file of the snapshot: the one that is named, or the newest that a run on the default branch left; None where there is
    none. Raises ForgeError."""
    forge = connected(here) if here and not snapshot else None
    if here is None or forge is None:
        yield snapshot
        return
    content = kept.newest(forge, name, here.default_branch, SNAPSHOT)
    if not content:
        say(f"no run on {here.default_branch} has left a snapshot, so what this change would do is not told")
        yield None
        return
    with tempfile.TemporaryDirectory(dir=here.temp or None) as folder:
        path = Path(folder, SNAPSHOT)
        path.write_bytes(content)
        yield path


def planned_from(here: Job | None, paths: Sequence[Path], snapshot: Path) -> Any:
    """The plan of the change against a snapshot, judged and compared by its base where this clone has that."""
    try:
        base = compared_with(here, paths) if here and here.base else ""
    except GitError as error:
        say(f"causes are not told, and the files judge themselves: {error}")
        base = ""
    workspace = part(workspaces.read(paths), base=base)
    _, document = planned(workspace, Choices(base=base), snapshot=snapshot, folder=snapshot.parent, known=Applied())
    return document


def bearable(annotation: Annotation) -> Annotation:
    """A refusal against what AWS held lately fails nothing."""
    return replace(annotation, level="warning") if annotation.level == "error" else annotation


def page(document: Any, age: str, where: View) -> str:
    head = f"\n> [!NOTE]\n> {inert(age[:1].upper() + age[1:])}: this job has no credentials.\n\n"
    return head + formats.plan("markdown", document, replace(where, room=where.room // 2 - size(head)))
