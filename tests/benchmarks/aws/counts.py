"""What was asked of the canned AWS: calls by operation, how many were refused for their rate, when the first and the last came."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Counts:
    """Seconds are of the server's own clock, from its start. `throttled` are among the `calls`."""

    calls: dict[str, int] = field(default_factory=dict)
    throttled: dict[str, int] = field(default_factory=dict)
    regions: dict[str, int] = field(default_factory=dict)
    first_at: float | None = None
    last_at: float | None = None

    def note(self, operation: str, region: str, now: float, is_throttled: bool) -> None:
        self.calls[operation] = self.calls.get(operation, 0) + 1
        self.regions[region] = self.regions.get(region, 0) + 1
        if is_throttled:
            self.throttled[operation] = self.throttled.get(operation, 0) + 1
        self.first_at = now if self.first_at is None else self.first_at
        self.last_at = now

    def document(self) -> dict[str, Any]:
        return {
            "calls": dict(sorted(self.calls.items())),
            "throttled": dict(sorted(self.throttled.items())),
            "regions": dict(sorted(self.regions.items())),
            "first_at": self.first_at,
            "last_at": self.last_at,
        }
