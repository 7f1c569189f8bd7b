"""Event source mappings, as FACTS 1.3, 2.6 and 3 record them.

(region, params, now) go in, an answer comes out or Refused is raised; the world is asked only for the source.
Nothing is ever polled.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

from reconciler.sandbox.lambda_.settling import SourceMapping
from reconciler.sandbox.lambda_.state import Region, new_id, paged
from reconciler.sandbox.lambda_.tags import check_tags
from reconciler.sandbox.refusals import Refused, conflict, invalid, not_found

STREAM_DEFAULTS: Mapping[str, Any] = {
    "BatchSize": 100,
    "BisectBatchOnFunctionError": False,
    "DestinationConfig": {"OnFailure": {}},
    "FunctionResponseTypes": [],
    "MaximumBatchingWindowInSeconds": 0,
    "MaximumRecordAgeInSeconds": -1,
    "MaximumRetryAttempts": -1,
    "ParallelizationFactor": 1,
    "TumblingWindowInSeconds": 0,
}
QUEUE_DEFAULTS: Mapping[str, Any] = {"BatchSize": 10, "FunctionResponseTypes": [], "MaximumBatchingWindowInSeconds": 0}
BROKER_DEFAULTS: Mapping[str, Any] = {"BatchSize": 100}
KAFKA_DEFAULTS: Mapping[str, Any] = {
    "BatchSize": 100, "BisectBatchOnFunctionError": False, "MaximumRecordAgeInSeconds": -1, "MaximumRetryAttempts": -1,
}  # fmt: skip
CLEARED = ("FilterCriteria", "ScalingConfig", "MetricsConfig", "ProvisionedPollerConfig", "KMSKeyArn")
STREAM_ONLY = (
    "BisectBatchOnFunctionError", "DestinationConfig", "MaximumRecordAgeInSeconds", "MaximumRetryAttempts",
    "ParallelizationFactor", "TumblingWindowInSeconds",
)  # fmt: skip
STREAMS = ("kinesis", "dynamodb")
KAFKA = {"kafka": "AmazonManagedKafkaEventSourceConfig", "self-managed": "SelfManagedKafkaEventSourceConfig"}
STARTING = (*STREAMS, *KAFKA, "rds")
POLLED = (*STREAMS, "kafka", "mq", "rds", "sqs")
UNKNOWN_SOURCE = "Unrecognized event source."
NOT_PROPERTIES = ("FunctionName", "UUID", "Tags", "Enabled")


def source_service(properties: Mapping[str, Any]) -> str:
    arn = properties.get("EventSourceArn", "")
    return arn.split(":")[2] if arn else "self-managed"


def _answer(region: Region, mapping: SourceMapping) -> dict[str, Any]:
    service = source_service(mapping.properties)
    properties = deepcopy(mapping.properties)
    if service != "sqs":
        properties["LastProcessingResult"] = f"PROBLEM: {mapping.reason}" if mapping.reason else "No records processed"
    return properties | {
        "UUID": mapping.uuid,
        "FunctionArn": mapping.function_arn,
        "EventSourceMappingArn": region.arn_of("event-source-mapping", mapping.uuid),
        "LastModified": datetime.fromtimestamp(mapping.modified, UTC),
        "State": mapping.state,
        "StateTransitionReason": mapping.reason or ("User action" if service in STREAMS else "USER_INITIATED"),
    }


# --- refusals ------------------------------------------------------------------------------------------------------


def _target_arn(region: Region, name: str) -> str:
    """The ARN that a mapping invokes, its qualifier kept."""
    function, qualifier = region.named(name)
    if function not in region.functions:
        raise invalid("Function does not exist")
    try:
        region.record(region.functions[function], qualifier)
    except Refused as error:
        raise invalid("Function does not exist") from error
    return region.arn(function, qualifier)


def _check(properties: Mapping[str, Any]) -> None:
    """Raises what AWS answers to properties that the source cannot have."""
    service, start = source_service(properties), properties.get("StartingPosition")
    if "EventSourceArn" not in properties:
        _check_self_managed(properties)
    elif service not in POLLED:
        raise invalid(UNKNOWN_SOURCE)
    if service in STARTING and not start and not _is_shared(properties):
        raise invalid(
            "1 validation error detected: Value null at 'startingPosition' failed to satisfy constraint: "
            "Member must not be null."
        )
    if service in STREAMS:
        _check_start(properties)
    if service == "sqs":
        _check_queue(properties)
    for item in properties.get("FilterCriteria", {}).get("Filters", []):
        if not _is_filter(item.get("Pattern", "")):
            raise invalid("Invalid filter pattern definition.")


def _check_start(properties: Mapping[str, Any]) -> None:
    start, moment = properties.get("StartingPosition"), properties.get("StartingPositionTimestamp")
    if moment is not None and start != "AT_TIMESTAMP":
        raise invalid("Timestamp only valid with StartingPosition AT_TIMESTAMP")
    if source_service(properties) == "dynamodb" and start == "AT_TIMESTAMP":
        raise invalid(f"Unsupported starting position for arn type: {properties['EventSourceArn']}")
    if moment is not None and float(moment) < 0:
        raise invalid(
            "Received Exception while reading from provided stream. class java.lang.Long can not be converted to a Timestamp"
        )


def _check_self_managed(properties: Mapping[str, Any]) -> None:
    if "SelfManagedEventSource" not in properties:
        raise invalid(UNKNOWN_SOURCE)
    if "SourceAccessConfigurations" not in properties:
        raise invalid("Required 'sourceAccessConfigurations' parameter is missing.")


def _is_shared(properties: Mapping[str, Any]) -> bool:
    """Whether a topic is consumed by a Kafka share group."""
    return bool(properties.get(KAFKA["self-managed"], {}).get("ConsumptionMode") == "Queue")


def _check_queue(properties: Mapping[str, Any]) -> None:
    if properties.get("StartingPosition"):
        raise invalid("StartingPosition is not valid for SQS event sources.")
    for member in STREAM_ONLY:
        if properties.get(member):
            raise invalid(f"Unsupported {member} parameter for given event source mapping type.")
    if properties.get("BatchSize", 10) > 10 and not properties.get("MaximumBatchingWindowInSeconds"):
        raise invalid("Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10")


def _is_filter(pattern: str) -> bool:
    try:
        value = json.loads(pattern)
    except ValueError:
        return False
    return isinstance(value, dict) and all(_is_rule(item) for item in value.values())


def _is_rule(rule: Any) -> bool:
    """A filter's leaves are lists of what may match."""
    return isinstance(rule, list) or (isinstance(rule, dict) and all(_is_rule(item) for item in rule.values()))


