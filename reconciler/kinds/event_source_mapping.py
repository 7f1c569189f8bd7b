"""Event source mappings: AWS knows them by UUID; a spec by a label of its own and by source + qualifier.

Properties are CreateEventSourceMapping's members with our `alias` in place of FunctionName.
"""

from __future__ import annotations

import json
from collections.abc import Hashable, Mapping
from datetime import UTC, datetime
from typing import Any

from reconciler import service
from reconciler.kinds.base import Call, Kind, Section, Step, shown, with_defaults
from reconciler.kinds.function import tag_steps, tags_after
from reconciler.model import UNSET, Properties, Unreadable

_ELSEWHERE = {
    "FunctionName": "the spec's `function`, with `alias` as the qualifier",
    "UUID": "found by source and qualifier",
}

EVENT_SOURCE_MAPPINGS = Section(
    name="event_source_mappings",
    operation="CreateEventSourceMapping",
    members=(service.members("CreateEventSourceMapping") | service.members("UpdateEventSourceMapping"))
    - set(_ELSEWHERE),
    refused=_ELSEWHERE,
    calls=("CreateEventSourceMapping", "UpdateEventSourceMapping"),
)

# What AWS holds for members never set, by the source's service (FACTS 3); {} or "" is also what clears them.
_EVERY: Mapping[str, Any] = {
    "Enabled": True,
    "FilterCriteria": {"Filters": []},
    "FunctionResponseTypes": [],
    "KMSKeyArn": "",
    "MetricsConfig": {"Metrics": []},
    "ProvisionedPollerConfig": {},
    "ScalingConfig": {},
}
_ON_FAILURE: Mapping[str, Any] = {"DestinationConfig": {"OnFailure": {"Destination": ""}}}
_STREAM: Mapping[str, Any] = {
    **_EVERY,
    **_ON_FAILURE,
    "BatchSize": 100,
    "BisectBatchOnFunctionError": False,
    "MaximumBatchingWindowInSeconds": 0,
    "MaximumRecordAgeInSeconds": -1,
    "MaximumRetryAttempts": -1,
    "ParallelizationFactor": 1,
    "TumblingWindowInSeconds": 0,
}
_QUEUE: Mapping[str, Any] = {
    **_EVERY,
    "BatchSize": 10,
    "MaximumBatchingWindowInSeconds": 0,
}
# Here a window once set cannot be unset in place; None stands for the default of 500 ms on both sides.
_BROKER: Mapping[str, Any] = {
    **_EVERY,
    "BatchSize": 100,
    "MaximumBatchingWindowInSeconds": None,
    "SourceAccessConfigurations": [],
}
_KAFKA: Mapping[str, Any] = {
    **_BROKER,
    **_ON_FAILURE,
    "BisectBatchOnFunctionError": False,
    "MaximumRecordAgeInSeconds": -1,
    "MaximumRetryAttempts": -1,
}
_DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "sqs": _QUEUE,
    "kinesis": _STREAM,
    "dynamodb": _STREAM,
    "kafka": _KAFKA,
    "self-managed": _KAFKA,
    "rds": {**_BROKER, "DocumentDBEventSourceConfig": {"FullDocument": "Default"}},
}
VIRTUAL_HOST = "VIRTUAL_HOST"
_CLEARED_BY_EMPTY = ("FilterCriteria", "MetricsConfig")
_SETS = ("FunctionResponseTypes", "Topics", "Queues")


def source_service(properties: Properties) -> str:
    """`sqs`, `kinesis`, `dynamodb`, `kafka`, `mq`, `rds` … as the source's ARN says, or `self-managed`."""
    arn = str(properties.get("EventSourceArn", ""))
    return arn.split(":")[2] if arn.count(":") >= 2 else "self-managed"


def qualifier(properties: Properties) -> str:
    alias = str(properties.get("alias") or "")
    return "" if alias == "$LATEST" else alias


