"""How a function, version or alias is invoked asynchronously, as FACTS 10.2 records it.

(region, params, now) go in, an answer comes out or Refused is raised. Nothing is ever delivered.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from reconciler.core import service
from reconciler.sandbox.lambda_.state import Function, Region, paged
from reconciler.sandbox.refusals import invalid, not_found

SETTABLE = service.members("PutFunctionEventInvokeConfig") - {"FunctionName", "Qualifier"}
OUTCOMES = ("OnSuccess", "OnFailure")
SERVICES = ("events", "lambda", "sns", "sqs", "s3")


def _settled(region: Region, params: Mapping[str, Any]) -> tuple[Function, str]:
    """The function and qualifier that something is set for."""
    if not any(member in params for member in SETTABLE):
        raise invalid("You must specify at least one of error handling or destination setting.")
    name, qualifier = region.named(params["FunctionName"], params.get("Qualifier"))
    function, qualifier = region.functions.get(name), qualifier or "$LATEST"
    if not function or qualifier not in ("$LATEST", *function.versions, *function.aliases):
        raise not_found("The function doesn't exist.")
    _check_destinations(region, name, params.get("DestinationConfig", {}))
    return function, qualifier


def _check_destinations(region: Region, name: str, config: Mapping[str, Any]) -> None:
    arns = {outcome: config.get(outcome, {}).get("Destination", "") for outcome in OUTCOMES}
    for arn in filter(None, arns.values()):
        parts = arn.split(":")
        if parts[2] == "lambda":
            other = region.elsewhere(parts[4], parts[3]).functions
            if parts[6] not in other:
                raise invalid(f"The destination ARN {arn} is invalid.")
            if other is region.functions and parts[6] == name:
                raise invalid("You can't specify the function as a destination for itself.")
        elif parts[2] not in SERVICES:
            success, failure = (
                f"{outcome}(destination={arns[outcome]})" if arns[outcome] else "null" for outcome in OUTCOMES
            )
            raise invalid(
                f"The provided destination config DestinationConfig(onSuccess={success}, onFailure={failure}) is invalid."
            )


def _held(region: Region, params: Mapping[str, Any]) -> tuple[Function, str]:
    """The function and qualifier that have a configuration."""
    name, qualifier = region.named(params["FunctionName"], params.get("Qualifier"))
    function, qualifier = region.functions.get(name), qualifier or "$LATEST"
    if not function or qualifier not in function.event_invoke:
        raise not_found(f"The function {region.arn(name, qualifier)} doesn't have an EventInvokeConfig")
    return function, qualifier


def _answer(region: Region, function: Function, qualifier: str) -> dict[str, Any]:
    held = function.event_invoke[qualifier]
    destinations = {
        outcome: {"Destination": arn} if (arn := held.get("DestinationConfig", {}).get(outcome, {}).get("Destination")) else {}
        for outcome in OUTCOMES
    }  # fmt: skip
    return {**held, "DestinationConfig": destinations, "FunctionArn": region.arn(function.name, qualifier)}


def _sent(params: Mapping[str, Any], now: float) -> dict[str, Any]:
    sent = {member: params[member] for member in SETTABLE if member in params}
    return sent | {"LastModified": datetime.fromtimestamp(now, UTC)}


def put(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    function, qualifier = _settled(region, params)
    function.event_invoke[qualifier] = _sent(params, now)
    return _answer(region, function, qualifier)


def update(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    _settled(region, params)
    function, qualifier = _held(region, params)
    function.event_invoke[qualifier] |= _sent(params, now)
    return _answer(region, function, qualifier)


def get(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    return _answer(region, *_held(region, params))


def list_all(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    name, _ = region.named(params["FunctionName"])
    if name not in region.functions:
        raise not_found("The function doesn't exist.")
    function = region.functions[name]
    qualifiers = sorted(function.event_invoke)
    return paged(qualifiers, params, "FunctionEventInvokeConfigs", 50, lambda item: _answer(region, function, item))


def delete(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    function, qualifier = _held(region, params)
    del function.event_invoke[qualifier]
    return {}
