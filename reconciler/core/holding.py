"""Names of which one holds another, as paths of files and JSON Pointers do: `a/b` is below `a`. Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

AFTER_SLASH = chr(ord("/") + 1)


def at_or_below(names: Sequence[str], holder: str) -> Sequence[str]:
    """Of sorted names those that one holds, and itself where it is among them: in the time that it takes to look them up."""
    at = bisect_left(names, holder)
    itself = [holder] if holder in names[at : at + 1] else []
    return [*itself, *names[bisect_left(names, f"{holder}/") : bisect_left(names, f"{holder}{AFTER_SLASH}")]]
