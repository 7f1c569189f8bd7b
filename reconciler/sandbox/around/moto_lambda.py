"""moto, whose services find the functions of the sandboxes that are open, and its own besides.

Listeners come and go. What moto's services call, and with what, is known here and in `moto_adapter` alone.
"""

from __future__ import annotations

import base64
import gzip
import json
import threading
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import cache
from typing import Any, Protocol
from uuid import uuid4
from weakref import ref

from werkzeug.test import EnvironBuilder, run_wsgi_app

from reconciler.core.accounts import partition_of
from reconciler.sandbox.around import moto_adapter
from reconciler.sandbox.around.moto_adapter import ACCOUNT_HEADER, Wsgi
from reconciler.sandbox.http.wire import Request, Response, scope


class Listener(Protocol):
    """Whoever holds functions."""

    def holds(self, arn: str) -> bool: ...

    def deliver(self, arn: str, event: Any, service: str) -> None: ...


LOOKING = ("config", "events", "logs", "secretsmanager", "ses", "sns")  # by the names that requests are signed for
_listeners: list[ref[Listener]] = []
_lock = threading.Lock()
_original: Any = None


def listen(listener: Listener) -> None:
    """The last one that listens is asked first. Who is forgotten does not listen any more."""
    with _lock:
        _listeners.insert(0, ref(listener))


@cache
def be_found() -> None:
    """moto's services look here from now on. It takes a while: not before one of them may look at all."""
    global _original
    _original = moto_adapter.replace_lambda(_Lambda)
    moto_adapter.replace_targets(_from_a_bus)


def _from_a_bus(arn: str, event: Any) -> None:
    holder = _holder(arn)
    if holder:
        holder.deliver(arn, event, "events")


def application() -> Wsgi:
    """moto's, with functions where it looks for them."""
    moto = moto_adapter.application()

    def answer(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        _, _, api = scope({"authorization": environ.get("HTTP_AUTHORIZATION", "")})
        if api in LOOKING or "notification" in environ.get("QUERY_STRING", ""):
            be_found()
        return moto(environ, start_response)

    return answer


def responding(account: str) -> Callable[[Request], Response]:
    """What moto answers to requests of an account."""
    moto = application()

    def respond(request: Request) -> Response:
        builder = EnvironBuilder(
            path=f"{request.path}?{request.query}", method=request.method,
            headers=[*request.headers.items(), (ACCOUNT_HEADER, account)], data=request.body,
        )  # fmt: skip
        content, status, headers = run_wsgi_app(moto, builder.get_environ())
        return Response(int(status.split()[0]), dict(headers), b"".join(content))

    return respond


def leave(listener: Listener) -> None:
    with _lock:
        _listeners[:] = [known for known in _listeners if known() not in (None, listener)]


def _holder(arn: str) -> Listener | None:
    with _lock:
        known = [listener for reference in _listeners if (listener := reference()) is not None]
    return next((listener for listener in known if listener.holds(arn)), None)


class _Function:
    """A function of a sandbox."""

    def __init__(self, holder: Listener, arn: str) -> None:
        self._holder, self._arn = holder, arn

    def invoke(self, body: str, *_: Any) -> str:
        """What a bucket hands over says so; all else comes from a bus."""
        event = json.loads(body or "{}")
        records = event.get("Records") if isinstance(event, dict) else None
        source = str(records[0].get("eventSource", "")) if records else ""
        self._holder.deliver(self._arn, event, source.removeprefix("aws:") or "events")
        return ""


class _Lambda:
    """Answers to the names that moto's services call; what no sandbox holds is moto's own affair."""

    def __init__(self, account: str, region: str) -> None:
        self._account, self._region = account, region

    def __getattr__(self, name: str) -> Any:
        return getattr(_original(self._account, self._region), name)

    def _arn(self, name: str, qualifier: str | None = None) -> str:
        if name.startswith("arn:"):
            return name
        end = f":{qualifier}" if qualifier else ""
        return f"arn:{partition_of(self._region)}:lambda:{self._region}:{self._account}:function:{name}{end}"

    def get_function(self, function_name_or_arn: str, qualifier: str | None = None) -> Any:
        arn = self._arn(function_name_or_arn, qualifier)
        holder = _holder(arn)
        if holder:
            return _Function(holder, arn)
        return _original(self._account, self._region).get_function(function_name_or_arn, qualifier)

    def invoke(self, function_name: str, qualifier: str | None, body: Any, headers: Any, response_headers: Any) -> Any:
        arn = self._arn(function_name, qualifier)
        holder = _holder(arn)
        if holder:
            return _Function(holder, arn).invoke(body)
        original = _original(self._account, self._region)
        return original.invoke(function_name, qualifier, body, headers, response_headers)

    def send_sns_message(
        self, function_name: str, message: str, subject: str | None = None, qualifier: str | None = None
    ) -> None:
        arn = self._arn(function_name, qualifier)
        holder = _holder(arn)
        if holder:
            holder.deliver(arn, _topic_event(message, subject, datetime.now(UTC)), "sns")

    def send_log_event(
        self, function_arn: str, filter_name: str, log_group_name: str, log_stream_name: str, log_events: Any
    ) -> None:
        holder = _holder(function_arn)
        if holder:
            data = {
                "messageType": "DATA_MESSAGE", "owner": self._account, "logGroup": log_group_name,
                "logStream": log_stream_name, "subscriptionFilters": [filter_name], "logEvents": log_events,
            }  # fmt: skip
            packed = base64.b64encode(gzip.compress(json.dumps(data).encode())).decode()
            holder.deliver(function_arn, {"awslogs": {"data": packed}}, "logs")


def _topic_event(message: str, subject: str | None, at: datetime) -> dict[str, Any]:
    """A topic's message; which topic's, moto does not say."""
    told: dict[str, Any] = {
        "Type": "Notification", "MessageId": str(uuid4()), "Subject": subject, "Message": message,
        "Timestamp": at.strftime("%Y-%m-%dT%H:%M:%S.000Z"), "MessageAttributes": {},
    }  # fmt: skip
    return {"Records": [{"EventVersion": "1.0", "EventSource": "aws:sns", "Sns": told}]}
