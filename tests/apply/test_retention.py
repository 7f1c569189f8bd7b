"""Versions that a spec does not keep, over HTTP: the oldest go, last of all, and nothing that anything uses; and a region's room for code."""

from __future__ import annotations

import subprocess
from collections import Counter
from typing import Any

import pytest

from reconciler.sandbox import gate
from reconciler.sandbox.around.faults import Fault, Script
from reconciler.sandbox.lambda_ import concurrency
from tests.apply.houses import OURS, commit, house_of
from tests.apply.strangers import INVOKE, Stranger
from tests.conftest import ACCOUNT, REGION, House, function_spec

NEWEST = "versions: {retain: {newest: 2}}\n"
PUBLISHED = "publish: true\naliases: {live: {FunctionVersion: published}}\n"
QUEUE = "arn:aws:sqs:us-west-2:123456789012:orders"
MARKED = "step 1 of 2 at 25% since 2026-11-25T12:40:05Z, begun 2026-11-25T12:10:01Z, from 2"
WATCHED = "watch since 2026-11-25T14:00:00Z, begun 2026-11-25T12:10:01Z, from 5"
DURABLE = "DurableConfig: {ExecutionTimeout: 60, RetentionPeriodInDays: 1}"


def says(house: House, extra: str = NEWEST, key: str = "v1.zip", configuration: str = "") -> None:
    house.write("checkout.yaml", function_spec(key=key, extra=extra, configuration=configuration))


def with_versions(house: House, count: int, extra: str = "tags: {}\n", configuration: str = "") -> House:
    """A function that was published so many times, by hand."""
    house_of(house)
    says(house, extra, configuration=configuration)
    assert house.apply()["outcome"]["exit_code"] == 0
    there = len(numbers(house))
    for number in range(there + 1, count + 1):
        house.lambda_.update_function_configuration(FunctionName="checkout", Description=f"of {number}")
        house.lambda_.get_waiter("function_updated_v2").wait(FunctionName="checkout", WaiterConfig={"Delay": 0})
        house.lambda_.publish_version(FunctionName="checkout")
    if count > there:
        house.lambda_.update_function_configuration(FunctionName="checkout", Description="")
        house.lambda_.get_waiter("function_updated_v2").wait(FunctionName="checkout", WaiterConfig={"Delay": 0})
    house.sandbox.requests.clear()
    return house


def numbers(house: House) -> list[int]:
    pages = house.lambda_.get_paginator("list_versions_by_function").paginate(FunctionName="checkout")
    return [int(item["Version"]) for page in pages for item in page["Versions"] if item["Version"] != "$LATEST"]


def said(plan: dict[str, Any], rule: str) -> str:
    return "\n".join(note["message"] for note in plan["diagnostics"] if note.get("rule") == rule)


def test_the_oldest_go_once_another_is_published_and_the_alias_has_moved(house: House) -> None:
    """What the alias may go back to stays beside the newest: four of what it leaves, and one more that is published."""
    with_versions(house, 7, PUBLISHED)
    house.apply()
    says(house, PUBLISHED + NEWEST, key="v2.zip")
    house.sandbox.requests.clear()
    report = house.apply()
    assert report["outcome"]["exit_code"] == 0
    *before, last = [name for name in house.writes() if name in ("PublishVersion", "UpdateAlias", "DeleteFunction")]
    assert (before[:2], last) == (["PublishVersion", "UpdateAlias"], "DeleteFunction")
    newest = max(numbers(house))
    assert numbers(house) == list(range(newest - 3, newest + 1))
    assert house.verbs() == {}
    house.apply()
    assert house.writes() == []


def test_the_plan_tells_how_many_stay_and_go_and_no_guard_counts_them(house: House) -> None:
    with_versions(house, 5)
    house.write("reconcile.yaml", OURS + "guards: {maxDeletes: 0}\n", stock=False)
    says(house)
    plan = house.plan()
    assert said(plan, "W245").startswith("test/us-west-2/checkout: versions.retain keeps 2, deletes 3")
    assert house.verbs() == {f"checkout/version/{number}": "delete" for number in (1, 2, 3)}
    report = house.apply()
    recorded = [item["address"] for task in report["tasks"] for item in task["operations"]]
    assert recorded == [f"test/us-west-2/checkout/version/{number}" for number in (1, 2, 3)]
    assert numbers(house) == [4, 5]


