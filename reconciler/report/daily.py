"""The answers to daily questions as a person reads them on a terminal. Pure: documents in, text out, all of it printable."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from reconciler.core.foreign import logged, printable
from reconciler.core.words import ago, by_reason, many
from reconciler.kinds.function import FUNCTION
from reconciler.kinds.minimal import source_name
from reconciler.kinds.registry import KINDS
from reconciler.report.formats import Document
from reconciler.report.formats.shown import field_shown, performed_on
from reconciler.report.schemas import stamp
from reconciler.report.status import WAITS, outcome

SHORT_COMMIT, SHORT_HASH = 10, 12
WORDS = {
    "in_sync": "in sync", "changes": "with changes", "waits_for_a_person": WAITS, "partly_compared": "compared in part", "orphan": "without a spec",
}  # fmt: skip


def table(rows: Iterable[Sequence[Any]]) -> str:
    """Rows in columns that stand in line; a column that is empty in all rows is left out."""
    shown = [[printable(cell) for cell in row] for row in rows]
    columns = [column for column in zip(*shown, strict=True) if any(column[1:])]
    widths = [max(map(len, column)) for column in columns]
    lines = ("  ".join(map(str.ljust, row, widths)).rstrip() for row in zip(*columns, strict=True))
    return "".join(f"{line}\n" for line in lines)


def log_line(event: Document) -> str:
    """One event: when, which version, what; further lines of it stand below it."""
    version = f" [{event['version']}]" if event["version"] else ""
    first, *more = event["message"].rstrip("\n").splitlines() or [""]
    return "".join(f"{line}\n" for line in (logged(f"{event['at']}{version} {first}"), *map(_below, more)))


def _below(line: str) -> str:
    return f"  {logged(line)}"


def task_line(task: Document, run: str) -> str:
    """One task: its id, how it ended, when it began and how long it took, its run, its function, and what was done."""
    seconds = [item["duration_seconds"] for item in task["operations"] if item["duration_seconds"] is not None]
    begun_ms = task["startTimeMs"]
    cells = (
        task["id"], outcome(task["status"]).ljust(13), stamp(datetime.fromtimestamp(begun_ms / 1000, UTC)) if begun_ms else "-",
        f"{sum(seconds):.2f} s" if seconds else "-", f"run {run or '-'}", task["target"],
        ", ".join(_operation(item, task["target"]) for item in task["operations"]),
    )  # fmt: skip
    return "  ".join(map(printable, cells)).rstrip() + "\n"


def _operation(item: Document, target: str) -> str:
    """What was called, on which resource of the function, and what became of it if it is not done."""
    unlike = f"({item['outcome']})" if item["outcome"] != "succeeded" else ""
    return " ".join(filter(None, (item["operation"], performed_on(item, target), unlike)))


def status(document: Document) -> str:
    """A row a function, why what is not in sync is so, and how many stand how."""
    head = ("function", "place", "runs", "mappings", "git", "frozen", "drift", "last run")
    rows = [_standing(function, document["taken_at"]) for function in document["functions"]]
    why = ((function["address"], reason) for function in document["functions"] for reason in function["reasons"])
    reasons = map(printable, by_reason(why))
    counts = [f"{count} {WORDS.get(standing, standing)}" for standing, count in document["summary"].items() if count]
    verdict = f"{many(len(rows), 'function')}: {', '.join(counts)}." if rows else "There is no function."
    lines = "".join(f"{line}\n" for line in (*reasons, *map(printable, document["notes"])))
    return f"{table([head, *rows])}\n{lines}{verdict}\n"


def _standing(function: Document, now: str) -> tuple[str, ...]:
    place, _, name = function["address"].rpartition("/")
    aliases = (
        " ".join(
            [alias["name"], *(f"{one['version']}{share(one['share'])}" for one in alias["versions"]), *_rollout(alias)]
        )
        for alias in function["aliases"]
    )
    runs = ", ".join(aliases) or ("$LATEST" if function["exists"] else "not there")
    states = Counter(mapping["state"] for mapping in function["mappings"])
    mappings = ", ".join(f"{count} {state}" for state, count in sorted(states.items()))
    git = many(function["changes"], "change") if function["standing"] == "changes" else function["standing"]
    drift = "?" if function["drift"] is None else str(function["drift"] or "")
    last = function["last_run"]
    when = f"{ago(last['at'], now)}{'' if last['outcome'] == 'completed' else ', ' + last['outcome']}" if last else ""
    return name, place, runs, mappings, git, _frozen(function), drift, when


def _frozen(function: Document) -> str:
    frozen = function.get("frozen")
    return f"{', '.join(frozen['freezes'])} until {frozen['until'][:16]}Z" if frozen else ""


def _rollout(alias: Document) -> list[str]:
    """Where an alias is on its way to another version."""
    rollout = alias.get("rollout")
    if not rollout:
        return []
    where = f"step {rollout['step']} of {rollout['steps']}" if rollout["step"] else ""
    status = "" if rollout["status"] == "shifting" else rollout["status"]
    if rollout["rejected"]:
        status = f"{rollout['candidate']} rejected"
    return [f"({', '.join(filter(None, (where, status)))})"]


def versions(document: Document) -> str:
    """A row a version; columns of which nothing is known are left out."""
    head = ("version", "published", "commit", "last modified", "code", "size", "used by")
    rows = (
        (
            one["version"], one["published_at"] or "", (one["commit"] or "")[:SHORT_COMMIT], one["modified_at"],
            one["code_sha256"][:SHORT_HASH], amount(one["code_bytes"]) if one["code_bytes"] else "",
            ", ".join(dict.fromkeys(map(_user, one["used_by"]))),
        )
        for one in document["versions"]
    )  # fmt: skip
    return table([head, *rows])


def diff(document: Document) -> str:
    """What differs between two versions: settings as a plan shows them, then files."""
    before, after = document["before"], document["after"]
    head = printable(f"{document['address']}: {_side(before)} → {_side(after)}")
    fields = [field_shown(field, FUNCTION.name) for field in document["fields"]]
    width = min(max((len(field["name"]) for field in fields if not field["lines"]), default=0), 60)
    shown = [line for field in fields for line in _field(field, width)]
    files = [_file(file) for file in document["files"]]
    problems = [printable(problem) for problem in document["problems"]]
    counts = [many(len(shown_of), noun) for shown_of, noun in ((fields, "setting"), (files, "file")) if shown_of]
    same = "Nothing that could be compared differs." if problems else "Nothing differs."
    verb = "differs" if len(fields) + len(files) == 1 else "differ"
    verdict = f"{' and '.join(counts)} {verb}." if counts else same
    return "".join(f"{line}\n" for line in (head, *shown, *files, *problems, "", verdict))


def _side(side: Document) -> str:
    return side["version"] if side["qualifier"] == side["version"] else f"{side['qualifier']} ({side['version']})"


def _field(field: Document, width: int) -> Iterator[str]:
    if field["lines"]:
        yield f"  {field['name']}"
        yield from (f"    {mark} {text}" for mark, text in field["lines"])
    else:
        yield f"  {field['name'].ljust(width)}  {field['before']} → {field['after']}"


def _file(file: Document) -> str:
    sizes = [amount(file[side]) for side in ("before_bytes", "after_bytes") if file[side] is not None]
    sign = {"added": "+", "removed": "-", "changed": "~"}[file["change"]]
    return f"  {sign} {printable(file['path'])}  {' → '.join(dict.fromkeys(sizes))}"


def _user(user: Document) -> str:
    """Who uses a version, in a word or two."""
    if user["kind"] == "spec":
        return f"{user['source']['file']}:{user['source']['line']}"
    if user["kind"] == "alias":
        return f"{user['name']}{share(user['share'])}"
    kind, through = KINDS[user["kind"]], user.get("through", "")
    name = user["name"].removeprefix(through).lstrip("/") if through else user["name"]
    if kind.named_by:  # AWS's name for it says nothing to anybody
        name = source_name(user["remark"].removeprefix("of "))
    return " ".join(filter(None, (kind.word, name, f"by {through}" if through else "")))


def share(part: float) -> str:
    """How much of an alias's traffic; nothing where that is all of it."""
    return "" if part >= 1 else f" {part:.6%}".rstrip("%").rstrip("0").rstrip(".") + "%"


def amount(number: int) -> str:
    """So many bytes, as people say it."""
    for unit, least in (("MB", 2**20), ("KB", 2**10)):
        if number >= least:
            return f"{number / least:.1f} {unit}"
    return f"{number} B"
