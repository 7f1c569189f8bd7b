"""Who reads: some threads a quota, so that what waits for one holds up nothing that draws on another; and how what one reading finds
reaches others while it goes on."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Generic, TypeVar

from reconciler.aws.pace import drawn_on
from reconciler.core import service
from reconciler.core.place import Place

MOST, LEAST = 16, 4  # threads a quota of an account and region: so many keep that of GetFunction busy
MOST_IN_ALL = 256
READINGS = 64  # of an account and region, that may go on side by side; each waits for calls, or for another

Item = TypeVar("Item")
Result = TypeVar("Result")


class Readers:
    """For the block; what has not begun when it fails is not begun any more."""

    def __init__(self, places: int) -> None:
        """`places`: of how many accounts and regions is read at once."""
        self._most = max(LEAST, min(MOST, MOST_IN_ALL // (2 * max(places, 1))))
        self._lock = threading.Lock()
        self._pools: dict[tuple[Place | None, str], ThreadPoolExecutor] = {}
        self._beside = ThreadPoolExecutor(READINGS * (places + 1))

    def __enter__(self) -> Readers:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            pools = [self._beside, *self._pools.values()]
        for pool in pools:
            pool.shutdown(wait=error is None, cancel_futures=error is not None)

    def of(self, place: Place | None, operation: str) -> ThreadPoolExecutor:
        """Those who make this call there; of no place, what is said of several."""
        name = drawn_on(service.api_of(operation), operation) if place else operation
        with self._lock:
            if (place, name) not in self._pools:
                self._pools[place, name] = ThreadPoolExecutor(self._most)
            return self._pools[place, name]

    def beside(self, read: Callable[[], Result]) -> Future[Result]:
        """A reading that goes on beside others, and makes its calls by those above."""
        return self._beside.submit(read)


class Arrivals(Generic[Item]):
    """Items as they come, for as many as want all of them from the first on."""

    def __init__(self) -> None:
        self._items: list[Item] = []
        self._is_complete = False
        self._changed = threading.Condition()

    def add(self, item: Item) -> None:
        with self._changed:
            self._items.append(item)
            self._changed.notify_all()

    def close(self) -> None:
        """No more come."""
        with self._changed:
            self._is_complete = True
            self._changed.notify_all()

    def __iter__(self) -> Iterator[Item]:
        number = 0
        while True:
            with self._changed:
                while number == len(self._items) and not self._is_complete:
                    self._changed.wait()
                if number == len(self._items):
                    return
                item = self._items[number]
            number += 1
            yield item
