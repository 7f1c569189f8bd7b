"""Events to reports: the seed's histories to the letter, failures, and the truth about a run that was cut off anywhere."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft202012Validator

from reconciler.core.errors import ReportError
from reconciler.report.fold import CUT_OFF, NOT_ATTEMPTED, report_of
from reconciler.report.schemas import REPORT
from tests.report.journals import begun, done, ended, event, failed, one_task, performed, started

CHAIN = ("UpdateFunctionConfiguration", "UpdateFunctionCode", "PublishVersion", "UpdateAlias")
RUN = [begun(("one", CHAIN), ("two", CHAIN)), *done("one", CHAIN), *done("two", CHAIN), ended()]
OF_FUNCTION = "AWS Lambda Function"
SEED = [
    pytest.param("CreateFunction", "CreateLambdaAtomicOperation", "CREATE_LAMBDA_FUNCTION", f"Initializing Creation of {OF_FUNCTION} Operation...", f"Finished Creation of {OF_FUNCTION} Operation...", id="create"),
    pytest.param("UpdateFunctionConfiguration", "UpdateLambdaConfigurationAtomicOperation", "UPDATE_LAMBDA_FUNCTION_CONFIGURATION", f"Initializing Updating of {OF_FUNCTION} Configuration Operation...", f"Finished Updating of {OF_FUNCTION} Configuration Operation...", id="update configuration"),
    pytest.param("UpdateFunctionCode", "UpdateLambdaCodeAtomicOperation", "UPDATE_LAMBDA_FUNCTION_CODE", f"Initializing Updating of {OF_FUNCTION} Code Operation...", f"Finished Updating of {OF_FUNCTION} Code Operation...", id="update code"),
    pytest.param("Invoke", "InvokeLambdaAtomicOperation", "INVOKE_LAMBDA_FUNCTION", "Initializing Invoking AWS Lambda Function Operation...", f"Finished Invoking of {OF_FUNCTION} Operation...", id="invoke"),
    pytest.param("DeleteFunction", "DeleteLambdaAtomicOperation", "DELETE_LAMBDA_FUNCTION_CODE", f"Initializing deletion of {OF_FUNCTION} Operation...", f"Finished deletion of {OF_FUNCTION}  Operation...", id="delete"),
    pytest.param("CreateEventSourceMapping", "CreateLambdaEventSourceAtomicOperation", "CREATE_LAMBDA_FUNCTION_EVENT_MAPPING", f"Initializing Creation of {OF_FUNCTION} Event Source Mapping...", f"Finished Creation of {OF_FUNCTION} Event Mapping Operation...", id="create mapping"),
]  # fmt: skip


def by_id(report: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {task["id"]: task for task in report["tasks"]}


def outcomes(task: dict[str, Any]) -> list[str]:
    return [item["outcome"] for item in task["operations"]]


@pytest.mark.parametrize(("operation", "told", "phase", "start", "finish"), SEED)
def test_a_history_is_the_seeds_to_the_letter(operation: str, told: str, phase: str, start: str, finish: str) -> None:
    task = one_task([operation], [*performed("one", 0), event("task_finished", "one")])
    assert task["history"] == [
        {"phase": "ORCHESTRATION", "status": "Initializing Orchestration Task..."},
        {"phase": "ORCHESTRATION", "status": f"Processing op: {told}"},
        {"phase": phase, "status": start},
        {"phase": phase, "status": finish},
        {"phase": "ORCHESTRATION", "status": "Orchestration completed."},
    ]
    assert task["startTimeMs"] == 1536861444695
    assert task["ownerId"] == "owner@host"


def test_a_failure_ends_the_task_and_keeps_what_was_done() -> None:
    task = one_task(CHAIN, [*performed("one", 0), *failed("one", 1, message="not today")])
    told = "Orchestration failed: UpdateLambdaCodeAtomicOperation | ServiceException: [not today]"
    assert task["history"][-1] == {"phase": "ORCHESTRATION", "status": told}
    assert task["status"] == {
        "phase": "ORCHESTRATION", "status": told, "complete": True, "completed": True, "failed": True, "retryable": False,
    }  # fmt: skip
    assert task["resultObjects"] == [
        {"number": 0},
        {"type": "EXCEPTION", "operation": "UpdateLambdaCodeAtomicOperation", "message": "not today", "cause": "ServiceException"},
    ]  # fmt: skip
    assert outcomes(task) == ["succeeded", "failed", "not attempted", "not attempted"]
    assert task["operations"][1]["attempts"] == 3


def test_an_operation_in_flight_at_a_kill_is_unknown_and_may_be_tried_again() -> None:
    task = one_task(CHAIN, [*performed("one", 0), *performed("one", 1)[:1]])
    assert outcomes(task) == ["succeeded", "unknown", "not attempted", "not attempted"]
    assert task["status"] == {
        "phase": "ORCHESTRATION", "status": f"{CUT_OFF}.", "complete": False, "completed": False, "failed": True, "retryable": True,
    }  # fmt: skip


def test_a_kill_between_the_answer_and_its_end_keeps_the_answer() -> None:
    task = one_task(CHAIN, performed("one", 0)[:2])
    assert outcomes(task)[0] == "succeeded"
    assert task["resultObjects"] == [{"number": 0}]
    assert task["status"]["failed"] is True


def test_a_task_that_was_never_begun_says_so() -> None:
    report = report_of([begun(("one", CHAIN), ("two", CHAIN)), *done("one", CHAIN)])
    task = by_id(report)["two"]
    assert task["status"]["status"] == NOT_ATTEMPTED
    assert task["status"]["failed"] is False
    assert task["startTimeMs"] is None
    assert outcomes(task) == ["not attempted"] * len(CHAIN)


@pytest.mark.parametrize(
    ("events", "status"),
    [
        pytest.param(RUN[:1], "failed", id="nothing begun"),
        pytest.param([*RUN[:1], *failed("one", 0)], "failed", id="nothing done"),
        pytest.param(RUN[:-1], "partial", id="everything done but the end"),
    ],
)
def test_a_run_that_was_cut_off_has_no_exit_code(events: list[dict[str, Any]], status: str) -> None:
    report = report_of(events)
    assert report["outcome"] == {"status": status, "exit_code": None}
    assert report["run"]["finished_at"] is None
    assert report["run"]["duration_seconds"] is None


@pytest.mark.parametrize("length", range(1, len(RUN) + 1))
def test_every_beginning_of_a_run_makes_a_valid_and_growing_report(length: int) -> None:
    report = report_of(RUN[:length])
    Draft202012Validator(REPORT).validate(report)
    if length > 1:
        before = by_id(report_of(RUN[: length - 1]))
        for name, task in by_id(report).items():
            assert task["history"][: len(before[name]["history"])] == before[name]["history"]
            assert task["resultObjects"][: len(before[name]["resultObjects"])] == before[name]["resultObjects"]


def test_tasks_side_by_side_do_not_mix() -> None:
    mixed = [one for pair in zip(done("one", CHAIN), done("two", CHAIN), strict=True) for one in pair]
    assert report_of([RUN[0], *mixed, ended()]) == report_of(RUN)


def test_a_refused_target_names_the_reason() -> None:
    error = {"type": "NotOwned", "code": "", "message": "somebody else's"}
    report = report_of(
        [begun(("one", CHAIN)), event("task_refused", "one", error=error, retryable=False), ended("refused", 21)]
    )
    (task,) = report["tasks"]
    assert task["status"]["status"].endswith("NotOwned: [somebody else's]")
    assert task["resultObjects"][0]["cause"] == "NotOwned"
    assert outcomes(task) == ["not attempted"] * len(CHAIN)


@pytest.mark.parametrize("events", [[], [started("one")]], ids=["no event", "another first event"])
def test_what_is_no_journal_is_refused(events: list[dict[str, Any]]) -> None:
    with pytest.raises(ReportError, match="start of a run"):
        report_of(events)
