"""Event source mappings: AWS knows them by UUID; a spec by a label of its own and by source + qualifier.

Properties are CreateEventSourceMapping's members with our `alias` in place of FunctionName.
"""

from __future__ import annotations

import json
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import replace
from functools import cache, partial
from typing import Any

from reconciler.core import service
from reconciler.core.errors import SettleFailed
from reconciler.core.finding import Finding, Rule, named, part
from reconciler.core.model import Key, Live, Properties, Target
from reconciler.core.values import UNSET, Unreadable
from reconciler.core.waiting import Judge, State, Together, Wait, is_gone, is_told
from reconciler.kinds import filters, sources
from reconciler.kinds.base import (
    IS_WHICH,
    LETTERS,
    NOT_DOCUMENTED,
    Call,
    Kind,
    Section,
    Step,
    shown,
    with_defaults,
)
from reconciler.kinds.moments import epoch_seconds
from reconciler.kinds.qualifier import qualifier_of
from reconciler.kinds.reading import Listing, Reading, function_of
from reconciler.kinds.sources import VIRTUAL_HOST, source_service, subject, virtual_hosts
from reconciler.kinds.tags import FREE_TAGS, reserved, tag_steps, tags_after

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
        "DestinationConfig/OnSuccess/Destination": "AWS has it for asynchronous invocations, and supports none for mappings",
        "LoggingConfig/SystemLogLevel": NOT_DOCUMENTED,
        "ProvisionedPollerConfig/PollerGroupName": NOT_DOCUMENTED,
        "Tags": "others may tag a mapping too, so they are compared where the spec names them",
        **dict.fromkeys(_WHICH, IS_WHICH),
    },
    which=("EventSourceArn", "SelfManagedEventSource", "Topics", "Queues"),
    foreign_name="[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    about="A label of your own -> mapping. One that is not here is deleted.",
    keys={"pattern": "^[a-zA-Z0-9-_.]+$", "maxLength": 128, "x-words": f"{LETTERS}, and dots"},
    own={
        "alias": {
            "description": "The alias or version that the mapping invokes; left out, the function itself.",
            "type": "string",
            "pattern": r"^(\$LATEST|[a-zA-Z0-9-_]+)$",
            "maxLength": 128,
            "x-words": "an alias's name, a version's number or $LATEST; leave it out for the function itself",
        }
    },
)

_AT_REST = ("Enabled", "Disabled")
_HANDLED = ("UUID", "State", "EventSourceMappingArn", "FunctionArn", "LastModified", "StateTransitionReason")
_CLEARED_BY_EMPTY = ("FilterCriteria", "MetricsConfig")
_SETS = ("FunctionResponseTypes", "Topics", "Queues")


def qualifier(_: str, properties: Properties) -> str:
    alias = str(properties.get("alias") or "")
    return "" if alias == "$LATEST" else alias


def normal(properties: Properties, _: str) -> dict[str, Any]:
    full: dict[str, Any] = with_defaults(dict(properties), sources.defaults(properties))
    full["alias"] = qualifier("", properties)
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
        full["StartingPositionTimestamp"] = epoch_seconds(full["StartingPositionTimestamp"])
    return full


def _filter(item: Properties) -> dict[str, Any]:
    """Two patterns that are the same JSON are the same filter."""
    try:
        return {"Pattern": json.dumps(json.loads(item["Pattern"]), sort_keys=True, separators=(",", ":"))}
    except (KeyError, ValueError):
        return dict(item)


def identity(name: str, properties: Properties) -> Hashable:
    return (subject(name, properties), qualifier(name, properties))


def replacement_key(name: str, properties: Properties) -> Hashable:
    return (source_service(properties), qualifier(name, properties))


def live_properties(answer: Properties) -> dict[str, Any]:
    """A mapping as AWS answers it, cut to the create request's shape. Enabled is derived from State, `alias` from the
    function's ARN."""
    cut: dict[str, Any] = service.project(answer, service.request("CreateEventSourceMapping"))
    cut.pop("FunctionName", None)
    if answer.get("FilterCriteriaError"):
        cut["FilterCriteria"] = shown(None, answer["FilterCriteriaError"])
    state = answer.get("State")
    return cut | {
        "alias": qualifier_of(answer),
        "Enabled": state not in ("Disabled", "Disabling") if state else Unreadable("AWS answered without State"),
    }


