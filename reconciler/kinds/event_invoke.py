"""Asynchronous invocation: how often and how long Lambda tries an event, and where it tells what came of it, one a function, alias or
version (FACTS 10.2). AWS keeps only what was set, so that one which sets nothing but defaults is still there, and is still not none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.core.finding import Finding, Rule, named, part
from reconciler.core.model import Key, Live, Properties, Target
from reconciler.kinds.base import (
    IS_THE_FUNCTION,
    LATEST,
    Kind,
    Section,
    Step,
    comparable_by,
    told,
    with_defaults,
)
from reconciler.kinds.qualifier import qualifier, qualifier_of, which
from reconciler.kinds.reading import Listing, Reading

_PUT, _DELETE = "PutFunctionEventInvokeConfig", "DeleteFunctionEventInvokeConfig"
_PAGE = "https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html"

EVENT_INVOKE = Section(
    name="event_invoke",
    operation=_PUT,
    refused={"FunctionName": IS_THE_FUNCTION, "Qualifier": "the key under `event_invoke`"},
    calls=(_PUT,),
    about="Alias, version or $LATEST -> how it is invoked asynchronously. One that is not here goes back to AWS's defaults.",
    keys={
        "pattern": r"^(\$LATEST|[a-zA-Z0-9-_]+)$",
        "maxLength": 128,
        "x-words": "an alias's name, a version's number, or $LATEST for the function itself",
    },
)
_NOWHERE: Mapping[str, Any] = {"Destination": ""}
_DEFAULTS: Mapping[str, Any] = {
    "DestinationConfig": {"OnFailure": dict(_NOWHERE), "OnSuccess": dict(_NOWHERE)},
    "MaximumEventAgeInSeconds": 21_600,
    "MaximumRetryAttempts": 2,
}


def single(function: str, name: str) -> tuple[str, Properties]:
    return "GetFunctionEventInvokeConfig", which(function, name)


def live(target: Target, answer: Properties) -> Live:
    """AWS answers every one with its qualifier."""
    handle = {name: answer[name] for name in ("FunctionArn", "LastModified") if name in answer}
    return Live(Key(target, "event_invoke", qualifier_of(answer) or LATEST), EVENT_INVOKE.cut(answer), handle)


def normal(properties: Properties, _: str) -> dict[str, Any]:
    full: dict[str, Any] = with_defaults(dict(properties), dict(_DEFAULTS))
    return full


def sendable(properties: Properties) -> dict[str, Any]:
    """All of it, for what a call leaves out is gone; a destination that is none is left out."""
    full = normal(properties, "")
    destinations = {name: inner for name, inner in full.pop("DestinationConfig").items() if inner != _NOWHERE}
    return full | ({"DestinationConfig": destinations} if destinations else {})


def create(function: str, name: str, properties: Properties) -> list[Step]:
    return [Step(_PUT, {**which(function, name), **sendable(properties)})]


def update(function: str, name: str, properties: Properties, _differing: frozenset[str], _: Properties) -> list[Step]:
    return create(function, name, properties)


def delete(function: str, name: str, _: Properties) -> list[Step]:
    return [Step(_DELETE, which(function, name))]


def after(operation: str, params: Properties, _: Properties | None) -> dict[str, Any] | None:
    """What a call sends is all that there is then."""
    sent = {name: value for name, value in params.items() if name in EVENT_INVOKE.members}
    return None if operation == _DELETE else normal(sent, "")


def listed(live: Live) -> dict[str, Any]:
    return {"qualifier": live.key.name, **live.properties}


# --- rules over one document ---------------------------------------------------------------------------------------


def destinations(spec: Mapping[str, Any]) -> Iterator[tuple[str, str, str, list[str]]]:
    """(pointer, name, OnSuccess or OnFailure, the six parts of the ARN) of every destination that there is."""
    for at, name, entry in named(spec, EVENT_INVOKE.name):
        for when in ("OnSuccess", "OnFailure"):
            where = part(entry, "DestinationConfig", when).get("Destination")
            if isinstance(where, str) and where and "{{" not in where:
                yield f"{at}/DestinationConfig/{when}/Destination", name, when, [*where.split(":", 5), *[""] * 5][:6]


@Rule(
    "R080",
    "An asynchronous configuration sets something.",
    "https://docs.aws.amazon.com/lambda/latest/api/API_PutFunctionEventInvokeConfig.html",
)
def sets_something(spec: Mapping[str, Any]) -> Iterator[Finding]:
    for at, name, entry in named(spec, EVENT_INVOKE.name):
        if not entry:
            yield Finding(at, f"event_invoke.{name} sets nothing; set something, or take {name} out", is_key=True)


_SERVICES = {"sqs": "a queue", "sns": "a topic", "lambda": "a function", "events": "an event bus"}


@Rule(
    "R081",
    "Events go to a standard queue or topic, a function or an event bus; those that failed also to a bucket.",
    _PAGE,
)
def goes_where_events_can_go(spec: Mapping[str, Any]) -> Iterator[Finding]:
    for at, _, when, arn in destinations(spec):
        service = arn[2] or arn[0]
        if service in ("sqs", "sns") and arn[-1].endswith(".fifo"):
            yield Finding(at, f"{when} goes to a FIFO {_SERVICES[service][2:]}; name a standard one")
        elif service == "s3" and when == "OnSuccess":
            yield Finding(
                at,
                "OnSuccess goes to no bucket, only OnFailure does; name a queue, a topic, a function or an event bus",
            )
        elif service not in _SERVICES and service != "s3":
            also = " or a bucket" if when == "OnFailure" else ""
            yield Finding(at, f"{when} goes to {', '.join(_SERVICES.values())}{also}, and not to {service}")


@Rule("R082", "What came of an invocation is not sent to what was invoked.", _PAGE)
def goes_to_another(spec: Mapping[str, Any]) -> Iterator[Finding]:
    """A function is of its role's account."""
    account = str(part(spec, "configuration").get("Role", "")).split(":")[4:5]
    for at, name, when, (_, _, service, region, number, resource) in destinations(spec):
        function, _, version = resource.removeprefix("function:").partition(":")
        is_of_its_name = (service, function, version or LATEST) == ("lambda", spec.get("function"), name)
        if is_of_its_name and region in _regions(spec) and [number] == account:
            yield Finding(at, f"{when} goes to the function itself, which would invoke it for ever; name another")


