"""What credentials must be allowed, as values. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Decision = Literal["allowed", "denied", "untold"]


@dataclass(frozen=True, order=True, slots=True)
class Right:
    """An action of IAM on one resource, by ARN, `*` where AWS knows none; `context` are the condition keys that the call brings."""

    action: str
    resource: str = "*"
    context: tuple[tuple[str, str], ...] = ()
