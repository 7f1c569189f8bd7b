"""What goes with a function that is replaced or deleted is named before, and on record after."""

from __future__ import annotations

import json
from typing import Any

import pytest

from reconciler.sandbox import gate
from reconciler.sandbox.around.faults import Fault, Script
from tests.conftest import House, function_spec

QUEUE = "arn:aws:sqs:us-west-2:123456789012:orders"
EXTRA = "publish: true\naliases: {live: {FunctionVersion: published}}\n"


def function_with_all(house: House) -> None:
    """A function with more than its spec says."""
    house.write("checkout.yaml", function_spec(extra=EXTRA))
    house.apply()
    client, name = house.lambda_, {"FunctionName": "checkout"}
    client.create_alias(**name, Name="beta", FunctionVersion="1")
    client.add_permission(**name, StatementId="bucket", Action="lambda:InvokeFunction", Principal="s3.amazonaws.com")
    client.add_permission(
        **name, Qualifier="live", StatementId="topic", Action="lambda:InvokeFunction", Principal="sns.amazonaws.com"
    )
    client.create_function_url_config(**name, AuthType="AWS_IAM")
    client.put_function_concurrency(**name, ReservedConcurrentExecutions=0)
    client.tag_resource(Resource="arn:aws:lambda:us-west-2:123456789012:function:checkout", Tags={"owner": "them"})
    house.writes()


def replacing(extra: str = EXTRA) -> str:
    """The same function with a member that only a creation can set."""
    return function_spec(configuration="DurableConfig: {ExecutionTimeout: 3600}\n", extra=extra)


def told(house: House, *flags: str) -> str:
    notes = house.plan(*flags)["diagnostics"]
    return "\n".join(note["message"] for note in notes if "loses with its" in note["message"])


def test_a_replacement_names_everything_that_goes_with_it(house: House) -> None:
    function_with_all(house)
    house.write("checkout.yaml", replacing("allow_replace: true\n" + EXTRA))
    message = told(house)
    assert message.startswith("test/us-west-2/checkout loses with its replacement: version 1; alias beta; tag owner; ")
    for part in ("permission $LATEST/bucket, live/topic", "URL https://", "reserved concurrency 0"):
        assert part in message
    assert "alias live" not in message
    assert "could not be read" not in message


def test_it_is_named_before_the_replacement_is_allowed(house: House) -> None:
    function_with_all(house)
    house.write("checkout.yaml", replacing())
    assert house.run("plan").exit_code == 21
    assert "reserved concurrency 0" in told(house)


def test_what_the_spec_owns_is_made_again_and_the_mappings_stay_and_work(house: House) -> None:
    mapping = json.dumps({"orders": {"EventSourceArn": QUEUE, "alias": "live"}})
    extra = f"{EXTRA}tags: {{team: payments}}\nevent_source_mappings: {mapping}\n"
    house.write("checkout.yaml", function_spec(extra=extra))
    house.apply()
    (before,) = house.lambda_.list_event_source_mappings()["EventSourceMappings"]
    house.write("checkout.yaml", replacing("allow_replace: true\n" + extra))
    assert "tag team" not in told(house)
    assert house.apply()["outcome"]["exit_code"] == 0
    (after,) = house.lambda_.list_event_source_mappings()["EventSourceMappings"]
    assert (after["UUID"], after["State"], after["FunctionArn"]) == (before["UUID"], "Enabled", before["FunctionArn"])
    assert house.lambda_.get_function(FunctionName="checkout")["Tags"] == {"team": "payments"}
    assert house.lambda_.get_alias(FunctionName="checkout", Name="live")["FunctionVersion"] == "1"
    assert house.verbs() == {}


