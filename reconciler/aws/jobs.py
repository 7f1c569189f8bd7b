"""Many jobs side by side, none of which holds a thread while it waits.

A job is a generator (`Flow`): it calls AWS in one of a few threads until it yields what it waits for, and goes on once that is
over, with what was seen. One thread decides all of this, the one that calls `run`; the others carry out a piece of a job,
or a look, and tell it what came of it.
"""

from __future__ import annotations

import heapq
from collections import defaultdict, deque
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from reconciler.aws.client import Aws
from reconciler.aws.polling import Look, Polling
from reconciler.aws.when import NEVER, Hear
from reconciler.core.errors import Interrupted
from reconciler.core.place import Place
from reconciler.core.waiting import All, Awaited, Flow, Pause, State, UploadRoom

WORKERS = 16  # that call AWS at once, in one account and region: more than its quota has room for
LOOKERS = 8  # that look at once at what is waited for, likewise
MOST_THREADS = 1024
ROOM_BYTES = (
    64 * 2**20
)  # that are sent at once, or one package that has more: on a slow line each would take too long else
TICK_SECONDS = 0.5  # between two questions whether to stop

URGENT, GOING_ON, BEGINNING = range(3)  # what is done first

T = TypeVar("T")


@dataclass(slots=True, eq=False)
class _Job:
    flow: Flow[Any]
    place: Place
    future: Future[Any]
    size: int = 0  # of the room that it waits for, or that its next piece takes


@dataclass(slots=True)
class _Lane:
    """What is to be done in one account and region, and how much of it is being done."""

    ready: list[tuple[int, int, _Job, Callable[[], Any]]] = field(default_factory=list)
    looks: deque[Look] = field(default_factory=deque)
    working: int = 0
    looking: int = 0


class Jobs:
    """Jobs of one run. Every method belongs to the thread that calls `run`, and so do the callbacks of the futures."""

    def __init__(self, aws: Aws) -> None:
        self._aws, self._polling = aws, Polling(aws)
        self._lanes: dict[Place, _Lane] = defaultdict(_Lane)
        self._pauses: list[tuple[float, int, Hear]] = []
        self._without_room: deque[_Job] = deque()
        self._events: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._number = count()
        self._left = self._running = self._taken_bytes = 0

    def start(self, place: Place, flow: Flow[T], *, is_urgent: bool = False) -> Future[T]:
        """Where more can be done than there are threads for, what has begun goes on first, but for urgent beginnings."""
        self._left += 1
        job = _Job(flow, place, Future())
        self._make_ready(job, partial(flow.send, None), URGENT if is_urgent else BEGINNING)
        return job.future

    def run(self) -> None:
        """Until all jobs are done, those that are started meanwhile, too."""
        with ThreadPoolExecutor(MOST_THREADS) as pool:
            now = self._aws.now()
            while self._left:
                while self._pauses and self._pauses[0][0] <= now:
                    heapq.heappop(self._pauses)[2](None, None)
                if self._aws.is_stopping():
                    self._stop_looking()
                for look in self._polling.looks(now, self._is_idle):
                    self._lanes[look.place].looks.append(look)
                for lane in self._lanes.values():
                    self._fill(lane, pool)
                now = self._next()

    def _stop_looking(self) -> None:
        """No look is begun any more, not even of those that are due."""
        for lane in self._lanes.values():
            looks, lane.looks = lane.looks, deque()
            for look in looks:
                look.tell(None, Interrupted("stopped"))
        self._polling.stop()

    def _next(self) -> float:
        """Wait for whatever comes first, and what time it is then."""
        due = min(self._polling.due(self._is_idle), self._pauses[0][0] if self._pauses else NEVER)
        seconds = max(due - self._aws.now(), 0.0)
        if self._running:
            with suppress(Empty):
                self._events.get(timeout=min(seconds, TICK_SECONDS))()
            return self._aws.now()
        while seconds > 0 and not self._aws.is_stopping():
            self._aws.pause(min(seconds, TICK_SECONDS))
            seconds -= TICK_SECONDS
        return due

    def _is_idle(self, place: Place) -> bool:
        """Whether nothing is done there but waiting."""
        lane = self._lanes[place]
        return not lane.ready and not lane.working

    def _fill(self, lane: _Lane, pool: Executor) -> None:
        """Have as much done as the threads are for."""
        while lane.ready and lane.working < WORKERS:
            _, _, job, piece = heapq.heappop(lane.ready)
            lane.working += 1
            self._carry_out(pool, piece, partial(self._worked, lane, job))
        while lane.looks and lane.looking < LOOKERS:
            look = lane.looks.popleft()
            lane.looking += 1
            self._carry_out(pool, look.read, partial(self._looked, lane, look))

    def _carry_out(
        self, pool: Executor, piece: Callable[[], Any], tell: Callable[[Any, Exception | None], None]
    ) -> None:
        self._running += 1

        def carry_out() -> None:
            try:
                event = partial(tell, piece(), None)
            except Exception as error:
                event = partial(tell, None, error)
            self._events.put(event)

        pool.submit(carry_out)

    def _looked(self, lane: _Lane, look: Look, answer: Any, error: Exception | None) -> None:
        self._running -= 1
        lane.looking -= 1
        look.tell(answer, error)

    def _worked(
        self, lane: _Lane, job: _Job, wanted: Awaited | Pause | UploadRoom | All | None, error: Exception | None
    ) -> None:
        """A job has come to what it waits for, or to its end."""
        self._running -= 1
        lane.working -= 1
        self._give_room_back(job)
        match wanted:
            case Awaited() | Pause():
                self._wait(wanted, partial(self._go_on, job))
            case All():
                self._wait_for_all(wanted, job)
            case UploadRoom():
                job.size = wanted.size
                self._without_room.append(job)
                self._give_room()
            case None:
                self._end(job, error)

    def _wait(self, wanted: Awaited | Pause, hear: Hear) -> None:
        match wanted:
            case Awaited():
                self._polling.begin(wanted, hear)
            case Pause():
                heapq.heappush(self._pauses, (self._aws.now() + wanted.seconds, next(self._number), hear))

    def _wait_for_all(self, wanted: All, job: _Job) -> None:
        def hear(number: int, state: State, error: Exception | None) -> None:
            wanted.ends[number] = state, error
            if len(wanted.ends) == len(wanted.parts):
                self._go_on(job)

        for number, part in enumerate(wanted.parts):
            self._wait(part, partial(hear, number))

    def _give_room_back(self, job: _Job) -> None:
        if job.size:
            self._taken_bytes -= job.size
            job.size = 0
            self._give_room()

    def _give_room(self) -> None:
        """To those that wait for it, in their order, as long as there is some."""
        while self._without_room:
            size = self._without_room[0].size
            if self._taken_bytes and self._taken_bytes + size > ROOM_BYTES:
                return
            self._taken_bytes += size
            self._go_on(self._without_room.popleft())

    def _end(self, job: _Job, error: Exception | None) -> None:
        if isinstance(error, StopIteration):
            job.future.set_result(error.value)
        else:
            job.future.set_exception(error or RuntimeError("a job yielded nothing"))
        self._left -= 1

    def _go_on(self, job: _Job, state: State = None, error: Exception | None = None) -> None:
        self._make_ready(job, partial(job.flow.throw, error) if error else partial(job.flow.send, state), GOING_ON)

    def _make_ready(self, job: _Job, piece: Callable[[], Any], rank: int) -> None:
        heapq.heappush(self._lanes[job.place].ready, (rank, next(self._number), job, piece))
