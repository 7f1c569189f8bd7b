"""One target from its first event to its last: its operations in order, until one fails."""

from __future__ import annotations

from reconciler.apply.abreast import abreast
from reconciler.apply.expected import Expected
from reconciler.apply.export import exported
from reconciler.apply.failure import as_failure, failed
from reconciler.apply.operation import Known, perform_together
from reconciler.apply.run import Outcome, Record, Run
from reconciler.apply.smoking import rejection
from reconciler.core.plans import Operation, TargetPlan
from reconciler.core.waiting import Flow
from reconciler.plan.operations import deletes_function
from reconciler.report.documents import plain
from reconciler.snapshot import belongings


def perform_target(plan: TargetPlan, run: Run) -> Flow[Outcome]:
    """One task. Its first failure ends it; what was done before stays done and on record."""
    if run.is_stopping():
        return "not attempted"
    record = Record(run, plan.target)
    record.note("task_started", at_ms=int(run.now().timestamp() * 1000))
    try:
        note_what_goes(plan, record)
    except Exception as error:  # what cannot be exported is not deleted, and stops no other target
        return failed(0, plan.operations[0], as_failure(error, None), 0.0, record)
    outcome = yield from perform_operations(plan, record)
    if outcome == "succeeded":
        record.note("task_finished")
    record.flush()
    return outcome


def note_what_goes(plan: TargetPlan, record: Record) -> None:
    """A function that is to be deleted, as the spec that would bring it back, and what goes with it."""
    if deletes_function(plan):
        aws = record.run.aws
        along = belongings.belongings(aws, plan.target)
        spec = exported(aws, plan.target, belongings.unreadable(along))
        record.note("exported", spec=spec, belongings=plain(belongings.document(along)))


def perform_operations(plan: TargetPlan, record: Record) -> Flow[Outcome]:
    run, known, last = record.run, Known(Expected(plan)), len(plan.operations) - 1
    for together in abreast(plan.operations):
        is_last = together[-1][0] == last
        outcome = yield from perform_together(together, known, record, is_last=is_last)
        if outcome == "rejected" and not run.is_stopping():
            return (yield from remembered(together[-1][1], plan, known, record))
        if outcome != "succeeded":
            return outcome
    run.answers[plan.target] = known.results
    return "succeeded"


def remembered(operation: Operation, plan: TargetPlan, known: Known, record: Record) -> Flow[Outcome]:
    """A candidate did not pass: its alias says so, on the version that it was on."""
    then = rejection(operation, known.rejected)
    if then is None:
        return "rejected"
    added = {"operation": then.name, "phase": then.phase, "address": str(then.key)}
    record.note("operation_added", operation=added)
    outcome = yield from perform_together([(len(plan.operations), then)], known, record, is_last=True)
    return "rejected" if outcome == "succeeded" else outcome
