"""Documents of shards, account and region each, as the one that a run of all would have left. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Document = Mapping[str, Any]


def within(document: Document, place: str) -> Document:
    """A document with the targets of one account/region, or with all where none is named."""
    if not place:
        return document
    targets = [target for target in document["targets"] if target["address"].startswith(f"{place}/")]
    return {**document, "targets": targets}
