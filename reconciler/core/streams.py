"""Bytes that are made while they are read. Imports nothing of ours."""

from __future__ import annotations

import io
from abc import abstractmethod
from typing import Any


class Made(io.RawIOBase):
    """So many bytes, which may be read from anywhere, any number of times."""

    def __init__(self, size: int) -> None:
        self._size, self._at = size, 0

    @abstractmethod
    def made(self, start: int, most: int) -> bytes:
        """Some of those from there on; none only at the end."""

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        return self._at

    def readinto(self, buffer: Any) -> int:
        room = memoryview(buffer).cast("B")
        text = self.made(self._at, len(room))
        room[: len(text)] = text
        self._at += len(text)
        return len(text)
