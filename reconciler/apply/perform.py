"""Perform a plan: a target's operations in order and alone, targets side by side, every event recorded as it happens.

It decides nothing that the plan has decided: it fills in what only an earlier answer could tell, guards with RevisionIds,
and stops a target at its first failure.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any, Literal

from reconciler.apply.confirming import at_rest, confirmed, revision, unchanged
from reconciler.apply.delivery import Deliveries
from reconciler.apply.expected import Change, Expected
from reconciler.apply.export import exported
from reconciler.apply.recovery import Judge
from reconciler.apply.waiting import waiting
from reconciler.aws.client import Answer, Aws, Place
from reconciler.core import service
from reconciler.core.errors import (
    CallFailed,
    CodeDiffers,
    FunctionFailed,
    Interrupted,
    NotOwned,
    PlanError,
    ReconcileError,
    StalePlan,
)
from reconciler.core.model import Blob, Key, Operation, Plan, Ref, Target, TargetPlan
from reconciler.core.waiting import Wait
from reconciler.core.words import byte_size
from reconciler.files.packages import Packages
from reconciler.kinds.registry import CALLS, KINDS, WAITS
from reconciler.report.documents import plain
from reconciler.report.journal import Journal
from reconciler.report.results import invocation, result_object
from reconciler.report.schemas import stamp
from reconciler.snapshot import artifacts, belongings

WORKERS = 16

Answers = Mapping[Target, Mapping[str, Mapping[str, Any]]]  # by operation
Outcome = Literal["succeeded", "failed", "function failed", "stale", "not attempted", "refused"]
OUTCOMES: Mapping[str, Outcome] = {
    StalePlan.__name__: "stale", NotOwned.__name__: "refused", FunctionFailed.__name__: "function failed",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Performance:
    """How an apply went, target by target."""

    outcomes: Mapping[Target, Outcome]

    def count(self, outcome: Outcome) -> int:
        return sum(item == outcome for item in self.outcomes.values())


@dataclass(slots=True)
class Run:
    """What all targets of one apply share. `is_stopping` is asked before each operation; `tell` hears of each. `answers` are
    those of the targets that are done, by operation: others may need them."""

    aws: Aws
    journal: Journal
    is_stopping: Callable[[], bool] = lambda: False
    tell: Callable[[Key, str, str], None] = lambda *_: None
    packages: Packages = field(default_factory=Packages)
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    clock: Callable[[], float] = time.monotonic
    tasks: dict[Target, str] = field(default_factory=dict)
    answers: dict[Target, Mapping[str, Mapping[str, Any]]] = field(default_factory=dict)
    deliveries: Deliveries = field(init=False)

    def __post_init__(self) -> None:
        self.deliveries = Deliveries(self.aws, self.packages)

    def record(self, event: str, target: Target, **facts: Any) -> None:
        self.journal.record({"event": event, "task": self.tasks[target], "at": stamp(self.now()), **facts})


def begin(plan: Plan, run: Run, header: Mapping[str, Any], refused: Iterable[Target]) -> None:
    """Record what will be done, before anything is. `header` holds run, provenance and summary."""
    left_out = set(refused)
    acting = [target_plan for target_plan in plan.targets if target_plan.operations or target_plan.target in left_out]
    run.tasks.update({target_plan.target: str(uuid.uuid4()) for target_plan in acting})
    tasks = [
        {
            "id": run.tasks[target_plan.target],
            "target": str(target_plan.target),
            "operations": [
                {"operation": item.name, "phase": item.phase, "address": str(item.key)}
                for item in target_plan.operations
            ],
        }
        for target_plan in acting
    ]
    run.journal.record({"event": "run_started", "at": stamp(run.now()), **header, "tasks": tasks})


def refuse(target: Target, error: str, message: str, run: Run) -> None:
    """Record that a target is left alone, and why."""
    facts = {"type": error, "code": "", "message": message}
    run.record("task_refused", target, error=facts, retryable=False)


def perform(plan: Plan, run: Run, *, leave_out: Iterable[Target] = (), workers: int = WORKERS) -> Performance:
    """Carry out every target's operations; one that fails stops none but those that wait for it."""
    left_out = set(leave_out)
    acting = [
        target_plan for target_plan in plan.targets if target_plan.operations and target_plan.target not in left_out
    ]
    outcomes: dict[Target, Outcome] = dict.fromkeys(left_out, "refused")
    with ThreadPoolExecutor(workers) as pool:
        for wave in waves(acting):
            performed = pool.map(partial(perform_after, outcomes=dict(outcomes), run=run), wave)
            outcomes.update(zip((target_plan.target for target_plan in wave), performed, strict=True))
    return Performance(dict(sorted(outcomes.items())))


