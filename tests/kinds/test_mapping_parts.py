"""A mapping's virtual host, which no update takes, and the state that AWS leaves a mapping in."""

from __future__ import annotations

import json
from typing import Any

import pytest

from reconciler.sandbox.around.faults import Fault, Script
from tests.conftest import House, function_spec

BROKER = "arn:aws:mq:us-west-2:123456789012:broker:b:b-11111111-2222-3333-4444-555555555555"
SECRET = "arn:aws:secretsmanager:us-west-2:123456789012:secret:mq-{}"
CLUSTER = "arn:aws:kafka:us-west-2:123456789012:cluster/c/11111111-2222-3333-4444-555555555555-1"
QUEUE = "arn:aws:sqs:us-west-2:123456789012:orders"


def broker(host: str = "/red", secret: str = "one", **more: Any) -> dict[str, Any]:
    accesses = [{"Type": "BASIC_AUTH", "URI": SECRET.format(secret)}]
    accesses += [{"Type": "VIRTUAL_HOST", "URI": host}] if host else []
    return {"EventSourceArn": BROKER, "Queues": ["orders"], "SourceAccessConfigurations": accesses, **more}


def mapped(extra: str = "", **mappings: dict[str, Any]) -> str:
    return function_spec(extra=f"{extra}event_source_mappings: {json.dumps(mappings)}\n")


def hosts(house: House) -> list[str]:
    found = house.lambda_.list_event_source_mappings()["EventSourceMappings"]
    accesses = [one for mapping in found for one in mapping["SourceAccessConfigurations"]]
    return sorted(one["URI"] for one in accesses if one["Type"] == "VIRTUAL_HOST")


@pytest.mark.parametrize(
    ("before", "after"), [("/red", "/green"), ("", "/green"), ("/red", "")], ids=["changed", "added", "taken out"]
)
def test_another_virtual_host_is_a_replacement(house: House, before: str, after: str) -> None:
    house.write("checkout.yaml", mapped(one=broker(before)))
    house.apply()
    house.write("checkout.yaml", mapped(one=broker(after, "two")))
    assert house.run("plan").exit_code == 21
    house.write("checkout.yaml", mapped("allow_replace: true\n", one=broker(after, "two")))
    assert house.verbs() == {"checkout/event_source_mapping/one": "replace"}
    house.apply()
    assert hosts(house) == [after] * bool(after)
    assert house.verbs() == {}


def test_another_secret_is_an_update_that_leaves_the_virtual_host_out(house: House) -> None:
    house.write("checkout.yaml", mapped(one=broker()))
    house.apply()
    house.write("checkout.yaml", mapped(one=broker(secret="two")))
    house.sandbox.requests.clear()
    assert house.apply()["outcome"]["exit_code"] == 0
    (sent,) = [request.params["SourceAccessConfigurations"] for request in house.sandbox.writes]
    assert sent == [{"Type": "BASIC_AUTH", "URI": SECRET.format("two")}]
    assert hosts(house) == ["/red"]
    assert house.verbs() == {}


def test_mappings_of_two_virtual_hosts_of_one_broker_are_two(house: House) -> None:
    house.write("checkout.yaml", mapped(red=broker("/red"), green=broker("/green")))
    assert house.apply()["outcome"]["exit_code"] == 0
    assert hosts(house) == ["/green", "/red"]
    house.write("checkout.yaml", mapped(red=broker("/red", BatchSize=7), green=broker("/green")))
    assert house.verbs() == {"checkout/event_source_mapping/red": "update"}
    house.write("checkout.yaml", mapped(green=broker("/green")))
    assert list(house.verbs().values()) == ["delete"]


def test_two_mappings_of_one_virtual_host_are_one_too_many(house: House) -> None:
    house.write("checkout.yaml", mapped(red=broker("/red"), also=broker("/red", "two")), stock=False)
    result = house.run("validate")
    assert result.exit_code == 20
    assert "polls the same source for the same qualifier" in result.err + result.out


def test_the_sandbox_refuses_a_virtual_host_in_an_update_as_aws_does(house: House) -> None:
    house.write("checkout.yaml", mapped(one=broker()))
    house.apply()
    (mapping,) = house.lambda_.list_event_source_mappings()["EventSourceMappings"]
    with pytest.raises(house.lambda_.exceptions.InvalidParameterValueException, match="VIRTUAL_HOST"):
        house.lambda_.update_event_source_mapping(
            UUID=mapping["UUID"], SourceAccessConfigurations=mapping["SourceAccessConfigurations"]
        )


def test_a_lost_answer_to_a_changed_secret_is_found_out(house: House) -> None:
    house.write("checkout.yaml", mapped(one=broker()))
    house.apply()
    house.write("checkout.yaml", mapped(one=broker(secret="two")))
    house.sandbox.gate.script = Script([Fault("UpdateEventSourceMapping", nth=1, status=503, when="after")])
    assert house.apply()["outcome"]["exit_code"] == 0
    assert house.verbs() == {}


@pytest.mark.parametrize("is_enabled", [True, False])
@pytest.mark.parametrize("operation", ["CreateEventSourceMapping", "UpdateEventSourceMapping"])
def test_a_mapping_that_settles_in_the_other_state_has_failed_with_awss_reason(
    house: House, operation: str, is_enabled: bool
) -> None:
    orders = {"EventSourceArn": CLUSTER, "Topics": ["clicks"], "StartingPosition": "LATEST", "Enabled": is_enabled}
    if operation.startswith("Update"):
        house.write("checkout.yaml", mapped(clicks=orders))
        house.apply()
    house.write("checkout.yaml", mapped(clicks={**orders, "BatchSize": 7}))
    house.sandbox.gate.script = Script([Fault(operation, nth=1, fails="the broker cannot be reached")])
    report = house.apply()
    assert report["outcome"]["exit_code"] == 25
    (operation_record,) = [one for one in report["tasks"][0]["operations"] if one["operation"] == operation]
    message = operation_record["error"]["message"]
    state, other = ("Enabled", "Disabled") if is_enabled else ("Disabled", "Enabled")
    assert f"of {CLUSTER} is {other} and not {state} as asked: the broker cannot be reached; PROBLEM: " in message
    assert list(house.verbs().values()) == ["update"]
    assert house.apply()["outcome"]["exit_code"] == 0
    assert house.verbs() == {}


def test_a_mapping_whose_state_is_left_to_others_may_stay_disabled(house: House) -> None:
    extra = "ignore: [/event_source_mappings/orders/Enabled]\n"
    house.write("checkout.yaml", mapped(extra, orders={"EventSourceArn": QUEUE}))
    house.apply()
    (mapping,) = house.lambda_.list_event_source_mappings()["EventSourceMappings"]
    house.lambda_.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
    house.write("checkout.yaml", mapped(extra, orders={"EventSourceArn": QUEUE, "BatchSize": 5}))
    assert house.apply()["outcome"]["exit_code"] == 0
    assert house.verbs() == {}
