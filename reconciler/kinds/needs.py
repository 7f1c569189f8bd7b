"""Which kinds must be read of a target before its spec can be planned. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.core.model import Live, Spec
from reconciler.kinds.alias import ALIAS
from reconciler.kinds.function import FUNCTION
from reconciler.kinds.registry import KINDS
from reconciler.kinds.version import VERSION

QUALIFIERS = (ALIAS, VERSION)
INVOKING = tuple(kind for kind in KINDS.values() if kind.qualifier)  # these hang on an alias or a version


def needed(spec: Spec) -> frozenset[str]:
    """The kinds that must be read of a target to plan its spec."""
    if spec.is_absent:
        return frozenset(kind.name for kind in KINDS.values() if kind is FUNCTION or kind.outlives_function)
    kinds = {kind.name for kind in KINDS.values() if kind is FUNCTION or kind.section in spec.sections}
    if any(kind.name in kinds for kind in QUALIFIERS) or qualifiers(spec):
        kinds |= {kind.name for kind in QUALIFIERS}
    return frozenset(kinds | ({VERSION.name} if spec.publish else set()))


def qualifiers(spec: Spec) -> frozenset[str]:
    """The aliases and versions that something in the spec invokes."""
    return frozenset(
        name
        for kind in INVOKING
        for item in spec.desired
        if item.key.kind == kind.name and kind.qualifier and (name := kind.qualifier(item.key.name, item.properties))
    )


def loses_a_qualifier(spec: Spec, live: Iterable[Live]) -> bool:
    """Whether the spec drops an alias or a version that there is: then somebody must look whether anything invokes it."""
    wanted = {item.key for item in spec.desired}
    return any(
        item.key.target == spec.target
        and (
            (item.key.kind == ALIAS.name and ALIAS.section in spec.sections and item.key not in wanted)
            or (item.key.kind == VERSION.name and item.key in wanted)
        )
        for item in live
    )
