"""References that nothing fills in: AWS would get the text with its braces. Pure.

Looked for in a spec as it is meant for a target, where those that the target tells are filled in already.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reconciler.core.diff import escaped
from reconciler.spec.meant import OVERLAY, REFERENCE, has_braces

READ_BELOW = "/configuration/Environment/Variables/"
LAYERS = "/configuration/Layers/"


def stray_references(value: Any) -> Iterator[tuple[str, str, bool]]:
    """(JSON Pointer, why, whether its key is meant) of each."""
    return _stray(value, "") if has_braces(value) else iter(())


def _stray(value: Any, at: str) -> Iterator[tuple[str, str, bool]]:
    match value:
        case dict():
            for key, item in value.items() if at else ((key, value[key]) for key in value if key != OVERLAY):
                inside = f"{at}/{escaped(str(key))}"
                if REFERENCE.search(str(key)):
                    yield inside, "a reference is read in values, not in keys; write the text itself", True
                yield from _stray(item, inside)
        case list():
            for index, item in enumerate(value):
                yield from _stray(item, f"{at}/{index}")
        case str() if REFERENCE.search(value) and not at.startswith(READ_BELOW):
            if reason := _reason(value, at):
                yield at, reason, False


def _reason(text: str, at: str) -> str:
    from reconciler.spec import references  # Jinja2 is needed only where there is a reference

    if at.startswith(LAYERS) and references.layer(text):
        return ""
    problem = (
        references.problem(text, "") or "a reference is read in the sections of a spec only; write the text itself"
    )
    return f"{problem}, or layer('name') and nothing beside it" if at.startswith(LAYERS) else problem
