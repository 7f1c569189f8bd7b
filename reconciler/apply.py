"""Perform a plan: a target's operations in order and alone, targets side by side, every event recorded as it happens.

It decides nothing that the plan has decided: it fills in what only an earlier answer could tell, guards with RevisionIds,
and stops a target at its first failure.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any, Literal

from reconciler import artifacts, packing, renames, service
from reconciler.aws import Answer, Aws, Place
from reconciler.errors import CallFailed, CodeDiffers, Interrupted, PlanError, ReconcileError
from reconciler.export import exported
from reconciler.model import Blob, Key, Operation, Origin, Plan, Ref, Target, TargetPlan
from reconciler.recovery import recovered
from reconciler.report.journal import Journal
from reconciler.report.results import invocation, result_object
from reconciler.report.schemas import stamp

WORKERS = 16
STALE = "PreconditionFailedException"

Outcome = Literal["succeeded", "failed", "stale", "not attempted", "refused"]


@dataclass(frozen=True, slots=True)
class Performance:
    """How an apply went, target by target."""

    outcomes: Mapping[Target, Outcome]

    def count(self, outcome: Outcome) -> int:
        return sum(one == outcome for one in self.outcomes.values())


@dataclass(slots=True)
class Run:
    """What all targets of one apply share. `is_stopping` is asked before each operation; `tell` hears of each;
    `explain` says what changed in AWS since the plan was made."""

    aws: Aws
    journal: Journal
    is_stopping: Callable[[], bool] = lambda: False
    tell: Callable[[Key, str, str], None] = lambda _, __, ___: None
    explain: Callable[[Target], str] = lambda _: ""
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    clock: Callable[[], float] = time.monotonic
    tasks: dict[Target, str] = field(default_factory=dict)

    def record(self, event: str, target: Target, **facts: Any) -> None:
        self.journal.record({"event": event, "task": self.tasks[target], "at": stamp(self.now()), **facts})


def begin(plan: Plan, run: Run, header: Mapping[str, Any], refused: Iterable[Target]) -> None:
    """Record what will be done, before anything is. `header` holds run, provenance and summary."""
    left_out = set(refused)
    acting = [one for one in plan.targets if one.operations or one.target in left_out]
    run.tasks.update({one.target: str(uuid.uuid4()) for one in acting})
    tasks = [
        {
            "id": run.tasks[one.target],
            "target": str(one.target),
            "operations": [
                {"operation": item.name, "phase": item.phase, "address": str(item.key)} for item in one.operations
            ],
        }
        for one in acting
    ]
    run.journal.record({"event": "run_started", "at": stamp(run.now()), **header, "tasks": tasks})


def refuse(target: Target, error: str, message: str, run: Run) -> None:
    """Record that a target is left alone, and why."""
    facts = {"type": error, "code": "", "message": message}
    run.record("task_refused", target, error=facts, retryable=False)


def perform(plan: Plan, run: Run, *, leave_out: Iterable[Target] = (), workers: int = WORKERS) -> Performance:
    """Carry out every target's operations; one that fails stops none but those that wait for it."""
    left_out = set(leave_out)
    acting = [one for one in plan.targets if one.operations and one.target not in left_out]
    outcomes: dict[Target, Outcome] = dict.fromkeys(left_out, "refused")
    with ThreadPoolExecutor(workers) as pool:
        for wave in ([one for one in acting if not one.after], [one for one in acting if one.after]):
            performed = pool.map(partial(perform_after, outcomes=dict(outcomes), run=run), wave)
            outcomes.update(zip((one.target for one in wave), performed, strict=True))
    return Performance(dict(sorted(outcomes.items())))


def perform_after(plan: TargetPlan, *, outcomes: Mapping[Target, Outcome], run: Run) -> Outcome:
    """One target, unless what it waits for was not done: a deletion then leaves the only one that there is."""
    undone = [target for target in plan.after if outcomes.get(target, "succeeded") != "succeeded"]
    if not undone or run.is_stopping():
        return perform_target(plan, run)
    refuse(plan.target, PlanError.__name__, renames.waiting(plan.target, undone[0], "was not done"), run)
    return "refused"


