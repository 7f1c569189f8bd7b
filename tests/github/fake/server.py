"""The fake GitHub over HTTP: its API at one port of the loopback, the storage of its artifacts at another.

Every request and every answer is held against GitHub's description; what it does not allow is kept in `violations`, and ends the
test. Faults are scripts: the first that fits a request is what happens to it, as often as it says.
"""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from tests.github.fake.answers import Answer, Call, Refused, answered
from tests.github.fake.contract import matched
from tests.github.fake.state import State


@dataclass
class Request:
    """One that came. `status` is what was answered, 0 when the connection was broken."""

    method: str
    path: str
    query: dict[str, str]
    body: Any
    headers: dict[str, str]
    status: int = 0

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@dataclass
class Fault:
    """Happens to requests whose method and path have `on` in them. `breaks` the connection before or after carrying out."""

    on: str
    times: int
    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = '{"message": "Server Error"}'
    breaks: str = ""


@dataclass
class Hub(State):
    """A GitHub: what it holds, what came to it, and what it shall do wrong. `requests` came to the API, `downloads` to the storage."""

    url: str = ""
    storage_url: str = ""
    requests: list[Request] = field(default_factory=list)
    downloads: list[Request] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    lock: threading.RLock = field(default_factory=threading.RLock)

    def environment(self) -> dict[str, str]:
        return {"GITHUB_API_URL": self.url, "GITHUB_REPOSITORY": self.repository, "GITHUB_TOKEN": self.token}

    def calls(self) -> list[str]:
        """Method and path of each request, the repository's own without its name."""
        return [str(request).replace(f"/repos/{self.repository}", "") for request in self.requests]

    def writes(self) -> list[str]:
        """Those that change something; the one to GraphQL asks who asks."""
        return [call for call in self.calls() if not call.startswith(("GET ", "POST /graphql"))]

    # --- what shall go wrong ---------------------------------------------------------------------------------------

    def fails(self, status: int = 502, *, on: str = "", times: int = 1, body: str = "<html>Bad gateway</html>") -> None:
        self.faults.append(Fault(on, times, status, body=body))

    def breaks(self, *, on: str = "", times: int = 1, is_carried_out: bool = False) -> None:
        """The connection is reset, before the request is carried out or after."""
        self.faults.append(Fault(on, times, breaks="after" if is_carried_out else "before"))

    def limits(
        self,
        *,
        on: str = "",
        times: int = 1,
        retry_after: int | None = None,
        resets_in: int | None = None,
        status: int = 403,
    ) -> None:
        """The rate limit: the primary one with `resets_in`, else the secondary one, which may say how long to wait."""
        headers = {"Retry-After": str(retry_after)} if retry_after is not None else {}
        message = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
        if resets_in is not None:
            headers |= {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(int(time.time()) + resets_in)}
            message = "API rate limit exceeded for installation ID 1."
        self.faults.append(Fault(on, times, status, headers, json.dumps({"message": message})))

    def fault(self, request: Request) -> Fault | None:
        for fault in self.faults:
            if fault.times and fault.on in str(request):
                fault.times -= 1
                return fault
        return None

    # --- what is answered ------------------------------------------------------------------------------------------

    def answer(self, request: Request) -> Answer:
        if str(request) == "POST /graphql" and request.body == {"query": "{viewer{login}}"}:
            return Answer(200, {"data": {"viewer": {"login": self.author}}})
        known = matched(request.method, request.path)
        if known is None:
            return self._violation(request, "is none of the operations in the slice of GitHub's description")
        operation, place = known
        for fault in operation.faults_of_request(request.query, request.body):
            return self._violation(request, fault)
        if request.headers.get("authorization") not in (f"token {self.token}", f"Bearer {self.token}"):
            return Refused(401, "Bad credentials").answer
        if {"owner", "repo"} <= place.keys() and f"{place['owner']}/{place['repo']}" != self.repository:
            return Refused(404, "Not Found").answer
        call = Call({name: _number(value) for name, value in place.items()}, request.query, request.body)
        answer = self._paged(request, call, answered(self, operation.identifier, call))
        for fault in operation.faults_of_answer(answer.status, answer.document):
            return self._violation(request, f"is answered as GitHub would not: {fault}")
        return answer

    def _violation(self, request: Request, what: str) -> Answer:
        self.violations.append(f"{request}: {what}")
        return Answer(400, {"message": f"Not as GitHub describes it: {what}"})

    def _paged(self, request: Request, call: Call, answer: Answer) -> Answer:
        if answer.rows is None:
            location = answer.headers.get("Location", "")
            return answer if not location else Answer(302, headers={"Location": self.storage_url + location})
        page, size = call.page(self.most_per_page)
        rows = answer.rows[(page - 1) * size : page * size]
        document = {"total_count": len(answer.rows), answer.under: rows} if answer.under else rows
        headers = {}
        if page * size < len(answer.rows):
            path = request.path.replace(f"/repos/{self.repository}", "/repositories/1")  # as GitHub writes it
            following = urlencode(request.query | {"page": str(page + 1)})
            headers["Link"] = f'<{self.url}{path}?{following}>; rel="next", <{self.url}{path}?page=99>; rel="last"'
        return Answer(answer.status, document, headers)

    def stored(self, request: Request) -> Answer:
        """The storage takes a signed address and nothing else: it refuses whoever shows a token."""
        if "authorization" in request.headers:
            self.violations.append(f"{request}: the token was shown to the storage of artifacts")
            return Answer(400)
        artifact = self.artifacts.get(_number(request.path.strip("/").removesuffix(".zip")))
        return Answer(200, artifact.content) if artifact else Answer(404)


