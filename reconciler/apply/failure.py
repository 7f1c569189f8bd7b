"""How an operation fails: as it is recorded, and what becomes of its target."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from reconciler.apply.run import Outcome, Record
from reconciler.aws.client import Answer
from reconciler.core.errors import CallFailed, FunctionFailed, NotOwned, ReconcileError, Rejected, StalePlan
from reconciler.core.plans import Operation

OUTCOMES: Mapping[str, Outcome] = {
    StalePlan.__name__: "stale", NotOwned.__name__: "refused", FunctionFailed.__name__: "function failed",
    Rejected.__name__: "rejected",
}  # fmt: skip


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
    message = str(error) if isinstance(error, ReconcileError) else f"unexpected {name}"
    if answer and type(error) is CallFailed:  # of a look
        message = f"AWS took it, but what came of it cannot be read: {message}"
    return Failure(
        type=code or name,
        code=code,
        message=message,
        attempts=answer.attempts if answer else of_call.attempts,
        request_id=answer.request_id if answer else of_call.request_id,
        is_retryable=isinstance(error, CallFailed) and error.is_retryable,
        outcome=OUTCOMES.get(name, "failed"),
    )


def failed(index: int, operation: Operation, failure: Failure, duration_seconds: float, record: Record) -> Outcome:
    """Record how an operation failed, and end its target."""
    record.record(
        "operation_failed", index=index, duration_seconds=duration_seconds, attempts=failure.attempts,
        request_id=failure.request_id, retryable=failure.is_retryable,
        error={"type": failure.type, "code": failure.code, "message": failure.message},
    )  # fmt: skip
    record.run.tell(operation.key, operation.name, f"failed: {failure.message}")
    return failure.outcome
