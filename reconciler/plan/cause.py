"""Why something differs: the change moved it (`edit`), AWS moved (`drift`), or both; its base moved it, and the change lacks that
(`behind`); or git moved it earlier, and no apply has carried it out yet (`unapplied`). Pure: the specs as they were come in.

What git says now, what it said at three moments, and what lives are brought to one normal form and compared path by path; of what
git moved, the lines that differ say whose it is, and where none is left those who touched the file since.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from reconciler.core.diff import pointer, steps_of, value_at
from reconciler.core.holding import at_or_below
from reconciler.core.model import Desired, Key, Live, Origin, Properties, Spec, Target
from reconciler.core.plans import Action, Cause, FieldChange, Plan, TargetPlan
from reconciler.core.values import KNOWN_AFTER_APPLY, UNSET, UNTOLD
from reconciler.kinds.base import PUBLISHED_VERSION, Kind
from reconciler.kinds.layer import LAYER
from reconciler.kinds.layer_version import LAYER_VERSION
from reconciler.kinds.needs import layers_of, owns
from reconciler.kinds.registry import KINDS
from reconciler.kinds.version import RETAIN, VERSION
from reconciler.plan.changes import prefix
from reconciler.plan.layers import stands_for
from reconciler.plan.timeline import Moments, Then, Timeline


def with_causes(
    plan: Plan,
    moments: Callable[[Target], Moments],
    now: Iterable[Spec],
    *,
    live: Iterable[Live],
) -> Plan:
    """The plan with a cause, and for what git moved its author, on every field change and every deletion."""
    current = {spec.target: spec for spec in now}
    held = {item.key: item for item in live}
    explained: dict[Target, TargetPlan] = {}
    layers: dict[Target, Cause] = {}
    for target_plan in sorted(plan.targets, key=lambda one: one.target.root != LAYER.name):
        spec = current.get(target_plan.target)
        timeline = Timeline(moments(target_plan.target), spec, sorted(spec.values) if spec else (), layers)
        explained[target_plan.target] = _target(target_plan, timeline, held)
        if target_plan.target.root == LAYER.name and target_plan.operations:
            layers[target_plan.target] = _most_telling(_causes_of_itself(explained[target_plan.target].actions))
    notes = tuple(
        replace(note, is_standing=True)
        if note.severity == "note"
        and note.target
        and _stands(moments(note.target).began.spec, current.get(note.target))
        else note
        for note in plan.diagnostics
    )
    targets = tuple(explained[target_plan.target] for target_plan in plan.targets)
    return replace(plan, targets=targets, diagnostics=notes)


def _stands(was: Spec | None, is_now: Spec | None) -> bool:
    """Whether a spec says what it said before the change."""
    return was is not None and is_now is not None and _said(was) == _said(is_now)


def _said(spec: Spec) -> Any:
    return spec.is_absent, {item.key: item.properties for item in spec.desired}


def _target(target_plan: TargetPlan, timeline: Timeline, live: Mapping[Key, Live]) -> TargetPlan:
    actions = [replace(action, changes=_caused(action, timeline)) for action in target_plan.actions]
    moved = _most_telling(_causes_of_itself(actions))
    actions = [replace(action, changes=_following(action, timeline, moved)) for action in actions]
    return replace(target_plan, actions=tuple(_deleted(action, timeline, live.get(action.key)) for action in actions))


def _causes_of_itself(actions: Iterable[Action]) -> list[Cause | None]:
    """Why what the target is itself changes."""
    return [change.cause for action in actions if KINDS[action.key.kind].is_root for change in action.changes]


def _most_telling(causes: Iterable[Cause | None]) -> Cause:
    """One for all: AWS alone moved what nobody else did."""
    found = set(causes)
    order: tuple[Cause, ...] = ("unapplied", "behind", "drift")
    return "edit" if {"edit", "both"} & found else next((cause for cause in order if cause in found), "edit")


def _following(action: Action, timeline: Timeline, moved: Cause) -> tuple[FieldChange, ...]:
    """A version that is still to be made is there for what made it: what followed `published` before follows the function."""
    start = len(prefix(KINDS[action.key.kind], action.key.name))
    items = [_item(spec, action.key) for spec in timeline.specs]
    return tuple(
        replace(change, cause=moved)
        if change.after == KNOWN_AFTER_APPLY
        and all(
            item is not None and value_at(item.properties, steps_of(change.path)[start:]) == PUBLISHED_VERSION
            for item in items
        )
        else change
        for change in action.changes
    )


# --- fields ---------------------------------------------------------------------------------------------------------


def _caused(action: Action, timeline: Timeline) -> tuple[FieldChange, ...]:
    kind = KINDS[action.key.kind]
    then = [_properties(spec, action.key, kind) for spec in timeline.specs]
    is_now = _properties(timeline.now, action.key, kind)
    changes = []
    for change in action.changes:
        steps = steps_of(change.path)[len(prefix(kind, action.key.name)) :]
        if steps[:1] == ("code",):
            cause, author = _code(action.key, timeline)
            is_of_git = cause in ("edit", "unapplied") and change.before == UNTOLD
            before = _written(timeline.then.applied.spec, action.key, steps) if is_of_git else ""
            change = replace(change, said="" if before == change.after else before)
        elif change.by:
            cause = _of_its_rollout(action.key, timeline)
            author = _author(action.key, steps, timeline.moved_since(cause), timeline)
        else:
            cause = _cause(then, is_now, steps, change)
            author = _author(action.key, steps, timeline.moved_since(cause), timeline)
            cause = _of_its_layers(cause, change, action.key, timeline)
        changes.append(replace(change, cause=cause, author=author))
    return tuple(changes)


def _of_its_rollout(key: Key, timeline: Timeline) -> Cause:
    """Of an alias that a rollout moves, or whose rollout ends: never AWS's doing, for what a rollout holds meanwhile is no drift."""
    began, base, applied, is_now = (
        (value_at(item.properties, ("FunctionVersion",)), key.name in spec.rollouts)
        if spec and (item := _item(spec, key))
        else None
        for spec in (*timeline.specs, timeline.now)
    )
    cause = _moved_by(began != is_now, base != is_now, applied != is_now)
    return "unapplied" if cause == "drift" else cause


