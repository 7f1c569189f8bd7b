"""Event source mappings: AWS knows them by UUID; a spec by a label of its own and by source + qualifier.

Properties are CreateEventSourceMapping's members with our `alias` in place of FunctionName.
"""

from __future__ import annotations

import json
import re
from collections.abc import Hashable, Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

from reconciler.core import service
from reconciler.core.errors import SettleFailed
from reconciler.core.finding import Found, named, part
from reconciler.core.model import UNSET, Properties, Target, Unreadable
from reconciler.core.waiting import Judge, State, Wait, is_gone
from reconciler.kinds import filters, sources
from reconciler.kinds.base import IS_WHICH, NOT_DOCUMENTED, Call, Kind, Section, Step, shown, with_defaults
from reconciler.kinds.sources import source_service
from reconciler.kinds.tags import reserved, tag_steps, tags_after

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")  # AWS's name for a mapping
_ELSEWHERE = {
    "FunctionName": "the spec's `function`, with `alias` as the qualifier",
    "UUID": "found by source and qualifier",
}

_KAFKA_CONFIGS = ("AmazonManagedKafkaEventSourceConfig", "SelfManagedKafkaEventSourceConfig")
_WHICH = (
    *("DocumentDBEventSourceConfig/CollectionName", "DocumentDBEventSourceConfig/DatabaseName", "EventSourceArn"),
    *("Queues", "SelfManagedEventSource/Endpoints", "StartingPosition", "StartingPositionTimestamp", "Topics"),
)
EVENT_SOURCE_MAPPINGS = Section(
    name="event_source_mappings",
    operation="CreateEventSourceMapping",
    refused=_ELSEWHERE,
    calls=("CreateEventSourceMapping", "UpdateEventSourceMapping"),
    no_default={
        **{
            f"{kafka}/SchemaRegistryConfig/{member}": NOT_DOCUMENTED
            for kafka in _KAFKA_CONFIGS
            for member in ("AccessConfigs", "EventRecordFormat", "SchemaRegistryURI", "SchemaValidationConfigs")
        },
        **{f"{kafka}/ConsumerGroupId": IS_WHICH for kafka in _KAFKA_CONFIGS},
        "SelfManagedKafkaEventSourceConfig/ConsumptionMode": NOT_DOCUMENTED,
        "DestinationConfig/OnSuccess/Destination": NOT_DOCUMENTED,
        "LoggingConfig/SystemLogLevel": NOT_DOCUMENTED,
        "ProvisionedPollerConfig/PollerGroupName": NOT_DOCUMENTED,
        "Tags": "others may tag a mapping too, so they are compared where the spec names them",
        **dict.fromkeys(_WHICH, IS_WHICH),
    },
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
    hosts = (item for item in accesses or () if isinstance(item, Mapping) and item.get("Type") == VIRTUAL_HOST)
    return tuple(sorted(str(item.get("URI", "")) for item in hosts))


def subject(_: str, properties: Properties) -> Hashable:
    """What is polled: the source's ARN or endpoints, with topics, queues and virtual host, or database and collection. Also of a
    document that was not checked yet."""
    endpoints = part(properties, "SelfManagedEventSource", "Endpoints")
    document = part(properties, "DocumentDBEventSourceConfig")
    return (
        str(properties.get("EventSourceArn", "")),
        tuple(sorted((name, _sorted(hosts)) for name, hosts in endpoints.items())),
        _sorted(properties.get("Topics")),
        _sorted(properties.get("Queues")),
        (str(document.get("DatabaseName", "")), str(document.get("CollectionName", ""))),
        virtual_hosts(properties.get("SourceAccessConfigurations")),
    )


def _sorted(names: Any) -> tuple[str, ...]:
    """A list that is a set, as it compares. Rules meet what is no list."""
    return tuple(sorted(map(str, names))) if isinstance(names, list | tuple) else ()


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
        Step(step.operation, step.params, settle=())
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


# UpdateEventSourceMapping takes them and cannot change them.
_FINAL = (
    "AmazonManagedKafkaEventSourceConfig/ConsumerGroupId",
    "SelfManagedKafkaEventSourceConfig/ConsumerGroupId",
)


@cache
def create_only() -> frozenset[str]:
    """Pointers, without leading slash, of what only a creation sets."""
    members = service.members("CreateEventSourceMapping") - service.members("UpdateEventSourceMapping") - {"Tags"}
    return members.union(_FINAL)


def compared(live: Properties, desired: Properties) -> dict[str, Any]:
    spoken: dict[str, Any] = service.comparable(live, desired, service.request("CreateEventSourceMapping"))
    return spoken | {"alias": live["alias"]}


def is_sensitive(steps: tuple[str, ...]) -> bool:
    return service.is_sensitive(steps, service.request("CreateEventSourceMapping"))


def needs_replacement(pointer: str, before: Any, after: Any) -> bool:
    if pointer == "SourceAccessConfigurations":
        return virtual_hosts(() if before is UNSET else before) != virtual_hosts(() if after is UNSET else after)
    return any(f"{pointer}/".startswith(f"{final}/") for final in create_only()) or after is None


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


# --- waits ---------------------------------------------------------------------------------------------------------


def is_settled(state: State, _: Target, __: Properties) -> bool:
    return state is not None and state.get("State") in ("Enabled", "Disabled")


def is_in(wanted: str) -> Judge:
    """Whether the mapping came to stand in the state that was asked for. Where it stands in the other one, AWS gave up."""

    def judge(state: State, target: Target, answered: Properties) -> bool:
        if not state or not is_settled(state, target, answered):
            return False
        if state["State"] != wanted:
            told = [state.get("StateTransitionReason"), state.get("LastProcessingResult")]
            why = "; ".join(str(one) for one in told if one) or "AWS does not say why"
            raise SettleFailed(f"{target}: {standing(state)} and not {wanted} as asked: {why}")
        return True

    return judge


def standing(state: State) -> str:
    """Which mapping it is and how it stands, for people."""
    return (
        f"mapping {state['UUID']} of {state.get('EventSourceArn', 'its source')} is {state.get('State')}"
        if state
        else "not to be seen"
    )


def look(_: Target, answered: Properties) -> tuple[str, Properties]:
    return "GetEventSourceMapping", {"UUID": answered["UUID"]}


WAITS = (
    Wait("mapping-settled", look, is_settled, standing, is_scarce=True, is_named_by_answer=True),
    Wait("mapping-enabled", look, is_in("Enabled"), standing, is_scarce=True, is_named_by_answer=True),
    Wait("mapping-disabled", look, is_in("Disabled"), standing, is_scarce=True, is_named_by_answer=True),
    Wait("mapping-gone", look, is_gone, standing, is_for_the_end=True, is_scarce=True, is_named_by_answer=True),
)


# --- rules over one document ---------------------------------------------------------------------------------------


def invokes_a_declared_alias(spec: Mapping[str, Any]) -> Iterator[Found]:
    if not isinstance(spec.get("aliases"), dict):
        return
    declared = spec["aliases"]
    for at, label, mapping in named(spec, "event_source_mappings"):
        alias = mapping.get("alias")
        if (
            isinstance(alias, str)
            and alias.strip()
            and alias != "$LATEST"
            and not alias.isdigit()
            and alias not in declared
        ):
            choice = ", ".join(declared) or "none"
            yield Found(
                f"{at}/alias",
                f"mapping {label} invokes alias {alias}, which aliases does not declare; declared: {choice}",
            )


def maps_each_source_once(spec: Mapping[str, Any]) -> Iterator[Found]:
    first: dict[Hashable, str] = {}
    for at, label, mapping in named(spec, "event_source_mappings"):
        if not source_service(mapping):
            continue
        sign = identity("", mapping)
        if sign in first:
            what = f"mapping {label} polls the same source for the same qualifier as {{{first[sign]}}}"
            yield Found(at, f"{what}; keep one of them", is_key=True)
        first.setdefault(sign, at)


def has_free_tags(spec: Mapping[str, Any]) -> Iterator[Found]:
    for at, _, mapping in named(spec, "event_source_mappings"):
        yield from reserved(part(mapping, "Tags"), f"{at}/Tags")


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
    waits=WAITS,
    rules=(
        *sources.RULES,
        invokes_a_declared_alias,
        maps_each_source_once,
        has_free_tags,
        *filters.RULES,
    ),
)

CALLS = tuple(
    Call(
        f"{verb}EventSourceMapping",
        f"{verb.upper()}_LAMBDA_FUNCTION_EVENT_MAPPING",
        f"{verb}LambdaEventSourceAtomicOperation",
        f"Initializing {doing} of AWS Lambda Function Event Source Mapping...",
        f"Finished {doing} of AWS Lambda Function Event Mapping Operation...",
        settle=(settle,),
    )
    for verb, doing, settle in (
        ("Create", "Creation", "mapping-settled"),
        ("Update", "Updating", "mapping-settled"),
        ("Delete", "deletion", "mapping-gone"),
    )
)