def perform_target(plan: TargetPlan, run: Run) -> Outcome:
    """One task. Its first failure ends it; what was done before stays done and on record."""
    if run.is_stopping():
        return "not attempted"
    run.record("task_started", plan.target, at_ms=int(run.now().timestamp() * 1000))
    try:
        if any(item.name == "DeleteFunction" and "Qualifier" not in item.params for item in plan.operations):
            run.record("exported", plan.target, spec=exported(run.aws, plan.target))
    except Exception as error:  # what cannot be exported is not deleted, and stops no other target
        return failed(0, plan.operations[0], error, 0.0, run)
    known = _Known(plan.operations)
    for index, operation in enumerate(plan.operations):
        if run.is_stopping():
            return "not attempted" if index == 0 else "failed"
        outcome = perform_operation(index, operation, known, run)
        if outcome != "succeeded":
            return outcome
    run.record("task_finished", plan.target)
    return "succeeded"


def perform_operation(index: int, operation: Operation, known: _Known, run: Run) -> Outcome:
    """One call, recorded before it, after it, and after AWS has carried it out."""
    target, begun = operation.key.target, run.clock()
    run.record("operation_started", target, index=index)
    run.tell(operation.key, operation.name, "started")

    def elapsed() -> float:
        return round(run.clock() - begun, 3)

    try:
        confirm(operation, run.aws)
        answer = call(operation, known, run.aws)
        run.record(
            "operation_answered", target, index=index, duration_seconds=elapsed(), attempts=answer.attempts,
            request_id=answer.request_id, result=_result(operation.name, answer),
        )  # fmt: skip
        check(operation, answer, run.aws)
        settle(operation, answer, known, run.aws)
    except Interrupted:
        return "failed"  # answered, and on record as such; the next run sees whether AWS carried it out
    except Exception as error:  # a target's failure, even one of our own making, never stops another target
        return failed(index, operation, error, elapsed(), run)
    run.record("operation_finished", target, index=index, duration_seconds=elapsed(), **sent(operation, answer))
    run.tell(operation.key, operation.name, "finished")
    return "succeeded"


def failed(index: int, operation: Operation, error: Exception, duration_seconds: float, run: Run) -> Outcome:
    """Record how an operation failed, and end its target."""
    target, failure = operation.key.target, as_failure(error)
    if failure.code == STALE:
        failure = stale(failure, run.explain(target))
    run.record(
        "operation_failed", target, index=index, duration_seconds=duration_seconds, attempts=failure.attempts,
        request_id=failure.request_id, retryable=failure.is_retryable,
        error={"type": failure.code or type(error).__name__, "code": failure.code, "message": str(failure)},
    )  # fmt: skip
    run.tell(operation.key, operation.name, f"failed: {failure}")
    return "stale" if failure.code == STALE else "failed"


def stale(failure: CallFailed, changes: str) -> CallFailed:
    """Somebody changed the resource after the plan was made; say what."""
    message = f"{failure}; changed since the plan was made: {changes or 'nothing that a spec can say'}; plan again"
    return CallFailed(message, code=failure.code, request_id=failure.request_id, attempts=failure.attempts)


def as_failure(error: Exception) -> CallFailed:
    match error:
        case CallFailed():
            return error
        case ReconcileError():
            return CallFailed(str(error))
        case _:
            return CallFailed(f"unexpected {type(error).__name__}")


def sent(operation: Operation, answer: Answer) -> dict[str, Any]:
    """Which object the code came from, with the hash that AWS answered: it may be all that anybody knows of it later."""
    pin = operation.pin
    if pin is None or not pin.etag or "CodeSha256" not in answer.result:
        return {}
    version = {"S3ObjectVersion": pin.version} if pin.version else {}
    where = {"S3Bucket": pin.bucket, "S3Key": pin.key, **version, "ETag": pin.etag}
    return {"code": {**where, "CodeSha256": answer.result["CodeSha256"]}}


