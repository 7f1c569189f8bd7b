"""References beyond the environment: what the target itself tells is resolved in texts there, anything else is a mistake.

Pure, and without Jinja2 where there is no reference: every spec is looked through.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from reconciler.core.diff import escaped
from reconciler.core.model import Target
from reconciler.kinds.code import CODE
from reconciler.kinds.registry import SECTION_NAMES
from reconciler.kinds.version import VERSION

READ_BELOW = "/configuration/Environment/Variables/"
RESOLVED_BELOW = tuple(f"/{name}/" for name in SECTION_NAMES if name not in (CODE.name, VERSION.section))
TARGET_FACTS = ("account.name", "region", "function")
REFERENCE = re.compile(r"\{\{[-+]?\s*(?:ssm|secret|account|region|function|partition)\b")


def stray_references(value: Any, at: str = "") -> Iterator[tuple[str, bool]]:
    """(JSON Pointer, whether its key is meant) of each text that AWS would get with its braces."""
    match value:
        case dict():
            for key, item in value.items():
                inside = f"{at}/{escaped(str(key))}"
                if REFERENCE.search(str(key)):
                    yield inside, True
                yield from stray_references(item, inside)
        case list():
            for index, item in enumerate(value):
                yield from stray_references(item, f"{at}/{index}")
        case str() if REFERENCE.search(value) and not at.startswith(READ_BELOW):
            if not (at.startswith(RESOLVED_BELOW) and is_target_fact(value)):
                yield at, False


def is_target_fact(text: str) -> bool:
    """Whether the target itself tells everything that a text refers to."""
    from reconciler.spec import references  # Jinja2 is needed only where there is a reference

    try:
        parts = references.parsed(text)
    except references.BadReference:
        return False
    return all(
        isinstance(part, str) or (isinstance(part, references.Fact) and part.name in TARGET_FACTS) for part in parts
    )


def with_facts(value: Any, target: Target) -> Any:
    """A section of a valid spec with what the target tells in its texts; those of the environment are for whoever looks
    values up."""
    match value:
        case dict():
            return {key: item if key == "Environment" else with_facts(item, target) for key, item in value.items()}
        case list():
            return [with_facts(item, target) for item in value]
        case str() if REFERENCE.search(value):
            from reconciler.spec import references

            return references.described(value, target)
    return value
