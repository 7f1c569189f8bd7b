"""Documents as a person reads them on a terminal or in a log. Pure but for reading templates."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from reconciler.core.foreign import logged, printable
from reconciler.core.grouping import grouped
from reconciler.core.words import many
from reconciler.report.costs import places
from reconciler.report.formats import Document, View
from reconciler.report.formats.shown import (
    addresses_of,
    answer_verdict,
    failed_address,
    function_row,
    guard_change,
    guard_changes,
    is_acting,
    is_refused,
    note_shown,
    painter,
    performed_on,
    rendered,
    target_shown,
    totals,
    value_text,
)

UNSEEN = ("address", "hidden")  # of an action: it is named within its target


def plan(document: Document, view: View = View()) -> str:  # noqa: B008  frozen
    """A plan by target: what changes, before and after, what it costs; each refusal once. Targets of which the same is shown, to the
    lines that say so, as those of defaults, stand together."""
    targets = [target_shown(target) for target in document["targets"] if is_acting(target)]
    return rendered(
        "plan.txt.j2", plan=document, groups=alike(targets), paint=painter(view.has_colour), totals=totals(document),
        costs=[printable(line) for line in places(document)],
        guard_changes=[guard_change(change) for change in guard_changes(document)],
        notes=[(note["severity"], note_shown(note)) for note in document["diagnostics"]],
    )  # fmt: skip


def alike(targets: Iterable[Document]) -> list[Sequence[Document]]:
    """Targets as they are shown, those together of which the same lines change the same, each group where its first one stands. What is
    made, goes or is replaced stands alone."""
    return list(grouped(targets, _shown_as).values())


def _shown_as(target: Document) -> str:
    shown = [{name: item for name, item in action.items() if name not in UNSEEN} for action in target["actions"]]
    is_alone = any(
        action["verb"] != "update" or not action["fields"] or not all(field["source"] for field in action["fields"])
        for action in shown
    )
    return str(target["address"]) if is_alone else json.dumps(shown, sort_keys=True)


def task_text(task: Document) -> str:
    """One task, as the seed's `/task/{id}` tells it, for a person."""
    return rendered("task.txt.j2", task=task, resource=performed_on)


def diagnosis(document: Document, view: View) -> str:
    """A line a remark of `reconcile doctor`, and how many are problems."""
    remarks = document["remarks"]
    counts = {status: sum(remark["status"] == status for remark in remarks) for status in ("problem", "unknown")}
    return rendered("doctor.txt.j2", remarks=remarks, counts=counts, paint=painter(view.has_colour))


def report(document: Document, view: View = View()) -> str:  # noqa: B008  frozen
    """What an apply ends with: how it went, and what failed; what was refused, the plan has told."""
    refused = [task for task in document["tasks"] if is_refused(task)]
    others = [(failed_address(task), task) for task in document["tasks"] if task not in refused]
    addresses = [address for task in document["tasks"] for address in addresses_of(task)]
    return rendered(
        "report.txt.j2", report=document, tasks=others, refused=len(refused), addresses=addresses,
        paint=painter(view.has_colour),
    )  # fmt: skip


def validation(document: Document, _: View) -> str:
    return f"{many(document['specs'], 'spec')} valid, {many(document['targets'], 'target')}.\n"


def error(_document: Document, _view: View) -> str:
    """Nothing: the log has told it."""
    return ""


def functions(document: Sequence[Document], _: View) -> str:
    """A line a function, its columns in line."""
    rows = [[printable(value) for value in function_row(item)] for item in document]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)
    return "".join(f"{line}\n" for line in lines) or "There is no such function.\n"


def answer(document: Document, _: View) -> str:
    """What an invoked function answered, then its log."""
    log = [f"  {logged(line)}" for line in document.get("logResult", "").splitlines()]
    return "\n".join([printable(answer_verdict(document)), value_text(document.get("payload")), *log]) + "\n"
