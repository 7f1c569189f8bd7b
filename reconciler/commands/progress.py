"""Progress of a run on stderr: on a terminal lines that go again and a live bar, otherwise a plain line an operation, and one every ten
seconds of what takes longer. Nothing waits for it, and whatever stops it stops no run.
"""

from __future__ import annotations

import math
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import TextIO

from reconciler.commands import headway
from reconciler.commands.headway import Line
from reconciler.core.foreign import Gate, printable
from reconciler.core.model import Key

SECONDS_BETWEEN_LINES = 10.0
SECONDS_BEFORE_DRAWING = 1.0  # what is over sooner needs no picture
SECONDS_BETWEEN_LOOKS = 0.25  # whether there is something to draw
UNDER_WAY, UPLOADED = "uploading ", "uploaded "

Tell = Callable[[Key, str, str], None]
Told = Callable[[float], Sequence[str]]  # lines, by the seconds that it has been
IsOver = Callable[[float | None], bool]  # waits so long, or till it is over
Doing = tuple[Key, str]  # a resource's key, and an operation
Pulse = Callable[[], Sequence[Line]]  # what the seam has counted by now
_SHOWING = threading.Lock()  # one thing at a time is told, the outermost


@contextmanager
def following(told: Told) -> Iterator[None]:
    """While the block runs, stderr says how far it is, once it takes a while."""
    if not _SHOWING.acquire(blocking=False):
        yield
        return
    over = threading.Event()
    follow = drawn if sys.stderr.isatty() else written
    thread = threading.Thread(target=follow, args=(told, over.wait), daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        _SHOWING.release()


def phase(name: str) -> Told:
    """Of what nothing is counted but time."""
    return lambda elapsed_seconds: headway.lines(name, (), elapsed_seconds)


def reading(pulse: Pulse, names: Callable[[], Mapping[str, str]], expected: Callable[[], headway.Expected]) -> Told:
    """Of the calls that are sent from now on, nothing before the first: a code of MFA may be asked for until then. `names` are those of
    accounts, by their numbers, which may be known by then only."""
    before = pulse()

    def told(elapsed_seconds: float) -> list[str]:
        made = headway.calls(before, pulse(), names(), expected())
        return headway.lines("reading", made, elapsed_seconds) if any(one.done for one in made) else []

    return told


def written(told: Told, is_over: IsOver, clock: Callable[[], float] = time.monotonic) -> None:
    """A line every so many seconds, until it is over."""
    begun = clock()
    with suppress(Exception):
        while not is_over(SECONDS_BETWEEN_LINES):
            line = "; ".join(told(clock() - begun))
            if line:
                sys.stderr.write(f"{line}\n")
                sys.stderr.flush()


def drawn(told: Told, is_over: IsOver, clock: Callable[[], float] = time.monotonic) -> None:
    """Lines that are rewritten where they stand, and gone when it is over."""
    begun = clock()
    with suppress(Exception):
        if is_over(SECONDS_BEFORE_DRAWING):
            return
        while not told(clock() - begun):
            if is_over(SECONDS_BETWEEN_LOOKS):
                return
        from rich.console import Console
        from rich.live import Live
        from rich.text import Text

        def picture() -> Text:
            return Text("\n".join(told(clock() - begun)), no_wrap=True, overflow="ellipsis")

        with Live(
            get_renderable=picture, console=Console(file=beneath(sys.stderr)), transient=True,
            redirect_stdout=False, redirect_stderr=False,
        ):  # fmt: skip
            is_over(None)


@contextmanager
def progress(operations: int, pulse: Pulse = tuple) -> Iterator[Tell]:
    """What to call with the resource's key, operation and event (`started`, `uploading …`, `uploaded …`, `finished`, `failed: …`)."""
    before = _throttled(pulse)

    def throttled() -> int:
        return _throttled(pulse) - before

    shown = _bar if operations and sys.stderr.isatty() else _lines
    with shown(operations, throttled) as tell:
        yield tell


def is_end(event: str) -> bool:
    return event != "started" and not event.startswith((UNDER_WAY, UPLOADED))


def note(begun: dict[Doing, None], key: Key, operation: str, event: str) -> None:
    """What is under way, after one more event."""
    if is_end(event):
        begun.pop((key, operation), None)
    else:
        begun[key, operation] = None


def _throttled(pulse: Pulse) -> int:
    return sum(line.throttled for line in pulse())


@contextmanager
def _lines(operations: int, throttled: Callable[[], int]) -> Iterator[Tell]:
    lock, told, ended, begun = threading.Lock(), dict[Key, float](), list[Key](), dict[Doing, None]()

    def is_news(key: Key, event: str) -> bool:
        """How far an upload is, is told now and then only."""
        is_early = time.monotonic() < told.get(key, -math.inf) + SECONDS_BETWEEN_LINES
        return event != "started" and not (event.startswith(UNDER_WAY) and is_early)

    def tell(key: Key, operation: str, event: str) -> None:
        note(begun, key, operation, event)
        if is_end(event):
            ended.append(key)
        if is_news(key, event):
            with lock:
                told[key] = time.monotonic()
                sys.stderr.write(f"{printable(key)}: {operation} {printable(event)}\n")
                sys.stderr.flush()

    def summary(elapsed_seconds: float) -> list[str]:
        made = headway.operations(len(ended), operations, elapsed_seconds, throttled(), len(begun))
        return headway.lines("applying", [made], elapsed_seconds)

    with following(summary):
        yield tell


def beneath(stream: TextIO) -> TextIO:
    """The stream itself: drawing a bar needs the cursor, and what it shows of others is made printable here."""
    return stream.beneath if isinstance(stream, Gate) else stream


@contextmanager
def _bar(operations: int, throttled: Callable[[], int]) -> Iterator[Tell]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
        TimeRemainingColumn(), TextColumn("{task.fields[note]}", markup=False),
    )  # fmt: skip
    with Progress(*columns, console=Console(file=beneath(sys.stderr)), transient=True) as bar:
        job, begun = bar.add_task("Applying", total=operations, note=""), dict[Doing, None]()

        def tell(key: Key, operation: str, event: str) -> None:
            note(begun, key, operation, event)
            refused = throttled()
            said = [f"{len(begun):,} under way", *([f"AWS throttled {refused:,}"] if refused else [])]
            bar.update(job, note=", ".join(said))
            if event == "started" or event.startswith(UNDER_WAY):
                doing = f"{printable(key)}: {operation} {printable(event.removeprefix('started'))}"
                bar.update(job, description=doing)
            elif is_end(event):
                bar.advance(job)
            if event.startswith("failed"):
                bar.console.print(f"{printable(key)}: {operation} {printable(event)}", markup=False, highlight=False)

        yield tell
