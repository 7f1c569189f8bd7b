"""A text that is worked out when somebody reads it: what is slow to make, and mostly neither shown nor compared. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any


class Later:
    """Reads as its text, and equals whatever reads the same; it is worked out once."""

    def __init__(self, work_out: Callable[[], str]) -> None:
        self._work_out = work_out
        self._text: str | None = None  # no cached_property: before Python 3.12 all of them wait for one lock

    def __str__(self) -> str:
        if self._text is None:
            self._text = self._work_out()
        return self._text

    def __eq__(self, other: object) -> bool:
        return str(self) == str(other) if isinstance(other, str | Later) else NotImplemented

    def __hash__(self) -> int:
        return hash(str(self))


def read_together(texts: Iterable[object]) -> None:
    """Works out those that are for later, side by side: what stretches a digest lets go of the interpreter."""
    waiting = [text for text in texts if isinstance(text, Later)]
    if waiting:
        from concurrent.futures import ThreadPoolExecutor  # imported here: most commands read none

        with ThreadPoolExecutor() as pool:
            for _ in pool.map(str, waiting):
                pass


def in_json(value: Any) -> str:
    """What is for later, as JSON has it; for `json.dumps`."""
    if isinstance(value, Later):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no form in JSON")
