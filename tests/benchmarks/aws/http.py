"""The canned AWS on a socket: HTTP/1.1 on one event loop, connections kept, every answer after the latency of its request."""

from __future__ import annotations

import asyncio
from http.client import responses

from reconciler.sandbox.http.wire import Request, Response
from tests.benchmarks.aws.canned import CONTROL, Canned

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class Connection(asyncio.Protocol):
    """One client's connection."""

    def __init__(self, canned: Canned) -> None:
        self._canned, self._received = canned, bytearray()
        self._is_continued = False
        self._loop = asyncio.get_running_loop()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        while (end := self._received.find(b"\r\n\r\n")) >= 0:
            head = bytes(self._received[:end]).decode("latin-1")
            first, *lines = head.split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
            length = int(headers.get("content-length") or 0)
            if len(self._received) < end + 4 + length:
                if headers.get("expect") and not self._is_continued:
                    self._is_continued = True
                    self._transport.write(CONTINUE)
                return
            body = bytes(self._received[end + 4 : end + 4 + length])
            del self._received[: end + 4 + length]
            self._is_continued = False
            method, target, _ = first.split(" ")
            path, _, query = target.partition("?")
            self._answer(Request(method, path, query, headers, body))

    def _answer(self, request: Request) -> None:
        response = self._canned.answer(request, self._loop.time())
        wait = 0.0 if request.path.startswith(CONTROL) else self._canned.settings.latency_seconds
        self._loop.call_later(wait, self._transport.write, written(request, response))


def written(request: Request, response: Response) -> bytes:
    """The answer on the wire; one to HEAD has no body, and says how long it were."""
    headers = {**response.headers, "Content-Length": str(len(response.body))}
    if response.status == 204:
        headers.pop("Content-Length")
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    body = b"" if request.method == "HEAD" else response.body
    return f"HTTP/1.1 {response.status} {responses.get(response.status, '')}\r\n{head}\r\n".encode("latin-1") + body


async def serve(canned: Canned, is_over: asyncio.Event, port: int, ready: asyncio.Future[str]) -> None:
    """Until it is over; the address becomes known by `ready`."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(canned), "127.0.0.1", port)
    ready.set_result(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    await is_over.wait()
    server.close()
