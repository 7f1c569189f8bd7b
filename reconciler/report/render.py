"""Plans, tasks and reports as text, markdown and JSON, through the templates beside it. Pure but for reading templates.

Text from specs and from AWS is data to the templates: whatever they print is made printable unless `paint` has done so,
so that a filter which somebody forgets lets no control character through.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from itertools import accumulate
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

SYMBOLS = {"create": "+", "update": "~", "replace": "-/+", "adopt": ">", "delete": "-"}
COLOURS = {
    "create": "32",
    "update": "33",
    "replace": "31",
    "adopt": "36",
    "delete": "31",
    "refusal": "31",
    "warning": "33",
    "note": "2",
    "bold": "1",
    "dim": "2",
}
LONGEST_VALUE = 100
LONGEST_NAME = 120
SHARED = 20  # characters that two long values have in common, kept before the first that differs
MARKDOWN_LIMIT = 60_000
LONGEST_BLOCK = 12_000  # of one target in markdown, so that none keeps the others out
NOTES_ROOM = 12_000
LONGEST_NOTE = 400
MOST_NAMES = 20
SEVERITIES = ("refusal", "warning", "note")
MARKERS = ("(sensitive)", "(known after apply)", "(not told by AWS)")

Document = Mapping[str, Any]


def printable(text: Any) -> str:
    """Text in which nothing moves a cursor, changes a colour, reverses the reading or cannot be seen."""
    found = str(text)
    return found if found.isprintable() else "".join(map(_visible, found))


def _visible(character: str) -> str:
    number = ord(character)
    return character if character.isprintable() else f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def cut(text: str, longest: int = LONGEST_VALUE) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def value_text(value: Any) -> str:
    """A value as a plan shows it: strings bare when they are plain words, the rest as JSON, long ones cut."""
    return cut(_whole(value))


def _whole(value: Any) -> str:
    """What could pass for a word of ours or for an escaped character is quoted, like everything that is not plain."""
    if value is None:
        return "(unset)"
    is_plain = isinstance(value, str) and re.fullmatch(r"[^\s,{}\[\]\"'\\(][^\s,{}\[\]\"'\\]*", value)
    return printable(value if is_plain else json.dumps(value, ensure_ascii=False))


def sides(field: Document) -> tuple[str, str]:
    """A field before and after, as text. What two long values have in common at their start gives way to where they
    differ."""
    before, after = (_side(field, field[name]) for name in ("before", "after"))
    shorter = min(len(before), len(after))
    same = next((at for at in range(shorter) if before[at] != after[at]), shorter)
    if max(len(before), len(after)) > LONGEST_VALUE and same > 2 * SHARED:
        before, after = (f"{text[: SHARED - 1]}…{text[same - SHARED :]}" for text in (before, after))
    return cut(before), cut(after)


def _side(field: Document, value: Any) -> str:
    flags = (field["sensitive"], field.get("known_after_apply", False), field.get("not_told", False))
    is_marker = any(is_set and value == marker for is_set, marker in zip(flags, MARKERS, strict=True))
    return str(value) if is_marker else _whole(value)


class _Painted(str):
    """Text that has been made printable, in our own colours."""

    __slots__ = ()


def painter(has_colour: bool) -> Callable[[Any, str], str]:
    def paint(text: Any, style: str) -> str:
        code = COLOURS.get(style)
        shown = printable(text)
        return _Painted(f"\x1b[{code}m{shown}\x1b[0m" if has_colour and code else shown)

    return paint


def _finished(value: Any) -> str:
    return value if isinstance(value, _Painted) else printable(value)


@cache
def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("reconciler"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701  text and markdown, escaped by filters of our own
        finalize=_finished,
    )
    made.filters |= {"many": many}
    return made


def _rendered(template: str, **facts: Any) -> str:
    return _environment().get_template(template).render(symbols=SYMBOLS, **facts)


def many(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def plan_text(plan: Document, *, has_colour: bool = False) -> str:
    """A plan as a person likes to read it: by target, what changes, before and after, what it costs."""
    targets = [_shown(target) for target in plan["targets"] if is_acting(target)]
    return _rendered(
        "plan.txt.j2", plan=plan, targets=targets, paint=painter(has_colour), totals=totals(plan),
        guard_changes=[guard_change(change) for change in guard_changes(plan)],
    )  # fmt: skip


def guard_changes(plan: Document) -> Sequence[Document]:
    """What judges the plan and is not as the files have it; told before everything else, and never cut."""
    found: Sequence[Document] = plan.get("configuration", {}).get("changes", ())
    return found


def guard_change(change: Document) -> str:
    source = change["source"]
    place = f"{source['file']}:{source['line']}" if source else change["file"]
    name = change["path"].removeprefix("/").replace("/", ".") or "file"
    reason = f"  ({change['reason']})" if change["reason"] else ""
    return f"{place}: {name}  {_whole(change['before'])} → {_whole(change['after'])}{reason}"


def is_acting(target: Document) -> bool:
    return any(action["verb"] != "none" for action in target["actions"])


def _shown(target: Document) -> dict[str, Any]:
    """A target with its acting resources, their names without the target's address, and the width of its paths."""
    actions = []
    for action in target["actions"]:
        if action["verb"] == "none":
            continue
        name = action["address"].removeprefix(target["address"]).lstrip("/") or "function"
        fields = [_shown_field(field, name) for field in action["fields"]]
        width = max((len(field["name"]) for field in fields), default=0)
        actions.append({**action, "name": name, "fields": fields, "width": min(width, 60)})
    return {**target, "actions": actions}


