"""Many jobs side by side: what waits holds no thread, costs as few calls as can be, and ends with its run."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import pytest

from reconciler.aws import jobs as module
from reconciler.aws.client import Answer, Aws
from reconciler.aws.jobs import LOOKERS, ROOM_BYTES, WORKERS, Jobs
from reconciler.core.errors import CallFailed, Interrupted, SettleFailed
from reconciler.core.model import Properties, Target
from reconciler.core.place import Place
from reconciler.core.waiting import Awaited, Flow, Pause, State, Together, UploadRoom, Wait, Waits, side_by_side

HERE, THERE = Place("test", "us-west-2"), Place("test", "eu-west-1")
MANY = 200


@dataclass
class Answering:
    """An AWS on a clock of its own, which goes on only while everybody waits. What is begun, by name at a time, is done so many
    seconds later, or as many as it `takes`, and has `ended` when that was first seen; a page of the listing has `page` of it. Counts what it was asked for, with the time."""

    seconds: float = 2.0
    page: int = 100
    time: float = 0.0
    patience_seconds: float = 300.0
    begun: dict[str, float] = field(default_factory=dict)
    asked: list[tuple[str, float]] = field(default_factory=list)
    unlisted: frozenset[str] = frozenset()
    is_over: bool = False
    takes: dict[str, float] = field(default_factory=dict)
    ended: dict[str, tuple[float, float]] = field(default_factory=dict)

    def now(self) -> float:
        return self.time

    def pause(self, seconds: float) -> None:
        self.time += seconds

    def is_stopping(self) -> bool:
        return self.is_over

    def state(self, name: str) -> dict[str, Any]:
        is_done = self.time >= self.begun[name] + self.takes.get(name, self.seconds)
        if is_done:
            self.ended.setdefault(name, (self.begun[name], self.time))
        return {"Name": name, "State": "Done" if is_done else "Moving"}

    def find(self, _: Place, operation: str, params: Properties) -> Mapping[str, Any] | None:
        self.asked.append((operation, self.time))
        return self.state(params["Name"])

    def pages(self, _: Place, operation: str, _params: Properties) -> Iterator[Mapping[str, Any]]:
        names = sorted(self.begun)
        for first in range(0, len(names), self.page):
            self.asked.append((operation, self.time))
            shown = [name for name in names[first : first + self.page] if name not in self.unlisted]
            yield {"Items": [self.state(name) for name in shown]}

    def counted(self) -> Counter[str]:
        return Counter(operation for operation, _ in self.asked)


def look(_: Target, answered: Properties, _state: State) -> tuple[str, Properties]:
    return "GetItem", {"Name": answered["Name"]}


def is_done(state: State, _target: Target, _answered: Properties) -> bool:
    return state is not None and state["State"] == "Done"


ALONE = Wait("item-done", look, is_done, str)
SCARCE = Wait("item-scarce", look, is_done, str, is_scarce=True)
LISTED = Wait("item-listed", look, is_done, str, is_scarce=True, together=Together("ListItems", "Items", "Name"))


def begun(aws: Answering, name: str, wait: Wait, place: Place = HERE) -> Waits[State]:
    aws.begun[name] = aws.time
    answered = {"Name": name, "State": "Moving"}
    return (yield Awaited(Target(place.account, place.region, name), wait, answered))


def made(aws: Answering) -> Jobs:
    return Jobs(aws)  # type: ignore[arg-type]


def all_done(aws: Answering, count: int, wait: Wait) -> list[State]:
    jobs = made(aws)
    futures = [jobs.start(HERE, begun(aws, f"f{number}", wait)) for number in range(count)]
    jobs.run()
    return [future.result() for future in futures]


def test_what_waits_holds_no_thread() -> None:
    """Each is over only once all of them wait, which are more than there are threads."""
    aws, waiting = Answering(), list[str]()

    def is_together(state: State, _target: Target, _answered: Properties) -> bool:
        return state is not None and state["State"] == "Done" and len(waiting) == MANY

    def waits(name: str) -> Flow[State]:
        waiting.append(name)
        return (yield from begun(aws, name, Wait("all-wait", look, is_together, str)))

    jobs = made(aws)
    futures = [jobs.start(HERE, waits(f"f{number}")) for number in range(MANY)]
    jobs.run()
    assert all(future.result() for future in futures)
    assert MANY > WORKERS + LOOKERS


def test_a_wait_is_looked_at_ever_less_often() -> None:
    aws = Answering(seconds=60.0)
    assert all_done(aws, 1, ALONE) == [{"Name": "f0", "State": "Done"}]
    times = [at for _, at in aws.asked]
    gaps = [round(after - before, 6) for before, after in pairwise(times)]
    assert gaps == sorted(gaps)
    assert len(times) < 45


def test_what_one_job_waits_for_side_by_side_takes_the_time_and_the_looks_of_one() -> None:
    alone, together = Answering(), Answering()
    all_done(alone, 1, LISTED)

    def all_of_them() -> Flow[list[State]]:
        return (yield from side_by_side(begun(together, f"f{number}", LISTED) for number in range(20)))

    jobs = made(together)
    future = jobs.start(HERE, all_of_them())
    jobs.run()
    assert future.result() == [{"Name": f"f{number}", "State": "Done"} for number in range(20)]
    assert together.time == alone.time
    assert len(together.asked) == len(alone.asked)


def test_of_several_that_one_job_waits_for_each_hears_its_own_end() -> None:
    aws, heard = Answering(takes={"f1": 9.0}), list[str]()

    def is_over(state: State, target: Target, answered: Properties) -> bool:
        if target.name == "f2":
            raise SettleFailed("given up")
        return is_done(state, target, answered)

    def then(number: int) -> Waits[str]:
        name = f"f{number}"
        aws.begun[name] = aws.time
        try:
            yield Pause(float(number))
            yield Awaited(
                Target("test", "us-west-2", name), Wait("own", look, is_over, str), {"Name": name, "State": "Moving"}
            )
        except SettleFailed as error:
            return str(error)
        heard.append(name)
        return name

    jobs = made(aws)
    future = jobs.start(HERE, side_by_side(then(number) for number in range(4)))
    jobs.run()
    assert future.result() == ["f0", "f1", "given up", "f3"]
    assert heard == ["f0", "f1", "f3"]
    assert aws.time < 15


def started(aws: Answering, seconds: list[float], wait: Wait = ALONE, apart: float = 0.07) -> None:
    """One after the other, each of which AWS takes so long with."""

    def later(number: int) -> Flow[State]:
        yield Pause(number * apart)
        name = f"f{number}"
        aws.takes[name] = seconds[number]
        return (yield from begun(aws, name, wait))

    jobs = made(aws)
    futures = [jobs.start(HERE, later(number)) for number in range(len(seconds))]
    jobs.run()
    assert all(future.result() for future in futures)


@pytest.mark.parametrize(("seconds", "most"), [(0.3, 1.2), (2.0, 1.5), (2.1, 1.3), (17.0, 3.5), (60.0, 5.5)])
def test_all_learn_from_the_oldest_and_from_each_other_how_long_aws_takes(seconds: float, most: float) -> None:
    aws = Answering()
    started(aws, [seconds] * 100)
    assert aws.counted()["GetItem"] <= most * 100


@pytest.mark.parametrize("seconds", [0.3, 2.0, 7.0, 60.0])
def test_the_last_is_seen_soon_after_it_is_done(seconds: float) -> None:
    aws = Answering()
    started(aws, [seconds] * 20)
    assert aws.time <= 19 * 0.07 + seconds + 1.0


def test_one_that_takes_a_minute_holds_up_none_that_takes_a_second() -> None:
    """The oldest says nothing for a minute, and the others are looked at all the same."""
    aws = Answering()
    started(aws, [60.0] + [1.0] * 30)
    assert aws.counted()["GetItem"] <= 45 + 2 * 30
    assert max(done - begun for name, (begun, done) in aws.ended.items() if name != "f0") <= 2.5


@pytest.mark.parametrize(("whole", "most"), [(5.0, 20), (60.0, 90)])
def test_what_shows_that_it_may_be_over_is_looked_at_once_more_at_once(whole: float, most: int) -> None:
    """A half of it is done after five seconds, and the other half then or later, which another call tells."""

    class Halves(Answering):
        def find(self, place: Place, operation: str, params: Properties) -> Mapping[str, Any] | None:
            shown = super().find(place, operation, params) or {}
            return {**shown, "State": "Half" if operation == "GetItem" and self.time >= 5.0 else shown["State"]}

    def look_at_both(_: Target, answered: Properties, state: State) -> tuple[str, Properties]:
        return "GetOther" if is_half(state) else "GetItem", {"Name": answered["Name"]}

    def is_half(state: State) -> bool:
        return state is not None and state["State"] == "Half"

    aws = Halves(seconds=whole)
    all_done(aws, 1, Wait("item-halves", look_at_both, is_done, str, is_near=is_half))
    assert [operation for operation, at in aws.asked if at == aws.time] == ["GetItem", "GetOther"]
    assert len(aws.asked) <= most


def test_one_listing_a_second_shows_all_that_wait() -> None:
    aws = Answering(seconds=5.0)
    assert len(all_done(aws, 99, LISTED)) == 99
    assert aws.counted() == {"ListItems": 5}


@pytest.mark.parametrize("seconds", [0.5, 2.0, 20.0])
def test_while_ever_more_come_a_listing_shows_many_and_the_last_as_soon_as_it_can_be_done(seconds: float) -> None:
    aws = Answering(page=200)
    started(aws, [seconds] * 200, LISTED, apart=0.1)
    assert aws.counted()["ListItems"] <= 8 + max(seconds - 2, 0.0)
    assert aws.time <= 199 * 0.1 + max(seconds, 1.0) * 1.1
    assert max(done - begun for begun, done in aws.ended.values()) <= seconds + 6.0


INSTEAD = Wait("item-told", look, lambda state, _, answered: state is not answered, str, is_whole=True, together=Together("ListItems", "Items", "Name", is_instead=True))  # fmt: skip


@pytest.mark.parametrize(
    ("count", "others", "asked"),
    [(1, 0, {"GetItem": 1}), (8, 0, {"GetItem": 8}), (9, 0, {"ListItems": 1}), (90, 60, {"ListItems": 2}), (40, 900, {"ListItems": 5, "GetItem": 40})],
)  # fmt: skip
def test_who_ends_with_many_others_is_told_by_one_listing_where_that_spares_calls(
    count: int, others: int, asked: dict[str, int]
) -> None:
    aws = Answering()
    aws.begun |= {f"a{number}": 0.0 for number in range(others)}
    assert len(all_done(aws, count, INSTEAD)) == count
    assert aws.counted() == asked
    assert aws.time == 0.0


def test_who_may_end_with_others_that_are_at_work_waits_for_them_but_not_for_long() -> None:
    """One is at work for as long as nobody is told; time passes whenever somebody looks at the clock."""
    aws, is_told, clock = Answering(), threading.Event(), iter(range(10_000))

    def working() -> Flow[bool]:
        yield Pause(0.0)
        return is_told.wait(30)

    def told() -> Flow[bool]:
        yield from begun(aws, "f0", INSTEAD)
        is_told.set()
        return aws.counted() == {"GetItem": 1}

    jobs = made(aws)
    futures = [jobs.start(HERE, working()), jobs.start(HERE, told())]
    aws.now = lambda: float(next(clock))  # type: ignore[method-assign]
    jobs.run()
    assert all(future.result() for future in futures)


def test_nothing_scarce_is_asked_before_it_can_be_done() -> None:
    aws = Answering(seconds=0.5)
    all_done(aws, 3, LISTED)
    assert min(at for _, at in aws.asked) >= 1.0


@pytest.mark.parametrize(
    ("count", "asked"), [(1, {"GetItem": 1}), (2, {"ListItems": 2, "GetItem": 2}), (40, {"ListItems": 34})]
)
def test_a_listing_costs_no_more_than_asking_for_each(count: int, asked: dict[str, int]) -> None:
    """The place has others, three on a page, which stand before these."""
    aws = Answering(seconds=0.5, page=3)
    aws.begun |= {f"a{number}": 0.0 for number in range(60)}
    all_done(aws, count, LISTED)
    assert aws.counted() == asked


@pytest.mark.parametrize("wait", [SCARCE, LISTED], ids=["alone", "listed"])
def test_however_many_wait_what_is_scarce_is_left_to_others(wait: Wait) -> None:
    """Two thousand, whose listing has hundreds of pages: a fifth of the quota for looks, whoever is asked how."""
    aws = Answering(seconds=300.0, page=5)
    all_done(aws, 2000, wait)
    assert sum(aws.counted().values()) <= 3.2 * aws.time + 2000


def test_what_a_listing_does_not_show_is_asked_for_alone() -> None:
    aws = Answering(unlisted=frozenset({"f3"}))
    assert len(all_done(aws, 9, LISTED)) == 9
    assert aws.counted()["GetItem"] >= 1


def test_a_listing_that_is_refused_is_no_failure() -> None:
    class Refusing(Answering):
        def pages(self, *_: Any) -> Iterator[Mapping[str, Any]]:
            raise CallFailed("no", code="AccessDenied")

    aws = Refusing()
    assert len(all_done(aws, 9, LISTED)) == 9
    assert set(aws.counted()) == {"GetItem"}


def test_what_a_job_waits_for_in_vain_is_its_own_failure() -> None:
    aws = Answering(seconds=1e6)
    jobs = made(aws)

    def wary() -> Flow[str]:
        try:
            yield from begun(aws, "slow", ALONE)
        except SettleFailed as failure:
            return str(failure)
        return ""

    def broken() -> Flow[str]:
        yield Pause(0.1)
        raise ZeroDivisionError

    def fine() -> Flow[str]:
        yield Pause(0.2)
        return "done"

    futures = [jobs.start(HERE, flow) for flow in (wary(), broken(), fine())]
    jobs.run()
    assert "still not settled after 600 s (item-done)" in futures[0].result()
    assert isinstance(futures[1].exception(), ZeroDivisionError)
    assert futures[2].result() == "done"


@pytest.mark.parametrize("wait", [ALONE, SCARCE, LISTED], ids=["alone", "scarce", "listed"])
def test_nobody_waits_longer_than_there_is_patience_however_many_wait(wait: Wait) -> None:
    aws = Answering(seconds=1e6)
    jobs = made(aws)
    futures = [jobs.start(HERE, begun(aws, f"f{number}", wait)) for number in range(2 * MANY)]
    jobs.run()
    assert all("still not settled after 600 s" in str(future.exception()) for future in futures)
    assert aws.time <= 600.0 + (2 * MANY / 3 if wait is SCARCE else 6.0)


@pytest.mark.parametrize("wait", [ALONE, LISTED], ids=["alone", "listed"])
def test_an_answer_that_does_not_say_what_to_look_at_fails_its_own_job_alone(wait: Wait) -> None:
    aws = Answering()

    def nameless() -> Flow[State]:
        return (yield Awaited(Target("test", "us-west-2", "x"), wait, {"State": "Moving"}))

    jobs = made(aws)
    broken, fine = jobs.start(HERE, nameless()), jobs.start(HERE, begun(aws, "f0", wait))
    jobs.run()
    assert isinstance(broken.exception(), KeyError)
    assert fine.result() == {"Name": "f0", "State": "Done"}


@pytest.mark.parametrize("wait", [ALONE, LISTED], ids=["alone", "listed"])
def test_who_stops_waits_for_nothing_any_longer(wait: Wait) -> None:
    aws = Answering(seconds=1e6)

    def stopping() -> Flow[None]:
        yield Pause(7.0)
        aws.is_over = True

    jobs = made(aws)
    futures: list[Future[Any]] = [jobs.start(HERE, begun(aws, f"f{number}", wait)) for number in range(50)]
    futures.append(jobs.start(HERE, stopping()))
    jobs.run()
    assert all(isinstance(future.exception(), Interrupted) for future in futures[:-1])
    assert aws.time < 9.0


@pytest.mark.parametrize("wait", [ALONE, LISTED], ids=["alone", "listed"])
def test_who_stops_does_not_look_at_all_that_is_due_first(wait: Wait) -> None:
    class Stopping(Answering):
        def find(self, place: Place, operation: str, params: Properties) -> Mapping[str, Any] | None:
            self.is_over = True
            return super().find(place, operation, params)

        def pages(self, place: Place, operation: str, params: Properties) -> Iterator[Mapping[str, Any]]:
            self.is_over = True
            return super().pages(place, operation, params)

    aws = Stopping(seconds=1e6, page=5)
    jobs = made(aws)
    futures = [jobs.start(HERE, begun(aws, f"f{number}", wait)) for number in range(MANY)]
    jobs.run()
    assert aws.counted()["GetItem"] <= LOOKERS
    assert {str(future.exception()) for future in futures} == {
        f"test/us-west-2/f{number}: stopped while AWS was still at it ({wait.name})" for number in range(MANY)
    }


def test_one_place_does_not_hold_up_another() -> None:
    """All threads of the first wait for what only the second does."""
    done = threading.Event()

    def held() -> Flow[bool]:
        yield Pause(0)
        return done.wait(30)

    def freeing() -> Flow[bool]:
        yield Pause(0)
        done.set()
        return True

    jobs = made(Answering())
    futures = [jobs.start(HERE, held()) for _ in range(WORKERS + 1)] + [jobs.start(THERE, freeing())]
    jobs.run()
    assert all(future.result() for future in futures)


def test_what_was_begun_goes_on_before_others_begin_but_for_the_urgent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WORKERS", 1)
    order = list[str]()

    def steps(name: str) -> Flow[None]:
        order.append(f"{name}1")
        yield UploadRoom(1)
        order.append(f"{name}2")

    jobs = made(Answering())
    for name, is_urgent in (("a", False), ("b", False), ("u", True), ("v", True)):
        jobs.start(HERE, steps(name), is_urgent=is_urgent)
    jobs.run()
    assert order == ["u1", "v1", "u2", "v2", "a1", "a2", "b1", "b2"]


def test_no_more_is_sent_at_once_than_there_is_room_for_and_one_at_least() -> None:
    lock, held, most = threading.Lock(), [0], [0]
    sizes = [ROOM_BYTES // 4] * 12 + [ROOM_BYTES * 3] * 2 + [1] * 12

    def sends(size: int) -> Flow[int]:
        yield UploadRoom(size)
        with lock:
            held[0] += size
            most[0] = max(most[0], held[0] if held[0] > size else 0)
        time.sleep(0.002)
        with lock:
            held[0] -= size
        yield Pause(0.0)
        return size

    jobs = made(Answering())
    futures = [jobs.start(HERE, sends(size)) for size in sizes]
    jobs.run()
    assert [future.result() for future in futures] == sizes
    assert ROOM_BYTES // 4 < most[0] <= ROOM_BYTES


def test_who_waits_for_room_is_not_asked_whenever_some_is_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    pieces, make_ready = list[Any](), Jobs._make_ready

    def counted(jobs: Jobs, job: Any, piece: Any, rank: int) -> None:
        pieces.append(job)
        make_ready(jobs, job, piece, rank)

    monkeypatch.setattr(Jobs, "_make_ready", counted)

    def sends() -> Flow[None]:
        yield UploadRoom(ROOM_BYTES)
        yield Pause(0.0)

    jobs = made(Answering())
    futures = [jobs.start(HERE, sends()) for _ in range(MANY)]
    jobs.run()
    assert all(future.result() is None for future in futures)
    assert len(pieces) == 3 * MANY


def test_a_call_that_is_refused_for_now_holds_no_thread_until_it_is_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is taken only once all of them were refused, which are more than there are threads."""
    clock, refused = Answering(), set[str]()
    aws = Aws({}, clock=clock.now, sleep=clock.pause)

    def attempt(_: Place, __: str, params: Properties, ___: str) -> Answer:
        refused.add(params["FunctionName"])
        if len(refused) < MANY:
            raise CallFailed("the role cannot be assumed by Lambda", code="InvalidParameterValueException", attempts=1)
        return Answer(params)

    monkeypatch.setattr(aws, "_attempt", attempt)
    jobs = Jobs(aws)
    futures = [
        jobs.start(HERE, aws.change(HERE, "CreateFunction", {"FunctionName": f"f{number}"}, lambda *_: None))
        for number in range(MANY)
    ]
    jobs.run()
    assert [future.result().result["FunctionName"] for future in futures] == [f"f{number}" for number in range(MANY)]


def test_jobs_that_are_started_by_the_end_of_others_are_done_too() -> None:
    jobs, done = made(Answering()), list[int]()

    def number(this: int) -> Flow[int]:
        yield Pause(0.01)
        return this

    def ended(future: Future[int]) -> None:
        done.append(future.result())
        if future.result() < 5:
            jobs.start(HERE, number(future.result() + 1)).add_done_callback(ended)

    jobs.start(HERE, number(1)).add_done_callback(ended)
    jobs.run()
    assert done == [1, 2, 3, 4, 5]