def waves(plans: Iterable[TargetPlan]) -> Iterator[list[TargetPlan]]:
    """The targets that go side by side, each after all that it waits for."""
    left = list(plans)
    while left:
        waiting = {target_plan.target for target_plan in left}
        wave = [target_plan for target_plan in left if waiting.isdisjoint(target_plan.after)]
        yield wave
        going = {target_plan.target for target_plan in wave}
        left = [target_plan for target_plan in left if target_plan.target not in going]


def perform_after(plan: TargetPlan, *, outcomes: Mapping[Target, Outcome], run: Run) -> Outcome:
    """One target, unless what it waits for was not done."""
    undone = [target for target in plan.after if outcomes.get(target, "succeeded") != "succeeded"]
    if not undone or run.is_stopping():
        return perform_target(plan, run)
    message = waiting(plan.target, undone[0])
    refuse(plan.target, PlanError.__name__, message, run)
    return "refused"


def perform_target(plan: TargetPlan, run: Run) -> Outcome:
    """One task. Its first failure ends it; what was done before stays done and on record."""
    if run.is_stopping():
        return "not attempted"
    run.record("task_started", plan.target, at_ms=int(run.now().timestamp() * 1000))
    try:
        if any(item.name == "DeleteFunction" and "Qualifier" not in item.params for item in plan.operations):
            along = belongings.belongings(run.aws, plan.target)
            spec = exported(run.aws, plan.target, belongings.unreadable(along))
            run.record("exported", plan.target, spec=spec, belongings=plain(belongings.document(along)))
    except Exception as error:  # what cannot be exported is not deleted, and stops no other target
        return failed(0, plan.operations[0], as_failure(error, None), 0.0, run)
    known = _Known(Expected(plan))
    for index in range(len(plan.operations)):
        if run.is_stopping():
            return "not attempted" if index == 0 else "failed"
        outcome = perform_operation(index, plan.operations, known, run)
        if outcome != "succeeded":
            return outcome
    run.answers[plan.target] = known.results
    run.record("task_finished", plan.target)
    return "succeeded"


def perform_operation(index: int, operations: Sequence[Operation], known: _Known, run: Run) -> Outcome:
    """One call, recorded before it, after it, and after AWS has carried it out; after the last one the target is looked at."""
    operation, answer = operations[index], None
    target, begun = operation.key.target, run.clock()
    run.record("operation_started", target, index=index)
    run.tell(operation.key, operation.name, "started")

    def elapsed() -> float:
        return round(run.clock() - begun, 3)

    try:
        prepare(index, operation, run)
        change, answer = call(operation, known, run)
        run.record(
            "operation_answered", target, index=index, duration_seconds=elapsed(), attempts=answer.attempts,
            request_id=answer.request_id, result=_result(operation.name, answer),
        )  # fmt: skip
        check(operation, answer, run.aws)
        noted = settle(operation, change, answer, known, run.aws)
        if operation is operations[-1]:
            at_rest(run.aws, target, known.expected)
    except Interrupted:
        return "failed"  # answered, and on record as such; the next run sees whether AWS carried it out
    except Exception as error:  # a target's failure, even one of our own making, never stops another target
        return failed(index, operation, as_failure(error, answer), elapsed(), run)
    run.record(
        "operation_finished",
        target,
        index=index,
        duration_seconds=elapsed(),
        noted=list(noted),
        **sent(operation, answer),
    )
    run.tell(operation.key, operation.name, "finished")
    return "succeeded"


