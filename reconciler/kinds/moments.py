"""Moments, as a spec writes them and as AWS answers them, in one form: seconds since 1970. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

FORM = "a time with its offset, as in 2026-01-31T12:00:00Z, or seconds since 1970"


def is_moment(written: Any) -> bool:
    """Whether it says a moment that is the same everywhere."""
    if not isinstance(written, str):
        return isinstance(written, int | float) and not isinstance(written, bool)
    try:
        return datetime.fromisoformat(written).tzinfo is not None
    except ValueError:
        return False


def epoch_seconds(moment: Any) -> float:
    if isinstance(moment, datetime):
        return moment.timestamp()
    if isinstance(moment, str):
        written = datetime.fromisoformat(moment)
        return (written if written.tzinfo else written.replace(tzinfo=UTC)).timestamp()
    return float(moment)
