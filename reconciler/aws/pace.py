"""At what pace AWS is asked: one line a bucket, which is an account, a region and a quota, for all that a run reads, writes and polls.

Requests go in the order of their coming, so that none waits for ever; what lists a whole place goes before younger ones about single
things. It knows no client and no call, only when the next request may leave.
"""

from __future__ import annotations

import heapq
import math
import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import count

from reconciler.core.errors import WrongVariable

CALLS_PER_SECOND_VARIABLE = "RECONCILE_CALLS_PER_SECOND"  # another rate; 0 is as fast as it goes
SHARE = 0.96  # of a quota, where nothing else is said: the rest is for others, and for what comes closer together on its way
BURST = 0.4  # of a second's worth may go at once after a pause: connections are opened then, and some are late
HASTE = 0.3  # of the time from one to the next at an even pace: a second's worth goes in such a part of it, and the rest is a pause
SLOWEST = 1 / 16  # of the rate, however often AWS throttles
RECOVERY = 0.1  # of the rate, that is had back a second
LATEST_SECONDS = 0.15
CATCHING_UP = 3  # requests that may go sooner because one was late

# Lambda's control plane gives an account and region 100 GetFunction, 15 GetPolicy and 15 other calls a second, to all callers together.
LAMBDA = 15.0
APART: Mapping[str, float] = {"GetFunction": 100.0, "GetPolicy": 15.0}
# Of the APIs beside it, a careful number, of CloudTrail what it has; what has none is not counted.
BESIDE: Mapping[str, float] = {
    "logs": 10.0, "application-autoscaling": 10.0, "resourcegroupstaggingapi": 10.0, "ecr": 20.0, "iam": 20.0,
    "ssm": 40.0, "secretsmanager": 40.0, "cloudtrail": 2.0, "cloudwatch": 9.0,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Quota:
    """What draws on one limit of AWS's, and how many of those calls a second are ours."""

    name: str
    per_second: float

    @property
    def most(self) -> int:
        """So many in any second, and not one more."""
        return max(1, math.floor(self.per_second / SHARE + 1e-9))

    @property
    def window_seconds(self) -> float:
        """A second, and what the rate leaves free of it, for what is late on its way."""
        return max(1.0, self.most / self.per_second)


def drawn_on(api: str, operation: str) -> str:
    """The name of what a call draws on."""
    return api if api != "lambda" else operation if operation in APART else ""


def quota(api: str, operation: str, calls_per_second: float) -> Quota | None:
    """What a call draws on; None where nobody counts. `calls_per_second` is how many ordinary calls of Lambda's are ours, 0 for
    as fast as it goes."""
    if not calls_per_second:
        return None
    if api != "lambda":
        return Quota(api, BESIDE[api] * SHARE) if api in BESIDE else None
    return Quota(drawn_on(api, operation), calls_per_second * APART.get(operation, LAMBDA) / LAMBDA)


def seconds(calls: Mapping[str, int], calls_per_second: float) -> float:
    """How long calls take at the least, by what they draw on, where nobody else draws on it."""
    named = {name: ("lambda", name) if name in ("", *APART) else (name, "") for name in calls}
    limits = {name: quota(*call, calls_per_second) for name, call in named.items()}
    return max((calls[name] / limit.per_second for name, limit in limits.items() if limit), default=0.0)


def calls_per_second() -> float:
    """Raises WrongVariable where the environment says a rate that is none."""
    written = os.environ.get(CALLS_PER_SECOND_VARIABLE, "").strip()
    try:
        rate = float(written or LAMBDA * SHARE)
    except ValueError:
        rate = math.nan
    if not 0 <= rate < math.inf:
        raise WrongVariable(f"{CALLS_PER_SECOND_VARIABLE} is {written!r}; it is a number of calls, 0 for no limit")
    return rate


@dataclass(slots=True, eq=False)
class Departure:
    """A request: what it asks for, when it went, and when it was answered. `is_opening`: it may have had to open a connection, for
    it went with others at once, or before any answer."""

    operation: str
    at: float
    answered: float | None = None
    is_opening: bool = False


class Bucket:
    """When the next request of a quota may go, by the times that it is told; not for several threads.

    Never more than a second's worth goes in a second, faster than evenly and with a pause after it, so that what comes
    last need not wait for the end of its second; and some of it at once where nobody asked for a while. AWS's word that it is too
    much halves the rate, once a second at most; it is had back little by little, and until then requests go evenly.
    """

    def __init__(self, quota: Quota) -> None:
        self.quota = quota
        self.asked = self.throttled = 0
        self._sent: list[Departure] = []  # the last ones, no more than go in a second
        self._usual: dict[str, float] = {}  # the shortest time, by operation, from a departure to the answer
        self._next = -math.inf
        self._burst = 0
        self._part, self._halved = 1.0, -math.inf

    def per_second(self, now: float) -> float:
        return self.quota.per_second * min(1.0, self._part + RECOVERY * max(0.0, now - self._halved))

    def ready(self, now: float) -> float:
        """The moment from which the next one may go."""
        if self._is_idle(now):
            return now
        is_full = len(self._sent) == self.quota.most
        after_others = self._first(now)[0] + self.quota.window_seconds if is_full else now
        return max(after_others, now if self._is_bursting(now) else self._next)

    def take(self, now: float, operation: str = "") -> Departure:
        """One goes now; where it is a little later in the end, whoever sends it says so in what is given here."""
        is_whole = self.per_second(now) == self.quota.per_second
        gap = (HASTE if is_whole else 1) / self.per_second(now)
        if self._is_idle(now):
            self._burst = max(1, int(self.quota.most * BURST)) if is_whole else 1
            self._next = now + gap
        elif not self._is_bursting(now):
            self._next = max(self._next, now - CATCHING_UP * gap) + gap
        is_opening = operation not in self._usual or self._burst > 1 or self._is_bursting(now)
        self._burst -= 1
        if len(self._sent) == self.quota.most:
            self._sent.remove(self._first(now)[1])
        self._sent.append(departure := Departure(operation, now, is_opening=is_opening))
        self.asked += 1
        return departure

    def answer(self, departure: Departure, now: float) -> None:
        """It was answered."""
        departure.answered = now
        took = now - departure.at
        self._usual[departure.operation] = min(took, self._usual.get(departure.operation, took))

    def arrival(self, departure: Departure, now: float) -> float:
        """When AWS counted a request at the latest: one whose answer takes longer than usual may have been late on its way, by a
        little. What takes long may just as well be long work. Of those that open connections nobody knows what is usual."""
        usual = 0.0 if departure.is_opening else self._usual[departure.operation]
        late = (now if departure.answered is None else departure.answered) - departure.at - usual
        return departure.at + min(max(late, 0.0), LATEST_SECONDS)

    def _first(self, now: float) -> tuple[float, Departure]:
        first, earliest = self._sent[0], math.inf
        for departure in self._sent:  # none arrives before it departs: of most nothing need be worked out
            if departure.at < earliest and (arrival := self.arrival(departure, now)) < earliest:
                first, earliest = departure, arrival
        return earliest, first

    def throttle(self, now: float) -> None:
        """AWS said that it is too much."""
        self.throttled += 1
        if now < self._halved + 1.0:
            return
        self._part = max(SLOWEST, self.per_second(now) / self.quota.per_second / 2)
        self._halved, self._burst = now, 0
        self._next = max(self._next, now + 1 / self.per_second(now))

    def _is_bursting(self, now: float) -> bool:
        return self._burst > 0 and now < self._next

    def _is_idle(self, now: float) -> bool:
        """Whether for so long nobody asked, though it might have been."""
        return not self._sent or now >= max(self._sent[-1].at, self._next) + self.quota.window_seconds


@dataclass(slots=True)
class _Ticket:
    """One that waits; it is woken when it may depart, or when it has to watch the clock for all that wait."""

    operation: str
    departure: Departure | None = None
    leads: bool = False
    woken: threading.Event = field(default_factory=threading.Event)


class Turns:
    """Those that wait for one bucket: one of them watches the clock, and wakes whose turn it is."""

    def __init__(self, bucket: Bucket, clock: Callable[[], float], sleep: Callable[[float], None]) -> None:
        self.bucket = bucket
        self._clock, self._sleep = clock, sleep
        self._lock = threading.Lock()
        self._waiting: list[tuple[float, int, _Ticket]] = []
        self._numbers = count()
        self._is_led = False
        self._own = threading.local()  # a thread has one request under way

    def wait(self, operation: str = "", head_start_seconds: float = 0.0) -> None:
        """Until it is this one's turn: that of who came first, a head start counted in."""
        ticket = _Ticket(operation)
        with self._lock:
            heapq.heappush(self._waiting, (self._clock() - head_start_seconds, next(self._numbers), ticket))
            ticket.leads, self._is_led = not self._is_led, True
        try:
            if not ticket.leads:
                ticket.woken.wait()
            while not ticket.departure:
                self._lead()
        finally:
            self._leave(ticket)
        with self._lock:
            ticket.departure.at = max(ticket.departure.at, self._clock())
        self._own.departure = ticket.departure

    def answered(self, *, is_throttled: bool) -> None:
        """What this thread waited for was answered."""
        with self._lock:
            now, departure = self._clock(), getattr(self._own, "departure", None)
            if is_throttled:
                self.bucket.throttle(now)
            elif departure:
                self.bucket.answer(departure, now)
        self._own.departure = None

    def _lead(self) -> None:
        """Give the turn to whose it is once it is time."""
        with self._lock:
            now = self._clock()
            ahead = self.bucket.ready(now) - now
            if ahead <= 0:
                first = heapq.heappop(self._waiting)[2]
                first.departure = self.bucket.take(now, first.operation)
                first.woken.set()
        if ahead > 0:
            self._sleep(ahead)

    def _leave(self, ticket: _Ticket) -> None:
        """Who leaves, be it with an exception, is not waited for, and another one watches the clock."""
        with self._lock:
            if not ticket.departure:
                self._waiting = [entry for entry in self._waiting if entry[2] is not ticket]
                heapq.heapify(self._waiting)
            if ticket.leads:
                self._is_led = bool(self._waiting)
                for _, _, heir in self._waiting[:1]:
                    heir.leads = True
                    heir.woken.set()


@dataclass(frozen=True, slots=True)
class Traffic:
    """How a bucket is drawn on: requests sent, those that wait, the rate that holds now, and how often AWS said that it was too much."""

    owner: str
    region: str
    quota: str
    asked: int
    waiting: int
    per_second: float
    throttled: int


class Schedule:
    """The lines of all buckets of a run, made when first used; for all threads."""

    def __init__(self, per_second: float, clock: Callable[[], float], sleep: Callable[[float], None]) -> None:
        self.calls_per_second = per_second
        self._clock, self._sleep = clock, sleep
        self._lock = threading.Lock()
        self._turns: dict[tuple[str, str, Quota], Turns] = {}

    def turns(self, owner: str, region: str, api: str, operation: str) -> Turns | None:
        """The line that a call stands in; `owner` is the number of the account, for two names of one share its quotas."""
        limit = quota(api, operation, self.calls_per_second)
        if limit is None:
            return None
        with self._lock:
            key = owner, region, limit
            if key not in self._turns:
                self._turns[key] = Turns(Bucket(limit), self._clock, self._sleep)
            return self._turns[key]

    def traffic(self) -> tuple[Traffic, ...]:
        """What stands now, by owner, region and quota."""
        with self._lock:
            lines = sorted(self._turns.items(), key=lambda item: (item[0][0], item[0][1], item[0][2].name))
        return tuple(
            Traffic(
                owner, region, limit.name, turns.bucket.asked, len(turns._waiting),
                turns.bucket.per_second(self._clock()), turns.bucket.throttled,
            )
            for (owner, region, limit), turns in lines
        )  # fmt: skip
