"""A local directory, .zip or .jar to the bytes that Lambda gets, the same bytes on every machine.

Times, modes, order and compression are fixed; `.lambdaignore` leaves files out as .gitignore would, and what Python leaves
behind is left out unless it says `!__pycache__/`. Never packs `.git`, never follows a link out of the directory and never
runs what it packs.
"""

from __future__ import annotations

import base64
import fnmatch
import hashlib
import io
import os
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

from pathspec import GitIgnoreSpec

from reconciler.core.errors import Fault, SpecError
from reconciler.core.model import Origin
from reconciler.files.ignoring import ignored
from reconciler.files.reading import TooLarge, Unreadable, contents

IGNORE_FILE = ".lambdaignore"
IGNORED_ALWAYS = ("__pycache__/", "*.py[co]")  # differ from machine to machine; a later line may take one back
NEVER_PACKED = ".git"  # at any depth, folder or file: it holds what was ever committed, and with it what was taken out
ARCHIVES = (".zip", ".jar")
CREDENTIALS = (
    ".env", ".env.*", ".envrc", ".netrc", ".pypirc", ".npmrc", ".git-credentials", ".dockercfg",
    "id_rsa", "id_dsa", "id_ecdsa", "id_ed25519", "*.p12", "*.pfx", "*.kdbx",
)  # fmt: skip
EXAMPLES = (".example", ".sample", ".template", ".dist")
LARGEST_KEY_BYTES = 1 << 16
MAX_ZIP_BYTES = 52_428_800
MAX_UNZIPPED_BYTES = 262_144_000
MAX_ENTRIES = 65_000
MAX_IGNORE_BYTES = 1 << 20
ENTRY_BYTES = 76  # what a zip writes of each entry beside its content and, twice, its name
EPOCH = (1980, 1, 1, 0, 0, 0)


def code_sha256(code: bytes) -> str:
    """The hash as Lambda's CodeSha256 says it."""
    return base64.b64encode(hashlib.sha256(code).digest()).decode()


def pack(path: str, origin: Origin) -> bytes:
    """The zip of a directory, or a ready archive as it is. Raises SpecError, at `origin`, when Lambda would refuse it."""
    file = Path(path)
    try:
        if file.is_dir():
            code = _zipped(file, origin)
        elif file.is_file() and file.suffix.lower() in ARCHIVES:
            code = _ready(file, origin)
        else:
            wrong = "is neither a directory nor a .zip or .jar" if file.exists() else "does not exist"
            raise _fault(origin, f"code.path {path} {wrong}")
    except OSError as error:
        raise _fault(origin, f"{error.filename or path} cannot be read: {error.strerror}") from error
    if len(code) > MAX_ZIP_BYTES:
        raise _fault(
            origin, f"{path} is {len(code):,} bytes zipped; sent directly the most is {MAX_ZIP_BYTES:,}: put it in S3"
        )
    return code


def credentials(code: bytes) -> tuple[str, ...]:
    """The names in a zip that usually hold what nobody wants to deploy: keys, passwords, a whole `.git`."""
    with zipfile.ZipFile(io.BytesIO(code)) as archive:
        return tuple(sorted(entry.filename for entry in archive.infolist() if _is_credential(archive, entry)))


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
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, zlib.error, EOFError):
        return b""


def real_path(path: Path) -> Path:
    """The path without links; a link to itself, which Path.resolve cannot bear, stays what it is."""
    return Path(os.path.realpath(path))


def _fault(origin: Origin, message: str) -> SpecError:
    return SpecError([Fault(origin, message)])


def _ready(file: Path, origin: Origin) -> bytes:
    if file.stat().st_size > MAX_ZIP_BYTES:
        raise _fault(
            origin,
            f"{file} is {file.stat().st_size:,} bytes; sent directly the most is {MAX_ZIP_BYTES:,}: put it in S3",
        )
    code = file.read_bytes()
    try:
        with zipfile.ZipFile(io.BytesIO(code)) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
    except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
        raise _fault(origin, f"{file} is not a zip file") from error
    if size > MAX_UNZIPPED_BYTES:
        raise _fault(origin, f"{file} is {size:,} bytes unzipped; the most is {MAX_UNZIPPED_BYTES:,}")
    return code


