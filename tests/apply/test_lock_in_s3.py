"""The lock and the reports in S3 as an apply has them; and every fault while it adopts and prunes under the lock."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reconciler.apply import lock
from reconciler.aws import bucket
from reconciler.core.errors import AwsError, CallFailed, Locked
from reconciler.sandbox.around.faults import Fault, Script
from tests.apply.houses import LOCKED, OURS, foreign, house_of, locked_house, s3_store
from tests.conftest import House, function_spec
from tests.sampling import named, sampled


def test_while_somebody_holds_the_lock_nothing_is_applied_and_unlock_names_the_run(house: House) -> None:
    locked_house(house)
    house.write("one.yaml", function_spec("one"))
    with lock.held(s3_store(house), "s3://locks/shop.lock", "other-run"):
        result = house.run("apply", "--yes")
        assert result.exit_code == 24
        assert "other-run" in result.err
        assert house.writes() == []
        assert house.run("unlock", "wrong-run").exit_code == 24
        assert house.run("unlock", "other-run").exit_code == 0
        assert house.run("apply", "--yes").exit_code == 0
    assert lock.read(s3_store(house), "s3://locks/shop.lock") == (None, "")


def test_an_expired_lock_is_taken_over_by_one(house: House) -> None:
    locked_house(house)
    store = s3_store(house)
    body = json.dumps({"owner": "dead", "run": "dead", "expires_at": time.time() - 1}).encode()
    store("PutObject", {**bucket.location("s3://locks/shop.lock"), "Body": body})
    house.write("one.yaml", function_spec("one"))
    assert house.run("apply", "--yes").exit_code == 0


def test_a_lock_that_cannot_be_asked_fails_closed() -> None:
    def down(operation: str, params: Any) -> Any:
        raise CallFailed("no route", code="EndpointConnectionError")

    with pytest.raises(AwsError, match="cannot be taken"), lock.held(down, "s3://locks/x", "run"):
        raise AssertionError("never reached")


def test_a_bucket_that_is_missing_is_not_held_by_anybody_and_fails_closed(house: House) -> None:
    house_of(house, config=LOCKED)
    house.write("one.yaml", function_spec("one"))
    result = house.run("apply", "--yes")
    assert (result.exit_code, house.writes()) == (26, [])
    assert "(NoSuchBucket); make that bucket, or name one that is there under `lock` in reconcile.yaml" in result.err
    assert house.run("unlock", "a-run").exit_code == 26


def test_reports_are_kept_in_s3_as_well_and_read_from_there(house: House, tmp_path: Path) -> None:
    locked_house(house)
    house.write("reconcile.yaml", OURS + "reports: s3://locks/reports\n", stock=False)
    house.write("one.yaml", function_spec("one"))
    house.apply()
    identifier = house.newest_report()["tasks"][0]["id"]
    fetched = house.run("tasks", "--specs", "specs", "--report-dir", "elsewhere", identifier)
    assert fetched.exit_code == 0
    assert fetched.json()["id"] == identifier


def test_reports_that_aws_does_not_take_stay_where_they_are_and_the_run_says_so(house: House) -> None:
    house_of(house, config=OURS + "reports: s3://nowhere/reports\n")
    house.write("one.yaml", function_spec("one"))
    result = house.run("apply", "--yes")
    assert (result.exit_code, house.newest_report()["outcome"]["exit_code"]) == (26, 0)
    assert "could not be copied to s3://nowhere/reports: " in result.err
    assert "it stays where it is, copy it yourself" in result.err


def test_a_beat_whose_answer_was_lost_keeps_the_lock_and_a_lost_lock_is_noticed(house: House) -> None:
    locked_house(house)
    store, url = s3_store(house), "s3://locks/shop.lock"
    tag = lock.Lock(store, url, "mine").taken()
    lock.Lock(store, url, "mine").renewed(tag)  # its answer never came: the old tag is what we know
    kept = lock.Lock(store, url, "mine").renewed(tag)
    assert lock.Lock(store, url, "mine").renewed(kept)
    lock.unlock(store, url, "mine")
    lock.Lock(store, url, "theirs").taken()
    with pytest.raises(Locked):
        lock.Lock(store, url, "mine").renewed(kept)


SWEPT = {
    "503": Fault("*", status=503),
    "503, answer lost": Fault("*", status=503, when="after"),
    "reset": Fault("*", reset=True),
    "reset, answer lost": Fault("*", reset=True, when="after"),
}


CALLS = named("TagResource", "UpdateFunctionConfiguration", "DeleteEventSourceMapping", "DeleteFunction")


@pytest.mark.parametrize(("operation", "fault"), sampled(CALLS, SWEPT))
def test_a_fault_while_adopting_and_pruning_under_the_lock_converges(
    house: House, operation: str, fault: Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    locked_house(house)
    mapping = "event_source_mappings: {q: {EventSourceArn: 'arn:aws:sqs:us-west-2:123456789012:q'}}\n"
    house.write("gone.yaml", function_spec("gone", extra=mapping))
    house.apply()
    house.remove("gone.yaml")
    house.write("one.yaml", function_spec("one"))
    foreign(house, "one")
    monkeypatch.setattr(time, "sleep", lambda _: None)
    house.sandbox.gate.script = Script([replace(fault, operation=operation, nth=1)])
    report = house.apply("--prune", "--adopt")
    assert report["outcome"]["exit_code"] == 0, report["tasks"]
    assert house.verbs("--prune") == {}
    assert [item["FunctionName"] for item in house.lambda_.list_functions()["Functions"]] == ["one"]
    assert house.lambda_.list_event_source_mappings()["EventSourceMappings"] == []
    assert lock.read(s3_store(house), "s3://locks/shop.lock") == (None, "")
