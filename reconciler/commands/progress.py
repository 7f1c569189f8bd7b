"""Progress of a run on stderr: a live bar on a terminal, a plain line an operation otherwise."""

from __future__ import annotations

import math
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

from reconciler.core.foreign import Gate, printable
from reconciler.core.model import Key

SECONDS_BETWEEN_LINES = 10.0
UNDER_WAY, UPLOADED = "uploading ", "uploaded "


@contextmanager
def progress(operations: int) -> Iterator[Callable[[Key, str, str], None]]:
    """What to call with the resource's key, operation and event (`started`, `uploading …`, `uploaded …`, `finished`, `failed: …`)."""
    if operations and sys.stderr.isatty():
        with _bar(operations) as tell:
            yield tell
        return
    lock, told = threading.Lock(), dict[Key, float]()

    def is_news(key: Key, event: str) -> bool:
        """How far an upload is, is told now and then only."""
        is_early = time.monotonic() < told.get(key, -math.inf) + SECONDS_BETWEEN_LINES
        return event != "started" and not (event.startswith(UNDER_WAY) and is_early)

    def tell_line(key: Key, operation: str, event: str) -> None:
        if is_news(key, event):
            with lock:
                told[key] = time.monotonic()
                sys.stderr.write(f"{printable(key)}: {operation} {printable(event)}\n")
                sys.stderr.flush()

    yield tell_line


def beneath(stream: TextIO) -> TextIO:
    """The stream itself: drawing a bar needs the cursor, and what it shows of others is made printable here."""
    return stream.beneath if isinstance(stream, Gate) else stream


@contextmanager
def _bar(operations: int) -> Iterator[Callable[[Key, str, str], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(file=beneath(sys.stderr)), transient=True) as bar:
        job = bar.add_task("Applying", total=operations)

        def tell(key: Key, operation: str, event: str) -> None:
            if event == "started" or event.startswith(UNDER_WAY):
                bar.update(job, description=f"{printable(key)}: {operation} {printable(event.removeprefix('started'))}")
            elif not event.startswith(UPLOADED):
                bar.advance(job)
            if event.startswith("failed"):
                bar.console.print(f"{printable(key)}: {operation} {printable(event)}", markup=False, highlight=False)

        yield tell
