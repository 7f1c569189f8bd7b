"""AWS's event streams on the wire: frames with a name each, as botocore reads them.

Names and bytes go in, frames come out.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from zlib import crc32

TEXT = 7  # the kind of a header's value


def frame(name: str, payload: bytes, content_type: str) -> bytes:
    """One event."""
    words = {":event-type": name, ":content-type": content_type, ":message-type": "event"}
    headers = b"".join(_header(key, value) for key, value in words.items())
    opening = struct.pack("!II", 16 + len(headers) + len(payload), len(headers))
    body = opening + struct.pack("!I", crc32(opening)) + headers + payload
    return body + struct.pack("!I", crc32(body))


def _header(key: str, value: str) -> bytes:
    return struct.pack("!B", len(key)) + key.encode() + struct.pack("!BH", TEXT, len(value)) + value.encode()


def stream(events: Mapping[str, tuple[bytes, str]]) -> bytes:
    """Events in their order, each with its payload and content type."""
    return b"".join(frame(name, payload, content_type) for name, (payload, content_type) in events.items())
