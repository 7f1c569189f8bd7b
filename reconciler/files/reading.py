"""The bytes of a file that is one. A name that comes from elsewhere may lead to a device or a pipe, which never ends."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import BinaryIO


class UnreadableFile(Exception):
    """Why a file is not read, as what is said of it: `is not a regular file`."""


class TooLarge(UnreadableFile):
    pass


def is_there(path: Path) -> bool:
    """Whether a name leads to anything; one that is longer than a path may be, or no path at all, does not."""
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def contents(path: Path, largest: int) -> bytes:
    """What a regular file of at most `largest` bytes holds. Raises UnreadableFile."""
    try:
        with opened(path) as file:
            text = file.read(largest + 1)
    except (OSError, ValueError) as error:  # a name with a null byte is a ValueError
        raise UnreadableFile(f"cannot be read: {getattr(error, 'strerror', None) or error}") from error
    if len(text) > largest:
        raise TooLarge(f"is larger than {_size(largest)}, so it is not read")
    return text


def _size(number: int) -> str:
    return f"{number:,} bytes" if number % 2**20 else f"{number // 2**20} MiB"


def opened(path: Path, *, flags: int = 0) -> BinaryIO:
    """A regular file, opened for reading without waiting for whoever writes. Raises OSError, UnreadableFile."""
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | flags)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise UnreadableFile("is not a regular file")
    return os.fdopen(descriptor, "rb")
