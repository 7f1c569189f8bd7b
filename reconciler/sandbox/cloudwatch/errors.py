"""What CloudWatch's refusals are called."""

from __future__ import annotations

from reconciler.sandbox.refusals import Refused

INVALID = "ValidationError"


def invalid(message: str) -> Refused:
    return Refused(INVALID, message)
