"""Progress of a run on stderr: a live bar on a terminal, a plain line an operation otherwise."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from reconciler.model import Target
from reconciler.report.render import printable


@contextmanager
def progress(operations: int) -> Iterator[Callable[[Target, str, str], None]]:
    """What to call with target, operation and event (`started`, `finished`, `failed: …`)."""
    if operations and sys.stderr.isatty():
        with _bar(operations) as tell:
            yield tell
        return
    lock = threading.Lock()

    def tell_line(target: Target, operation: str, event: str) -> None:
        if event != "started":
            with lock:
                sys.stderr.write(f"{printable(target)}: {operation} {printable(event)}\n")
                sys.stderr.flush()

    yield tell_line


@contextmanager
def _bar(operations: int) -> Iterator[Callable[[Target, str, str], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        job = bar.add_task("Applying", total=operations)

        def tell(target: Target, operation: str, event: str) -> None:
            if event == "started":
                bar.update(job, description=f"{printable(target)}: {operation}")
            else:
                bar.advance(job)
            if event.startswith("failed"):
                bar.console.print(f"{printable(target)}: {operation} {printable(event)}", markup=False, highlight=False)

        yield tell
