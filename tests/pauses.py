"""Pauses of the product that prove nothing in a test: before another attempt, and between two looks at what AWS is still at."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

from botocore import endpoint

from reconciler.aws import client, polling, when

NEXT_TO_NOTHING, AS_OFTEN_AS_YOU_LIKE = 0.001, 1000.0


def left_out(put: Callable[[object, str, object], None]) -> None:
    """`put` is `setattr`, or what sets it back."""
    put(client, "FIRST_PAUSE_SECONDS", NEXT_TO_NOTHING)
    for look in ("FIRST_LOOK_SECONDS", "FIRST_SCARCE_LOOK_SECONDS", "UNKNOWN_SECONDS"):
        put(when, look, NEXT_TO_NOTHING)
    for module in (when, polling):
        put(module, "SCARCE_LOOKS_PER_SECOND", AS_OFTEN_AS_YOU_LIKE)
    put(endpoint, "time", SimpleNamespace(sleep=lambda _: None))  # between botocore's own attempts
