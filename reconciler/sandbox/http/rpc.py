"""JSON-RPC to (operation, params) and back, as the APIs beside Lambda speak it: the operation stands in a header, all else in the body.

It never looks at what AWS holds.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from reconciler.sandbox.http.wire import Request, Response, plain
from reconciler.sandbox.refusals import Refused

TARGET = "x-amz-target"


def operation(request: Request) -> str:
    """The operation that a request asks for, empty where it says none."""
    return request.headers.get(TARGET, "").rpartition(".")[2]


def namespace(request: Request) -> str:
    """Whose the thing is that a request is about, where it says so."""
    try:
        body = json.loads(request.body or b"{}")
    except ValueError:
        return ""
    return str(body.get("ServiceNamespace", "")) if isinstance(body, dict) else ""


def routed(request: Request) -> tuple[str, Mapping[str, str]]:
    return operation(request), {}


def parsed(request: Request, _operation: str, _in_path: Mapping[str, str]) -> dict[str, Any]:
    try:
        body = json.loads(request.body or b"{}")
    except ValueError as error:
        raise Refused("SerializationException", "Could not parse request body into json") from error
    if not isinstance(body, dict):
        raise Refused("SerializationException", "The request body must be a JSON object")
    return {name: value for name, value in body.items() if value is not None}


def written(_operation: str, answer: Mapping[str, Any], request_id: str) -> Response:
    return _response(200, plain(answer) if answer else None, request_id)


def refusal(error: Refused, request_id: str) -> Response:
    return _response(error.status, {"__type": error.code, "message": error.message}, request_id)


def _response(status: int, body: Any, request_id: str) -> Response:
    headers = {"Content-Type": "application/x-amz-json-1.1", "x-amzn-RequestId": request_id}
    return Response(status, headers, json.dumps(body).encode() if body is not None else b"")
