"""Which versions of a function a qualifier means, and what AWS tells of them. Never writes."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from difflib import get_close_matches
from typing import Any

from reconciler.aws.client import Aws
from reconciler.core.errors import AwsError, CallFailed
from reconciler.core.model import Target
from reconciler.core.place import Place
from reconciler.kinds.alias import weights
from reconciler.kinds.base import LATEST
from reconciler.kinds.qualifier import which

MOST_NAMED = 5


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
    return aws.find(Place.of(target), "GetFunction", which(target.function, number))


def met(aws: Aws, target: Target, qualifier: str, else_meant: str) -> str:
    """Read what the versions of a qualifier have in their environment, so that the seam can hide it in what they say. Returns a warning
    where that may not be read. Raises AwsError where there is nothing of that name, with what else may be meant."""
    try:
        found = [version(aws, target, number) for number in sorted(shares(aws, target, qualifier))]
        is_there = bool(found) and None not in found
        is_named = is_there or version(aws, target, LATEST) is not None
    except CallFailed as failure:
        return f"{target}: its environment could not be read, so what it says of it is kept as it is: {failure}"
    if not is_named:
        raise AwsError(f"{target} does not exist in AWS; {else_meant}")
    if not is_there:
        raise AwsError(f"{target} has no {lacking(aws, target, qualifier)}")
    return ""


def lacking(aws: Aws, target: Target, qualifier: str) -> str:
    """A qualifier that a function has not, with what may be meant."""
    if not is_alias(qualifier):
        return f"version {qualifier}; `reconcile versions {target}` lists those that there are"
    aliases = list[str]()
    with suppress(CallFailed):
        for page in aws.pages(Place.of(target), "ListAliases", {"FunctionName": target.function}):
            aliases += [alias["Name"] for alias in page["Aliases"]]
    near = get_close_matches(qualifier, aliases, n=1)
    known = f"it has {', '.join(sorted(aliases)[:MOST_NAMED]) or 'none'}"
    return f"alias {qualifier}; {f'did you mean {near[0]}?' if near else known}"
