"""Documents as markdown for a pull request's comment or a job's summary, in which foreign text is nothing but text. Pure but for
reading templates.

A plan is one verdict, then what is grave, a row for each sort of change, the differences, and notes. What has no room is named, by
target and verb, or counted, and never cut: half a difference hides what the other half says.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from reconciler.core.words import many
from reconciler.report.formats import Document, View
from reconciler.report.formats.page.alike import NAME, Group
from reconciler.report.formats.page.alike import groups as groups_of
from reconciler.report.formats.page.grave import (
    accounts_of,
    concern_lines,
    concerns,
    counted,
    gone_lines,
    is_gone,
    refusals,
    said_lines,
    value_change,
)
from reconciler.report.formats.page.mistakes import error_page as error
from reconciler.report.formats.page.mistakes import validation_page as validation
from reconciler.report.formats.page.outcomes import answer_page as answer
from reconciler.report.formats.page.outcomes import functions_page as functions
from reconciler.report.formats.page.outcomes import report_page as report
from reconciler.report.formats.page.rows import HEAD, row
from reconciler.report.formats.page.text import bold, code, fitting, inert, named, size, whole_is
from reconciler.report.formats.page.verdict import foot, headline
from reconciler.report.formats.shown import (
    SYMBOLS,
    guard_change,
    guard_changes,
    is_acting,
    is_itself,
    noun_of,
    rendered,
)

__all__ = ["answer", "error", "functions", "plan", "report", "validation"]
LISTS_ROOM = 0.6  # of all the room, for the lists around table and differences
LIST_ROOM = 16_000  # bytes of a single one
SPARE = 1_500  # bytes for the sentences around what was left out
NAMES_ROOM = 4_000
LINES_OPEN = 12
TOMBSTONE = "W206"  # "is already absent": no news unless this change says it


def plan(document: Document, view: View = View()) -> str:  # noqa: B008  frozen
    """A plan in at most `view.room` bytes."""
    view = replace(view, commit=document["provenance"]["commit"] or view.commit)
    refused = {note["address"] for note in refusals(document)}
    groups = sorted(
        groups_of(filter(is_acting, document["targets"])),
        key=lambda group: _rank(group, refused, accounts_of(document)),
    )
    foot_shown = f"\n{foot(document, view)}\n"
    head, lists = headline(document, groups), _lists(document, groups, view)
    left = view.room - size(head) - size(foot_shown) - sum(map(size, lists)) - SPARE
    table = _table(groups, refused, view, left)
    *above, notes = lists
    return "".join([head, *above, table, _differences(groups, view, left - size(table)), notes, foot_shown])


def _rank(group: Group, refused: set[str], accounts: dict[str, str]) -> tuple[bool, ...]:
    """What comes first: refused, deleted or replaced, with moving traffic, grave, the others."""
    actions = group.common["actions"]
    is_one = (
        any(address in refused for address in group.addresses),
        any(is_gone(action) and is_itself(action) for action in actions),
        any(map(is_gone, actions)),
        any("traffic" in action for action in actions),
        bool(concerns(group, accounts)),
    )
    return tuple(not claim for claim in is_one)


# --- above the table ------------------------------------------------------------------------------------------------


def _lists(document: Document, groups: Sequence[Group], view: View) -> list[str]:
    """What is said beside table and differences, each with the room that those before it leave; notes, which stand below, last."""
    accounts = accounts_of(document)
    makers: tuple[Callable[[int], str], ...] = (
        lambda room: _guards(document, view, room),
        lambda room: _list(said_lines(refusals(document), view, f"🔴 {bold('refused')}"), "refusal", view, room),
        lambda room: _list(list(gone_lines(groups)), "deletion", view, room),
        lambda room: _list(list(concern_lines(groups, accounts, view)), "grave change", view, room),
        lambda room: _drift(groups, room),
        lambda room: _behind(groups, room),
        lambda room: _orphans(document, view, room),
        lambda room: _notes(document, view, room),
    )
    shown, left = list[str](), int(view.room * LISTS_ROOM)
    for make in makers:
        shown.append(make(min(LIST_ROOM, left)))
        left -= size(shown[-1])
    return shown


def _orphans(document: Document, view: View, room: int) -> str:
    names = named(document["orphans"], min(room, NAMES_ROOM))
    more = f"; {whole_is(view)}" if names.endswith(" more") else ""
    return f"\nOrphans, with our mark and without a spec: {names}{more}\n" if names else ""


def _section(lines: Sequence[str]) -> str:
    return f"\n{''.join(lines)}" if lines else ""


def _list(lines: Sequence[str], noun: str, view: View, room: int) -> str:
    """Lines, each whole, as far as there is room, however long one of them is; and how many are left out."""
    kept, left = [], 0
    for line in lines:
        if size(line) <= room:
            kept.append(line)
            room -= size(line)
        else:
            left += 1
    return _section([*kept, f"- {many(left, f'more {noun}')}; {whole_is(view)}\n"] if left else kept)


def _guards(document: Document, view: View, room: int) -> str:
    """Guard changes, each whole, as far as there is room; of the others, how many there are, in which files, and where they
    stand."""
    changes = guard_changes(document)
    lines = [f"- **guard change** {inert(guard_change(change))}\n" for change in changes]
    kept = fitting(lines, room)
    files = named(dict.fromkeys(change["file"] for change in changes[kept:]), NAMES_ROOM)
    more = f"- **guard change** {many(len(lines) - kept, 'guard change')} more, in {files}; {whole_is(view)}\n"
    return _section([*lines[:kept], *([more] if kept < len(lines) else [])])


DRIFT = "> [!WARNING]\n> **Drift**: AWS was changed behind git's back; applying this sets what git says.\n>\n"
BEHIND = "> [!NOTE]\n> **Behind its base**: only the base changed this, and a merge keeps it; bring the branch up to date to see what merging does.\n>\n"


def _drift(groups: Sequence[Group], room: int) -> str:
    """What AWS holds that git did not say, and what merging makes of it."""
    return _alert(DRIFT, _moved(groups, ("drift", "both")), room)


def _behind(groups: Sequence[Group], room: int) -> str:
    """What merging does not do, for only the branch's age does."""
    return _alert(BEHIND, _moved(groups, ("behind",)), room)


