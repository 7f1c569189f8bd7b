"""HTTP to (operation, params) and back, wholly by botocore's Lambda service model.

A request's method, raw path, query, headers and body go in; an operation's name and its params come out, and an answer goes
back the same way. It never looks at what Lambda holds.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from urllib.parse import parse_qs, unquote

from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape

from reconciler.core import service
from reconciler.sandbox.refusals import Refused

# JSON's words for the kinds of value, as AWS says them, and the shapes that each may become.
FITTING: Mapping[str, tuple[str, ...]] = {
    "STRING_VALUE": ("string", "blob", "timestamp"),
    "NUMBER_VALUE": ("integer", "long", "float", "double", "timestamp"),
    "TRUE_VALUE": ("boolean",),
    "FALSE_VALUE": ("boolean",),
    "START_OBJECT": ("structure", "map"),
    "START_ARRAY": ("list",),
}
# What AWS says of these two, whatever they stand for.
MISPLACED: Mapping[str, str] = {
    "START_OBJECT": "Start of structure or map found where not expected.",
    "START_ARRAY": "Start of list found where not expected",
}
# How large a request may be (FACTS 1.1).
LARGEST_BYTES: Mapping[str, int] = {
    "CreateFunction": 70_167_211, "UpdateFunctionCode": 70_167_211, "PublishLayerVersion": 70_167_211,
    "Invoke": 6_291_456, "InvokeWithResponseStream": 6_291_456, "InvokeAsync": 262_144,
}  # fmt: skip
SCOPE = re.compile(r"Credential=([^/]+)/\d+/([^/]+)/([^/]+)/aws4_request")


@dataclass(frozen=True, slots=True)
class Request:
    """A request on the wire; `path` is as it was sent, percent-encoded; header names are lower-case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Response:
    status: int
    headers: Mapping[str, str]
    body: bytes


def scope(headers: Mapping[str, str]) -> tuple[str, str, str]:
    """(access key, region, service) that a request was signed for; the last is empty when it was not signed."""
    match = SCOPE.search(headers.get("authorization", ""))
    return (match[1], match[2], match[3]) if match else ("", "us-east-1", "")


@dataclass(frozen=True, slots=True)
class _Route:
    """How an operation is addressed; `query` is what its URI asks for word by word (`?List=ALL`)."""

    path: re.Pattern[str]
    query: str
    operation: str


@cache
def _routes(method: str) -> tuple[_Route, ...]:
    """The routes of all operations of a method, the more literal ones first."""
    routes = []
    for name in service.model().operation_names:
        http = service.model().operation_model(name).http
        if http["method"] != method:
            continue
        path, _, query = http["requestUri"].partition("?")
        pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(path.rstrip("/")))
        literal = len(re.sub(r"\{\w+\}", "", path)) + len(query)
        routes.append((literal, _Route(re.compile(pattern), query, name)))
    return tuple(route for _, route in sorted(routes, key=lambda entry: -entry[0]))


def routed(method: str, path: str, query: str = "") -> tuple[str, Mapping[str, str]] | None:
    """The operation of a method, raw path and query, with the words in the path; None when Lambda has none such."""
    path, words = path.rstrip("/"), query.split("&")
    for route in _routes(method):
        match = route.path.fullmatch(path)
        if match and (not route.query or route.query in words):
            return route.operation, {word: unquote(text) for word, text in match.groupdict().items()}
    return None


def _check_size(request: Request, operation: str) -> None:
    most = LARGEST_BYTES.get(operation)
    if most and len(request.body) > most:
        name = "InvokeFunction" if operation == "Invoke" else operation
        message = f"Request must be smaller than {most} bytes for the {name} operation"
        raise Refused("RequestEntityTooLargeException", message, 413)


def parsed(request: Request, operation: str, in_path: Mapping[str, str]) -> dict[str, Any]:
    """The params of a request. Raises SerializationException for a body that does not fit the model."""
    _check_size(request, operation)
    model = service.model().operation_model(operation)
    shape = model.input_shape
    assert isinstance(shape, StructureShape)
    payload = shape.serialization.get("payload")
    body = {} if payload else _body(request.body)
    query = parse_qs(request.query, keep_blank_values=True)
    params: dict[str, Any] = {}
    for name, member in shape.members.items():
        word = member.serialization.get("name", name)
        match member.serialization.get("location"):
            case "uri" if word in in_path:
                params[name] = _typed(in_path[word], member)
            case "querystring" if word in query:
                values = query[word]
                params[name] = values if isinstance(member, ListShape) else _typed(values[0], member)
            case "header" if word.lower() in request.headers:
                params[name] = request.headers[word.lower()]
            case None if name == payload and not isinstance(member, StructureShape):
                params[name] = request.body
            case None if name == payload:
                params[name] = read(_body(request.body), member)
            case None if not payload and body.get(word) is not None:
                params[name] = read(body[word], member)
    return params