def test_scenario_35_what_a_rollout_is_between_stays(house: House) -> None:
    with_versions(house, 9)
    house.lambda_.create_alias(
        FunctionName="checkout", Name="live", FunctionVersion="2", Description=f"Ours [rollout 4: {MARKED}]",
        RoutingConfig={"AdditionalVersionWeights": {"4": 0.25}},
    )  # fmt: skip
    house.lambda_.create_alias(
        FunctionName="checkout", Name="next", FunctionVersion="9", Description=f"[rollout 9: {WATCHED}]"
    )
    says(house, NEWEST)
    assert house.apply()["outcome"]["exit_code"] == 0
    assert numbers(house) == [1, 2, 4, 5, 6, 7, 8, 9]  # next may go back to three, live to one
    assert house.verbs() == {}


def test_a_candidate_that_was_turned_away_stays_as_long_as_its_alias_says_so(house: House) -> None:
    with_versions(house, 9)
    alias = {"FunctionName": "checkout", "Name": "live", "FunctionVersion": "1"}
    house.lambda_.create_alias(**alias, Description="[rollout 4: rejected 2026-11-25T12:51:33Z: errors]")
    says(house, NEWEST)
    house.apply()
    assert numbers(house) == [1, 4, 8, 9]


def test_what_anything_uses_stays(house: House) -> None:
    with_versions(house, 9)
    which = {"FunctionName": "checkout"}
    house.lambda_.add_permission(**which, Qualifier="1", StatementId="a", **INVOKE)
    house.lambda_.put_function_event_invoke_config(**which, Qualifier="2", MaximumRetryAttempts=0)
    house.lambda_.put_provisioned_concurrency_config(**which, Qualifier="3", ProvisionedConcurrentExecutions=1)
    house.sandbox.clients.get("sqs", ACCOUNT, REGION).create_queue(QueueName="orders")
    house.lambda_.create_event_source_mapping(FunctionName="checkout:4", EventSourceArn=QUEUE)
    says(house, NEWEST + "event_invoke: {'2': {MaximumRetryAttempts: 0}}\n")
    assert house.apply()["outcome"]["exit_code"] == 0
    assert numbers(house) == [1, 2, 3, 4, 8, 9]
    assert house.verbs() == {}


def test_what_a_spec_names_stays_and_nothing_goes_where_not_all_specs_were_read(house: House) -> None:
    with_versions(house, 5)
    says(house)
    named = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:checkout:2"
    house.write("till.yaml", function_spec("till", configuration=f"Environment: {{Variables: {{NEXT: '{named}'}}}}"))
    assert house.run("apply", "--yes", "checkout").exit_code == 0
    assert len(numbers(house)) == 5
    assert "not all specs were read" in house.run("plan", "specs/checkout.yaml").out
    house.apply()
    assert numbers(house) == [2, 4, 5]


def test_what_could_not_be_looked_at_keeps_its_versions_and_is_told(house: House) -> None:
    with_versions(house, 5)
    says(house)
    house.sandbox.gate.script = Script([Fault("GetPolicy", status=403, code="AccessDeniedException")])
    plan = house.plan()
    assert "versions 1, 2, 3 stay beyond versions.retain" in said(plan, "W246")
    assert house.verbs() == {}


@pytest.mark.parametrize(("answer", "left"), [("running", [1, 2, 3, 4]), ("nothing", [3, 4]), ("denied", [1, 2, 3, 4])])
def test_a_version_in_which_a_durable_execution_is_under_way_stays(
    house: House, monkeypatch: pytest.MonkeyPatch, answer: str, left: list[int]
) -> None:
    with_versions(house, 4, configuration=DURABLE)
    says(house, configuration=DURABLE)
    name = "ListDurableExecutionsByFunction"
    if answer == "running":
        told = {
            "DurableExecutionArn": "arn:a",
            "DurableExecutionName": "a",
            "FunctionArn": "arn:f",
            "Status": "RUNNING",
            "StartTimestamp": 1,
        }
        monkeypatch.setitem(gate.OPERATIONS, name, lambda *_: {"DurableExecutions": [told]})
    elif answer == "denied":
        house.sandbox.gate.script = Script([Fault(name, status=403, code="AccessDeniedException")])
    house.apply()
    assert numbers(house) == left


def test_durable_executions_are_asked_for_of_those_alone_that_may_go(house: House) -> None:
    with_versions(house, 4, configuration=DURABLE)
    says(house, configuration=DURABLE)
    house.plan()
    asked = [request.params for request in house.sandbox.requests if request.operation.startswith("ListDurable")]
    assert [params["Qualifier"] for params in asked] == ["1", "2"]
    assert asked[0]["Statuses"] == ["RUNNING", "PAUSING", "PAUSED"]