def _zipped(root: Path, origin: Origin) -> bytes:
    """Stored, not deflated, as long as it may be sent so: two zlibs do not give the same bytes."""
    files = sorted(_files(root, origin))
    total = sum(file.stat().st_size for _, file in files)
    if not files:
        raise _fault(origin, f"{root} has no file to pack")
    if total > MAX_UNZIPPED_BYTES or len(files) > MAX_ENTRIES:
        limits = f"{MAX_UNZIPPED_BYTES:,} bytes or {MAX_ENTRIES:,} files"
        raise _fault(origin, f"{root} is more than {limits}; leave some out with {IGNORE_FILE}")
    packed = io.BytesIO()
    stored = total + sum(ENTRY_BYTES + 2 * len(name.encode()) for name, _ in files)
    method = zipfile.ZIP_STORED if stored < MAX_ZIP_BYTES * 9 // 10 else zipfile.ZIP_DEFLATED
    with zipfile.ZipFile(packed, "w", method, compresslevel=9) as archive:
        for name, file in files:
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.create_system = 3
            entry.compress_type = method
            is_program = bool(file.stat().st_mode & stat.S_IXUSR)
            entry.external_attr = (stat.S_IFREG | (0o755 if is_program else 0o644)) << 16
            archive.writestr(entry, file.read_bytes())
    return packed.getvalue()


def _text(name: str, origin: Origin) -> str:
    """A file's name as UTF-8 has it, whatever the locale made of it."""
    try:
        return os.fsencode(name).decode("utf-8")
    except UnicodeDecodeError as error:
        raise _fault(origin, f"the file name {name!r} is not UTF-8; rename it") from error


def _ignored(root: Path, inside: Path, origin: Origin) -> GitIgnoreSpec:
    file = root / IGNORE_FILE
    if file.is_symlink():
        _check_file(file, root, inside, origin)
    try:
        text = contents(file, MAX_IGNORE_BYTES) if file.exists() else b""
    except TooLarge as error:
        raise _fault(origin, f"{file} cannot be read: has more than {MAX_IGNORE_BYTES:,} bytes") from error
    except Unreadable as error:
        raise _fault(origin, f"{file} {error}") from error
    try:
        lines = text.decode("utf-8-sig").splitlines()
        return ignored(IGNORED_ALWAYS, lines, [f"/{IGNORE_FILE}"])
    except ValueError as error:  # not UTF-8, or a line that git would not read either
        raise _fault(origin, f"{file} cannot be read: {error}") from error


def _raise(error: OSError) -> None:
    raise error


def _files(root: Path, origin: Origin) -> Iterator[tuple[str, Path]]:
    """(name in the zip, file) of what is packed. A link to a file inside counts as a file."""
    inside = real_path(root)
    left_out = _ignored(root, inside, origin)
    for folder, folders, files in os.walk(root, onerror=_raise):
        below = Path(folder).relative_to(root)
        packed = {
            name
            for names, slash in ((folders, "/"), (files, ""))
            for name in names
            if name.casefold() != NEVER_PACKED
            and not left_out.match_file(f"{_text((below / name).as_posix(), origin)}{slash}")
        }
        for name in sorted(packed):
            _check_file(root / below / name, root, inside, origin)
        folders[:] = sorted(packed.intersection(folders))
        yield from ((_text((below / name).as_posix(), origin), root / below / name) for name in files if name in packed)


def packs(path: str) -> Callable[[str], bool]:
    """Whether a name below a directory would be packed; a change of what leaves names out counts as one of what is in."""
    root = Path(path)
    try:
        left_out = _ignored(root, real_path(root), Origin(path)) if root.is_dir() else None
    except SpecError:  # told elsewhere
        left_out = None
    return lambda name: name == IGNORE_FILE or left_out is None or not left_out.match_file(name)


def _check_file(path: Path, root: Path, inside: Path, origin: Origin) -> None:
    """Raises SpecError for what cannot be packed truthfully."""
    if path.is_symlink():
        if not real_path(path).is_relative_to(inside):
            wrong = f"is a link that leads out of {root}; copy the file"
        elif not path.exists():
            wrong = "is a link to nothing; take it out"
        elif path.is_dir():
            wrong = "is a link to a directory; copy the directory"
        else:
            return
        raise _fault(origin, f"{path} {wrong}, or name it in {IGNORE_FILE}")
    if not path.is_dir() and not stat.S_ISREG(path.stat().st_mode):
        raise _fault(origin, f"{path} is not a regular file; name it in {IGNORE_FILE}")
