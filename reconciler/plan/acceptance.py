"""What a spec must say so that drift is none: each field and resource that AWS moved, as an entry of the spec, or why it is not one. Pure.

A plan of drift alone goes in. Where the entries stand in files is not known here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.core.diff import paths, pointer, steps_of, value_at, with_value
from reconciler.core.model import Desired, Key, Live, Properties, Spec
from reconciler.core.plans import Action, FieldChange, TargetPlan
from reconciler.core.values import KNOWN_AFTER_APPLY, UNSET, Placeholder, Unreadable
from reconciler.kinds.alias import ALIAS, weights
from reconciler.kinds.base import PUBLISHED, PUBLISHED_VERSION, Kind
from reconciler.kinds.layer_version import LAYER_VERSION
from reconciler.kinds.minimal import label, minimal, unsayable, written
from reconciler.kinds.registry import KINDS
from reconciler.kinds.version import VERSION
from reconciler.plan.changes import prefix
from reconciler.plan.drift import moved_alone

_SHARES = ("RoutingConfig", "AdditionalVersionWeights")
Steps = tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Taken:
    """An entry of a spec as it must be: `value` at these steps, `UNSET` where nothing must be. `path` is the pointer by which the plan
    told it, `said` what git says there. Each is one of its own."""

    key: Key
    path: str
    steps: Steps
    value: Any
    said: Any = UNSET


@dataclass(frozen=True, slots=True)
class Left:
    """What drifted and is not to be written, and why."""

    key: Key
    path: str
    reason: str


def accepted(drift: TargetPlan, spec: Spec, live: Mapping[Key, Live], *, may_pin: bool) -> Iterator[Taken | Left]:
    """Everything of a target that AWS moved; `spec` is as it is written. `may_pin`: where an alias follows the newest version the number
    that AWS has may stand instead."""
    desired = {item.key: item for item in spec.desired}
    yield from _rolling(drift)
    for action in moved_alone(drift):
        kind = KINDS[action.key.kind]
        if kind is VERSION:
            continue
        at = prefix(kind, action.key.name)
        if action.verb == "create":
            yield _gone(kind, action, at)
        elif action.verb == "delete":
            yield _came(kind, action, live[action.key], desired)
        else:
            yield from _moved(kind, action, desired[action.key], live.get(action.key), may_pin=may_pin)


def _rolling(drift: TargetPlan) -> Iterator[Left]:
    """Of aliases whose traffic is their rollout's, and is not where that left it."""
    for action in drift.actions:
        if action.rollout and action.rollout.course == "disagreement":
            reason = f"{action.rollout.reason}; traffic is the rollout's, and no spec's: `reconcile rollout resume --reset`, or `abort`"
            yield Left(action.key, pointer(prefix(ALIAS, action.key.name)), reason)


# --- resources -------------------------------------------------------------------------------------------------------


def _gone(kind: Kind, action: Action, at: Steps) -> Taken | Left:
    if kind.is_root:
        return Left(action.key, "", f"the {kind.word} is gone; write `state: absent` if it is to stay so")
    if kind.is_kept:
        return Left(
            action.key,
            pointer(at),
            "it is gone, and the next apply makes it again; take the section out to leave it to others",
        )
    return Taken(action.key, pointer(at), at, {} if kind.is_single else UNSET)


def _came(kind: Kind, action: Action, live: Live, desired: Mapping[Key, Desired]) -> Taken | Left:
    if kind.is_root:
        return Left(
            action.key, "", f"git asks for the deletion of the {kind.word}; take its `state: absent` out to keep it"
        )
    if kind is LAYER_VERSION:
        return Left(action.key, f"/{kind.section}", "an older version goes; write a larger `keep` to keep it")
    if kind is VERSION:
        return Left(action.key, f"/{kind.section}", "an older version goes; let `retain` keep more to keep it")
    taken = {key.name for key in desired if key.kind == kind.name}
    at = kind.at(label(live, taken) if kind.named_by else action.key.name)
    entry = minimal(kind, written(kind, live.properties), action.key.target.function)
    if any(map(kind.is_sensitive, paths(entry))):
        return Left(action.key, pointer(at), "what it holds is sensitive, so it is written by hand")
    if unsayable(kind, live, entry):
        return Left(action.key, pointer(at), "no spec can say all of it; leave it to others with `ignore`")
    return Taken(action.key, pointer(at), at, entry)


