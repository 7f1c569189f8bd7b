"""Whether what plans reserve holds what is kept started of functions whose specs do not say: asked of those alone that are to have less than they
have, or to have a reservation at all. Never writes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from reconciler.aws.client import Aws
from reconciler.aws.unread import failure_text
from reconciler.core.errors import AwsError, Interrupted, PlanError
from reconciler.core.finding import Rule
from reconciler.core.model import Spec, Target
from reconciler.core.place import Place
from reconciler.core.plans import Diagnostic, Plan, TargetPlan
from reconciler.kinds.concurrency import RESERVED_CONCURRENCY, reserves
from reconciler.kinds.function import FUNCTION
from reconciler.kinds.provisioned_concurrency import KEPT_STARTED, READING, numbers

HOLDS_WHAT_IS_KEPT = Rule(
    "R277",
    "No less is reserved than is kept started, whoever keeps it.",
    "https://docs.aws.amazon.com/lambda/latest/dg/provisioned-concurrency.html",
)
IS_KNOWN_TO_FIT = Rule(
    "W267", "Whether what is reserved holds what is kept started is known before anything is changed."
)


def told(aws: Aws, plan: Plan, specs: Iterable[Spec]) -> Iterator[Diagnostic]:
    known = {spec.target: spec for spec in specs}
    for planned in plan.unrefused:
        spec = known.get(planned.target)
        if spec and KEPT_STARTED.section not in spec.sections and _reserves_less(planned):
            yield from _of(aws, planned.target, spec)


def _reserves_less(planned: TargetPlan) -> bool:
    """Than before, of a function that was there."""
    is_there = not any(
        action.key.kind == FUNCTION.name and action.verb in ("create", "replace") for action in planned.actions
    )
    return is_there and any(
        action.key.kind == RESERVED_CONCURRENCY.name
        and (action.verb == "create" or any(_is_less(change.before, change.after) for change in action.changes))
        for action in planned.actions
        if action.verb in ("create", "update")
    )


def _is_less(before: Any, after: Any) -> bool:
    """Of a member that is a number on both sides: there may be others."""
    return type(before) is type(after) is int and after < before


def _of(aws: Aws, target: Target, spec: Spec) -> Iterator[Diagnostic]:
    item = next(item for item in spec.desired if item.key.kind == RESERVED_CONCURRENCY.name)
    reserved, origin = reserves(item.properties), item.origins.get("")
    assert READING.listing
    operation = READING.listing.operation
    try:
        pages = aws.pages(Place.of(target), operation, {"FunctionName": target.function})
        kept = sum(count for page in pages for count in numbers(page))
    except Interrupted:
        raise
    except AwsError as failure:
        message = f"{target}: whether {reserved} reserved executions hold what is kept started is not known: {failure_text(operation, failure)}"
        yield IS_KNOWN_TO_FIT.cited(Diagnostic("warning", message, target, origin))
        return
    if kept > reserved:
        message = (
            f"{target}: {reserved} are to be reserved, and {kept} are kept started, which no spec says; reserve more, or keep fewer "
            f"({KEPT_STARTED.section})"
        )
        yield HOLDS_WHAT_IS_KEPT.cited(Diagnostic("refusal", message, target, origin, PlanError.__name__))
