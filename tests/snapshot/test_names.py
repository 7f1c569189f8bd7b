"""A kept snapshot has the names of all functions of its accounts and regions, so that what is new is told from what was not read."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from tests.apply.houses import foreign
from tests.conftest import CONFIG, House, function_spec
from tests.snapshot.test_reading_isolation import denying

TWO_REGIONS = CONFIG.replace("[us-west-2]", "[us-west-2, eu-west-1]")


def kept(house: House) -> dict[str, Any]:
    """What `reconcile snapshot` leaves; requests of before are forgotten."""
    house.sandbox.requests.clear()
    result = house.run("snapshot", "-o", "live.json")
    assert result.exit_code == 0, result.err
    document: dict[str, Any] = json.loads((house.root / "live.json").read_text())
    return document


def calls(house: House) -> Counter[str]:
    return Counter(request.operation for request in house.sandbox.requests)


def names(document: dict[str, Any]) -> dict[str, list[str]]:
    return {item["place"]: item.get("names", [item.get("problem")]) for item in document["functions"]}


def test_all_functions_are_named_with_a_spec_or_not_in_every_place(house: House) -> None:
    house.write("reconcile.yaml", TWO_REGIONS, stock=False)
    house.write("ours.yaml", function_spec("ours"))
    house.apply()
    foreign(house, "theirs")
    assert names(kept(house)) == {"test/eu-west-1": [], "test/us-west-2": ["ours", "theirs"]}
    assert calls(house) == {"GetFunction": 1, "ListFunctions": 2}


@pytest.mark.parametrize(("count", "pages"), [(49, 1), (50, 1), (51, 2)])
def test_a_page_is_read_for_fifty_functions(house: House, count: int, pages: int) -> None:
    house.write("ours.yaml", function_spec("ours"))
    house.apply()
    for number in range(count - 1):
        foreign(house, f"f{number}")
    assert len(names(kept(house))["test/us-west-2"]) == count
    assert calls(house)["ListFunctions"] == pages


def test_a_listing_that_was_read_for_versions_is_not_read_again(house: House) -> None:
    house.write("ours.yaml", function_spec("ours", extra="publish: true\n"))
    house.apply()
    foreign(house, "theirs")
    assert names(kept(house)) == {"test/us-west-2": ["ours", "theirs"]}
    assert calls(house)["ListFunctions"] == 1


def test_a_listing_of_versions_that_was_given_up_tells_no_names(house: House) -> None:
    house.write("ours.yaml", function_spec("ours", extra="publish: true\n"))
    house.apply()
    for number in range(60):
        foreign(house, f"f{number}")
    assert len(names(kept(house))["test/us-west-2"]) == 61
    assert calls(house)["ListVersionsByFunction"] == 1


def test_a_plan_of_what_there_is_lists_no_names(house: House) -> None:
    house.write("ours.yaml", function_spec("ours"))
    house.apply()
    house.sandbox.requests.clear()
    house.plan()
    assert "ListFunctions" not in calls(house)


def test_a_place_that_cannot_be_listed_has_no_names_and_says_why(house: House) -> None:
    house.write("ours.yaml", function_spec("ours"))
    house.apply()
    house.sandbox.gate.watch = denying("ListFunctions")
    result = house.run("snapshot", "-o", "live.json")
    assert result.exit_code == 0
    assert "warning: ListFunctions: no (AccessDeniedException" in result.err
    document = json.loads((house.root / "live.json").read_text())
    (entry,) = document["functions"]
    assert entry["place"] == "test/us-west-2"
    assert "AccessDeniedException" in entry["problem"]
    assert "names" not in entry
    house.write("new.yaml", function_spec("new"))
    assert house.run("plan", "--snapshot", "live.json").exit_code == 21


def test_a_new_function_is_planned_from_a_snapshot_and_one_that_was_not_read_is_refused(house: House) -> None:
    house.write("ours.yaml", function_spec("ours"))
    house.apply()
    foreign(house, "theirs")
    kept(house)
    house.write("new.yaml", function_spec("new"))
    assert house.verbs("--snapshot", "live.json") == {"new": "create"}
    house.write("theirs.yaml", function_spec("theirs"))
    refused = house.plan("--snapshot", "live.json")["diagnostics"]
    assert [note["message"] for note in refused] == [
        "test/us-west-2/theirs: the snapshot was taken without this target, which exists; take it anew (R201)"
    ]


def test_an_account_without_credentials_costs_its_own_names_alone(house: House) -> None:
    more = '    - {name: other, lambdaEnabled: true, accountId: "999999999999", regions: [us-west-2], profile: none}\n'
    house.write("reconcile.yaml", CONFIG + more, stock=False)
    house.write("ours.yaml", function_spec("ours"))
    house.apply()
    document = kept(house)
    assert names(document)["test/us-west-2"] == ["ours"]
    assert names(document)["other/us-west-2"][0]
    assert "unlisted" not in document
    plan = house.plan("--snapshot", "live.json")
    assert plan["in_sync"]
