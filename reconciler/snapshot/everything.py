"""Listings of all that an account and region has of a kind, and the names of all functions, which one of them may have told. Never writes."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any

from reconciler.aws.client import Aws, Place
from reconciler.core.model import Target
from reconciler.kinds.reading import Answered, Listing, Reading

NAMING = "ListFunctions"
SHARE_IN_VAIN = 0.1  # so many pages, for a call that each target would take, may be read in vain


class Everything:
    """Of one account and region."""

    def __init__(self, aws: Aws, place: Place, *, is_naming: bool) -> None:
        """`is_naming`: the names of all functions are asked for in the end, whatever they cost."""
        self._aws, self._place, self._is_naming = aws, place, is_naming
        self._names: frozenset[str] | None = None

    def items(
        self, reading: Reading, listing: Listing, targets: Mapping[str, Target], *, is_only_way: bool
    ) -> tuple[list[Answered], bool]:
        """The targets' items, and whether the listing was read to its end, or given up since asking for what each target has takes
        fewer calls."""
        items: list[Answered] = []
        named = set[str]()
        if len(targets) == 1 and not reading.told_by_qualifier and reading.listing and not self._is_naming:
            return [], False
        for number, page in enumerate(self._aws.pages(self._place, listing.operation, listing.params), 1):
            owners = [(reading.owner(item), item) for item in page[listing.member]]
            named |= {name for name, _ in owners}
            items += [(targets[name], item) for name, item in owners if name in targets]
            is_worth_it = is_only_way or (
                not reading.told_by_qualifier and is_cheaper(number, len(named & targets.keys()), len(targets))
            )
            if page.get("NextMarker") and not is_worth_it:
                return [], False
        if listing.operation == NAMING:
            self._names = frozenset(named)
        return items, True

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


def is_cheaper(pages: int, found: int, targets: int) -> bool:
    """Whether the rest of a listing takes fewer calls than asking for what each target has: if what is to come is like the pages that
    were read, on which so many of the targets were found. A few pages prove nothing, for AWS may begin with what is others'; as many as
    there are targets are too many."""
    to_come = max(1.0, pages * (targets - found) / found) if found else math.inf
    return pages < targets * SHARE_IN_VAIN or (pages < targets and to_come <= targets)
