"""Names of functions for a shell that completes a word: looked for in the text of the spec files, without a reader of YAML."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path

FUNCTION = re.compile(rb"""^function: *["']?([A-Za-z0-9_-]{1,140})["']? *(?:#.*)?\r?$""", re.MULTILINE)
MOST_FILES = 5000
OPENING_BYTES = 4096  # a spec begins with its name


def names(root: Path) -> list[str]:
    """The names that files below a folder begin with, sorted; of what cannot be read none."""
    found = set[str]()
    for path in islice(_files(root), MOST_FILES):
        with suppress(OSError):
            if path.is_file():
                with path.open("rb") as file:
                    found |= {match.decode() for match in FUNCTION.findall(file.read(OPENING_BYTES))}
    return sorted(found)


def _files(root: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(folder, name) for name in sorted(files) if name.lower().endswith((".yaml", ".yml")))