def _shown_field(field: Document, name: str) -> dict[str, Any]:
    before, after = sides(field)
    return {
        **field,
        "name": _field_name(field["path"], name),
        "is_new": field["before"] is None,
        "shown": (before, after),
    }


def _field_name(path: str, name: str) -> str:
    """A field's pointer without what its resource's name has said."""
    section = {"alias": "aliases", "event_source_mapping": "event_source_mappings"}.get(name.partition("/")[0], "")
    prefix = f"/{section}/{name.partition('/')[2]}/"
    return cut(printable(path.removeprefix(prefix).removeprefix("/").replace("/", ".")), LONGEST_NAME)


def totals(plan: Document) -> str:
    """The summary line."""
    summary = plan["summary"]
    unchanged = f"{summary['unchanged']} unchanged"
    refused = f", {summary['refused']} refused" if summary.get("refused") else ""
    if any(summary[verb] for verb in SYMBOLS):
        words = [f"{summary[verb]} to {verb}" for verb in SYMBOLS if summary[verb]]
        return f"Plan: {', '.join(words)}; {unchanged}{refused}. {many(summary['operations'], 'AWS call')}."
    if plan.get("in_sync", True):
        return f"No changes. What git says is what AWS holds ({many(len(plan['targets']), 'function')}, {unchanged})."
    return f"Nothing to change in what could be compared ({unchanged}{refused})."


def plan_json(plan: Document) -> str:
    text = json.dumps(plan, indent=2, ensure_ascii=False) + "\n"
    return text.encode("utf-8", "backslashreplace").decode()  # half of a surrogate pair as JSON escapes it


def plan_markdown(plan: Document) -> str:
    """A plan for a pull request's comment: counts, what will be gone, what is to be said, then a diff a target, those
    that delete first; at most MARKDOWN_LIMIT characters, and a line that says what was left out."""
    acting = [_shown(target) for target in plan["targets"] if is_acting(target)]
    gone = [action["address"] for target in acting for action in target["actions"] if _is_gone(action)]
    notes = _notes(plan["diagnostics"])
    head = _rendered(
        "plan.md.j2", totals=totals(plan), gone=_named(gone), orphans=_named(plan["orphans"]), notes=notes,
        left=len(plan["diagnostics"]) - len(notes),
        guard_changes=_guard_lines(plan),
    )  # fmt: skip
    room = MARKDOWN_LIMIT - len(head) - 200
    kept: list[str] = []
    for target in sorted(acting, key=lambda one: not any(map(_is_gone, one["actions"]))):
        block = _markdown_target(target)
        if len(block) > room:
            break
        kept.append(block)
        room -= len(block)
    left = len(acting) - len(kept)
    tail = f"\n*{many(left, 'target')} more; the whole plan is in the job's log.*\n" if left else ""
    return head + "".join(kept) + tail


