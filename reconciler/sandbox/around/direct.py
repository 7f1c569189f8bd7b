"""A botocore client's requests, answered within this process: no socket, no thread, no waiting.

What answers is a function from a request to a response, or to None when the request is for somebody else.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from typing import Any

from botocore.awsrequest import AWSResponse, HTTPHeaders
from botocore.exceptions import ConnectionClosedError

from reconciler.sandbox.http.wire import Request, Response
from reconciler.sandbox.refusals import Reset

ANSWERED = "https://answered.invalid/"

Respond = Callable[[Request], Response | None]


class _Raw(io.BytesIO):
    """A body as urllib3 would give it."""

    def stream(self, *_: Any, **__: Any) -> Iterable[bytes]:
        content = self.read()
        while content:
            yield content
            content = self.read()


def answering(respond: Respond) -> Callable[..., AWSResponse | None]:
    """A handler of botocore's event before-send."""

    def answer(request: Any, **_: Any) -> AWSResponse | None:
        try:
            response = respond(_received(request))
        except Reset as reset:
            raise ConnectionClosedError(endpoint_url=request.url) from reset
        if response is None:
            return None
        url, request.url = request.url, ANSWERED  # botocore asks every handler: moto's must not carry it out as well
        return AWSResponse(url, response.status, HTTPHeaders.from_dict(response.headers), _Raw(response.body))

    return answer


def _received(request: Any) -> Request:
    path, _, query = request.url.partition("://")[2].partition("/")[2].partition("?")
    headers = {
        name.lower(): value.decode() if isinstance(value, bytes) else str(value)
        for name, value in request.headers.items()
    }
    return Request(request.method, f"/{path}", query, headers, _body(request.body))


def _body(content: Any) -> bytes:
    if hasattr(content, "read"):
        content = content.read()
    return content.encode() if isinstance(content, str) else bytes(content or b"")