def test_nothing_goes_where_anything_of_the_target_failed(house: House) -> None:
    with_versions(house, 5)
    says(house, NEWEST + "publish: true\n", key="v2.zip")
    house.sandbox.gate.script = Script([Fault("PublishVersion", status=400, code="InvalidParameterValueException")])
    assert house.apply()["outcome"]["exit_code"] == 25
    assert len(numbers(house)) == 5


def test_no_more_than_twenty_go_at_once_and_the_rest_with_the_next_applies(house: House) -> None:
    with_versions(house, 25)
    says(house)
    assert "3 more go with later applies" in said(house.plan(), "W245")
    house.apply()
    assert numbers(house) == [21, 22, 23, 24, 25]
    house.apply()
    assert numbers(house) == [24, 25]
    assert house.verbs() == {}


def test_a_deletion_whose_answer_was_lost_is_recognised(house: House) -> None:
    with_versions(house, 4)
    says(house)
    house.sandbox.gate.script = Script([Fault("DeleteFunction", reset=True, when="after", nth=1)])
    assert house.apply()["outcome"]["exit_code"] == 0
    assert numbers(house) == [3, 4]


def test_an_alias_that_somebody_puts_on_a_version_meanwhile_keeps_it(house: House) -> None:
    with_versions(house, 4)
    says(house)
    stranger = Stranger(house)
    alias = {"FunctionName": "checkout", "Name": "theirs", "FunctionVersion": "2"}
    stranger.waits(lambda house: house.lambda_.create_alias(**alias), lambda _, name, __: name == "DeleteFunction")
    assert house.run("apply", "--yes").exit_code != 0
    assert stranger.leaves()
    assert numbers(house) == [2, 3, 4]
    house.apply()
    assert house.verbs() == {}


def test_what_keeps_less_is_an_edit_and_what_came_due_is_no_drift(house: House) -> None:
    with_versions(house, 4)
    subprocess.run(["git", "init", "-q", "-b", "main", "."], cwd=house.root, check=True)
    commit(house.root, "all of them")
    says(house)
    actions = house.plan("--base", "HEAD")["targets"][0]["actions"]
    assert [item["cause"] for item in actions if item["verb"] == "delete"] == ["edit", "edit"]
    commit(house.root, "two of them")
    assert house.plan("--base", "HEAD")["targets"][0]["actions"][-1]["cause"] == "unapplied"
    drift = house.plan("--base", "HEAD", "--drift")["targets"][0]["actions"]
    assert {item["verb"] for item in drift} == {"none"}


def test_what_goes_is_part_of_what_is_approved(house: House) -> None:
    with_versions(house, 4)
    says(house, NEWEST.replace("2", "3"))
    (house.root / "approved.json").write_text(house.run("plan", "--format", "json").out)
    says(house)
    assert house.run("apply", "--yes", "--approved", "approved.json").exit_code == 23
    assert len(numbers(house)) == 4


def test_a_saved_snapshot_knows_what_may_go(house: House) -> None:
    with_versions(house, 4, configuration=DURABLE)
    says(house, configuration=DURABLE)
    house.run("snapshot", "-o", "live.json")
    house.sandbox.requests.clear()
    assert set(house.verbs("--snapshot", "live.json")) == {"checkout/version/1", "checkout/version/2"}
    assert house.sandbox.requests == []


# --- a region's room for code --------------------------------------------------------------------------------------


def test_room_for_code_is_asked_for_once_a_region_and_only_where_code_is_sent(house: House) -> None:
    house_of(house, "one", "two")
    house.plan()
    assert "GetAccountSettings" not in {request.operation for request in house.sandbox.requests}
    for name in ("one", "two"):
        house.write(f"{name}.yaml", function_spec(name, key="v2.zip"))
    house.plan()
    assert Counter(request.operation for request in house.sandbox.requests)["GetAccountSettings"] == 1


def test_code_that_has_no_room_is_refused_before_the_first_write(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house_of(house, "one")
    used = house.lambda_.get_account_settings()["AccountUsage"]["TotalCodeSize"]
    house.write("one.yaml", function_spec("one", key="v2.zip", extra="publish: true\n"))
    monkeypatch.setitem(concurrency.CODE_LIMITS, "TotalCodeSize", used + 1)
    house.sandbox.requests.clear()
    result = house.run("apply", "--yes")
    assert (result.exit_code, "(R335)" in result.out + result.err, house.writes()) == (21, True, [])
    monkeypatch.setitem(concurrency.CODE_LIMITS, "TotalCodeSize", 10 * used)
    assert said(house.plan(), "R335") == said(house.plan(), "W247") == ""
    assert house.apply()["outcome"]["exit_code"] == 0
