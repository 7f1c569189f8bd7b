"""A member that git no longer names goes back to AWS's default; where nobody knows one, that is said."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.conftest import House, function_spec

ARN = "arn:aws:{}:us-west-2:123456789012:{}"
KAFKA = {
    "EventSourceArn": ARN.format("kafka", "cluster/c/11111111-2222-3333-4444-555555555555-1"),
    "Topics": ["clicks"],
    "StartingPosition": "LATEST",
}
ACCESS = [{"Type": "SASL_SCRAM_512_AUTH", "URI": ARN.format("secretsmanager", "secret:kafka-AbCdEf")}]
SELF = {
    "SourceAccessConfigurations": ACCESS,
    "SelfManagedEventSource": {"Endpoints": {"KAFKA_BOOTSTRAP_SERVERS": ["a.example:9092"]}},
    "Topics": ["clicks"],
    "StartingPosition": "LATEST",
}
SHARED = {
    "SourceAccessConfigurations": ACCESS,
    "SelfManagedEventSource": {"Endpoints": {"KAFKA_BOOTSTRAP_SERVERS": ["a.example:9092"]}},
    "SelfManagedKafkaEventSourceConfig": {"ConsumptionMode": "Queue"},
    "Topics": ["clicks"],
}
QUEUE = {"EventSourceArn": ARN.format("sqs", "orders")}
STREAM = {"EventSourceArn": ARN.format("kinesis", "stream/clicks"), "StartingPosition": "LATEST"}


def mapped(properties: dict[str, Any]) -> str:
    return function_spec(extra=f"event_source_mappings: {json.dumps({'one': properties})}\n")


def mapping(house: House) -> dict[str, Any]:
    (found,) = house.lambda_.list_event_source_mappings()["EventSourceMappings"]
    return dict(found)


@pytest.mark.parametrize(
    ("source", "member", "value", "default"),
    [
        (KAFKA, "MaximumRetryAttempts", 3, -1),
        (SHARED, "MaximumRetryAttempts", 3, 0),
        (KAFKA, "MaximumRecordAgeInSeconds", 60, -1),
        (KAFKA, "BisectBatchOnFunctionError", True, False),
        (SELF, "MaximumRetryAttempts", 3, -1),
        (SELF, "BisectBatchOnFunctionError", True, False),
        (STREAM, "MaximumRetryAttempts", 3, -1),
        (QUEUE, "ScalingConfig", {"MaximumConcurrency": 5}, None),
        (KAFKA, "ProvisionedPollerConfig", {"MinimumPollers": 3}, None),
    ],
)
def test_a_mappings_setting_taken_out_goes_back_to_the_default(
    house: House, source: dict[str, Any], member: str, value: Any, default: Any
) -> None:
    house.write("checkout.yaml", mapped({**source, member: value}))
    house.apply()
    assert house.verbs() == {}
    house.write("checkout.yaml", mapped(source))
    house.writes()
    house.apply()
    assert house.writes() == ["UpdateEventSourceMapping"]
    assert mapping(house).get(member) == default
    assert house.verbs() == {}
    assert "no default is known" not in house.run("plan").out


def test_another_way_to_consume_a_topic_is_another_mapping(house: House) -> None:
    """AWS consumes as a stream where nothing is said, and cannot change it."""
    config = {"SelfManagedKafkaEventSourceConfig": {"ConsumptionMode": "Stream"}}
    house.write("checkout.yaml", mapped(SELF))
    house.apply()
    house.write("checkout.yaml", mapped(SELF | config))
    assert house.verbs() == {}
    house.write("checkout.yaml", mapped(SHARED))
    (action,) = [item for item in house.plan()["targets"][0]["actions"] if item["verb"] != "none"]
    assert (action["verb"], "ConsumptionMode can only be set when it is created" in action["reason"]) == (
        "replace",
        True,
    )


def test_one_of_two_poller_limits_taken_out_goes_back_to_the_default(house: House) -> None:
    both = {"ProvisionedPollerConfig": {"MinimumPollers": 3, "MaximumPollers": 9}}
    house.write("checkout.yaml", mapped({**KAFKA, **both}))
    house.apply()
    house.write("checkout.yaml", mapped({**KAFKA, "ProvisionedPollerConfig": {"MinimumPollers": 3}}))
    house.apply()
    assert mapping(house)["ProvisionedPollerConfig"] == {"MinimumPollers": 3, "MaximumPollers": 200}
    assert house.verbs() == {}


def test_a_retention_taken_out_goes_back_to_fourteen_days(house: House) -> None:
    durable = "DurableConfig: {ExecutionTimeout: 3600, RetentionPeriodInDays: 5}\n"
    house.write("checkout.yaml", function_spec(configuration=durable))
    house.apply()
    house.write("checkout.yaml", function_spec(configuration="DurableConfig: {ExecutionTimeout: 3600}\n"))
    assert house.verbs() == {"checkout": "update"}
    house.apply()
    held = house.lambda_.get_function_configuration(FunctionName="checkout")["DurableConfig"]
    assert held == {"ExecutionTimeout": 3600, "RetentionPeriodInDays": 14}
    assert house.verbs() == {}


def test_a_setting_without_a_known_default_that_is_taken_out_is_named(house: House) -> None:
    durable = "DurableConfig: {ExecutionTimeout: 3600, KMSKeyArn: '" + ARN.format("kms", "key/1") + "'}\n"
    house.write("checkout.yaml", function_spec(configuration=durable))
    house.apply()
    assert "no default is known" not in house.run("plan").out
    house.write("checkout.yaml", function_spec(configuration="DurableConfig: {ExecutionTimeout: 3600}\n"))
    out = house.run("plan").out
    assert out.count("AWS holds /configuration/DurableConfig/KMSKeyArn, which the spec does not name") == 1
    ignoring = "ignore: [/configuration/DurableConfig/KMSKeyArn]\n"
    house.write(
        "checkout.yaml", function_spec(configuration="DurableConfig: {ExecutionTimeout: 3600}\n", extra=ignoring)
    )
    assert "no default is known" not in house.run("plan").out


def test_a_mappings_setting_without_a_known_default_is_named_at_its_label(house: House) -> None:
    kafka = {**KAFKA, "LoggingConfig": {"SystemLogLevel": "DEBUG"}}
    house.write("checkout.yaml", mapped(kafka))
    house.apply()
    house.write("checkout.yaml", mapped(KAFKA))
    assert "AWS holds /event_source_mappings/one/LoggingConfig/SystemLogLevel, which" in house.run("plan").out
    assert house.verbs() == {}


def test_a_consumer_group_that_aws_made_up_is_nobodys_setting(house: House) -> None:
    house.write("checkout.yaml", mapped(KAFKA))
    house.apply()
    assert mapping(house)["AmazonManagedKafkaEventSourceConfig"]["ConsumerGroupId"] == mapping(house)["UUID"]
    assert "ConsumerGroupId" not in house.run("plan").out


@pytest.mark.parametrize(
    ("member", "inner", "path"),
    [
        ("AcceleratorConfig", {"AcceleratorMemorySize": 24}, "AcceleratorConfig"),
        ("RuntimeConfig", {"RuntimeArn": ARN.format("lambda", "runtime/one"), "RuntimeAlias": "one"}, "RuntimeConfig"),
    ],
)
def test_a_whole_structure_without_a_known_default_that_is_taken_out_is_named(
    house: House, member: str, inner: dict[str, Any], path: str
) -> None:
    house.write("checkout.yaml", function_spec(configuration=f"{member}: {json.dumps(inner)}\n"))
    house.apply()
    house.write("checkout.yaml", function_spec())
    assert f"AWS holds /configuration/{path}" in house.run("plan").out
    assert house.verbs() == {}


def test_a_schema_registry_that_is_taken_out_is_named(house: House) -> None:
    registry = {"SchemaRegistryURI": "https://registry.example", "EventRecordFormat": "JSON"}
    kafka = {"ConsumerGroupId": "group", "SchemaRegistryConfig": registry}
    house.write("checkout.yaml", mapped({**KAFKA, "AmazonManagedKafkaEventSourceConfig": kafka}))
    house.apply()
    house.write("checkout.yaml", mapped(KAFKA))
    assert "AmazonManagedKafkaEventSourceConfig/SchemaRegistryConfig" in house.run("plan").out
    assert house.verbs() == {}
