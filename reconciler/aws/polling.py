"""How what many wait for at once is looked at: each wait alone and ever less often, or one listing for all that it shows.

It says which looks are due, and judges what they showed; it is asked by one thread, and whoever makes the looks is another's
business.
"""

from __future__ import annotations

import heapq
import math
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import count, islice
from typing import Any, TypeAlias

from reconciler.aws.client import Aws, Place
from reconciler.core.errors import Interrupted, SettleFailed
from reconciler.core.waiting import Awaited, State, Together

NEVER = math.inf
FIRST_LOOK_SECONDS = 0.25  # after a call at a function: GetFunction has a quota of its own
FIRST_SCARCE_LOOK_SECONDS = 1.0  # what draws on the quota that everything shares is not done before
UNKNOWN_SECONDS = 2.0  # before the first look at all but the oldest, as long as nobody knows how long AWS takes
LONGEST_PAUSE_SECONDS = 2.0
LONGEST_SLOW_PAUSE_SECONDS = 5.0  # between two looks at what takes minutes, or at all but the oldest
CLOSE = 1 / 4  # of how long it has waited, between two looks
WIDE = 1 / 2  # likewise, while nobody but the oldest learns
LEARNT = 0.9  # of what was known: what took less is worth knowing
SCARCE_LOOKS_PER_SECOND = 3.0  # in one account and region, where many wait: a fifth of what everything shares
SHARE_OF_AGE = 1 / 8  # of how long the newest has waited, between two listings
UNSEEN_SECONDS = 30.0  # how long a function that was just created may still be answered with 404

Hear: TypeAlias = Callable[[State, Exception | None], None]  # the state last seen, or why there is no use in waiting on


