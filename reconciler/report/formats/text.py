"""Plans, tasks and reports as a person reads them on a terminal or in a log. Pure but for reading templates."""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.report.fold import PLANNING
from reconciler.report.formats import View
from reconciler.report.formats.shown import (
    Document,
    guard_change,
    guard_changes,
    is_acting,
    note_shown,
    painter,
    rendered,
    target_shown,
    totals,
)


def plan(document: Document, view: View = View()) -> str:  # noqa: B008  frozen
    """A plan by target: what changes, before and after, what it costs; each refusal once."""
    targets = [target_shown(target) for target in document["targets"] if is_acting(target)]
    return rendered(
        "plan.txt.j2", plan=document, targets=targets, paint=painter(view.has_colour), totals=totals(document),
        guard_changes=[guard_change(change) for change in guard_changes(document)],
        notes=[(note["severity"], note_shown(note)) for note in document["diagnostics"]],
    )  # fmt: skip


def _resource(operation: Document, target: str) -> str:
    """What an operation is about, within its target; empty for the function itself, and where an older report does not say."""
    return str(operation.get("address", "")).removeprefix(target).lstrip("/")


def _is_refused(task: Document) -> bool:
    return any(result.get("operation") == PLANNING for result in task["resultObjects"])


def _failed_address(task: Document) -> str:
    """The resource that a task failed at, or its target."""
    failed = (item.get("address") for item in task["operations"] if item["outcome"] == "failed")
    return str(next(filter(None, failed), task["target"]))


def task_text(task: Document) -> str:
    """One task, as the seed's `/task/{id}` tells it, for a person."""
    return rendered("task.txt.j2", task=task, resource=_resource)


def tasks_text(tasks: Iterable[Document]) -> str:
    """A line a task, oldest first."""
    return rendered("tasks.txt.j2", tasks=list(tasks), resource=_resource)


def report_text(report: Document, *, has_colour: bool = False) -> str:
    """What an apply ends with: how it went, and what failed; what was refused, the plan has told."""
    refused = [task for task in report["tasks"] if _is_refused(task)]
    others = [(_failed_address(task), task) for task in report["tasks"] if task not in refused]
    return rendered("report.txt.j2", report=report, tasks=others, refused=len(refused), paint=painter(has_colour))
