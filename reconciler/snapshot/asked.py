"""What is asked for of a kind: by what specs need, and by what was read already. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from reconciler.core.grouping import grouped
from reconciler.core.model import Key, Live, Properties, Spec, Target
from reconciler.core.place import Place
from reconciler.kinds.base import Kind
from reconciler.kinds.function import FUNCTION
from reconciler.kinds.needs import hanging_on, parts
from reconciler.kinds.reading import Listing
from reconciler.kinds.registry import KINDS, may_be_of
from reconciler.kinds.retention import at_risk

WHOLE, NONE = frozenset({""}), frozenset[str]()  # all of a kind, rather than parts of it
Parts = Mapping[Target, frozenset[str]]  # what is to be read of a kind
Held = Mapping[Target, list[Live]]


def specs_of(specs: Iterable[Spec], places: Iterable[Place]) -> dict[Place, list[Spec]]:
    """The specs by place; places without one, too."""
    return {place: [] for place in places} | grouped(specs, lambda spec: Place.of(spec.target))


def wanted(kind: Kind, spec: Spec, needed: frozenset[str], held: Iterable[Live], *, is_there: bool) -> frozenset[str]:
    """What is to be read of a kind of a spec's target; the whole of one that is owned in parts is what it says of itself."""
    named = parts(kind, needed)
    is_told = named and (kind.is_root or kind.outlives_function or is_there)
    if not is_told or not may_be_of(kind, spec.target):
        return NONE
    if named & WHOLE and kind.is_owned_in_parts:
        named = kind.whole(held)
    if named & WHOLE and kind.reading.together:
        named = called(kind, spec, held)
    return named


def needs_others(kind: Kind, needed: frozenset[str]) -> bool:
    """Whether only what else a function has tells what is to be read of a kind."""
    return bool(parts(kind, needed) & WHOLE) and kind.is_owned_in_parts


def losing(spec: Spec, held: Iterable[Live], taken_at: str) -> frozenset[str]:
    """What may hang on what a spec drops or does not keep, of all kinds."""
    lost = at_risk(spec, held, taken_at)
    return hanging_on(lost) if lost else NONE


def left(kind: Kind, asked: Parts, read: Parts) -> dict[Target, frozenset[str]]:
    """What of it was not read before. A listing of all that a target has leaves nothing."""
    is_listed = bool(kind.reading.listing or kind.reading.everywhere)
    rest = {
        target: NONE if is_listed and target in read else names - read.get(target, NONE)
        for target, names in asked.items()
    }
    return {target: names for target, names in rest.items() if names}


def called(kind: Kind, spec: Spec, held: Iterable[Live]) -> frozenset[str]:
    """AWS's name for what the spec says there is of a kind; where it says nothing, for what the function that lives has."""
    names = frozenset(item.key.name for item in spec.desired if item.key.kind == kind.name)
    lives = (item for item in held if item.key.kind == FUNCTION.name)
    return names or frozenset(kind.named(item.key.target.function, item.properties["configuration"]) for item in lives)


def members_named(kind: Kind, specs: Iterable[Spec]) -> dict[Target, frozenset[str]]:
    """The members that a target's spec names of a kind."""
    return {
        spec.target: frozenset(
            member for item in spec.desired if item.key.kind == kind.name for member in item.properties
        )
        for spec in specs
    }


@dataclass(frozen=True, slots=True)
class Several:
    """Resources of one kind of a target that listings tell of, asked for by these names."""

    target: Target
    kind: str
    listing: Listing
    names: tuple[str, ...]
    keys: frozenset[Key]


def by_listings(states: Mapping[Key, Properties]) -> Iterator[Several]:
    """Those of the resources, of which a target has several of a kind, that listings tell of by fewer calls than one each."""
    for (target, name), keys in grouped(states, lambda key: (key.target, key.kind)).items():
        reading = KINDS[name].reading
        names = {_listed_as(KINDS[name], key, states[key]) for key in keys}
        if reading.listing and not (reading.beside or reading.several) and len(names) < len(keys):
            yield Several(target, name, reading.listing, tuple(sorted(names)), frozenset(keys))


def _listed_as(kind: Kind, key: Key, state: Properties) -> str:
    """The name by which a resource is listed: that of its function, with a qualifier where only that tells for sure."""
    qualifier = kind.qualifier(key.name, state) if kind.reading.told_by_qualifier and kind.qualifier else ""
    return f"{key.target.name}:{qualifier}" if qualifier else key.target.name
