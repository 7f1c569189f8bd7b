"""Mappings of one function are made, changed and deleted side by side: what AWS takes with one it takes with all of them."""

from __future__ import annotations

import signal
import time
from collections import Counter
from dataclasses import replace

import pytest

from reconciler.apply.abreast import abreast
from reconciler.core.model import Key, Properties, Target
from reconciler.core.plans import Operation
from reconciler.sandbox.around.faults import Fault, Script
from tests.apply.conftest import Killer
from tests.apply.test_cost import assert_is_said
from tests.conftest import ACCOUNT, REGION, House, function_spec

MADE, DELETED = "CreateEventSourceMapping", "DeleteEventSourceMapping"
LOOKS = ("GetEventSourceMapping", "ListEventSourceMappings")
NAMES = ("a", "b", "c", "d", "e", "f")


def mapped(*names: str, more: str = "") -> str:
    entries = "".join(
        f"  {name}: {{EventSourceArn: 'arn:aws:sqs:us-west-2:123456789012:{name}'{more}}}\n" for name in names
    )
    return function_spec(extra=f"event_source_mappings:\n{entries}" if names else "event_source_mappings: {}\n")


def outcomes(house: House) -> list[str]:
    return [item["outcome"] for item in house.newest_report()["tasks"][0]["operations"]]


@pytest.mark.parametrize(
    ("before", "after", "operation"),
    [
        (mapped(), mapped(*NAMES), MADE),
        (mapped(*NAMES), mapped(*NAMES, more=", BatchSize: 7"), "UpdateEventSourceMapping"),
        (mapped(*NAMES), mapped(), DELETED),
    ],
    ids=["made", "changed", "deleted"],
)
def test_all_are_begun_before_any_is_waited_for(house: House, before: str, after: str, operation: str) -> None:
    house.write("checkout.yaml", mapped(*NAMES))
    house.write("checkout.yaml", before)
    house.apply()
    house.write("checkout.yaml", after)
    house.sandbox.requests.clear()
    house.apply()
    asked = [request.operation for request in house.sandbox.requests]
    first, last = asked.index(operation), len(asked) - asked[::-1].index(operation)
    counted = Counter(asked[first:last])
    assert counted[operation] == len(NAMES)
    assert counted["ListEventSourceMappings"] == 0
    assert Counter(asked[last:])["GetEventSourceMapping"] <= (len(NAMES) if operation == DELETED else 1)
    assert house.verbs() == {}


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (Fault(MADE, nth=3, status=403, code="AccessDeniedException"), [*["succeeded"] * 2, "failed", *["not attempted"] * 3]),
        (Fault(MADE, nth=3, fails="PROBLEM"), [*["succeeded"] * 2, "failed", *["succeeded"] * 3]),
    ],
    ids=["refused", "given up"],
)  # fmt: skip
def test_one_that_fails_leaves_the_truth_about_the_others(house: House, fault: Fault, expected: list[str]) -> None:
    house.write("checkout.yaml", mapped())
    house.apply()
    house.write("checkout.yaml", mapped(*NAMES))
    house.sandbox.gate.script = Script([fault])
    assert house.apply()["outcome"]["exit_code"] == 25
    assert outcomes(house) == expected
    task = house.newest_report()["tasks"][0]
    told = [entry["status"] for entry in task["history"]]
    assert told[-1] == task["status"]["status"]
    assert sum(text.startswith("Orchestration failed") for text in told) == 1
    assert sum(text.startswith("Finished Creation") for text in told) == expected.count("succeeded")
    house.sandbox.gate.script = Script([])
    house.apply()
    assert house.verbs() == {}


def test_two_that_fail_are_both_told_and_the_first_is_why_it_ends(house: House) -> None:
    house.write("checkout.yaml", mapped())
    house.apply()
    house.write("checkout.yaml", mapped(*NAMES))
    house.sandbox.gate.script = Script([Fault(MADE, nth=2, fails="PROBLEM"), Fault(MADE, nth=4, status=403, code="AccessDeniedException")])  # fmt: skip
    house.apply()
    assert outcomes(house) == ["succeeded", "failed", "succeeded", "failed", "not attempted", "not attempted"]
    task = house.newest_report()["tasks"][0]
    assert "AccessDenied" in task["status"]["status"]
    assert task["status"]["retryable"] is False
    assert sum(result.get("type") == "EXCEPTION" for result in task["resultObjects"]) == 2


def test_a_kill_between_them_is_told_and_the_next_run_makes_the_rest(house: House, killer: Killer) -> None:
    house.write("checkout.yaml", mapped())
    house.apply()
    house.writes()
    house.write("checkout.yaml", mapped(*NAMES))
    assert killer.killed(house.root, MADE, "after", nth=4) == -signal.SIGKILL
    house.run("tasks", "--format", "json")
    assert outcomes(house) == [*["succeeded"] * 3, "unknown", *["not attempted"] * 2]
    assert house.apply()["outcome"]["exit_code"] == 0
    assert house.writes() == [MADE] * len(NAMES)
    assert house.verbs() == {}


def test_a_lost_answer_among_them_is_found_out(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "sleep", lambda _: None)
    house.write("checkout.yaml", mapped(*NAMES))
    house.sandbox.gate.script = Script([Fault(MADE, nth=nth, reset=True, when="after") for nth in (2, 3)])
    assert house.apply()["outcome"]["exit_code"] == 0
    assert len(house.lambda_.list_event_source_mappings()["EventSourceMappings"]) == len(NAMES)


