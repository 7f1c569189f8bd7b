"""Objects in S3 that AWS is about to fetch code from: each is looked at right before, once for all calls of a moment."""

from __future__ import annotations

import threading
from collections import defaultdict
from dataclasses import dataclass, field

from reconciler.aws.client import Aws
from reconciler.core.packages import Pin
from reconciler.core.place import Place
from reconciler.snapshot import artifacts

A_MOMENT_SECONDS = 1.0  # about as long as a call may stand in line once its object was looked at


@dataclass(slots=True)
class _Object:
    """When it was last found to be as planned; who looks keeps others from looking, too."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    seen: float | None = None


@dataclass(slots=True)
class Objects:
    """Of one run. Safe to share between threads."""

    aws: Aws
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _known: dict[tuple[Place, Pin], _Object] = field(default_factory=lambda: defaultdict(_Object))

    def confirm(self, place: Place, pin: Pin) -> None:
        """Raises CodeDiffers where it is no longer the one that was looked at when the plan was made."""
        with self._lock:
            known = self._known[place, pin]
        with known.lock:
            now = self.aws.now()
            if known.seen is None or now > known.seen + A_MOMENT_SECONDS:
                artifacts.confirm(self.aws, place, pin)
                known.seen = now
