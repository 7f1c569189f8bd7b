"""What a decision on a rollout makes of an alias, as a plan like any other: one UpdateAlias with version, weights and marker. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from reconciler.core.model import Target
from reconciler.core.plans import Action, FieldChange, Plan, TargetPlan
from reconciler.core.sealing import digest
from reconciler.core.values import UNSET
from reconciler.kinds.alias import ALIAS, smoke
from reconciler.kinds.base import Step
from reconciler.kinds.registry import state_of
from reconciler.plan.digests import plan_of
from reconciler.plan.operations import numbered
from reconciler.rollout.marker import joined
from reconciler.rollout.rolling import Rolling
from reconciler.rollout.sending import Described
from reconciler.rollout.standing import Alias

Move = tuple[Rolling, Alias, str]  # an alias, what it is to be, and why


def moving(moves: Sequence[Move], taken_at: str) -> Plan:
    """All of these, a function's together."""
    ordered = sorted(moves, key=lambda move: move[0].key)
    targets = tuple(
        _target(target, list(group)) for target, group in groupby(ordered, key=lambda move: move[0].key.target)
    )
    return plan_of(targets, taken_at)


def _target(target: Target, moves: Sequence[Move]) -> TargetPlan:
    operations = numbered(target, ((one.key, moved(one, after)) for one, after, _ in moves))
    actions = tuple(Action(one.key, "update", tuple(changes(one, after)), reason) for one, after, reason in moves)
    held = {live.key: live for one, *_ in moves for live in one.held}
    own = digest([[item.name, str(item.key), item.params] for item in operations])
    return TargetPlan(target, actions, operations, own, before=tuple(map(state_of, held.values())))


def update(one: Rolling, after: Alias, described: str | Described) -> Step:
    """All of a state."""
    wanted = {
        "FunctionVersion": after.version,
        "RoutingConfig": {"AdditionalVersionWeights": dict(after.weights)},
        "Description": described,
    }
    members = frozenset({"Description", *(["FunctionVersion"] if after.version != one.alias.version else [])})
    (step,) = ALIAS.update(one.key.target.function, one.key.name, wanted, members, {})
    return step


def moved(one: Rolling, after: Alias) -> Step:
    return update(one, after, joined(one.description, after.marker))


def retrying(one: Rolling, after: Alias, taken_at: str) -> Plan:
    """A rejected candidate from the beginning: what it must pass, then its first share. Where it does not pass, the alias stays as it is, and
    says why."""
    target, candidate = one.key.target, one.marker.candidate
    stays = update(one, one.alias, Described(one.description, one.marker, candidate))
    events = one.rollout.smoke if one.rollout else ()
    steps = (*(smoke(target.function, candidate, event, stays) for event in events), moved(one, after))
    operations = numbered(target, ((one.key, step) for step in steps))
    action = Action(one.key, "update", tuple(changes(one, after)), f"{candidate} is tried again")
    own = digest([[item.name, str(item.key)] for item in operations])
    made = TargetPlan(target, (action,), operations, own, before=tuple(map(state_of, one.held)))
    return plan_of([made], taken_at)


def changes(one: Rolling, after: Alias) -> Iterator[FieldChange]:
    """What becomes of the traffic."""
    before = one.alias
    if before.version != after.version:
        yield FieldChange("/FunctionVersion", before.version, after.version)
    for version in sorted({*before.weights, *after.weights}):
        shares = before.weights.get(version, UNSET), after.weights.get(version, UNSET)
        if shares[0] != shares[1]:
            yield FieldChange(f"/RoutingConfig/AdditionalVersionWeights/{version}", *shares)
