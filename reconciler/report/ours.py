"""What makes a journal ours, and a folder one that may hold journals.

A journal belongs to the user, the machine and the very file that its run began with: its first line is chained to them, each
further line to the one before. What was committed, copied or written by somebody else is another file, and so not ours; no
key has to be kept for that, and none can be lost.
"""

from __future__ import annotations

import hashlib
import json
import os
import socket
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from reconciler.core.errors import ReportError
from reconciler.files.reading import UnreadableFile, opened

CHAIN = "chain"
MACHINES = ("/etc/machine-id", "/var/lib/dbus/machine-id", "/proc/sys/kernel/random/boot_id")
NO_LINK = getattr(os, "O_NOFOLLOW", 0)
LARGEST_LINE_BYTES = 64 * 2**20


def user() -> int:
    return os.geteuid() if hasattr(os, "geteuid") else 0


def machine() -> str:
    """What tells this machine from others, the best that there is."""
    for name in MACHINES:
        try:
            text = Path(name).read_text(encoding="ascii", errors="replace").strip()
        except OSError:
            continue
        if text:
            return text
    return socket.gethostname()


def beginning(file: int) -> str:
    """What the first line of a journal is chained to."""
    return _digest(json.dumps([machine(), user(), os.fstat(file).st_ino]).encode())


def line_of(event: Mapping[str, Any]) -> bytes:
    """An event as it is written, not chained yet."""
    return encoded(json.dumps(event, separators=(",", ":"), ensure_ascii=False, default=str))


def chained(lines: Iterable[bytes], before: str) -> tuple[bytes, str]:
    """Events as the lines of a journal, and what the next one is chained to."""
    written = []
    for line in lines:
        before = _link(before, line)
        written.append(line[:-1] + _end(before))
    return b"".join(written), before


def encoded(text: str) -> bytes:
    """JSON text as bytes. Half of a surrogate pair has no UTF-8; the backslash form of it is JSON's own escape."""
    return text.encode("utf-8", "backslashreplace")


def is_ours(journal: BinaryIO) -> bool:
    """Whether the first line of an open journal is one that this user's run wrote into this very file on this machine."""
    if os.fstat(journal.fileno()).st_uid != user():
        return False
    journal.seek(0)
    first = journal.readline(LARGEST_LINE_BYTES)
    return not first.endswith(b"\n") or linked(first, beginning(journal.fileno())) != ""


def is_of_ours(report: Path) -> bool:
    """Whether a report lies beside a journal of ours, which it was made of."""
    try:
        with opened(report.with_suffix(".jsonl"), flags=NO_LINK) as file:
            return is_ours(file)
    except (OSError, UnreadableFile):
        return False


def linked(line: bytes, before: str) -> str:
    """What the line after this one is chained to; empty when this one is not chained to what was before."""
    link = line[-_LENGTH - 3 : -3].decode("ascii", "replace")
    end = _end(link)
    return link if line.endswith(end) and link == _link(before, line[: -len(end)] + b"}") else ""


def _link(before: str, line: bytes) -> str:
    return _digest(before.encode() + line)


def _digest(text: bytes) -> str:
    return hashlib.sha256(text).hexdigest()[:_LENGTH]


_LENGTH = 32


def _end(link: str) -> bytes:
    return f',"{CHAIN}":"{link}"}}\n'.encode()


# --- the folder -----------------------------------------------------------------------------------------------------


def require_folder(folder: Path) -> None:
    """Raises ReportError when a folder of reports is a link, or lies below one in the folder that is worked in: whoever may
    commit a link would say where records go and come from."""
    whole, here = Path(os.path.abspath(folder)), Path.cwd()  # noqa: PTH100
    inside = [parent for parent in whole.parents if parent != here and parent.is_relative_to(here)]
    for parent in (*reversed(inside), whole):
        if parent.is_symlink():
            raise ReportError(
                f"{folder}: {parent} is a link, so no record is written or read there; name the folder itself with --report-dir"
            )


def journals(folder: Path) -> Iterator[tuple[Path, BinaryIO | None]]:
    """Each journal of a folder that has no report, open; None for one that is not ours."""
    for path in sorted(folder.glob("*.jsonl")):
        if os.path.lexists(path.with_suffix(".json")):
            continue
        try:
            file = opened(path, flags=NO_LINK)
        except (OSError, UnreadableFile):
            yield path, None
            continue
        with file:
            yield path, file if is_ours(file) else None
