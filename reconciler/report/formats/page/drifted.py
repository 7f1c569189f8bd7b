"""What AWS holds of one function and git does not say, as the page of an issue: field by field, and how to end it. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reconciler.report.formats import Document, View
from reconciler.report.formats.page.outcomes import fenced
from reconciler.report.formats.page.text import bold, code, fitting, inert, line_link, named, run_link, size, small
from reconciler.report.formats.shown import is_itself, rendered, target_shown

HEAD = "| what | AWS holds | git says | where |\n|---|---|---|---|\n"
TO_END_IT = bold("To end it")
LONGEST = 80  # characters of a value in the table
NAMES_ROOM = 2_000
SPARE = 1_000  # for the sentences around what has no room


def drift_page(target: Document, view: View) -> str:
    """Of a target of a plan of drift, in at most `view.room` bytes."""
    shown = target_shown(target)
    foot = f"\n{how_to_end(shown)}\n{small(run_link(view))}\n"
    rows = list(_rows(shown, view))
    room = view.room - size(HEAD) - size(foot) - SPARE
    fits = fitting(rows, room)
    more = (
        f"\n{len(rows) - fits} more have no room here; `reconcile plan --drift` shows them.\n"
        if fits < len(rows)
        else ""
    )
    table = f"{HEAD}{''.join(rows[:fits])}{more}"
    whole = _whole(shown, room - size(table))
    return table + whole + _who(shown, room - size(table) - size(whole)) + foot


def _who(target: Document, room: int) -> str:
    """By whom, of each resource, as far as there is room; nothing where nobody asked."""
    lines = [f"- {inert(action['name'])}: {inert(action['who'])}\n" for action in target["actions"] if action["who"]]
    return "".join(["\n", *lines[: fitting(lines, room)]]) if lines else ""


def what_was(page: str) -> str:
    """The page of a drift that is over: without how to end it."""
    return page.partition(f"\n{TO_END_IT}")[0]


def facts(target: Document) -> list[Any]:
    """What makes a drift another one: what is shown of both sides, and not where git says it or when it was seen."""
    return [
        [action["address"], action["verb"], [[field[name] for name in ("path", "before", "after")] for field in action["fields"]]]
        for action in target["actions"]
        if action["verb"] != "none"
    ]  # fmt: skip


def _rows(target: Document, view: View) -> Iterator[str]:
    for action in target["actions"]:
        what = f"the {action['kind']}" if is_itself(action) else inert(action["name"])
        if action["verb"] == "create":
            yield _row(what, "(nothing)", "it is there", next(filter(None, map(_source, action["fields"])), None), view)
        elif action["verb"] == "delete":
            yield _row(what, "it is there", "(nothing)", None, view)
        else:
            of = "" if is_itself(action) else f"{what} "
            for field in action["fields"]:
                yield _row(
                    f"{of}{code(field['name'])}", _value(field["before"]), _value(field["after"]), _source(field), view
                )


def _row(what: str, held: str, said: str, source: Document | None, view: View) -> str:
    return f"| {what} | {bold(held)} | {inert(said)} | {line_link(source, view, whole=True)} |\n"


def _source(field: Document) -> Document | None:
    source: Document | None = field["source"]
    return source


def _value(text: str) -> str:
    return text if len(text) <= LONGEST else "(long, see below)"


def _whole(target: Document, room: int) -> str:
    """Both sides of what is too long for the table, where there is any."""
    is_long = any(
        len(field[side]) > LONGEST for action in target["actions"] for field in action["fields"] for side in ("before", "after")
    )  # fmt: skip
    lines = rendered("target.txt.j2", target=target).rstrip("\n").splitlines()
    return f"\n{fenced(lines, 'diff', room)}" if is_long else ""


def how_to_end(target: Document) -> str:
    paths = [field["path"] for action in target["actions"] for field in action["fields"] if action["verb"] != "create"]
    pointers = f": {code('ignore')} takes {named(paths, NAMES_ROOM)}" if paths else f" with {code('ignore')}"
    return (
        f"{TO_END_IT}, do one of these; the issue then closes by itself:\n\n"
        "- set AWS back to what git says: merge a pull request whose plan shows it, or run the workflow by hand (Actions → Run workflow), "
        "which names the digest to approve;\n"
        "- keep what AWS holds: write it into the spec;\n"
        f"- leave it to others{pointers}.\n"
    )
