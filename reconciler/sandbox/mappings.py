"""Event source mappings, as lambda-facts 1.3, 2.6 and 3 record them. Pure functions of (region, params, now)."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

from reconciler.sandbox.functions import check_tags, invalid
from reconciler.sandbox.state import Mapping_, Region, new_id, paged
from reconciler.sandbox.wire import Refused

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
CLEARED = ("FilterCriteria", "ScalingConfig", "MetricsConfig", "ProvisionedPollerConfig", "KMSKeyArn")
STREAM_ONLY = (
    "BisectBatchOnFunctionError",
    "DestinationConfig",
    "MaximumRecordAgeInSeconds",
    "MaximumRetryAttempts",
    "ParallelizationFactor",
    "TumblingWindowInSeconds",
)


def source_service(properties: Mapping[str, Any]) -> str:
    arn = properties.get("EventSourceArn", "")
    return arn.split(":")[2] if arn else "self-managed"


def answer(region: Region, mapping: Mapping_) -> dict[str, Any]:
    is_queue = source_service(mapping.properties) == "sqs"
    shown = {name: deepcopy(value) for name, value in mapping.properties.items() if name not in ("Tags", "Enabled")}
    if not is_queue:
        shown["LastProcessingResult"] = "No records processed"
    return {
        **shown,
        "UUID": mapping.uuid,
        "FunctionArn": mapping.function_arn,
        "EventSourceMappingArn": f"arn:aws:lambda:{region.region}:{region.account}:event-source-mapping:{mapping.uuid}",
        "LastModified": datetime.fromtimestamp(mapping.modified, UTC),
        "State": mapping.state,
        "StateTransitionReason": "USER_INITIATED" if is_queue else "User action",
    }


def target_arn(region: Region, name: str) -> str:
    """The ARN that a mapping invokes, its qualifier kept."""
    function, qualifier = region.named(name)
    if function not in region.functions:
        raise invalid("Function does not exist")
    try:
        region.record(region.functions[function], qualifier)
    except Refused as error:
        raise invalid("Function does not exist") from error
    return region.arn(function, qualifier)


def check(properties: Mapping[str, Any], *, is_new: bool) -> None:
    """Raises what AWS answers to properties that the source cannot have."""
    service = source_service(properties)
    start = properties.get("StartingPosition")
    if service in ("kinesis", "dynamodb", "kafka", "rds", "self-managed") and is_new and not start:
        raise invalid(
            "1 validation error detected: Value null at 'startingPosition' failed to satisfy constraint: Member must not be null."
        )
    if service == "dynamodb" and start == "AT_TIMESTAMP":
        raise invalid("Unsupported starting position for arn type: dynamodb. Valid values are: LATEST, TRIM_HORIZON")
    if service == "sqs":
        if start:
            raise invalid("StartingPosition is not valid for SQS event sources.")
        for member in STREAM_ONLY:
            if properties.get(member):
                raise invalid(f"Unsupported {member} parameter for given event source mapping type.")
        if properties.get("BatchSize", 10) > 10 and not properties.get("MaximumBatchingWindowInSeconds"):
            raise invalid(
                "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10"
            )


def sign(properties: Mapping[str, Any], arn: str) -> tuple[Any, ...]:
    """What makes two mappings one: source, topics and queues, and the function with its qualifier."""
    return (
        properties.get("EventSourceArn"),
        str(properties.get("SelfManagedEventSource")),
        tuple(properties.get("Topics", ())),
        tuple(properties.get("Queues", ())),
        str({m: properties.get("DocumentDBEventSourceConfig", {}).get(m) for m in ("DatabaseName", "CollectionName")}),
        arn.removesuffix(":$LATEST"),
    )


def refuse_twin(region: Region, properties: Mapping[str, Any], arn: str, own: str = "") -> None:
    for other in region.mappings.values():
        if other.uuid != own and sign(other.properties, other.function_arn) == sign(properties, arn):
            kind = "SQS arn" if source_service(properties) == "sqs" else "event source arn"
            raise Refused(
                "ResourceConflictException",
                f'An event source mapping with {kind} (" {properties.get("EventSourceArn")} ") and function (" {arn.split(":")[6]} ") '
                f"already exists. Please update or delete the existing mapping with UUID {other.uuid}",
                409,
            )


def create(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    properties = {name: deepcopy(value) for name, value in params.items() if name != "FunctionName"}
    service = source_service(properties)
    check(properties, is_new=True)
    check_tags(params.get("Tags", {}), {})
    arn = target_arn(region, params["FunctionName"])
    if "EventSourceArn" in properties and not region.world.has_source(properties["EventSourceArn"]):
        raise invalid(f"The event source does not exist: {properties['EventSourceArn']}")
    refuse_twin(region, properties, arn)
    defaults = (
        QUEUE_DEFAULTS
        if service == "sqs"
        else STREAM_DEFAULTS
        if service in ("kinesis", "dynamodb")
        else BROKER_DEFAULTS
    )
    mapping = Mapping_(
        uuid=new_id(), properties=cleared({**deepcopy(dict(defaults)), **properties}), function_arn=arn, modified=now,
        state="Creating", goes_to="Enabled" if params.get("Enabled", True) else "Disabled",
        settles_at=now + region.settle_seconds,
    )  # fmt: skip
    region.mappings[mapping.uuid] = mapping
    return answer(region, mapping)


def cleared(properties: dict[str, Any]) -> dict[str, Any]:
    """Properties without what an empty value clears."""
    for member in CLEARED:
        if member in properties and not (
            properties[member] if isinstance(properties[member], str) else any((properties[member] or {}).values())
        ):
            del properties[member]
    destination = properties.get("DestinationConfig", {}).get("OnFailure")
    if destination is not None and not destination.get("Destination"):
        properties["DestinationConfig"] = {"OnFailure": {}}
    return properties


def held(region: Region, uuid: str) -> Mapping_:
    if uuid not in region.mappings:
        raise Refused("ResourceNotFoundException", "The resource you requested does not exist.", 404)
    return region.mappings[uuid]


def standing(region: Region, uuid: str, verb: str) -> Mapping_:
    mapping = held(region, uuid)
    if mapping.state not in ("Enabled", "Disabled"):
        raise Refused("ResourceInUseException", f"Cannot {verb} the event source mapping because it is in use.")
    return mapping


def update(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    mapping = standing(region, params["UUID"], "update")
    sent = {name: deepcopy(value) for name, value in params.items() if name not in ("UUID", "FunctionName")}
    properties = {**mapping.properties, **sent}
    check(properties, is_new=False)
    arn = target_arn(region, params["FunctionName"]) if "FunctionName" in params else mapping.function_arn
    refuse_twin(region, properties, arn, mapping.uuid)
    was = mapping.state == "Enabled"
    wanted = params.get("Enabled", was)
    mapping.state = "Updating" if wanted == was else "Enabling" if wanted else "Disabling"
    mapping.goes_to = "Enabled" if wanted else "Disabled"
    mapping.properties, mapping.function_arn = cleared(properties), arn
    mapping.modified, mapping.settles_at = now, now + region.settle_seconds
    return answer(region, mapping)


def delete(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    mapping = standing(region, params["UUID"], "delete")
    mapping.state, mapping.goes_to, mapping.settles_at = "Deleting", "Gone", now + region.settle_seconds
    return answer(region, mapping)


def get(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    return answer(region, held(region, params["UUID"]))


def list_all(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    name = region.named(params["FunctionName"])[0] if "FunctionName" in params else None
    source = params.get("EventSourceArn")
    found = [
        answer(region, mapping)
        for mapping in sorted(region.mappings.values(), key=lambda one: one.uuid)
        if name in (None, mapping.function_arn.split(":")[6])
        and source in (None, mapping.properties.get("EventSourceArn"))
    ]
    return paged(found, params, "EventSourceMappings", 100)
