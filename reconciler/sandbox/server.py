"""The embedded AWS: our Lambda in front of moto, on a free loopback port, with an environment that leads there.

It starts when it is made, stops on exit, and leaves nothing: no thread, no file. No credential of the user is ever used.
"""

from __future__ import annotations

import contextlib
import io
import re
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from http.client import responses
from pathlib import Path
from types import TracebackType
from typing import Any

from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

from reconciler.sandbox import monitoring, trail
from reconciler.sandbox.around import moto_adapter, moto_lambda
from reconciler.sandbox.around.clock import faster
from reconciler.sandbox.around.environment import environment, write_profiles
from reconciler.sandbox.around.faults import Fault
from reconciler.sandbox.around.world import PREFIX, Clients
from reconciler.sandbox.cloudwatch.written import Traffic
from reconciler.sandbox.front import DEFAULT_ACCOUNT, TAGGING_API, Front
from reconciler.sandbox.gate import BESIDE, OF_FUNCTIONS, Watch, WatchAnswer
from reconciler.sandbox.http.function_urls import called
from reconciler.sandbox.http.wire import Request, Response, scope
from reconciler.sandbox.refusals import Reset

PROXIED = re.compile(r"^https?://[^/?]*")  # how a client asks that takes the sandbox for a proxy


class _Quiet(WSGIRequestHandler):
    """Speaks HTTP/1.1, a connection for each request, and says nothing."""

    protocol_version = "HTTP/1.1"

    def send_header(self, keyword: str, value: str) -> None:
        super().send_header(keyword, self.date_time_string() if keyword.lower() == "date" else value)

    def date_time_string(self, timestamp: float | None = None) -> str:
        """Dates of answers, moto's as well, are the sandbox's."""
        return super().date_time_string(self.server.clock() if timestamp is None else timestamp)  # type: ignore[attr-defined]

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002  werkzeug's name
        return None


class _Server(ThreadedWSGIServer):
    """Knows its open connections, so that it can end those that clients keep alive."""

    daemon_threads = True

    def __init__(self, application: Any, clock: Callable[[], float]) -> None:
        super().__init__("127.0.0.1", 0, application, handler=_Quiet)
        self.clock = clock
        self._serving: dict[threading.Thread, socket.socket] = {}

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        self._serving[threading.current_thread()] = request
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._serving.pop(threading.current_thread(), None)

    def hang_up(self) -> None:
        for thread, connection in list(self._serving.items()):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            thread.join(timeout=5)


class Sandbox(Front):
    """A context manager. `settle_seconds` is how long AWS takes for anything; `profiles` maps profile names to accounts;
    `seed` decides which versions a weighted alias runs, `time_scale` how much faster its clock goes than `clock`; the two hooks are the
    gate's `watch` and `watch_answer`."""

    def __init__(
        self,
        *,
        settle_seconds: float = 0.2,
        throttle: bool = False,
        faults: Iterable[Fault | Mapping[str, Any]] = (),
        log_path: Path | None = None,
        account_id: str = DEFAULT_ACCOUNT,
        profiles: Mapping[str, str] | None = None,
        clock: Callable[[], float] = time.time,
        on_request: Watch = lambda *_: None,
        on_response: WatchAnswer = lambda *_: None,
        seed: int = 0,
        time_scale: float = 1.0,
        traffic: Traffic | None = None,
    ) -> None:
        clock = faster(clock, time_scale) if time_scale != 1 else clock
        self._moto = moto_lambda.application()
        self._server = _Server(self._application, clock)
        self.endpoint_url = f"http://127.0.0.1:{self._server.server_port}"
        super().__init__(
            Clients(self.endpoint_url), account_id, settle_seconds=settle_seconds, throttle=throttle, faults=faults,
            log_path=log_path, clock=clock, watch=on_request, watch_answer=on_response, seed=seed, traffic=traffic,
        )  # fmt: skip
        self._is_throttled = throttle
        self._is_stopped = False
        self._folder = tempfile.TemporaryDirectory(prefix="reconcile-sandbox-")
        Path(self._folder.name).chmod(0o755)  # a command may run as another user, and the keys in it are no secret
        write_profiles(Path(self._folder.name), account_id, profiles or {})
        moto_adapter.opened(clock)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self._thread.start()

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Stop serving and leave nothing. Doing so twice is harmless."""
        if self._is_stopped:
            return
        self._is_stopped = True
        moto_lambda.leave(self)
        self._server.shutdown()
        self._thread.join()
        self.clients.close()
        self._server.hang_up()
        self._server.server_close()
        self.gate.close()
        self._folder.cleanup()
        moto_adapter.closed(self.gate.clock)

    def environment(self, region: str = "us-east-1") -> dict[str, str]:
        """What leads boto3, the CLI or any SDK here and nowhere else."""
        variables = environment(self.endpoint_url, self._account_id, region, Path(self._folder.name))
        return variables | ({} if self._is_throttled else {"RECONCILE_CALLS_PER_SECOND": "0"})

    # --- serving ---------------------------------------------------------------------------------------------------

    def _application(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        headers = {
            name[5:].replace("_", "-").lower(): value for name, value in environ.items() if name.startswith("HTTP_")
        } | ({"content-type": environ["CONTENT_TYPE"]} if environ.get("CONTENT_TYPE") else {})
        key, _, api = scope(headers)
        if api in ("lambda", *BESIDE, *OF_FUNCTIONS, TAGGING_API, trail.API, monitoring.API, "iam", "") or called(
            headers
        ):
            try:
                response = self.answer(_request(environ, headers))
            except Reset as reset:
                environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
                raise ConnectionResetError from reset  # the server drops the connection without a word
            if response:
                return _sent(start_response, response)
        if api == "ec2":
            self.clients.networks.appear()
        if key.startswith(PREFIX):
            header = f"HTTP_{moto_adapter.ACCOUNT_HEADER.upper().replace('-', '_')}"
            environ[header] = key.removeprefix(PREFIX)
        return self._moto(environ, start_response)


def _request(environ: dict[str, Any], headers: Mapping[str, str]) -> Request:
    """The request, its body read and put back for whoever comes after us."""
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)
    path = PROXIED.sub("", environ["RAW_URI"]).partition("?")[0]
    return Request(environ["REQUEST_METHOD"], path, environ.get("QUERY_STRING", ""), headers, body)


def _sent(start_response: Any, response: Response) -> Iterable[bytes]:
    reason = responses.get(response.status, "Answer")
    lines = [(name, line) for name, value in response.headers.items() for line in value.splitlines()]
    headers = [*lines, ("Content-Length", str(len(response.body)))]
    start_response(f"{response.status} {reason}", headers)
    return [response.body]