def _moved(groups: Sequence[Group], causes: Sequence[str]) -> list[str]:
    """A line for all functions of which the same was moved."""
    found: dict[str, list[str]] = {}
    for group in groups:
        for action in group.common["actions"]:
            who = f", {inert(action['who'])}" if action["who"] else ""
            for field in (one for one in action["fields"] if one["cause"] in causes):
                both = ", which this change edits as well" if field["cause"] == "both" else ""
                at = "" if is_itself(action) else f"{inert(action['name'])} "
                what = "a sensitive value" if field["sensitive"] else value_change(field)
                found.setdefault(f"{at}{code(field['name'])}{both}: {what}{who}", []).extend(group.names)
            if action["cause"] in causes and not action["fields"]:
                found.setdefault(f"{inert(action['verb'])} {inert(action['name'])}{who}", []).extend(group.names)
    return [f"> - {counted(names)} {what}\n" for what, names in found.items()]


def _alert(head: str, lines: Sequence[str], room: int) -> str:
    kept = fitting(lines, room)
    more = [f"> - and {len(lines) - kept} more\n"] if kept < len(lines) else []
    return _section([head, *lines[:kept], *more] if lines else [])


# --- the table ------------------------------------------------------------------------------------------------------


def _table(groups: Sequence[Group], refused: set[str], view: View, room: int) -> str:
    """Rows as far as there is room beside the outlines of all that there is none for: names go before fields."""
    if not groups:
        return ""
    rows = [row(group, view, is_refused=any(address in refused for address in group.addresses)) for group in groups]
    outlines = _outlines(groups, room - size(HEAD))
    kept = set(_fitting(rows, outlines, room - size(HEAD)))
    body = "".join(one for number, one in enumerate(rows) if number in kept)
    left = [(group, outlines[number]) for number, group in enumerate(groups) if number not in kept]
    return (f"\n{HEAD}{body}" if body else "") + _left_out(left, room - size(HEAD) - size(body), whole_is(view))


