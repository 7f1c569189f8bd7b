"""The pace at which AWS is asked, on a clock of our own: never too much, never less than may be, and nobody waits for ever."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reconciler.aws.client import Aws
from reconciler.aws.pace import HASTE, LAMBDA, SHARE, Bucket, Departure, Quota, Schedule, Turns, quota
from reconciler.core.accounts import Account
from reconciler.core.place import Place
from reconciler.sandbox.refusals import Refused
from tests.conftest import House, function_spec

ORDINARY = Quota("", LAMBDA * SHARE)


class Clock:
    """Time that passes where somebody sleeps, and a list of how long."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.now += seconds


def sent(bucket: Bucket, arrivals: Iterable[float], late: Iterable[float] = ()) -> list[float]:
    """When requests that come at these times leave, each so much later than it may; they are answered at once."""
    times: list[float] = []
    lateness = iter(late)
    for arrival in arrivals:
        now = max([arrival, *times[-1:]])
        while (ready := bucket.ready(now)) > now:
            now = ready
        now += next(lateness, 0.0)
        while (ready := bucket.ready(now)) > now:
            now = ready
        bucket.answer(bucket.take(now), now)
        times.append(now)
    return times


def busiest(times: list[float]) -> int:
    """The most requests in any one second."""
    return max((sum(1 for other in times if time <= other < time + 1) for time in times), default=0)


GAPS = st.lists(st.one_of(st.just(0.0), st.floats(0, 0.2), st.floats(0, 5)), min_size=1, max_size=120)


@given(GAPS, st.lists(st.floats(0, 0.1), max_size=120), st.sampled_from([0.5, 1, 3, 7.5, 14.4, 15, 96]))
def test_no_second_has_more_than_its_quota_whoever_comes_and_whoever_is_late(
    gaps: list[float], late: list[float], rate: float
) -> None:
    bucket, arrivals, now = Bucket(Quota("", rate)), [], 0.0
    for gap in gaps:
        now += gap
        arrivals.append(now)
    times = sent(bucket, arrivals, late)
    assert busiest(times) <= max(1, int(rate / SHARE + 1e-9))


def test_at_the_share_that_nobody_changed_no_second_has_more_than_aws_gives() -> None:
    for operation, given_by_aws in (("GetFunction", 100), ("GetPolicy", 15), ("ListAliases", 15)):
        drawn_on = quota("lambda", operation, LAMBDA * SHARE)
        assert drawn_on
        assert busiest(sent(Bucket(drawn_on), [0.0] * 500)) <= given_by_aws


def test_what_leaves_within_the_rate_s_room_of_each_other_is_no_more_than_the_quota_on_its_way() -> None:
    """Requests may come together by the twentieth part of a second before AWS counts one too many."""
    times = sent(Bucket(ORDINARY), [0.0] * 300)
    assert max(sum(1 for other in times if time <= other < time + 1.015) for time in times) <= LAMBDA


@given(st.integers(20, 400))
def test_where_many_wait_none_of_the_rate_is_lost(count: int) -> None:
    times = sent(Bucket(ORDINARY), [0.0] * count)
    assert times[-1] <= count / ORDINARY.per_second + 0.2


def counted(way: Iterable[float], answers_after: float, opening: Iterable[float] = ()) -> list[float]:
    """When AWS counts requests that are so late on their way, and that it answers so many seconds after they came. Those that leave
    before the first answer, which open connections, are late by `opening` instead, as long as that lasts."""
    bucket, arrived, under_way, now = Bucket(ORDINARY), list[float](), list[tuple[float, Departure]](), 0.0
    openers, is_answered = iter(opening), False
    for seconds in way:
        while True:
            answered = min((at for at, _ in under_way), default=math.inf)
            ready = max(bucket.ready(now), now)
            now = min(answered, ready)
            if answered > ready:
                break
            for item in [item for item in under_way if item[0] <= now]:
                under_way.remove(item)
                bucket.answer(item[1], now)
                is_answered = True
        departure = bucket.take(now, "ListAliases")
        arrival = now + (seconds if is_answered else next(openers, seconds))
        arrived.append(arrival)
        under_way.append((arrival + answers_after, departure))
    return sorted(arrived)


@given(st.lists(st.floats(0, 0.1), min_size=80, max_size=80))
def test_what_is_late_on_its_way_is_not_too_much_where_it_arrives(way: list[float]) -> None:
    """The first one takes the shortest way."""
    assert busiest(counted([0.0, *way], 0.05)) <= LAMBDA


@example([0.125] * 10 + [0.0] * 5, 1.0)
@given(st.lists(st.floats(0, 0.15), min_size=15, max_size=15), st.floats(0.05, 1.0))
def test_those_that_open_connections_together_may_all_be_late_on_their_way(
    opening: list[float], seconds: float
) -> None:
    """All that come later take the shortest way; and the first may not be answered yet when it matters."""
    assert busiest(counted([0.0] * 60, seconds, opening)) <= LAMBDA