def _virtual_hosts(properties: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """A broker's virtual host: given at the creation, and never by an update."""
    return [item for item in properties.get("SourceAccessConfigurations", ()) if item.get("Type") == "VIRTUAL_HOST"]


def _sign(properties: Mapping[str, Any], arn: str) -> tuple[Any, ...]:
    """What makes two mappings one, where brokers of one's own do not tell them apart: source, topics and queues, and the function
    with its qualifier."""
    database = properties.get("DocumentDBEventSourceConfig", {})
    return (
        properties.get("EventSourceArn"),
        tuple(properties.get("Topics", ())),
        tuple(properties.get("Queues", ())),
        (database.get("DatabaseName"), database.get("CollectionName")),
        tuple(item.get("URI") for item in _virtual_hosts(properties)),
        arn.removesuffix(":$LATEST"),
    )


def _refuse_duplicate(region: Region, properties: Mapping[str, Any], arn: str, own: str = "") -> None:
    sign, brokers = _sign(properties, arn), _brokers(properties)
    for other in region.mappings.values():
        are_one = not brokers or {*brokers} & {*_brokers(other.properties)}
        if other.uuid != own and are_one and _sign(other.properties, other.function_arn) == sign:
            ending = f"Please update or delete the existing mapping with UUID {other.uuid}"
            raise conflict(f"{_already(properties, arn)} {ending}")


def _brokers(properties: Mapping[str, Any]) -> list[str]:
    """The addresses of a source that AWS does not manage."""
    endpoints = properties.get("SelfManagedEventSource", {}).get("Endpoints", {})
    return [address for addresses in endpoints.values() for address in addresses]


def _already(properties: Mapping[str, Any], arn: str) -> str:
    source, name = properties.get("EventSourceArn"), arn.split(":")[6]
    if not source:
        brokers, topics = ",".join(_brokers(properties)), ",".join(properties.get("Topics", ()))
        return (
            f'An event source mapping with event source ("{brokers}"), function ("{arn}"), topics ("{topics}") '
            "already exists."
        )
    if source_service(properties) == "sqs":
        return f'An event source mapping with SQS arn (" {source} ") and function (" {name} ") already exists.'
    return f'The event source arn (" {source} ") and function (" {name} ") provided mapping already exists.'


# --- changes -------------------------------------------------------------------------------------------------------


def create(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    sent = {name: deepcopy(value) for name, value in params.items() if name not in NOT_PROPERTIES}
    _check(sent)
    check_tags(params.get("Tags", {}), {})
    arn = _target_arn(region, params["FunctionName"])
    if "EventSourceArn" in sent:
        region.world.check_source(sent["EventSourceArn"])
    _refuse_duplicate(region, sent, arn)
    uuid = new_id()
    mapping = SourceMapping(
        uuid=uuid, properties=_with_defaults(_cleared(sent), uuid), function_arn=arn, modified=now, state="Creating",
        goes_to="Enabled" if params.get("Enabled", True) else "Disabled", tags=dict(params.get("Tags", {})),
    )  # fmt: skip
    region.mappings[uuid] = mapping
    region.begin(mapping, now)
    return _answer(region, mapping)


def _with_defaults(properties: dict[str, Any], uuid: str) -> dict[str, Any]:
    service = source_service(properties)
    defaults = BROKER_DEFAULTS
    for services, known in ((("sqs",), QUEUE_DEFAULTS), (STREAMS, STREAM_DEFAULTS), (KAFKA, KAFKA_DEFAULTS)):
        defaults = known if service in services else defaults
    full = {
        **deepcopy(dict(defaults)),
        **({"MaximumRetryAttempts": 0} if _is_shared(properties) else {}),
        **properties,
    }
    if service in KAFKA:
        full[KAFKA[service]] = {"ConsumerGroupId": uuid, **full.get(KAFKA[service], {})}
    if "ProvisionedPollerConfig" in full:
        least = 2 if service == "sqs" else 1
        full["ProvisionedPollerConfig"] = {
            "MinimumPollers": least, "MaximumPollers": 200, **full["ProvisionedPollerConfig"],
        }  # fmt: skip
    return full


def _cleared(properties: dict[str, Any]) -> dict[str, Any]:
    """Properties without what an empty value clears."""
    for member in CLEARED:
        value = properties.get(member)
        if value is not None and not (value if isinstance(value, str) else any(value.values())):
            del properties[member]
    destination = properties.get("DestinationConfig", {}).get("OnFailure")
    if destination is not None and not destination.get("Destination"):
        properties["DestinationConfig"] = {"OnFailure": {}}
    return properties


def _held(region: Region, uuid: str) -> SourceMapping:
    if uuid not in region.mappings:
        raise not_found()
    return region.mappings[uuid]


def _standing(region: Region, uuid: str, verb: str) -> SourceMapping:
    mapping = _held(region, uuid)
    if mapping.state not in ("Enabled", "Disabled"):
        raise Refused("ResourceInUseException", f"Cannot {verb} the event source mapping because it is in use.")
    return mapping


def update(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    mapping = _standing(region, params["UUID"], "update")
    sent = {name: deepcopy(value) for name, value in params.items() if name not in NOT_PROPERTIES}
    if _virtual_hosts(sent):
        raise invalid("Invalid parameters: VIRTUAL_HOST")
    if "SourceAccessConfigurations" in sent:
        sent["SourceAccessConfigurations"] += _virtual_hosts(mapping.properties)
    properties = {**mapping.properties, **sent}
    _check(properties)
    arn = _target_arn(region, params["FunctionName"]) if "FunctionName" in params else mapping.function_arn
    _refuse_duplicate(region, properties, arn, mapping.uuid)
    was = mapping.state == "Enabled"
    wanted = params.get("Enabled", was)
    mapping.state = "Updating" if wanted == was else "Enabling" if wanted else "Disabling"
    mapping.goes_to = "Enabled" if wanted else "Disabled"
    mapping.properties = _with_defaults(_cleared(properties), mapping.uuid)
    mapping.function_arn, mapping.modified = arn, now
    region.begin(mapping, now)
    return _answer(region, mapping)


def delete(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    mapping = _standing(region, params["UUID"], "delete")
    mapping.state, mapping.goes_to = "Deleting", "Gone"
    region.begin(mapping, now)
    return _answer(region, mapping)


# --- reads ---------------------------------------------------------------------------------------------------------


def get(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    return _answer(region, _held(region, params["UUID"]))


def list_all(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    asked = region.named(params["FunctionName"]) if "FunctionName" in params else None
    source = params.get("EventSourceArn")
    mappings = [
        mapping
        for mapping in sorted(region.mappings.values(), key=lambda mapping: mapping.uuid)
        if (asked is None or is_of(asked, mapping.function_arn))
        and source in (None, mapping.properties.get("EventSourceArn"))
    ]
    return paged(mappings, params, "EventSourceMappings", 100, lambda mapping: _listed(region, mapping))


def is_of(asked: tuple[str, str], arn: str) -> bool:
    """Whether a mapping's function is the one that was asked for, by name and qualifier: AWS documents no more."""
    return asked == (arn.split(":")[6], ":".join(arn.split(":")[7:]))


def _listed(region: Region, mapping: SourceMapping) -> dict[str, Any]:
    """Filters that a key encrypts are shown by GetEventSourceMapping alone."""
    answer = _answer(region, mapping)
    if "KMSKeyArn" in answer:
        answer.pop("FilterCriteria", None)
    return answer
