"""Perform a plan: a target's operations in order and alone, targets side by side, every event recorded as it happens.

It decides nothing that the plan has decided, but what is begun first.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from graphlib import TopologicalSorter
from typing import Any

from reconciler.apply.run import Outcome, Record, Run
from reconciler.apply.task import perform_target
from reconciler.apply.waiting import waiting
from reconciler.aws.jobs import Jobs
from reconciler.core.errors import PlanError
from reconciler.core.model import Target
from reconciler.core.place import Place
from reconciler.core.plans import Plan, TargetPlan
from reconciler.core.waiting import Flow
from reconciler.report.schemas import stamp


@dataclass(frozen=True, slots=True)
class Performance:
    """How an apply went, target by target."""

    outcomes: Mapping[Target, Outcome]

    def count(self, outcome: Outcome) -> int:
        return sum(item == outcome for item in self.outcomes.values())


def begin(
    plan: Plan,
    run: Run,
    header: Mapping[str, Any],
    refused: Iterable[Target],
    said_of: Callable[[Target], str] = lambda _: "",
) -> None:
    """Record what will be done, before anything is. `header` holds run, provenance and summary; `said_of` is what the record of a target begins
    with, beside what is done, if anything."""
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
            **({"said": said} if (said := said_of(target_plan.target)) else {}),
        }
        for target_plan in acting
    ]
    run.journal.record({"event": "run_started", "at": stamp(run.now()), **header, "tasks": tasks})


def refuse(target: Target, error: str, message: str, run: Run) -> None:
    """Record that a target is left alone, and why."""
    facts = {"type": error, "code": "", "message": message}
    Record(run, target).record("task_refused", error=facts, retryable=False)


def perform(plan: Plan, run: Run, *, leave_out: Iterable[Target] = ()) -> Performance:
    """Carry out every target's operations, each once those that it waits for are done; one that fails stops none but those. Raises
    ReportError where a record cannot be kept."""
    outcomes: dict[Target, Outcome] = dict.fromkeys(leave_out, "refused")
    acting = {item.target: item for item in plan.targets if item.operations and item.target not in outcomes}
    order = TopologicalSorter({target: acting.keys() & item.after for target, item in acting.items()})
    order.prepare()
    jobs, futures = Jobs(run.aws), list[Future[Outcome]]()

    def begin_ready() -> None:
        for target in sorted(order.get_ready()):
            flow, is_urgent = perform_after(acting[target], outcomes, run), is_new(acting[target])
            futures.append(jobs.start(Place.of(target), flow, is_urgent=is_urgent))
            futures[-1].add_done_callback(partial(ended, target))

    def ended(target: Target, future: Future[Outcome]) -> None:
        if not future.exception():
            outcomes[target] = future.result()
            order.done(target)
            begin_ready()

    begin_ready()
    jobs.run()
    for future in futures:
        future.result()
    return Performance(dict(sorted(outcomes.items())))


def is_new(plan: TargetPlan) -> bool:
    """Whether nobody relies on it yet. What is new is begun before all else, for AWS takes its time with it; what lives is changed
    from end to end, so that it is half changed for as short as can be."""
    return all(live.key.kind != plan.target.root for live in plan.before)


def perform_after(plan: TargetPlan, outcomes: Mapping[Target, Outcome], run: Run) -> Flow[Outcome]:
    """One target, unless what it waits for was not done."""
    undone = [target for target in plan.after if outcomes.get(target, "succeeded") != "succeeded"]
    if not undone or run.is_stopping():
        return (yield from perform_target(plan, run))
    refuse(plan.target, PlanError.__name__, waiting(plan.target, undone[0]), run)
    return "refused"
