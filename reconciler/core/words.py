"""Small words of English that messages share."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

SPANS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
MOST_NAMES = 12
_REQUEST = re.compile(r", request [^\s,)]+")
UNITS = (("day", 86_400), ("hour", 3_600), ("minute", 60))


def many(count: int, noun: str) -> str:
    """`1 target`, `2 targets`."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def duration(seconds: float) -> str:
    """`37 s`, `3 min`."""
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


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


def moment(text: str, now: datetime) -> datetime:
    """The moment that a person means: so long ago (`90s`, `10m`, `2h`, `3d`, `1w`), or a day or time in ISO 8601, in UTC where it names no
    other zone. Raises ValueError."""
    span = re.fullmatch(r"(\d{1,6})([smhdw])", text)
    if span:
        return now - timedelta(seconds=int(span[1]) * SPANS[span[2]])
    written = datetime.fromisoformat(text)
    return written if written.tzinfo else written.replace(tzinfo=UTC)


def byte_size(count: int) -> str:
    """`17 B`, `1.2 KB`, `48.0 MB`, `75.0 GB`: in units of 1024, as Lambda's limits are."""
    if abs(count) < 1024:
        return f"{count} B"
    if abs(count) < 1024 * 1023.95:
        return f"{count / 1024:.1f} KB"
    return f"{count / 1024**2:.1f} MB" if abs(count) < 1024**2 * 1023.95 else f"{count / 1024**3:.1f} GB"


def by_reason(reasons: Iterable[tuple[str, str]]) -> list[str]:
    """(address, why) -> lines: where several targets of a place have one reason, it is told of the first, with the others' names, or of
    very many how many. By which request AWS said so makes no other reason."""
    alike: dict[tuple[str, str], tuple[str, list[str]]] = {}
    for address, why in reasons:
        line = why if why.startswith(address) else f"{address}: {why}"
        place, _, name = address.rpartition("/")
        _, names = alike.setdefault((place, _REQUEST.sub("", line.removeprefix(address))), (line, []))
        names.append(name)
    return [f"{line}{_and_so(names[1:])}" for line, names in alike.values()]


def _and_so(names: list[str]) -> str:
    if not names:
        return ""
    return f"; and so of {', '.join(names)}" if len(names) <= MOST_NAMES else f"; and so of {many(len(names), 'other')}"
