"""Which live resource each desired one is about. Pure.

By AWS's identity first; then what an update in place can turn into it; then, where just one of each is left that polls
the same service for the same qualifier, as a replacement: a source that changed.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from reconciler.core.model import Desired, Key, Live
from reconciler.kinds.base import Kind

Resource = TypeVar("Resource", Desired, Live)


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
    """Pairs in which the likeness is equal and neither side has a second one like it; they leave both lists. Each is looked
    at once: a function may have thousands of mappings."""
    likes, candidates = _by_sign(likeness, wanted), _by_sign(likeness, held)
    found = [
        Pair(items[0].key, items[0], candidates[sign][0])
        for sign, items in likes.items()
        if sign is not None and len(items) == 1 == len(candidates.get(sign, ()))
    ]
    paired = {id(side) for pair in found for side in (pair.desired, pair.live)}
    wanted[:] = [item for item in wanted if id(item) not in paired]
    held[:] = [item for item in held if id(item) not in paired]
    return found


def _by_sign(
    likeness: Callable[[str, dict[str, object]], Hashable], items: Iterable[Resource]
) -> dict[Hashable, list[Resource]]:
    grouped: dict[Hashable, list[Resource]] = {}
    for item in items:
        grouped.setdefault(likeness(item.key.name, dict(item.properties)), []).append(item)
    return grouped