def single(_: str, name: str) -> tuple[str, Properties]:
    return "GetEventSourceMapping", {"UUID": name}


def live(target: Target, answer: Properties) -> Live | None:
    """A mapping, and its tags only where somebody has asked for them; None when it is on its way out."""
    if answer.get("State") == "Deleting":
        return None
    tags = {"Tags": dict(answer["Tags"])} if "Tags" in answer else {}
    handle = {name: answer[name] for name in _HANDLED if name in answer}
    return Live(Key(target, "event_source_mapping", answer["UUID"]), live_properties(answer) | tags, handle | tags)


def moving(answer: Properties) -> str:
    if answer.get("State") in _AT_REST:
        return ""
    return "mapping-gone" if answer.get("State") == "Deleting" else "mapping-settled"


def is_cut(answer: Properties, members: frozenset[str]) -> bool:
    """Where a key encrypts the filters, the listing leaves them out."""
    return "FilterCriteria" not in answer and bool(answer.get("KMSKeyArn") or "KMSKeyArn" in members)


_LISTING = Listing("ListEventSourceMappings", "EventSourceMappings")
_TOGETHER = Together(_LISTING.operation, _LISTING.member, "UUID")
READING = Reading(
    single,
    live,
    _LISTING,
    everywhere=_LISTING,
    told_by_qualifier="UUID",  # whether those of a function's aliases are among its own is not documented
    moving=moving,
    is_cut=is_cut,
    tagged_by="EventSourceMappingArn",
    told_with_others="mapping-told",
)


def answered(result: Properties, function: str) -> dict[str, Any]:
    return state(live_properties(result), function_of(result) or function)


def function_name(function: str, properties: Properties) -> str:
    alias = qualifier("", properties)
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


def delete(_function: str, _name: str, handle: Properties) -> list[Step]:
    return [Step("DeleteEventSourceMapping", {"UUID": handle["UUID"]})]


# UpdateEventSourceMapping takes them and cannot change them.
_FINAL = (
    "AmazonManagedKafkaEventSourceConfig/ConsumerGroupId",
    "SelfManagedKafkaEventSourceConfig/ConsumerGroupId",
    "SelfManagedKafkaEventSourceConfig/ConsumptionMode",
)


@cache
def create_only() -> frozenset[str]:
    """Pointers, without leading slash, of what only a creation sets."""
    members = service.members("CreateEventSourceMapping") - service.members("UpdateEventSourceMapping") - {"Tags"}
    return members.union(_FINAL)


def compared(live: Properties, desired: Properties) -> dict[str, Any]:
    common: dict[str, Any] = service.comparable(live, desired, service.request("CreateEventSourceMapping"))
    return common | {"alias": live["alias"]}


def is_sensitive(steps: tuple[str, ...]) -> bool:
    return service.is_sensitive(steps, service.request("CreateEventSourceMapping"))


def needs_replacement(pointer: str, before: Any, after: Any) -> bool:
    if pointer == "SourceAccessConfigurations":
        return virtual_hosts(() if before is UNSET else before) != virtual_hosts(() if after is UNSET else after)
    return any(f"{pointer}/".startswith(f"{final}/") for final in create_only()) or after is None


def state(properties: Properties, function: str) -> dict[str, Any]:
    """Normal form with the function that is invoked, for a mapping can be given to another."""
    return normal(properties, function) | {"FunctionName": properties.get("FunctionName", function)}


def source(properties: Properties) -> str:
    """What is polled, for people."""
    return str(properties.get("EventSourceArn") or "self-managed Kafka")


def remark(live: Live) -> str:
    return f"of {source(live.properties)}"


def listed(live: Live) -> dict[str, Any]:
    return {"uuid": live.handle["UUID"], "state": live.handle.get("State"), **live.properties}


def after(operation: str, params: Properties, before: Properties | None) -> dict[str, Any] | None:
    state_before = dict(before or {})
    match operation:
        case "DeleteEventSourceMapping":
            return None
        case "TagResource" | "UntagResource":
            return state_before | {"Tags": tags_after(params, state_before.get("Tags", {}))}
    sent = {member: value for member, value in params.items() if member not in _ELSEWHERE}
    if operation == "UpdateEventSourceMapping" and "SourceAccessConfigurations" in sent:
        virtual_host_entries = [
            item for item in state_before.get("SourceAccessConfigurations", ()) if item.get("Type") == VIRTUAL_HOST
        ]
        sent["SourceAccessConfigurations"] = [*sent["SourceAccessConfigurations"], *virtual_host_entries]
    if "FunctionName" in params:
        sent["FunctionName"], _, sent["alias"] = str(params["FunctionName"]).partition(":")
    wanted = state({"alias": "", **state_before, **sent}, "")
    return wanted if before is None else state_before | {member: wanted[member] for member in sent}


