"""What Lambda polls for a function, what it does not, and how each is polled: defaults, and rules over one document's mappings."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from typing import Any

from reconciler.core.finding import Finding, Rule, named, part
from reconciler.core.model import Properties
from reconciler.kinds.moments import FORM, is_moment

POLLED = ("sqs", "kinesis", "dynamodb", "kafka", "mq", "rds")
STREAMS = ("kinesis", "dynamodb", "kafka", "rds", "self-managed")
PUSHING: Mapping[str, str] = {
    "s3": "a notification configuration of the bucket",
    "sns": "a subscription of the topic",
    "events": "a target of the rule",
    "logs": "a subscription filter of the log group",
    "apigateway": "an integration of the API",
    "execute-api": "an integration of the API",
    "elasticloadbalancing": "a target group of the load balancer",
    "cognito-idp": "a trigger of the user pool",
    "iot": "an action of the topic rule",
    "ses": "a receipt rule",
    "codecommit": "a trigger of the repository",
    "scheduler": "the target of the schedule",
    "lambda": "a destination or a direct call",
}
STREAM_ONLY = (
    "BisectBatchOnFunctionError",
    "DestinationConfig",
    "MaximumRecordAgeInSeconds",
    "MaximumRetryAttempts",
    "ParallelizationFactor",
    "TumblingWindowInSeconds",
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
_SELF_MANAGED: Mapping[str, Any] = {**_KAFKA, "SelfManagedKafkaEventSourceConfig": {"ConsumptionMode": "Stream"}}
_DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "sqs": _QUEUE,
    "kinesis": _STREAM,
    "dynamodb": _STREAM,
    "kafka": _KAFKA,
    "self-managed": _SELF_MANAGED,
    "rds": {**_BROKER, "DocumentDBEventSourceConfig": {"FullDocument": "Default"}},
}
VIRTUAL_HOST = "VIRTUAL_HOST"


def source_service(properties: Properties) -> str:
    """`sqs`, `kinesis`, `dynamodb`, `kafka`, `mq`, `rds` … as the source's ARN says, or `self-managed`; empty where
    there is no source."""
    arn = properties.get("EventSourceArn")
    if isinstance(arn, str):
        return arn.split(":")[2] if arn.count(":") >= 2 else ""
    return "self-managed" if "SelfManagedEventSource" in properties else ""


def defaults(properties: Properties) -> dict[str, Any]:
    """What AWS holds for members that a mapping of this source never set."""
    known = dict(_DEFAULTS.get(source_service(properties), _BROKER))
    return known | ({"MaximumRetryAttempts": 0} if is_shared(properties) else {})


def is_shared(properties: Properties) -> bool:
    """Whether a Kafka topic is consumed as a queue, by a share group: without a position, and by default without a retry."""
    return part(properties, "SelfManagedKafkaEventSourceConfig").get("ConsumptionMode") == "Queue"


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


# --- rules over one document ----------------------------------------------------------------------------------


@Rule(
    "R060",
    "A mapping has one source, and it is one that Lambda polls.",
    "https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventsourcemapping.html",
)
def polls_something(spec: Mapping[str, Any]) -> Iterator[Finding]:
    for at, label, mapping in named(spec, "event_source_mappings"):
        service = source_service(mapping)
        if "EventSourceArn" in mapping and "SelfManagedEventSource" in mapping:
            yield Finding(
                at, f"mapping {label} has two sources; take EventSourceArn or SelfManagedEventSource out", is_key=True
            )
        elif "EventSourceArn" not in mapping and "SelfManagedEventSource" not in mapping:
            yield Finding(at, f"mapping {label} needs EventSourceArn (or SelfManagedEventSource)", is_key=True)
        elif service in PUSHING:
            yield Finding(
                f"{at}/EventSourceArn",
                f"{service} is not polled by Lambda but calls it: it has no event source mapping; write {PUSHING[service]}",
            )
        elif service and service not in (*POLLED, "self-managed"):
            yield Finding(
                f"{at}/EventSourceArn", f"Lambda polls {', '.join(POLLED)} and self-managed Kafka, not {service}"
            )


@Rule(
    "R061",
    "A stream is polled from a starting position that it knows; a queue has none, nor has a topic that is consumed as one.",
    "https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html",
)
def starts_somewhere(spec: Mapping[str, Any]) -> Iterator[Finding]:
    for at, label, mapping in named(spec, "event_source_mappings"):
        service, start = source_service(mapping), mapping.get("StartingPosition")
        if is_shared(mapping):
            if start is not None:
                message = "a topic that is consumed as a queue has no StartingPosition; take it out"
                yield Finding(f"{at}/StartingPosition", message, is_key=True)
            continue
        if service in STREAMS and start is None:
            yield Finding(
                at, f"mapping {label} polls a stream and needs StartingPosition: LATEST or TRIM_HORIZON", is_key=True
            )
        if service in ("sqs", "mq") and start is not None:
            yield Finding(f"{at}/StartingPosition", f"{service} has no StartingPosition; take it out", is_key=True)
        if service == "dynamodb" and start == "AT_TIMESTAMP":
            yield Finding(f"{at}/StartingPosition", "DynamoDB streams start at LATEST or TRIM_HORIZON")
        if (start == "AT_TIMESTAMP") != ("StartingPositionTimestamp" in mapping) and service != "dynamodb":
            yield Finding(at, "AT_TIMESTAMP and StartingPositionTimestamp go together", is_key=True)


@Rule("R062", "A starting moment says which moment it is: a time with its offset, or seconds since 1970.")
def starts_at_a_moment(spec: Mapping[str, Any]) -> Iterator[Finding]:
    for at, _, mapping in named(spec, "event_source_mappings"):
        moment = mapping.get("StartingPositionTimestamp")
        if isinstance(moment, str) and not is_moment(moment):
            yield Finding(f"{at}/StartingPositionTimestamp", f"StartingPositionTimestamp is {FORM}")


@Rule(
    "R063",
    "A queue is polled by what queues have: its batch sizes, its window, and no option of streams.",
    "https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html",
)
def batches_as_the_queue_can(spec: Mapping[str, Any]) -> Iterator[Finding]:
    for at, label, mapping in named(spec, "event_source_mappings"):
        if source_service(mapping) != "sqs":
            continue
        size, window = mapping.get("BatchSize", 10), mapping.get("MaximumBatchingWindowInSeconds", 0)
        is_fifo = str(mapping.get("EventSourceArn", "")).endswith(".fifo")
        if isinstance(size, int) and size > 10 and is_fifo:
            yield Finding(f"{at}/BatchSize", f"BatchSize is {size}; a FIFO queue gives at most 10")
        elif isinstance(size, int) and size > 10 and window == 0:
            yield Finding(f"{at}/BatchSize", f"BatchSize {size} needs MaximumBatchingWindowInSeconds of at least 1")
        if is_fifo and window:
            yield Finding(
                f"{at}/MaximumBatchingWindowInSeconds", "a FIFO queue has no batching window; take it out", is_key=True
            )
        for member in STREAM_ONLY:
            if member in mapping:
                yield Finding(f"{at}/{member}", f"{member} is for streams; mapping {label} polls a queue", is_key=True)


RULES = (polls_something, starts_somewhere, starts_at_a_moment, batches_as_the_queue_can)
