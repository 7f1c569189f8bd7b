"""Looks at single resources, in the form in which they are compared with what they must be. Never writes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from reconciler.aws.client import Aws
from reconciler.core.model import Key, Live, Properties, Target
from reconciler.core.place import Place
from reconciler.kinds.base import Kind
from reconciler.kinds.registry import KINDS, state_of
from reconciler.snapshot.asked import by_listings
from reconciler.snapshot.beside import about, each_of, with_tags
from reconciler.snapshot.by_qualifier import listed


def seen(aws: Aws, key: Key, *, has_tags: bool = False) -> Live | None:
    """The resource as AWS holds it now; None when there is none. `has_tags`: with tags that are a call of their own."""
    return told(aws, key, has_tags=has_tags).get(key)


def told(aws: Aws, key: Key, *, has_tags: bool = False) -> dict[Key, Live | None]:
    """The resource, and whatever else one answer tells of with it."""
    kind = KINDS[key.kind]
    answer = about(aws, kind.reading, key)
    items = each_of(kind.reading, key.name, answer) if answer else []
    if kind.reading.rest:
        items = [whole for item in items if (whole := aws.find(Place.of(key.target), *kind.reading.rest(item)))]
    lives = [answered(aws, kind, key.target, item, has_tags=has_tags) for item in items]
    if kind.reading.several:
        return {key: None} | {live.key: live for live in lives if live}
    return {key: next(iter(lives), None)}


def several(aws: Aws, states: Mapping[Key, Properties]) -> dict[Key, Live]:
    """What listings show of those that are looked at so. What a listing leaves out, or has only in part, is not among them."""
    shown: dict[Key, Live] = {}
    for one in by_listings(states):
        kind = KINDS[one.kind]
        items = (item for name in one.names for item in listed(aws, Place.of(one.target), one.listing, name))
        for item in items:
            live = kind.reading.live(one.target, item)
            if live and live.key in one.keys and not kind.reading.is_cut(item, frozenset()):
                whole = answered(aws, kind, one.target, item, has_tags="Tags" in states[live.key])
                shown |= {whole.key: whole} if whole else {}
    return shown


def answered(aws: Aws, kind: Kind, target: Target, answer: Properties, *, has_tags: bool = False) -> Live | None:
    """The resource of an answer, in the form that is compared; its handle is all that AWS answered. None where the answer
    is about none, or one on its way out."""
    live = kind.reading.live(target, with_tags(aws, kind.reading, target, answer) if has_tags else answer)
    return replace(state_of(live), handle=answer.get("Configuration", answer)) if live else None


def names(aws: Aws, key: Key, function: str) -> Iterator[str]:
    """AWS's names of all resources of a kind that a function has; it is named with its qualifier where that is meant."""
    reading = KINDS[key.kind].reading
    assert reading.listing
    for page in aws.pages(Place.of(key.target), reading.listing.operation, {"FunctionName": function}):
        for item in page[reading.listing.member]:
            live = reading.live(key.target, item)
            yield from [live.key.name] if live else []
