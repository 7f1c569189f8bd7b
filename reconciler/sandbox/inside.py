"""The strict Lambda within a process, without a socket, beside moto's `mock_aws`.

A client or session goes in and answers Lambda's calls from then on; everything else is moto's as before. It never reaches AWS: with
no mock_aws active it raises.
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from botocore.awsrequest import AWSResponse, HTTPHeaders
from botocore.exceptions import ConnectionClosedError

from reconciler.sandbox import moto_adapter
from reconciler.sandbox.faults import Fault
from reconciler.sandbox.front import DEFAULT_ACCOUNT, Front
from reconciler.sandbox.refusals import Reset
from reconciler.sandbox.wire import Request
from reconciler.sandbox.world import Clients

ANSWERED = "https://answered.invalid/"
EVENTS = ("before-send.lambda", "before-send.resource-groups-tagging-api")


class _Raw(io.BytesIO):
    """A body as urllib3 would give it."""

    def stream(self, *_: Any, **__: Any) -> Iterable[bytes]:
        content = self.read()
        while content:
            yield content
            content = self.read()


def install(
    target: Any,
    *,
    settle_seconds: float = 0.0,
    throttle: bool = False,
    faults: Iterable[Fault | Mapping[str, Any]] = (),
    clock: Callable[[], float] = time.time,
    seed: int = 0,
) -> Front:
    """The Lambda that now answers a boto3 client, a boto3 session's coming clients, or a botocore session's. Its `requests` are the
    log; a client's account is the one that moto gives its key."""
    moto_adapter.check_version()
    front = Front(
        Clients(None, _check_mocked), DEFAULT_ACCOUNT, settle_seconds=settle_seconds, throttle=throttle, faults=faults,
        log_path=None, clock=clock, seed=seed,
    )  # fmt: skip
    events = _events(target)
    for event in EVENTS:
        events.register_first(event, _answering(front))
    return front


def _check_mocked() -> None:
    if not moto_adapter.is_mocking():
        raise RuntimeError("the in-process sandbox needs moto's mock_aws to be active")


def _events(target: Any) -> Any:
    if hasattr(target, "meta"):
        return target.meta.events
    return target.events if hasattr(target, "events") else target.get_component("event_emitter")


def _answering(front: Front) -> Callable[..., AWSResponse | None]:
    def answer(request: Any, **_: Any) -> AWSResponse | None:
        _check_mocked()
        path, _, query = request.url.partition("://")[2].partition("/")[2].partition("?")
        headers = {
            name.lower(): value.decode() if isinstance(value, bytes) else str(value)
            for name, value in request.headers.items()
        }
        try:
            response = front.answer(Request(request.method, f"/{path}", query, headers, _body(request.body)))
        except Reset as reset:
            raise ConnectionClosedError(endpoint_url=request.url) from reset
        if response is None:
            return None
        url, request.url = request.url, ANSWERED  # botocore asks every handler: moto's must not carry it out as well
        return AWSResponse(url, response.status, HTTPHeaders.from_dict(response.headers), _Raw(response.body))

    return answer


def _body(content: Any) -> bytes:
    if hasattr(content, "read"):
        content = content.read()
    return content.encode() if isinstance(content, str) else bytes(content or b"")
