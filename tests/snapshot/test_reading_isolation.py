"""Reading: what cannot be read, or does not stand still, refuses its own target; the others are planned and applied."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from reconciler.sandbox.refusals import Refused
from reconciler.snapshot import rest
from tests.conftest import CONFIG, House, function_spec

Request = Mapping[str, Any]
QUEUE = "event_source_mappings: {q: {EventSourceArn: 'arn:aws:sqs:us-west-2:123456789012:q'}}\n"
ALIAS = "publish: true\naliases: {live: {FunctionVersion: published}}\n"
OURS = CONFIG + "managedBy: example/shop\n"


def denying(operation: str, said: str = "no", function: str = "") -> Callable[[str, Request], None]:
    """A watch of the sandbox that refuses one operation, of one function or of all."""

    def watch(asked: str, params: Request) -> None:
        if asked == operation and function in ("", params.get("FunctionName")):
            raise Refused("AccessDeniedException", said, 403)

    return watch


def refusals(house: House) -> dict[str, str]:
    return {note["address"]: note["message"] for note in house.plan()["diagnostics"] if note["severity"] == "refusal"}


@pytest.fixture
def shop(house: House) -> House:
    """Two applied functions, each with a change that is not applied yet."""
    for name, extra in (("open", ALIAS), ("shut", ALIAS)):
        house.write(f"{name}.yaml", function_spec(name, extra=extra))
    house.apply()
    for name, extra in (("open", ALIAS), ("shut", ALIAS)):
        house.write(f"{name}.yaml", function_spec(name, extra=extra, configuration="Timeout: 9"))
    house.writes()
    return house


@pytest.mark.parametrize("operation", ["GetFunction", "ListAliases"])
def test_a_function_that_may_not_be_read_refuses_its_own_target(shop: House, operation: str) -> None:
    shop.sandbox.gate.watch = denying(operation, function="shut")
    told = refusals(shop)
    assert list(told) == ["test/us-west-2/shut"]
    assert f"test/us-west-2/shut cannot be read: {operation}: no (AccessDeniedException" in told["test/us-west-2/shut"]
    assert f"allow lambda:{operation} to the credentials of account test" in told["test/us-west-2/shut"]
    assert set(shop.verbs()) >= {"open"}
    assert not any(name.startswith("shut") for name in shop.verbs())
    report = shop.apply()
    assert report["outcome"] == {"status": "partial", "exit_code": 21}
    assert shop.lambda_.get_function_configuration(FunctionName="open")["Timeout"] == 9
    assert shop.writes()[:1] == ["UpdateFunctionConfiguration"]


def test_a_listing_that_may_not_be_had_refuses_whoever_needs_it(house: House) -> None:
    house.write("plain.yaml", function_spec("plain"))
    house.write("polling.yaml", function_spec("polling", extra=QUEUE))
    house.sandbox.gate.watch = denying("ListEventSourceMappings")
    assert list(refusals(house)) == ["test/us-west-2/polling"]
    assert house.verbs() == {"plain": "create"}


def test_when_no_target_can_be_read_the_run_ends_as_a_failure_of_aws(house: House) -> None:
    """One reason of all of a place is told once, and of how many."""
    for number in range(25):
        house.write(f"f{number:02}.yaml", function_spec(f"f{number:02}"), stock=False)
    house.sandbox.gate.watch = denying("GetFunction")
    result = house.run("plan")
    assert (result.exit_code, result.out) == (26, "")
    assert result.err.startswith("error: test/us-west-2/f00 cannot be read: GetFunction: no (AccessDeniedException")
    assert result.err.endswith("; and so of 24 others\n")


def test_credentials_of_one_account_that_are_not_its_own_refuse_only_its_targets(house: House) -> None:
    other = '    - {name: other, lambdaEnabled: true, accountId: "210987654321", regions: [us-west-2]}\n'
    house.write("reconcile.yaml", CONFIG + other, stock=False)
    house.write("one.yaml", function_spec("one"))
    house.write("two.yaml", function_spec("two").replace("account: test", "account: other"))
    assert list(refusals(house)) == ["other/us-west-2/two"]
    assert house.verbs() == {"one": "create"}


def stuck(house: House, operation: str, key: str, change: Mapping[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Make one resource look as if AWS were at it for ever."""
    from reconciler.sandbox import gate

    real = gate.OPERATIONS[operation]

    def answer(region: Any, params: Any, now: Any) -> Any:
        found = real(region, params, now)
        for item in found.get(key, ()) if isinstance(found.get(key), list) else [found.get(key, found)]:
            if "shut" in str(item.get("FunctionArn", "")):
                item.update(change)
        return found

    monkeypatch.setitem(gate.OPERATIONS, operation, answer)


def test_a_mapping_that_never_settles_refuses_its_target_after_a_bounded_wait(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rest, "PATIENCE_SECONDS", 0.4)
    house.write("open.yaml", function_spec("open"))
    house.write("shut.yaml", function_spec("shut", extra=QUEUE))
    house.apply()
    house.write("open.yaml", function_spec("open", configuration="Timeout: 9"))
    stuck(house, "ListEventSourceMappings", "EventSourceMappings", {"State": "Updating"}, monkeypatch)
    stuck(house, "GetEventSourceMapping", "", {"State": "Updating"}, monkeypatch)
    told = refusals(house)
    assert list(told) == ["test/us-west-2/shut"]
    assert "of arn:aws:sqs:us-west-2:123456789012:q is Updating, still not settled" in told["test/us-west-2/shut"]
    assert "wait until it stands still, then plan again" in told["test/us-west-2/shut"]
    assert house.verbs() == {"open": "update"}