@dataclass(frozen=True, slots=True)
class Failure:
    """How an operation failed, as it is recorded, and what becomes of its target."""

    type: str
    code: str
    message: str
    attempts: int
    request_id: str
    is_retryable: bool
    outcome: Outcome


def as_failure(error: Exception, answer: Answer | None) -> Failure:
    """An error as it is recorded; `answer` is the call's own, where it was answered before that."""
    name = type(error).__name__
    of_call = next((cause for cause in (error, error.__cause__) if isinstance(cause, CallFailed)), CallFailed(""))
    code = error.code if isinstance(error, CallFailed) else ""
    return Failure(
        type=code or name,
        code=code,
        message=str(error) if isinstance(error, ReconcileError) else f"unexpected {name}",
        attempts=answer.attempts if answer else of_call.attempts,
        request_id=answer.request_id if answer else of_call.request_id,
        is_retryable=isinstance(error, CallFailed) and error.is_retryable,
        outcome=OUTCOMES.get(name, "failed"),
    )


def failed(index: int, operation: Operation, failure: Failure, duration_seconds: float, run: Run) -> Outcome:
    """Record how an operation failed, and end its target."""
    target = operation.key.target
    run.record(
        "operation_failed", target, index=index, duration_seconds=duration_seconds, attempts=failure.attempts,
        request_id=failure.request_id, retryable=failure.is_retryable,
        error={"type": failure.type, "code": failure.code, "message": failure.message},
    )  # fmt: skip
    run.tell(operation.key, operation.name, f"failed: {failure.message}")
    return failure.outcome


def code_of(operation: Operation, answer: Answer) -> Mapping[str, Any]:
    """What an answer says of the code that was sent."""
    told: Mapping[str, Any] = (
        KINDS[operation.key.kind].answered(answer.result, operation.key.target.name).get("code", {})
    )
    return told


def sent(operation: Operation, answer: Answer) -> dict[str, Any]:
    """Which object the code came from, with the hash that AWS answered: it may be all that anybody knows of it later."""
    pin = operation.pin
    if pin is None or not pin.etag:
        return {}
    sha256 = code_of(operation, answer).get("CodeSha256")
    version = {"S3ObjectVersion": pin.version} if pin.version else {}
    where = {"S3Bucket": pin.bucket, "S3Key": pin.key, **version, "ETag": pin.etag}
    return {"code": {**where, "CodeSha256": sha256}} if sha256 else {}


def _result(operation: str, answer: Answer) -> dict[str, Any]:
    return result_object(
        operation, answer.result, request_id=answer.request_id, status_code=answer.status_code, headers=answer.headers
    )


@dataclass(slots=True)
class _Known:
    """What one target's answers and looks have told so far; results by operation name."""

    expected: Expected
    results: dict[str, Mapping[str, Any]] = field(default_factory=dict)


def call(operation: Operation, known: _Known, run: Run) -> tuple[Change, Answer]:
    """The call with everything filled in, after a look where no revision guards it. An answer that was lost on the way is
    looked for before it counts as failed."""
    place, aws = Place.of(operation.key.target), run.aws
    answers = {**run.answers, operation.key.target: known.results}
    params = filled(operation.params, answers, operation.key.target, run.deliveries)
    guard = revision(aws, operation, known.expected) if "RevisionId" in service.members(operation.name) else ""
    params |= {"RevisionId": guard} if guard else {}
    change = known.expected.change(operation, params)
    if operation.name == "Invoke":
        return change, aws.call(place, operation.name, params)
    if "RevisionId" not in params and operation.name != "CreateFunction":
        unchanged(aws, change, known.expected, is_upsert=CALLS[operation.name].is_upsert)
    answer = aws.change(place, operation.name, params, Judge(aws, operation, params, change, known.expected))
    known.results[operation.name] = answer.result
    return named(change, answer), answer