def test_long_work_slows_others_down_by_little() -> None:
    bucket, now = Bucket(ORDINARY), 0.0
    for number in range(150):
        while (ready := bucket.ready(now)) > now:
            now = ready
        departure = bucket.take(now, "CreateFunction")
        bucket.answer(departure, now + (3.0 if number % 2 else 0.1))
    assert now < 150 / ORDINARY.per_second * 1.2 + 1


@given(st.lists(st.floats(0, 0.05), min_size=200, max_size=200))
def test_lateness_is_made_up_for(late: list[float]) -> None:
    times = sent(Bucket(ORDINARY), [0.0] * 200, late)
    assert times[-1] <= 200 / ORDINARY.per_second + 1.4 + 0.021 * 13


def test_who_comes_after_a_pause_goes_at_once() -> None:
    bucket = Bucket(ORDINARY)
    assert sent(bucket, [0.0] * 5) == [0.0] * 5
    assert sent(bucket, [60.0] * 6) == [60.0] * 6


def test_a_second_s_worth_goes_in_a_part_of_it_so_that_the_last_ones_do_not_wait_for_its_end() -> None:
    times = sent(Bucket(ORDINARY), [0.0] * 105)
    window = LAMBDA / ORDINARY.per_second
    assert times[15] - times[0] >= window - 1e-9
    assert times[-1] <= 6 * window + HASTE + 1e-9


def test_a_rate_that_aws_has_lowered_is_kept_evenly() -> None:
    bucket = Bucket(ORDINARY)
    bucket.throttle(0.0)
    slow = sent(bucket, [0.0] * 4)
    assert all(later - earlier >= 1 / ORDINARY.per_second for earlier, later in pairwise(slow))


def test_aws_s_word_halves_the_rate_once_a_second_and_it_comes_back() -> None:
    bucket = Bucket(ORDINARY)
    sent(bucket, [0.0] * 40)
    for _ in range(10):  # ten that were under way together
        bucket.throttle(3.0)
    assert bucket.per_second(3.0) == pytest.approx(ORDINARY.per_second / 2)
    assert bucket.throttled == 10
    assert bucket.per_second(5.0) == pytest.approx(ORDINARY.per_second * 0.7)
    assert bucket.per_second(60.0) == ORDINARY.per_second
    bucket.throttle(4.5)
    assert bucket.per_second(4.5) == pytest.approx(ORDINARY.per_second * 0.65 / 2)


def test_however_often_aws_throttles_something_goes_on() -> None:
    bucket = Bucket(ORDINARY)
    for second in range(100):
        bucket.throttle(float(second))
    slow = sent(bucket, [100.0] * 4)
    assert slow[-1] < 106


def finished(turns: Turns, waiting: Iterable[tuple[str, float]]) -> list[str]:
    """Who had a turn, in their order; all of them wait from one moment on, behind one that watches the clock."""
    order: list[str] = []
    threads = []
    gate, entered = threading.Event(), threading.Event()
    sleep = turns._sleep

    def held(seconds: float) -> None:
        entered.set()
        assert gate.wait(10)
        sleep(seconds)

    def run(name: str, head_start: float) -> None:
        turns.wait("", head_start)
        order.append(name)

    turns._sleep = held
    for name, head_start in waiting:
        thread = threading.Thread(target=run, args=(name, head_start))
        before = len(turns._waiting)
        thread.start()
        threads.append(thread)
        while thread.is_alive() and len(turns._waiting) == before:
            entered.wait(0.001)
    gate.set()
    for thread in threads:
        thread.join(10)
    assert not any(thread.is_alive() for thread in threads)
    return order


def test_turns_go_by_the_order_of_coming_and_a_listing_goes_before_what_is_younger_than_its_head_start() -> None:
    clock = Clock()
    turns = Turns(Bucket(Quota("", 0.5)), clock, clock.sleep)
    turns.wait()
    names = finished(turns, [(f"single{number}", 0.0) for number in range(5)] + [("listing", 2.0), ("old", 1.0)])
    assert sorted(names) == sorted([*(f"single{number}" for number in range(5)), "listing", "old"])
    assert turns.bucket.asked == 8
    assert not turns._waiting
    assert not turns._is_led


def test_who_fails_while_it_watches_the_clock_leaves_nobody_behind() -> None:
    clock = Clock()
    failures = [KeyboardInterrupt()]

    def sleep(seconds: float) -> None:
        if failures:
            raise failures.pop()
        clock.sleep(seconds)

    turns = Turns(Bucket(Quota("", 1.0)), clock, sleep)
    turns.wait()
    with pytest.raises(KeyboardInterrupt):
        turns.wait()
    assert not turns._waiting
    turns.wait()
    assert turns.bucket.asked == 2


