"""The packages of one run: each packed once, however many functions it is of, and kept as it was then, in a file without a name, so
that nothing is left of it however the run ends.
"""

from __future__ import annotations

import io
import os
import shutil
import tempfile
import threading
import weakref
from collections import defaultdict
from dataclasses import dataclass
from typing import IO

from reconciler.core.model import Origin
from reconciler.core.streams import Made
from reconciler.files import packing
from reconciler.files.archive import CHUNK_BYTES
from reconciler.files.tree import fault


class _Shelf:
    """The file, which is closed when nobody has anything of it any more."""

    def __init__(self) -> None:
        file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115  closed below
        self.file: IO[bytes] = file
        weakref.finalize(self, file.close)


@dataclass(frozen=True, slots=True)
class PackageFile:
    """Code as it is sent: its size, and its hash as Lambda's CodeSha256 says it."""

    size: int
    sha256: str
    _shelf: _Shelf
    _start: int

    def opened(self) -> IO[bytes]:
        """Its bytes, for one reader; any number of them may read side by side."""
        return io.BufferedReader(_Part(self._shelf, self._start, self.size), CHUNK_BYTES)


class Packages:
    """Safe to share between threads."""

    def __init__(self) -> None:
        self._shelf: _Shelf | None = None
        self._lock = threading.Lock()
        self._one_at_a_time: dict[str, threading.Lock] = defaultdict(threading.Lock)
        self._packed: dict[str, PackageFile] = {}

    def packed(self, path: str, origin: Origin) -> PackageFile:
        """What a path held when it was first asked for. Raises SpecError, at `origin`, when Lambda would refuse it."""
        with self._lock:
            own = self._one_at_a_time[path]
        with own:
            if path not in self._packed:
                with packing.packed(path, origin) as package:
                    self._packed[path] = self._kept(package, path, origin)
            return self._packed[path]

    def _kept(self, package: packing.Packed, path: str, origin: Origin) -> PackageFile:
        try:
            with self._lock:
                self._shelf = self._shelf or _Shelf()
                start = self._shelf.file.seek(0, os.SEEK_END)
                shutil.copyfileobj(package.file, self._shelf.file, CHUNK_BYTES)
                return PackageFile(package.size, package.sha256, self._shelf, start)
        except OSError as error:
            raise fault(origin, f"{path} cannot be kept until it is sent: {error.strerror}") from error


class _Part(Made):
    """A part of a file that others read at the same time."""

    def __init__(self, shelf: _Shelf, start: int, size: int) -> None:
        super().__init__(size)
        self._shelf, self._start = shelf, start

    def made(self, start: int, most: int) -> bytes:
        size = min(most, max(self._size - start, 0))
        return os.pread(self._shelf.file.fileno(), size, self._start + start)


def packed_alone(path: str, origin: Origin) -> PackageFile:
    """A package of nothing that is kept beyond it."""
    return Packages().packed(path, origin)
