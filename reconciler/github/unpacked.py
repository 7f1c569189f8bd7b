"""Files out of an artifact's zip: only those of a fixed form of name, from its top, none larger than is wanted. Pure.

Whoever runs a job of a repository says what its artifacts hold, so nothing in one chooses where it lands.
"""

from __future__ import annotations

import io
import lzma
import re
import zipfile
import zlib
from collections.abc import Iterator

from reconciler.core.errors import ForgeError

DAMAGED = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    zlib.error,
    lzma.LZMAError,
    NotImplementedError,
    OSError,
    EOFError,
    ValueError,
)


def files(content: bytes, names: str, most_bytes: int) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of each file whose whole name a pattern matches. Raises ForgeError for what is no zip, is damaged, or is
    larger unpacked than `most_bytes` altogether."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            wanted = [entry for entry in packed.infolist() if re.fullmatch(names, entry.filename, re.ASCII)]
            for entry in wanted:
                with packed.open(entry) as file:
                    text = file.read(most_bytes + 1)
                most_bytes -= len(text)
                if most_bytes < 0:
                    raise ForgeError(f"{entry.filename} of an artifact is larger than what is read of one")
                yield entry.filename, text
    except (*DAMAGED, RuntimeError) as error:  # of one that is encrypted
        raise ForgeError(f"an artifact is no zip that can be read: {error}") from error
