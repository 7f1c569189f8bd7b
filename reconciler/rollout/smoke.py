"""What of a candidate's answer to a smoke event is not as the spec expects it. Sends nothing, and matches no pattern itself; no payload is in what
it tells.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeAlias

from reconciler.core.diff import steps_of
from reconciler.core.rollouts import Smoke

TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,), "number": (int, float), "boolean": (bool,), "object": (dict,), "array": (list,), "null": (type(None),),
}  # fmt: skip
MATCHES = "matches"
MAX_MATCHED = 2048  # characters; a longer text of an answer is not given to a pattern

Found: TypeAlias = Callable[[str, str], bool]  # whether a pattern is found in a text; raises TimeoutError


@dataclass(frozen=True, slots=True)
class Invoked:
    """What Invoke answered: the payload's bytes, the FunctionError (empty: none), the end of the log, and how long it took."""

    payload: bytes
    error: str = ""
    log: str = ""
    milliseconds: int = 0


@dataclass(frozen=True, slots=True)
class Absent:
    """What stands at a pointer that leads to nothing."""


ABSENT = Absent()


def failed(smoke: Smoke, answer: Invoked, is_found: Found) -> tuple[str, ...]:
    """A sentence for each expectation that is not met; none where it passed."""
    return tuple(_failed(smoke, answer, is_found))


def _failed(smoke: Smoke, answer: Invoked, is_found: Found) -> Iterator[str]:
    if answer.error:
        yield f"the function failed ({answer.error})"
        return
    if smoke.within is not None and timedelta(milliseconds=answer.milliseconds) > smoke.within:
        yield f"took {answer.milliseconds} ms, more than {smoke.within / timedelta(milliseconds=1):g} ms"
    yield from (f"the log has {text!r}" for text in smoke.log_lacks if text in answer.log)
    if not smoke.expect:
        return
    try:
        payload = json.loads(answer.payload)
    except (ValueError, RecursionError):
        yield "the answer is not JSON"
        return
    for pointer, expected in smoke.expect.items():
        yield from (f"{pointer or 'the answer'} {wrong}" for wrong in _unmet(expected, at(payload, pointer), is_found))


def at(value: Any, pointer: str) -> Any:
    """What stands at a JSON Pointer. A text that it leads on through is read as JSON: so are the bodies of answers to HTTP."""
    for step in steps_of(pointer):
        if isinstance(value, str):
            value = _document(value)
        if isinstance(value, dict):
            value = value.get(step, ABSENT)
        elif isinstance(value, list) and re.fullmatch("0|[1-9][0-9]{0,8}", step) and int(step) < len(value):
            value = value[int(step)]
        else:
            return ABSENT
    return value


def _document(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return ABSENT


def _unmet(expected: Any, value: Any, is_found: Found) -> Iterator[str]:
    if not isinstance(expected, Mapping):
        if value is ABSENT:
            yield "is not there"
        elif not is_equal(expected, value):
            yield f"is not {json.dumps(expected, ensure_ascii=False)}"
        return
    if value is ABSENT and expected.get("exists") is not False:
        yield "is not there"
        return
    for word, wanted in expected.items():
        if word == MATCHES:
            yield from _unmatched(wanted, value, is_found)
        elif not MATCHERS[word][0](wanted, value):
            yield MATCHERS[word][1](wanted)


def _unmatched(pattern: str, value: Any, is_found: Found) -> Iterator[str]:
    if isinstance(value, str) and len(value) > MAX_MATCHED:
        yield f"is longer than {MAX_MATCHED} characters, so it is not matched"
        return
    try:
        if not isinstance(value, str) or not is_found(pattern, value):
            yield f"does not match {pattern!r}"
    except TimeoutError:
        yield f"takes too long to be matched by {pattern!r}; write a simpler one"


def is_equal(expected: Any, value: Any) -> bool:
    """As JSON is: 1 is 1.0, and true is not 1."""
    if isinstance(expected, list) and isinstance(value, list):
        return len(expected) == len(value) and all(map(is_equal, expected, value))
    if isinstance(expected, Mapping) and isinstance(value, dict):
        return expected.keys() == value.keys() and all(is_equal(item, value[key]) for key, item in expected.items())
    return isinstance(expected, bool) is isinstance(value, bool) and bool(expected == value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_of(name: str, value: Any) -> bool:
    if name == "integer":
        return _is_number(value) and value == value // 1
    return isinstance(value, TYPES[name]) and (name == "boolean" or not isinstance(value, bool))


# By word, but for MATCHES: whether a value meets what is wanted, and what is said where it does not.
MATCHERS: Mapping[str, tuple[Callable[[Any, Any], bool], Callable[[Any], str]]] = {
    "min": (lambda wanted, value: _is_number(value) and value >= wanted, lambda wanted: f"is no number from {wanted} on"),
    "max": (lambda wanted, value: _is_number(value) and value <= wanted, lambda wanted: f"is no number up to {wanted}"),
    "exists": (
        lambda wanted, value: (value is not ABSENT) is wanted,
        lambda wanted: "is not there" if wanted else "is there",
    ),
    "type": (_is_of, lambda wanted: f"is no {wanted}"),
}  # fmt: skip
