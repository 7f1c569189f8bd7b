"""Things by what they have in common, each group and each of its members in the order in which they came. Pure."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import TypeVar

from reconciler.core.model import Live, Target

Thing = TypeVar("Thing")
Common = TypeVar("Common", bound=Hashable)


def grouped(things: Iterable[Thing], common: Callable[[Thing], Common]) -> dict[Common, list[Thing]]:
    groups: dict[Common, list[Thing]] = {}
    for thing in things:
        groups.setdefault(common(thing), []).append(thing)
    return groups


def by_target(resources: Iterable[Live]) -> dict[Target, list[Live]]:
    return grouped(resources, lambda item: item.key.target)
