"""Journals made by hand for the tests: the events of a run as apply records them, without an apply."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from reconciler.kinds.registry import CALLS
from reconciler.report.fold import report_of
from reconciler.report.ours import beginning, chained, line_of

AT = "2026-11-24T09:30:11.000Z"
PROVENANCE = {"tool": "reconcile", "version": "1", "commit": None, "branch": None, "dirty": None}
SUMMARY = dict.fromkeys(("create", "update", "replace", "adopt", "delete", "unchanged", "operations"), 0)

Events = list[dict[str, Any]]


def begun(*tasks: tuple[str, Sequence[str]]) -> dict[str, Any]:
    """The first event of a run with (task id, operations) each, on targets named after the ids."""
    planned = [
        {
            "id": name,
            "target": f"test/us-west-2/{name}",
            "operations": [{"operation": one, "phase": CALLS[one].phase} for one in operations],
        }
        for name, operations in tasks
    ]
    run = {"id": "0123456789ab", "command": "apply", "owner": "owner@host"}
    return {
        "event": "run_started",
        "at": AT,
        "run": run,
        "provenance": PROVENANCE,
        "summary": SUMMARY,
        "tasks": planned,
    }


def event(name: str, task: str, **facts: Any) -> dict[str, Any]:
    return {"event": name, "task": task, "at": AT, **facts}


def started(task: str) -> dict[str, Any]:
    return event("task_started", task, at_ms=1536861444695)


def performed(task: str, index: int) -> Events:
    """One operation from its start to its end."""
    return [
        event("operation_started", task, index=index),
        event("operation_answered", task, index=index, duration_seconds=0.1, attempts=1, request_id=f"r{index}", result={"number": index}),
        event("operation_finished", task, index=index, duration_seconds=0.2),
    ]  # fmt: skip


def failed(task: str, index: int, *, code: str = "ServiceException", message: str = "no") -> Events:
    """One operation that AWS refuses."""
    error = {"type": code, "code": code, "message": message}
    return [
        event("operation_started", task, index=index),
        event("operation_failed", task, index=index, duration_seconds=0.1, attempts=3, request_id="r", retryable=False, error=error),
    ]  # fmt: skip


def done(task: str, operations: Sequence[str]) -> Events:
    """A whole task that goes well."""
    middle = [one for index in range(len(operations)) for one in performed(task, index)]
    return [started(task), *middle, event("task_finished", task)]


def ended(status: str = "succeeded", exit_code: int = 0) -> dict[str, Any]:
    return {"event": "run_finished", "at": AT, "outcome": {"status": status, "exit_code": exit_code}}


def one_task(operations: Sequence[str], middle: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """The only task of a run that records `middle` between its start and whatever came."""
    (task,) = report_of([begun(("one", operations)), started("one"), *middle])["tasks"]
    return dict(task)


def written(path: Path, content: bytes) -> Path:
    """A journal as its own run would have written these lines; what is no event stands as it is."""
    path.touch()
    with path.open("r+b") as file:
        link, chain = beginning(file.fileno()), b""
        for line in content.splitlines(keepends=True):
            whole = line.startswith(b'{"') and line.endswith(b"\n")
            text, link = chained([line_of(json.loads(line))], link) if whole else (line, link)
            chain += text
        file.truncate()
        file.write(chain)
    return path


def lines(events: Iterable[dict[str, Any]]) -> bytes:
    return b"".join(json.dumps(one).encode() + b"\n" for one in events)
