"""What stands in the sandbox for parameters and secrets that specs refer to: texts that say so. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable

from reconciler.core.model import Spec
from reconciler.spec.references import Lookup, environment, lookups


def values(specs: Iterable[Spec]) -> dict[tuple[str, str], dict[Lookup, str]]:
    """By account and region, what every reference stands for. Of a secret of which keys are meant, the keys."""
    found: dict[tuple[str, str], set[Lookup]] = {}
    for spec in specs:
        if any(environment(spec)):
            found.setdefault((spec.target.account, spec.target.region), set()).update(lookups(spec))
    return {place: {lookup: _value(lookup, asked) for lookup in asked} for place, asked in found.items()}


def things(asked: Iterable[Lookup]) -> dict[tuple[str, str], str]:
    """(kind, name) of the parameters and secrets themselves, and what each holds. What is named by an ARN, which has a part that AWS
    chooses, cannot be made."""
    known = set(asked)
    return {
        (lookup.kind, bare(lookup.name)): whole(lookup, known)
        for lookup in sorted(known)
        if not lookup.name.startswith("arn:")
    }


def bare(name: str) -> str:
    """A parameter's name without its version or label."""
    return name.partition(":")[0]


def whole(lookup: Lookup, asked: Iterable[Lookup]) -> str:
    keys = sorted(other.key for other in asked if (other.kind, other.name) == (lookup.kind, lookup.name) and other.key)
    if not keys:
        return f"stand-in for {bare(lookup.name)}"
    return json.dumps({key: f"stand-in for {key} of {lookup.name}" for key in keys})


def _value(lookup: Lookup, asked: set[Lookup]) -> str:
    return f"stand-in for {lookup.key} of {lookup.name}" if lookup.key else whole(lookup, asked)
