"""Smithy's RPC over CBOR, to (operation, params) and back: the operation stands in the path, all else in the body.

It never looks at what AWS holds.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from reconciler.sandbox.http import cbor
from reconciler.sandbox.http.wire import Request, Response
from reconciler.sandbox.refusals import Refused

PROTOCOL, NAME = "smithy-protocol", "rpc-v2-cbor"
PATH = re.compile(r"/service/\w+/operation/(\w+)")


def is_spoken(request: Request) -> bool:
    return request.headers.get(PROTOCOL) == NAME


def routed(request: Request) -> tuple[str, Mapping[str, str]]:
    match = PATH.fullmatch(request.path.rstrip("/"))
    return (match[1] if match else ""), {}


def parsed(request: Request, _operation: str, _in_path: Mapping[str, str]) -> dict[str, Any]:
    body = cbor.loaded(request.body) if request.body else {}
    if not isinstance(body, dict):
        raise Refused("SerializationException", "The request body must be a CBOR map")
    return {name: value for name, value in body.items() if value is not None}


def written(_operation: str, answer: Mapping[str, Any], request_id: str) -> Response:
    return _response(200, answer, request_id)


def refusal(error: Refused, request_id: str) -> Response:
    return _response(error.status, {"__type": error.code, "message": error.message or ""}, request_id)


def _response(status: int, body: Mapping[str, Any], request_id: str) -> Response:
    headers = {"Content-Type": "application/cbor", PROTOCOL: NAME, "x-amzn-RequestId": request_id}
    return Response(status, headers, cbor.dumped(body))