# --- fields ----------------------------------------------------------------------------------------------------------


def _moved(kind: Kind, action: Action, desired: Desired, live: Live | None, *, may_pin: bool) -> Iterator[Taken | Left]:
    at = prefix(kind, action.key.name)
    followed = [
        change for change in action.changes if _follows(kind, desired, steps_of(change.path)[len(at) :], change)
    ]
    held = desired.properties
    for change in action.changes:
        steps = steps_of(change.path)[len(at) :]
        if change in followed:
            if not may_pin:
                yield Left(action.key, change.path, "the alias follows the newest version; --pin writes the number")
        elif reason := _why_not(change, steps):
            yield Left(action.key, change.path, reason)
        else:
            held = with_value(held, steps, change.before)
            yield _entry(kind, action, change, held)
    if followed and may_pin and live:
        yield from _pinned(action, live, at, followed)


def _why_not(change: FieldChange, steps: Steps) -> str:
    if steps[:1] == ("code",):
        return "code is what its source is, and AWS tells only its hash; deploy what is to stay"
    if change.is_sensitive:
        return "it is sensitive, so it is written by hand, or left to others with `ignore`"
    if isinstance(change.before, Unreadable) or (isinstance(change.before, Placeholder) and change.before != UNSET):
        return "AWS does not tell it"
    return ""


def _follows(kind: Kind, desired: Desired, steps: Steps, change: FieldChange) -> bool:
    """Whether git says `published` here, whatever number that is."""
    if kind is not ALIAS:
        return False
    shares = value_at(desired.properties, _SHARES)
    is_of_shares = steps[: len(_SHARES)] == _SHARES and isinstance(shares, Mapping) and PUBLISHED in shares
    return is_of_shares or change.after == KNOWN_AFTER_APPLY or value_at(desired.properties, steps) == PUBLISHED_VERSION


def _pinned(action: Action, live: Live, at: Steps, followed: list[FieldChange]) -> Iterator[Taken]:
    for change in followed:
        steps = steps_of(change.path)
        if steps[len(at) :] == ("FunctionVersion",):
            yield Taken(action.key, change.path, steps, str(live.properties["FunctionVersion"]), PUBLISHED)
    shares = [change for change in followed if steps_of(change.path)[len(at) :][: len(_SHARES)] == _SHARES]
    if shares:
        yield Taken(action.key, shares[0].path, (*at, *_SHARES), dict(weights(live.properties)), PUBLISHED)


def _entry(kind: Kind, action: Action, change: FieldChange, held: Properties) -> Taken:
    """The entry that says what AWS holds: none where that is AWS's default, nor for a map that would be empty and say nothing."""
    at, function = prefix(kind, action.key.name), action.key.target.function
    steps = steps_of(change.path)[len(at) :]
    without = with_value(held, steps, UNSET)
    required = {(name,) for name in kind.sections[0].required}
    is_default = kind.normal(without, function) == kind.normal(held, function)
    if change.before is not UNSET and (not is_default or steps in required):
        return Taken(action.key, change.path, (*at, *steps), change.before, change.after)
    least = 1 if kind.is_root else 0
    while len(steps) - 1 > least and value_at(without, steps[:-1]) == {}:
        less = with_value(without, steps[:-1], UNSET)
        if kind.normal(less, function) != kind.normal(without, function):
            break
        without, steps = less, steps[:-1]
    return Taken(action.key, change.path, (*at, *steps), UNSET, change.after)
