"""What earlier runs were answered for the objects that they sent: the hashes of code that S3 keeps no hash of.

Reports go in, hashes come out. A report that cannot be read tells nothing: this is what may be known, not what must be.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from reconciler.core.errors import ReportError
from reconciler.core.packages import Pin
from reconciler.report.journal import read_json
from reconciler.report.ours import is_of_ours


def hashes(documents: Iterable[Mapping[str, Any]]) -> dict[Pin, str]:
    """The hash that AWS answered for each object, which its version, or its ETag, tells from every other."""
    return {
        Pin(code["S3Bucket"], code["S3Key"], code.get("S3ObjectVersion", ""), code["ETag"]): code["CodeSha256"]
        for document in documents
        for code in _codes(document)
        if all(isinstance(code.get(name), str) for name in ("S3Bucket", "S3Key", "ETag", "CodeSha256"))
    }


def _codes(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for task in _items(document, "tasks"):
        for performed in _items(task, "operations"):
            code = performed.get("code")
            if isinstance(code, dict):
                yield code


def _items(holder: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    items = holder.get(name)
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def documents(folder: Path) -> Iterator[Mapping[str, Any]]:
    """The reports of a folder that runs of ours have left there and that can be read, oldest first."""
    for path in sorted(folder.glob("*.json")):
        if not is_of_ours(path):
            continue
        with suppress(ReportError):
            document = read_json(path)
            if document.get("kind") == "report":
                yield document
