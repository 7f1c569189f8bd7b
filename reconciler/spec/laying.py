"""One part of a spec laid over another by RFC 7396: maps by their keys, everything else whole, null takes away. Pure.

What comes of it keeps of each value the place where it is written, whichever part that is in.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from reconciler.core.diff import escaped, steps_of, value_at, with_value
from reconciler.core.model import Origin
from reconciler.core.values import UNSET
from reconciler.files.strict_yaml import Document

Item = TypeVar("Item")


def never(_: str) -> bool:
    return False


def merged(value: Any, patch: Any, keeps: Callable[[str], bool] = never, at: str = "") -> Any:
    """RFC 7396, but for nulls at pointers that it `keeps`: they are part of what will be laid over something later."""
    if not isinstance(patch, Mapping):
        return patch
    result = dict(value) if isinstance(value, Mapping) else {}
    for name, item in patch.items():
        here = f"{at}/{escaped(name)}"
        if item is None and not keeps(here):
            result.pop(name, None)
        else:
            result[name] = merged(result.get(name), item, keeps, here)
    return result


def laid_over(below: Document, above: Document, seams: Seams | None = None) -> Document:
    """A part over another, both of them maps, along their seams. What comes of it is called as the upper one is, and stands in its place."""
    seams = seams or seams_of(below.value, above.value)

    def joined(lower: Mapping[str, Item], upper: Mapping[str, Item]) -> dict[str, Item]:
        return _without(lower, seams.replaced) | _without(upper, seams.nulls)

    return replace(
        above,
        value=merged(below.value, above.value, seams.keeps),
        origins=joined(_placed(below.origins, seams.lower, below.key), _placed(above.origins, seams.upper, above.key)),
        values=joined(_placed(below.values, seams.lower, below.at), _placed(above.values, seams.upper, above.at)),
        texts=joined(below.texts, above.texts),
        extends=tuple(dict.fromkeys(path for path in (*above.extends, *below.files) if path != above.path)),
    )


def part(document: Document, at: str) -> Document:
    """The map at a pointer as a document of its own, in the place of the key that leads there."""

    def below(places: Mapping[str, Item]) -> dict[str, Item]:
        inside = (pointer for pointer in places if pointer == at or pointer.startswith(f"{at}/"))
        return {pointer.removeprefix(at): places[pointer] for pointer in inside}

    return replace(
        document,
        value=value_at(document.value, steps_of(at)),
        origins=below(document.origins),
        values=below(document.values),
        texts=below(document.texts),
    )


def without(document: Document, gone: Iterable[str]) -> Document:
    """A document without what stands at some pointers."""
    there = [pointer for pointer in gone if value_at(document.value, steps_of(pointer)) is not UNSET]
    value = document.value
    for pointer in there:
        value = with_value(value, steps_of(pointer), UNSET)
    return replace(
        document,
        value=value,
        origins=_without(document.origins, there),
        values=_without(document.values, there),
        texts=_without(document.texts, there),
    )


@dataclass(slots=True)
class Seams:
    """Where two maps meet, by pointers: the keys of the `lower` and of the `upper` one, what of the lower one is `replaced`, the `nulls` of
    the upper one, and those of them that are `idle`, for there is nothing that they take away."""

    keeps: Callable[[str], bool]
    lower: list[str] = field(default_factory=list)
    upper: list[str] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)
    nulls: list[str] = field(default_factory=list)
    idle: list[str] = field(default_factory=list)

    def follow(self, below: Mapping[str, Any], above: Mapping[str, Any], at: str) -> None:
        self.lower += [f"{at}/{escaped(name)}" for name in below]
        for name, item in above.items():
            here, lower = f"{at}/{escaped(name)}", below.get(name)
            self.upper.append(here)
            if isinstance(item, Mapping) and isinstance(lower, Mapping):
                self.follow(lower, item, here)
                continue
            self.replaced.append(here)
            self._find_nulls(item, here, is_idle=name not in below)

    def _find_nulls(self, item: Any, here: str, *, is_idle: bool) -> None:
        """Those in what is the upper one's alone."""
        if item is None and not self.keeps(here):
            self.nulls.append(here)
            self.idle += [here] if is_idle else []
        for name, inner in item.items() if isinstance(item, Mapping) else ():
            self._find_nulls(inner, f"{here}/{escaped(name)}", is_idle=True)


def seams_of(below: Mapping[str, Any], above: Mapping[str, Any], keeps: Callable[[str], bool] = never) -> Seams:
    seams = Seams(keeps)
    seams.follow(below, above, "")
    return seams


def _placed(places: Mapping[str, Origin], keys: Iterable[str], of: Callable[[str], Origin]) -> dict[str, Origin]:
    """Places with those of keys that have none of their own, for an alias stands for the map that they are in."""
    return {**{at: of(at) for at in keys if at not in places}, **places}


def _without(places: Mapping[str, Item], gone: Collection[str]) -> dict[str, Item]:
    """What is neither at nor below some pointers."""
    at, starts = frozenset(gone), tuple(f"{pointer}/" for pointer in gone)
    return {pointer: place for pointer, place in places.items() if pointer not in at and not pointer.startswith(starts)}
