"""Listings of all that an account and region has of a kind, and the names of all functions, which one of them may have told. Never writes."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from reconciler.aws.client import Aws
from reconciler.core.model import Properties, Target
from reconciler.core.place import Place
from reconciler.kinds.reading import Answered, Listing, Reading

NAMING = "ListFunctions"
SHARE_IN_VAIN = 0.1  # so many pages, for a call that asking for each would take, may be read in vain


@dataclass(frozen=True, slots=True)
class Asking:
    """How many calls it takes to ask for what each target has, and how many pages of everything may be read in vain before."""

    calls: float
    pages_in_vain: float


NEVER = Asking(math.inf, math.inf)  # where only the listing of everything is believed


def of_each(targets: int) -> Asking:
    """A call a target."""
    return Asking(targets, targets * SHARE_IN_VAIN)


@dataclass(slots=True)
class Pages:
    """A listing as far as it was read: the items of our targets, by name, how many there were of anybody's, and whose."""

    rest: Iterator[Mapping[str, Any]]
    read: int = 0
    items: list[tuple[str, Properties]] = field(default_factory=list)
    all_items: int = 0
    named: set[str] = field(default_factory=set)
    is_whole: bool = False

    def go_on(self, reading: Reading, listing: Listing, ours: Collection[str]) -> None:
        page = next(self.rest)
        owners = [(reading.owner(item), item) for item in page[listing.member]]
        self.named |= {name for name, _ in owners}
        self.items += [(name, item) for name, item in owners if name in ours]
        self.all_items += len(owners)
        self.read += 1
        self.is_whole = not page.get("NextMarker")

    def is_cheaper(self, targets: Collection[str], asking: Asking) -> bool:
        """Whether the rest takes fewer calls than asking for each: if what is to come is like the pages that were read. A few pages prove
        nothing, for AWS may begin with what is others'; as many as there are calls to ask are too many. Where all targets were found, nothing
        tells how much is to come but whether it is ours, or others' as well."""
        found, to_come = len(self.named & set(targets)), math.inf
        if found == len(targets) and 2 * len(self.items) >= self.all_items:
            to_come = 1.0
        elif 0 < found < len(targets):
            to_come = max(1.0, self.read * (len(targets) - found) / found)
        return self.read < asking.pages_in_vain or max(self.read + 1, to_come) <= asking.calls


class Everything:
    """Of one account and region."""

    def __init__(self, aws: Aws, place: Place, ours: Collection[str], *, is_naming: bool) -> None:
        """`ours`: the names of all targets of which anything is read. `is_naming`: the names of all functions are asked for in the end,
        whatever they cost."""
        self._aws, self._place, self._ours, self._is_naming = aws, place, ours, is_naming
        self._names: frozenset[str] | None = None
        self._begun: dict[str, Pages] = {}

    def items(
        self, reading: Reading, listing: Listing, targets: Mapping[str, Target], asking: Asking
    ) -> tuple[list[Answered], bool]:
        """The targets' items, and whether the listing was read to its end, or given up since asking for what each target has takes
        fewer calls. Who comes back to one that was given up goes on where it was left."""
        if len(targets) == 1 and not reading.told_by_qualifier and reading.listing and not self._is_naming:
            return [], False
        rest = self._aws.pages(self._place, listing.operation, listing.params)
        pages = self._begun.pop(listing.operation, None) or Pages(rest)
        ours = {*self._ours, *targets} if reading.told_by_qualifier else targets
        while not pages.is_whole and (not pages.read or pages.is_cheaper(targets, asking)):
            pages.go_on(reading, listing, ours)
        if reading.told_by_qualifier:
            self._begun[listing.operation] = pages
        if not pages.is_whole:
            return [], False
        if listing.operation == NAMING:
            self._names = frozenset(pages.named)
        return [(targets[name], item) for name, item in pages.items if name in targets], True

    def names(self) -> frozenset[str]:
        """Those of all functions. A listing that was read for something else has told them already."""
        if self._names is None:
            pages = self._aws.pages(self._place, NAMING, {})
            self._names = _named_on(pages)
        return self._names

    def names_if_few(self, pages: int) -> frozenset[str] | None:
        """Those of all functions where so many pages tell them, None where there are more."""
        read = list(islice(self._aws.pages(self._place, NAMING, {}), pages))
        if read[-1].get("NextMarker"):
            return None
        self._names = _named_on(read)
        return self._names


def _named_on(pages: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    return frozenset(item["FunctionName"] for page in pages for item in page["Functions"])
