"""How what many wait for at once is looked at: each wait alone and ever less often, or one listing for all that it shows.

It says which looks are due, and judges what they showed; it is asked by one thread, and whoever makes the looks is another's
business.
"""

from __future__ import annotations

import heapq
import math
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import count, islice
from typing import Any, TypeAlias

from reconciler.aws.client import Aws, Place
from reconciler.core.errors import Interrupted, SettleFailed
from reconciler.core.waiting import Awaited, State, Together

FIRST_LOOK_SECONDS = 0.25  # after a call at a function: GetFunction has a quota of its own
FIRST_SCARCE_LOOK_SECONDS = 1.0  # what draws on the quota that everything shares is not done before
LONGEST_PAUSE_SECONDS = 2.0
LONGEST_SLOW_PAUSE_SECONDS = 5.0  # between two looks at what takes minutes
GROWTH = 1.5  # of the pause between two looks
SCARCE_LOOKS_PER_SECOND = 3.0  # in one account and region, where many wait: a fifth of what everything shares
SHARE_OF_AGE = 1 / 8  # of how long the newest has waited, between two listings
NEVER = math.inf
UNSEEN_SECONDS = 30.0  # how long a function that was just created may still be answered with 404

Hear: TypeAlias = Callable[[State, Exception | None], None]  # the state last seen, or why there is no use in waiting on


@dataclass(slots=True, eq=False)
class _Waiting:
    """One wait as long as it lasts. `hear` is called once. `is_alone`: no listing is asked for it."""

    awaited: Awaited
    hear: Hear
    begun: float
    patience_seconds: float
    pause: float
    state: State
    is_alone: bool = False

    @property
    def place(self) -> Place:
        return Place.of(self.awaited.target)

    def is_over(self, now: float) -> bool:
        """Raises SettleFailed where there is no use in waiting on."""
        wait, target = self.awaited.wait, self.awaited.target
        if self.state is None and not wait.is_for_the_end and now > self.begun + UNSEEN_SECONDS:
            raise SettleFailed(f"{target}: disappeared while it was waited for ({wait.name})")
        if wait.is_over(self.state, target, self.awaited.answered):
            return True
        if now > self.begun + self.patience_seconds:
            how = f"{wait.describe(self.state)}, still not settled after {self.patience_seconds:.0f} s ({wait.name})"
            raise SettleFailed(f"{target}: {how}", is_retryable=True)
        return False

    def interrupted(self) -> Interrupted:
        message = f"{self.awaited.target}: stopped while AWS was still at it ({self.awaited.wait.name})"
        return Interrupted(message, is_retryable=True)


@dataclass(slots=True)
class _Group:
    """Those of one place that one listing shows: when the newest was begun, when the listing was last read, and how many pages it had."""

    waiting: list[_Waiting] = field(default_factory=list)
    newest: float = NEVER
    looked_at: float = -NEVER
    pages: int = 1
    is_read_now: bool = False

    @property
    def due(self) -> float:
        if self.is_read_now or not self.waiting:
            return NEVER
        by_age = min((self.looked_at - self.newest) * SHARE_OF_AGE, LONGEST_SLOW_PAUSE_SECONDS)
        by_cost = min(len(self.waiting), self.pages) / SCARCE_LOOKS_PER_SECOND
        first = self.waiting[0].begun + FIRST_SCARCE_LOOK_SECONDS
        return max(self.looked_at + max(by_age, by_cost, FIRST_SCARCE_LOOK_SECONDS), first)


@dataclass(frozen=True, slots=True)
class Look:
    """What is to be asked of AWS at a place. Any thread may `read`; `tell` takes what came of it, or the error, and belongs to the
    thread that the waits belong to."""

    place: Place
    read: Callable[[], Any]
    tell: Callable[[Any, Exception | None], None]


