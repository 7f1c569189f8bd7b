"""What is read at once: all accounts and regions, and in each what needs no answer of another."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest

from reconciler.core.model import Properties
from reconciler.core.place import Place
from reconciler.snapshot.everything import Pages, of_each
from reconciler.snapshot.readers import Arrivals, Readers
from reconciler.snapshot.rest import Patience
from tests.conftest import CONFIG, House, function_spec
from tests.snapshot.test_budget import ONE_EACH

Request = Mapping[str, Any]
TOGETHER_SECONDS = 5.0  # that a call waits for another one; it comes at once, or never


class Meeting:
    """A watch of the sandbox at which calls of these names wait until one of each is under way."""

    def __init__(self, *names: str) -> None:
        self._names, self._met = names, threading.Barrier(len(names))
        self._seen: set[str] = set()
        self._lock = threading.Lock()
        self.has_met = False

    def __call__(self, operation: str, _: Request) -> None:
        with self._lock:
            is_new = operation in self._names and operation not in self._seen
            self._seen.add(operation)
        if is_new:
            self._met.wait(TOGETHER_SECONDS)
            self.has_met = True


@pytest.fixture
def shop(house: House) -> House:
    for name in ("one", "two", "three"):
        house.write(f"{name}.yaml", function_spec(name, extra=ONE_EACH.format(name=name)), stock=name == "three")
    house.apply()
    return house


def test_aliases_and_listings_of_a_place_are_asked_for_at_once(shop: House) -> None:
    meeting = Meeting("ListAliases", "ListFunctions", "ListEventSourceMappings")
    shop.sandbox.gate.watch = meeting
    assert shop.verbs() == {}
    assert meeting.has_met


def test_aliases_of_a_function_do_not_wait_for_the_last_function(shop: House) -> None:
    functions, is_answered = Counter[str](), threading.Event()

    def watch(operation: str, _: Request) -> None:
        if operation == "ListAliases":
            is_answered.set()
        if operation == "GetFunction":
            functions[operation] += 1
            if functions[operation] == 2:
                assert is_answered.wait(TOGETHER_SECONDS)

    shop.sandbox.gate.watch = watch
    assert shop.verbs() == {}
    assert is_answered.is_set()


def test_regions_are_read_side_by_side(house: House) -> None:
    house.write("reconcile.yaml", CONFIG.replace("[us-west-2]", "[us-west-2, eu-west-1]"), stock=False)
    both = function_spec("one").replace("region: us-west-2", "regions: [us-west-2, eu-west-1]")
    house.write("one.yaml", both)
    house.apply()
    met = threading.Barrier(2)

    def watch(operation: str, _: Request) -> None:
        if operation == "GetFunction":
            met.wait(TOGETHER_SECONDS)

    house.sandbox.gate.watch = watch
    assert house.verbs() == {}
    assert not met.broken


def test_a_failure_of_one_reading_leaves_the_others_and_names_the_first_of_a_target(shop: House) -> None:
    from tests.snapshot.test_reading_isolation import denying, refusals

    shop.sandbox.gate.watch = denying("ListAliases", function="one")
    told = refusals(shop)
    assert list(told) == ["test/us-west-2/one"]
    assert "ListAliases" in told["test/us-west-2/one"]
    shop.sandbox.gate.watch = denying("ListEventSourceMappings")
    result = shop.run("plan")
    assert result.exit_code == 26
    assert result.err.count("cannot be read: ListEventSourceMappings") == 1
    assert result.err.rstrip().endswith("; and so of three, two")


def read(pages: int, found: int, ours: int = 1) -> Pages:
    """So many pages of fifty, on which so many targets were found, of whom so many items are."""
    items: list[tuple[str, Properties]] = [("0", {})] * ours
    return Pages(iter(()), pages, items, pages * 50, {str(number) for number in range(found)})


def names(count: int) -> list[str]:
    return [str(number) for number in range(count)]


@pytest.mark.parametrize(
    ("pages", "found", "targets", "is_worth_it"),
    [
        (1, 50, 1000, True),  # all that is on it is ours: twenty pages, rather than a thousand calls
        (1, 0, 1000, True),  # one page proves nothing
        (100, 0, 1000, False),  # a hundred do
        (150, 140, 1000, True),
        (1, 0, 2, False),
        (1, 1, 3, True),
        (1, 1, 1, False),
        (1, 3, 3, False),  # all that is asked for stands among others', of whom there may be more
        (3, 3, 3, False),  # as many calls would have told all of it
    ],
)
def test_a_listing_is_read_on_where_it_takes_fewer_calls(
    pages: int, found: int, targets: int, *, is_worth_it: bool
) -> None:
    assert read(pages, found).is_cheaper(names(targets), of_each(targets)) == is_worth_it


def test_where_most_of_a_listing_is_ours_it_is_read_on_although_all_were_found() -> None:
    """AWS does not say in which order it lists what a function has several of."""
    assert read(20, 100, ours=500).is_cheaper(names(100), of_each(100))
    assert not read(20, 100, ours=499).is_cheaper(names(100), of_each(100))


def test_no_listing_is_given_up_later_than_asking_for_each_would_have_taken() -> None:
    for targets in range(1, 60):
        for found in range(targets + 1):
            assert not read(targets, found, ours=targets * 50).is_cheaper(names(targets), of_each(targets))


def test_what_arrives_reaches_all_that_want_it_and_those_that_come_late() -> None:
    arrivals = Arrivals[int]()
    seen: list[list[int]] = [[], []]
    threads = [threading.Thread(target=lambda own=own: own.extend(arrivals)) for own in seen]
    threads[0].start()
    for number in range(50):
        arrivals.add(number)
    threads[1].start()
    arrivals.close()
    for thread in threads:
        thread.join(10)
    assert seen == [[*range(50)]] * 2 == [[*arrivals]] * 2


def test_what_waits_for_one_quota_holds_up_nothing_of_another() -> None:
    release = threading.Event()
    here, there = Place("test", "us-west-2"), Place("test", "eu-west-1")
    with Readers(2) as readers:
        held = [readers.of(here, "ListAliases").submit(release.wait, 10) for _ in range(40)]
        assert readers.of(here, "GetFunction").submit(str, 1).result(5) == "1"
        assert readers.of(there, "ListAliases").submit(str, 2).result(5) == "2"
        release.set()
    assert all(future.result() for future in held)


def test_what_had_not_begun_when_reading_failed_is_not_begun() -> None:
    release, begun = threading.Event(), Counter[str]()

    def read() -> None:
        begun["read"] += 1
        release.wait(10)

    with pytest.raises(KeyboardInterrupt), Readers(1) as readers:
        for _ in range(200):
            readers.of(Place("test", "us-west-2"), "GetFunction").submit(read)
        raise KeyboardInterrupt
    release.set()
    assert begun["read"] < 200


def test_waits_side_by_side_spend_patience_once(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("reconciler.snapshot.rest.time.monotonic", lambda: now[0])
    patience = Patience()
    with patience.waiting() as first:
        now[0] = 10.0
        with patience.waiting() as second:
            now[0] = 20.0
        now[0] = 30.0
    now[0] = 100.0
    with patience.waiting() as third:
        pass
    assert (first, second, third) == (60.0, 50.0, 30.0)