def test_what_went_is_on_record_so_that_it_can_be_put_back(house: House) -> None:
    function_with_all(house)
    house.write("checkout.yaml", "function: checkout\naccount: test\nregion: us-west-2\nstate: absent\n")
    assert "loses with its deletion" in told(house)
    (export,) = house.apply()["exports"]
    assert export["belongings"]["reserved concurrency"] == [{"ReservedConcurrentExecutions": 0}]
    assert {one["Sid"] for one in export["belongings"]["permission"]} == {"bucket", "topic"}
    assert export["belongings"]["URL"][0]["AuthType"] == "AWS_IAM"


@pytest.mark.parametrize("code", ["AccessDeniedException", "NotImplementedException"])
def test_what_could_not_be_read_is_said_and_stops_nothing(house: House, code: str) -> None:
    function_with_all(house)
    house.write("checkout.yaml", replacing("allow_replace: true\n" + EXTRA))
    unreadable = ("ListProvisionedConcurrencyConfigs", "ListFunctionUrlConfigs")
    house.sandbox.gate.script = Script(Fault(operation, status=403, code=code) for operation in unreadable)
    message = told(house)
    assert "could not be read, and goes with its replacement: " in message
    assert f"URL ({code}); provisioned concurrency ({code})" in message
    assert house.apply()["outcome"]["exit_code"] == 0


def answered(answer: dict[str, Any]) -> Any:
    return lambda *_: answer


def test_what_the_sandbox_does_not_hold_is_named_as_aws_answers_it(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    function_with_all(house)
    arn = "arn:aws:lambda:us-west-2:123456789012:function:checkout"
    asynchronous = {"FunctionEventInvokeConfigs": [{"FunctionArn": f"{arn}:$LATEST", "MaximumRetryAttempts": 0}]}
    provisioned = {
        "ProvisionedConcurrencyConfigs": [
            {"FunctionArn": f"{arn}:live", "RequestedProvisionedConcurrentExecutions": 5, "Status": "READY"}
        ]
    }
    monkeypatch.setitem(gate.OPERATIONS, "ListFunctionEventInvokeConfigs", answered(asynchronous))
    monkeypatch.setitem(gate.OPERATIONS, "ListProvisionedConcurrencyConfigs", answered(provisioned))
    monkeypatch.setitem(gate.OPERATIONS, "GetFunctionRecursionConfig", answered({"RecursiveLoop": "Allow"}))
    house.sandbox.clients.get("application-autoscaling", "123456789012", "us-west-2").register_scalable_target(
        ServiceNamespace="lambda", ResourceId="function:checkout:live", MinCapacity=1, MaxCapacity=9,
        ScalableDimension="lambda:function:ProvisionedConcurrency",
    )  # fmt: skip
    house.write("checkout.yaml", replacing("allow_replace: true\n" + EXTRA))
    message = told(house)
    for part in ("asynchronous configuration $LATEST", "provisioned concurrency 5 of live", "recursion Allow"):
        assert part in message
    assert "autoscaling target live" in message


def test_nothing_is_asked_where_nothing_is_replaced_or_deleted(house: House) -> None:
    house.write("checkout.yaml", function_spec(extra=EXTRA))
    house.apply()
    house.write("checkout.yaml", function_spec(extra=EXTRA, configuration="Timeout: 9\n"))
    house.sandbox.requests.clear()
    house.plan()
    assert {request.operation for request in house.sandbox.requests} <= {
        "GetFunction", "ListAliases", "ListFunctions", "ListEventSourceMappings", "ListVersionsByFunction",
    }  # fmt: skip


def test_a_saved_snapshot_says_at_least_what_sort_of_things_go(house: House) -> None:
    function_with_all(house)
    house.write("checkout.yaml", replacing("allow_replace: true\nignore: [/tags/owner]\n" + EXTRA))
    house.run("snapshot", "-o", "snapshot.json")
    out = house.run("plan", "--snapshot", "snapshot.json").out
    assert "policy, URLs, reserved and provisioned concurrency, asynchronous configuration, autoscaling" in out
    assert "so goes what is ignored: /tags/owner" in out