class Polling:
    """The waits of one run. All but `Look.read` belongs to one thread."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws
        self._alone: list[tuple[float, int, _Waiting]] = []
        self._groups: dict[tuple[Place, Together], _Group] = {}
        self._scarce: Counter[Place] = Counter()  # that wait each alone for what is scarce
        self._number = count()

    def begin(self, awaited: Awaited, hear: Hear) -> None:
        """What the call has answered may be the end of it already."""
        wait, now, usual = awaited.wait, self._aws.now(), self._aws.patience_seconds
        patience = (3 if wait.is_slow else 2) * usual if awaited.seconds is None else awaited.seconds
        pause = FIRST_SCARCE_LOOK_SECONDS if wait.is_scarce else FIRST_LOOK_SECONDS
        waiting = _Waiting(awaited, hear, now, patience, pause, awaited.answered)
        if wait.together is None or wait.together.by not in awaited.answered:
            self._stand_alone(waiting)
        else:
            self._groups.setdefault((waiting.place, wait.together), _Group()).newest = now
        self._judge(waiting)

    def due(self) -> float:
        """When the next look is, by the seam's clock."""
        alone = self._alone[0][0] if self._alone else NEVER
        return min([alone, *(group.due for group in self._groups.values())])

    def looks(self, now: float) -> Iterator[Look]:
        """What is to be looked at now. A listing is, unless asking for each costs no more calls."""
        while self._alone and self._alone[0][0] <= now:
            yield self._look(heapq.heappop(self._alone)[2])
        for (place, together), group in self._groups.items():
            if group.due > now:
                continue
            waiting, group.waiting, group.looked_at = group.waiting, [], now
            if len(waiting) <= group.pages:
                yield from map(self._look, waiting)
                continue
            group.is_read_now = True
            names = {_named(each, together) for each in waiting}
            yield Look(
                place,
                partial(listed, self._aws, place, together, names),
                partial(self._listed, waiting, together, group),
            )

    def stop(self) -> None:
        """Whoever waits, and is not looked at right now, hears that nobody waits any longer."""
        waiting, self._alone = [entry[2] for entry in self._alone], []
        for group in self._groups.values():
            waiting += group.waiting
            group.waiting = []
        for each in waiting:
            self._end(each, None, each.interrupted())

    def _look(self, waiting: _Waiting) -> Look:
        return Look(
            waiting.place, partial(looked, self._aws, waiting.awaited, waiting.state), partial(self._looked, waiting)
        )

    def _looked(self, waiting: _Waiting, state: State, error: Exception | None) -> None:
        if error:
            self._end(waiting, None, waiting.interrupted() if isinstance(error, Interrupted) else error)
            return
        waiting.state = state
        self._judge(waiting)

    def _listed(
        self, waiting: list[_Waiting], together: Together, group: _Group, answer: Any, error: Exception | None
    ) -> None:
        """What a listing does not show is asked for alone, and so is everything when it could not be read."""
        shown, group.pages = ({}, group.pages) if error else answer
        group.is_read_now = False
        for each in waiting:
            if _named(each, together) in shown:
                each.state = shown[_named(each, together)]
                self._judge(each)
            else:
                self._stand_alone(each)
                self._look_alone(each, in_seconds=0.0)

    def _judge(self, waiting: _Waiting) -> None:
        try:
            is_over = waiting.is_over(self._aws.now())
        except Exception as failure:
            self._end(waiting, None, failure)
            return
        if is_over:
            self._end(waiting, waiting.state, None)
        elif self._aws.is_stopping():
            self._end(waiting, None, waiting.interrupted())
        else:
            self._go_on(waiting)

    def _go_on(self, waiting: _Waiting) -> None:
        wait = waiting.awaited.wait
        if wait.together and not waiting.is_alone:
            self._groups[waiting.place, wait.together].waiting.append(waiting)
            return
        by_cost = self._scarce[waiting.place] / SCARCE_LOOKS_PER_SECOND if wait.is_scarce else 0.0
        self._look_alone(waiting, in_seconds=max(waiting.pause, by_cost))
        longest = LONGEST_SLOW_PAUSE_SECONDS if wait.is_slow else LONGEST_PAUSE_SECONDS
        waiting.pause = min(waiting.pause * GROWTH, longest)

    def _stand_alone(self, waiting: _Waiting) -> None:
        waiting.is_alone = True
        self._scarce[waiting.place] += waiting.awaited.wait.is_scarce

    def _end(self, waiting: _Waiting, state: State, error: Exception | None) -> None:
        self._scarce[waiting.place] -= waiting.is_alone and waiting.awaited.wait.is_scarce
        waiting.hear(state, error)

    def _look_alone(self, waiting: _Waiting, *, in_seconds: float) -> None:
        heapq.heappush(self._alone, (self._aws.now() + in_seconds, next(self._number), waiting))


def looked(aws: Aws, awaited: Awaited, state: State) -> State:
    """What AWS shows of one."""
    operation, params = awaited.wait.look(awaited.target, awaited.answered, state)
    answer = aws.find(Place.of(awaited.target), operation, params)
    return answer[awaited.wait.member] if answer and awaited.wait.member else answer


def listed(aws: Aws, place: Place, together: Together, names: Collection[str]) -> tuple[dict[str, Any], int]:
    """What a listing shows of these, and how many pages were read: not more than asking for each would cost."""
    shown: dict[str, Any] = {}
    pages = 0
    for page in islice(aws.pages(place, together.operation, {}), len(names)):
        pages += 1
        shown |= {item[together.by]: item for item in page[together.member] if item[together.by] in names}
        if len(shown) == len(names):
            break
    return shown, pages


def _named(waiting: _Waiting, together: Together) -> str:
    return str(waiting.awaited.answered[together.by])
