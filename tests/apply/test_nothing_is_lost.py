"""Kills, signals and lost answers: the record is truthful, and the next run does only what is missing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from reconciler.aws.sessions import CLIENT_ATTEMPTS
from reconciler.report import journal
from reconciler.report.fold import report_of
from reconciler.report.journal import events
from reconciler.sandbox.around.faults import Fault, Script
from reconciler.sandbox.refusals import Refused
from tests.apply.conftest import Killer
from tests.apply.test_strangers import CHANGED, FULL
from tests.conftest import House, function_spec
from tests.sampling import named, sampled


def changed_house(house: House) -> House:
    """A function that lives, and a spec that changes everything about it."""
    house.write("checkout.yaml", function_spec(extra=FULL))
    house.apply()
    house.writes()
    house.write("checkout.yaml", function_spec(key="v2.zip", configuration="Timeout: 9", extra=CHANGED))
    return house


CHANGES = [
    "PutRetentionPolicy", "TagResource", "UpdateFunctionConfiguration", "PutFunctionCodeSigningConfig", "PutFunctionRecursionConfig",
    "PutRuntimeManagementConfig", "UpdateFunctionCode", "PublishVersion", "UpdateAlias", "UpdateFunctionUrlConfig", "RemovePermission",
    "AddPermission", "PutResourcePolicy", "PutFunctionEventInvokeConfig", "RegisterScalableTarget", "PutScalingPolicy", "TagResource",
    "UpdateEventSourceMapping",
    "PutFunctionConcurrency",
]  # fmt: skip


def is_as_wanted(house: House) -> None:
    """What the changed spec says is what AWS holds, with no version or mapping too many."""
    assert house.verbs() == {}
    versions = house.lambda_.list_versions_by_function(FunctionName="checkout")["Versions"]
    assert [version["Version"] for version in versions] == ["$LATEST", "1", "2"]
    assert len(house.lambda_.list_event_source_mappings()["EventSourceMappings"]) == 1
    assert house.lambda_.get_alias(FunctionName="checkout", Name="live")["FunctionVersion"] == "2"


@pytest.mark.parametrize(("when", "operation"), sampled(named("before", "after"), named(*dict.fromkeys(CHANGES))))
def test_a_kill_at_any_operation_leaves_the_truth_and_the_next_run_finishes(
    house: House, killer: Killer, operation: str, when: str
) -> None:
    changed_house(house)
    assert killer.killed(house.root, operation, when) == -signal.SIGKILL
    position = CHANGES.index(operation)
    tasks = house.run("tasks", "--format", "json").json()
    outcomes = [item["outcome"] for item in tasks[-1]["operations"]]
    assert outcomes == ["succeeded"] * position + ["unknown"] + ["not attempted"] * (len(CHANGES) - position - 1)
    assert tasks[-1]["status"]["failed"] is True
    assert tasks[-1]["status"]["completed"] is False
    report = house.apply()
    assert report["outcome"]["exit_code"] == 0
    assert house.writes() == CHANGES
    is_as_wanted(house)


FAULTS = {
    "503 before": Fault("*", status=503, when="before"),
    "503 after, so the answer is lost": Fault("*", status=503, when="after"),
    "reset before": Fault("*", reset=True, when="before"),
    "reset after, so the answer is lost": Fault("*", reset=True, when="after"),
    "throttled": Fault("*", status=429),
    "update in progress": Fault(
        "*", code="ResourceConflictException", message="An update is in progress for resource: x"
    ),
    "denied": Fault("*", code="AccessDeniedException", status=403, message="no"),
}


@pytest.mark.parametrize(("fault", "operation"), sampled(FAULTS, named(*dict.fromkeys(CHANGES))))
def test_a_fault_at_any_operation_converges_without_doubles(
    house: House, operation: str, fault: Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    monkeypatch.setattr(time, "sleep", lambda _: None)
    changed_house(house)
    house.sandbox.gate.script = Script([replace(fault, operation=operation, nth=1)])
    report = house.apply()
    (task,) = report["tasks"]
    if fault.status != 403:
        assert report["outcome"]["exit_code"] == 0, task["operations"]
    else:
        position = CHANGES.index(operation)
        outcomes = [item["outcome"] for item in task["operations"]]
        assert outcomes == ["succeeded"] * position + ["failed"] + ["not attempted"] * (len(CHANGES) - position - 1)
        house.sandbox.gate.script = Script([])
        assert house.apply()["outcome"]["exit_code"] == 0
    is_as_wanted(house)


def refuses_looks(house: House, code: str, status: int, count: int) -> None:
    """So many of the looks that follow on UpdateFunctionConfiguration."""
    asked, left = list[str](), iter(range(count))

    def watch(operation: str, _: object) -> None:
        asked.append(operation)
        if operation == "GetFunction" and "UpdateFunctionConfiguration" in asked and next(left, None) is not None:
            raise Refused(code, "not now", status)

    house.sandbox.gate.watch = watch


def why_the_change_failed(house: House) -> str:
    (task,) = house.apply()["tasks"]
    change = next(one for one in task["operations"] if one["operation"] == "UpdateFunctionConfiguration")
    return str(change["error"]["message"])


def test_a_look_that_aws_throttles_while_a_change_settles_is_made_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "sleep", lambda _: None)
    changed_house(house)
    refuses_looks(house, "TooManyRequestsException", 429, 3 * CLIENT_ATTEMPTS)
    assert house.apply()["outcome"]["exit_code"] == 0
    is_as_wanted(house)


def test_an_aws_that_never_answers_again_is_not_waited_for_as_long_as_a_change_may_take(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "sleep", lambda _: None)
    changed_house(house)
    refuses_looks(house, "ServiceException", 503, 10 * CLIENT_ATTEMPTS)
    assert why_the_change_failed(house) == "AWS took it, but what came of it cannot be read: not now"
    house.sandbox.gate.watch = lambda *_: None
    house.apply()
    is_as_wanted(house)


def test_a_change_whose_look_is_denied_is_not_said_to_be_denied_itself(house: House) -> None:
    changed_house(house)
    refuses_looks(house, "AccessDeniedException", 403, 1)
    assert why_the_change_failed(house) == "AWS took it, but what came of it cannot be read: not now"


def test_a_signal_lets_nothing_be_sent_that_still_waits_for_room(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reconciler.aws.jobs.ROOM_BYTES", 1)
    (house.root / "src").mkdir()
    (house.root / "src" / "lambda_function.py").write_text("x = 1\n")
    for name in ("a", "b", "c"):
        spec = function_spec(name).replace("{S3Bucket: artifacts, S3Key: v1.zip}", "{path: ../src}")
        house.write(f"{name}.yaml", spec)
    house.sandbox.gate.watch = lambda name, _: (
        os.kill(os.getpid(), signal.SIGTERM) if name == "CreateFunction" else None
    )
    assert house.run("apply", "--yes").exit_code == 128 + signal.SIGTERM
    assert house.writes() == ["CreateFunction"]
    tasks = house.newest_report()["tasks"]
    outcomes = {task["operations"][0]["outcome"]: task["status"]["status"] for task in tasks}
    assert len(tasks) == 3
    assert outcomes.keys() == {"not attempted", "succeeded"}
    assert outcomes["succeeded"].endswith("before it completed; AWS took CreateFunction, and may still be at it.")


def test_what_nothing_happens_between_goes_to_the_disk_in_one_write(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each call is on record before it is made, and its answer before anything else happens."""
    writes, real = list[list[str]](), journal.append

    def append(file: int, text: bytes) -> None:
        writes.append([json.loads(line)["event"] for line in text.splitlines()])
        real(file, text)

    monkeypatch.setattr(journal, "append", append)
    house.write("checkout.yaml", function_spec(extra="publish: true\naliases: {live: {FunctionVersion: published}}\n"))
    house.apply()
    assert writes == [
        ["run_started"],
        ["task_started", "operation_started"],
        ["operation_answered"],
        ["operation_finished", "operation_started"],
        ["operation_answered"],
        ["operation_finished", "task_finished"],
        ["run_finished"],
    ]


