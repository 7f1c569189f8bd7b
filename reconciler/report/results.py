"""AWS's answers as the seed's result objects: lowerCamelCase, with the SDK's metadata, sensitive values hidden. Pure."""

from __future__ import annotations

import base64
import json
import math
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

from reconciler.core import service
from reconciler.core.values import SENSITIVE
from reconciler.core.words import many

DROPPED = ("Location",)  # a presigned address of the code: whoever has it, has the code
DEEPEST_PAYLOAD = 100  # what our documents can hold with certainty: writing them costs the interpreter's stack


def camel(name: str) -> str:
    """`FunctionArn` -> `functionArn`, `KMSKeyArn` -> `kmsKeyArn`, `UUID` -> `uuid`."""
    head = re.match(r"[A-Z0-9]+(?![a-z])|[A-Z]", name)
    return head[0].lower() + name[head.end() :] if head else name


def result_object(
    operation: str, answer: Mapping[str, Any], *, request_id: str, status_code: int, headers: Mapping[str, str]
) -> dict[str, Any]:
    """What a task keeps of one answer."""
    body = invocation(answer) if operation == "Invoke" else _shaped(answer, service.response(operation))
    return {
        **body,
        "sdkHttpMetadata": {"httpHeaders": dict(headers), "httpStatusCode": status_code},
        "sdkResponseMetadata": {"requestId": request_id},
    }


def invocation(answer: Mapping[str, Any]) -> dict[str, Any]:
    """An invocation's answer with payload and log tail decoded; seeing them is what it was made for."""
    result = {
        camel(name): answer[name] for name in ("StatusCode", "ExecutedVersion", "FunctionError") if name in answer
    }
    payload = answer.get("Payload", b"")
    result["payload"] = _decoded(payload.decode("utf-8", "replace") if isinstance(payload, bytes) else str(payload))
    if "LogResult" in answer:
        result["logResult"] = base64.b64decode(answer["LogResult"]).decode("utf-8", "replace")
    return result


def _decoded(payload: str) -> Any:
    """The JSON value that a function answered; its text where that is no JSON, or none that a document can hold."""
    if not payload:
        return None
    try:
        value = json.loads(payload)
    except (ValueError, RecursionError):
        return payload
    return value if _is_writable(value, DEEPEST_PAYLOAD) else payload


def _is_writable(value: Any, depth: int) -> bool:
    """Whether a value survives JSON in UTF-8: no NaN or infinity, no half of a surrogate pair, not nested too deeply."""
    match value:
        case str():
            return value.isascii() or not re.search("[\ud800-\udfff]", value)
        case float():
            return math.isfinite(value)
        case dict():
            return depth > 0 and all(_is_writable(part, depth - 1) for item in value.items() for part in item)
        case list():
            return depth > 0 and all(_is_writable(item, depth - 1) for item in value)
    return True


def _shaped(value: Any, shape: Shape | None) -> Any:
    match shape:
        case StructureShape() if isinstance(value, Mapping):
            return {
                camel(name): _shaped(item, shape.members.get(name))
                for name, item in value.items()
                if name not in DROPPED
            }
        case MapShape() if isinstance(value, Mapping):
            return {key: _shaped(item, shape.value) for key, item in value.items()}
        case ListShape() if isinstance(value, list):
            return [_shaped(item, shape.member) for item in value]
    if shape is not None and shape.metadata.get("sensitive"):
        return SENSITIVE.text
    if isinstance(value, datetime):
        return int(value.timestamp() * 1000)
    if isinstance(value, bytes):
        return f"({many(len(value), 'byte')})"
    return value
