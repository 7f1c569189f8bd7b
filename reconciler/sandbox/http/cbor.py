"""CBOR (RFC 8949), as far as AWS's APIs speak it: values of JSON, bytes, and times as a tag of seconds since the epoch.

Bytes that are no such value are refused as AWS refuses what it cannot read.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from reconciler.sandbox.refusals import Refused

TIME, END = 1, 0xFF
DEEPEST = 64  # how deep values may lie in each other
SIMPLE: Mapping[int, Any] = {20: False, 21: True, 22: None, 23: None}
FLOATS = {25: ">e", 26: ">f", 27: ">d"}


def dumped(value: Any) -> bytes:
    match value:
        case bool():
            return b"\xf5" if value else b"\xf4"
        case None:
            return b"\xf6"
        case int():
            return _head(0, value) if value >= 0 else _head(1, -1 - value)
        case float():
            return b"\xfb" + struct.pack(">d", value)
        case str():
            return _head(3, len(value.encode())) + value.encode()
        case bytes():
            return _head(2, len(value)) + value
        case datetime():
            return _head(6, TIME) + dumped(value.timestamp())
        case Mapping():
            return _head(5, len(value)) + b"".join(dumped(key) + dumped(item) for key, item in value.items())
        case list() | tuple():
            return _head(4, len(value)) + b"".join(map(dumped, value))
    raise TypeError(f"{type(value).__name__} has no form in CBOR")


def _head(major: int, number: int) -> bytes:
    if number < 24:
        return bytes([major << 5 | number])
    for info, form, most in ((24, ">B", 1 << 8), (25, ">H", 1 << 16), (26, ">I", 1 << 32)):
        if number < most:
            return bytes([major << 5 | info]) + struct.pack(form, number)
    return bytes([major << 5 | 27]) + struct.pack(">Q", number)


def loaded(content: bytes) -> Any:
    """The one value that the bytes are; a time is a number. Raises SerializationException."""
    try:
        value = _Reader(content).only_value()
    except (ValueError, IndexError, struct.error, TypeError, OverflowError) as error:
        raise Refused("SerializationException", "Could not parse request body into cbor") from error
    return value


class _Reader:
    def __init__(self, content: bytes) -> None:
        self._content, self._at, self._depth = content, 0, 0

    def _take(self, count: int) -> bytes:
        taken = self._content[self._at : self._at + count]
        if len(taken) < count:
            raise ValueError("the bytes end too early")
        self._at += count
        return taken

    def _number(self, info: int) -> int | None:
        """What follows a head: a number, or None where the length is open."""
        if info < 24:
            return info
        if info == 31:
            return None
        return int.from_bytes(self._take(1 << (info - 24)), "big") if info <= 27 else _unknown(info)

    def only_value(self) -> Any:
        value = self.value()
        if self._at != len(self._content):
            raise ValueError("more than one value")
        return value

    def value(self) -> Any:
        self._depth += 1
        if self._depth > DEEPEST:
            raise ValueError("too deep")
        head = self._take(1)[0]
        read = self._of(head >> 5, head & 31)
        self._depth -= 1
        return read

    def _of(self, major: int, info: int) -> Any:
        if major == 7:
            if info in FLOATS:
                return struct.unpack(FLOATS[info], self._take(1 << (info - 24)))[0]
            return SIMPLE[info] if info in SIMPLE else _unknown(info)
        number = self._number(info)
        match major:
            case 0 | 1 | 6 if number is None:
                return _unknown(info)
            case 0:
                return number
            case 1:
                return -1 - (number or 0)
            case 6:
                return self.value()
            case 2:
                return self._take(number) if number is not None else b"".join(self._items(None, self.value))
            case 3:
                return self._take(number).decode() if number is not None else "".join(self._items(None, self.value))
            case 4:
                return self._items(number, self.value)
        return dict(self._items(number, lambda: (self.value(), self.value())))

    def _items(self, number: int | None, read: Any) -> list[Any]:
        if number is not None:
            if number > len(self._content):
                raise ValueError("the bytes end too early")
            return [read() for _ in range(number)]
        items = []
        while self._content[self._at] != END:
            items.append(read())
        self._at += 1
        return items


def _unknown(info: int) -> Any:
    raise ValueError(f"{info} is not known here")
