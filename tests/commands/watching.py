"""What a command does to the machine, told by Python's audit events: the programs it starts, the files it opens to write."""

from __future__ import annotations

import _thread
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class Seen:
    programs: list[tuple[str, ...]] = field(default_factory=list)
    written: list[Path] = field(default_factory=list)


_watching: list[Seen] = []
STARTS = ("os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.startfile")
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT


def absolute(path: str | bytes) -> Path:
    return Path(os.path.abspath(os.fsdecode(path)))  # noqa: PTH100  a link that is written is the link


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    for seen in _watching:
        if event == "subprocess.Popen":
            words = arguments[1] if isinstance(arguments[1], list | tuple) else [arguments[1]]
            seen.programs.append((str(arguments[0]), *map(str, words)))
        elif event in STARTS:
            seen.programs.append((event, *map(str, arguments)))
        elif event == "open" and isinstance(arguments[0], str | bytes) and (arguments[2] or 0) & WRITES:
            seen.written.append(absolute(arguments[0]))
        elif event == "os.rename":
            seen.written.append(absolute(arguments[1]))


sys.addaudithook(_watch)  # for the life of the process: it costs nothing while nobody watches


@contextmanager
def watched() -> Iterator[Seen]:
    seen = Seen()
    _watching.append(seen)
    try:
        yield seen
    finally:
        _watching.remove(seen)


@contextmanager
def ended_when_it_serves() -> Iterator[None]:
    """Ends a command that serves until it is told to stop, as soon as it listens for that."""
    before = signal.getsignal(signal.SIGTERM)

    def end() -> None:
        for _ in range(600):
            if signal.getsignal(signal.SIGTERM) is not before:
                return os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(0.05)
        return _thread.interrupt_main()

    thread = threading.Thread(target=end, daemon=True)
    thread.start()
    try:
        yield
        thread.join()
    finally:
        signal.signal(signal.SIGTERM, before)
