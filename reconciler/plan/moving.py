"""What a decision on a rollout makes of an alias, as a plan like any other: one UpdateAlias with version, weights and marker. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from reconciler.core.model import UNSET, Action, FieldChange, Operation, Plan, Target, TargetPlan
from reconciler.core.sealing import digest
from reconciler.kinds.registry import CALLS, state_of
from reconciler.rollout.marker import joined
from reconciler.rollout.rolling import Rolling
from reconciler.rollout.sending import Described
from reconciler.rollout.standing import Alias

Move = tuple[Rolling, Alias, str]  # an alias, what it is to be, and why
UPDATE, INVOKE = "UpdateAlias", "Invoke"


def moving(moves: Sequence[Move], taken_at: str) -> Plan:
    """All of these, a function's together."""
    ordered = sorted(moves, key=lambda move: move[0].key)
    targets = tuple(
        _target(target, list(group)) for target, group in groupby(ordered, key=lambda move: move[0].key.target)
    )
    return Plan(targets, digest([[str(planned.target), planned.digest] for planned in targets]), taken_at, "")


def _target(target: Target, moves: Sequence[Move]) -> TargetPlan:
    operations = tuple(
        operation(f"{target}#{number}", one, after) for number, (one, after, _) in enumerate(moves, start=1)
    )
    actions = tuple(Action(one.key, "update", tuple(changes(one, after)), reason) for one, after, reason in moves)
    held = {live.key: live for one, *_ in moves for live in one.held}
    own = digest([[item.name, str(item.key), item.params] for item in operations])
    return TargetPlan(target, actions, operations, own, before=tuple(map(state_of, held.values())))


def operation(identifier: str, one: Rolling, after: Alias) -> Operation:
    """Version and weights always go together: neither alone can be said of every state (FACTS 10.6)."""
    params = {
        "FunctionName": one.key.target.function,
        "Name": one.key.name,
        "FunctionVersion": after.version,
        "RoutingConfig": {"AdditionalVersionWeights": dict(after.weights)},
        "Description": joined(one.description, after.marker),
    }
    settle = ("alias-settled",) if after.version != one.alias.version else ()
    return Operation(identifier, one.key, UPDATE, CALLS[UPDATE].phase, params, settle)


def retrying(one: Rolling, after: Alias, taken_at: str) -> Plan:
    """A rejected candidate from the beginning: what it must pass, then its first share. Where it does not pass, the alias stays as it is, and
    says why."""
    target, candidate = one.key.target, one.marker.candidate
    stays = operation(f"{target}#0", one, one.alias)
    stays = replace(stays, params={**stays.params, "Description": Described(one.description, one.marker, candidate)})
    smokes = [
        Operation(
            f"{target}#{number}", one.key, INVOKE, CALLS[INVOKE].phase,
            {**smoke.params, "FunctionName": target.function, "Qualifier": candidate, "LogType": "Tail"},
            smoke=smoke, otherwise=stays,
        )
        for number, smoke in enumerate(one.rollout.smoke if one.rollout else (), start=1)
    ]  # fmt: skip
    operations = (*smokes, operation(f"{target}#{len(smokes) + 1}", one, after))
    action = Action(one.key, "update", tuple(changes(one, after)), f"{candidate} is tried again")
    own = digest([[item.name, str(item.key)] for item in operations])
    made = TargetPlan(target, (action,), operations, own, before=tuple(map(state_of, one.held)))
    return Plan((made,), digest([[str(target), own]]), taken_at, "")


def changes(one: Rolling, after: Alias) -> Iterator[FieldChange]:
    """What becomes of the traffic."""
    before = one.alias
    if before.version != after.version:
        yield FieldChange("/FunctionVersion", before.version, after.version)
    for version in sorted({*before.weights, *after.weights}):
        shares = before.weights.get(version, UNSET), after.weights.get(version, UNSET)
        if shares[0] != shares[1]:
            yield FieldChange(f"/RoutingConfig/AdditionalVersionWeights/{version}", *shares)