def named(change: Change, answer: Answer) -> Change:
    """The change with the name that AWS gave to what it made."""
    name = answer.result.get(KINDS[change.key.kind].named_by)
    return replace(change, key=replace(change.key, name=str(name))) if name else change


def prepare(index: int, operation: Operation, run: Run) -> None:
    """What is to be sent is where AWS fetches it, as it was planned: a package is put there, and that is on record."""
    if not (operation.upload and operation.pin):
        confirm(operation, run.aws)
        return
    target, tell = operation.key.target, partial(run.tell, operation.key, operation.name)
    sent = run.deliveries.put(Place.of(target), operation.upload, operation.pin, tell)
    where = {"S3Bucket": operation.pin.bucket, "S3Key": operation.pin.key, "bytes": sent}
    run.record("package_stored", target, index=index, package=where)
    if sent:
        tell(f"uploaded {byte_size(sent)} to {operation.pin}")


def confirm(operation: Operation, aws: Aws) -> None:
    """Raises where the code that is about to be sent is not what the plan was made of."""
    if operation.pin:
        artifacts.confirm(aws, Place.of(operation.key.target), operation.pin)


def check(operation: Operation, answer: Answer, aws: Aws) -> None:
    """Raises where AWS answered well and yet it did not go well: other code than planned, a function that failed."""
    if not operation.expect:  # a hash that nobody knows tells nothing: the object must have stood still around the call
        confirm(operation, aws)
    for member, expected in operation.expect.items():
        told = code_of(operation, answer).get(member) or expected
        if told != expected:
            raise CodeDiffers(
                f"{operation.key}: AWS answers {member} {told}, the plan showed {expected}: "
                "the code was replaced in between; plan again",
                code="CodeDiffers",
            )
    if "FunctionError" in answer.result:
        payload = invocation(answer.result)["payload"]
        message = payload.get("errorMessage", payload) if isinstance(payload, dict) else payload
        raise FunctionFailed(
            f"{operation.key}: the function failed ({answer.result['FunctionError']}): {message}", code="FunctionError"
        )


def settle(operation: Operation, change: Change, answer: Answer, known: _Known, aws: Aws) -> tuple[str, ...]:
    """Wait until AWS has carried it out, and compare what it holds then with what it must hold. Returns what AWS filled in
    by itself."""
    state: Mapping[str, Any] = {}
    for wait in (WAITS[name] for name in operation.settle):
        seen = aws.settle(operation.key.target, wait, awaited(wait, change, answer, known))
        state = seen if wait.is_named_by_answer else {}
    if operation.name == "Invoke":
        return ()
    return confirmed(aws, operation, change, answer, known.expected, state)


def awaited(wait: Wait, change: Change, answer: Answer, known: _Known) -> Mapping[str, Any]:
    """What tells the resource that is waited for from others: a version's or mapping's answer; the revision of a function
    that is deleted, for somebody may create another. A changed function is always looked at."""
    if wait.is_named_by_answer:
        return answer.result
    before = {"Name": change.key.name, "RevisionId": known.expected.known_revision(change.key)}
    return {**(change.after or {}), **before}


def filled(value: Any, answers: Answers, own: Target, deliveries: Deliveries) -> Any:
    """Params with `Ref`s, as values and as keys, and `Blob`s replaced by what they stand for: an answer's member, an open package."""
    match value:
        case Mapping():
            return {
                filled(key, answers, own, deliveries): filled(item, answers, own, deliveries)
                for key, item in value.items()
            }
        case list() | tuple():
            return [filled(item, answers, own, deliveries) for item in value]
        case Ref():
            return answers[value.target or own][value.operation][value.member]
        case Blob():
            return deliveries.package(value).opened()
    return value
