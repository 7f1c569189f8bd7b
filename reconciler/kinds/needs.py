"""Which kinds must be read of a target before its spec can be planned. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.core.model import Live, Spec


def needed(spec: Spec) -> frozenset[str]:
    """The kinds that must be read of a target to plan its spec."""
    kinds = {"function"}
    if spec.is_absent:
        return frozenset({*kinds, "event_source_mapping"})
    invoked = {
        str(item.properties.get("alias") or "") for item in spec.desired if item.key.kind == "event_source_mapping"
    }
    if "aliases" in spec.sections or "versions" in spec.sections or (invoked - {"", "$LATEST"}):
        kinds |= {"alias", "version"}
    if spec.publish:
        kinds.add("version")
    if "event_source_mappings" in spec.sections:
        kinds.add("event_source_mapping")
    return frozenset(kinds)


def loses_a_qualifier(spec: Spec, live: Iterable[Live]) -> bool:
    """Whether the spec drops an alias or a version that there is: then somebody must look whether a mapping invokes it."""
    wanted = {item.key for item in spec.desired}
    return any(
        item.key.target == spec.target
        and (
            (item.key.kind == "alias" and "aliases" in spec.sections and item.key not in wanted)
            or (item.key.kind == "version" and item.key in wanted)
        )
        for item in live
    )
