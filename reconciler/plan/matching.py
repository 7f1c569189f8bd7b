"""Which live resource each desired one is about. Pure.

By AWS's identity first; then what an update in place can turn into it; then, where just one of each is left that polls
the same service for the same qualifier, as a replacement: a source that changed.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from reconciler.core.grouping import grouped
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
    matches: list[Pair] = []
    for match_key in (kind.identity, kind.subject, kind.replacement_key):
        matches += _matched(match_key, wanted, held)
    unmatched = [Pair(item.key, item, None) for item in wanted] + [Pair(item.key, None, item) for item in held]
    return sorted(matches + unmatched, key=lambda pair: pair.key)


def _matched(
    match_key: Callable[[str, dict[str, object]], Hashable], wanted: list[Desired], held: list[Live]
) -> list[Pair]:
    """Pairs in which the match key is equal and neither side has a second one with it; they leave both lists. Each is looked
    at once: a function may have thousands of mappings."""
    groups, candidates = _grouped(match_key, wanted), _grouped(match_key, held)
    matches = [
        Pair(items[0].key, items[0], candidates[value][0])
        for value, items in groups.items()
        if value is not None and len(items) == 1 == len(candidates.get(value, ()))
    ]
    paired = {id(side) for pair in matches for side in (pair.desired, pair.live)}
    wanted[:] = [item for item in wanted if id(item) not in paired]
    held[:] = [item for item in held if id(item) not in paired]
    return matches


def _grouped(
    match_key: Callable[[str, dict[str, object]], Hashable], items: Iterable[Resource]
) -> dict[Hashable, list[Resource]]:
    return grouped(items, lambda item: match_key(item.key.name, dict(item.properties)))
