"""What goes wrong on purpose: a script of faults, and AWS's throttling by token buckets. Pure but for counting.

A script is a JSON list. Each fault names an `operation` (or "*") and when it strikes: `nth` (the nth such request), `first`
(the first so many) or always. It answers with `status` and `code`/`message`, breaks the connection (`reset`), waits
(`latency_seconds`), or lets the update that the request begins end as Failed (`fails`: a reason code). `when` is "before" the
request is carried out (the default) or "after" it, when only the answer is lost.
"""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from reconciler import service
from reconciler.errors import ReconcileError
from reconciler.sandbox.wire import Refused

RATES: Mapping[str, float] = {"GetFunction": 100.0, "GetPolicy": 15.0}
REST_PER_SECOND = 15.0
NOT_CONTROL_PLANE = ("Invoke", "InvokeAsync", "InvokeWithResponseStream")


class BadFaults(ReconcileError):
    """A fault script that cannot be understood."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Fault:
    operation: str
    nth: int = 0
    first: int = 0
    status: int = 0
    code: str = ""
    message: str = ""
    reset: bool = False
    latency_seconds: float = 0.0
    fails: str = ""
    when: str = "before"

    def strikes(self, operation: str, count: int) -> bool:
        if self.operation not in ("*", operation):
            return False
        return count == self.nth if self.nth else count <= self.first if self.first else True

    def refusal(self) -> Refused | None:
        """The error that this fault answers with, if it does."""
        if not (self.status or self.code):
            return None
        code = self.code or {429: "TooManyRequestsException", 409: "ResourceConflictException"}.get(
            self.status, "ServiceException"
        )
        status = self.status or _status_of(code)
        return Refused(code, self.message or f"A fault of the script ({status})", status)


def _status_of(code: str) -> int:
    if code in service.model().shape_names:
        return int(service.model().shape_for(code).metadata.get("error", {}).get("httpStatusCode", 400))
    return 400


def read_faults(path: Path) -> tuple[Fault, ...]:
    """A script's faults. Raises BadFaults saying which entry is wrong and how."""
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadFaults(f"{path}: {error}") from error
    if not isinstance(entries, list):
        raise BadFaults(f"{path}: a fault script is a list of objects")
    return tuple(_fault(path, number, entry) for number, entry in enumerate(entries, start=1))


def _fault(path: Path, number: int, entry: Any) -> Fault:
    kinds = {item.name: type(item.default) if item.name != "operation" else str for item in fields(Fault)}
    if not isinstance(entry, dict) or "operation" not in entry:
        raise BadFaults(f"{path}: fault {number} needs `operation`, a Lambda operation or *")
    for name, value in entry.items():
        if name not in kinds:
            raise BadFaults(f"{path}: fault {number}: {name} is not known; known are {', '.join(kinds)}")
        if not isinstance(value, kinds[name]) and not (kinds[name] is float and isinstance(value, int)):
            raise BadFaults(f"{path}: fault {number}: {name} must be {kinds[name].__name__}")
    if entry["operation"] != "*" and entry["operation"] not in service.model().operation_names:
        raise BadFaults(f"{path}: fault {number}: Lambda has no operation {entry['operation']}")
    if entry.get("when", "before") not in ("before", "after"):
        raise BadFaults(f"{path}: fault {number}: when must be before or after")
    return Fault(**entry)


class Script:
    """Faults with the requests counted so far. Safe to share between threads."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self._faults = tuple(faults)
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()

    def struck(self, operation: str) -> tuple[Fault, ...]:
        """The faults that this request meets."""
        with self._lock:
            self._counts[operation] += 1
            self._counts["*"] += 1
            return tuple(
                fault
                for fault in self._faults
                if fault.strikes(operation, self._counts["*" if fault.operation == "*" else operation])
            )


class Throttle:
    """AWS's buckets, one set an account and region: 100 GetFunction, 15 GetPolicy and 15 of all the rest a second."""

    def __init__(self) -> None:
        self._tokens: dict[tuple[str, str, str], tuple[float, float]] = {}
        self._lock = threading.Lock()

    def take(self, account: str, region: str, operation: str, now: float) -> None:
        """Raises TooManyRequestsException when the bucket is empty."""
        if operation in NOT_CONTROL_PLANE:
            return
        rate = RATES.get(operation, REST_PER_SECOND)
        key = (account, region, operation if operation in RATES else "")
        with self._lock:
            tokens, then = self._tokens.get(key, (rate, now))
            tokens = min(rate, tokens + (now - then) * rate)
            allowed = tokens >= 1
            self._tokens[key] = (tokens - 1 if allowed else tokens, now)
        if not allowed:
            raise Refused("TooManyRequestsException", "Rate exceeded", 429, {"Retry-After": "1"})
