"""The calls of a plan: what steps are as operations, in the one safe order. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from reconciler.core.model import Key, Target
from reconciler.core.packages import Blob
from reconciler.core.plans import Operation, Ref, TargetPlan
from reconciler.kinds.base import Step
from reconciler.kinds.registry import CALLS, RANKS
from reconciler.plan.changes import Draft
from reconciler.rollout.sending import Described


def ordered_operations(target: Target, drafts: Iterable[Draft]) -> tuple[Operation, ...]:
    """Every draft's steps in the one safe order (FACTS 2.12)."""
    ranked = [(rank_of(draft, step), draft, step) for draft in drafts for step in draft.steps]
    ranked.sort(key=lambda item: item[0])
    return numbered(target, ((draft.pair.key, step) for _, draft, step in ranked))


def numbered(target: Target, steps: Iterable[tuple[Key, Step]]) -> tuple[Operation, ...]:
    """Steps in this order, each with the resource that it is about."""
    return tuple(operation(f"{target}#{number}", key, step) for number, (key, step) in enumerate(steps, start=1))


def rank_of(draft: Draft, step: Step) -> tuple[int, int]:
    """Where a step stands: by the order of all operations, or right before what its draft creates in place of what goes, or,
    where steps of its draft adjoin, with those where the last one stands."""
    kind = draft.pair.key.kind
    if step.is_brought_forward:
        return min(RANKS[f"{kind}/{other.operation}"] for other in draft.steps if not other.is_brought_forward), 0
    if any(other.is_adjoining for other in draft.steps):
        return RANKS[f"{kind}/{draft.steps[-1].operation}"], 2
    return RANKS[f"{kind}/{step.placed_as or step.operation}"], 1


def operation(identifier: str, key: Key, step: Step) -> Operation:
    otherwise = operation(f"{identifier}-otherwise", key, step.otherwise) if step.otherwise else None
    call = CALLS[step.operation]
    return Operation(
        id=identifier,
        key=key,
        name=step.operation,
        phase=call.phase,
        params=step.params,
        settle=call.settle if step.settle is None else step.settle,
        expect=step.expect,
        pin=step.pin,
        upload=step.upload,
        smoke=step.smoke,
        otherwise=otherwise,
    )


def deletes_function(plan: TargetPlan) -> bool:
    """Whether the function itself goes, and not a version of it."""
    return any(one.name == "DeleteFunction" and "Qualifier" not in one.params for one in plan.operations)


def sample(params: Any) -> Any:
    """Params as botocore's validator can judge them: refs and blobs replaced by values of their type."""
    if isinstance(params, Mapping):
        return {"1" if isinstance(key, Ref) else key: sample(value) for key, value in params.items()}
    if isinstance(params, list | tuple):
        return [sample(value) for value in params]
    return "1" if isinstance(params, Ref | Described) else b"zip" if isinstance(params, Blob) else params
