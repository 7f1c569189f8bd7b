"""Why something differs: git moved (`edit`), AWS moved (`drift`), or both. Pure: the specs as they were come in.

Base, desired and live are brought to one normal form and compared path by path; of an edit, the lines that it wrote say whose
it is, and where none is left those who touched the file since.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from reconciler.core.diff import steps_of, value_at
from reconciler.core.model import (
    KNOWN_AFTER_APPLY,
    UNSET,
    Action,
    Cause,
    Desired,
    Diagnostic,
    FieldChange,
    Key,
    Live,
    Origin,
    Plan,
    Properties,
    Spec,
    Target,
    TargetPlan,
)
from reconciler.kinds.base import PUBLISHED_VERSION, Kind
from reconciler.kinds.function import FUNCTION
from reconciler.kinds.registry import KINDS
from reconciler.kinds.version import VERSION
from reconciler.plan.changes import prefix


@dataclass(frozen=True, slots=True)
class Past:
    """What git is asked: commit and author of a line; those who touched files since the base, newest first; whether local
    code is another than at the base, None where git does not hold it."""

    line: Callable[[Origin], str]
    since: Callable[[Iterable[str]], Sequence[str]]
    has_moved: Callable[[str], bool | None]


@dataclass(frozen=True, slots=True)
class Sides:
    """One target's spec at the base and now; either may be missing. `origins` are those of the values now, in their order."""

    base: Spec | None
    now: Spec | None
    past: Past
    origins: Mapping[str, Origin]

    @property
    def paths(self) -> list[str]:
        return [spec.path for spec in (self.base, self.now) if spec]


def with_causes(
    plan: Plan,
    base: Mapping[Target, Spec],
    now: Iterable[Spec],
    *,
    live: Iterable[Live],
    origins: Mapping[str, Mapping[str, Origin]],
    past: Past,
) -> Plan:
    """The plan with a cause, and for an edit its author, on every field change and every deletion. `origins` has, by file, that
    of each value by its JSON Pointer."""
    current = {spec.target: spec for spec in now}
    held = {item.key: item for item in live}
    targets = []
    for target_plan in plan.targets:
        spec = current.get(target_plan.target)
        at = sorted(origins.get(spec.path, {}).items(), key=lambda item: item[1]) if spec else []
        targets.append(_target(target_plan, Sides(base.get(target_plan.target), spec, past, dict(at)), held))
    notes = tuple(
        replace(note, is_standing=True) if note.severity == "note" and _stands(base, current, note.target) else note
        for note in plan.diagnostics
    )
    return replace(plan, targets=tuple(targets), diagnostics=notes)


def _stands(base: Mapping[Target, Spec], current: Mapping[Target, Spec], target: Target | None) -> bool:
    """Whether the spec of a target says what it said at the base."""
    was, is_now = (base.get(target), current.get(target)) if target else (None, None)
    return was is not None and is_now is not None and _said(was) == _said(is_now)


def _said(spec: Spec) -> Any:
    return spec.is_absent, {item.key: item.properties for item in spec.desired}


def _target(target_plan: TargetPlan, sides: Sides, live: Mapping[Key, Live]) -> TargetPlan:
    actions = [replace(action, changes=_caused(action, sides)) for action in target_plan.actions]
    function = [change.cause for action in actions if action.key.kind == FUNCTION.name for change in action.changes]
    moved: Cause = "edit" if not function or set(function) != {"drift"} else "drift"
    actions = [replace(action, changes=_following(action, sides, moved)) for action in actions]
    return replace(target_plan, actions=tuple(_deleted(action, sides, live.get(action.key)) for action in actions))


def _following(action: Action, sides: Sides, moved: Cause) -> tuple[FieldChange, ...]:
    """A version that is still to be made is there for what made it: what followed `published` before follows the function."""
    was = _item(sides.base, action.key)
    start = len(prefix(KINDS[action.key.kind], action.key.name))
    return tuple(
        replace(change, cause=moved)
        if change.after == KNOWN_AFTER_APPLY
        and was
        and value_at(was.properties, steps_of(change.path)[start:]) == PUBLISHED_VERSION
        else change
        for change in action.changes
    )


# --- fields ---------------------------------------------------------------------------------------------------------


def _caused(action: Action, sides: Sides) -> tuple[FieldChange, ...]:
    kind = KINDS[action.key.kind]
    was, is_now = (_properties(spec, action.key, kind) for spec in (sides.base, sides.now))
    changes = []
    for change in action.changes:
        steps = steps_of(change.path)[len(prefix(kind, action.key.name)) :]
        if steps[:1] == ("code",):
            cause, author = _code(was, is_now, action.key, sides)
        else:
            cause = _cause(was, is_now, steps, change)
            author = _author(action.key, steps, sides) if cause != "drift" else ""
        changes.append(replace(change, cause=cause, author=author))
    return tuple(changes)


def _cause(was: Properties | None, is_now: Properties | None, steps: tuple[str, ...], change: FieldChange) -> Cause:
    """What the base called `published` has no number to be compared with."""
    before, after = value_at(was or {}, steps), value_at(is_now or {}, steps)
    if was is None or before != after:
        is_drifted = was is not None and not change.is_sensitive and before not in (change.before, PUBLISHED_VERSION)
        return "both" if is_drifted else "edit"
    return "drift"


