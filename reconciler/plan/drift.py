"""A plan without what git asked for: what AWS moved, alone or as well, and how much was left out. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from reconciler.core.plans import Action, Cause, Diagnostic, Plan, TargetPlan
from reconciler.kinds.function import FUNCTION
from reconciler.kinds.registry import KINDS
from reconciler.kinds.version import VERSION

MOVED_BY_AWS: tuple[Cause, ...] = ("drift", "both")


def only_drift(plan: Plan) -> Plan:
    """The plan's picture of drift, with notes of what it leaves out."""
    targets = tuple(_only_drift(target_plan) for target_plan in plan.targets)
    left = [
        is_unapplied
        for before, after in zip(plan.targets, targets, strict=True)
        for is_unapplied in _left_out(before, after)
    ]
    counts = {"what git alone changed": left.count(False), "what is not applied yet": left.count(True)}
    notes = [
        Diagnostic("note", f"left out with --drift: {what}, in resources: {count}", left_out=True)
        for what, count in counts.items()
        if count
    ]
    return replace(plan, targets=targets, diagnostics=(*plan.diagnostics, *notes))


def moved_alone(drift: TargetPlan) -> list[Action]:
    """What AWS moved. Where all of a target is gone, that alone: what hung on it went with it, and comes back with it."""
    acting = [action for action in drift.actions if action.verb != "none"]
    gone = [action for action in acting if action.verb == "create" and KINDS[action.key.kind].is_root]
    return gone or acting


def _only_drift(target_plan: TargetPlan) -> TargetPlan:
    actions = []
    for action in target_plan.actions:
        changes = tuple(change for change in action.changes if change.cause in MOVED_BY_AWS)
        is_drift = bool(changes) or (
            action.cause in MOVED_BY_AWS
            if action.verb == "delete"
            else action.verb == "create" and not action.changes and action.key.kind != VERSION.name
        )
        actions.append(
            replace(action, changes=changes) if is_drift else replace(action, verb="none", changes=(), reason="")
        )
    return replace(target_plan, actions=tuple(actions), operations=())


def _left_out(target_plan: TargetPlan, drifted: TargetPlan) -> Iterator[bool]:
    """Of each resource that is left out, or of which something not applied yet is: whether that is so."""
    for before, after in zip(target_plan.actions, drifted.actions, strict=True):
        is_unapplied = "unapplied" in _causes(before, target_plan)
        if is_unapplied or (before.verb != "none" and after.verb == "none"):
            yield is_unapplied


def _causes(action: Action, target_plan: TargetPlan) -> set[Cause | None]:
    """Those of an action and its fields; a version that is to be published has those of its function."""
    if action.key.kind == VERSION.name and action.verb == "create":
        return {
            change.cause for other in target_plan.actions if other.key.kind == FUNCTION.name for change in other.changes
        }
    return {action.cause, *(change.cause for change in action.changes)}