def normal(properties: Properties, _: str) -> dict[str, Any]:
    defaults = dict(_DEFAULTS.get(source_service(properties), _BROKER))
    full: dict[str, Any] = with_defaults(dict(properties), defaults)
    full["alias"] = qualifier(properties)
    if full["ProvisionedPollerConfig"]:
        least = 2 if source_service(properties) == "sqs" else 1
        pollers = {"MinimumPollers": least, "MaximumPollers": 200}
        full["ProvisionedPollerConfig"] = with_defaults(full["ProvisionedPollerConfig"], pollers)
    for member in _SETS:
        if member in full:
            full[member] = sorted(full[member])
    if isinstance(full["FilterCriteria"], Mapping):
        filters = (_filter(item) for item in full["FilterCriteria"]["Filters"])
        full["FilterCriteria"] = {"Filters": sorted(filters, key=str)}
    full["MetricsConfig"] = {"Metrics": sorted(full["MetricsConfig"]["Metrics"])}
    endpoints = (full.get("SelfManagedEventSource") or {}).get("Endpoints") or {}
    if endpoints:
        full["SelfManagedEventSource"] = {"Endpoints": {name: sorted(hosts) for name, hosts in endpoints.items()}}
    if "SourceAccessConfigurations" in full:
        full["SourceAccessConfigurations"] = sorted(full["SourceAccessConfigurations"], key=json.dumps)
    if "StartingPositionTimestamp" in full:
        full["StartingPositionTimestamp"] = _epoch_seconds(full["StartingPositionTimestamp"])
    return full


def _filter(item: Properties) -> dict[str, Any]:
    """Two patterns that are the same JSON are the same filter."""
    try:
        return {"Pattern": json.dumps(json.loads(item["Pattern"]), sort_keys=True, separators=(",", ":"))}
    except (KeyError, ValueError):
        return dict(item)


def _epoch_seconds(moment: Any) -> float:
    if isinstance(moment, datetime):
        return moment.timestamp()
    if isinstance(moment, str):
        written = datetime.fromisoformat(moment)
        return (written if written.tzinfo else written.replace(tzinfo=UTC)).timestamp()
    return float(moment)


def virtual_hosts(accesses: Any) -> tuple[str, ...]:
    """The part of a broker's SourceAccessConfigurations that says what is polled, and that no update takes."""
    return tuple(sorted(str(item.get("URI", "")) for item in accesses or () if item.get("Type") == VIRTUAL_HOST))


def subject(_: str, properties: Properties) -> Hashable:
    """What is polled: the source's ARN or endpoints, with topics, queues and virtual host, or database and collection."""
    endpoints = (properties.get("SelfManagedEventSource") or {}).get("Endpoints") or {}
    document = properties.get("DocumentDBEventSourceConfig") or {}
    return (
        properties.get("EventSourceArn", ""),
        tuple(sorted((name, tuple(sorted(hosts))) for name, hosts in endpoints.items())),
        tuple(sorted(properties.get("Topics") or ())),
        tuple(sorted(properties.get("Queues") or ())),
        (document.get("DatabaseName", ""), document.get("CollectionName", "")),
        virtual_hosts(properties.get("SourceAccessConfigurations")),
    )


def identity(name: str, properties: Properties) -> Hashable:
    return (subject(name, properties), qualifier(properties))


def likeness(_: str, properties: Properties) -> Hashable:
    return (source_service(properties), qualifier(properties))


def live_properties(answer: Properties) -> dict[str, Any]:
    """A mapping as AWS answers it, cut to the create request's shape. Enabled is derived from State, `alias` from the
    function's ARN."""
    cut: dict[str, Any] = service.project(answer, service.request("CreateEventSourceMapping"))
    cut.pop("FunctionName", None)
    if answer.get("FilterCriteriaError"):
        cut["FilterCriteria"] = shown(None, answer["FilterCriteriaError"])
    parts, state = str(answer.get("FunctionArn", "")).split(":"), answer.get("State")
    return cut | {
        "alias": parts[7] if len(parts) > 7 else "",
        "Enabled": state not in ("Disabled", "Disabling") if state else Unreadable("AWS answered without State"),
    }


def function_name(function: str, properties: Properties) -> str:
    alias = qualifier(properties)
    return f"{function}:{alias}" if alias else function


def create(function: str, _: str, properties: Properties) -> list[Step]:
    sent = {member: value for member, value in properties.items() if member != "alias"}
    params = {"FunctionName": function_name(function, properties), **sent}
    return [Step("CreateEventSourceMapping", params, settle=settling(properties.get("Enabled", True)))]


def settling(is_enabled: Any) -> tuple[str, ...]:
    """What to wait for: the state that the spec wants. A mapping that AWS then turns off by itself has failed."""
    return ("mapping-enabled" if is_enabled else "mapping-disabled",)


