"""What takes AWS a while besides functions: event source mappings, capacity providers, provisioned concurrency. The time comes in as an
argument."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class SourceMapping:
    """An event source mapping; `goes_to` is the state that it settles in, `reason` why that is not the one asked for."""

    uuid: str
    properties: dict[str, Any]
    function_arn: str
    modified: float
    state: str
    goes_to: str
    tags: dict[str, str] = field(default_factory=dict)
    settles_at: float | None = None
    reason: str = ""

    def expect(self, failure: str) -> None:
        """A failure, when there is one, ends in the other state."""
        self.reason = failure
        if failure and self.goes_to != "Gone":
            self.goes_to = "Disabled" if self.goes_to == "Enabled" else "Enabled"

    def settle(self) -> None:
        self.state, self.settles_at = self.goes_to, None


@dataclass(slots=True)
class Scale:
    """The scale of a version on managed instances: what was asked for, and what it has."""

    requested: dict[str, Any] = field(default_factory=dict)
    applied: dict[str, Any] = field(default_factory=dict)
    settles_at: float | None = None

    def expect(self, failure: str) -> None:
        """It is not known how one fails."""

    def settle(self) -> None:
        self.applied, self.settles_at = dict(self.requested), None


@dataclass(slots=True)
class CapacityProvider:
    """A capacity provider; `members` are as it was sent with defaults filled in, `goes_to` is the state that it settles in."""

    name: str
    members: dict[str, Any]
    tags: dict[str, str]
    modified: float
    state: str = "Pending"
    goes_to: str = "Active"
    settles_at: float | None = None

    def expect(self, failure: str) -> None:
        if failure and self.goes_to != "Gone":
            self.goes_to = "Failed"

    def settle(self) -> None:
        self.state, self.settles_at = self.goes_to, None


@dataclass(slots=True)
class Provisioned:
    """Provisioned concurrency of a version or alias. `on_ready` is what happens once it is there."""

    requested: int
    modified: float
    on_ready: Callable[[], None] = lambda: None
    allocated: int = 0
    available: int = 0
    status: str = "IN_PROGRESS"
    reason: str = ""
    settles_at: float | None = None
    fails_with: str = ""

    def expect(self, failure: str) -> None:
        self.fails_with, self.status, self.reason = failure, "IN_PROGRESS", ""

    def settle(self) -> None:
        self.settles_at = None
        if self.fails_with:
            self.status, self.reason, self.allocated, self.available = "FAILED", self.fails_with, 0, 0
            return
        self.status, self.allocated, self.available = "READY", self.requested, self.requested
        self.on_ready()
