"""A journal's events to the report. Pure, linear in the events, and the only way a report is ever made: at the end of a
run, on a signal, and when somebody finds the journal of a run that was killed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from reconciler.core.errors import ReportError
from reconciler.kinds.registry import CALLS
from reconciler.report.schemas import FORMAT_VERSION

ORCHESTRATION = "ORCHESTRATION"
CUT_OFF = "Orchestration was cut off before it completed"
NOT_ATTEMPTED = "Orchestration was not attempted."
PLANNING = "PlanLambdaAtomicOperation"  # what failed where a target was refused

Event = Mapping[str, Any]


@dataclass(slots=True)
class _Task:
    """A task while its events come in."""

    planned: Mapping[str, Any]
    owner: str
    start_time_ms: int | None = None
    history: list[dict[str, str]] = field(default_factory=list)
    results: list[Mapping[str, Any]] = field(default_factory=list)
    operations: list[dict[str, Any]] = field(default_factory=list)
    unseen: set[int] = field(default_factory=set)  # operations that AWS took, and nobody saw carried out
    end: str = ""
    is_retryable: bool = False

    def say(self, phase: str, status: str) -> None:
        self.history.append({"phase": phase, "status": status})


def report_of(events: Iterable[Event]) -> dict[str, Any]:
    """The report that the events tell. Without a `run_finished`, the run was cut off: what was in flight is unknown.

    Raises ReportError where the first event is not `run_started`."""
    events = iter(events)
    begun = next(events, None)
    if begun is None or begun.get("event") != "run_started":
        raise ReportError("does not begin with the start of a run")
    tasks = {planned["id"]: _begun(planned, begun["run"]["owner"]) for planned in begun["tasks"]}
    finished: Event | None = None
    exports = []
    for event in events:
        if event["event"] == "run_finished":
            finished = event
        elif event["event"] == "exported":
            address = tasks[event["task"]].planned["target"]
            exports.append({"address": address, "spec": event["spec"], "belongings": event.get("belongings", {})})
        else:
            _EVENTS[event["event"]](tasks[event["task"]], event)
    documents = [_document(task) for task in tasks.values()]
    return {
        "format_version": FORMAT_VERSION,
        "kind": "report",
        "run": _run(begun, finished),
        "provenance": begun["provenance"],
        "outcome": dict(finished["outcome"]) if finished else {"status": _cut_off_status(documents), "exit_code": None},
        "summary": begun["summary"],
        "tasks": documents,
        "exports": exports,
    }


def _begun(planned: Mapping[str, Any], owner: str) -> _Task:
    return _Task(planned, owner, operations=[_planned(item, planned["target"]) for item in planned["operations"]])


def _planned(item: Mapping[str, Any], target: str) -> dict[str, Any]:
    return {
        "operation": item["operation"], "phase": item["phase"], "address": item.get("address", target), "started_at": None, "duration_seconds": None,
        "attempts": 0, "request_id": "", "outcome": "not attempted", "error": None,
    }  # fmt: skip


def _run(begun: Event, finished: Event | None) -> dict[str, Any]:
    ended = finished["at"] if finished else None
    took = (_moment(ended) - _moment(begun["at"])).total_seconds() if ended else None
    return {
        "id": begun["run"]["id"],
        "command": begun["run"]["command"],
        "started_at": begun["at"],
        "finished_at": ended,
        "duration_seconds": round(took, 3) if took is not None else None,
        **{name: begun["run"][name] for name in ("place", "group", "broken") if name in begun["run"]},
    }


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _cut_off_status(tasks: Iterable[Mapping[str, Any]]) -> str:
    return (
        "partial" if any(task["status"]["completed"] and not task["status"]["failed"] for task in tasks) else "failed"
    )


# --- events --------------------------------------------------------------------------------------------------------


def _task_started(task: _Task, event: Event) -> None:
    task.start_time_ms = event["at_ms"]
    task.say(ORCHESTRATION, "Initializing Orchestration Task...")
    if task.planned.get("said"):
        task.say(ORCHESTRATION, task.planned["said"])


def _operation_added(task: _Task, event: Event) -> None:
    """What came to be done beside what was planned."""
    task.operations.append(_planned(event["operation"], task.planned["target"]))


def _operation_started(task: _Task, event: Event) -> None:
    performed = task.operations[event["index"]]
    call = CALLS[performed["operation"]]
    task.say(ORCHESTRATION, f"Processing op: {call.task_operation}")
    task.say(call.phase, call.started)
    performed |= {"started_at": event["at"], "outcome": "unknown"}


def _operation_answered(task: _Task, event: Event) -> None:
    performed = task.operations[event["index"]]
    performed |= {name: event[name] for name in ("duration_seconds", "attempts", "request_id")} | {
        "outcome": "succeeded"
    }
    task.results.append(event["result"])
    task.unseen.add(event["index"])


def _package_stored(task: _Task, event: Event) -> None:
    task.operations[event["index"]]["package"] = event["package"]


def _smoke_judged(task: _Task, event: Event) -> None:
    task.operations[event["index"]]["smoke"] = event["smoke"]


def _operation_finished(task: _Task, event: Event) -> None:
    performed = task.operations[event["index"]]
    performed |= {name: event[name] for name in ("duration_seconds", "code") if name in event}
    if event.get("noted"):
        performed["noted"] = event["noted"]
    task.unseen.discard(event["index"])
    call = CALLS[performed["operation"]]
    task.say(call.phase, call.finished)


def _operation_failed(task: _Task, event: Event) -> None:
    performed = task.operations[event["index"]]
    performed |= {name: event[name] for name in ("duration_seconds", "attempts", "request_id", "error")}
    performed["outcome"] = "failed"
    task.unseen.discard(event["index"])
    _failed(task, event, CALLS[performed["operation"]].task_operation)


def _task_refused(task: _Task, event: Event) -> None:
    task.say(ORCHESTRATION, "Initializing Orchestration Task...")
    _failed(task, event, PLANNING)


def _failed(task: _Task, event: Event, operation: str) -> None:
    """Of several that were under way at the same time the first is why the task ends; trying again helps where it does with all of them."""
    error = event["error"]
    task.is_retryable = event["retryable"] and (task.is_retryable or not task.end)
    task.end = task.end or f"Orchestration failed: {operation} | {error['type']}: [{error['message']}]"
    task.results.append(
        {
            "type": "EXCEPTION",
            "operation": operation,
            "message": error["message"],
            "cause": error["code"] or error["type"],
        }
    )


def _task_finished(task: _Task, _: Event) -> None:
    task.end = "Orchestration completed."


_EVENTS = {
    "task_started": _task_started,
    "task_refused": _task_refused,
    "operation_added": _operation_added,
    "operation_started": _operation_started,
    "operation_answered": _operation_answered,
    "package_stored": _package_stored,
    "smoke_judged": _smoke_judged,
    "operation_finished": _operation_finished,
    "operation_failed": _operation_failed,
    "task_finished": _task_finished,
}


def _cut_off(task: _Task) -> str:
    names = ", ".join(task.operations[index]["operation"] for index in sorted(task.unseen))
    return f"{CUT_OFF}; AWS took {names}, and may still be at it." if names else f"{CUT_OFF}."


def _document(task: _Task) -> dict[str, Any]:
    is_failed = task.end.startswith("Orchestration failed")
    was_begun = bool(task.history)
    status = task.end or (_cut_off(task) if was_begun else NOT_ATTEMPTED)
    ended = [{"phase": ORCHESTRATION, "status": task.end}] if task.end else []
    return {
        "id": task.planned["id"],
        "ownerId": task.owner,
        "startTimeMs": task.start_time_ms,
        "history": [*task.history, *ended],
        "resultObjects": task.results,
        "status": {
            "phase": ORCHESTRATION,
            "status": status,
            "complete": bool(task.end),
            "completed": bool(task.end),
            "failed": is_failed or (was_begun and not task.end),
            "retryable": task.is_retryable or not task.end,
        },
        "target": task.planned["target"],
        "operations": task.operations,
    }
