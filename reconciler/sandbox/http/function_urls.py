"""Calls of function URLs on the wire: a request becomes an event, what the function gave back becomes a response (FACTS 5.1).

Requests, events and payloads go in and come out; nothing of what Lambda holds is looked at.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import parse_qsl

from reconciler.sandbox.http.wire import Request, Response

HOST = re.compile(r"([a-z0-9]{32})\.lambda-url\.([a-z0-9-]+)\.on\.aws(:\d+)?")
TEXTS = re.compile(r"text/.*|application/(json|xml|javascript)(;.*)?")
JSON = {"Content-Type": "application/json"}


def called(headers: Mapping[str, str]) -> tuple[str, str] | None:
    """The label and region of the function URL that a request is for; None when it is for none."""
    match = HOST.fullmatch(headers.get("host", ""))
    return (match[1], match[2]) if match else None


def refused(status: int, message: str) -> Response:
    return Response(
        status, {**JSON, "x-amzn-ErrorType": "AccessDeniedException"}, json.dumps({"Message": message}).encode()
    )


# --- CORS ----------------------------------------------------------------------------------------------------------


def preflight(cors: Mapping[str, Any], request: Request) -> Response | None:
    """The answer to a browser that asks first; None when a request is no such question, or nothing was configured."""
    method = request.headers.get("access-control-request-method")
    if not cors or request.method != "OPTIONS" or not method:
        return None
    headers = allowing(cors, request)
    if headers and _is_among(method, cors.get("AllowMethods", [])):
        headers["Access-Control-Allow-Methods"] = ",".join(cors["AllowMethods"])
        if "AllowHeaders" in cors:
            headers["Access-Control-Allow-Headers"] = ",".join(cors["AllowHeaders"])
        if "MaxAge" in cors:
            headers["Access-Control-Max-Age"] = str(cors["MaxAge"])
    return Response(200, headers, b"")


def allowing(cors: Mapping[str, Any], request: Request) -> dict[str, str]:
    """The headers with which a browser may read an answer; none when its page is from elsewhere."""
    origin = request.headers.get("origin", "")
    if not origin or not _is_among(origin, cors.get("AllowOrigins", [])):
        return {}
    headers = {"Access-Control-Allow-Origin": origin, "Vary": "Origin"}
    if cors.get("AllowCredentials"):
        headers["Access-Control-Allow-Credentials"] = "true"
    if cors.get("ExposeHeaders"):
        headers["Access-Control-Expose-Headers"] = ",".join(cors["ExposeHeaders"])
    return headers


def _is_among(value: str, patterns: list[str]) -> bool:
    return any(fnmatchcase(value, pattern) for pattern in patterns)


# --- the event -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Call:
    """What an event tells beside the request: `account` is the caller's, empty for anybody."""

    label: str
    request_id: str
    account: str
    at: float


def event(request: Request, call: Call) -> bytes:
    """Format 2.0 of an event."""
    headers, moment = dict(request.headers), datetime.fromtimestamp(call.at, UTC)
    cookies = headers.pop("cookie", "")
    context = {
        "accountId": call.account or "anonymous", "apiId": call.label, "domainName": headers.get("host", ""),
        "domainPrefix": call.label, "requestId": call.request_id, "routeKey": "$default", "stage": "$default",
        "time": moment.strftime("%d/%b/%Y:%H:%M:%S +0000"), "timeEpoch": int(call.at * 1000),
        "http": {
            "method": request.method, "path": request.path, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1",
            "userAgent": headers.get("user-agent", ""),
        },
    }  # fmt: skip
    if call.account:
        context["authorizer"] = {
            "iam": {"accountId": call.account, "userArn": f"arn:aws:iam::{call.account}:user/sandbox"}
        }
    whole = {
        "version": "2.0", "routeKey": "$default", "rawPath": request.path, "rawQueryString": request.query,
        "headers": headers, "requestContext": context,
        **({"cookies": cookies.split("; ")} if cookies else {}),
        **({"queryStringParameters": _joined(request.query)} if request.query else {}),
        **_body(request),
    }  # fmt: skip
    return json.dumps(whole).encode()


def _joined(query: str) -> dict[str, str]:
    """Parameters, those that are given more than once joined by commas."""
    joined: dict[str, list[str]] = {}
    for key, value in parse_qsl(query, keep_blank_values=True):
        joined.setdefault(key, []).append(value)
    return {key: ",".join(values) for key, values in joined.items()}


def _body(request: Request) -> dict[str, Any]:
    if not request.body:
        return {"isBase64Encoded": False}
    if TEXTS.fullmatch(request.headers.get("content-type", "")):
        return {"body": request.body.decode(errors="replace"), "isBase64Encoded": False}
    return {"body": base64.b64encode(request.body).decode(), "isBase64Encoded": True}


# --- the response --------------------------------------------------------------------------------------------------


def response(payload: bytes, cors_headers: Mapping[str, str]) -> Response:
    """What the caller gets of what the function gave back: its own status and headers, or 200 with whatever it is."""
    try:
        given = json.loads(payload)
        if not (isinstance(given, dict) and "statusCode" in given):
            text = given if isinstance(given, str) else json.dumps(given)
            return Response(200, {**JSON, **cors_headers}, text.encode())
        return _own(given, cors_headers)
    except (TypeError, ValueError, AttributeError, binascii.Error):
        return broken()


def _own(given: Mapping[str, Any], cors_headers: Mapping[str, str]) -> Response:
    status, body = int(given["statusCode"]), given.get("body") or ""
    if not 100 <= status <= 599:
        raise ValueError(status)
    text = body if isinstance(body, str) else json.dumps(body)
    content = base64.b64decode(text, validate=True) if given.get("isBase64Encoded") else text.encode()
    headers = {str(name).title(): str(value) for name, value in (given.get("headers") or {}).items()}
    cookies = {"Set-Cookie": "\n".join(given["cookies"])} if given.get("cookies") else {}
    return Response(status, {**JSON, **headers, **cookies, **cors_headers}, content)


def broken() -> Response:
    """What the caller gets of a function that failed."""
    return Response(502, dict(JSON), json.dumps({"Message": "Internal Server Error"}).encode())