def _fitting(rows: Sequence[str], outlines: Sequence[str], room: int) -> Iterable[int]:
    """Which rows there is room for: at least half of it is theirs, gravest first, where not even all outlines have any."""
    named_with = room - sum(map(size, outlines))
    room = named_with if named_with >= 0 else room // 2
    for number, (shown, outline) in enumerate(zip(rows, outlines, strict=True)):
        needed = size(shown) - size(outline)  # a group which is shown gives the room for its name back
        if needed <= room:
            room -= needed
            yield number


def _left_out(left: Sequence[tuple[Group, str]], room: int, whole: str) -> str:
    """What has no room, by target and verb; where even the names have none, how many of each verb."""
    if not left:
        return ""
    kept = fitting([outline for _, outline in left], room)
    unnamed = [group for group, _ in left[kept:]]
    actions = [action for group in unnamed for action in group.common["actions"] for _ in group.targets]
    more = f"- {many(_size(unnamed), 'target')} more: {_counted(actions)}\n" if unnamed else ""
    names = "".join(outline for _, outline in left[:kept])
    return f"\nNo room here for the changes of {many(_size([group for group, _ in left]), 'target')}; {whole}:\n\n{names}{more}"


def _size(groups: Iterable[Group]) -> int:
    return sum(len(group.targets) for group in groups)


def _outlines(groups: Sequence[Group], room: int) -> list[str]:
    """Each group with what becomes of each of its resources; of how many, in the longest, as far as there is no room."""
    outlines = [
        _outline(group, inert(", ".join(f"{action['verb']} {action['name']}" for action in group.common["actions"])))
        for group in groups
    ]
    needed = sum(map(size, outlines))
    for number in sorted(range(len(outlines)), key=lambda one: -size(outlines[one])):
        short = _outline(groups[number], _counted(groups[number].common["actions"]))
        if needed > room and size(short) < size(outlines[number]):
            needed -= size(outlines[number]) - size(short)
            outlines[number] = short
    return outlines


def _outline(group: Group, becomes: str) -> str:
    return f"- {counted(group.addresses)}: {becomes}\n"


def _counted(actions: Iterable[Document]) -> str:
    verbs = Counter(action["verb"] for action in actions)
    return ", ".join(f"{verb} {many(verbs[verb], 'resource')}" for verb in SYMBOLS if verbs[verb])


# --- below the table ------------------------------------------------------------------------------------------------


def _differences(groups: Sequence[Group], view: View, room: int) -> str:
    """All fields of each group, whole, as far as there is room; open where that is little to read."""
    bodies = [rendered("target.txt.j2", target=group.common).rstrip("\n") for group in groups]
    lines = sum(body.count("\n") + 1 for body in bodies)
    is_open = len(groups) == 1 or lines <= LINES_OPEN
    blocks = [_block(group, body, is_open=is_open) for group, body in zip(groups, bodies, strict=True)]
    kept, left = [], 0
    for group, block in zip(groups, blocks, strict=True):
        if size(block) <= room:
            kept.append(block)
            room -= size(block)
        else:
            left += len(group.targets)
    more = f"\nNo room here for the fields of {many(left, 'target')}; {whole_is(view)}.\n" if left else ""
    return "".join(kept) + more


def _block(group: Group, body: str, *, is_open: bool) -> str:
    longest = max((len(run) for run in re.findall("`+", body)), default=0)
    fence = "`" * max(3, longest + 1)
    count = len(group.targets)
    title = (
        inert(group.addresses[0])
        if count == 1
        else f"{many(count, noun_of(group.addresses))} alike ({NAME} is the name of each)"
    )
    calls = many(len(group.targets[0]["operations"]), "AWS call") + (" each" if count > 1 else "")
    return f"\n<details{' open' if is_open else ''}><summary>{title}: {calls}</summary>\n\n{fence}diff\n{body}\n{fence}\n\n</details>\n"


def _notes(document: Document, view: View, room: int) -> str:
    """Warnings, then notes; none of those that say again what is long done."""
    said = [note for note in document["diagnostics"] if not (note.get("is_standing") and note.get("rule") == TOMBSTONE)]
    lines = [
        line
        for severity in ("warning", "note")
        for line in said_lines([note for note in said if note["severity"] == severity], view, bold(severity))
    ]
    return _list(lines, "note", view, room)
