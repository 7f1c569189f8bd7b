"""Each branch of each rule that the rules' own table leaves out: every member, service and name that a rule knows, at its bound."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.kinds import configuration, sources
from tests.spec.reading import IGNORABLE, faults

ROLE = "arn:aws:iam::123456789012:role/r"
BUCKET = "code: {S3Bucket: bucket, S3Key: k}\n"
ONE_SOURCE = "code must have exactly one source, S3Bucket + S3Key, ImageUri or path"


def mapping(service: str, *lines: str) -> str:
    arn = {
        "sqs": "arn:aws:sqs:us-west-2:123456789012:q",
        "kinesis": "arn:aws:kinesis:us-west-2:123456789012:stream/s",
        "dynamodb": "arn:aws:dynamodb:us-west-2:123456789012:table/t/stream/2026-01-01T00:00:00.000",
        "mq": "arn:aws:mq:us-west-2:123456789012:broker:b:b-1",
    }.get(service, f"arn:aws:{service}:us-west-2:123456789012:x")
    return f"event_source_mappings:\n  orders:\n    EventSourceArn: '{arn}'\n" + "".join(f"    {x}\n" for x in lines)


KAFKA = "event_source_mappings:\n  k:\n    SelfManagedEventSource: {Endpoints: {KAFKA_BOOTSTRAP_SERVERS: ['h:1']}}\n"
TOGETHER = "AT_TIMESTAMP and StartingPositionTimestamp go together"

VARIANTS: dict[str, tuple[str, str]] = {
    "three sources": (
        "code: {path: x, S3Bucket: bucket, S3Key: k, ImageUri: i}\n",
        f"4:1: {ONE_SOURCE}; S3Bucket + S3Key at specs/a.yaml:4:17 and ImageUri at specs/a.yaml:4:45 and path at specs/a.yaml:4:8 are three",
    ),
    "an image and a path": (
        "code: {path: x, ImageUri: i}\n",
        f"4:1: {ONE_SOURCE}; ImageUri at specs/a.yaml:4:17 and path at specs/a.yaml:4:8 are two",
    ),
    "a backslash path": (
        "code: {path: '\\src'}\n",
        "4:14: code.path \\src is absolute; write it relative to this file",
    ),
    "a drive": ("code: {path: 'C:/src'}\n", "4:14: code.path C:/src is absolute; write it relative to this file"),
    "a storage mode without an object": (
        "code: {path: x, S3ObjectStorageMode: COPY}\n",
        "4:17: code.S3ObjectStorageMode goes with S3Bucket and S3Key",
    ),
    "an image with a handler": (
        f"configuration: {{PackageType: Image, Handler: a.b, Role: '{ROLE}'}}\ncode: {{ImageUri: x}}\n",
        "4:37: an image function has no Handler; take it out",
    ),
    "an image with layers": (
        "configuration:\n  PackageType: Image\n  Layers: ['arn:aws:lambda:us-west-2:123456789012:layer:x:1']\n",
        "6:3: an image function has no Layers; take it out",
    ),
    "a zip without a runtime": (
        f"configuration: {{Handler: a.b, Role: '{ROLE}'}}\n{BUCKET}",
        "4:1: a function from a zip needs configuration.Runtime",
    ),
    "an image without a role": (
        "configuration: {PackageType: Image}\ncode: {ImageUri: x}\n",
        "4:1: a function needs configuration.Role, which has no default",
    ),
    "a system level in a text log": (
        "configuration: {LoggingConfig: {LogFormat: Text, SystemLogLevel: INFO}}\n",
        "4:50: SystemLogLevel needs `LogFormat: JSON`",
    ),
    "groups without subnets": (
        "configuration: {VpcConfig: {SubnetIds: [], SecurityGroupIds: [sg-1]}}\n",
        "4:17: VpcConfig needs SubnetIds as well, or both empty",
    ),
    "a variable beyond ASCII": (
        f"configuration:\n  Environment:\n    Variables:\n      BIG: {'é' * 2043}x\n",
        "6:5: the environment is 4097 bytes; the most is 4096",
    ),
    "a version in use by the second alias": (
        "versions: {'3': {state: absent}}\naliases: {a: {FunctionVersion: '1'}, b: {FunctionVersion: '3'}}\n",
        "4:12: version 3 is used by alias b; move the alias first",
    ),
    "an alias, the second, on itself": (
        "aliases:\n  a: {FunctionVersion: '1'}\n"
        "  b: {FunctionVersion: '2', RoutingConfig: {AdditionalVersionWeights: {'2': 0.5}}}\n",
        "6:72: alias b is on version 2 already; weigh another one",
    ),
    "self-managed Kafka without a start": (
        KAFKA + "    Topics: [orders]\n",
        "5:3: mapping k polls a stream and needs StartingPosition: LATEST or TRIM_HORIZON",
    ),
    "a broker with a start": (
        mapping("mq", "Queues: [q]", "StartingPosition: LATEST"),
        "8:5: mq has no StartingPosition; take it out",
    ),
    "a moment without AT_TIMESTAMP": (
        mapping("kinesis", "StartingPosition: LATEST", "StartingPositionTimestamp: '2026-01-01T00:00:00Z'"),
        f"5:3: {TOGETHER}",
    ),
    "a large batch with a window of nought": (
        mapping("sqs", "BatchSize: 11", "MaximumBatchingWindowInSeconds: 0"),
        "7:16: BatchSize 11 needs MaximumBatchingWindowInSeconds of at least 1",
    ),
    "a second mapping's alias": (
        "aliases: {live: {FunctionVersion: '1'}, next: {FunctionVersion: $LATEST}}\n" + mapping("sqs", "alias: nxt"),
        "8:12: mapping orders is for alias nxt, which aliases does not declare; declared: live, next",
    ),
    "a third of the same source": (
        mapping("sqs")
        + "".join(f"  {x}:\n    EventSourceArn: 'arn:aws:sqs:us-west-2:123456789012:{x}'\n" for x in "rq"),
        "9:3: mapping q polls the same source for the same qualifier as specs/a.yaml:5:3; keep one of them",
    ),
    "an ignored section of nobody's": (
        "ignore: [/tags/a, /publish]\n",
        f"4:19: an ignored path begins with one of {IGNORABLE}",
    ),
    "a statement in a reference": (
        "configuration: {Environment: {Variables: {KEY: '{% if region %}x{% endif %}'}}}\n",
        "4:48: the value of KEY has a statement; allowed between {{ and }} are ssm('/path'), secret('id'), account.id, "
        "account.name, region, partition, function, or a quoted text; secret('id', 'key') is one key of a JSON secret",
    ),
}


@pytest.mark.parametrize(("body", "message"), VARIANTS.values(), ids=VARIANTS)
def test_a_variant_is_refused_at_its_place(body: str, message: str, tmp_path: Path) -> None:
    assert faults(tmp_path, body) == [message]


@pytest.mark.parametrize("name", sorted(configuration.RESERVED_VARIABLES))
def test_each_of_lambdas_own_variables_is_refused(name: str, tmp_path: Path) -> None:
    found = [fault.message for fault in configuration.keeps_the_environment_small_and_free(variables(name))]
    assert found == [f"{name} is set by Lambda itself; choose another name (R041)"]


def variables(*names: str) -> dict[str, object]:
    return {"configuration": {"Environment": {"Variables": dict.fromkeys(names, "x")}}}


def test_lambdas_own_variables_are_all_there() -> None:
    """docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime, the reserved ones."""
    assert {
        *("_HANDLER", "_X_AMZN_TRACE_ID", "AWS_DEFAULT_REGION", "AWS_REGION", "AWS_EXECUTION_ENV"),
        *("AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_VERSION"),
        *("AWS_LAMBDA_INITIALIZATION_TYPE", "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME"),
        *("AWS_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"),
        *("AWS_LAMBDA_RUNTIME_API", "LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR"),
    } <= configuration.RESERVED_VARIABLES


@pytest.mark.parametrize("service", sources.PUSHING)
def test_each_source_that_pushes_is_told_what_it_has_instead(service: str, tmp_path: Path) -> None:
    assert faults(tmp_path, mapping(service)) == [
        f"6:21: {service} is not polled by Lambda but calls it: it has no event source mapping; write {sources.PUSHING[service]}"
    ]


def test_what_is_polled_is_not_also_said_to_push() -> None:
    assert set(sources.POLLED) & set(sources.PUSHING) == set()
    assert set(sources.STREAMS) <= {*sources.POLLED, "self-managed"}


OF_STREAMS = {
    "BisectBatchOnFunctionError": "true",
    "DestinationConfig": "{OnFailure: {Destination: 'arn:aws:sqs:us-west-2:123456789012:d'}}",
    "MaximumRecordAgeInSeconds": "60",
    "MaximumRetryAttempts": "1",
    "ParallelizationFactor": "2",
    "TumblingWindowInSeconds": "1",
}


@pytest.mark.parametrize("member", OF_STREAMS)
def test_each_option_of_streams_is_refused_for_a_queue(member: str, tmp_path: Path) -> None:
    option = f"{member}: {OF_STREAMS[member]}"
    assert faults(tmp_path, mapping("sqs", option)) == [f"7:5: {member} is for streams; mapping orders polls a queue"]
    assert faults(tmp_path, mapping("kinesis", option, "StartingPosition: LATEST")) == []


LIMITS = [("Timeout", 900), ("MemorySize", 10_240), ("EphemeralStorage", 10_240)]


@pytest.mark.parametrize(("member", "most"), LIMITS, ids=[name for name, _ in LIMITS])
def test_a_limit_is_reached_before_it_is_passed(member: str, most: int, tmp_path: Path) -> None:
    text = "configuration: {{{}: {}}}\n" if member != "EphemeralStorage" else "configuration: {{{}: {{Size: {}}}}}\n"
    assert faults(tmp_path, text.format(member, most)) == []
    assert len(faults(tmp_path, text.format(member, most + 1))) == 1


def test_a_function_with_code_and_an_empty_configuration_still_needs_a_role(tmp_path: Path) -> None:
    """`configuration: {}` is owned whole, and Role has no default."""
    assert "4:1: a function needs configuration.Role, which has no default" in faults(
        tmp_path, "configuration: {}\n" + BUCKET
    )


def test_a_cluster_is_the_same_with_its_hosts_in_another_order(tmp_path: Path) -> None:
    """So it is for the planner: kinds/event_source_mapping.subject sorts the hosts."""
    one = "{{SelfManagedEventSource: {{Endpoints: {{KAFKA_BOOTSTRAP_SERVERS: [{}]}}}}, Topics: [orders], StartingPosition: LATEST}}"
    body = f"event_source_mappings:\n  a: {one.format('h:1, i:1')}\n  b: {one.format('i:1, h:1')}\n"
    message = "6:3: mapping b polls the same source for the same qualifier as specs/a.yaml:5:3; keep one of them"
    assert faults(tmp_path, body) == [message]
