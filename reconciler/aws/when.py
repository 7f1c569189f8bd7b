"""When what many wait for at once is looked at next: each wait alone and ever less often, or one listing for all that it shows. It asks
nothing of anybody, and goes by the times that it is told.
"""

from __future__ import annotations

import math
from bisect import insort
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from reconciler.core.errors import Interrupted, SettleFailed
from reconciler.core.place import Place
from reconciler.core.waiting import Awaited, State, Together

NEVER = math.inf
FIRST_LOOK_SECONDS = 0.25  # after a call at a function: GetFunction has a quota of its own
FIRST_SCARCE_LOOK_SECONDS = 1.0  # what draws on the quota that everything shares is not done before
UNKNOWN_SECONDS = 2.0  # before the first look at all but the oldest, as long as nobody knows how long AWS takes
LONGEST_PAUSE_SECONDS = 2.0
LONGEST_SLOW_PAUSE_SECONDS = 5.0  # between two looks at what takes minutes, or at all but the oldest
LOOKS_PER_SECOND = 4.0  # at all that wait for the same in one account and region, but for the oldest
CLOSE = 1 / 4  # of how long it has waited, between two looks
WIDE = 2.0  # likewise, while nobody knows how long AWS takes
APART = 0.618  # of the way from a look to the next one lie two that began one after the other: so many see much
LEARNT = 0.9  # of what was known: what took less is worth knowing
SCARCE_LOOKS_PER_SECOND = 3.0  # in one account and region, where many wait: a fifth of what everything shares
LOOKS_FOR_A_PAGE = 8  # of another quota, that a page of a listing must spare
SHARE_OF_AGE = (
    1 / 8
)  # of how long the oldest has waited, between two listings; the newest, once it is known how long AWS takes
UNSEEN_SECONDS = 30.0  # how long a function that was just created may still be answered with 404

Hear: TypeAlias = Callable[[State, Exception | None], None]  # the state last seen, or why there is no use in waiting on


@dataclass(slots=True, eq=False)
class Waiting:
    """One wait as long as it lasts. `hear` is called once. `shown` is the whole answer that told `state`. `is_alone`: no listing is asked
    for it. `turn` is the number of its next look, which is `due` then; of one that is looked at right now, of that look. `share`: of the
    usual time before its first look, so that not all are looked at when they are equally old. `missed` looks in a row had no answer."""

    awaited: Awaited
    hear: Hear
    begun: float
    patience_seconds: float
    state: State
    shown: State
    is_alone: bool = False
    due: float = -NEVER
    turn: int = 0
    share: float = 1.0
    missed: int = 0

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
class Alike:
    """Those of one place that wait for the same, each alone. The oldest is looked at more often than the others, which learn from it, and
    from each other, how long AWS takes: `least` is the shortest that any has taken."""

    waiting: set[Waiting] = field(default_factory=set)
    least: float = NEVER
    _in_order: deque[Waiting] = field(default_factory=deque)
    _joined: int = 0

    def join(self, waiting: Waiting) -> None:
        if waiting in self.waiting:
            return
        self.waiting.add(waiting)
        self._in_order.append(waiting)
        waiting.share = 1 + WIDE * ((self._joined - 1) * APART % 1)
        self._joined += 1

    def is_oldest(self, waiting: Waiting) -> bool:
        while self._in_order[0] not in self.waiting:
            self._in_order.popleft()
        return self._in_order[0] is waiting

    def due(self, waiting: Waiting, now: float) -> float:
        """When to look at it next, once it was looked at now, or begun."""
        wait, age, is_oldest = waiting.awaited.wait, now - waiting.begun, self.is_oldest(waiting)
        shortest = FIRST_SCARCE_LOOK_SECONDS if wait.is_scarce else FIRST_LOOK_SECONDS
        is_known = self.least != NEVER
        usual = self.least if is_known else 0.0 if is_oldest else UNKNOWN_SECONDS * waiting.share
        if age < usual:
            return max(waiting.begun + usual, now + shortest)
        longest = LONGEST_PAUSE_SECONDS if is_oldest and not wait.is_slow else LONGEST_SLOW_PAUSE_SECONDS
        if not is_oldest and not is_known:
            longest = max(longest, len(self.waiting) / LOOKS_PER_SECOND)
        share = CLOSE if is_oldest or is_known else WIDE
        due, last = now + min(max(age * share, shortest), longest), waiting.begun + waiting.patience_seconds
        return max(min(due, last), now + shortest)

    def has_learnt(self, seconds: float) -> bool:
        """Whether that one took so long tells more than was known."""
        is_news = seconds < self.least * LEARNT
        self.least = seconds if is_news else self.least
        return is_news


@dataclass(slots=True)
class Group:
    """Those of one place that one listing shows: when the newest was begun, when the listing was last read, and how many pages it had;
    `least` is the shortest that any has taken."""

    together: Together
    waiting: list[Waiting] = field(default_factory=list)
    newest: float = NEVER
    looked_at: float = -NEVER
    pages: int = 1
    is_read_now: bool = False
    least: float = NEVER

    def join(self, waiting: Waiting) -> None:
        """The oldest first, whoever was looked at meanwhile."""
        insort(self.waiting, waiting, key=lambda each: each.begun)

    def due(self, *, is_idle: bool) -> float:
        """`is_idle`: nobody else is at work who may come to wait as well."""
        if self.is_read_now or not self.waiting:
            return NEVER
        oldest = self.waiting[0].begun
        if self.together.is_instead:
            return oldest if is_idle else oldest + LONGEST_SLOW_PAUSE_SECONDS
        usual = FIRST_SCARCE_LOOK_SECONDS if self.least == NEVER else max(self.least, FIRST_SCARCE_LOOK_SECONDS)
        by_cost = min(len(self.waiting), self.pages) / SCARCE_LOOKS_PER_SECOND
        all_may_be_done = self.newest + self.least
        if self.looked_at < all_may_be_done < NEVER:
            by_age = min(all_may_be_done, max(self.looked_at, oldest) + LONGEST_SLOW_PAUSE_SECONDS) - self.looked_at
        else:
            since = oldest if self.least == NEVER else self.newest
            by_age = min((self.looked_at - since) * SHARE_OF_AGE, LONGEST_SLOW_PAUSE_SECONDS)
        return max(self.looked_at + max(by_age, by_cost, FIRST_SCARCE_LOOK_SECONDS), oldest + usual)

    @property
    def looks_for_a_page(self) -> int:
        """That a page of the listing must spare."""
        return LOOKS_FOR_A_PAGE if self.together.is_instead else 1

    def learn(self, seconds: float) -> None:
        self.least = min(self.least, seconds)
