"""Time that goes faster, for what takes hours to be rehearsed in minutes."""

from __future__ import annotations

from collections.abc import Callable


def faster(clock: Callable[[], float], times: float) -> Callable[[], float]:
    """A clock that begins with another one's time."""
    began = clock()
    return lambda: began + (clock() - began) * times