def test_many_threads_have_a_turn_each_and_time_passes_for_one_of_them_alone() -> None:
    clock = Clock()
    turns = Turns(Bucket(ORDINARY), clock, clock.sleep)
    threads = [threading.Thread(target=turns.wait) for _ in range(60)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert turns.bucket.asked == 60
    assert clock.now - 1000 == pytest.approx(60 / ORDINARY.per_second, abs=1.1)


def test_two_names_of_an_account_share_its_quotas_and_regions_do_not() -> None:
    clock = Clock()
    schedule = Schedule(14.4, clock, clock.sleep)
    numbers = {"a": "123456789012", "b": "123456789012", "c": "210987654321"}
    aws = Aws({name: Account(name, True, account_id=number) for name, number in numbers.items()})
    lines = {name: schedule.turns(aws.owner(name), "us-west-2", "lambda", "ListAliases") for name in numbers}
    assert lines["a"] is lines["b"]
    assert lines["a"] is not lines["c"]
    assert lines["a"] is not schedule.turns(aws.owner("a"), "eu-west-1", "lambda", "ListAliases")


def test_all_that_draws_on_one_quota_stands_in_one_line() -> None:
    schedule = Schedule(14.4, Clock(), lambda _: None)

    def line(operation: str, api: str = "lambda") -> Turns | None:
        return schedule.turns("1", "us-west-2", api, operation)

    assert line("UpdateFunctionCode") is line("CreateFunction") is line("ListAliases")
    assert len({line("GetFunction"), line("GetPolicy"), line("GetAlias"), line("DescribeLogGroups", "logs")}) == 4
    assert line("HeadObject", "s3") is None


def test_as_fast_as_it_goes_is_no_line_at_all() -> None:
    assert Schedule(0, Clock(), lambda _: None).turns("1", "us-west-2", "lambda", "GetFunction") is None


def test_a_lower_rate_is_kept_of_all_that_lambda_counts() -> None:
    drawn = quota("lambda", "GetFunction", 3.0)
    assert drawn == Quota("GetFunction", 20.0)
    assert busiest(sent(Bucket(Quota("", 3.0)), [0.0] * 30)) == 3  # of ordinary ones


def test_the_pace_is_that_of_what_was_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECONCILE_CALLS_PER_SECOND", "2")
    assert Aws({"test": Account("test", True)}).schedule.calls_per_second == 2
    monkeypatch.delenv("RECONCILE_CALLS_PER_SECOND")
    assert Aws({"test": Account("test", True)}).schedule.calls_per_second == pytest.approx(LAMBDA * SHARE)


def test_a_client_of_lambda_is_one_for_all_that_is_read(house: House) -> None:
    aws = Aws({"test": Account("test", True)})
    place = Place("test", "us-west-2")
    made = {
        id(aws._client(place, operation, "lambda", {})) for operation in ("GetFunction", "GetPolicy", "ListAliases")
    }
    assert len(made) == 1
    assert aws._client(place, "CreateAlias", "lambda", {}).meta.config.max_pool_connections >= 64


@pytest.mark.parametrize(
    ("code", "said", "status"),
    [
        ("TooManyRequestsException", "Rate exceeded", 429),
        ("InvalidParameterValueException", "Lambda was not able to set up VPC access: it was throttled by EC2", 400),
    ],
)
def test_what_aws_says_of_too_many_requests_slows_its_line_alone_and_repeated_ones_wait_in_it(
    house: House, monkeypatch: pytest.MonkeyPatch, code: str, said: str, status: int
) -> None:
    house.write("one.yaml", function_spec("one"))
    house.apply()
    monkeypatch.setenv("RECONCILE_CALLS_PER_SECOND", "300")
    refusals = [Refused(code, said, status)]

    def watch(operation: str, _: Mapping[str, Any]) -> None:
        if operation == "ListAliases" and refusals:
            raise refusals.pop()

    house.sandbox.gate.watch = watch
    clock, place = Clock(), Place("test", "us-west-2")
    accounts = {"test": Account("test", True, account_id="123456789012")}
    aws = Aws(accounts, clock=clock, sleep=clock.sleep)
    assert aws.call(place, "ListAliases", {"FunctionName": "one"}).result["Aliases"] == []
    aws.call(place, "GetFunction", {"FunctionName": "one"})
    told = {line.quota: (line.asked, line.throttled) for line in aws.schedule.traffic()}
    assert told == {"": (2, 1), "GetFunction": (1, 0)}
    slowed = {line.quota: line.per_second < 300 for line in aws.schedule.traffic()}
    assert slowed == {"": True, "GetFunction": False}
