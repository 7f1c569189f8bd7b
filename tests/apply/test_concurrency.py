"""Reserved concurrency from spec to deletion, over HTTP: 0 is not none, it costs no call to read, and a region's room is looked at."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from typing import Any

import pytest

from reconciler.sandbox.around.faults import Fault, Script
from tests.apply.houses import ABSENT, commit, house_of
from tests.conftest import House, function_spec

MEMBER = "ReservedConcurrentExecutions"


def says(house: House, number: int | None, name: str = "one", extra: str = "", configuration: str = "") -> None:
    """The spec of a function that reserves so many; None stands for `{}`."""
    section = "{}" if number is None else f"{{{MEMBER}: {number}}}"
    house.write(
        f"{name}.yaml", function_spec(name, extra=f"{extra}concurrency: {section}\n", configuration=configuration)
    )


def held(house: House, name: str = "one") -> int | None:
    number: int | None = house.lambda_.get_function_concurrency(FunctionName=name).get(MEMBER)
    house.sandbox.requests.clear()
    return number


def reserve(house: House, number: int, name: str = "one") -> None:
    house.lambda_.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=number)
    house.sandbox.requests.clear()


@pytest.fixture
def reserved(house: House) -> House:
    """A function that has reserved 5, applied."""
    house_of(house)
    says(house, 5)
    assert house.apply()["outcome"]["exit_code"] == 0
    house.sandbox.requests.clear()
    return house


@pytest.mark.parametrize(
    ("before", "after", "verbs", "calls"),
    [
        (5, 5, {}, []),
        (5, 9, {"one/concurrency": "update"}, ["PutFunctionConcurrency"]),
        (5, 0, {"one/concurrency": "update"}, ["PutFunctionConcurrency"]),
        (5, None, {"one/concurrency": "delete"}, ["DeleteFunctionConcurrency"]),
        (0, None, {"one/concurrency": "delete"}, ["DeleteFunctionConcurrency"]),
        (None, 0, {"one/concurrency": "create"}, ["PutFunctionConcurrency"]),
        (None, None, {}, []),
        (0, 0, {}, []),
    ],
)
def test_each_change_is_one_call_and_the_next_plan_is_empty(
    house: House, before: int | None, after: int | None, verbs: dict[str, str], calls: list[str]
) -> None:
    house_of(house)
    says(house, before)
    house.apply()
    house.writes()
    says(house, after)
    assert house.verbs() == verbs
    house.apply()
    assert house.writes() == calls
    assert (house.verbs(), held(house)) == ({}, after)


def test_a_plan_that_reserves_no_more_makes_no_call_for_it(reserved: House) -> None:
    """What is kept started must fit a lower number."""
    for number, others in ((5, {}), (3, {"ListProvisionedConcurrencyConfigs": 1}), (None, {})):
        says(reserved, number)
        reserved.sandbox.requests.clear()
        reserved.plan()
        calls = Counter(request.operation for request in reserved.sandbox.requests)
        assert calls == {"GetFunction": 1, **others}, number


def test_a_section_that_is_not_there_is_neither_read_nor_changed(reserved: House) -> None:
    reserved.write("one.yaml", function_spec("one"))
    assert reserved.verbs() == {}
    reserved.run("snapshot", "-o", "live.json")
    assert {item["kind"] for item in json.loads((reserved.root / "live.json").read_text())["resources"]} == {"function"}
    assert held(reserved) == 5


def test_a_lower_reservation_goes_last_and_a_higher_one_before_a_version_is_published(reserved: House) -> None:
    live = "publish: true\naliases: {live: {FunctionVersion: published}}\n"
    says(reserved, 3, extra=live)
    reserved.apply()
    assert reserved.writes() == ["PublishVersion", "CreateAlias", "PutFunctionConcurrency"]
    says(reserved, 4, extra=live, configuration="Timeout: 9")
    reserved.apply()
    assert reserved.writes() == [
        "UpdateFunctionConfiguration", "PutFunctionConcurrency", "PublishVersion", "UpdateAlias"
    ]  # fmt: skip


def test_it_is_made_again_with_its_function(reserved: House) -> None:
    says(reserved, 5, extra="allow_replace: true\n", configuration="TenancyConfig: {TenantIsolationMode: PER_TENANT}")
    assert reserved.verbs() == {"one": "replace", "one/concurrency": "create"}
    assert "reserved concurrency 5" not in reserved.run("plan").out
    reserved.apply()
    assert reserved.writes() == ["DeleteFunction", "CreateFunction", "PutFunctionConcurrency"]
    assert (reserved.verbs(), held(reserved)) == ({}, 5)


def test_what_is_left_to_others_is_not_touched(reserved: House) -> None:
    reserve(reserved, 9)
    for path in ("/concurrency", f"/concurrency/{MEMBER}"):
        says(reserved, 5, extra=f"ignore: [{path}]\n")
        assert reserved.verbs() == {}, path
    says(reserved, 5, extra="ignore: [/concurrency/Nothing]\n")
    assert "/concurrency has no Nothing" in reserved.run("validate").err


# --- somebody else -------------------------------------------------------------------------------------------------


class Theirs:
    """Somebody who reserves 77 right before a call."""

    def __init__(self, house: House, operation: str) -> None:
        self.house, self.operation, self.has_acted = house, operation, False
        house.sandbox.gate.watch = self

    def __call__(self, operation: str, _: object) -> None:
        if operation == self.operation and not self.has_acted:
            self.has_acted = True
            region, _unused = self.house.sandbox.gate.region("123456789012", "us-west-2")
            region.functions["one"].concurrency = {MEMBER: 77}


@pytest.mark.parametrize(("before", "after"), [(5, 9), (5, None), (None, 9)], ids=["changed", "taken away", "made"])
def test_what_somebody_reserved_since_the_plan_is_not_written_over(
    house: House, before: int | None, after: int | None
) -> None:
    house_of(house)
    says(house, before)
    house.apply()
    says(house, after)
    house.writes()
    theirs = Theirs(house, "UpdateFunctionConfiguration")
    says(house, after, configuration="Timeout: 9")
    report = house.apply()
    assert (theirs.has_acted, report["outcome"]["exit_code"]) == (True, 23)
    assert "changed since the plan was made" in json.dumps(report)
    assert house.writes() == ["UpdateFunctionConfiguration"]
    assert held(house) == 77


# --- how it is told ------------------------------------------------------------------------------------------------


def test_a_stop_is_told_before_it_is_made(reserved: House) -> None:
    says(reserved, 0)
    assert "concurrency of 0 stops the function" in reserved.run("plan").out
    reserved.apply()
    assert "stops the function" not in reserved.run("plan").out


def test_it_is_told_by_its_kind_alone_in_every_format(reserved: House) -> None:
    says(reserved, 9)
    assert "  ~ concurrency\n      ReservedConcurrentExecutions  5 → 9" in reserved.run("plan").out
    page = reserved.run("plan", "--format", "markdown").out
    assert "concurrency <code>ReservedConcurrentExecutions</code> 5 → <b>9</b>" in page
    assert "! update concurrency\n-     ReservedConcurrentExecutions: 5\n+     ReservedConcurrentExecutions: 9" in page


def test_the_list_and_the_export_have_it(reserved: House) -> None:
    (item,) = reserved.run("functions").json()
    assert item["concurrency"] == {"reservedConcurrentExecutions": 5}
    reserved.write("one.yaml", ABSENT.format("one"))
    (export,) = reserved.apply()["exports"]
    assert export["spec"]["concurrency"] == {MEMBER: 5}


def test_a_cause_is_told_of_its_number(reserved: House) -> None:
    subprocess.run(["git", "init", "-q", "-b", "main", "."], cwd=reserved.root, check=True)
    commit(reserved.root, "five")
    reserve(reserved, 9)
    (action,) = [
        action for action in reserved.plan("--base", "HEAD")["targets"][0]["actions"] if action["kind"] == "concurrency"
    ]
    assert (action["verb"], action["cause"]) == ("update", "drift")


# --- a region's room -----------------------------------------------------------------------------------------------


def notes(house: House, rule: str) -> list[dict[str, Any]]:
    return [note for note in house.plan()["diagnostics"] if note.get("rule") == rule]


def test_room_is_asked_for_once_a_region_and_only_where_more_is_reserved(reserved: House) -> None:
    for name in ("two", "three"):
        says(reserved, 10, name)
    reserved.sandbox.requests.clear()
    reserved.plan()
    calls = Counter(request.operation for request in reserved.sandbox.requests)
    assert calls == {"GetFunction": 3, "GetAccountSettings": 1}


def test_what_has_no_room_together_is_refused_before_the_first_write(reserved: House) -> None:
    """Each alone would have room; what a third one gives back is not counted on."""
    says(reserved, 500, "two")
    says(reserved, 396, "three")
    says(reserved, None, "one")
    reserved.sandbox.requests.clear()
    assert reserved.run("apply", "--yes").exit_code == 21
    assert reserved.writes() == ["DeleteFunctionConcurrency"]
    assert {note["address"] for note in notes(reserved, "R280")} == set()  # by now it is given back
    reserve(reserved, 5)
    assert {note["address"] for note in notes(reserved, "R280")} == {"test/us-west-2/three", "test/us-west-2/two"}
    says(reserved, 395, "three")
    assert notes(reserved, "R280") == []


def test_room_that_cannot_be_looked_at_is_told_and_aws_decides(reserved: House) -> None:
    reserved.sandbox.gate.script = Script([Fault("GetAccountSettings", status=403, code="AccessDeniedException")])
    says(reserved, 901)
    (note,) = notes(reserved, "W223")
    assert "is not known: GetAccountSettings: " in note["message"]
    result = reserved.run("apply", "--yes")
    assert result.exit_code == 25
    assert "UnreservedConcurrentExecution" in result.out + result.err


def test_a_saved_snapshot_has_the_room_of_its_regions(reserved: House) -> None:
    says(reserved, 900)
    reserved.run("snapshot", "-o", "live.json")
    assert reserved.run("plan", "--snapshot", "live.json").exit_code == 0
    says(reserved, 901)
    result = reserved.run("plan", "--snapshot", "live.json")
    assert (result.exit_code, "(R280)" in result.out) == (21, True)
