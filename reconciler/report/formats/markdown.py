"""A plan for a pull request's comment or a job's summary: markdown in which foreign text is nothing but text. Pure but for
reading templates.

What has no room is named, by target and verb, and never cut: half a diff hides what the other half says.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from reconciler.core.words import many
from reconciler.report.formats import COMMENT_ROOM as MARKDOWN_LIMIT
from reconciler.report.formats import Document, View
from reconciler.report.formats.page.mistakes import error_page as error
from reconciler.report.formats.page.mistakes import validation_page as validation
from reconciler.report.formats.page.outcomes import answer_page as answer
from reconciler.report.formats.page.outcomes import functions_page as functions
from reconciler.report.formats.page.outcomes import report_page as report
from reconciler.report.formats.page.text import inert
from reconciler.report.formats.shown import (
    SYMBOLS,
    guard_change,
    guard_changes,
    is_acting,
    note_shown,
    rendered,
    target_shown,
    totals,
)

__all__ = ["answer", "error", "functions", "plan", "report", "validation"]
NOTES_ROOM = 16_000
NAMES_ROOM = 4_000
SPARE = 400  # for the sentences around what was left out
SEVERITIES = ("refusal", "warning", "note")


def plan(document: Document, view: View = View()) -> str:  # noqa: B008  frozen
    """A plan: guard changes, counts, what will be gone, what is to be said, then a diff a target, those that delete first.
    At most MARKDOWN_LIMIT characters."""
    acting = [target_shown(target) for target in document["targets"] if is_acting(target)]
    acting.sort(key=lambda target: not any(map(_deletes, target["actions"])))
    whole = (
        f"the whole plan is in {inert(view.whole_in)}"
        if view.whole_in
        else "reconcile plan -o plan.json writes the whole plan"
    )
    head = _head(document, acting, whole)
    blocks = [_block(target) for target in acting]
    room = MARKDOWN_LIMIT - len(head) - SPARE
    outlines = _outlines(acting, room)
    chosen = set(_fitting(blocks, outlines, room))
    body = "".join(block for number, block in enumerate(blocks) if number in chosen)
    left = [(target, outlines[number]) for number, target in enumerate(acting) if number not in chosen]
    return head + body + _left_out(left, room - len(body), whole)


def _fitting(blocks: Sequence[str], outlines: Sequence[str], room: int) -> Iterable[int]:
    """Which blocks there is room for, beside the outlines of all that there is none for: names go before fields."""
    room -= sum(map(len, outlines))
    for number, (block, outline) in enumerate(zip(blocks, outlines, strict=True)):
        needed = len(block) - len(outline)  # a target which is shown gives the room for its name back
        if needed <= room:
            room -= needed
            yield number


def _left_out(left: Sequence[tuple[Document, str]], room: int, whole: str) -> str:
    """What has no room, by target and verb; where even the names have none, how many of each verb."""
    if not left:
        return ""
    named = []
    for _, outline in left:
        if len(outline) > room:
            break
        named.append(outline)
        room -= len(outline)
    unnamed = [action for target, _ in left[len(named) :] for action in target["actions"]]
    more = f"- {many(len(left) - len(named), 'target')} more: {_counted(unnamed)}\n" if unnamed else ""
    return f"\nNo room here for the fields of {many(len(left), 'target')}; {whole}:\n\n{''.join(named)}{more}"


def _outlines(acting: Sequence[Document], room: int) -> list[str]:
    """Each target with what becomes of each of its resources; of how many, in the longest, as far as there is no room."""
    outlines = [
        _outline(target, inert(", ".join(f"{action['verb']} {action['name']}" for action in target["actions"])))
        for target in acting
    ]
    needed = sum(map(len, outlines))
    for number in sorted(range(len(outlines)), key=lambda index: -len(outlines[index])):
        counted = _outline(acting[number], _counted(acting[number]["actions"]))
        if needed > room and len(counted) < len(outlines[number]):
            needed -= len(outlines[number]) - len(counted)
            outlines[number] = counted
    return outlines


def _outline(target: Document, becomes: str) -> str:
    return f"- {inert(target['address'])}: {becomes}\n"


def _counted(actions: Iterable[Document]) -> str:
    verbs = Counter(action["verb"] for action in actions)
    return ", ".join(f"{verb} {many(verbs[verb], 'resource')}" for verb in SYMBOLS if verbs[verb])


def _head(plan: Document, acting: Iterable[Document], whole: str) -> str:
    deletions = [action["address"] for target in acting for action in target["actions"] if _deletes(action)]
    notes, left = _notes(plan["diagnostics"])
    return rendered(
        "plan.md.j2", totals=totals(plan), deletions=_named(deletions), orphans=_named(plan["orphans"], whole), notes=notes,
        left=_left_notes(left), whole=whole,
        guard_changes=_guard_lines(plan, whole),
    )  # fmt: skip


def _guard_lines(plan: Document, whole: str) -> list[str]:
    """Guard changes, each whole, as far as there is room; of the others, how many there are, in which files, and where they
    stand."""
    every = guard_changes(plan)
    shown, room = list[str](), NOTES_ROOM
    for line in (inert(guard_change(change)) for change in every):
        if len(line) > room:
            break
        shown.append(line)
        room -= len(line) + 20
    left = every[len(shown) :]
    files = _named(dict.fromkeys(change["file"] for change in left))
    return [*shown, f"{many(len(left), 'guard change')} more, in {files}; {whole}"] if left else shown


def _deletes(action: Document) -> bool:
    return bool(action["verb"] in ("delete", "replace"))


def _named(addresses: Iterable[str], whole: str = "") -> str:
    """Addresses in one line of markdown, as many as there is room for; empty when there is none. `whole` says where the
    others stand."""
    shown = [inert(address) for address in addresses]
    names, room = [], NAMES_ROOM
    for name in shown:
        room -= len(name) + 2
        if room < 0:
            break
        names.append(name)
    unnamed = len(shown) - len(names)
    more = f"{' and ' if names else ''}{unnamed} more{f'; {whole}' if whole else ''}"
    return ", ".join(names) + (more if unnamed else "")


def _notes(diagnostics: Sequence[Document]) -> tuple[list[tuple[str, str]], list[Document]]:
    """(severity, inert message) of what there is to say, the gravest first, each whole; and what there was no room for."""
    notes, left, room = [], list[Document](), NOTES_ROOM
    for note in sorted(diagnostics, key=lambda note: SEVERITIES.index(note["severity"])):
        message = inert(note_shown(note))
        if len(message) > room:
            left.append(note)
            continue
        room -= len(message) + 20
        notes.append((note["severity"], message))
    return notes, left


def _left_notes(left: Sequence[Document]) -> list[str]:
    """What there was no room to say, by severity and target."""
    lines = []
    for severity in SEVERITIES:
        notes = [note for note in left if note["severity"] == severity]
        addresses = _named(dict.fromkeys(note["address"] for note in notes if note["address"]))
        if notes:
            lines.append(f"{many(len(notes), f'more {severity}')}{f' of {addresses}' if addresses else ''}")
    return lines


def _block(target: Document) -> str:
    body = rendered("target.txt.j2", target=target).rstrip("\n")
    longest = max((len(ticks) for ticks in re.findall("`+", body)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"\n<details><summary>{inert(target['address'])}</summary>\n\n{fence}diff\n{body}\n{fence}\n\n</details>\n"
