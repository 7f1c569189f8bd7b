"""Which versions of a function a qualifier means, and what AWS tells of them. Never writes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.aws.client import Aws, Place
from reconciler.core.errors import CallFailed
from reconciler.core.model import Target
from reconciler.kinds.alias import weights
from reconciler.kinds.base import LATEST


def is_alias(qualifier: str) -> bool:
    return qualifier not in ("", LATEST) and not qualifier.isdigit()


def shares(aws: Aws, target: Target, qualifier: str) -> dict[str, float]:
    """Version -> share of the calls that name this qualifier; of one that is no alias all of them. Empty where there is no such
    alias. Raises AwsError."""
    if not is_alias(qualifier):
        return {qualifier or LATEST: 1.0}
    alias = aws.find(Place.of(target), "GetAlias", {"FunctionName": target.function, "Name": qualifier})
    if alias is None:
        return {}
    others = weights(alias)
    return {alias["FunctionVersion"]: 1.0 - sum(others.values()), **others}


def version(aws: Aws, target: Target, number: str) -> Mapping[str, Any] | None:
    """GetFunction's answer about a version; None where there is none. The seam knows from then on what its answers and those of the
    function must not repeat."""
    named = {"FunctionName": target.function} | ({"Qualifier": number} if number != LATEST else {})
    return aws.find(Place.of(target), "GetFunction", named)


def environment_met(aws: Aws, target: Target, qualifier: str) -> str:
    """Read what the versions of a qualifier have in their environment, so that the seam can hide it in what they say. Returns a warning
    where that may not be read."""
    try:
        for number in sorted(shares(aws, target, qualifier)):
            version(aws, target, number)
    except CallFailed as failure:
        return f"{target}: its environment could not be read, so what it says of it is kept as it is: {failure}"
    return ""
