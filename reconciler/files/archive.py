"""A zip that anybody may have made, looked into within bounds: what it unpacks to, what each entry holds, what looks like a secret.

Never writes an entry anywhere, and never reads more of one than it says to hold.
"""

from __future__ import annotations

import fnmatch
import hashlib
import stat
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO, NamedTuple, cast

from reconciler.files.tree import NEVER_PACKED

MAX_UNZIPPED_BYTES = 262_144_000
MAX_LIST_BYTES = 1 << 24  # of a zip's list of entries, which is read whole: Lambda's largest packages need less
CHUNK_BYTES = 1 << 18
CREDENTIALS = (
    ".env", ".env.*", ".envrc", ".netrc", ".pypirc", ".npmrc", ".git-credentials", ".dockercfg",
    "id_rsa", "id_dsa", "id_ecdsa", "id_ed25519", "*.p12", "*.pfx", "*.kdbx",
)  # fmt: skip
EXAMPLES = (".example", ".sample", ".template", ".dist")
LARGEST_KEY_BYTES = 1 << 16
BROKEN = (zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError, zlib.error, EOFError, OSError)


class NotAZip(Exception):
    """Why a file cannot be looked into, as what is said of it: `is not a zip file`."""


class Content(NamedTuple):
    """What an entry is: its bytes' number and SHA-256, and whether it is a file, a program or a link."""

    size: int
    sha256: bytes
    sort: str


class _Bounded:
    """A file of which nobody reads so much at once that it would fill the memory."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.seek, self.tell, self.seekable = file.seek, file.tell, file.seekable

    def read(self, size: int = -1) -> bytes:
        text = self._file.read(min(size, MAX_LIST_BYTES + 1) if size >= 0 else MAX_LIST_BYTES + 1)
        if len(text) > MAX_LIST_BYTES:
            raise zipfile.BadZipFile("its list of files is too long")
        return text


def opened(file: IO[bytes]) -> zipfile.ZipFile:
    """Raises NotAZip."""
    try:
        return zipfile.ZipFile(cast("IO[bytes]", _Bounded(file)))  # it needs no more than that has
    except BROKEN as error:
        raise NotAZip("is not a zip file") from error


def measured(file: IO[bytes]) -> tuple[int, int]:
    """How many files a zip says that it has, and how many bytes it unpacks to. Raises NotAZip."""
    with opened(file) as archive:
        listed = archive.infolist()
    return sum(not entry.is_dir() for entry in listed), sum(entry.file_size for entry in listed)


def contents(file: IO[bytes]) -> dict[str, Content]:
    """What a zip holds, by name; of a name that it has twice, the last. Raises NotAZip."""
    with opened(file) as archive:
        if sum(entry.file_size for entry in archive.infolist()) > MAX_UNZIPPED_BYTES:
            raise NotAZip(f"is more than {MAX_UNZIPPED_BYTES:,} bytes unzipped")
        try:
            return {entry.filename: _content(archive, entry) for entry in archive.infolist() if not entry.is_dir()}
        except BROKEN as error:
            raise NotAZip("is a zip file that cannot be read") from error


def _content(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Content:
    mode, digest, size = entry.external_attr >> 16, hashlib.sha256(), 0
    with archive.open(entry) as opened:
        while chunk := opened.read(CHUNK_BYTES):
            digest.update(chunk)
            size += len(chunk)
    sort = "link" if stat.S_ISLNK(mode) else "program" if mode & stat.S_IXUSR else "file"
    return Content(size, digest.digest(), sort)


def credentials(file: IO[bytes]) -> tuple[str, ...]:
    """The names in a zip that usually hold what nobody wants to deploy: keys, passwords, a whole `.git`."""
    return tuple(sorted(_credentials(file)))


def _credentials(file: IO[bytes]) -> Iterator[str]:
    with opened(file) as archive:
        yield from (entry.filename for entry in archive.infolist() if _is_credential(archive, entry))


def _is_credential(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bool:
    """By its name; a .pem or .key, which may be anybody's certificate, by what it holds as well."""
    *folders, name = entry.filename.casefold().split("/")
    if fnmatch.fnmatchcase(name, "*.pem") or fnmatch.fnmatchcase(name, "*.key"):
        return b"PRIVATE KEY-----" in _beginning(archive, entry)
    is_named = any(fnmatch.fnmatchcase(name, pattern) for pattern in CREDENTIALS)
    is_example = any(name.endswith(end) for end in EXAMPLES)
    return (is_named and not is_example) or NEVER_PACKED in folders or folders[-1:] == [".aws"]


def _beginning(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """Nothing of an entry that is encrypted or broken: Lambda is the judge of a ready archive."""
    try:
        with archive.open(entry) as opened:
            return opened.read(LARGEST_KEY_BYTES)
    except BROKEN:
        return b""