def _number(text: str) -> Any:
    return int(text) if text.isdecimal() and len(text) < 19 else text


@contextmanager
def fake_github(**facts: Any) -> Iterator[Hub]:
    """A GitHub for as long as the block lasts. Raises AssertionError at its end when anything was not as GitHub describes it."""
    hub = Hub(**facts)
    servers = [_server(hub, hub.answer, hub.requests), _server(hub, hub.stored, hub.downloads)]
    hub.url, hub.storage_url = (f"http://127.0.0.1:{server.server_port}" for server in servers)
    threads = [threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True) for server in servers]
    for thread in threads:
        thread.start()
    try:
        yield hub
    finally:
        for server, thread in zip(servers, threads, strict=True):
            server.shutdown()
            server.server_close()
            thread.join()
    assert hub.violations == [], "\n".join(hub.violations)


def _server(hub: Hub, answer: Callable[[Request], Answer], log: list[Request]) -> ThreadingHTTPServer:
    return _Server(
        ("127.0.0.1", 0), type("_Bound", (_Handler,), {"hub": hub, "answering": staticmethod(answer), "log": log})
    )


class _Server(ThreadingHTTPServer):
    """Closes connections that a client keeps open."""

    daemon_threads = True
    request_queue_size = 50

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.connections = list[socket.socket]()

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        self.connections.append(connection)
        return connection, address

    def server_close(self) -> None:
        super().server_close()
        for connection in self.connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A connection that we break is none."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 65_536  # one write an answer
    hub: Hub
    answering: Callable[[Request], Answer]
    log: list[Request]

    def _handle(self) -> None:
        request = self._request()
        with self.hub.lock:
            self.log.append(request)
            fault = self.hub.fault(request)
            if fault and fault.breaks == "before":
                return self._break()
            if fault and fault.status:
                return self._send(request, fault.status, fault.body.encode(), fault.headers)
            answer = self.answering(request)
            if fault:
                return self._break()
            content = answer.document
            if not isinstance(content, bytes):
                content = b"" if content is None else json.dumps(content).encode()
            return self._send(request, answer.status, content, answer.headers)

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _handle

    def _request(self) -> Request:
        address = urlsplit(self.path)
        content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        path = address.path.replace("/repositories/1/", f"/repos/{self.hub.repository}/", 1)
        headers = {name.lower(): value for name, value in self.headers.items()}
        return Request(
            self.command, path, dict(parse_qsl(address.query)), json.loads(content) if content else None, headers
        )

    def _send(self, request: Request, status: int, content: bytes, headers: Mapping[str, str]) -> None:
        request.status = status
        self.send_response_only(status)
        for name, value in {
            "Date": formatdate(usegmt=True),
            "Content-Type": "application/json; charset=utf-8",
            "Content-Length": str(len(content)),
            "x-ratelimit-limit": "5000",
            "x-ratelimit-remaining": "4999",
            **headers,
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def _break(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """The log is `requests`."""
