"""AWS's answers as the seed's result objects: lowerCamelCase, with the SDK's metadata, sensitive values hidden. Pure."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

from reconciler import service
from reconciler.model import SENSITIVE

DROPPED = ("Location",)  # a presigned address of the code: whoever has it, has the code


def camel(name: str) -> str:
    """`FunctionArn` -> `functionArn`, `KMSKeyArn` -> `kmsKeyArn`, `UUID` -> `uuid`."""
    run = re.match(r"[A-Z0-9]+(?![a-z])|[A-Z]", name)
    return run[0].lower() + name[run.end() :] if run else name


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
    found = {camel(name): answer[name] for name in ("StatusCode", "ExecutedVersion", "FunctionError") if name in answer}
    payload = answer.get("Payload", b"")
    text = payload.decode("utf-8", "replace") if isinstance(payload, bytes) else str(payload)
    try:
        found["payload"] = json.loads(text) if text else None
    except ValueError:
        found["payload"] = text
    if "LogResult" in answer:
        found["logResult"] = base64.b64decode(answer["LogResult"]).decode("utf-8", "replace")
    return found


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
        return f"({len(value)} bytes)"
    return value