def _result(operation: str, answer: Answer) -> dict[str, Any]:
    return result_object(
        operation, answer.result, request_id=answer.request_id, status_code=answer.status_code, headers=answer.headers
    )


class _Known:
    """What one target's answers have told so far: results by operation name, and the newest RevisionIds."""

    def __init__(self, operations: Iterable[Operation]) -> None:
        self.results: dict[str, Mapping[str, Any]] = {}
        self.revisions: dict[tuple[str, str], str] = {}
        for operation in operations:
            if operation.revision:
                self.revisions.setdefault(self._subject(operation), operation.revision)

    @staticmethod
    def _subject(operation: Operation) -> tuple[str, str]:
        """Aliases have a revision of their own; everything else moves the function's."""
        return ("alias", operation.key.name) if operation.key.kind == "alias" else ("function", "")

    def revision(self, operation: Operation) -> str:
        return self.revisions.get(self._subject(operation), "")

    def learn(self, operation: Operation, state: Mapping[str, Any]) -> None:
        if "RevisionId" in state and state.get("Version", "$LATEST") == "$LATEST":
            self.revisions[self._subject(operation)] = state["RevisionId"]

    def forget(self, operation: Operation) -> None:
        self.revisions.pop(self._subject(operation), None)


def call(operation: Operation, known: _Known, aws: Aws) -> Answer:
    """The call with everything filled in. An answer that was lost on the way is looked for before it counts as failed."""
    place = Place.of(operation.key.target)
    params = filled(operation.params, known.results)
    revision = known.revision(operation)
    if revision and "RevisionId" in service.members(operation.name):
        params["RevisionId"] = revision
    try:
        answer = aws.call(place, operation.name, params)
    except CallFailed as failure:
        found = recovered(operation, params, failure, aws)
        if found is None:
            raise
        answer = found
    known.results[operation.name] = answer.result
    known.learn(operation, answer.result)
    return answer


def confirm(operation: Operation, aws: Aws) -> None:
    """Raises where the code that is about to be sent is not what the plan was made of."""
    if operation.pin:
        artifacts.confirm(aws, Place.of(operation.key.target), operation.pin)


def check(operation: Operation, answer: Answer, aws: Aws) -> None:
    """Raises where AWS answered well and yet it did not go well: other code than planned, a function that failed."""
    if not operation.expect:
        confirm(
            operation, aws
        )  # a hash that nobody knows tells nothing: the object must have stood still around the call
    for member, expected in operation.expect.items():
        if answer.result.get(member, expected) != expected:
            raise CodeDiffers(
                f"{operation.key}: AWS answers {member} {answer.result[member]}, the plan showed {expected}: "
                "the code was replaced in between; plan again",
                code="CodeDiffers",
            )
    if "FunctionError" in answer.result:
        told = invocation(answer.result)["payload"]
        message = told.get("errorMessage", told) if isinstance(told, dict) else told
        raise CallFailed(
            f"{operation.key}: the function failed ({answer.result['FunctionError']}): {message}", code="FunctionError"
        )


def settle(operation: Operation, answer: Answer, known: _Known, aws: Aws) -> None:
    """Wait until AWS has carried it out, and learn the revision that it ends with."""
    for wait in operation.settle:
        state = aws.settle(operation.key.target, wait, answer.result)
        known.learn(operation, state)
    if operation.name in ("DeleteFunction", "PublishVersion"):
        known.forget(operation)


def filled(value: Any, results: Mapping[str, Mapping[str, Any]]) -> Any:
    """Params with `Ref`s, as values and as keys, and `Blob`s replaced by what they stand for."""
    match value:
        case Mapping():
            return {filled(key, results): filled(item, results) for key, item in value.items()}
        case list() | tuple():
            return [filled(item, results) for item in value]
        case Ref():
            return results[value.operation][value.member]
        case Blob():
            return _packed(value)
    return value


def _packed(blob: Blob) -> bytes:
    code = packing.pack(blob.path, Origin(blob.path))
    if blob.sha256 and packing.code_sha256(code) != blob.sha256:
        raise CallFailed(f"{blob.path} is not what it was when the plan was made; plan again")
    return code
