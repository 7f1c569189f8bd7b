"""Why a field differs: git moved (`edit`), AWS moved (`drift`), or both. Pure: the specs as they were come in.

Base, desired and live are brought to one normal form and compared path by path.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from reconciler.diff import steps_of, value_at
from reconciler.drafts import prefix
from reconciler.kinds.base import Kind
from reconciler.kinds.function import FUNCTION
from reconciler.kinds.registry import KINDS
from reconciler.kinds.version import VERSION
from reconciler.model import (
    KNOWN_AFTER_APPLY,
    Action,
    Cause,
    Diagnostic,
    FieldChange,
    Key,
    Plan,
    Properties,
    Spec,
    Target,
    TargetPlan,
)

Blame = Callable[[FieldChange], str]


def with_causes(plan: Plan, base: Mapping[Target, Spec], now: Iterable[Spec], blame: Blame) -> Plan:
    """The plan with a cause on every field change; `blame` names commit and author of an edited line, or nothing."""
    current = {spec.target: spec for spec in now}
    targets = tuple(_target(one, base.get(one.target), current.get(one.target), blame) for one in plan.targets)
    return replace(plan, targets=targets)


def _target(one: TargetPlan, base: Spec | None, now: Spec | None, blame: Blame) -> TargetPlan:
    actions = tuple(replace(action, changes=_caused(action, base, now, blame)) for action in one.actions)
    function = [change.cause for action in actions if action.key.kind == FUNCTION.name for change in action.changes]
    moved: Cause = "edit" if not function or set(function) != {"drift"} else "drift"
    return replace(one, actions=tuple(replace(action, changes=_following(action, moved)) for action in actions))


def _following(action: Action, moved: Cause) -> tuple[FieldChange, ...]:
    """A version that is still to be made is there for what made it: `published` follows the function."""
    return tuple(
        replace(change, cause=moved) if change.after == KNOWN_AFTER_APPLY else change for change in action.changes
    )


def _caused(action: Action, base: Spec | None, now: Spec | None, blame: Blame) -> tuple[FieldChange, ...]:
    kind = KINDS[action.key.kind]
    was, is_now = _properties(base, action.key, kind), _properties(now, action.key, kind)
    found = []
    for change in action.changes:
        steps = steps_of(change.path)[len(prefix(kind, action.key.name)) :]
        cause = _cause(was, is_now, steps, change)
        author = blame(change) if cause != "drift" else ""
        found.append(replace(change, cause=cause, author=author))
    return tuple(found)


def _cause(was: Properties | None, is_now: Properties | None, steps: tuple[str, ...], change: FieldChange) -> Cause:
    """A code's hash is computed from its source, so the source is what is compared."""
    place = steps[:1] if steps[:1] == ("code",) else steps
    before, after = value_at(was or {}, place), value_at(is_now or {}, place)
    if was is None or before != after:
        is_drifted = was is not None and place == steps and not change.is_sensitive and before != change.before
        return "both" if is_drifted else "edit"
    return "drift"


def _properties(spec: Spec | None, key: Key, kind: Kind) -> dict[str, Any] | None:
    """The resource as a spec says it, in normal form but for code; None when the spec does not name it."""
    if spec is None or kind is VERSION:
        return None
    item = next((one for one in spec.desired if one.key.kind == key.kind and one.key.name == key.name), None)
    if item is None:
        return None
    code: Mapping[str, Any] = {"code": item.properties["code"]} if "code" in item.properties else {}
    return {**kind.normal(item.properties, key.target.function), **code}


def only_drift(plan: Plan) -> Plan:
    """The plan's picture without what git asked for: fields that AWS moved, alone or as well."""
    targets = tuple(_only_drift(one) for one in plan.targets)
    left = sum(_acting(before) - _acting(after) for before, after in zip(plan.targets, targets, strict=True))
    note = Diagnostic("note", f"left out with --drift: what git alone changed, in resources: {left}", left_out=True)
    return replace(plan, targets=targets, diagnostics=(*plan.diagnostics, note) if left else plan.diagnostics)


def _acting(one: TargetPlan) -> int:
    return sum(action.verb != "none" for action in one.actions)


def _only_drift(one: TargetPlan) -> TargetPlan:
    actions = []
    for action in one.actions:
        kept = tuple(change for change in action.changes if change.cause in ("drift", "both"))
        is_drift = bool(kept) or (
            action.verb in ("create", "delete") and not action.changes and action.key.kind != VERSION.name
        )
        actions.append(
            replace(action, changes=kept) if is_drift else replace(action, verb="none", changes=(), reason="")
        )
    return replace(one, actions=tuple(actions), operations=())
