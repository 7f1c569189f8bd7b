"""Who uses what of a place, as a listing of everything there tells. Never writes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from reconciler.aws.client import Aws
from reconciler.core.place import Place
from reconciler.kinds.reading import Answered, Users


def users_by_address(aws: Aws, place: Place, users: Users) -> list[tuple[str, str]]:
    """(ARN of what is used, who uses it), sorted."""
    pages = aws.pages(place, users.listing.operation, users.listing.params)
    items = (item for page in pages for item in page[users.listing.member])
    return sorted((address, users.user(item)) for item in items for address in users.uses(item))


def with_users(items: Sequence[Answered], users: Users, known: Iterable[tuple[str, str]]) -> list[Answered]:
    """The items, each with who uses it."""
    names: Mapping[str, list[str]] = {item[users.address]: [] for _, item in items}
    for address, user in known:
        if address in names:
            names[address].append(user)
    return [(target, {**item, "Users": names[item[users.address]]}) for target, item in items]
