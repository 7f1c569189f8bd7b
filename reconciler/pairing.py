"""Which live resource each desired one is about. Pure.

By AWS's identity first; then what an update in place can turn into it; then, where just one of each is left that polls
the same service for the same qualifier, as a replacement: a source that changed.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass

from reconciler.kinds.base import Kind
from reconciler.model import Desired, Key, Live


@dataclass(frozen=True, slots=True)
class Pair:
    """A desired resource and the live one that it is about; either side may be missing."""

    key: Key
    desired: Desired | None
    live: Live | None


def pairs(kind: Kind, desired: Iterable[Desired], live: Iterable[Live]) -> list[Pair]:
    """Pairs of one kind and target, sorted by key. A live resource that no desired one is about stands alone."""
    wanted, held = list(desired), list(live)
    found: list[Pair] = []
    for likeness in (kind.identity, kind.subject, kind.likeness):
        found += _matched(likeness, wanted, held)
    found += [Pair(item.key, item, None) for item in wanted]
    found += [Pair(item.key, None, item) for item in held]
    return sorted(found, key=lambda pair: pair.key)


def _matched(
    likeness: Callable[[str, dict[str, object]], Hashable], wanted: list[Desired], held: list[Live]
) -> list[Pair]:
    """Pairs in which the likeness is equal and one side has no second one like it; they leave both lists."""
    found = []
    for item in tuple(wanted):
        sign = likeness(item.key.name, dict(item.properties))
        twins = [other for other in wanted if likeness(other.key.name, dict(other.properties)) == sign]
        candidates = [other for other in held if likeness(other.key.name, dict(other.properties)) == sign]
        if sign is not None and len(twins) == 1 and len(candidates) == 1:
            found.append(Pair(item.key, item, candidates[0]))
            wanted.remove(item)
            held.remove(candidates[0])
    return found
