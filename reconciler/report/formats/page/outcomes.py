"""What a command ended with as a page: how each target of an apply went, functions in a table, what a function answered. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence

from reconciler.core.foreign import printable
from reconciler.core.freezes import named
from reconciler.core.words import many, shortened
from reconciler.report.formats import Document, View
from reconciler.report.formats.page.alike import Group
from reconciler.report.formats.page.rows import who
from reconciler.report.formats.page.text import bold, code, fitting, inert, link, run_link, size, small
from reconciler.report.formats.shown import (
    addresses_of,
    answer_verdict,
    failed_address,
    function_row,
    is_refused,
    noun_of,
    resource_of,
    why,
)

SPARE = 500  # for the sentence about what has no room
PUBLISHING, MOVING = ("PublishVersion", "CreateFunction"), ("CreateAlias", "UpdateAlias")
DEEDS = {
    "CreateFunction": "created",
    "UpdateFunctionConfiguration": "new configuration",
    "UpdateFunctionCode": "new code",
    "TagResource": "new tags",
    "UntagResource": "tags removed",
    "DeleteFunction": "deleted",
}
LONGEST_BECAUSE = 300
SIGNS = {"succeeded": "🟢", "unchanged": "🟢", "partial": "🟠", "failed": "🔴", "refused": "🔴"}


def report_page(document: Document, view: View) -> str:
    """A run: how it ended, in targets; those that failed, were refused or not attempted first; then what was done."""
    status, tasks = document["outcome"]["status"], document["tasks"]
    done = [task for task in tasks if _outcome(task) == "done"]
    verdict = (
        f"{len(done)} of {many(len(tasks), noun_of(task['target'] for task in tasks))} done"
        if tasks
        else "there was nothing to do"
    )
    seconds = document["run"]["duration_seconds"]
    head = f"### {SIGNS[status]} {document['run']['command'].removeprefix('ci ').capitalize()} {status}: {verdict}\n"
    foot = "\n" + small(
        f"run {code(document['run']['id'])}",
        f"{seconds:.1f} s" if seconds is not None else "cut off",
        f"exit code {document['outcome']['exit_code']}",
        f"commit {inert(document['provenance']['commit'][:10])}" if document["provenance"]["commit"] else "",
        run_link(view),
    ) + "\n"  # fmt: skip
    broken = document["run"].get("broken")
    if broken:
        why_so = inert(shortened(broken["because"], LONGEST_BECAUSE))
        head += f"\n{bold('Broke ' + named(broken['freezes']))}: {why_so}\n"
    return (
        head
        + _table("| | function | what happened |\n|:-:|---|---|\n", _rows(tasks), view.room - size(head + foot))
        + foot
    )


def _outcome(task: Document) -> str:
    if is_refused(task):
        return "refused"
    if task["status"]["failed"]:
        return "failed"
    return "done" if task["status"]["completed"] else "not attempted"


def _rows(tasks: Iterable[Document]) -> list[str]:
    """One for all functions of which the same is to be said."""
    alike: dict[tuple[bool, str], list[Document]] = {}
    for task in sorted(tasks, key=lambda task: _outcome(task) == "done"):
        is_done = _outcome(task) == "done"
        what = _done(task) if is_done else _undone(task)
        alike.setdefault((is_done, what), []).append({"address": task["target"]})
    return [
        f"| {'🟢' if is_done else '🔴'} | {who(Group(targets))} | {what}{' each' if is_done and targets[1:] else ''} |\n"
        for (is_done, what), targets in alike.items()
    ]


def _done(task: Document) -> str:
    done = [item for item in task["operations"] if item["outcome"] == "succeeded"]
    deeds = [
        DEEDS[item["operation"]] for item in done if item["operation"] in DEEDS and item["address"] == task["target"]
    ]
    return ", ".join(
        [*dict.fromkeys(deeds), *map(inert, _released(task)), *_reached(task), many(len(done), "AWS call")]
    )


def _undone(task: Document) -> str:
    where = resource_of(failed_address(task), task["target"])
    return f"{bold(_outcome(task))}{f' at {inert(where)}' if where else ''}: {inert(why(task))}"


def _reached(task: Document) -> Iterator[str]:
    """Each URL that was made or changed; as a link where it has the form that Lambda gives one."""
    for address, url in addresses_of(task):
        is_lambdas = re.fullmatch(r"https://[a-z0-9]+\.lambda-url\.[a-z0-9-]+\.on\.aws/", url)
        name = resource_of(address, task["target"])
        yield f"{inert(name)} at {link(url, url) if is_lambdas else inert(url)}"


def _released(task: Document) -> Iterator[str]:
    """Which versions an apply published, and where each alias that it moved leads now."""
    answered = [item for item in task["operations"] if item["outcome"] == "succeeded"]
    for item, result in zip(answered, task["resultObjects"], strict=False):
        if item["operation"] in PUBLISHING and str(result.get("version", "")).isdecimal():
            yield f"version {result['version']} published"
        elif item["operation"] in MOVING and "functionVersion" in result:
            weights = (result.get("routingConfig") or {}).get("additionalVersionWeights") or {}
            beside = "".join(f", {weight:.0%} on {version}" for version, weight in weights.items())
            yield f"{result.get('name', 'an alias')} is on {result['functionVersion']}{beside}"


def _table(head: str, rows: Sequence[str], room: int) -> str:
    """The rows that there is room for, and how many there are beyond."""
    if not rows:
        return ""
    fits = fitting(rows, room - size(head) - 1 - SPARE)
    left = f"\n{len(rows) - fits} more have no room here; the report has all of them.\n" if fits < len(rows) else ""
    return f"\n{head}{''.join(rows[:fits])}{left}"


def functions_page(items: Sequence[Document], view: View) -> str:
    """Functions in a table."""
    head = f"### {many(len(items), 'function')}\n"
    rows = [f"| {' | '.join(map(inert, function_row(item)))} |\n" for item in items]
    table = _table(
        "| function | runtime | memory | timeout | modified |\n|---|---|--:|--:|---|\n", rows, view.room - size(head)
    )
    return head + table


def answer_page(document: Document, view: View) -> str:
    """What an invoked function answered, and its log; whole as far as there is room, and cut with a word where not."""
    sign = "🔴" if document.get("functionError") or not document else "🟢"
    head = f"### {sign} {inert(answer_verdict(document))}\n"
    payload = json.dumps(document.get("payload"), indent=2, ensure_ascii=False).splitlines()
    log = document.get("logResult", "").splitlines()
    room = (view.room - size(head) - SPARE) // 2
    return head + "\n" + fenced(payload, "json", room) + ("\n" + fenced(log, "text", room) if log else "")


def fenced(lines: Iterable[str], language: str, room: int) -> str:
    """Lines in a fence that none of them ends."""
    shown = [f"{printable(line)}\n" for line in lines]
    fits = fitting(shown, room)
    body = "".join(shown[:fits]) + (
        f"… {len(shown) - fits} more lines have no room here\n" if fits < len(shown) else ""
    )
    fence = "`" * max(3, 1 + max((len(ticks) for ticks in re.findall("`+", body)), default=0))
    return f"{fence}{language}\n{body}{fence}\n"
