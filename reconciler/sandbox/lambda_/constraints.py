"""What the service model itself refuses: missing members, lengths, ranges, patterns, closed sets of words.

Params go in; a ValidationException in AWS's words comes out when one does not fit. It never looks at what Lambda holds, and
never repeats a value that the model calls sensitive.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

from reconciler.core import service
from reconciler.sandbox.lambda_ import runtimes
from reconciler.sandbox.refusals import Refused

NOT_NULL, WORDS = "Member must not be null", "Member must satisfy enum value set"
# What is recorded of the rules of lists and maps (FACTS 9.2): AWS lists all of an item's, and these three lack the last.
WITHOUT_NOT_NULL = ("AdditionalVersion", "SecurityGroupId", "SubnetId")
TOLD_FIRST = ("CompatibleRuntimes",)  # of several members that are wrong
# Words that AWS tells in another order than the model has them.
IN_ORDER = {
    "EventSourcePosition": ("LATEST", "AT_TIMESTAMP", "TRIM_HORIZON"),
    "InvokeMode": ("RESPONSE_STREAM", "BUFFERED"),
    "RecursiveLoop": ("Terminate", "Allow"),
    "Runtime": runtimes.TOLD_OF_LAYERS,
}
OF_THE_CONFIGURATION = "runtime"  # refused there, with another code and other words


def check(operation: str, params: Mapping[str, Any], api: str = "lambda", code: str = "ValidationException") -> None:
    """Raises ValidationException, or what another API calls it, naming everything that the model forbids in params."""
    wrong = list(_violations(params, service.request(operation, api), ""))
    if wrong:
        what = f"{len(wrong)} validation error{'s' if len(wrong) > 1 else ''} detected: "
        raise Refused(code, what + "; ".join(wrong))


def _violations(value: Any, shape: Shape, at: str) -> Iterator[str]:
    match shape:
        case StructureShape():
            yield from _of_members(value, shape, at)
        case MapShape():
            yield from _of_entries(value, shape, at)
        case ListShape():
            yield from (_broken(value, shape, at, rule) for rule in _bounds(len(value), shape, "length"))
            yield from _of_items(value, shape.member, at)
        case _ if at != OF_THE_CONFIGURATION:
            yield from (_broken(value, shape, at, rule) for rule in broken_rules(value, shape))


def _of_members(value: Mapping[str, Any], shape: StructureShape, at: str) -> Iterator[str]:
    for name in shape.required_members:
        if value.get(name) is None:
            yield f"Value null at '{_below(at, name)}' failed to satisfy constraint: {NOT_NULL}"
    for name, item in sorted(value.items(), key=lambda entry: entry[0] not in TOLD_FIRST):
        if name in shape.members:
            yield from _violations(item, shape.members[name], _below(at, name))


def _of_items(value: list[Any], item: Shape, at: str) -> Iterator[str]:
    """A list's items; AWS shows the whole list, and all rules of an item in brackets."""
    if isinstance(item, StructureShape | ListShape | MapShape):
        for index, entry in enumerate(value, start=1):
            yield from _violations(entry, item, f"{at}.{index}.member")
    elif any(rule for entry in value for rule in broken_rules(entry, item)):
        rules = _in_brackets(item) if item.name != "Runtime" else f"{WORDS}: [{', '.join(runtimes.words())}]"
        yield _broken(value, item, at, rules)


def _of_entries(value: Mapping[str, Any], shape: MapShape, at: str) -> Iterator[str]:
    """A map's keys and values; AWS shows the whole map, and all rules of its part in brackets."""
    secret = any(part.metadata.get("sensitive") for part in (shape, shape.key, shape.value))
    shown = "" if secret else "'{" + ", ".join(f"{key}={item}" for key, item in value.items()) + "}' "
    for what, items, part in (("keys", list(value), shape.key), ("value", list(value.values()), shape.value)):
        if any(rule for item in items for rule in broken_rules(item, part)):
            rules = _in_brackets(part).replace("Member", f"Map {what}", 1)
            yield f"Value {shown}at '{at}' failed to satisfy constraint: {rules}"
    if isinstance(shape.value, StructureShape | ListShape):
        for key, item in value.items():
            yield from _violations(item, shape.value, f"{at}.{key}.member")


def _in_brackets(shape: Shape) -> str:
    rules = [*_rules(shape), *([] if shape.name in WITHOUT_NOT_NULL else [NOT_NULL])]
    return f"Member must satisfy constraint: [{', '.join(rules)}]"


def _rules(shape: Shape) -> Iterator[str]:
    """All rules of a scalar's shape."""
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    what = "length" if shape.type_name in ("string", "blob") else "value"
    if high is not None:
        yield _at_most(high, shape, what)
    if low is not None:
        yield _at_least(low, shape, what)
    yield from _of_words(shape)


def _of_words(shape: Shape) -> Iterator[str]:
    words, pattern = shape.metadata.get("enum"), shape.metadata.get("pattern", "")
    if words:
        first = IN_ORDER.get(shape.name, ())
        words = [*first, *(word for word in words if word not in first)]
        yield f"{WORDS}: [{', '.join(words)}]"
    if pattern and "\\p{" not in pattern:
        yield f"Member must satisfy regular expression pattern: {_as_told(pattern)}"


def _as_told(pattern: str) -> str:
    """A pattern that is one group of two is told without its outer brackets."""
    return pattern[1:-1] if pattern.startswith("((arn:") and pattern.endswith("))") else pattern


def broken_rules(value: Any, shape: Shape) -> Iterator[str]:
    """The rules of a scalar's shape that it breaks."""
    if isinstance(value, bytes):
        yield from _bounds(len(value), shape, "length")
    elif isinstance(value, str):
        words, pattern = shape.metadata.get("enum"), shape.metadata.get("pattern", "")
        if words and value not in words:
            yield next(_of_words(shape))
        if pattern and "\\p{" not in pattern and not _compiled(pattern).fullmatch(value):
            yield next(_of_words(shape))
        yield from _bounds(len(value), shape, "length")
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield from _bounds(value, shape, "value")


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def _bounds(size: float, shape: Shape, what: str) -> Iterator[str]:
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if low is not None and size < low:
        yield _at_least(low, shape, what)
    if high is not None and size > high:
        yield _at_most(high, shape, what)


def _at_least(limit: float, shape: Shape, what: str) -> str:
    return f"Member must have {what} greater than or equal to {_number(limit, shape)}"


def _at_most(limit: float, shape: Shape, what: str) -> str:
    return f"Member must have {what} less than or equal to {_number(limit, shape)}"


def _number(limit: float, shape: Shape) -> str:
    return str(float(limit)) if shape.type_name in ("double", "float") else str(int(limit))


def _below(at: str, name: str) -> str:
    small = name[0].lower() + name[1:]
    return f"{at}.{small}" if at else small


def _broken(value: Any, shape: Shape, at: str, rule: str) -> str:
    shown = f"[{', '.join(map(str, value))}]" if isinstance(value, list) else value
    is_hidden = shape.metadata.get("sensitive") or isinstance(value, bytes)
    shown_value = "" if is_hidden else f"'{shown}' "
    return f"Value {shown_value}at '{at}' failed to satisfy constraint: {rule}"
