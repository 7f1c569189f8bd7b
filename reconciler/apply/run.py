"""What all targets of one apply share, and what is recorded of each of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from reconciler.apply.delivery import Deliveries
from reconciler.apply.objects import Objects
from reconciler.aws.client import Aws
from reconciler.core.model import Key, Target
from reconciler.files.packages import Packages
from reconciler.report.journal import Journal
from reconciler.report.schemas import stamp

Outcome = Literal["succeeded", "failed", "function failed", "rejected", "stale", "not attempted", "refused"]
Hear = Callable[[Key, str, str], None]  # of which alias, what event, and what it was answered
Results = Mapping[str, Mapping[str, Any]]  # what a target's calls were answered, by operation


@dataclass(slots=True)
class Run:
    """`is_stopping` is asked before each operation; `tell` hears of each, `hear`, where somebody asked for it, of what a smoke event was
    answered. `answers` are those of the targets that are done: others may need them."""

    aws: Aws
    journal: Journal
    is_stopping: Callable[[], bool] = lambda: False
    tell: Callable[[Key, str, str], None] = lambda *_: None
    hear: Hear | None = None
    packages: Packages = field(default_factory=Packages)
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    clock: Callable[[], float] = time.monotonic
    tasks: dict[Target, str] = field(default_factory=dict)
    answers: dict[Target, Results] = field(default_factory=dict)
    deliveries: Deliveries = field(init=False)
    objects: Objects = field(init=False)

    def __post_init__(self) -> None:
        self.deliveries, self.objects = Deliveries(self.aws, self.packages), Objects(self.aws)


@dataclass(slots=True)
class Record:
    """The events of one target's task, each on the disk before the next thing happens: what is noted goes there together with what is
    recorded next."""

    run: Run
    target: Target
    _noted: list[dict[str, Any]] = field(default_factory=list)

    def note(self, event: str, **facts: Any) -> None:
        at = stamp(self.run.now())
        self._noted.append({"event": event, "task": self.run.tasks[self.target], "at": at, **facts})

    def record(self, event: str, **facts: Any) -> None:
        self.note(event, **facts)
        self.flush()

    def flush(self) -> None:
        noted, self._noted = self._noted, []
        if noted:
            self.run.journal.record(*noted)
