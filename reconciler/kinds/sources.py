"""What Lambda polls for a function, what it does not, and how each may be polled: rules over the mappings of one document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from reconciler.core.finding import Found, named
from reconciler.core.model import Properties

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


def source_service(properties: Properties) -> str:
    """`sqs`, `kinesis`, `dynamodb`, `kafka`, `mq`, `rds` … as the source's ARN says, or `self-managed`; empty where
    there is no source."""
    arn = properties.get("EventSourceArn")
    if isinstance(arn, str):
        return arn.split(":")[2] if arn.count(":") >= 2 else ""
    return "self-managed" if "SelfManagedEventSource" in properties else ""


def polls_something(spec: Mapping[str, Any]) -> Iterator[Found]:
    for at, label, mapping in named(spec, "event_source_mappings"):
        service = source_service(mapping)
        if "EventSourceArn" in mapping and "SelfManagedEventSource" in mapping:
            yield Found(
                at, f"mapping {label} has two sources; take EventSourceArn or SelfManagedEventSource out", is_key=True
            )
        elif "EventSourceArn" not in mapping and "SelfManagedEventSource" not in mapping:
            yield Found(at, f"mapping {label} needs EventSourceArn (or SelfManagedEventSource)", is_key=True)
        elif service in PUSHING:
            yield Found(
                f"{at}/EventSourceArn",
                f"{service} is not polled by Lambda but calls it: it has no event source mapping; write {PUSHING[service]}",
            )
        elif service and service not in (*POLLED, "self-managed"):
            yield Found(
                f"{at}/EventSourceArn", f"Lambda polls {', '.join(POLLED)} and self-managed Kafka, not {service}"
            )


def starts_somewhere(spec: Mapping[str, Any]) -> Iterator[Found]:
    for at, label, mapping in named(spec, "event_source_mappings"):
        service, start = source_service(mapping), mapping.get("StartingPosition")
        if service in STREAMS and start is None:
            yield Found(
                at, f"mapping {label} polls a stream and needs StartingPosition: LATEST or TRIM_HORIZON", is_key=True
            )
        if service in ("sqs", "mq") and start is not None:
            yield Found(f"{at}/StartingPosition", f"{service} has no StartingPosition; take it out", is_key=True)
        if service == "dynamodb" and start == "AT_TIMESTAMP":
            yield Found(f"{at}/StartingPosition", "DynamoDB streams start at LATEST or TRIM_HORIZON")
        if (start == "AT_TIMESTAMP") != ("StartingPositionTimestamp" in mapping) and service != "dynamodb":
            yield Found(at, "AT_TIMESTAMP and StartingPositionTimestamp go together", is_key=True)


def starts_at_a_moment(spec: Mapping[str, Any]) -> Iterator[Found]:
    for at, _, mapping in named(spec, "event_source_mappings"):
        moment = mapping.get("StartingPositionTimestamp")
        if isinstance(moment, str):
            try:
                is_exact = datetime.fromisoformat(moment).tzinfo is not None
            except ValueError:
                is_exact = False
            if not is_exact:
                message = "StartingPositionTimestamp is a time with its offset, as in 2026-01-31T12:00:00Z, or seconds since 1970"
                yield Found(f"{at}/StartingPositionTimestamp", message)


def batches_as_the_queue_can(spec: Mapping[str, Any]) -> Iterator[Found]:
    for at, label, mapping in named(spec, "event_source_mappings"):
        if source_service(mapping) != "sqs":
            continue
        size, window = mapping.get("BatchSize", 10), mapping.get("MaximumBatchingWindowInSeconds", 0)
        is_fifo = str(mapping.get("EventSourceArn", "")).endswith(".fifo")
        if isinstance(size, int) and size > 10 and is_fifo:
            yield Found(f"{at}/BatchSize", f"BatchSize is {size}; a FIFO queue gives at most 10")
        elif isinstance(size, int) and size > 10 and window == 0:
            yield Found(f"{at}/BatchSize", f"BatchSize {size} needs MaximumBatchingWindowInSeconds of at least 1")
        if is_fifo and window:
            yield Found(
                f"{at}/MaximumBatchingWindowInSeconds", "a FIFO queue has no batching window; take it out", is_key=True
            )
        for member in STREAM_ONLY:
            if member in mapping:
                yield Found(f"{at}/{member}", f"{member} is for streams; mapping {label} polls a queue", is_key=True)


RULES = (polls_something, starts_somewhere, starts_at_a_moment, batches_as_the_queue_can)
