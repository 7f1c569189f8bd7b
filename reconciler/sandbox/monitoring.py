"""CloudWatch's metrics and alarms, in whichever of the API's protocols a client speaks: CBOR, JSON or the query protocol.

What it does is said in `cloudwatch`. Dashboards and the rest are moto's, which knows nothing of these metrics and alarms.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from reconciler.core import service
from reconciler.sandbox.cloudwatch import operations, putting, reading, tags
from reconciler.sandbox.cloudwatch.errors import INVALID
from reconciler.sandbox.gate import Gate, Operation, Tongue
from reconciler.sandbox.http import query, rpc, smithy, wire
from reconciler.sandbox.http.wire import Request, Response
from reconciler.sandbox.lambda_ import constraints
from reconciler.sandbox.lambda_.state import Region
from reconciler.sandbox.refusals import Refused, not_spoken

API = "monitoring"  # the name that its requests are signed for
MODEL = "cloudwatch"
OURS = re.compile("Metric|Alarm|[Tt]ag")  # in the name of an operation
LARGEST_BYTES = 1 << 20

Refuse = Callable[[Refused, str], Response]


@cache
def _names() -> Mapping[str, str]:
    """The model's names of errors, by what the query protocol calls them."""
    shapes = (service.model(MODEL).shape_for(name) for name in service.model(MODEL).shape_names)
    return {
        shape.metadata["error"]["code"]: shape.name for shape in shapes if "code" in shape.metadata.get("error", {})
    }


def _telling_both(refuse: Refuse) -> Refuse:
    """An error by its name, with what the query protocol calls it in a header."""

    def refusal(error: Refused, request_id: str) -> Response:
        named = Refused(_names().get(error.code, error.code), error.message, error.status)
        response, who = refuse(named, request_id), "Receiver" if error.status >= 500 else "Sender"
        return replace(response, headers={**response.headers, "x-amzn-query-error": f"{error.code};{who}"})

    return refusal


CBOR = Tongue(smithy.routed, smithy.parsed, smithy.written, _telling_both(smithy.refusal))
JSON = Tongue(rpc.routed, rpc.parsed, rpc.written, _telling_both(rpc.refusal))
QUERY = Tongue(query.routed, query.parsed(MODEL), query.written(MODEL), query.refusal)


def _get_metric_data(region: Region, params: Mapping[str, Any], _now: float) -> dict[str, Any]:
    return reading.get_metric_data(region.metrics, params)


def _put_metric_data(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    return putting.put_metric_data(region.metrics, params, now)


def _on_alarms(carry_out: Callable[[Region, Mapping[str, Any], float], dict[str, Any]]) -> Operation:
    """The same, done when all states are those of now."""

    def carried_out(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
        region.alarms.advance(region.metrics, now)
        return carry_out(region, params, now)

    return carried_out


OPERATIONS: Mapping[str, Operation] = {
    "GetMetricData": _get_metric_data,
    "PutMetricData": _put_metric_data,
    "DeleteAlarms": _on_alarms(lambda region, params, now: operations.delete_alarms(region.alarms, params, now)),
    "DescribeAlarms": _on_alarms(lambda region, params, _: operations.describe_alarms(region.alarms, params)),
    "PutCompositeAlarm": _on_alarms(
        lambda region, params, now: operations.put_composite_alarm(
            region.alarms, (region.account, region.region), params, now
        )
    ),
    "PutMetricAlarm": _on_alarms(
        lambda region, params, now: operations.put_metric_alarm(
            region.alarms, (region.account, region.region), params, now
        )
    ),
    "ListTagsForResource": lambda region, params, _: tags.list_tags(region.alarms, params),
    "TagResource": lambda region, params, _: tags.tag(region.alarms, params),
    "UntagResource": lambda region, params, _: tags.untag(region.alarms, params),
    "SetAlarmState": _on_alarms(lambda region, params, now: operations.set_alarm_state(region.alarms, params, now)),
}


def is_answered(api: str, request: Request) -> bool:
    """Whatever is about metrics or alarms, though it be only to say that it is not spoken: moto has others."""
    if api != API:
        return False
    operation = _tongue(request).routed(request)[0]
    return operation in service.model(MODEL).operation_names and bool(OURS.search(operation))


def answered(gate: Gate, request: Request, account: str, region: str) -> Response:
    return gate.answer_in(_checking(_tongue(request)), OPERATIONS, request, account, region)


def _tongue(request: Request) -> Tongue:
    if smithy.is_spoken(request):
        return CBOR
    return JSON if rpc.operation(request) else QUERY


@cache
def _checking(tongue: Tongue) -> Tongue:
    """The same, refusing params that the model forbids."""

    def parsed(request: Request, operation: str, in_path: Mapping[str, str]) -> dict[str, Any]:
        if operation not in OPERATIONS:
            raise not_spoken(operation)
        sent = tongue.parsed(_unpacked(request), operation, in_path)
        params: dict[str, Any] = wire.read(sent, service.request(operation, MODEL))
        constraints.check(operation, params, MODEL, INVALID)
        return params

    return replace(tongue, parsed=parsed)


def _unpacked(request: Request) -> Request:
    """Clients pack what is large."""
    if request.headers.get("content-encoding") != "gzip":
        return request
    try:
        body = zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(request.body, LARGEST_BYTES + 1)
    except zlib.error as error:
        raise Refused("SerializationException", "Could not unpack the request body") from error
    if len(body) > LARGEST_BYTES:
        raise Refused("RequestEntityTooLargeException", f"Request must be smaller than {LARGEST_BYTES} bytes", 413)
    return replace(request, body=body)
