"""The query protocol, to (operation, params) and back: a form goes in, XML comes out, by botocore's model of the operation.

Times are seconds since the epoch in params and moments in answers. It never looks at what AWS holds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from botocore.model import ListShape, MapShape, Shape, StructureShape

from reconciler.core import service
from reconciler.sandbox.http.wire import Request, Response
from reconciler.sandbox.refusals import Refused

Form = Mapping[str, Any]  # a name leads to a text, or to what follows behind its dot


def routed(request: Request) -> tuple[str, Mapping[str, str]]:
    return dict(_fields(request)).get("Action", ""), {}


def parsed(api: str) -> Callable[[Request, str, Mapping[str, str]], dict[str, Any]]:
    """How an API's forms are read."""

    def read(request: Request, operation: str, _in_path: Mapping[str, str]) -> dict[str, Any]:
        params: dict[str, Any] = _read(_form(request), service.request(operation, api), "")
        return params

    return read


def _fields(request: Request) -> list[tuple[str, str]]:
    return parse_qsl(request.body.decode(errors="replace") or request.query, keep_blank_values=True)


def _form(request: Request) -> Form:
    """Names with dots as a tree."""
    tree: dict[str, Any] = {}
    for name, value in _fields(request):
        node, (*steps, last) = tree, name.split(".")
        for step in steps:
            node = node.setdefault(step, {})
            if not isinstance(node, dict):
                raise _malformed(name)
        if last in node:
            raise _malformed(name)
        node[last] = value
    return tree


def _malformed(name: str) -> Refused:
    return Refused("MalformedInput", f"{name} is not what is expected there")


def _read(node: Any, shape: Shape, at: str) -> Any:
    match shape:
        case StructureShape() if isinstance(node, dict):
            return {
                name: _read(node[name], member, f"{at}{name}.")
                for name, member in shape.members.items()
                if name in node
            }
        case ListShape() if node == "":
            return []
        case ListShape() if isinstance(node, dict) and isinstance(node.get("member"), dict):
            items = node["member"]
            if not all(number.isascii() and number.isdigit() for number in items):
                raise _malformed(f"{at}member")
            return [_read(items[number], shape.member, f"{at}member.{number}.") for number in sorted(items, key=int)]
        case _ if isinstance(node, str) and not isinstance(shape, StructureShape | ListShape | MapShape):
            return _scalar(node, shape, at)
    raise _malformed(at.rstrip("."))


def _scalar(text: str, shape: Shape, at: str) -> Any:
    try:
        match shape.type_name:
            case "integer" | "long":
                return int(text)
            case "double" | "float":
                return float(text)
            case "boolean":
                return {"true": True, "false": False}[text.lower()]
            case "timestamp":
                moment = datetime.fromisoformat(text)
                return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, KeyError) as error:
        raise _malformed(at.rstrip(".")) from error
    return text


def written(api: str) -> Callable[[str, Mapping[str, Any], str], Response]:
    """How an API's answers are put."""

    def write(operation: str, answer: Mapping[str, Any], request_id: str) -> Response:
        model = service.model(api)
        has_result = model.operation_model(operation).output_shape is not None
        result = f"<{operation}Result>{_xml(answer)}</{operation}Result>" if has_result else ""
        return _response(
            200,
            f'<{operation}Response xmlns="{model.metadata["xmlNamespace"]}">{result}'
            f"<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata></{operation}Response>",
            request_id,
        )

    return write


def _xml(value: Any) -> str:
    match value:
        case Mapping():
            return "".join(f"<{name}>{_xml(item)}</{name}>" for name, item in value.items() if item is not None)
        case list() | tuple():
            return "".join(f"<member>{_xml(item)}</member>" for item in value)
        case bool():
            return "true" if value else "false"
        case datetime():
            return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return escape(str(value))


def refusal(error: Refused, request_id: str) -> Response:
    who = "Receiver" if error.status >= 500 else "Sender"
    body = (
        f"<ErrorResponse><Error><Type>{who}</Type><Code>{escape(error.code)}</Code>"
        f"<Message>{escape(error.message or '')}</Message></Error><RequestId>{request_id}</RequestId></ErrorResponse>"
    )
    return _response(error.status, body, request_id)


def _response(status: int, body: str, request_id: str) -> Response:
    return Response(status, {"Content-Type": "text/xml", "x-amzn-RequestId": request_id}, body.encode())