def test_functions_that_never_settle_share_one_bounded_wait(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rest, "PATIENCE_SECONDS", 0.3)
    names = [f"shut{number}" for number in range(20)]
    for name in names:
        house.write(f"{name}.yaml", function_spec(name), stock=name == names[-1])
    house.write("open.yaml", function_spec("open"))
    house.apply()
    stuck(house, "GetFunction", "Configuration", {"LastUpdateStatus": "InProgress"}, monkeypatch)
    told = refusals(house)
    assert sorted(told) == sorted(f"test/us-west-2/{name}" for name in names)
    assert all("LastUpdateStatus is InProgress, still not settled" in message for message in told.values())


def test_code_that_cannot_be_packed_refuses_its_own_target(house: House) -> None:
    house.write("open.yaml", function_spec("open"))
    (house.root / "specs" / "broken.zip").write_bytes(b"not a zip")
    code = "code: {S3Bucket: artifacts, S3Key: v1.zip}"
    house.write("shut.yaml", function_spec("shut").replace(code, "code: {path: broken.zip}"))
    assert refusals(house) == {"test/us-west-2/shut": "specs/broken.zip is not a zip file (R209)"}
    assert house.verbs()["open"] == "create"


def test_a_snapshot_says_what_it_could_not_read_and_a_plan_from_it_refuses_that(shop: House) -> None:
    shop.sandbox.gate.watch = denying("GetFunction", function="shut")
    result = shop.run("snapshot", "-o", "live.json")
    assert result.exit_code == 0
    assert "warning: test/us-west-2/shut cannot be read" in result.err
    scope = {item["address"]: item for item in json.loads((shop.root / "live.json").read_text())["scope"]}
    assert scope["test/us-west-2/shut"]["kinds"] == []
    assert "allow lambda:GetFunction" in scope["test/us-west-2/shut"]["problem"]
    assert "problem" not in scope["test/us-west-2/open"]
    planned = shop.run("plan", "--snapshot", "live.json", "--format", "json")
    assert planned.exit_code == 21
    refused = [note for note in planned.json()["diagnostics"] if note["severity"] == "refusal"]
    assert [note["address"] for note in refused] == ["test/us-west-2/shut"]


def test_what_bears_our_mark_and_cannot_be_read_is_not_pruned_and_not_forgotten(house: House) -> None:
    house.write("reconcile.yaml", OURS, stock=False)
    for name in ("kept", "shut"):
        house.write(f"{name}.yaml", function_spec(name))
    house.apply()
    house.remove("shut.yaml")
    house.writes()
    house.sandbox.gate.watch = denying("GetFunction", function="shut")
    assert house.plan()["orphans"] == ["test/us-west-2/shut"]
    assert house.apply("--prune")["outcome"]["exit_code"] == 21
    assert house.writes() == []


def test_pruning_is_refused_where_marks_cannot_be_listed_and_planning_says_so(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    from reconciler.aws.client import Aws
    from reconciler.core.errors import CallFailed

    real = Aws.pages

    def pages(self: Aws, place: Any, operation: str, params: Any, **more: Any) -> Any:
        if operation == "GetResources":
            raise CallFailed("no", code="AccessDeniedException")
        return real(self, place, operation, params, **more)

    monkeypatch.setattr(Aws, "pages", pages)
    house.write("reconcile.yaml", OURS, stock=False)
    house.write("kept.yaml", function_spec("kept"))
    plan = house.plan()
    assert "functions of test/us-west-2 without a spec could not be looked for" in plan["diagnostics"][0]["message"]
    assert plan["diagnostics"][0]["left_out"] and not plan["in_sync"]
    refused = house.run("apply", "--prune", "--yes")
    assert refused.exit_code == 21
    assert "--prune cannot tell what test/us-west-2 holds without a spec" in refused.err
    assert house.writes() == []


def test_what_changed_is_told_as_unknown_where_it_cannot_be_read(shop: House) -> None:
    looks = {"shut": 0}

    def watch(operation: str, params: Request) -> None:
        if operation == "UpdateFunctionConfiguration" and params["FunctionName"] == "shut":
            looks["shut"] += 1
            raise Refused("PreconditionFailedException", "the RevisionId is another one", 412)
        if operation == "GetFunction" and params["FunctionName"] == "shut" and looks["shut"]:
            raise Refused("AccessDeniedException", "no", 403)

    shop.sandbox.gate.watch = watch
    report = shop.apply()
    assert report["outcome"]["exit_code"] == 23
    failed = {task["target"]: task["status"]["failed"] for task in report["tasks"]}
    assert failed == {"test/us-west-2/open": False, "test/us-west-2/shut": True}


def test_a_signal_while_reading_ends_the_run_as_interrupted(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    import os
    import signal

    house.write("shut.yaml", function_spec("shut"))
    house.apply()
    house.write("shut.yaml", function_spec("shut", configuration="Timeout: 9"))
    stuck(house, "GetFunction", "Configuration", {"LastUpdateStatus": "InProgress"}, monkeypatch)
    house.writes()
    timer = threading.Timer(0.4, os.kill, (os.getpid(), signal.SIGTERM))
    timer.start()
    result = house.run("apply", "--yes")
    timer.join()
    assert result.exit_code == 143, result.err
    assert "stopped while AWS was still at it" in result.err
    assert house.writes() == []
