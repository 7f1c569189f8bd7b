"""What a command leaves where the user says (`-o`): a file like any other, or through whatever stands there already."""

from __future__ import annotations

import os
import stat
import sys
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from reconciler.core.errors import ReportError
from reconciler.report.journal import write_atomically
from reconciler.report.ours import encoded


def write_result(path: Path, text: str) -> None:
    """`text` in `path`: whole or not at all, with the rights that the user's mask or the file there gives; a link, a pipe or
    a device is written through. Raises ReportError."""
    try:
        there = path.lstat().st_mode if path.is_symlink() or path.exists() else None
        if there is not None and not stat.S_ISREG(there):
            with _opened(path) as file:
                file.write(encoded(text))
            return
    except OSError as error:
        raise ReportError(f"{path}: cannot be written: {error.strerror}") from error
    write_atomically(path, text, mode=stat.S_IMODE(there) if there is not None else 0o666 & ~mask())


def _opened(path: Path) -> BinaryIO:
    """A file to write to. `/dev/stdout` is what this program itself writes to: opened anew, a file would be written from its
    start by both."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):  # a stream that is no file, a path to nothing
            if os.path.samestat(path.stat(), os.fstat(stream.fileno())):
                stream.flush()
                return os.fdopen(os.dup(stream.fileno()), "wb")
    return path.open("wb")


def mask() -> int:
    """The user's umask, which cannot be asked without setting it."""
    previous = os.umask(0o077)
    os.umask(previous)
    return previous
