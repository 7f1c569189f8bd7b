"""What is wrong in one spec document, and the small steps by which a rule looks for it. Pure.

A rule meets documents that the schema has already found wrong, so it looks only at what has the right shape.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from reconciler.core.diff import escaped


class Found(NamedTuple):
    """What is wrong at a JSON Pointer; `is_key` when the key rather than its value is meant."""

    pointer: str
    message: str
    is_key: bool = False


Rule = Callable[[Mapping[str, Any]], Iterator[Found]]


def part(value: Any, *steps: str) -> dict[str, Any]:
    """The map at `steps`, or an empty one where something else stands."""
    for step in steps:
        value = value.get(step) if isinstance(value, Mapping) else None
    return dict(value) if isinstance(value, Mapping) else {}


def named(value: Any, section: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(pointer, name, map) of a section's entries."""
    for name, item in part(value, section).items():
        if isinstance(item, dict):
            yield f"/{section}/{escaped(name)}", name, item
