"""What the functions of a region reserve together, held against what it has, over all targets of a plan. Pure.

What some give back is not counted: targets are carried out side by side, so it may come too late for the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby

from reconciler.core.errors import PlanError
from reconciler.core.finding import Rule
from reconciler.core.model import Origin, Room, Snapshot, Spec, Target
from reconciler.core.plans import Diagnostic, TargetPlan
from reconciler.kinds.needs import RESERVING, more_reserved
from reconciler.plan.speaking import Made, is_refused, with_notes

KEPT = 100  # executions that AWS keeps for all functions that reserve none
USUAL = 1000  # the limit of an account as it is given; of one with less AWS keeps less, and says only when it refuses
_PAGE = "https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html"
HAS_ROOM = Rule(
    "R280", f"What functions reserve leaves {KEPT} executions of a region to those that reserve none.", _PAGE
)
MAY_HAVE_ROOM = Rule(
    "W223", "Whether a region has room for what is reserved is known before anything is changed.", _PAGE
)


def checked(made: Iterable[Made], specs: Iterable[Spec], snapshot: Snapshot) -> list[Made]:
    """The plans, with what is to be said of those that reserve more than they have."""
    plans, known = list(made), {spec.target: spec for spec in specs}
    more = more_reserved(known.values(), snapshot.resources)
    taking = [plan.target for plan, notes in plans if _is_taking(plan, notes) and more.get(plan.target, 0) > 0]
    said = (
        note
        for place, targets in groupby(sorted(taking), key=lambda target: target.place)
        for note in _of_place({target: more[target] for target in targets}, known, snapshot.rooms.get(place))
    )
    return with_notes(plans, said)


def _is_taking(plan: TargetPlan, notes: Iterable[Diagnostic]) -> bool:
    """Whether it will come to a reservation of this target at all."""
    return not is_refused(notes) and any(operation.key.kind in RESERVING for operation in plan.operations)


def _of_place(taking: Mapping[Target, int], specs: Mapping[Target, Spec], room: Room | None) -> Iterator[Diagnostic]:
    """One for each target of an account and region, unless there is room for all."""
    total, place = sum(taking.values()), next(iter(taking)).place
    left = room.unreserved - total if room and not room.problem else None
    if left is not None and left >= KEPT:
        return
    for target, count in taking.items():
        what = f"{target} reserves {count} executions more"
        whole = f"{what}, all targets of the plan in {place} together {total}" if len(taking) > 1 else what
        origin = _origin(specs[target])
        if room is None or left is None:
            why = room.problem if room else "the snapshot was taken without it"
            message = f"{what}; whether {place} has room for that is not known: {why}"
            yield MAY_HAVE_ROOM.cited(Diagnostic("warning", message, target, origin))
        elif room.limit >= USUAL or left < 0:
            least = KEPT if room.limit >= USUAL else 0
            stays = f", of which {least} must stay" if least else ""
            message = f"{whole}; {place} has {room.unreserved} of {room.limit} that nobody reserves{stays}; reserve {least - left} less, or let AWS raise the limit"
            yield HAS_ROOM.cited(Diagnostic("refusal", message, target, origin, PlanError.__name__))
        else:
            message = f"{whole}, which leaves {left} of {place}'s {room.limit} to all other functions; AWS may want to keep more of them and refuse it"
            yield MAY_HAVE_ROOM.cited(Diagnostic("warning", message, target, origin))


def _origin(spec: Spec) -> Origin | None:
    return next((item.origins.get("") for item in spec.desired if item.key.kind in RESERVING), None)
