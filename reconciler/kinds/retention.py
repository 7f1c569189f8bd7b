"""Published versions that a spec does not keep: which are old enough to go, before anybody has looked at who uses them. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from reconciler.core.model import Key, Live, Retention, Spec
from reconciler.core.values import Unreadable
from reconciler.kinds import alias
from reconciler.kinds.alias import ALIAS
from reconciler.kinds.needs import lost_qualifiers
from reconciler.kinds.version import VERSION

AT_ONCE = 20  # deletions of a target and apply
LOOKED_AT = 2 * AT_ONCE  # of so many, the oldest first, it is seen who uses them
ALWAYS = 2  # the newest version, and the one before it: what is published meanwhile makes the newest the one before


def held_by(item: Live) -> frozenset[str]:
    """The versions that a live alias sends traffic to, and those that its rollout is between or has turned away."""
    marker = alias.marker(item.handle)
    routed = {str(item.properties["FunctionVersion"]), *map(str, alias.weights(item.properties))}
    return frozenset(routed | ({marker.candidate, marker.from_} if marker else set()))


def beyond(spec: Spec, live: Iterable[Live], taken_at: str, *, published: int = 0) -> list[Live]:
    """The oldest versions beyond those that the spec keeps and that no alias is on, the oldest first, no more than anybody looks at.
    `published`: how many more there will be."""
    if spec.retain is None or spec.is_absent:
        return []
    items = [item for item in live if item.key.target == spec.target]
    aliases = [item for item in items if item.key.kind == ALIAS.name]
    if any(isinstance(item.properties["FunctionVersion"], Unreadable) for item in aliases):
        return []
    versions = by_number(item for item in items if item.key.kind == VERSION.name and item.key not in absent(spec))
    older = versions[: max(0, len(versions) + published - newest_kept(spec.retain))]
    on_aliases = {version for item in aliases for version in held_by(item)}
    gone = [item for item in older if item.key.name not in on_aliases and _is_old(item, spec.retain.days, taken_at)]
    return gone[:LOOKED_AT]


def newest_kept(retain: Retention) -> int:
    return max(retain.newest, ALWAYS)


def by_number(versions: Iterable[Live]) -> list[Live]:
    return sorted(versions, key=lambda item: int(item.key.name))


def absent(spec: Spec) -> frozenset[Key]:
    """The versions that the spec itself names to be deleted."""
    return frozenset(item.key for item in spec.desired if item.key.kind == VERSION.name)


def at_risk(spec: Spec, live: Iterable[Live], taken_at: str) -> frozenset[str]:
    """The aliases and versions of which must be read what hangs on them: those that the spec drops, and those that it does not keep."""
    held = [*live]
    old = beyond(spec, held, taken_at, published=int(spec.publish))
    return lost_qualifiers(spec, held) | {item.key.name for item in old}


def _is_old(version: Live, days: int, taken_at: str) -> bool:
    """Whether it was made longer ago; of what has no time nobody knows."""
    if not days:
        return True
    try:
        made = datetime.fromisoformat(str(version.handle.get("LastModified", "")))
        return datetime.fromisoformat(taken_at) - made > timedelta(days=days)
    except (TypeError, ValueError):
        return False