@dataclass(slots=True, eq=False)
class _Waiting:
    """One wait as long as it lasts. `hear` is called once. `shown` is the whole answer that told `state`. `is_alone`: no listing is asked
    for it. `turn` is the number of its next look, which is `due` then; of one that is looked at right now, of that look."""

    awaited: Awaited
    hear: Hear
    begun: float
    patience_seconds: float
    state: State
    shown: State
    is_alone: bool = False
    due: float = -NEVER
    turn: int = 0

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
class _Alike:
    """Those of one place that wait for the same, each alone. The oldest is looked at more often than the others, which learn from it how
    long AWS takes: `least` is the shortest that any has taken."""

    waiting: dict[_Waiting, None] = field(default_factory=dict)
    least: float = NEVER

    def due(self, waiting: _Waiting, now: float) -> float:
        """When to look at it next, once it was looked at now, or begun."""
        wait, age, is_oldest = waiting.awaited.wait, now - waiting.begun, waiting is next(iter(self.waiting))
        shortest = FIRST_SCARCE_LOOK_SECONDS if wait.is_scarce else FIRST_LOOK_SECONDS
        is_known = self.least != NEVER
        usual = self.least if is_known else 0.0 if is_oldest else UNKNOWN_SECONDS
        if age < usual:
            return max(waiting.begun + usual, now + shortest)
        longest = LONGEST_PAUSE_SECONDS if is_oldest and not wait.is_slow else LONGEST_SLOW_PAUSE_SECONDS
        share = CLOSE if is_oldest or is_known else WIDE
        return now + min(max(age * share, shortest), longest)

    def has_learnt(self, seconds: float) -> bool:
        """Whether that one took so long tells more than was known."""
        is_news = seconds < self.least * LEARNT
        self.least = seconds if is_news else self.least
        return is_news


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
        self._alike: dict[tuple[Place, str], _Alike] = defaultdict(_Alike)
        self._groups: dict[tuple[Place, Together], _Group] = {}
        self._scarce: Counter[Place] = Counter()  # that wait each alone for what is scarce
        self._number = count()

    def begin(self, awaited: Awaited, hear: Hear) -> None:
        """What the call has answered may be the end of it already."""
        wait, now, usual = awaited.wait, self._aws.now(), self._aws.patience_seconds
        patience = (3 if wait.is_slow else 2) * usual if awaited.seconds is None else awaited.seconds
        waiting = _Waiting(awaited, hear, now, patience, awaited.answered, awaited.answered)
        if wait.together is None or wait.together.by not in awaited.answered:
            self._stand_alone(waiting)
        else:
            self._groups.setdefault((waiting.place, wait.together), _Group()).newest = now
        self._judge(waiting)

    def due(self) -> float:
        """When the next look is, by the seam's clock."""
        while self._alone and not _is_next(self._alone[0]):
            heapq.heappop(self._alone)
        alone = self._alone[0][0] if self._alone else NEVER
        return min([alone, *(group.due for group in self._groups.values())])

    def looks(self, now: float) -> Iterator[Look]:
        """What is to be looked at now. A listing is, unless asking for each costs no more calls."""
        while self._alone and self._alone[0][0] <= now:
            entry = heapq.heappop(self._alone)
            if _is_next(entry):
                yield self._look(entry[2])
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
        waiting, self._alone = [entry[2] for entry in self._alone if _is_next(entry)], []
        for group in self._groups.values():
            waiting += group.waiting
            group.waiting = []
        for each in waiting:
            self._end(each, None, each.interrupted())

    def _look(self, waiting: _Waiting) -> Look:
        waiting.due = -NEVER
        return Look(
            waiting.place, partial(looked, self._aws, waiting.awaited, waiting.state), partial(self._looked, waiting)
        )

    def _looked(self, waiting: _Waiting, shown: State, error: Exception | None) -> None:
        if error:
            self._end(waiting, None, waiting.interrupted() if isinstance(error, Interrupted) else error)
            return
        waiting.state, waiting.shown = waiting.awaited.wait.state(shown), shown
        self._judge(waiting)

    def _listed(
        self, waiting: list[_Waiting], together: Together, group: _Group, answer: Any, error: Exception | None
    ) -> None:
        """What a listing does not show is asked for alone, and so is everything when it could not be read."""
        shown, group.pages = ({}, group.pages) if error else answer
        group.is_read_now = False
        for each in waiting:
            if _named(each, together) in shown:
                each.state = each.shown = shown[_named(each, together)]
                self._judge(each)
            else:
                self._stand_alone(each)
                self._look_alone(each, self._aws.now())

    def _judge(self, waiting: _Waiting) -> None:
        try:
            is_over = waiting.is_over(self._aws.now())
        except Exception as failure:
            self._end(waiting, None, failure)
            return
        if is_over:
            self._learn(waiting)
            self._end(waiting, waiting.shown if waiting.awaited.wait.is_whole else waiting.state, None)
        elif self._aws.is_stopping():
            self._end(waiting, None, waiting.interrupted())
        else:
            self._go_on(waiting)

    def _go_on(self, waiting: _Waiting) -> None:
        wait = waiting.awaited.wait
        if wait.together and not waiting.is_alone:
            self._groups[waiting.place, wait.together].waiting.append(waiting)
            return
        now, alike = self._aws.now(), self._alike_of(waiting)
        alike.waiting.setdefault(waiting)
        by_cost = self._scarce[waiting.place] / SCARCE_LOOKS_PER_SECOND if wait.is_scarce else 0.0
        self._look_alone(waiting, max(alike.due(waiting, now), now + by_cost))

    def _alike_of(self, waiting: _Waiting) -> _Alike:
        return self._alike[waiting.place, waiting.awaited.wait.name]

    def _learn(self, waiting: _Waiting) -> None:
        """How long it took is how long others will take, that are not looked at before."""
        now, alike = self._aws.now(), self._alike_of(waiting)
        if waiting not in alike.waiting or not alike.has_learnt(now - waiting.begun) or waiting.awaited.wait.is_scarce:
            return
        for each in alike.waiting:
            usual = max(each.begun + alike.least, now)
            if each.due > usual:
                self._look_alone(each, usual)

    def _stand_alone(self, waiting: _Waiting) -> None:
        waiting.is_alone = True
        self._scarce[waiting.place] += waiting.awaited.wait.is_scarce

    def _end(self, waiting: _Waiting, state: State, error: Exception | None) -> None:
        self._scarce[waiting.place] -= waiting.is_alone and waiting.awaited.wait.is_scarce
        self._alike_of(waiting).waiting.pop(waiting, None)
        waiting.hear(state, error)

    def _look_alone(self, waiting: _Waiting, due: float) -> None:
        """At that time, and no longer at another."""
        waiting.due, waiting.turn = due, next(self._number)
        heapq.heappush(self._alone, (due, waiting.turn, waiting))


def _is_next(entry: tuple[float, int, _Waiting]) -> bool:
    """Whether it is still to be looked at then."""
    return entry[1] == entry[2].turn


def looked(aws: Aws, awaited: Awaited, state: State) -> State:
    """What AWS answers about one."""
    return aws.find(Place.of(awaited.target), *awaited.wait.look(awaited.target, awaited.answered, state))


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
