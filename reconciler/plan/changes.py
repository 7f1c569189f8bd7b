"""One resource at a time: what differs, which verb that is, and the calls that carry it out. Pure.

A draft is an action together with what only the planner needs: the raw differences (for the digest) and the steps.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from reconciler.core.diff import (
    Difference,
    differences,
    is_named,
    matching,
    only_in,
    pointer,
    steps_of,
    unreadable,
    value_at,
    with_value,
)
from reconciler.core.model import Desired, Key, LayerReference, Live, Origin, Spec
from reconciler.core.plans import Action, FieldChange, Ref, Verb
from reconciler.core.sealing import sealed
from reconciler.core.values import KNOWN_AFTER_APPLY, SENSITIVE, UNSET, Placeholder, Unreadable
from reconciler.kinds.base import Kind, Step
from reconciler.kinds.function import FUNCTION
from reconciler.kinds.registry import KINDS, kinds_of, state_of
from reconciler.kinds.version import VERSION
from reconciler.plan.case import Case
from reconciler.plan.matching import Pair


@dataclass(frozen=True, slots=True)
class Draft:
    """`differences` have their real values, sensitive ones included; never shown, only hashed. `hidden`
    are the pointers of what the spec owns and AWS does not show: in no difference and no step. `without_default` are
    those of what AWS holds, the spec does not name, and nobody knows the default of."""

    action: Action
    pair: Pair
    steps: tuple[Step, ...] = ()
    differences: tuple[Difference, ...] = ()
    hidden: tuple[tuple[str, Unreadable], ...] = ()
    without_default: tuple[str, ...] = ()

    @property
    def verb(self) -> Verb:
        return self.action.verb


@dataclass(frozen=True, slots=True)
class Sides:
    """Both sides of a pair in normal form, the live one cut to what the desired one speaks of."""

    before: dict[str, Any]
    after: dict[str, Any]
    differences: tuple[Difference, ...]
    hidden: tuple[tuple[str, Unreadable], ...] = ()
    without_default: tuple[str, ...] = ()


def prefix(kind: Kind, name: str) -> tuple[str, ...]:
    """Where a resource stands in the spec: the target's own sections at the root, others under section and name."""
    return () if kind.is_root else kind.at(name)


def ignored_paths(spec: Spec, kind: Kind, name: str) -> tuple[tuple[str, ...], ...]:
    """The spec's `ignore` pointers that speak of this resource, without its prefix; the empty path means all of it."""
    start = prefix(kind, name)
    paths = []
    for steps in map(steps_of, spec.ignore):
        head, rest = steps[: len(start)], steps[len(start) :]
        if len(steps) >= len(start) and all(is_named(step, own) for step, own in zip(head, start, strict=True)):
            paths.append(rest)
        elif steps == start[: len(steps)]:
            paths.append(())
    return tuple(paths)


def beside(case: Case) -> Iterator[tuple[Kind, Desired]]:
    """What the spec says beside the function, but what it leaves to others."""
    for kind in (kind for kind in kinds_of(case.spec.target) if kind not in (FUNCTION, VERSION)):
        for item in case.desired(kind):
            if () not in ignored_paths(case.spec, kind, item.key.name):
                yield kind, item


def without_foreign_code(spec: Spec, desired: Desired) -> Desired:
    """What a spec says of a function that lives: code that it leaves to others it does not send, with whatever else."""
    if ("code",) not in ignored_paths(spec, FUNCTION, ""):
        return desired
    return replace(desired, properties={name: value for name, value in desired.properties.items() if name != "code"})


