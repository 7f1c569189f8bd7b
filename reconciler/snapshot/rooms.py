"""How much room a region has for what its functions reserve, and for their code: asked only where specs reserve more than lives, or name other
code. Never writes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from reconciler.aws.client import Aws
from reconciler.aws.unread import failure_text
from reconciler.core.errors import AwsError, Interrupted
from reconciler.core.model import Live, Room, Spec, Target
from reconciler.core.packages import Artifact
from reconciler.core.place import Place
from reconciler.kinds.needs import more_reserved
from reconciler.snapshot.artifacts import live_code


def rooms(
    aws: Aws, specs: Collection[Spec], resources: Collection[Live], code: Mapping[Target, Artifact]
) -> dict[str, Room]:
    """By place (`account/region`), one call each; with the reason where it could not be told."""
    reserving = {target for target, count in more_reserved(specs, resources).items() if count > 0}
    wanting = {Place.of(target) for target in reserving | _sending(specs, resources, code)}
    return {str(place): _room(aws, place) for place in sorted(wanting, key=str)}


def _sending(specs: Iterable[Spec], resources: Iterable[Live], code: Mapping[Target, Artifact]) -> set[Target]:
    """The targets that do not hold the code that their specs name. Images are not stored by Lambda."""
    held = live_code(resources)
    zipped = {spec.target for spec in specs if spec.code and "ImageUri" not in spec.code}
    return {target for target, found in code.items() if target in zipped and found.sha256 != held.get(target, "")}


def _room(aws: Aws, place: Place) -> Room:
    try:
        answer = aws.call(place, "GetAccountSettings", {}).result
    except Interrupted:
        raise
    except AwsError as failure:
        return Room(problem=failure_text("GetAccountSettings", failure))
    limits, usage = answer["AccountLimit"], answer.get("AccountUsage", {})
    return Room(
        limits["ConcurrentExecutions"], limits["UnreservedConcurrentExecutions"],
        stored=usage.get("TotalCodeSize", 0), storable=limits.get("TotalCodeSize", 0),
    )  # fmt: skip