def _of_its_layers(cause: Cause, change: FieldChange, key: Key, timeline: Timeline) -> Cause:
    """Of layers of which AWS holds other versions, though nobody moved the references: the cause of what is published; where nothing
    is, of what was and has not reached the function."""
    if cause != "drift" or not change.written or not stands_for(change.written, change.before):
        return cause
    item = _item(timeline.now, key)
    causes = [
        timeline.layers[layer.target] for layer in (layers_of(item) if item else ()) if layer.target in timeline.layers
    ]
    return _most_telling(causes) if causes else "unapplied"


def _cause(
    then: Sequence[Properties | None], is_now: Properties | None, steps: tuple[str, ...], change: FieldChange
) -> Cause:
    """By a resource where the change began, at its base and when it was last applied. What was called `published` then has no number
    to be compared with."""
    began, base, applied = (value_at(properties or {}, steps) for properties in then)
    after = value_at(is_now or {}, steps)
    is_drifted = then[2] is not None and not change.is_sensitive and applied not in (change.before, PUBLISHED_VERSION)
    if then[0] is None or began != after:
        return "both" if is_drifted and then[0] is not None else "edit"
    return "drift" if is_drifted else _moved_by(is_edit=False, is_of_base=base != after, is_unapplied=applied != after)


def _moved_by(is_edit: bool, is_of_base: bool, is_unapplied: bool) -> Cause:
    """What is another since the change began, than at its base by now, and since it was last applied."""
    return "edit" if is_edit else "behind" if is_of_base else "unapplied" if is_unapplied else "drift"


def _code(key: Key, timeline: Timeline) -> tuple[Cause, str]:
    """Cause and author of everything that is told of the code: of its source, and of local code what git holds below it. What
    git does not hold may have moved on both sides."""
    began, base, applied = timeline.then.began, timeline.then.base, timeline.then.applied
    moved = [_has_moved_code(then, key, timeline.now) for then in (began, base, applied)]
    if None in moved and not moved[0]:
        return "both", ""
    cause = _moved_by(*map(bool, moved))
    then = timeline.moved_since(cause)
    if then and _code_of(then.spec, key) == _code_of(timeline.now, key):
        return cause, _named(then.since([_code_of(timeline.now, key)["path"]]))
    return cause, _author(key, ("code",), then, timeline)


def _written(spec: Spec | None, key: Key, steps: tuple[str, ...]) -> str:
    """A source of code as a spec has it; nothing where that has none."""
    item = _item(spec, key)
    written = item.references.get(pointer(steps), value_at(item.properties, steps)) if item else UNSET
    return written if isinstance(written, str) else ""


def _has_moved_code(then: Then, key: Key, now: Spec | None) -> bool | None:
    """Whether the code that a spec names is another than then; None where git does not hold it."""
    code = _code_of(now, key)
    if _item(then.spec, key) is None or _code_of(then.spec, key) != code:
        return True
    return then.has_moved(code["path"]) if "path" in code else False


def _code_of(spec: Spec | None, key: Key) -> Properties:
    item = _item(spec, key)
    code: Properties = item.properties.get("code", {}) if item else {}
    return code


