"""What a command ended with instead of a result, as a page: what is wrong, where, and how to go on. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from reconciler.core.errors import AwsError, GitError, Locked, PlanError, ReconcileError, SpecError, StalePlan
from reconciler.core.words import many
from reconciler.report.formats import View
from reconciler.report.formats.page.text import address_of, inert, link, named, run_link, size, small

NAMES_ROOM = 4_000
SPARE = 500  # for the sentence about what has no room
VERDICTS = {
    ReconcileError.exit_code: "Failed unexpectedly: a fault of ours",
    GitError.exit_code: "Not begun: this cannot be done as it was asked",
    SpecError.exit_code: "Invalid",
    PlanError.exit_code: "Refused",
    StalePlan.exit_code: "Stale: this is not what was seen or approved",
    Locked.exit_code: "Locked: another apply is at work",
    AwsError.exit_code: "AWS or the credentials said no",
}
INTERRUPTED = "Interrupted"


def error_page(document: Mapping[str, Any], view: View) -> str:
    """An error's document: each message whole, those of files by file and line, as far as there is room; of the others how many,
    and in which files."""
    faults = document.get("faults") or [{"message": message} for message in document["messages"]]
    files = {fault["file"] for fault in faults if "file" in fault}
    counted = f": {many(len(faults), 'mistake')} in {many(len(files), 'file')}; nothing was planned" if files else ""
    head = f"### 🔴 {VERDICTS.get(document['exit_code'], INTERRUPTED)}{counted}\n\n"
    foot = "\n" + small(f"exit code {document['exit_code']}", run_link(view)) + "\n"
    return head + _listed(faults, view, view.room - size(head) - size(foot)) + foot


def validation_page(document: Mapping[str, Any], view: View) -> str:
    """A validation without a mistake: how much is valid, and what is worth a warning."""
    warnings = [{**note, **(note["source"] or {})} for note in document["warnings"]]
    facts = [f"{many(document['specs'], 'spec')} valid", many(document["targets"], "target")]
    facts += [many(len(warnings), "warning")] if warnings else []
    head = f"### {'🟡' if warnings else '🟢'} {', '.join(facts)}\n"
    return head + ("\n" + _listed(warnings, view, view.room - size(head)) if warnings else "")


def _listed(faults: Sequence[Mapping[str, Any]], view: View, room: int) -> str:
    """A line a fault, whole, as far as there is room, however long one of them is; and a last one about the others."""
    lines, left, room = [], [], room - NAMES_ROOM - SPARE
    for fault in faults:
        line = f"- {_where(fault, view)}{inert(fault['message'])}\n"
        if size(line) <= room:
            lines.append(line)
            room -= size(line)
        else:
            left.append(fault)
    files = Counter(fault["file"] for fault in left if "file" in fault)
    where = f", in {named((f'{file} ({count})' for file, count in files.items()), NAMES_ROOM)}" if files else ""
    return "".join(lines) + (f"- {many(len(left), 'more message')}{where}; the log has all of them\n" if left else "")


def _where(fault: Mapping[str, Any], view: View) -> str:
    if "file" not in fault:
        return ""
    shown = ":".join(str(fault[name]) for name in ("file", "line", "column") if name in fault)
    return f"{link(shown, address_of(fault['file'], view, fault['line']))} "
