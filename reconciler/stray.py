"""References where none is resolved: what looks like one anywhere but in a value of the environment. Pure, and without
Jinja2, for every spec is looked through.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from reconciler.strict_yaml import escaped

READ_BELOW = "/configuration/Environment/Variables/"
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
            yield at, False
