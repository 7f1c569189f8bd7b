"""A wait as a value: what is looked at until it is over, and how that is told. The seam polls it and knows nothing else.

What takes several calls with waits in between is a generator: it yields what it waits for and is sent what was seen.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeAlias, TypeVar

from reconciler.core.model import Properties, Target

State = Mapping[str, Any] | None  # what a look showed; None when there is nothing
Look = Callable[[Target, Properties, State], tuple[str, Properties]]
T = TypeVar("T")
Judge = Callable[[State, Target, Properties], bool]
Hint = Callable[[State], bool]


@dataclass(frozen=True, slots=True)
class Together:
    """A listing of a whole account and region that shows what many wait for at once: its items stand in `member`, and `by` is
    what tells them apart, in an item as in the answer of a call. `is_instead`: it stands for looks that are not scarce and tell at once, so
    it must spare many of them."""

    operation: str
    member: str
    by: str
    is_instead: bool = False


@dataclass(frozen=True, slots=True)
class Wait:
    """`look(target, answered, state)` is the reading call, of the answer of the call that is waited for and of what the last look
    showed; `member` is where the state stands in its answer, empty for the whole. `is_over(state, target, answered)` raises
    SettleFailed where waiting does not help any more; it is asked first with `answered` itself for a state. `describe(state)` says how
    it stands, for people. `is_for_the_end`: what is waited for is to go. `is_scarce`: its looks draw on the quota that most calls
    share; `is_slow`: it may take minutes. `is_named_by_answer`: the call's answer says what to look at; of everything else
    `answered` is what must be there, with its `Name` and the RevisionId that it had before. `together`: one listing shows many.
    `is_whole`: the whole answer of the last look is all of what was changed, and what is told once it is over. `is_near(state)`: it may be
    over already, which another look tells at once. `usual_seconds` is how long AWS takes as a rule: 0 where its answer tells already that it
    is over, None where nobody knows."""

    name: str
    look: Look
    is_over: Judge
    describe: Callable[[State], str]
    member: str = ""
    is_for_the_end: bool = False
    is_scarce: bool = False
    is_slow: bool = False
    is_named_by_answer: bool = False
    together: Together | None = None
    is_whole: bool = False
    is_near: Hint = lambda _: False
    usual_seconds: float | None = None

    def state(self, answer: State) -> State:
        """What an answer shows."""
        return answer[self.member] if answer and self.member else answer


def is_gone(state: State, _target: Target, _answered: Properties) -> bool:
    return state is None


def is_told(state: State, _target: Target, answered: Properties) -> bool:
    """Once anybody has looked: what is there, be it gone, or as a listing of all has it."""
    return state is not answered


@dataclass(frozen=True, slots=True)
class Awaited:
    """A wait for what a target's call has begun. `seconds` says how long it may take, where that is not as long as for a change of our
    own."""

    target: Target
    wait: Wait
    answered: Properties
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Pause:
    """Some time before the next look."""

    seconds: float


@dataclass(frozen=True, slots=True)
class UploadRoom:
    """Line for so many bytes, from now to whatever is waited for next; what is sent once more takes none."""

    size: int


@dataclass(slots=True)
class All:
    """Several waits that are begun together, over once each of them is: `ends` has then, by their places, what each showed, or why there is no
    use in waiting on."""

    parts: tuple[Awaited | Pause, ...]
    ends: dict[int, tuple[State, Exception | None]] = field(default_factory=dict)


Waits: TypeAlias = Generator[Awaited | Pause, State, T]
Flow: TypeAlias = Generator[Awaited | Pause | UploadRoom | All, State, T]


def side_by_side(flows: Iterable[Waits[T]]) -> Flow[list[T]]:
    """What each of them ends with. They take turns in one thread, and what they have come to wait for is waited for together."""
    all_flows, results = [*flows], dict[int, T]()
    steps: dict[int, Callable[[], Awaited | Pause]] = {
        number: partial(flow.send, None) for number, flow in enumerate(all_flows)
    }
    while steps:
        wanted = dict[int, Awaited | Pause]()
        for number, step in steps.items():
            try:
                wanted[number] = step()
            except StopIteration as end:
                results[number] = end.value
        together = All(tuple(wanted.values()))
        if wanted:
            yield together
        steps = {}
        for place, number in enumerate(wanted):
            state, error = together.ends[place]
            flow = all_flows[number]
            steps[number] = partial(flow.throw, error) if error else partial(flow.send, state)
    return [results[number] for number in range(len(all_flows))]
