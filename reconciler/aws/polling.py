"""How what many wait for at once is looked at: which looks are due, and what they showed. It is asked by one thread, and whoever makes the
looks is another's business.
"""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import count, islice
from typing import Any

from reconciler.aws.client import Aws
from reconciler.aws.when import NEVER, SCARCE_LOOKS_PER_SECOND, Alike, Group, Hear, Waiting
from reconciler.core.errors import CallFailed, Interrupted
from reconciler.core.place import Place
from reconciler.core.waiting import Awaited, State, Together

MOST_MISSED = 5  # looks in a row that AWS does not answer, before it is not waited for any more

IsIdle = Callable[[Place], bool]  # whether nobody is at work there who may come to wait as well


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
        self._alone: list[tuple[float, int, Waiting]] = []
        self._alike: dict[tuple[Place, str], Alike] = defaultdict(Alike)
        self._groups: dict[tuple[Place, Together], Group] = {}
        self._scarce: Counter[Place] = Counter()  # that wait each alone for what is scarce
        self._number = count()

    def begin(self, awaited: Awaited, hear: Hear) -> None:
        """What the call has answered may be the end of it already."""
        wait, now, usual = awaited.wait, self._aws.now(), self._aws.patience_seconds
        patience = (3 if wait.is_slow else 2) * usual if awaited.seconds is None else awaited.seconds
        waiting = Waiting(awaited, hear, now, patience, awaited.answered, awaited.answered)
        if wait.together is None or wait.together.by not in awaited.answered:
            self._stand_alone(waiting)
        else:
            self._groups.setdefault((waiting.place, wait.together), Group(wait.together)).newest = now
        self._judge(waiting)

    def due(self, is_idle: IsIdle) -> float:
        """When the next look is, by the seam's clock."""
        while self._alone and not _is_next(self._alone[0]):
            heapq.heappop(self._alone)
        alone = self._alone[0][0] if self._alone else NEVER
        return min([alone, *(group.due(is_idle=is_idle(place)) for (place, _), group in self._groups.items())])

    def looks(self, now: float, is_idle: IsIdle) -> Iterator[Look]:
        """What is to be looked at now. A listing is, unless asking for each costs no more calls."""
        while self._alone and self._alone[0][0] <= now:
            entry = heapq.heappop(self._alone)
            if _is_next(entry):
                yield self._look(entry[2])
        for (place, together), group in self._groups.items():
            if group.due(is_idle=is_idle(place)) > now:
                continue
            waiting, group.waiting, group.looked_at = group.waiting, [], now
            if len(waiting) <= group.pages * group.looks_for_a_page:
                yield from map(self._look, waiting)
                continue
            group.is_read_now = True
            names, most = {_named(each, together) for each in waiting}, len(waiting) // group.looks_for_a_page
            yield Look(
                place,
                partial(listed, self._aws, place, together, names, most),
                partial(self._listed, waiting, group),
            )

    def stop(self) -> None:
        """Whoever waits, and is not looked at right now, hears that nobody waits any longer."""
        waiting, self._alone = [entry[2] for entry in self._alone if _is_next(entry)], []
        for group in self._groups.values():
            waiting += group.waiting
            group.waiting = []
        for each in waiting:
            self._end(each, None, each.interrupted())

    def _look(self, waiting: Waiting) -> Look:
        waiting.due = -NEVER
        return Look(
            waiting.place, partial(looked, self._aws, waiting.awaited, waiting.state), partial(self._looked, waiting)
        )

    def _looked(self, waiting: Waiting, shown: State, error: Exception | None) -> None:
        """What AWS does not show for now is looked at again, but not for ever: each look had all its attempts already."""
        waiting.missed = waiting.missed + 1 if error else 0
        is_passing = isinstance(error, CallFailed) and error.is_retryable and waiting.missed < MOST_MISSED
        if error and not is_passing:
            self._end(waiting, None, waiting.interrupted() if isinstance(error, Interrupted) else error)
            return
        if not error:
            waiting.state, waiting.shown = waiting.awaited.wait.state(shown), shown
        self._judge(waiting)

    def _listed(self, waiting: list[Waiting], group: Group, answer: Any, error: Exception | None) -> None:
        """What a listing does not show is asked for alone, and so is everything when it could not be read."""
        shown, group.pages = ({}, group.pages) if error else answer
        group.is_read_now = False
        for each in waiting:
            if _named(each, group.together) in shown:
                each.state = each.shown = shown[_named(each, group.together)]
                self._judge(each)
            else:
                self._stand_alone(each)
                self._look_alone(each, self._aws.now())

    def _judge(self, waiting: Waiting) -> None:
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

    def _go_on(self, waiting: Waiting) -> None:
        wait = waiting.awaited.wait
        if wait.together and not waiting.is_alone:
            self._groups[waiting.place, wait.together].join(waiting)
            return
        now, alike = self._aws.now(), self._alike_of(waiting)
        alike.join(waiting)
        by_cost = self._scarce[waiting.place] / SCARCE_LOOKS_PER_SECOND if wait.is_scarce else 0.0
        is_near = waiting.state is not waiting.awaited.answered and wait.is_near(waiting.state)
        self._look_alone(waiting, max(now if is_near else alike.due(waiting, now), now + by_cost))

    def _alike_of(self, waiting: Waiting) -> Alike:
        return self._alike[waiting.place, waiting.awaited.wait.name]

    def _learn(self, waiting: Waiting) -> None:
        """How long it took is how long others will take, that are not looked at before."""
        now, alike, wait = self._aws.now(), self._alike_of(waiting), waiting.awaited.wait
        if waiting.state is waiting.awaited.answered:
            return
        if wait.together and not waiting.is_alone:
            self._groups[waiting.place, wait.together].learn(now - waiting.begun)
        if waiting not in alike.waiting or not alike.has_learnt(now - waiting.begun) or wait.is_scarce:
            return
        for each in alike.waiting:
            usual = max(each.begun + alike.least, now)
            if each.due > usual:
                self._look_alone(each, usual)

    def _stand_alone(self, waiting: Waiting) -> None:
        waiting.is_alone = True
        self._scarce[waiting.place] += waiting.awaited.wait.is_scarce

    def _end(self, waiting: Waiting, state: State, error: Exception | None) -> None:
        self._scarce[waiting.place] -= waiting.is_alone and waiting.awaited.wait.is_scarce
        self._alike_of(waiting).waiting.discard(waiting)
        waiting.hear(state, error)

    def _look_alone(self, waiting: Waiting, due: float) -> None:
        """At that time, and no longer at another."""
        waiting.due, waiting.turn = due, next(self._number)
        heapq.heappush(self._alone, (due, waiting.turn, waiting))


def _is_next(entry: tuple[float, int, Waiting]) -> bool:
    """Whether it is still to be looked at then."""
    return entry[1] == entry[2].turn


def looked(aws: Aws, awaited: Awaited, state: State) -> State:
    """What AWS answers about one."""
    return aws.find(Place.of(awaited.target), *awaited.wait.look(awaited.target, awaited.answered, state))


def listed(aws: Aws, place: Place, together: Together, names: Collection[str], most: int) -> tuple[dict[str, Any], int]:
    """What a listing shows of these, and how many pages it takes: at most so many are read, and there are as many more where that is not all."""
    shown: dict[str, Any] = {}
    pages, has_more = 0, False
    for page in islice(aws.pages(place, together.operation, {}), most):
        pages += 1
        shown |= {item[together.by]: item for item in page[together.member] if item[together.by] in names}
        has_more = bool(page.get("NextMarker"))
        if len(shown) == len(names):
            return shown, pages
    return shown, pages * (2 if has_more else 1)


def _named(waiting: Waiting, together: Together) -> str:
    return str(waiting.awaited.answered[together.by])
