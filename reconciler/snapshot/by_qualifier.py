"""What is a function's by any of its qualifiers, asked for by each, where few functions are asked about: AWS documents that a listing by a
name and qualifier has what is that one's, and not that one by the name alone has all. Never writes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from reconciler.aws.client import Aws, Place
from reconciler.core.errors import AwsError, Interrupted
from reconciler.core.model import Live, Properties, Target
from reconciler.kinds.base import LATEST, Kind
from reconciler.kinds.needs import QUALIFIERS, parts
from reconciler.kinds.reading import Listing, Reading

FEW = 2  # functions: of more, all of an account and region is listed, a call a hundred
MOST_CALLS = 10
Names = Mapping[Target, Sequence[str]]  # by which each function is asked for


def is_worth_it(kind: Kind, targets: Collection[Target]) -> bool:
    """Whether it may take fewer calls than the listing of everything."""
    return bool(kind.reading.told_by_qualifier) and 0 < len(targets) <= FEW


def names_of(
    aws: Aws, place: Place, held: Mapping[Target, Sequence[Live]], needed: Mapping[Target, Iterable[str]]
) -> Names:
    """The names of some functions that are there, with each qualifier; none where that takes too many calls, or cannot be told."""
    try:
        known = {target: [LATEST, *_qualifiers(aws, place, target, held[target], needed[target])] for target in held}
    except Interrupted:
        raise
    except AwsError:
        return {}
    names = {target: [target.name, *(f"{target.name}:{one}" for one in found)] for target, found in known.items()}
    return names if sum(map(len, names.values())) <= MOST_CALLS else {}


def _qualifiers(aws: Aws, place: Place, target: Target, held: Iterable[Live], needed: Iterable[str]) -> Iterable[str]:
    """Its aliases and versions: as they were read or, where nothing needs them, listed."""
    for kind in QUALIFIERS:
        if "" in parts(kind, needed):
            yield from (live.key.name for live in held if live.key.kind == kind.name)
        elif kind.reading.listing:
            items = listed(aws, place, kind.reading.listing, target.name)
            yield from (live.key.name for item in items if (live := kind.reading.live(target, item)))


def own(aws: Aws, place: Place, reading: Reading, listing: Listing, names: Iterable[str]) -> list[Properties]:
    """What is listed by any of the names, each once: one may be listed by several."""
    items = (item for name in names for item in listed(aws, place, listing, name))
    return [*{item[reading.told_by_qualifier]: item for item in items}.values()]


def listed(aws: Aws, place: Place, listing: Listing, name: str) -> Iterable[Properties]:
    pages = aws.pages(place, listing.operation, {listing.of: name, **listing.params})
    return (item for page in pages for item in page[listing.member])