# --- waits ---------------------------------------------------------------------------------------------------------


def is_settled(state: State, _target: Target, _answered: Properties) -> bool:
    return state is not None and state.get("State") in _AT_REST


def is_in(wanted: str) -> Judge:
    """Whether the mapping came to stand in the state that was asked for. Where it stands in the other one, AWS gave up."""

    def judge(state: State, target: Target, answered: Properties) -> bool:
        if not state or not is_settled(state, target, answered):
            return False
        if state["State"] != wanted:
            reasons = [state.get("StateTransitionReason"), state.get("LastProcessingResult")]
            why = "; ".join(str(reason) for reason in reasons if reason) or "AWS does not say why"
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


def look(_target: Target, answered: Properties, _: State) -> tuple[str, Properties]:
    return single("", answered["UUID"])


USUAL_SECONDS = 5.0  # AWS says no number
_wait = partial(
    Wait, look=look, describe=standing, is_scarce=True, is_named_by_answer=True, together=_TOGETHER,
    usual_seconds=USUAL_SECONDS,
)  # fmt: skip
WAITS = (
    _wait("mapping-settled", is_over=is_settled),
    _wait("mapping-enabled", is_over=is_in("Enabled")),
    _wait("mapping-disabled", is_over=is_in("Disabled")),
    _wait("mapping-gone", is_over=is_gone, is_for_the_end=True),
    Wait(
        "mapping-told",
        look,
        is_told,
        standing,
        is_scarce=True,
        is_whole=True,
        together=replace(_TOGETHER, is_instead=True),
        usual_seconds=0.0,
    ),
)


# --- rules over one document ---------------------------------------------------------------------------------------


@Rule(
    "R065",
    "A function polls a source once for each qualifier.",
    "https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html",
)
def maps_each_source_once(spec: Mapping[str, Any]) -> Iterator[Finding]:
    first: dict[Hashable, str] = {}
    for at, label, mapping in named(spec, "event_source_mappings"):
        if not source_service(mapping):
            continue
        sign = identity("", mapping)
        if sign in first:
            what = f"mapping {label} polls the same source for the same qualifier as {{{first[sign]}}}"
            yield Finding(at, f"{what}; keep one of them", is_key=True)
        first.setdefault(sign, at)


@FREE_TAGS
def has_free_tags(spec: Mapping[str, Any]) -> Iterator[Finding]:
    for at, _, mapping in named(spec, "event_source_mappings"):
        yield from reserved(part(mapping, "Tags"), f"{at}/Tags")


def abreast(params: Properties) -> str:
    """One that is given to another qualifier takes the place that a mapping of the same source may still have there."""
    return "" if {"UUID", "FunctionName"} <= params.keys() else "made"


CALLS = tuple(
    Call(
        f"{verb}EventSourceMapping",
        f"{verb.upper()}_LAMBDA_FUNCTION_EVENT_MAPPING",
        f"{verb}LambdaEventSourceAtomicOperation",
        f"Initializing {doing} of AWS Lambda Function Event Source Mapping...",
        f"Finished {doing} of AWS Lambda Function Event Mapping Operation...",
        settle=(settle,),
        abreast=beside,
    )
    for verb, doing, settle, beside in (
        ("Create", "Creation", "mapping-settled", abreast),
        ("Update", "Updating", "mapping-settled", abreast),
        ("Delete", "deletion", "mapping-gone", lambda _: "deleted"),
    )
)

EVENT_SOURCE_MAPPING = Kind(
    name="event_source_mapping",
    section="event_source_mappings",
    sections=(EVENT_SOURCE_MAPPINGS,),
    noun="mapping",
    reading=READING,
    calls=CALLS,
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
    replacement_key=replacement_key,
    waits=WAITS,
    rules=(
        *sources.RULES,
        maps_each_source_once,
        has_free_tags,
        *filters.RULES,
    ),
    answered=answered,
    named_by="UUID",
    qualifier=qualifier,
    outlives_function=True,
    remark=remark,
    listed=listed,
)