@Rule("W224", "What events are sent to is of the function's region.", _PAGE)
def goes_nowhere_else(spec: Mapping[str, Any]) -> Iterator[Finding]:
    for at, _, when, arn in destinations(spec):
        if arn[3] and _regions(spec) and arn[3] not in _regions(spec):
            yield Finding(
                at, f"{when} goes to {arn[3]}, and the function is in {', '.join(_regions(spec))}; AWS may refuse it"
            )


def _regions(spec: Mapping[str, Any]) -> list[str]:
    """Those that the spec itself names."""
    named = spec.get("regions", [spec.get("region")])
    return [region for region in named if isinstance(region, str)] if isinstance(named, list) else []


_CONFIG = "Function Event Invoke Config"
CALLS = (told(_PUT, "Put", _CONFIG, is_upsert=True), told(_DELETE, "Delete", _CONFIG))

ASYNCHRONOUS = Kind(
    name="event_invoke",
    section="event_invoke",
    sections=(EVENT_INVOKE,),
    noun="asynchronous configuration",
    reading=Reading(single, live, Listing("ListFunctionEventInvokeConfigs", "FunctionEventInvokeConfigs")),
    calls=CALLS,
    rules=(sets_something, goes_where_events_can_go, goes_to_another),
    cautions=(goes_nowhere_else,),
    normal=normal,
    create=create,
    update=update,
    delete=delete,
    depth=0,
    compared=comparable_by(_PUT),
    state=normal,
    after=after,
    is_answered_whole=True,
    qualifier=qualifier,
    listed=listed,
)
