"""Unknown is not empty: what AWS holds and does not show is neither compared nor written from, and is said."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any

import pytest

from reconciler.core.diff import differences, unreadable
from reconciler.core.values import Unreadable
from reconciler.report.documents import plain
from reconciler.sandbox import gate
from tests.conftest import House, function_spec

DENIED = {"ErrorCode": "KMSAccessDeniedException", "Message": "the key may not be used"}
ENVIRONMENT = "Environment: {Variables: {STAGE: prod}}\n"
IGNORING = "ignore: [/configuration/Environment/Variables/FLAGS]\n"
QUEUE = "arn:aws:sqs:us-west-2:123456789012:orders"
KEY = "arn:aws:kms:us-west-2:123456789012:key/1"
Change = Callable[[dict[str, Any]], None]


def answering(monkeypatch: pytest.MonkeyPatch, operation: str, change: Change) -> None:
    """The sandbox's answers of an operation, changed before they leave."""
    real = gate.OPERATIONS[operation]

    def answered(*request: Any) -> dict[str, Any]:
        answer = deepcopy(real(*request))
        change(answer)
        return answer

    monkeypatch.setitem(gate.OPERATIONS, operation, answered)


def no_environment(answer: dict[str, Any]) -> None:
    for item in [answer.get("Configuration", {}), *answer.get("Versions", []), *answer.get("Functions", [])]:
        if "Environment" in item:
            item["Environment"] = {"Error": DENIED}


def no_image_configuration(answer: dict[str, Any]) -> None:
    answer["Configuration"]["ImageConfigResponse"] = {"Error": DENIED}


def no_code(answer: dict[str, Any]) -> None:
    answer["Code"] = {"Error": DENIED}


def no_tags(answer: dict[str, Any]) -> None:
    answer.pop("Tags", None)
    answer["TagsError"] = DENIED


def no_timeout(answer: dict[str, Any]) -> None:
    del answer["Configuration"]["Timeout"]


def no_filters(answer: dict[str, Any]) -> None:
    answer.pop("FilterCriteria", None)
    answer["FilterCriteriaError"] = DENIED


def with_flags(house: House) -> None:
    """A function with a variable that is not ours, whose environment can be read until now."""
    house.write("checkout.yaml", function_spec(configuration=ENVIRONMENT, extra=IGNORING))
    house.apply()
    theirs = {"Variables": {"STAGE": "prod", "FLAGS": "on"}}
    house.lambda_.update_function_configuration(FunctionName="checkout", Environment=theirs)
    house.writes()


def test_an_environment_that_cannot_be_read_is_not_compared_and_is_said(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_flags(house)
    answering(monkeypatch, "GetFunction", no_environment)
    result = house.run("plan")
    assert result.exit_code == 0
    assert "/configuration/Environment cannot be read (KMSAccessDeniedException)" in result.out
    assert "What git says is what AWS holds" not in result.out
    assert house.verbs() == {}
    house.apply()
    assert house.writes() == []


def test_what_does_not_make_the_function_goes_on(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    with_flags(house)
    answering(monkeypatch, "GetFunction", no_environment)
    more = "tags: {team: payments}\naliases: {live: {FunctionVersion: $LATEST}}\n"
    house.write("checkout.yaml", function_spec(configuration=ENVIRONMENT, extra=IGNORING + more))
    assert house.apply()["outcome"]["exit_code"] == 0
    assert house.writes() == ["TagResource", "CreateAlias"]


@pytest.mark.parametrize(
    ("hide", "path", "spec"),
    [
        (no_tags, "/tags", function_spec(extra="tags: {team: payments}\n")),
        (no_code, "/code/SourceKMSKeyArn", function_spec()),
        (no_timeout, "/configuration/Timeout", function_spec(configuration="Timeout: 9\n")),
        (no_image_configuration, "/configuration/ImageConfig", function_spec()),
    ],
    ids=["tags", "code", "a member that AWS always sends", "image configuration"],
)
def test_no_part_is_taken_for_empty(
    house: House, monkeypatch: pytest.MonkeyPatch, hide: Change, path: str, spec: str
) -> None:
    house.write("checkout.yaml", spec)
    house.apply()
    answering(monkeypatch, "GetFunction", hide)
    assert f"{path} cannot be read" in house.run("plan").out
    assert house.verbs() == {}


def mapping(**members: Any) -> str:
    orders = {"EventSourceArn": QUEUE, "KMSKeyArn": KEY, **members}
    return function_spec(extra="event_source_mappings: " + json.dumps({"orders": orders}))


FILTER = {"Filters": [{"Pattern": '{"body": {"kind": ["order"]}}'}]}


def test_a_filter_that_a_key_encrypts_is_read_where_aws_shows_it(house: House) -> None:
    house.write("checkout.yaml", mapping(FilterCriteria=FILTER))
    house.apply()
    listed = house.lambda_.list_event_source_mappings()["EventSourceMappings"]
    assert "FilterCriteria" not in listed[0]
    assert house.verbs() == {}
    house.writes()
    house.write("checkout.yaml", mapping())
    house.apply()
    assert house.writes() == ["UpdateEventSourceMapping"]
    assert house.verbs() == {}


def test_a_filter_that_cannot_be_read_is_left_and_the_rest_of_its_mapping_goes_on(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.write("checkout.yaml", mapping(FilterCriteria=FILTER))
    house.apply()
    answering(monkeypatch, "GetEventSourceMapping", no_filters)
    house.write("checkout.yaml", mapping(BatchSize=5))
    house.writes()
    result = house.run("plan")
    assert "/event_source_mappings/orders/FilterCriteria cannot be read" in result.out
    house.apply()
    sent = [request.params for request in house.sandbox.writes]
    assert [(one["BatchSize"], "FilterCriteria" in one) for one in sent] == [(5, False)]


def test_what_is_exported_before_a_deletion_has_its_encrypted_filters(house: House) -> None:
    house.write("checkout.yaml", mapping(FilterCriteria=FILTER))
    house.apply()
    house.write("checkout.yaml", "function: checkout\naccount: test\nregion: us-west-2\nstate: absent\n")
    house.apply()
    journal = max((house.root / "reports").glob("*.jsonl")).read_text()
    assert "order" in next(line for line in journal.splitlines() if '"exported"' in line)


def test_a_saved_snapshot_remembers_what_could_not_be_read(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    with_flags(house)
    answering(monkeypatch, "GetFunction", no_environment)
    house.write("checkout.yaml", function_spec(configuration=ENVIRONMENT + "MemorySize: 512\n", extra=IGNORING))
    house.run("snapshot", "-o", "snapshot.json")
    live, saved = house.plan(), house.plan("--snapshot", "snapshot.json")
    assert saved["targets"] == live["targets"]
    assert [note["message"] for note in saved["diagnostics"]] == [note["message"] for note in live["diagnostics"]]


def test_what_is_unknown_equals_nothing() -> None:
    one: Mapping[str, Any] = {"a": {"b": Unreadable("why")}}
    assert differences(one, {"a": {"b": Unreadable("why")}}) != ()
    assert differences(one, {}) != ()
    assert [steps for steps, _ in unreadable(one)] == [("a", "b")]
    assert plain(one) == {"a": {"b": {"$unreadable": {"reason": "why"}}}}