def sides(kind: Kind, pair: Pair, spec: Spec, salt: str) -> Sides:
    """Compare a pair of which both sides exist. With a salt the live side is sealed, so the desired one is, too."""
    assert pair.desired is not None
    assert pair.live is not None
    function = spec.target.function
    after = kind.normal(pair.desired.properties, function)
    live = kind.normal(pair.live.properties, function)
    for pattern in ignored_paths(spec, kind, pair.key.name):
        for steps in {*matching(live, pattern), *matching(after, pattern)}:
            after = with_value(after, steps, value_at(live, steps))
    before = kind.compared(live, after)
    wanted = sealed(after, kind.is_sensitive, salt) if salt else after
    own_id = pair.live.handle.get("UUID")  # a consumer group that nobody named is called like its mapping
    without_default = tuple(pointer(steps) for steps, value in only_in(live, before) if value != own_id)
    hidden = tuple(unreadable(live))
    for steps, _ in hidden:
        before, wanted = with_value(before, steps, UNSET), with_value(wanted, steps, UNSET)
    unequal = differences(before, wanted)
    return Sides(
        before,
        after,
        tuple(item._replace(after=value_at(after, item.steps)) for item in unequal),
        tuple((pointer(steps), value) for steps, value in hidden if is_specified(after, steps)),
        without_default,
    )


def is_specified(after: Mapping[str, Any], steps: tuple[str, ...]) -> bool:
    """Whether the desired side says something here of its own, rather than what it leaves to others."""
    wanted = value_at(after, steps)
    return wanted is not UNSET and not isinstance(wanted, Unreadable)


def field_change(kind: Kind, desired: Desired, difference: Difference) -> FieldChange:
    """A difference as it may be shown: sensitive values hidden, what only an earlier operation can tell as known after apply."""
    steps, before, after = difference
    if kind.is_sensitive(steps):
        before, after = (value if value is UNSET else SENSITIVE for value in (before, after))
    if isinstance(after, Ref):
        after = KNOWN_AFTER_APPLY
    if isinstance(after, list):
        after = [_published(item) if isinstance(item, Ref) else item for item in after]
    written = desired.references.get(pointer(steps), "")
    if written and after is SENSITIVE:
        after = Placeholder(f"(sensitive, with {written})") if pointer(steps) in desired.literals else written
    path = pointer((*prefix(kind, desired.key.name), *steps))
    stands = written if isinstance(after, list) else ""
    return FieldChange(path, before, after, origin=origin_of(desired.origins, steps), written=stands)


def _published(layer: Ref) -> Placeholder:
    """A layer whose version is only published by the plan."""
    assert layer.target
    return Placeholder(f"{LayerReference(layer.target)} {KNOWN_AFTER_APPLY}")


def origin_of(origins: Mapping[str, Origin], steps: tuple[str, ...]) -> Origin | None:
    """The place of the nearest ancestor that has one."""
    for length in range(len(steps), -1, -1):
        origin = origins.get(pointer(steps[:length]))
        if origin:
            return origin
    return None


def changed(kind: Kind, pair: Pair, spec: Spec, salt: str) -> tuple[Draft, Sides]:
    """The draft of a pair with both sides, without steps yet: update, replace or none."""
    assert pair.desired is not None
    assert pair.live is not None
    both = sides(kind, pair, spec, salt)
    final = [
        pointer(item.steps)
        for item in both.differences
        if kind.needs_replacement("/".join(item.steps), item.before, item.after)
    ]
    verb: Verb = "none" if not both.differences else "replace" if final else "update"
    reason = f"{', '.join(final)} can only be set when it is created" if final else ""
    reason = kind.trouble(pair.live) or kind.interruption if verb == "update" else reason
    changes = tuple(field_change(kind, pair.desired, item) for item in both.differences)
    return Draft(
        Action(pair.key, verb, changes, reason),
        pair,
        differences=both.differences,
        hidden=both.hidden,
        without_default=both.without_default,
    ), both


def differing(kind: Kind, differences: tuple[Difference, ...]) -> frozenset[str]:
    """The first `kind.depth` steps of each difference: what one update sends as a whole."""
    return frozenset("/".join(item.steps[: kind.depth]) for item in differences)


def only_sections(live: Live, desired: Desired) -> Live:
    return replace(
        live, properties={name: live.properties[name] for name in desired.properties if name in live.properties}
    )