def _body(content: bytes) -> dict[str, Any]:
    try:
        body = json.loads(content) if content else {}
    except ValueError as error:
        raise Refused("SerializationException", "Could not parse request body into json") from error
    if not isinstance(body, dict):
        raise Refused("SerializationException", "The request body must be a JSON object")
    return body


def _typed(text: str, shape: Shape) -> Any:
    if shape.type_name not in ("integer", "long"):
        return text == "true" if shape.type_name == "boolean" else text
    try:
        return int(text)
    except ValueError as error:
        raise Refused("SerializationException", f"{text} can not be converted to an Integer") from error


def read(value: Any, shape: Shape) -> Any:
    """A JSON value as params have it; members that the model does not know are dropped, as AWS does."""
    kind = _kind(value)
    if shape.type_name not in FITTING[kind]:
        article = "an" if shape.type_name == "integer" else "a"
        unfit = f"{kind} can not be converted to {article} {shape.type_name.title()}"
        raise Refused("SerializationException", MISPLACED.get(kind, unfit))
    match shape:
        case StructureShape():
            words = _words(shape)
            return {
                words[key][0]: read(item, words[key][1])
                for key, item in value.items()
                if key in words and item is not None
            }
        case MapShape():
            return {key: read(item, shape.value) for key, item in value.items() if item is not None}
        case ListShape():
            return [read(item, shape.member) for item in value if item is not None]
    return _blob(value) if shape.type_name == "blob" else value


def _words(shape: StructureShape) -> dict[str, tuple[str, Shape]]:
    return {member.serialization.get("name", name): (name, member) for name, member in shape.members.items()}


def _kind(value: Any) -> str:
    match value:
        case bool():
            return "TRUE_VALUE" if value else "FALSE_VALUE"
        case int() | float():
            return "NUMBER_VALUE"
        case str():
            return "STRING_VALUE"
        case list():
            return "START_ARRAY"
    return "START_OBJECT"


def _blob(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise Refused("SerializationException", "The blob is not valid base64") from error


def written(operation: str, answer: Mapping[str, Any], request_id: str) -> Response:
    """An answer on the wire."""
    model: OperationModel = service.model().operation_model(operation)
    status = int(model.http.get("responseCode", 200))
    headers = {"Content-Type": "application/json", "x-amzn-RequestId": request_id}
    shape = model.output_shape
    if shape is None:
        return Response(status, headers, b"")
    assert isinstance(shape, StructureShape)
    payload = shape.serialization.get("payload")
    body: dict[str, Any] = {}
    raw = b""
    for name, value in answer.items():
        member = shape.members.get(name)
        if member is None or value is None:
            continue
        word = member.serialization.get("name", name)
        match member.serialization.get("location"):
            case "statusCode":
                status = int(value)
            case "header":
                headers[word] = str(value)
            case _ if name == payload:
                raw = value
            case _:
                body[word] = plain(value)
    return Response(status, headers, raw if payload else b"" if status == 204 else json.dumps(body).encode())


def plain(value: Any) -> Any:
    """A value as JSON has it: times as seconds since the epoch, blobs in base64."""
    match value:
        case Mapping():
            return {key: plain(item) for key, item in value.items()}
        case list() | tuple():
            return [plain(item) for item in value]
        case datetime():
            return value.timestamp()
        case bytes():
            return base64.b64encode(value).decode()
    return value


def refusal(error: Refused, request_id: str) -> Response:
    """An error on the wire."""
    headers = {"Content-Type": "application/json", "x-amzn-RequestId": request_id, "x-amzn-ErrorType": error.code}
    return Response(error.status, headers | error.headers, json.dumps(_told(error)).encode())


def _told(error: Refused) -> dict[str, Any]:
    """An error's body. Of the errors that the model has, it says how the message is spelled: some say Message."""
    model = service.model()
    shape = model.shape_for(error.code) if error.code in model.shape_names else None
    members = shape.members if isinstance(shape, StructureShape) else {}
    kind = {"Type": "Service" if error.status >= 500 else "User"} if "Type" in members else {}
    return kind | {"Message" if "Message" in members else "message": error.message}
