"""What the code of a plan takes of what a region stores, held against its limit, over all targets of a plan. Pure.

What some give back is not counted: versions go last, and targets are carried out side by side. Images are not stored there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby

from reconciler.core.errors import PlanError
from reconciler.core.finding import Rule
from reconciler.core.grouping import by_target
from reconciler.core.model import Live, Origin, Room, Snapshot, Spec, Target
from reconciler.core.plans import Diagnostic, TargetPlan
from reconciler.core.words import byte_size, many
from reconciler.kinds.registry import KINDS
from reconciler.plan.speaking import Made, is_refused, with_notes

WARNED_OF = 0.8  # of the limit
SHOWN = 3  # of the targets that take the most
_PAGE = "https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"
FITS = Rule("R335", "The code of a plan fits into what its region may still store.", _PAGE)
IS_NEARLY_FULL = Rule(
    "W247", f"A region that stores more than {WARNED_OF:.0%} of what it may is told, with what takes the most."
)
MAY_FIT = Rule("W248", "Whether a region has room for new code is known before anything is sent.")


def checked(made: Iterable[Made], specs: Iterable[Spec], snapshot: Snapshot) -> list[Made]:
    """The plans, with what is to be said of those that send or publish code."""
    plans, known = list(made), {spec.target: spec for spec in specs}
    held = by_target(snapshot.resources)
    more = {plan.target: _added(plan, held, snapshot) for plan, notes in plans if not is_refused(notes)}
    taking = sorted(target for target, size in more.items() if size > 0)
    said = (
        note
        for place, targets in groupby(taking, key=lambda target: target.place)
        if (room := snapshot.rooms.get(place))
        for note in _of_place({target: more[target] for target in targets}, known, room, held)
    )
    return with_notes(plans, said)


def _added(plan: TargetPlan, held: Mapping[Target, list[Live]], snapshot: Snapshot) -> int:
    """The bytes that a plan's calls add. Code whose size nobody can tell is as large as what lives."""
    names = [operation.name for operation in plan.operations]
    live = next((_size(item) for item in held.get(plan.target, ()) if KINDS[item.key.kind].is_root), 0)
    artifact = snapshot.artifacts.get(plan.target)
    size = (artifact.size if artifact else 0) or live
    is_made = any(name in names for name in ("CreateFunction", "PublishLayerVersion"))
    is_published = "PublishVersion" in names or any(item.params.get("Publish") for item in plan.operations)
    sent = size if is_made else max(size - live, 0) if "UpdateFunctionCode" in names else 0
    return sent + (size if is_published else 0)


def _size(item: Live) -> int:
    return int(item.handle.get("CodeSize", 0))


def _of_place(
    taking: Mapping[Target, int], specs: Mapping[Target, Spec], room: Room, held: Mapping[Target, list[Live]]
) -> Iterator[Diagnostic]:
    """One for each target where it does not fit; else one for the place, at its first target."""
    total, place, first = sum(taking.values()), next(iter(taking)).place, next(iter(taking))
    after = room.stored + total
    if room.problem:
        message = f"whether {place} has room for {byte_size(total)} of new code is not known: {room.problem}"
        yield MAY_FIT.cited(Diagnostic("note", message, first, _origin(specs[first])))
    elif room.storable and after > room.storable:
        for target, size in taking.items():
            whole = f", all targets of the plan there {byte_size(total)}" if len(taking) > 1 else ""
            message = (
                f"{target} stores {byte_size(size)} of code more{whole}; {place} stores {byte_size(room.stored)} of "
                f"{byte_size(room.storable)}; delete versions first (versions.retain), or let AWS raise the limit"
            )
            yield FITS.cited(Diagnostic("refusal", message, target, _origin(specs[target]), PlanError.__name__))
    elif room.storable and after > WARNED_OF * room.storable:
        message = (
            f"{place} will store {byte_size(after)} of {byte_size(room.storable)} of code ({after / room.storable:.0%})"
            f"{_largest(place, held)}; let old versions go (versions.retain)"
        )
        yield IS_NEARLY_FULL.cited(Diagnostic("warning", message, first, _origin(specs[first])))


def _largest(place: str, held: Mapping[Target, list[Live]]) -> str:
    """What takes the most, of all that was read."""
    sizes = {
        target: (sum(map(_size, items)), _versions(items)) for target, items in held.items() if target.place == place
    }
    largest = sorted(sizes.items(), key=lambda item: (-item[1][0], item[0]))[:SHOWN]
    shown = [
        f"{target.name} {byte_size(size)} in {many(count, 'version')}" for target, (size, count) in largest if size
    ]
    return f"; of what was read {', '.join(shown)}" if shown else ""


def _versions(items: Iterable[Live]) -> int:
    return sum(1 for item in items if "CodeSize" in item.handle)


def _origin(spec: Spec) -> Origin | None:
    return spec.origins.get("/code", spec.origins.get(""))
