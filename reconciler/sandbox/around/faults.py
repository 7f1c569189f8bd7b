"""What goes wrong on purpose: a script of faults, and AWS's throttling by token buckets.

A script is a JSON list. Each fault names an `operation` (or "*") and when it strikes: `nth` (the nth such request), `first`
(the first so many) or always. It answers with `status` and `code`/`message`, breaks the connection (`reset`), waits
(`latency_seconds`), or lets what the request begins end as Failed, a mapping in the other state (`fails`: a reason).
`when` is "before" the request is carried out (the default) or "after" it, when only the answer is lost:

    [{"operation": "UpdateAlias", "nth": 3, "status": 503},
     {"operation": "*", "nth": 7, "reset": true, "when": "after"},
     {"operation": "CreateFunction", "first": 3, "code": "InvalidParameterValueException",
      "message": "The role defined for the function cannot be assumed by Lambda."},
     {"operation": "UpdateFunctionCode", "nth": 1, "fails": "EniLimitExceeded"},
     {"operation": "GetFunction", "latency_seconds": 0.2}]

Counting requests is all that changes here.
"""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from reconciler.core import service
from reconciler.core.errors import ReconcileError
from reconciler.sandbox.refusals import Refused

RATES: Mapping[str, float] = {
    "GetFunction": 100.0, "GetPolicy": 15.0, "LookupEvents": 2.0,
    "GetMetricData": 50.0, "PutMetricData": 500.0, "DescribeAlarms": 9.0, "PutMetricAlarm": 3.0, "PutCompositeAlarm": 3.0,
    "SetAlarmState": 3.0, "DeleteAlarms": 3.0,
}  # fmt: skip
REST_PER_SECOND = 15.0
NOT_CONTROL_PLANE = ("Invoke", "InvokeAsync", "InvokeWithResponseStream")
CAN_FAIL = (
    "CreateFunction", "UpdateFunctionCode", "UpdateFunctionConfiguration", "PublishVersion",
    "CreateCapacityProvider", "CreateEventSourceMapping", "UpdateEventSourceMapping", "PutProvisionedConcurrencyConfig",
    "UpdateAlias",
)  # fmt: skip
CODES = {429: "TooManyRequestsException", 409: "ResourceConflictException"}


class BadFaults(ReconcileError):
    """A fault script that cannot be understood."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Fault:
    """One entry of a script; the module's opening says what its members mean."""

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
        code = self.code or CODES.get(self.status, "ServiceException")
        status = self.status or _status_of(code)
        headers = {"Retry-After": "1"} if status == 429 else {}
        return Refused(code, self.message or f"A fault of the script ({status})", status, headers)


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
    return parse_faults(entries, str(path))


def parse_faults(entries: Any, where: str) -> tuple[Fault, ...]:
    """Faults of a script's JSON; `where` opens every complaint, and all complaints are told at once."""
    if not isinstance(entries, list):
        raise BadFaults(f"{where}: a fault script is a list of objects")
    wrong = [
        f"{where}: fault {number}: {what}"
        for number, entry in enumerate(entries, start=1)
        for what in _complaints(entry)
    ]
    if wrong:
        raise BadFaults("\n".join(wrong))
    return tuple(Fault(**entry) for entry in entries)


def _complaints(entry: Any) -> Iterator[str]:
    if not isinstance(entry, dict) or not isinstance(entry.get("operation"), str):
        yield "needs `operation`, the name of a Lambda operation or *"
        return
    yield from _wrong_kinds(entry)
    operation = entry["operation"]
    if operation != "*" and operation not in service.model(service.api_of(operation)).operation_names:
        yield f"Lambda has no operation {operation}"
    if entry.get("when", "before") not in ("before", "after"):
        yield "`when` must be before or after"
    if entry.get("nth") and entry.get("first"):
        yield "`nth` and `first` exclude each other"
    if not any(entry.get(name) for name in ("status", "code", "reset", "latency_seconds", "fails")):
        yield "does nothing; give it `status`, `code`, `reset`, `latency_seconds` or `fails`"
    if entry.get("status") and entry["status"] not in range(400, 600):
        yield "`status` must be an error's, 400 to 599"
    if entry.get("fails") and operation not in ("*", *CAN_FAIL):
        yield f"`fails` is for {', '.join(CAN_FAIL)}"


def _wrong_kinds(entry: Mapping[str, Any]) -> Iterator[str]:
    kinds = {item.name: type(item.default) if item.name != "operation" else str for item in fields(Fault)}
    for name, value in entry.items():
        if name not in kinds:
            yield f"{name} is not known; known are {', '.join(kinds)}"
            continue
        wanted = kinds[name]
        fits = type(value) in ((int, float) if wanted is float else (wanted,))
        if not fits:
            yield f"`{name}` must be {wanted.__name__}, not {value!r}"
        elif wanted in (int, float) and value < 0:
            yield f"`{name}` must not be negative"


class Script:
    """Faults with the requests counted so far. Safe to share between threads."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self._faults = tuple(faults)
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()

    @property
    def denied(self) -> frozenset[str]:
        """The operations that are refused for want of a right, whenever they are asked for."""
        always = (fault for fault in self._faults if not fault.nth and not fault.first)
        return frozenset(fault.operation for fault in always if fault.code.startswith("AccessDenied"))

    def faults_of(self, operation: str) -> tuple[Fault, ...]:
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
        """Raises TooManyRequestsException, or what another API calls it, when the bucket is empty."""
        if operation in NOT_CONTROL_PLANE:
            return
        rate = RATES.get(operation, REST_PER_SECOND)
        key = (account, region, operation if operation in RATES else "")
        with self._lock:
            tokens, then = self._tokens.get(key, (rate, now))
            tokens = min(rate, tokens + max(0.0, now - then) * rate)
            allowed = tokens >= 1
            self._tokens[key] = (tokens - 1 if allowed else tokens, now)
        if not allowed and service.api_of(operation) == "cloudwatch":
            raise Refused("Throttling", "Rate exceeded", 400)
        if not allowed:
            raise Refused("TooManyRequestsException", "Rate exceeded", 429, {"Retry-After": "1"})