def _guard_lines(plan: Document) -> list[str]:
    """Guard changes as markdown has room for them; of the others, how many there are and in which files."""
    every = guard_changes(plan)
    lines = [inert(cut(guard_change(change), LONGEST_NOTE)) for change in every]
    shown = _fitting(lines, NOTES_ROOM)
    left = every[len(shown) :]
    files = _named(sorted({change["file"] for change in left}))
    return [*shown, f"{many(len(left), 'guard change')} more, in {files}"] if left else shown


def _is_gone(action: Document) -> bool:
    return action["verb"] in ("delete", "replace")


def _named(addresses: Sequence[str]) -> str:
    """Addresses in one line of markdown, the first ones when there are many; empty when there is none."""
    names = ", ".join(inert(cut(address, LONGEST_NAME)) for address in addresses[:MOST_NAMES])
    return f"{names} and {len(addresses) - MOST_NAMES} more" if addresses[MOST_NAMES:] else names


def _notes(diagnostics: Sequence[Document]) -> list[tuple[str, str]]:
    """(severity, inert message) of what there is to say, the gravest first, as far as there is room."""
    found, room = [], NOTES_ROOM
    for note in sorted(diagnostics, key=lambda one: SEVERITIES.index(one["severity"])):
        source = note["source"]
        place = f"{source['file']}:{source['line']}: " if source else ""
        message = inert(cut(place + note["message"], LONGEST_NOTE))
        room -= len(message) + SHARED
        if room < 0:
            break
        found.append((note["severity"], message))
    return found


def _markdown_target(target: Document) -> str:
    lines = _rendered("target.txt.j2", target=target).splitlines()
    body = "\n".join(_without_middle([cut(line, LONGEST_BLOCK // 10) for line in lines], LONGEST_BLOCK))
    longest = max((len(run) for run in re.findall("`+", body)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"\n<details><summary>{inert(target['address'])}</summary>\n\n{fence}diff\n{body}\n{fence}\n\n</details>\n"


def _without_middle(lines: list[str], longest: int) -> list[str]:
    """Lines of at most about `longest` characters: as many from both ends as half of that holds each."""
    if sum(len(line) + 1 for line in lines) <= longest:
        return lines
    front, back = (_fitting(part, longest // 2) for part in (lines, lines[::-1]))
    left = len(lines) - len(front) - len(back)
    return [*front, f"… {many(left, 'line')} left out here …", *back[::-1]]


def _fitting(lines: Iterable[str], room: int) -> list[str]:
    ends = accumulate(len(line) + 1 for line in lines)
    return [line for line, end in zip(lines, ends, strict=True) if end <= room]


def inert(text: Any) -> str:
    """Text that markdown shows as it is: no HTML, link, mention, reference or emphasis.

    Mentions, references and addresses are looked for in the text that remains once entities are read, so an entity does
    not hide them; a character without width after their sign does."""
    shown = re.sub(r"[^\w\s./,:;()'=+~-]|[_~]|(?<=\w)\.(?=\w)", lambda found: f"&#{ord(found[0])};", printable(text))
    return re.sub(r"&#(?:64|35);|:(?=//)|\b[Gg][Hh]-(?=\d)", lambda found: f"{found[0]}&#8203;", shown)


def task_text(task: Document) -> str:
    """One task, as the seed's `/task/{id}` tells it, for a person."""
    return _rendered("task.txt.j2", task=task)


def tasks_text(tasks: Iterable[Document]) -> str:
    """A line a task, oldest first."""
    return _rendered("tasks.txt.j2", tasks=list(tasks))


def report_text(report: Document, *, has_colour: bool = False) -> str:
    """What an apply ends with: how it went, and what failed."""
    return _rendered("report.txt.j2", report=report, paint=painter(has_colour))


RENDERERS: Mapping[str, Callable[[Document], str]] = {"text": plan_text, "json": plan_json, "markdown": plan_markdown}