def _author(key: Key, steps: tuple[str, ...], then: Then | None, timeline: Timeline) -> str:
    """Of the lines that say something else than then; where nothing is left to be blamed, who alone touched the file."""
    if then is None:
        return ""
    lines = [then.line(origin) for origin in _lines(key, steps, then.spec, timeline)]
    if lines:
        return _named(filter(None, lines))
    touched = timeline.touched_since(then)
    return touched[0] if len(touched) == 1 else ""


def _lines(key: Key, steps: tuple[str, ...], then: Spec | None, timeline: Timeline) -> Iterator[Origin]:
    """The places of the values at or below a path that are not what they were; never that of what holds them."""
    was, is_now = _item(then, key), _item(timeline.now, key)
    start = prefix(KINDS[key.kind], key.name)
    if timeline.now is None or is_now is None:
        return
    values = timeline.now.values
    for path in sorted(at_or_below(timeline.pointers, pointer((*start, *steps))), key=values.__getitem__):
        inside = steps_of(path)[len(start) :]
        value = _value(is_now.properties, inside)
        is_leaf = value is not UNSET and not (isinstance(value, dict | list) and value)
        if is_leaf and (was is None or _value(was.properties, inside) != value):
            yield values[path]


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
    return spec.by_name.get((key.kind, key.name)) if spec else None


def _properties(spec: Spec | None, key: Key, kind: Kind) -> dict[str, Any] | None:
    """The resource as a spec says it, in normal form but for code; None when the spec does not name it."""
    item = _item(spec, key) if kind is not VERSION else None
    if item is None:
        return None
    code: Mapping[str, Any] = {"code": item.properties["code"]} if "code" in item.properties else {}
    return {**kind.normal(item.properties, key.target.function), **code}


# --- deletions ------------------------------------------------------------------------------------------------------


def _deleted(action: Action, timeline: Timeline, live: Live | None) -> Action:
    """A deletion with its cause: since when git drops what it named, or says `absent`; what no spec named came by itself."""
    if action.verb != "delete":
        return action
    cause = _moved_by(*(not _asks(spec, timeline, action.key, live) for spec in timeline.specs))
    if cause == "drift" and _is_by_retention(timeline.now, action.key):
        cause = "unapplied"  # git asks for it all the time, and time or a newer version makes it due
    cause = timeline.layers.get(replace(action.key.target, root=LAYER.name), cause) if cause == "drift" else cause
    then = timeline.moved_since(cause)
    author = _deleting(action.key, then, timeline) if then else ""
    origin = _asked_at(timeline.now, action.key) if timeline.now else None
    return replace(action, cause=cause, author=author, origin=origin)


def _asks(spec: Spec | None, timeline: Timeline, key: Key, live: Live | None) -> bool:
    """Whether a spec of an earlier moment asks for the deletion as the one now does."""
    now = timeline.now
    if now is None:
        return spec is None or spec.is_absent
    if now.keep != (spec.keep if spec else 0):
        return False
    if _is_by_retention(now, key):
        return spec is not None and spec.retain == now.retain
    if now.is_absent:
        return spec is not None and spec.is_absent
    item, before = _item(now, key), _item(spec, key)
    if item is None:
        return spec is None or (owns(spec, KINDS[key.kind], key.name) and not _is_named(spec, timeline, key, live))
    return before is not None and before.properties == item.properties


def _is_by_retention(now: Spec | None, key: Key) -> bool:
    """Whether a version goes that the spec only does not keep."""
    is_kept = now is None or now.is_absent or now.retain is None
    return not is_kept and key.kind == VERSION.name and _item(now, key) is None


def _deleting(key: Key, then: Then, timeline: Timeline) -> str:
    """Who asks for a deletion: of a spec that is gone, who touched it last."""
    now = timeline.now
    if now is None:
        return next(iter(timeline.touched_since(then)), "")
    origin = _asked_at(now, key)
    touched = [then.line(origin)] if origin else timeline.touched_since(then)
    return touched[0] if len(touched) == 1 else ""


def _asked_at(now: Spec, key: Key) -> Origin | None:
    if now.is_absent:
        return now.origins.get("/state")
    if now.target.root == LAYER_VERSION.name:
        return now.origins.get(f"/{LAYER_VERSION.section}")
    if _is_by_retention(now, key):
        return now.origins.get(f"/{VERSION.section}/{RETAIN}")
    item = _item(now, key)
    return item.origins.get("/state", item.origins.get("")) if item else None


def _is_named(spec: Spec | None, timeline: Timeline, key: Key, live: Live | None) -> bool:
    """Whether a spec names a live resource, by AWS's identity of it."""
    is_by_its_name = _item(spec, key) is not None
    if spec is None or live is None or is_by_its_name:
        return is_by_its_name
    kind = KINDS[key.kind]
    return kind.identity(live.key.name, dict(live.properties)) in timeline.named(spec, kind)