@pytest.mark.parametrize("operation", ["CreateFunction", "CreateAlias", "CreateEventSourceMapping", "DeleteFunction", "DeleteEventSourceMapping"])  # fmt: skip
def test_a_lost_answer_to_a_creation_or_deletion_is_found_out(
    house: House, operation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "sleep", lambda _: None)
    house.write("checkout.yaml", function_spec(extra=FULL))
    house.sandbox.gate.script = Script([Fault(operation, nth=1, reset=True, when="after")])
    assert house.apply()["outcome"]["exit_code"] == 0
    house.write("checkout.yaml", "function: checkout\naccount: test\nregion: us-west-2\nstate: absent\n")
    assert house.apply()["outcome"]["exit_code"] == 0
    assert house.verbs() == {}


def test_an_update_that_ends_failed_moves_no_alias_and_still_shows(house: House) -> None:
    changed_house(house)
    house.sandbox.gate.script = Script([Fault("UpdateFunctionCode", nth=1, fails="InvalidZipFileException")])
    report = house.apply()
    assert report["outcome"]["exit_code"] == 25
    assert "InvalidZipFileException" in report["tasks"][0]["status"]["status"]
    assert house.writes() == CHANGES[: CHANGES.index("UpdateFunctionCode") + 1]
    house.sandbox.gate.script = Script([])
    assert "checkout" in house.verbs()
    house.apply()
    is_as_wanted(house)


def test_a_role_that_cannot_be_assumed_yet_is_waited_for(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "sleep", lambda _: None)
    message = "The role defined for the function cannot be assumed by Lambda."
    house.write("checkout.yaml", function_spec())
    house.sandbox.gate.script = Script(
        [Fault("CreateFunction", first=3, code="InvalidParameterValueException", message=message)]
    )
    assert house.apply()["outcome"]["exit_code"] == 0
    assert house.writes() == ["CreateFunction"] * 4


