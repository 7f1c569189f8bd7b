"""How much room a region has for what its functions reserve: asked only where specs reserve more than lives. Never writes."""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.aws.client import Aws, Place
from reconciler.aws.unread import failure_text
from reconciler.core.errors import AwsError, Interrupted
from reconciler.core.model import Live, Room, Spec
from reconciler.kinds.needs import more_reserved


def rooms(aws: Aws, specs: Iterable[Spec], resources: Iterable[Live]) -> dict[str, Room]:
    """By place (`account/region`), one call each; with the reason where it could not be told."""
    wanting = {Place.of(target) for target, count in more_reserved(specs, resources).items() if count > 0}
    return {str(place): _room(aws, place) for place in sorted(wanting, key=str)}


def _room(aws: Aws, place: Place) -> Room:
    try:
        limits = aws.call(place, "GetAccountSettings", {}).result["AccountLimit"]
    except Interrupted:
        raise
    except AwsError as failure:
        return Room(problem=failure_text("GetAccountSettings", failure))
    return Room(limits["ConcurrentExecutions"], limits["UnreservedConcurrentExecutions"])
