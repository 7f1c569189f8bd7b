"""Files in the params of Lambda's calls, read and encoded while they are sent: botocore would hold each four times in memory.

A file leaves the params before botocore sees them, a word that nobody can guess stands for it in the body that botocore makes, and the
body that is sent has the file there.
"""

from __future__ import annotations

import base64
import io
import os
import secrets
from collections.abc import Mapping
from typing import IO, Any

from botocore.hooks import HierarchicalEmitter

from reconciler.core.streams import Made

CHUNK_BYTES = 3 << 18
FILES = "reconcile_files"  # in botocore's context of a call


def stream_files(hooks: HierarchicalEmitter) -> None:
    hooks.register("before-parameter-build.lambda", _set_aside)
    hooks.register("before-call.lambda", _put_in)


def _set_aside(params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
    files: dict[bytes, IO[bytes]] = {}
    params.update({name: _without_files(value, files) for name, value in params.items()})
    context[FILES] = files


def _without_files(value: Any, files: dict[bytes, IO[bytes]]) -> Any:
    if isinstance(value, Mapping):
        return {name: _without_files(item, files) for name, item in value.items()}
    if not hasattr(value, "read"):
        return value
    word = secrets.token_bytes(24)
    files[word] = value
    return word


def _put_in(params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
    for word, file in context.get(FILES, {}).items():
        before, _, after = params["body"].partition(base64.b64encode(word))
        params["body"] = io.BufferedReader(Body(before, file, after), CHUNK_BYTES)


class Body(Made):
    """A text, a file in base64, and a text: a request is signed, sent, and sent again."""

    def __init__(self, before: bytes, file: IO[bytes], after: bytes) -> None:
        self._before, self._file, self._after = before, file, after
        self._encoded = -(-file.seek(0, os.SEEK_END) // 3) * 4
        super().__init__(len(before) + self._encoded + len(after))

    def made(self, start: int, most: int) -> bytes:
        inside = start - len(self._before)
        if inside < 0:
            return self._before[start:][:most]
        if inside < self._encoded:
            return self._of_file(inside, min(most, self._encoded - inside))
        return self._after[inside - self._encoded :][:most]

    def _of_file(self, start: int, size: int) -> bytes:
        """Base64 has four letters for three bytes."""
        first, last = start // 4, -(-(start + size) // 4)
        self._file.seek(first * 3)
        return base64.b64encode(self._file.read((last - first) * 3))[start - first * 4 :][:size]
