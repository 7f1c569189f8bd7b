"""One file a source: a module here with a `Reader`, and its word in `READERS`. A file is the first one's that knows it by its content."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from reconciler.core.errors import SourceError
from reconciler.importing.parsing import parsed_json
from reconciler.importing.readers.cloudformation import CLOUDFORMATION
from reconciler.importing.readers.lambroll import LAMBROLL
from reconciler.importing.readers.operations import OPERATIONS
from reconciler.importing.readers.terraform import TERRAFORM
from reconciler.importing.told import File, Reader, Told

READERS: tuple[Reader, ...] = (TERRAFORM, CLOUDFORMATION, LAMBROLL, OPERATIONS)


def read(files: Sequence[File], readers: Sequence[Reader] = READERS) -> list[tuple[Reader, Told]]:
    """What the files tell, by reader; those of one source are read together. Raises SourceError for a file that nobody knows."""
    held: dict[str, list[Any]] = {}
    for file in files:
        name, parsed = _recognised(file, readers)
        held.setdefault(name, []).append(parsed)
    return [(reader, reader.told(held[reader.name])) for reader in readers if reader.name in held]


def _recognised(file: File, readers: Sequence[Reader]) -> tuple[str, Any]:
    for reader in readers:
        parsed = reader.parsed(file)
        if parsed is not None:
            return reader.name, parsed
    if file.text.lstrip()[:1] in ("{", "["):
        parsed_json(file.text, file.path)
    known = "; ".join(reader.about for reader in readers) or "nothing yet"
    raise SourceError(f"{file.path}: is nothing that functions can be imported by; that is: {known}")
