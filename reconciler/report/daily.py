"""The answers to daily questions as a person reads them on a terminal. Pure: documents in, text out, all of it printable."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from reconciler.core.foreign import printable
from reconciler.report.formats import Document
from reconciler.report.schemas import stamp


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
    return "".join(f"{line}\n" for line in (printable(f"{event['at']}{version} {first}"), *map(_below, more)))


def _below(line: str) -> str:
    return f"  {printable(line)}"


def task_line(task: Document, run: Document) -> str:
    """One task: its id, how it ended, when it began and how long it took, its run, its function, and what was done."""
    seconds = [item["duration_seconds"] for item in task["operations"] if item["duration_seconds"] is not None]
    begun_ms = task["startTimeMs"]
    cells = (
        task["id"], _outcome(task["status"]).ljust(13), stamp(datetime.fromtimestamp(begun_ms / 1000, UTC)) if begun_ms else "-",
        f"{sum(seconds):.2f} s" if seconds else "-", f"run {run.get('id', '-')}", task["target"],
        ", ".join(_operation(item, task["target"]) for item in task["operations"]),
    )  # fmt: skip
    return "  ".join(map(printable, cells)).rstrip() + "\n"


def _outcome(status: Document) -> str:
    if status["failed"]:
        return "failed" if status["completed"] else "cut off"
    return "completed" if status["completed"] else "not attempted"


def _operation(item: Document, target: str) -> str:
    """What was called, on which resource of the function, and what became of it if it is not done."""
    resource = str(item.get("address", "")).removeprefix(target).lstrip("/")
    outcome = f"({item['outcome']})" if item["outcome"] != "succeeded" else ""
    return " ".join(filter(None, (item["operation"], resource, outcome)))
