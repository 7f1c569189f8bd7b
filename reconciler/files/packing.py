"""A local directory, .zip or .jar to the file that Lambda gets, the same bytes on every machine, however large.

Times, modes, order and compression are fixed; what is packed of a directory `tree` says. Never runs what it packs, and holds no
large package in memory.
"""

from __future__ import annotations

import base64
import hashlib
import math
import os
import shutil
import stat
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from reconciler.core.model import Origin
from reconciler.files.archive import CHUNK_BYTES, MAX_UNZIPPED_BYTES, Content, NotAZip, contents, measured
from reconciler.files.reading import UnreadableFile, opened
from reconciler.files.tree import IGNORE_FILE, MAX_ENTRIES, Entry, entries, fault

ARCHIVES = (".zip", ".jar")
MAX_DIRECT_BYTES = 52_428_800  # zipped, in a request to Lambda; a larger one comes out of S3
MAX_ARCHIVE_BYTES = 2 * MAX_UNZIPPED_BYTES  # of a ready one: no zip of what Lambda takes is larger
IN_MEMORY_BYTES = 1 << 20
ENTRY_BYTES = 76  # what a zip writes of each entry beside its content and, twice, its name
EPOCH = (1980, 1, 1, 0, 0, 0)
PROGRAM, FILE, LINK = stat.S_IFREG | 0o755, stat.S_IFREG | 0o644, stat.S_IFLNK | 0o777


@dataclass(frozen=True, slots=True)
class Packed:
    """Code as it is sent: a file that can be read as long as it is packed, its size, and its hash as Lambda's CodeSha256 says it."""

    file: IO[bytes]
    size: int
    sha256: str


def sha256_of(file: IO[bytes]) -> str:
    """The hash of a file as Lambda's CodeSha256 says it; it stands at its beginning then."""
    return base64.b64encode(_digest(file)).decode()


def _digest(file: IO[bytes]) -> bytes:
    digest = hashlib.sha256()
    file.seek(0)
    while chunk := file.read(CHUNK_BYTES):
        digest.update(chunk)
    file.seek(0)
    return digest.digest()


@contextmanager
def packed(path: str, origin: Origin) -> Iterator[Packed]:
    """The zip of a directory, or a ready archive as it is, for the block. Raises SpecError, at `origin`, when Lambda would refuse it
    wherever it came from."""
    try:
        file = _opened(Path(path), origin)
    except OSError as error:
        raise fault(origin, f"{error.filename or path} cannot be read: {error.strerror}") from error
    with file:
        size = file.seek(0, os.SEEK_END)
        yield Packed(file, size, sha256_of(file))


def listed(path: str, origin: Origin) -> dict[str, Content]:
    """What the files of a package hold, by name, without packing any. Raises SpecError, NotAZip."""
    root = Path(path)
    try:
        if root.is_dir():
            return {entry.name: _content(entry) for entry in entries(root, origin)}
        with _ready(root, origin) as archive:
            return contents(archive)
    except OSError as error:
        raise fault(origin, f"{error.filename or path} cannot be read: {error.strerror}") from error


def _content(entry: Entry) -> Content:
    if entry.link:
        return Content(len(entry.link.encode()), hashlib.sha256(entry.link.encode()).digest(), "link")
    with opened(entry.path) as file:
        status = os.fstat(file.fileno())
        return Content(status.st_size, _digest(file), "program" if status.st_mode & stat.S_IXUSR else "file")


def _opened(file: Path, origin: Origin) -> IO[bytes]:
    if file.is_dir():
        return _zipped(file, origin)
    if file.is_file() and file.suffix.lower() in ARCHIVES:
        return _ready(file, origin)
    wrong = "is neither a directory nor a .zip or .jar" if file.exists() else "does not exist"
    raise fault(origin, f"code.path {file} {wrong}")


def _ready(file: Path, origin: Origin) -> IO[bytes]:
    size = file.stat().st_size
    if size > MAX_ARCHIVE_BYTES:
        raise fault(origin, f"{file} is {size:,} bytes; a zip that Lambda takes has at most {MAX_ARCHIVE_BYTES:,}")
    try:
        with opened(file) as archive:
            _, unzipped = measured(archive)
    except (NotAZip, UnreadableFile) as error:
        raise fault(origin, f"{file} {error}") from error
    if unzipped > MAX_UNZIPPED_BYTES:
        raise fault(origin, f"{file} is {unzipped:,} bytes unzipped; the most is {MAX_UNZIPPED_BYTES:,}")
    return opened(file)


def _zipped(root: Path, origin: Origin) -> IO[bytes]:
    """Stored, not deflated, as long as it may be sent so: two zlibs do not give the same bytes. What cannot be sent directly even
    when deflated comes out of S3, and so is stored."""
    packing = entries(root, origin)
    if not packing:
        raise fault(origin, f"{root} has no file to pack")
    total = sum(len(entry.link.encode()) or entry.path.stat().st_size for entry in packing)
    if total > MAX_UNZIPPED_BYTES or len(packing) > MAX_ENTRIES:
        limits = f"{MAX_UNZIPPED_BYTES:,} bytes or {MAX_ENTRIES:,} files"
        raise fault(origin, f"{root} is more than {limits}; leave some out with {IGNORE_FILE}")
    stored = total + sum(ENTRY_BYTES + 2 * len(entry.name.encode()) for entry in packing)
    if stored >= MAX_DIRECT_BYTES * 9 // 10:
        deflated = _written(packing, zipfile.ZIP_DEFLATED, MAX_DIRECT_BYTES)
        if deflated.tell() <= MAX_DIRECT_BYTES:
            return deflated
        deflated.close()
    return _written(packing, zipfile.ZIP_STORED)


def _written(packing: Iterable[Entry], method: int, most: float = math.inf) -> IO[bytes]:
    """The zip of some entries, open at its end; what is larger than may be is not written to the end."""
    file = tempfile.SpooledTemporaryFile(IN_MEMORY_BYTES)  # noqa: SIM115  whoever packs closes it
    with zipfile.ZipFile(file, "w", method, compresslevel=9) as archive:
        for entry in packing:
            if file.tell() <= most:
                _add(archive, entry, method)
    return file


def _add(archive: zipfile.ZipFile, entry: Entry, method: int) -> None:
    info = zipfile.ZipInfo(entry.name, EPOCH)
    info.create_system = 3
    info.compress_type = method
    if entry.link:
        info.external_attr = LINK << 16
        archive.writestr(info, entry.link.encode())
        return
    with opened(entry.path) as source:
        status = os.fstat(source.fileno())
        info.file_size = status.st_size
        info.external_attr = (PROGRAM if status.st_mode & stat.S_IXUSR else FILE) << 16
        with archive.open(info, "w") as written:
            shutil.copyfileobj(source, written)
