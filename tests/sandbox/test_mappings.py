"""FACTS 1.3, 2.6 and 3: event source mappings."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.conftest import ACCOUNT, QUEUE, REGION, STREAM, TABLE, Aws, refused

INVALID = "InvalidParameterValueException"
KAFKA = f"arn:aws:kafka:{REGION}:{ACCOUNT}:cluster/c/00000000-0000-0000-0000-000000000000-1"


def state(aws: Aws, uuid: str) -> str:
    return str(aws.client.get_event_source_mapping(UUID=uuid)["State"])


@pytest.mark.parametrize(("enabled", "end"), [(True, "Enabled"), (False, "Disabled")])
def test_a_new_mapping_is_creating_and_then_as_asked(aws: Aws, enabled: bool, end: str) -> None:
    made = aws.map(aws.function(), Enabled=enabled)
    assert made["State"] == "Creating"
    assert "Enabled" not in made
    aws.settle()
    assert state(aws, made["UUID"]) == end


@pytest.mark.parametrize(
    ("was", "change", "through", "end"),
    [
        (True, {"BatchSize": 5}, "Updating", "Enabled"),
        (False, {"BatchSize": 5}, "Updating", "Disabled"),
        (True, {"Enabled": False}, "Disabling", "Disabled"),
        (False, {"Enabled": True}, "Enabling", "Enabled"),
        (True, {"Enabled": True}, "Updating", "Enabled"),
    ],
)
def test_an_update_passes_through(aws: Aws, was: bool, change: dict[str, Any], through: str, end: str) -> None:
    uuid = aws.map(aws.function(), Enabled=was)["UUID"]
    aws.settle()
    assert aws.client.update_event_source_mapping(UUID=uuid, **change)["State"] == through
    assert state(aws, uuid) == through
    aws.settle()
    assert state(aws, uuid) == end


def test_a_deletion_shows_deleting_and_then_nothing(aws: Aws) -> None:
    uuid = aws.map(aws.function())["UUID"]
    aws.settle()
    assert aws.client.delete_event_source_mapping(UUID=uuid)["State"] == "Deleting"
    assert state(aws, uuid) == "Deleting"
    aws.settle()
    with refused("ResourceNotFoundException", "The resource you requested does not exist.", 404):
        aws.client.get_event_source_mapping(UUID=uuid)


@pytest.mark.parametrize("during", ["Creating", "Updating", "Deleting"])
def test_a_mapping_in_transition_is_in_use(aws: Aws, during: str) -> None:
    uuid = aws.map(aws.function())["UUID"]
    if during != "Creating":
        aws.settle()
    if during == "Updating":
        aws.client.update_event_source_mapping(UUID=uuid, BatchSize=5)
    if during == "Deleting":
        aws.client.delete_event_source_mapping(UUID=uuid)
    with refused("ResourceInUseException", "Cannot update the event source mapping because it is in use."):
        aws.client.update_event_source_mapping(UUID=uuid, BatchSize=6)
    with refused("ResourceInUseException", "Cannot delete the event source mapping because it is in use."):
        aws.client.delete_event_source_mapping(UUID=uuid)


def test_a_queues_defaults_have_no_stream_fields(aws: Aws) -> None:
    made = aws.map(aws.function())
    made.pop("ResponseMetadata")
    assert set(made) == {
        "UUID", "BatchSize", "MaximumBatchingWindowInSeconds", "EventSourceArn", "FunctionArn", "LastModified", "State",
        "StateTransitionReason", "FunctionResponseTypes", "EventSourceMappingArn",
    }  # fmt: skip
    assert (made["BatchSize"], made["MaximumBatchingWindowInSeconds"], made["FunctionResponseTypes"]) == (10, 0, [])
    assert made["StateTransitionReason"] == "USER_INITIATED"


@pytest.mark.parametrize("source", [STREAM, TABLE], ids=["kinesis", "dynamodb"])
def test_a_streams_defaults(aws: Aws, source: str) -> None:
    made = aws.map(aws.function(), source)
    wanted = {
        "BatchSize": 100, "MaximumBatchingWindowInSeconds": 0, "ParallelizationFactor": 1, "MaximumRecordAgeInSeconds": -1,
        "MaximumRetryAttempts": -1, "BisectBatchOnFunctionError": False, "TumblingWindowInSeconds": 0,
        "DestinationConfig": {"OnFailure": {}}, "FunctionResponseTypes": [], "LastProcessingResult": "No records processed",
        "StateTransitionReason": "User action", "StartingPosition": "LATEST",
    }  # fmt: skip
    assert {name: made.get(name) for name in wanted} == wanted


def test_kafkas_defaults_have_no_window_and_a_group_id(aws: Aws) -> None:
    made = aws.map(aws.function(), KAFKA, Topics=["aa"])
    assert made["BatchSize"] == 100
    assert "MaximumBatchingWindowInSeconds" not in made
    assert made["AmazonManagedKafkaEventSourceConfig"]["ConsumerGroupId"] == made["UUID"]


def test_self_managed_kafka_has_its_uuid_as_group_id(aws: Aws) -> None:
    made = aws.client.create_event_source_mapping(
        FunctionName=aws.function(), StartingPosition="LATEST", Topics=["aa"],
        SelfManagedEventSource={"Endpoints": {"KAFKA_BOOTSTRAP_SERVERS": ["example.com:9092"]}},
        SourceAccessConfigurations=[{"Type": "VPC_SUBNET", "URI": "subnet:subnet-1"}],
    )  # fmt: skip
    assert made["SelfManagedKafkaEventSourceConfig"]["ConsumerGroupId"] == made["UUID"]
    assert made["StateTransitionReason"] == "USER_INITIATED"


def test_brokers_of_which_one_is_mapped_already_are_told_with_the_topics(aws: Aws) -> None:
    name = aws.function()
    access = [{"Type": "BASIC_AUTH", "URI": f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:x"}]

    def mapped(*brokers: str) -> dict[str, Any]:
        return dict(
            aws.client.create_event_source_mapping(
                FunctionName=name, StartingPosition="LATEST", Topics=["aa"], SourceAccessConfigurations=access,
                SelfManagedEventSource={"Endpoints": {"KAFKA_BOOTSTRAP_SERVERS": list(brokers)}},
            )
        )  # fmt: skip

    uuid = mapped("a.example.com:9092")["UUID"]
    message = (
        'An event source mapping with event source ("a.example.com:9092,b.example.com:9092"), function '
        f'("arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"), topics ("aa") already exists. '
        f"Please update or delete the existing mapping with UUID {uuid}"
    )
    with refused("ResourceConflictException", message, 409):
        mapped("a.example.com:9092", "b.example.com:9092")
    mapped("b.example.com:9092")


@pytest.mark.parametrize(("source", "least"), [(QUEUE, 2), (KAFKA, 1)], ids=["queue", "kafka"])
def test_pollers_have_defaults_by_source(aws: Aws, source: str, least: int) -> None:
    topics = {} if source == QUEUE else {"Topics": ["aa"]}
    made = aws.map(aws.function(), source, ProvisionedPollerConfig={"MaximumPollers": 50}, **topics)
    assert made["ProvisionedPollerConfig"] == {"MinimumPollers": least, "MaximumPollers": 50}
    made = aws.map(aws.function(), source, ProvisionedPollerConfig={"MinimumPollers": 3}, **topics)
    assert made["ProvisionedPollerConfig"] == {"MinimumPollers": 3, "MaximumPollers": 200}


def test_a_source_is_needed_and_how_to_reach_it(aws: Aws) -> None:
    with refused("InvalidParameterValueException", "Unrecognized event source.", 400):
        aws.client.create_event_source_mapping(FunctionName=aws.function())
    with refused("InvalidParameterValueException", "Unrecognized event source.", 400):
        aws.map(aws.function(), QUEUE.replace(":sqs:", ":sns:"))
    with refused("InvalidParameterValueException", "Required 'sourceAccessConfigurations' parameter is missing.", 400):
        aws.client.create_event_source_mapping(
            FunctionName=aws.function(), StartingPosition="LATEST", Topics=["aa"],
            SelfManagedEventSource={"Endpoints": {"KAFKA_BOOTSTRAP_SERVERS": ["example.com:9092"]}},
        )  # fmt: skip


def test_the_qualifier_is_kept(aws: Aws) -> None:
    name = aws.published()
    aws.client.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    for given, end in ((name, name), (f"{name}:$LATEST", "$LATEST"), (f"{name}:1", "1"), (f"{name}:live", "live")):
        source = f"{QUEUE}-2" if end == "$LATEST" else QUEUE
        made = aws.map(given, source)
        assert made["FunctionArn"].rpartition(":")[2] == end


def test_the_same_queue_and_function_is_refused_with_the_uuid(aws: Aws) -> None:
    name = aws.function()
    uuid = aws.map(name)["UUID"]
    message = (
        f'An event source mapping with SQS arn (" {QUEUE} ") and function (" {name} ") already exists. '
        f"Please update or delete the existing mapping with UUID {uuid}"
    )
    with refused("ResourceConflictException", message, 409):
        aws.map(name)


def test_the_same_stream_and_function_is_refused_with_the_uuid(aws: Aws) -> None:
    name = aws.function()
    uuid = aws.map(name, STREAM)["UUID"]
    message = f'The event source arn (" {STREAM} ") and function (" {name} ") provided mapping already exists.'
    with refused("ResourceConflictException", message, 409):
        aws.map(name, STREAM)
    with refused("ResourceConflictException", uuid):
        aws.map(name, STREAM)


BROKER = f"arn:aws:mq:{REGION}:{ACCOUNT}:broker:b:b-00000000-0000-0000-0000-000000000000"
CLUSTER = f"arn:aws:rds:{REGION}:{ACCOUNT}:cluster:docs"
APART: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "topic": (KAFKA, {"Topics": ["aa"]}, {"Topics": ["bb"]}),
    "queue": (BROKER, {"Queues": ["aa"]}, {"Queues": ["bb"]}),
    "collection": (
        CLUSTER,
        {"DocumentDBEventSourceConfig": {"DatabaseName": "d", "CollectionName": "aa"}},
        {"DocumentDBEventSourceConfig": {"DatabaseName": "d", "CollectionName": "bb"}},
    ),
}


def map_broker(aws: Aws, name: str, source: str, **members: Any) -> dict[str, Any]:
    start = {} if source == BROKER else {"StartingPosition": "LATEST"}
    return dict(aws.client.create_event_source_mapping(FunctionName=name, EventSourceArn=source, **start, **members))


@pytest.mark.parametrize(("source", "one", "other"), APART.values(), ids=APART)
def test_mappings_of_one_source_are_apart_by(aws: Aws, source: str, one: dict[str, Any], other: dict[str, Any]) -> None:
    name = aws.function()
    made = [map_broker(aws, name, source, **members) for members in (one, other)]
    assert len({mapping["UUID"] for mapping in made}) == 2
    for mapping in made:
        assert mapping["BatchSize"] == 100
        assert "MaximumBatchingWindowInSeconds" not in mapping
    with refused("ResourceConflictException", status=409):
        map_broker(aws, name, source, **one)


def test_a_stream_may_start_at_a_time(aws: Aws) -> None:
    made = aws.map(aws.function(), STREAM, StartingPosition="AT_TIMESTAMP", StartingPositionTimestamp=1_700_000_000)
    assert made["StartingPositionTimestamp"].timestamp() == 1_700_000_000


def test_the_same_queue_with_another_function_is_fine(aws: Aws) -> None:
    assert aws.map(aws.function())["UUID"] != aws.map(aws.function())["UUID"]


def test_a_missing_function_is_an_invalid_parameter(aws: Aws) -> None:
    with refused(INVALID, "Function does not exist", 400):
        aws.map("nowhere")
    with refused(INVALID, "Function does not exist", 400):
        aws.map(f"{aws.function()}:77")


@pytest.mark.parametrize("call", ["get", "update", "delete"])
def test_an_unknown_uuid_is_not_found(aws: Aws, call: str) -> None:
    with refused("ResourceNotFoundException", "The resource you requested does not exist.", 404):
        getattr(aws.client, f"{call}_event_source_mapping")(UUID="00000000-0000-0000-0000-000000000000")


WINDOW = "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10"
ON_FAILURE = {"OnFailure": {"Destination": QUEUE}}
BAD: dict[str, tuple[str, dict[str, Any], str]] = {
    "a stream without a start": (STREAM, {"StartingPosition": ""}, "startingPosition"),
    "a timestamp that nothing asks for": (STREAM, {"StartingPositionTimestamp": 1_700_000_000}, "Timestamp only valid with StartingPosition AT_TIMESTAMP"),
    "a timestamp before all time": (STREAM, {"StartingPosition": "AT_TIMESTAMP", "StartingPositionTimestamp": -1}, "class java.lang.Long can not be converted to a Timestamp"),
    "a table at a timestamp": (TABLE, {"StartingPosition": "AT_TIMESTAMP"}, "Unsupported starting position"),
    "a large batch without a window": (QUEUE, {"BatchSize": 11}, WINDOW),
    "a destination of a queue": (QUEUE, {"DestinationConfig": ON_FAILURE}, "Unsupported DestinationConfig parameter"),
    "a filter that is no JSON": (QUEUE, {"FilterCriteria": {"Filters": [{"Pattern": "{"}]}}, "Invalid filter pattern definition."),
    "a filter with a bare value": (QUEUE, {"FilterCriteria": {"Filters": [{"Pattern": '{"a": 1}'}]}}, "Invalid filter pattern definition."),
    "a missing queue": (f"{QUEUE}-nowhere", {}, "does not exist"),
    "a missing stream": (f"{STREAM}-nowhere", {}, "Stream not found"),
    "a missing table": (TABLE.replace("carts", "nowhere"), {}, "Stream not found"),
    "a queue with a start": (QUEUE, {"StartingPosition": "LATEST"}, "StartingPosition"),
}  # fmt: skip


@pytest.mark.parametrize(("source", "members", "message"), BAD.values(), ids=BAD)
def test_what_a_source_cannot_have_is_refused(aws: Aws, source: str, members: dict[str, Any], message: str) -> None:
    name = aws.function()
    start = {} if source.startswith(QUEUE) else {"StartingPosition": "LATEST"}
    params = {name: value for name, value in {**start, **members}.items() if value != ""}
    with refused(INVALID, message, 400):
        aws.client.create_event_source_mapping(FunctionName=name, EventSourceArn=source, **params)


def test_a_large_batch_with_a_window_is_fine_and_checked_on_update_too(aws: Aws) -> None:
    uuid = aws.map(aws.function(), BatchSize=100, MaximumBatchingWindowInSeconds=5)["UUID"]
    aws.settle()
    with refused(INVALID, WINDOW):
        aws.client.update_event_source_mapping(UUID=uuid, MaximumBatchingWindowInSeconds=0)


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("FilterCriteria", {"Filters": [{"Pattern": '{"body": {"a": ["b"]}}'}]}),
        ("ScalingConfig", {"MaximumConcurrency": 5}),
        ("MetricsConfig", {"Metrics": ["EventCount"]}),
    ],
)
def test_an_empty_value_clears_and_an_omitted_one_keeps(aws: Aws, member: str, value: dict[str, Any]) -> None:
    uuid = aws.map(aws.function(), QUEUE, **{member: value})["UUID"]
    aws.settle()
    assert aws.client.update_event_source_mapping(UUID=uuid, BatchSize=5)[member] == value
    aws.settle()
    assert member not in aws.client.update_event_source_mapping(UUID=uuid, **{member: {}})


def test_empty_filters_are_absent(aws: Aws) -> None:
    assert "FilterCriteria" not in aws.map(aws.function(), FilterCriteria={"Filters": []})


def test_a_destination_is_cleared_by_an_empty_one(aws: Aws) -> None:
    uuid = aws.map(aws.function(), STREAM, DestinationConfig=ON_FAILURE)["UUID"]
    aws.settle()
    gone = {"OnFailure": {"Destination": ""}}
    assert aws.client.update_event_source_mapping(UUID=uuid, DestinationConfig=gone)["DestinationConfig"] == {
        "OnFailure": {}
    }


def test_a_mapping_is_retargeted_in_place(aws: Aws) -> None:
    uuid = aws.map(aws.function())["UUID"]
    aws.settle()
    other = aws.function()
    found = aws.client.update_event_source_mapping(UUID=uuid, FunctionName=other)
    assert (found["UUID"], found["FunctionArn"].rpartition(":")[2]) == (uuid, other)


def test_a_mapping_is_not_retargeted_to_a_function_that_is_not_there_or_has_one(aws: Aws) -> None:
    uuid, other = aws.map(aws.function())["UUID"], aws.function()
    held = aws.map(other)["UUID"]
    aws.settle()
    with refused(INVALID, "Function does not exist"):
        aws.client.update_event_source_mapping(UUID=uuid, FunctionName="nowhere")
    with refused("ResourceConflictException", held, 409):
        aws.client.update_event_source_mapping(UUID=uuid, FunctionName=other)
    assert state(aws, uuid) == "Enabled"


def test_an_update_keeps_what_it_does_not_name(aws: Aws) -> None:
    made = aws.map(aws.function(), STREAM, ParallelizationFactor=3, MaximumRetryAttempts=2)
    aws.settle()
    found = aws.client.update_event_source_mapping(UUID=made["UUID"], BatchSize=7)
    assert (found["BatchSize"], found["ParallelizationFactor"], found["MaximumRetryAttempts"]) == (7, 3, 2)
    assert (found["StartingPosition"], found["EventSourceArn"]) == ("LATEST", STREAM)


def test_a_mapping_that_is_gone_may_be_made_again(aws: Aws) -> None:
    name = aws.function()
    uuid = aws.map(name)["UUID"]
    aws.settle()
    aws.client.delete_event_source_mapping(UUID=uuid)
    with refused("ResourceConflictException", uuid):
        aws.map(name)
    aws.settle()
    assert aws.map(name)["UUID"] != uuid


def test_a_mapping_outlives_its_function(aws: Aws) -> None:
    name = aws.function()
    uuid = aws.map(name)["UUID"]
    aws.settle()
    aws.client.delete_function(FunctionName=name)
    assert state(aws, uuid) == "Enabled"


def test_mappings_list_by_function_and_by_source(aws: Aws) -> None:
    name = aws.function()
    queue, stream = aws.map(name)["UUID"], aws.map(name, STREAM)["UUID"]
    listed = aws.client.list_event_source_mappings(FunctionName=name)["EventSourceMappings"]
    assert {one["UUID"] for one in listed} == {queue, stream}
    listed = aws.client.list_event_source_mappings(FunctionName=name, EventSourceArn=STREAM)["EventSourceMappings"]
    by_source = aws.client.list_event_source_mappings(EventSourceArn=STREAM)["EventSourceMappings"]
    assert {mapping["EventSourceArn"] for mapping in by_source} == {STREAM}
    assert [one["UUID"] for one in listed] == [stream]
