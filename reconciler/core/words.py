"""Small words of English that messages share."""

from __future__ import annotations


def many(count: int, noun: str) -> str:
    """`1 target`, `2 targets`."""
    return f"{count} {noun}{'' if count == 1 else 's'}"
