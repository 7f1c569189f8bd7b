"""Plans, tasks and reports as text, markdown and JSON, through the templates beside it. Pure but for reading templates.

Text from specs and from AWS is data to the templates: control characters are shown, not sent to a terminal.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
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
MARKDOWN_LIMIT = 60_000

Document = Mapping[str, Any]


def printable(text: Any) -> str:
    """Text in which nothing moves a cursor, changes a colour or reverses the reading."""
    return UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", str(text))


def value_text(value: Any) -> str:
    """A value as a plan shows it: strings bare when they are plain words, the rest as JSON, long ones cut."""
    if value is None:
        return "(unset)"
    if isinstance(value, str) and re.fullmatch(r"[^\s,{}\[\]\"']+|\([a-z ]+\)", value):
        text = value
    else:
        text = json.dumps(value, ensure_ascii=False)
    text = printable(text)
    return text if len(text) <= LONGEST_VALUE else f"{text[: LONGEST_VALUE - 1]}…"


def painter(has_colour: bool) -> Callable[[Any, str], str]:
    def paint(text: Any, style: str) -> str:
        code = COLOURS.get(style)
        return f"\x1b[{code}m{text}\x1b[0m" if has_colour and code else str(text)

    return paint


@cache
def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("reconciler"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701  text and markdown, escaped by filters of our own
    )
    made.filters |= {"value": value_text, "printable": printable, "inert": inert, "many": many}
    return made


def _rendered(template: str, **facts: Any) -> str:
    return _environment().get_template(template).render(symbols=SYMBOLS, **facts)


def many(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def plan_text(plan: Document, *, has_colour: bool = False) -> str:
    """A plan as a person likes to read it: by target, what changes, before and after, what it costs."""
    targets = [_shown(target) for target in plan["targets"] if is_acting(target)]
    return _rendered("plan.txt.j2", plan=plan, targets=targets, paint=painter(has_colour), totals=totals(plan))


def is_acting(target: Document) -> bool:
    return any(action["verb"] != "none" for action in target["actions"])


def _shown(target: Document) -> dict[str, Any]:
    """A target with its acting resources, their names without the target's address, and the width of its paths."""
    actions = []
    for action in target["actions"]:
        if action["verb"] == "none":
            continue
        name = action["address"].removeprefix(target["address"]).lstrip("/") or "function"
        fields = [{**field, "name": _field_name(field["path"], name)} for field in action["fields"]]
        width = max((len(field["name"]) for field in fields), default=0)
        actions.append({**action, "name": name, "fields": fields, "width": min(width, 60)})
    return {**target, "actions": actions}


def _field_name(path: str, name: str) -> str:
    """A field's pointer without what its resource's name has said."""
    section = {"alias": "aliases", "event_source_mapping": "event_source_mappings"}.get(name.partition("/")[0], "")
    prefix = f"/{section}/{name.partition('/')[2]}/"
    return printable(path.removeprefix(prefix).removeprefix("/").replace("/", "."))


def totals(plan: Document) -> str:
    """The summary line."""
    summary = plan["summary"]
    unchanged = f"{summary['unchanged']} unchanged"
    if not any(summary[verb] for verb in SYMBOLS):
        return f"No changes. What git says is what AWS holds ({many(len(plan['targets']), 'function')}, {unchanged})."
    words = [f"{summary[verb]} to {verb}" for verb in SYMBOLS if summary[verb]]
    return f"Plan: {', '.join(words)}; {unchanged}. {many(summary['operations'], 'AWS call')}."


def plan_json(plan: Document) -> str:
    return json.dumps(plan, indent=2, ensure_ascii=False) + "\n"


def plan_markdown(plan: Document) -> str:
    """A plan for a pull request's comment: counts first, a diff a target, at most MARKDOWN_LIMIT characters."""
    head = _rendered("plan.md.j2", plan=plan, totals=totals(plan))
    blocks = [_markdown_target(_shown(target)) for target in plan["targets"] if is_acting(target)]
    room = MARKDOWN_LIMIT - len(head) - 200
    kept: list[str] = []
    for block in blocks:
        if len(block) > room:
            break
        kept.append(block)
        room -= len(block)
    left = len(blocks) - len(kept)
    tail = f"\n*{many(left, 'target')} more; the whole plan is in the job's log.*\n" if left else ""
    return head + "".join(kept) + tail


def _markdown_target(target: Document) -> str:
    body = _rendered("target.txt.j2", target=target)
    longest = max((len(run) for run in re.findall("`+", body)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"\n<details><summary>{inert(target['address'])}</summary>\n\n{fence}diff\n{body}{fence}\n\n</details>\n"


def inert(text: Any) -> str:
    """Text that markdown shows as it is: no HTML, link, mention, reference or emphasis."""
    shown = printable(text)
    return re.sub(r"[^\w\s./,:;()'=+~-]|[_~]|(?<=\w)\.(?=\w)", lambda found: f"&#{ord(found[0])};", shown)


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