def created(kind: Kind, pair: Pair, reason: str = "") -> Draft:
    """The draft of a desired resource without a live one; its changes are what the spec says, nothing more."""
    assert pair.desired is not None
    written = differences({}, {key: value for key, value in pair.desired.properties.items() if value != {}})
    changes = tuple(field_change(kind, pair.desired, item) for item in written)
    steps = kind.create(pair.key.target.function, pair.key.name, pair.desired.properties)
    return Draft(Action(pair.key, "create", changes, reason), pair, tuple(steps), written)


def deleted(kind: Kind, pair: Pair, reason: str) -> Draft:
    assert pair.live is not None
    steps = kind.delete(pair.key.target.function, pair.key.name, pair.live.handle)
    why = ", ".join(filter(None, (kind.remark(pair.live), reason)))
    whole = "; ".join(filter(None, (why, kind.loss)))
    return Draft(Action(pair.key, "delete", reason=whole), pair, tuple(steps))


def updated(kind: Kind, pair: Pair, spec: Spec, salt: str) -> Draft:
    """The draft of a pair with both sides, with the steps of an update or a replacement."""
    draft, both = changed(kind, pair, spec, salt)
    assert pair.live is not None
    assert pair.desired is not None
    function, name = spec.target.function, pair.key.name
    match draft.verb:
        case "update":
            members = differing(kind, both.differences)
            return replace(draft, steps=tuple(kind.update(function, name, both.after, members, pair.live.handle)))
        case "replace":
            return replace(draft, steps=replacing(kind, pair))
        case _:
            return draft


def taken_along(kind: Kind, pair: Pair, draft: Draft) -> list[Draft]:
    """What goes with an update and no call of its own: told, and counted, as the deletion that it is."""
    if pair.live is None or pair.desired is None or draft.verb != "update":
        return []
    sides = (kind.normal(side.properties, pair.key.target.function) for side in (pair.live, pair.desired))
    keys = [replace(pair.key, name=f"{pair.key.name}/{name}") for name in kind.taken_along(*sides)]
    return [Draft(Action(key, "delete", reason="which the spec does not name"), Pair(key, None, None)) for key in keys]


def replacing(kind: Kind, pair: Pair) -> tuple[Step, ...]:
    """Deletion, brought forward to just before the creation."""
    assert pair.live is not None
    assert pair.desired is not None
    function, name = pair.key.target.function, pair.key.name
    creations = kind.create(function, name, pair.desired.properties)
    deletions = kind.delete(function, name, pair.live.handle)
    return (*(replace(step, is_brought_forward=True) for step in deletions), *creations)


def final_function(case: Case, function: Draft | None) -> dict[str, Any]:
    """$LATEST as it will be: the live function with the draft's differences carried out."""
    assert case.function is not None
    state = FUNCTION.normal(case.function.properties, case.spec.target.function)
    for item in function.differences if function else ():
        state = with_value(state, item.steps, item.after)
    return state


def seen_before(case: Case, drafts: Iterable[Draft]) -> tuple[Live, ...]:
    """What the operations rely on: the function whole, its versions, and of everything else what the spec owns."""
    whole = [item for item in case.live if item.key.kind in (FUNCTION.name, VERSION.name)]
    return tuple(state_of(item) for item in (*whole, *(live for _, live in _others(drafts))))


def left(case: Case, drafts: Iterable[Draft]) -> dict[Key, tuple[tuple[str, ...], ...]]:
    """What the operations do not rely on, for it is somebody else's: patterns of paths by resource. What is sent along with what is
    ours must be what the plan saw."""
    patterns = {}
    for draft, live in _others(drafts):
        sent = [name for step in draft.steps for name in step.params]
        paths = ignored_paths(case.spec, KINDS[draft.pair.key.kind], draft.pair.key.name)
        patterns[live.key] = tuple(path for path in paths if not any(is_named(path[0], name) for name in sent))
    return {key: paths for key, paths in patterns.items() if paths}


def _others(drafts: Iterable[Draft]) -> Iterator[tuple[Draft, Live]]:
    """The drafts of what lives beside the function and its versions."""
    for draft in drafts:
        if draft.pair.live is not None and draft.pair.key.kind not in (FUNCTION.name, VERSION.name):
            yield draft, draft.pair.live
