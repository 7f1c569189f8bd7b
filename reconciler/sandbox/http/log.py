"""The record of every request that the sandbox answers by itself: what was asked, when, and how it was answered.

Params go in as they came; what is kept and written has no value that the model calls sensitive and no bytes, only their count.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TextIO

from reconciler.core import service

READING = ("Describe", "Filter", "Get", "List", "Lookup", "Invoke")


@dataclass(frozen=True, slots=True)
class Logged:
    """One request. `at` is in seconds since the epoch; `status` 0 with code Reset is a broken connection. `key` is the access key that
    it was signed with, `agent` what the client calls itself, `answered` what the answer says of which resource it is; these stand in no file."""

    operation: str
    account: str
    region: str
    params: Mapping[str, Any]
    at: float
    status: int
    code: str
    agent: str = ""
    key: str = ""
    answered: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_write(self) -> bool:
        return not self.operation.startswith(READING)


def hidden(operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
    """Params that may be shown and kept."""
    shape = service.request(operation)
    redacted: dict[str, Any] = service.seal_leaves(_counted(params), shape, _sealed)
    return redacted


class _Count(str):
    """Says how many bytes there were."""

    __slots__ = ()


def _counted(value: Any) -> Any:
    match value:
        case bytes():
            return _Count(f"({len(value)} bytes)")
        case Mapping():
            return {key: _counted(item) for key, item in value.items()}
        case list():
            return [_counted(item) for item in value]
    return value


def _sealed(value: Any) -> str:
    return value if isinstance(value, _Count) else "(sensitive)"


def _written(entry: Logged) -> dict[str, Any]:
    return {name: value for name, value in asdict(entry).items() if name not in ("agent", "key", "answered")}


class RequestLog:
    """All requests so far, and their file; `trail` has them as well, and nobody takes any out of it. Safe to share between threads."""

    def __init__(self, path: Path | None) -> None:
        self.requests: list[Logged] = []
        self.trail: list[Logged] = []
        self._lock = threading.Lock()
        self._file: TextIO | None = path.open("a", encoding="utf-8") if path else None

    def note(self, entry: Logged) -> None:
        with self._lock:
            self.requests.append(entry)
            self.trail.append(entry)
            if self._file:
                self._file.write(json.dumps(_written(entry), default=str) + "\n")
                self._file.flush()

    def close(self) -> None:
        with self._lock:
            if self._file:
                self._file.close()
                self._file = None
