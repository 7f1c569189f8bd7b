"""The strict Lambda within a process, without a socket, beside moto's `mock_aws`.

A client or session goes in and answers Lambda's calls from then on; everything else is moto's as before. It never reaches AWS: with
no mock_aws active it raises.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from email.utils import formatdate
from typing import Any

from reconciler.sandbox.around import moto_adapter, moto_lambda
from reconciler.sandbox.around.direct import answering
from reconciler.sandbox.around.faults import Fault
from reconciler.sandbox.around.world import Clients
from reconciler.sandbox.front import DEFAULT_ACCOUNT, Front
from reconciler.sandbox.http.wire import Request, Response

EVENTS = (
    "before-send.lambda", "before-send.cloudwatch-logs", "before-send.resource-groups-tagging-api", "before-send.iam",
    "before-send.cloudtrail", "before-send.cloudwatch",
)  # fmt: skip


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
    moto_lambda.be_found()
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


def _answering(front: Front) -> Callable[..., Any]:
    def respond(request: Request) -> Response | None:
        _check_mocked()
        response = front.answer(request)
        date = {"Date": formatdate(front.gate.clock(), usegmt=True)}
        return replace(response, headers={**date, **response.headers}) if response else None

    return answering(respond)