def operation(name: str, resource: str, **params: object) -> Operation:
    said: Properties = params
    return Operation("", Key(Target("test", "us-west-2", "f"), "event_source_mapping", resource), name, "", said)


def test_only_what_cannot_stand_in_each_others_way_is_abreast() -> None:
    retargeted = operation("UpdateEventSourceMapping", "c", UUID="c", FunctionName="f:live")
    operations = [
        operation("UpdateFunctionCode", "f"),
        operation(MADE, "a", FunctionName="f"), operation("UpdateEventSourceMapping", "b", UUID="b"),
        retargeted,
        operation("UpdateEventSourceMapping", "d", UUID="d"),
        operation("UpdateEventSourceMapping", "d", UUID="d"),
        operation(DELETED, "e"), operation(DELETED, "g"),
        operation(MADE, "e", FunctionName="f"),
    ]  # fmt: skip
    assert [[number for number, _ in together] for together in abreast(operations)] == [
        [0], [1, 2], [3], [4], [5], [6, 7], [8],
    ]  # fmt: skip


def test_what_is_kept_started_of_several_aliases_starts_side_by_side(house: House) -> None:
    """AWS takes minutes with each."""
    asked = list[tuple[str, str]]()
    extra = "publish: true\naliases: {old: {FunctionVersion: '1'}, new: {FunctionVersion: published}}\n"
    house.write("checkout.yaml", function_spec(extra=extra.replace("old: ", "other: ")))
    house.apply()
    kept = "{old: {ProvisionedConcurrentExecutions: 1}, new: {ProvisionedConcurrentExecutions: 2}}"
    again = f"{extra}provisioned_concurrency: {kept}\n"
    house.write("checkout.yaml", function_spec(extra=again, configuration="Timeout: 9"))
    house.sandbox.gate.watch = lambda operation, params: asked.append((operation, str(params.get("Qualifier"))))
    house.apply()
    put, looked = "PutProvisionedConcurrencyConfig", "GetProvisionedConcurrencyConfig"
    first = next(one for one in asked if one[0] == put)
    assert [one for one in asked if one[0] == put] == [(put, "new"), (put, "old")]
    assert asked.index((looked, first[1]), asked.index(first)) > asked.index((put, "old"))
    assert house.verbs() == {}


ARN = "arn:aws:sqs:us-west-2:123456789012:"
CUT = f"""kept:
    EventSourceArn: {ARN}kept
    KMSKeyArn: arn:aws:kms:us-west-2:123456789012:key/a
    FilterCriteria: {{Filters: [{{Pattern: '{{}}'}}]}}
"""


def many(house: House, more: str = "") -> None:
    """A function with five aliases, and eight mappings of two of them, is made; then git says another timeout."""
    aliases = ", ".join(f"a{number}: {{FunctionVersion: '1'}}" for number in range(5))
    entries = "".join(
        f"  q{number}: {{EventSourceArn: '{ARN}q{number}', alias: a{number % 2}}}\n" for number in range(8)
    )
    extra = f"publish: true\naliases: {{{aliases}}}\nevent_source_mappings:\n{entries}  {more}"
    house.write("checkout.yaml", function_spec(extra=extra))
    house.apply()
    house.write("checkout.yaml", function_spec(extra=extra, configuration="Timeout: 9"))


def at_the_end(house: House) -> Counter[str]:
    """What an apply asks for after it has published a version."""
    house.sandbox.requests.clear()
    house.apply()
    asked = [request.operation for request in house.sandbox.requests]
    return Counter(asked[asked.index("PublishVersion") :])


def test_many_that_nothing_is_done_about_are_looked_at_by_their_listings(house: House) -> None:
    """All aliases by one call, the mappings of each of three qualifiers by one, and that by itself which a listing cuts."""
    many(house, CUT)
    asked = at_the_end(house)
    assert (asked["ListAliases"], asked["GetAlias"]) == (1, 0)
    assert (asked["ListEventSourceMappings"], asked["GetEventSourceMapping"]) == (3, 1)
    assert house.verbs() == {}


def test_what_that_costs_is_said(house: House) -> None:
    many(house)
    assert_is_said(house)


def test_what_listings_do_not_show_is_looked_at(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    many(house)
    monkeypatch.setattr("reconciler.apply.looking.listed", lambda *_: ())
    asked = at_the_end(house)
    assert (asked["GetAlias"], asked["GetEventSourceMapping"]) == (5, 8)
    assert house.newest_report()["outcome"]["exit_code"] == 0


@pytest.mark.parametrize(("kind", "number"), [("aliases", 3), ("mappings", 4)])
def test_what_somebody_changes_at_the_end_is_found_among_many(house: House, kind: str, number: int) -> None:
    def meddle(operation: str, _: object) -> None:
        region, _account = house.sandbox.gate.region(ACCOUNT, REGION)
        if operation == "PublishVersion" and kind == "mappings":
            mapping = sorted(region.mappings.items())[number][1]
            mapping.properties["BatchSize"] = 3
        elif operation == "PublishVersion":
            aliases, name = region.functions["checkout"].aliases, f"a{number}"
            aliases[name] = replace(aliases[name], description="moved")

    many(house)
    house.sandbox.gate.watch = meddle
    at_the_end(house)
    assert "changed since the plan was made" in house.newest_report()["tasks"][0]["status"]["status"]
