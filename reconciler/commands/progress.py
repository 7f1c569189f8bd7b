"""Progress of a run on stderr: a live bar on a terminal, a plain line an operation otherwise."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

from reconciler.core.foreign import Gate, printable
from reconciler.core.model import Key


@contextmanager
def progress(operations: int) -> Iterator[Callable[[Key, str, str], None]]:
    """What to call with the resource's key, operation and event (`started`, `finished`, `failed: …`)."""
    if operations and sys.stderr.isatty():
        with _bar(operations) as tell:
            yield tell
        return
    lock = threading.Lock()

    def tell_line(key: Key, operation: str, event: str) -> None:
        if event != "started":
            with lock:
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
            if event == "started":
                bar.update(job, description=f"{printable(key)}: {operation}")
            else:
                bar.advance(job)
            if event.startswith("failed"):
                bar.console.print(f"{printable(key)}: {operation} {printable(event)}", markup=False, highlight=False)

        yield tell
