"""HTTP to (operation, params) and back, wholly by botocore's Lambda service model. Knows nothing of Lambda's behaviour."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from urllib.parse import parse_qs, unquote

from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape

from reconciler import service


class Refused(Exception):
    """An answer that is an error, as AWS words it."""

    def __init__(self, code: str, message: str, status: int = 400, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
        self.headers = dict(headers or {})


@dataclass(frozen=True, slots=True)
class Request:
    """A request on the wire; `path` is decoded, header names are lower-case."""

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


@cache
def _routes() -> tuple[tuple[str, re.Pattern[str], str], ...]:
    """(method, path pattern, operation), the more literal paths first."""
    found = []
    for name in service.model().operation_names:
        http = service.model().operation_model(name).http
        path = http["requestUri"].partition("?")[0].rstrip("/")
        pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(path))
        found.append((len(re.sub(r"\{\w+\}", "", path)), http["method"], re.compile(pattern), name))
    return tuple((method, pattern, name) for _, method, pattern, name in sorted(found, key=lambda route: -route[0]))


def parsed(request: Request) -> tuple[str, dict[str, Any]]:
    """The operation and its params. Raises Refused for a path that no operation has, or a body that is not JSON."""
    path = request.path.rstrip("/")
    for method, pattern, name in _routes():
        found = pattern.fullmatch(path) if method == request.method else None
        if found:
            return name, _params(service.model().operation_model(name), found.groupdict(), request)
    raise Refused("UnknownOperationException", f"{request.method} {request.path} is no operation of Lambda", 404)


def _params(operation: OperationModel, in_path: Mapping[str, str], request: Request) -> dict[str, Any]:
    shape = operation.input_shape
    assert isinstance(shape, StructureShape)
    payload = shape.serialization.get("payload")
    body: Any = {}
    if request.body and not payload:
        try:
            body = json.loads(request.body)
        except ValueError as error:
            raise Refused("SerializationException", "Could not parse request body into json") from error
    query = parse_qs(request.query, keep_blank_values=True)
    found: dict[str, Any] = {}
    for name, member in shape.members.items():
        word = member.serialization.get("name", name)
        match member.serialization.get("location"):
            case "uri" if word in in_path:
                found[name] = unquote(in_path[word])
            case "querystring" if word in query:
                values = query[word]
                found[name] = values if isinstance(member, ListShape) else _typed(values[0], member)
            case "header" if word.lower() in request.headers:
                found[name] = request.headers[word.lower()]
            case None if name == payload:
                found[name] = request.body
            case None if not payload and body.get(word) is not None:
                found[name] = read(body[word], member)
    return found


def _typed(text: str, shape: Shape) -> Any:
    if shape.type_name in ("integer", "long"):
        return int(text)
    return text == "true" if shape.type_name == "boolean" else text


def read(value: Any, shape: Shape) -> Any:
    """A JSON value as params have it; members that the model does not know are dropped, as AWS does."""
    match shape:
        case StructureShape() if isinstance(value, dict):
            words = {member.serialization.get("name", name): (name, member) for name, member in shape.members.items()}
            return {
                words[key][0]: read(item, words[key][1])
                for key, item in value.items()
                if key in words and item is not None
            }
        case MapShape() if isinstance(value, dict):
            return {key: read(item, shape.value) for key, item in value.items()}
        case ListShape() if isinstance(value, list):
            return [read(item, shape.member) for item in value]
    if shape.type_name == "blob" and isinstance(value, str):
        return base64.b64decode(value)
    return value


def written(operation: str, answer: Mapping[str, Any], request_id: str) -> Response:
    """An answer on the wire."""
    model = service.model().operation_model(operation)
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
    headers = {"Content-Type": "application/json", "x-amzn-RequestId": request_id, "x-amzn-ErrorType": error.code}
    kind = "Service" if error.status >= 500 else "User"
    return Response(
        error.status, headers | error.headers, json.dumps({"Type": kind, "message": error.message}).encode()
    )


# --- what the model itself refuses ---------------------------------------------------------------------------------


def validate(operation: str, params: Mapping[str, Any]) -> None:
    """Raises ValidationException, in AWS's words, for what the model's constraints forbid."""
    wrong = list(_violations(params, service.request(operation), ""))
    if wrong:
        what = f"{len(wrong)} validation error{'s' if len(wrong) > 1 else ''} detected: "
        raise Refused("ValidationException", what + "; ".join(wrong))


def _violations(value: Any, shape: Shape, at: str) -> Iterator[str]:
    match shape:
        case StructureShape():
            if not isinstance(value, Mapping):
                yield _said(value, at, "Member must be a structure")
                return
            for name in shape.required_members:
                if value.get(name) is None:
                    yield _said("null", _below(at, name), "Member must not be null")
            for name, item in value.items():
                if name in shape.members:
                    yield from _violations(item, shape.members[name], _below(at, name))
        case MapShape():
            for key, item in value.items():
                if shape.value.type_name == "string" and not isinstance(item, str):
                    yield _said(item, f"{at}.{key}.member", "Member must be a string")
                else:
                    yield from _violations(key, shape.key, f"{at}.key")
                    yield from _violations(item, shape.value, f"{at}.{key}.member")
        case ListShape():
            yield from _bounds(len(value), shape, at, "length", value)
            for index, item in enumerate(value, start=1):
                yield from _violations(item, shape.member, f"{at}.{index}.member")
        case _:
            yield from _scalar(value, shape, at)


def _scalar(value: Any, shape: Shape, at: str) -> Iterator[str]:
    metadata = shape.metadata
    if isinstance(value, str):
        yield from _bounds(len(value), shape, at, "length", value)
        if metadata.get("enum") and value not in metadata["enum"]:
            yield _said(value, at, f"Member must satisfy enum value set: [{', '.join(metadata['enum'])}]")
        pattern = metadata.get("pattern", "")
        if pattern and "\\p{" not in pattern and not re.fullmatch(pattern, value):
            yield _said(value, at, f"Member must satisfy regular expression pattern: {pattern}")
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield from _bounds(value, shape, at, "value", value)


def _bounds(size: float, shape: Shape, at: str, what: str, value: Any) -> Iterator[str]:
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if low is not None and size < low:
        yield _said(value, at, f"Member must have {what} greater than or equal to {low}")
    if high is not None and size > high:
        yield _said(value, at, f"Member must have {what} less than or equal to {high}")


def _below(at: str, name: str) -> str:
    small = name[0].lower() + name[1:]
    return f"{at}.{small}" if at else small


def _said(value: Any, at: str, constraint: str) -> str:
    return f"Value '{value}' at '{at}' failed to satisfy constraint: {constraint}"
