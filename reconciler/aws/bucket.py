"""An S3 bucket as a place to keep something in: its calls, its addresses, and which of its refusals are answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

TAKEN = ("PreconditionFailed", "ConditionalRequestConflict")  # somebody else has written there
NO_OBJECT = ("NoSuchKey", "404")


class Store(Protocol):
    """(operation, params) -> answer, with the answer's `Date` header where there is one. Raises CallFailed."""

    def __call__(self, operation: str, params: Mapping[str, Any]) -> Mapping[str, Any]: ...


def location(url: str) -> dict[str, str]:
    """Bucket and key of `s3://bucket/key`."""
    bucket, _, key = url.removeprefix("s3://").partition("/")
    return {"Bucket": bucket, "Key": key}
