"""What is a function's by any of its qualifiers, asked for by each, where few functions are asked about: AWS documents that a listing by a
name and qualifier has what is that one's, and not that one by the name alone has all. Never writes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from reconciler.aws.client import Aws
from reconciler.core.errors import AwsError, Interrupted
from reconciler.core.model import Live, Properties, Spec, Target
from reconciler.core.place import Place
from reconciler.kinds.alias import ALIAS
from reconciler.kinds.base import LATEST
from reconciler.kinds.needs import QUALIFIERS, parts
from reconciler.kinds.reading import Listing, Reading
from reconciler.snapshot.everything import NEVER, Asking

MOST_CALLS = 24  # for all functions; a listing of everything seldom has as many pages
USUAL_NAMES = 4  # of a function: by its name alone, its $LATEST, an alias, a version
Names = Mapping[Target, Sequence[str]]  # by which each function is asked for


def asking(names: Names) -> Asking:
    """What it takes to ask by these names; only everything is believed where there are none."""
    return _asking(sum(map(len, names.values()))) if names else NEVER


def expected(needed: Iterable[Iterable[str]]) -> Asking:
    """What it will take for targets of which so much is needed, as long as nobody knows the names: aliases and versions are listed where
    nothing else needs them."""
    return _asking(sum(USUAL_NAMES + sum("" not in parts(kind, names) for kind in QUALIFIERS) for names in needed))


def _asking(calls: int) -> Asking:
    """The more calls it takes, the longer is the listing for which it is worth it."""
    return Asking(calls, calls * calls / MOST_CALLS) if calls <= MOST_CALLS else NEVER


def are_there(specs: Iterable[Spec], held: Mapping[Target, Sequence[Live]]) -> bool:
    """Whether all aliases that the specs name are: one that is to be made may find what another one of its name has left."""
    keys = {live.key for lives in held.values() for live in lives}
    return all(item.key in keys for spec in specs for item in spec.desired if item.key.kind == ALIAS.name)


def names_of(
    aws: Aws, place: Place, held: Mapping[Target, Sequence[Live]], needed: Mapping[Target, Iterable[str]]
) -> Names:
    """The names of some functions that are there, with each qualifier; none where that cannot be told."""
    try:
        known = {target: [LATEST, *_qualifiers(aws, place, target, held[target], needed[target])] for target in held}
    except Interrupted:
        raise
    except AwsError:
        return {}
    return {target: [target.name, *(f"{target.name}:{one}" for one in found)] for target, found in known.items()}


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