def update(function: str, _: str, properties: Properties, differing: frozenset[str], handle: Properties) -> list[Step]:
    tags = frozenset(f"tags/{key}" for key in _tag_keys(properties, handle) if "Tags" in differing)
    steps = [
        Step(step.operation, step.params, stage=60, settle=())
        for step in tag_steps(
            handle.get("EventSourceMappingArn", ""), properties.get("Tags", {}), handle.get("Tags", {}), tags
        )
    ]
    changed = {member: properties[member] for member in sorted(differing - {"alias", "Tags"})}
    for member in _CLEARED_BY_EMPTY:
        if member in changed and not any(changed[member].values()):
            changed[member] = {}
    if "SourceAccessConfigurations" in changed:
        accesses = changed["SourceAccessConfigurations"]
        changed["SourceAccessConfigurations"] = [item for item in accesses if item.get("Type") != VIRTUAL_HOST]
    if "alias" in differing:
        changed["FunctionName"] = function_name(function, properties)
    if changed:
        params = {"UUID": handle["UUID"], **changed}
        steps.append(Step("UpdateEventSourceMapping", params, settle=settling(properties["Enabled"])))
    return steps


def _tag_keys(properties: Properties, handle: Properties) -> set[str]:
    return set(properties.get("Tags", {})) | set(handle.get("Tags", {}))


def delete(_: str, __: str, handle: Properties) -> list[Step]:
    return [Step("DeleteEventSourceMapping", {"UUID": handle["UUID"]})]


CREATE_ONLY = (service.members("CreateEventSourceMapping") - service.members("UpdateEventSourceMapping") - {"Tags"}) | {
    "AmazonManagedKafkaEventSourceConfig/ConsumerGroupId",  # UpdateEventSourceMapping takes it and cannot change it
    "SelfManagedKafkaEventSourceConfig/ConsumerGroupId",
}


def compared(live: Properties, desired: Properties) -> dict[str, Any]:
    spoken: dict[str, Any] = service.comparable(live, desired, service.request("CreateEventSourceMapping"))
    return spoken | {"alias": live["alias"]}


def is_sensitive(steps: tuple[str, ...]) -> bool:
    return service.is_sensitive(steps, service.request("CreateEventSourceMapping"))


def needs_replacement(pointer: str, before: Any, after: Any) -> bool:
    if pointer == "SourceAccessConfigurations":
        return virtual_hosts(() if before is UNSET else before) != virtual_hosts(() if after is UNSET else after)
    return any(f"{pointer}/".startswith(f"{final}/") for final in CREATE_ONLY) or after is None


def state(properties: Properties, function: str) -> dict[str, Any]:
    """Normal form with the function that is invoked, for a mapping can be given to another."""
    return normal(properties, function) | {"FunctionName": properties.get("FunctionName", function)}


def after(operation: str, params: Properties, before: Properties | None) -> dict[str, Any] | None:
    held = dict(before or {})
    match operation:
        case "DeleteEventSourceMapping":
            return None
        case "TagResource" | "UntagResource":
            return held | {"Tags": tags_after(params, held.get("Tags", {}))}
    sent = {member: value for member, value in params.items() if member not in _ELSEWHERE}
    if operation == "UpdateEventSourceMapping" and "SourceAccessConfigurations" in sent:
        kept = [item for item in held.get("SourceAccessConfigurations", ()) if item.get("Type") == VIRTUAL_HOST]
        sent["SourceAccessConfigurations"] = [*sent["SourceAccessConfigurations"], *kept]
    if "FunctionName" in params:
        sent["FunctionName"], _, sent["alias"] = str(params["FunctionName"]).partition(":")
    wanted = state({"alias": "", **held, **sent}, "")
    return wanted if before is None else held | {member: wanted[member] for member in sent}


EVENT_SOURCE_MAPPING = Kind(
    name="event_source_mapping",
    section="event_source_mappings",
    normal=normal,
    identity=identity,
    subject=subject,
    create=create,
    update=update,
    delete=delete,
    compared=compared,
    is_sensitive=is_sensitive,
    needs_replacement=needs_replacement,
    state=state,
    after=after,
    likeness=likeness,
)

CALLS = tuple(
    Call(
        f"{verb}EventSourceMapping",
        f"{verb.upper()}_LAMBDA_FUNCTION_EVENT_MAPPING",
        f"{verb}LambdaEventSourceAtomicOperation",
        f"Initializing {doing} of AWS Lambda Function Event Source Mapping...",
        f"Finished {doing} of AWS Lambda Function Event Mapping Operation...",
        stage=stage,
        settle=(settle,),
    )
    for verb, doing, stage, settle in (
        ("Create", "Creation", 60, "mapping-settled"),
        ("Update", "Updating", 60, "mapping-settled"),
        ("Delete", "deletion", 70, "mapping-gone"),
    )
)