def test_one_failing_target_does_not_stop_another(house: House) -> None:
    for name in ("one", "two", "three"):
        house.write(f"{name}.yaml", function_spec(name))
    house.sandbox.gate.script = Script(
        [Fault("CreateFunction", nth=2, code="InvalidParameterValueException", message="no")]
    )
    report = house.apply()
    assert report["outcome"] == {"status": "partial", "exit_code": 25}
    assert sorted(task["status"]["failed"] for task in report["tasks"]) == [False, False, True]
    house.sandbox.gate.script = Script([])
    house.writes()
    assert house.apply()["outcome"]["status"] == "succeeded"
    assert house.writes() == ["CreateFunction"]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["SIGINT", "SIGTERM"])
def test_a_signal_finishes_the_call_in_flight_and_writes_the_report(house: House, number: int, code: int) -> None:
    changed_house(house)
    slow = Fault("UpdateFunctionConfiguration", latency_seconds=1.0)
    house.sandbox.gate.script = Script([slow])
    process = subprocess.Popen([sys.executable, "-m", "reconciler", "apply", "--yes"], cwd=house.root, stdout=subprocess.PIPE, stderr=subprocess.PIPE)  # fmt: skip

    def interrupt(name: str, _: object) -> None:
        if name == "UpdateFunctionConfiguration":
            process.send_signal(number)

    house.sandbox.gate.watch = interrupt
    process.communicate(timeout=120)
    assert process.returncode == code
    report = house.newest_report()
    assert report["outcome"]["exit_code"] == code
    done = [item["operation"] for item in report["tasks"][0]["operations"] if item["outcome"] == "succeeded"]
    assert done[:3] == CHANGES[:3]
    assert "PublishVersion" not in done
    house.sandbox.gate.script = Script([])
    house.apply()
    is_as_wanted(house)


def test_a_journal_cut_at_any_byte_folds_to_a_truthful_report(house: House, tmp_path: Path) -> None:
    changed_house(house)
    house.apply()
    whole = max((house.root / "reports").glob("*.jsonl")).read_bytes()
    first = whole.index(b"\n") + 1
    cut = tmp_path / "cut.jsonl"
    seen: list[list[str]] = []
    for end in range(first, len(whole), 37):
        cut.write_bytes(whole[:end])
        report = report_of(events(cut))
        outcomes = [item["outcome"] for item in report["tasks"][0]["operations"]]
        answered = sum(1 for event in events(cut) if event["event"] == "operation_answered")
        assert outcomes.count("succeeded") == answered
        assert outcomes.count("unknown") <= 1
        assert report["outcome"]["exit_code"] is None
        seen.append(outcomes)
    assert seen[0] == ["not attempted"] * len(CHANGES)
    assert seen[-1] == ["succeeded"] * len(CHANGES)


def test_a_completed_record_never_changes(house: House) -> None:
    house.write("checkout.yaml", function_spec())
    house.apply()
    files = {path: path.read_bytes() for path in (house.root / "reports").iterdir()}
    house.run("tasks")
    house.apply()
    assert {path: path.read_bytes() for path in files} == files


def test_the_journal_of_a_living_run_is_left_alone(house: House, tmp_path: Path) -> None:
    from reconciler.report.journal import Journal, complete

    folder = tmp_path / "living"
    journal = Journal(folder, "run")
    journal.record({"event": "run_started", "run": {"id": "1", "command": "apply", "owner": "x"}, "at": "2026-01-01T00:00:00.000Z", "provenance": {}, "summary": {}, "tasks": []})  # fmt: skip
    assert complete(folder) == []
    journal.close()
    assert (folder / "run.json").exists()


def test_each_event_costs_one_line_whatever_came_before(house: House) -> None:
    for number in range(6):
        house.write(f"f{number}.yaml", function_spec(f"f{number}"))
    house.apply()
    lines = max((house.root / "reports").glob("*.jsonl")).read_text().splitlines()
    started = [len(line) for line in lines if '"operation_started"' in line]
    assert max(started) - min(started) < 10


def test_unreadable_reports_are_named(house: House) -> None:
    (house.root / "reports").mkdir()
    (house.root / "reports" / "broken.json").write_text("{")
    result = house.run("tasks")
    assert result.exit_code == 2
    assert "broken.json" in result.err


def test_a_tag_after_a_failed_update_does_not_fail_for_the_old_failure(house: House) -> None:
    changed_house(house)
    house.sandbox.gate.script = Script([Fault("UpdateFunctionConfiguration", nth=1, fails="InvalidSubnet")])
    assert house.apply()["outcome"]["exit_code"] == 25
    house.sandbox.gate.script = Script([])
    house.write(
        "checkout.yaml",
        function_spec(key="v2.zip", configuration="Timeout: 9", extra=CHANGED.replace("team: orders", "team: other")),
    )
    assert house.apply()["outcome"]["exit_code"] == 0
    is_as_wanted(house)