def _code(was: Properties | None, is_now: Properties | None, key: Key, sides: Sides) -> tuple[Cause, str]:
    """Cause and author of everything that is told of the code: of its source, and of local code what git holds below it. What
    git does not hold may have moved on both sides."""
    before, after = ((properties or {}).get("code", {}) for properties in (was, is_now))
    if was is None or before != after:
        return "edit", _author(key, ("code",), sides)
    if "path" not in after:
        return "drift", ""
    moved = sides.past.has_moved(after["path"])
    if moved is None:
        return "both", ""
    return ("edit", _named(sides.past.since([after["path"]]))) if moved else ("drift", "")


def _author(key: Key, steps: tuple[str, ...], sides: Sides) -> str:
    """Of the lines that say something else than at the base; where nothing is left to be blamed, who alone touched the file."""
    lines = [sides.past.line(origin) for origin in _lines(key, steps, sides)]
    if lines:
        return _named(filter(None, lines))
    touched = sides.past.since(sides.paths)
    return touched[0] if len(touched) == 1 else ""


def _lines(key: Key, steps: tuple[str, ...], sides: Sides) -> Iterator[Origin]:
    """The places of the values at or below a path that are not what they were; never that of what holds them."""
    was, is_now = _item(sides.base, key), _item(sides.now, key)
    start = prefix(KINDS[key.kind], key.name)
    for path, origin in sides.origins.items() if is_now else ():
        inside = steps_of(path)
        if inside[: len(start) + len(steps)] != (*start, *steps):
            continue
        value = _value(is_now.properties, inside[len(start) :]) if is_now else UNSET
        is_leaf = value is not UNSET and not (isinstance(value, dict | list) and value)
        if is_leaf and (was is None or _value(was.properties, inside[len(start) :]) != value):
            yield origin


def _value(tree: Any, steps: tuple[str, ...]) -> Any:
    """What lies at steps that may lead into lists, or `UNSET`."""
    for step in steps:
        if isinstance(tree, list) and step.isdigit() and int(step) < len(tree):
            tree = tree[int(step)]
        elif isinstance(tree, Mapping) and step in tree:
            tree = tree[step]
        else:
            return UNSET
    return tree


def _named(authors: Iterable[str]) -> str:
    """Every one of them, once: whoever stands behind the others is the one to be seen."""
    return ", ".join(dict.fromkeys(authors))


def _item(spec: Spec | None, key: Key) -> Desired | None:
    """What a spec says of a resource."""
    return (
        next((item for item in spec.desired if (item.key.kind, item.key.name) == (key.kind, key.name)), None)
        if spec
        else None
    )


def _properties(spec: Spec | None, key: Key, kind: Kind) -> dict[str, Any] | None:
    """The resource as a spec says it, in normal form but for code; None when the spec does not name it."""
    item = _item(spec, key) if kind is not VERSION else None
    if item is None:
        return None
    code: Mapping[str, Any] = {"code": item.properties["code"]} if "code" in item.properties else {}
    return {**kind.normal(item.properties, key.target.function), **code}


# --- deletions ------------------------------------------------------------------------------------------------------


def _deleted(action: Action, sides: Sides, live: Live | None) -> Action:
    """A deletion with its cause: git dropped what the base named, or says `absent` now; what no spec named came by itself."""
    if action.verb != "delete":
        return action
    base, now = sides.base, sides.now
    if now is None:
        author = next(iter(sides.past.since(sides.paths)), "") if base else ""
        return replace(action, cause="edit" if base and not base.is_absent else "drift", author=author)
    if now.is_absent:
        origin, was_requested = now.origins.get("/state"), bool(base and base.is_absent)
    else:
        item, before = _item(now, action.key), _item(base, action.key)
        origin = (item.origins.get("/state") or item.origins.get("")) if item else None
        was_requested = (
            bool(before and before.properties == item.properties) if item else not _is_named(base, action.key, live)
        )
    if was_requested:
        return replace(action, cause="drift")
    touched = sides.past.since(sides.paths) if origin is None else [sides.past.line(origin)]
    return replace(action, cause="edit", author=touched[0] if len(touched) == 1 else "")


def _is_named(spec: Spec | None, key: Key, live: Live | None) -> bool:
    """Whether a spec names a live resource, by AWS's identity of it."""
    identity = KINDS[key.kind].identity
    held = identity(live.key.name, dict(live.properties)) if live else None
    wanted = [item for item in spec.desired if item.key.kind == key.kind] if spec else []
    return any(item.key.name == key.name or identity(item.key.name, dict(item.properties)) == held for item in wanted)


# --- what only AWS moved ----------------------------------------------------------------------------------------------


def only_drift(plan: Plan) -> Plan:
    """The plan's picture without what git asked for: fields that AWS moved, alone or as well."""
    targets = tuple(_only_drift(target_plan) for target_plan in plan.targets)
    left = sum(_acting(before) - _acting(after) for before, after in zip(plan.targets, targets, strict=True))
    note = Diagnostic("note", f"left out with --drift: what git alone changed, in resources: {left}", left_out=True)
    return replace(plan, targets=targets, diagnostics=(*plan.diagnostics, note) if left else plan.diagnostics)


def _acting(target_plan: TargetPlan) -> int:
    return sum(action.verb != "none" for action in target_plan.actions)


def _only_drift(target_plan: TargetPlan) -> TargetPlan:
    actions = []
    for action in target_plan.actions:
        changes = tuple(change for change in action.changes if change.cause in ("drift", "both"))
        is_drift = bool(changes) or (
            action.cause in ("drift", "both")
            if action.verb == "delete"
            else action.verb == "create" and not action.changes and action.key.kind != VERSION.name
        )
        actions.append(
            replace(action, changes=changes) if is_drift else replace(action, verb="none", changes=(), reason="")
        )
    return replace(target_plan, actions=tuple(actions), operations=())
