"""What must be read of a target before its spec can be planned: kinds by their names, of one that is owned in parts each part as
KIND/PART. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from reconciler.core.model import Desired, LayerReference, Live, Spec, Target
from reconciler.kinds.alias import ALIAS
from reconciler.kinds.base import Kind
from reconciler.kinds.registry import KINDS, kinds_of
from reconciler.kinds.unsaid import nothing_reserved
from reconciler.kinds.version import VERSION

QUALIFIERS = (ALIAS, VERSION)
INVOKING = tuple(kind for kind in KINDS.values() if kind.qualifier)  # these hang on an alias or a version
# These take of what all functions of a region share.
RESERVING = {name: kind for name, kind in KINDS.items() if kind.reserves is not nothing_reserved}


def needed(spec: Spec) -> frozenset[str]:
    """What must be read of a target to plan its spec."""
    if spec.is_absent:
        return frozenset(
            kind.name for kind in kinds_of(spec.target) if kind.name == spec.target.root or kind.goes_before_function
        )
    kinds = [kind for kind in kinds_of(spec.target) if owned(kind, spec)]
    names = {name for kind in kinds for name in (*owned(kind, spec), *kind.read_with)} | {spec.target.root}
    if any(kind.name in names for kind in QUALIFIERS) or qualifiers(spec):
        names |= {kind.name for kind in QUALIFIERS}
    return frozenset(names | ({VERSION.name} if spec.publish else set()))


def owned(kind: Kind, spec: Spec) -> frozenset[str]:
    """What a spec owns of a kind."""
    if kind.is_owned_in_parts:
        return frozenset(f"{kind.name}/{part}" for part in spec.parts(kind.name))
    return frozenset({kind.name} if kind.section in spec.sections else ())


def owns(spec: Spec, kind: Kind, name: str) -> bool:
    """Whether a spec owns what a resource of this name is, whether it names it or not."""
    return not {kind.name, f"{kind.name}/{name.partition('/')[0]}"}.isdisjoint(owned(kind, spec))


def parts(kind: Kind, names: Iterable[str]) -> frozenset[str]:
    """The parts of a kind that are among the names; the empty one stands for the whole of it."""
    return _split(frozenset(names)).get(kind.name, frozenset())


@lru_cache(1024)
def _split(names: frozenset[str]) -> dict[str, frozenset[str]]:
    """By kind; most specs of a fleet need the same."""
    split = [name.partition("/") for name in names]
    return {kind: frozenset(part for name, _, part in split if name == kind) for kind, _, _ in split}


def qualifiers(spec: Spec) -> frozenset[str]:
    """The aliases and versions that something in the spec invokes."""
    return frozenset(
        name
        for kind in INVOKING
        for item in spec.desired
        if item.key.kind == kind.name and kind.qualifier and (name := kind.qualifier(item.key.name, item.properties))
    )


def lost_qualifiers(spec: Spec, live: Iterable[Live]) -> frozenset[str]:
    """The aliases and versions that there are and that the spec drops: then somebody must look whether anything invokes them."""
    wanted = {item.key for item in spec.desired}
    return frozenset(
        item.key.name
        for item in live
        if item.key.target == spec.target
        and (
            (item.key.kind == ALIAS.name and ALIAS.section in spec.sections and item.key not in wanted)
            or (item.key.kind == VERSION.name and item.key in wanted)
        )
    )


def remaining(live: Iterable[Live]) -> list[Live]:
    """What there is still once the function is deleted."""
    outliving = (item for item in live if KINDS[item.key.kind].outlives_function)
    return [left for item in outliving if (left := KINDS[item.key.kind].left(item))]


def hanging_on(names: frozenset[str]) -> frozenset[str]:
    """What must be read to tell what hangs on these aliases and versions. Where two
    kinds share a section, the one whose names stand in it tells of both."""
    return frozenset(
        name
        for kind in INVOKING
        if not kind.below
        for name in ([f"{kind.name}/{part}" for part in names] if kind.is_owned_in_parts else [kind.name])
        if names
    )


def layers_of(item: Desired) -> tuple[LayerReference, ...]:
    """The layers that something in a spec refers to: only a function's configuration does."""
    layers = item.properties.get("configuration", {}).get("Layers") or ()
    return tuple(layer for layer in layers if isinstance(layer, LayerReference))


def with_layers(specs: Iterable[Spec]) -> tuple[Spec, ...]:
    """The specs, and bare ones of the layers that they refer to and of which there is none among them: those are read as well."""
    known = {spec.target: spec for spec in specs}
    referred = {
        layer.target
        for spec in known.values()
        for item in spec.desired
        for layer in layers_of(item)
        if not layer.number
    }
    return (*known.values(), *(Spec(target, "", (), frozenset()) for target in sorted(referred - set(known))))


def more_reserved(specs: Iterable[Spec], live: Iterable[Live]) -> dict[Target, int]:
    """How many executions each spec reserves beyond those that its function has reserved; less than 0 where it gives some back."""
    more: dict[Target, int] = {}
    for spec in (spec for spec in specs if not spec.is_absent):
        for item in (item for item in spec.desired if item.key.kind in RESERVING):
            more[spec.target] = more.get(spec.target, 0) + RESERVING[item.key.kind].reserves(item.properties)
    for held in (held for held in live if held.key.kind in RESERVING and held.key.target in more):
        more[held.key.target] -= RESERVING[held.key.kind].reserves(held.properties)
    return more
