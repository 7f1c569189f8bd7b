"""The embedded AWS: our Lambda in front of moto, on a free loopback port, with an environment that leads there.

It starts on entry, stops on exit, and leaves nothing: no thread, no file, no credential of the user is ever used.
"""

from __future__ import annotations

import json
import re
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from werkzeug.serving import WSGIRequestHandler, make_server

from reconciler.sandbox import moto_adapter
from reconciler.sandbox.faults import Fault
from reconciler.sandbox.gate import Gate, Logged, Reset
from reconciler.sandbox.wire import Request
from reconciler.sandbox.world import Around, Clients, access_key

SCOPE = re.compile(r"Credential=([^/]+)/\d+/([^/]+)/([^/]+)/aws4_request")
DEFAULT_ACCOUNT = "123456789012"
REASONS = {200: "OK", 201: "Created", 202: "Accepted", 204: "No Content"}


class _Quiet(WSGIRequestHandler):
    """Keeps connections open, and says nothing."""

    protocol_version = "HTTP/1.1"

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002  werkzeug's name
        return None


class Sandbox:
    """A context manager. `settle_seconds` is how long AWS takes for anything; `profiles` maps profile names to accounts."""

    def __init__(
        self,
        *,
        settle_seconds: float = 0.1,
        throttle: bool = False,
        faults: Iterable[Fault] = (),
        log_path: Path | None = None,
        account_id: str = DEFAULT_ACCOUNT,
        profiles: Mapping[str, str] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._account_id = account_id
        self._is_throttled = throttle
        self._moto = moto_adapter.application()
        moto_adapter.forget()
        self._server = make_server("127.0.0.1", 0, self._application, threaded=True, request_handler=_Quiet)
        self._server.daemon_threads = True  # type: ignore[attr-defined]
        self.endpoint_url = f"http://127.0.0.1:{self._server.server_port}"
        self.clients = Clients(self.endpoint_url)
        self.gate = Gate(
            lambda account, region: Around(self.clients, account, region),
            settle_seconds=settle_seconds, throttle=throttle, faults=faults, log_path=log_path, clock=clock,
        )  # fmt: skip
        self._accounts: dict[str, str] = {}
        self._folder = tempfile.TemporaryDirectory(prefix="reconcile-sandbox-")
        self._write_profiles(profiles or {})
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self.gate.close()
        self._folder.cleanup()
        moto_adapter.forget()

    @property
    def requests(self) -> list[Logged]:
        """Every Lambda request so far."""
        return self.gate.requests

    @property
    def writes(self) -> list[Logged]:
        return [request for request in self.requests if request.is_write]

    def environment(self, region: str = "us-east-1") -> dict[str, str]:
        """What leads boto3, the CLI or any SDK here and nowhere else."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "AWS_REGION": region,
            "AWS_DEFAULT_REGION": region,
            "AWS_ACCESS_KEY_ID": access_key(self._account_id),
            "AWS_SECRET_ACCESS_KEY": "sandbox",
            "AWS_CONFIG_FILE": str(Path(self._folder.name, "config")),
            "AWS_SHARED_CREDENTIALS_FILE": str(Path(self._folder.name, "credentials")),
            "AWS_EC2_METADATA_DISABLED": "true",
            "NO_PROXY": "127.0.0.1",
            **({} if self._is_throttled else {"RECONCILE_CALLS_PER_SECOND": "0"}),
        }

    def _write_profiles(self, profiles: Mapping[str, str]) -> None:
        Path(self._folder.name, "config").write_text(
            "".join(f"[profile {name}]\nregion = us-east-1\n" for name in sorted(profiles)), encoding="utf-8"
        )
        Path(self._folder.name, "credentials").write_text(
            "".join(
                f"[{name}]\naws_access_key_id = {access_key(account)}\naws_secret_access_key = sandbox\n"
                for name, account in sorted(profiles.items())
            ),
            encoding="utf-8",
        )

    # --- serving ---------------------------------------------------------------------------------------------------

    def _application(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        key, region, api = self._scope(environ)
        if api == "lambda":
            return self._lambda(environ, start_response, self._account(key), region)
        if environ.get("HTTP_X_AMZ_TARGET", "").endswith(".GetResources"):
            return self._tagging(environ, start_response, self._account(key), region)
        if key.startswith("SANDBOX"):
            environ[moto_adapter.ACCOUNT_HEADER] = key.removeprefix("SANDBOX")
        return self._moto(environ, start_response)

    def _scope(self, environ: Mapping[str, Any]) -> tuple[str, str, str]:
        """(access key, region, service) that the request was signed for."""
        found = SCOPE.search(environ.get("HTTP_AUTHORIZATION", ""))
        return (found[1], found[2], found[3]) if found else ("", "us-east-1", "")

    def _account(self, key: str) -> str:
        if key.startswith("SANDBOX"):
            return key.removeprefix("SANDBOX")
        if key not in self._accounts:
            self._accounts[key] = self.clients.account_of(key) if key else self._account_id
        return self._accounts[key]

    def _lambda(self, environ: dict[str, Any], start_response: Any, account: str, region: str) -> Iterable[bytes]:
        headers = {
            name[5:].replace("_", "-").lower(): value for name, value in environ.items() if name.startswith("HTTP_")
        }
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        path = environ["PATH_INFO"].encode("latin-1").decode("utf-8")
        request = Request(environ["REQUEST_METHOD"], path, environ.get("QUERY_STRING", ""), headers, body)
        try:
            response = self.gate.answer(request, account, region)
        except Reset as reset:
            environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
            raise ConnectionResetError from reset  # the server drops the connection without a word
        return _sent(start_response, response.status, response.headers, response.body)

    def _tagging(self, environ: dict[str, Any], start_response: Any, account: str, region: str) -> Iterable[bytes]:
        asked = json.loads(environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)) or b"{}")
        found = self.gate.marked(account, region, asked.get("TagFilters", []))
        start, size = int(asked.get("PaginationToken") or 0), 100
        answer = {
            "ResourceTagMappingList": found[start : start + size],
            "PaginationToken": str(start + size) if len(found) > start + size else "",
        }
        return _sent(start_response, 200, {"Content-Type": "application/x-amz-json-1.1"}, json.dumps(answer).encode())


def _sent(start_response: Any, status: int, headers: Mapping[str, str], body: bytes) -> Iterable[bytes]:
    start_response(f"{status} {REASONS.get(status, 'Answer')}", [*headers.items(), ("Content-Length", str(len(body)))])
    return [body]
