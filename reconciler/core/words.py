"""Small words of English that messages share."""

from __future__ import annotations

from datetime import datetime

UNITS = (("day", 86_400), ("hour", 3_600), ("minute", 60))


def many(count: int, noun: str) -> str:
    """`1 target`, `2 targets`."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def ago(earlier: str, later: str) -> str:
    """How long before another a moment was, as our documents write times: `5 hours ago`. What is no time stays as it is."""
    try:
        seconds = (datetime.fromisoformat(later) - datetime.fromisoformat(earlier)).total_seconds()
    except (ValueError, TypeError):
        return f"at {earlier}"
    unit, length = next(((unit, length) for unit, length in UNITS if seconds >= length), ("", 1))
    return f"{many(int(seconds // length), unit)} ago" if unit else "just now"


def shortened(text: str, most: int) -> str:
    """No more than so many characters of a text."""
    return text if len(text) <= most else f"{text[: most - 1]}…"
