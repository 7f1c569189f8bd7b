"""What moves while a snapshot is taken, as it is once it has settled. Never writes."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from typing import Any

from reconciler.aws.client import Aws
from reconciler.aws.jobs import Jobs
from reconciler.aws.unread import Unread
from reconciler.core.errors import Interrupted, SettleFailed
from reconciler.core.model import Properties, Target
from reconciler.core.place import Place
from reconciler.core.waiting import Awaited, Flow
from reconciler.kinds.base import STUCK
from reconciler.kinds.reading import Answered, Reading
from reconciler.kinds.registry import WAITS

PATIENCE_SECONDS = 60.0  # for everything that moves while a snapshot is taken, together


class Patience:
    """How long one snapshot waits, in all, for what AWS is still at; waits that go on side by side are one."""

    def __init__(self) -> None:
        self._left_seconds = PATIENCE_SECONDS
        self._lock = threading.Lock()
        self._waiting, self._begun = 0, 0.0

    @contextmanager
    def waiting(self) -> Iterator[float]:
        """The seconds that are left; what the block takes is spent."""
        with self._lock:
            self._spend()
            self._waiting += 1
            seconds = max(self._left_seconds, 0.0)
        try:
            yield seconds
        finally:
            with self._lock:
                self._spend()
                self._waiting -= 1

    def _spend(self) -> None:
        now = time.monotonic()
        self._left_seconds -= now - self._begun if self._waiting else 0.0
        self._begun = now


def at_rest(
    aws: Aws, patience: Patience, unread: Unread, pool: Executor, reading: Reading, answers: list[Answered]
) -> list[Answered]:
    """The answers, those of what was moving as they are once that has settled; it is waited for side by side."""
    still = [item for item in answers if not reading.moving(item[1])]
    moving = [item for item in answers if reading.moving(item[1])]
    if moving:
        with patience.waiting() as seconds:
            jobs = Jobs(aws)
            ends = [
                (target, jobs.start(Place.of(target), _settled(aws, reading, seconds, (target, item))))
                for target, item in moving
            ]
            jobs.run()
            for (target, _), item in unread.each(pool, reading.single("", "")[0], _result, ends, first):
                still += [(target, item)] if item else []
    return still


def _settled(aws: Aws, reading: Reading, seconds: float, moving: Answered) -> Flow[Properties | None]:
    """What AWS answers once it stands still; None when it was on its way out."""
    target, item = moving
    wait = WAITS[reading.moving(item)]
    try:
        state = yield Awaited(target, wait, item[wait.member] if wait.member else item, seconds)
    except Interrupted:
        raise
    except SettleFailed as failure:
        again = aws.find(Place.of(target), *wait.look(target, item, None))
        is_moving = again is not None and reading.moving(again)
        if again is None or (is_moving and failure.is_retryable):
            raise
        return {**again, STUCK: failure.code} if is_moving else again  # it stands still: what it was at has failed
    is_whole = wait.is_whole or not wait.member
    return state or (None if wait.is_for_the_end else item) if is_whole else {**item, wait.member: state}


def _result(end: tuple[Target, Future[Properties | None]]) -> Properties | None:
    return end[1].result()


def first(item: tuple[Target, Any]) -> Target:
    return item[0]
