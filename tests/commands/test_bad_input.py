"""What is wrong is told with its mend and an exit code of its own; "unexpected" is for faults of ours alone."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest

from reconciler.commands.invoke import payload_bytes
from tests.conftest import House, function_spec

NO_UTF8 = os.fsdecode(b"a\xffb")


@pytest.mark.parametrize("rate", ["abc", "-1", "nan", "inf", "1,5"])
def test_a_rate_that_is_none_is_told(house: House, monkeypatch: pytest.MonkeyPatch, rate: str) -> None:
    house.write("checkout.yaml", function_spec())
    monkeypatch.setenv("RECONCILE_CALLS_PER_SECOND", rate)
    result = house.run("plan")
    assert result.exit_code == 2
    assert f"RECONCILE_CALLS_PER_SECOND is '{rate}'" in result.err


@pytest.mark.parametrize("rate", ["", " ", "0", "100"])
def test_a_rate_that_is_one_is_taken(house: House, monkeypatch: pytest.MonkeyPatch, rate: str) -> None:
    house.write("checkout.yaml", function_spec())
    monkeypatch.setenv("RECONCILE_CALLS_PER_SECOND", rate)
    assert house.run("plan").exit_code == 0


@pytest.mark.parametrize("seconds", ["nan", "inf", "-1", "1e400", "x"])
def test_a_sandbox_settles_in_a_time_that_passes(house: House, seconds: str) -> None:
    result = house.run("sandbox", "--settle-seconds", seconds, "--", "true")
    assert result.exit_code == 2
    assert "--settle-seconds" in result.err


@pytest.mark.parametrize("scale", ["nan", "inf", "0", "0.5", "-60", "3601", "x"])
def test_a_sandboxs_clock_goes_forward(house: House, scale: str) -> None:
    result = house.run("sandbox", "--time-scale", scale, "--", "true")
    assert result.exit_code == 2
    assert "--time-scale" in result.err


def test_traffic_that_is_not_understood_is_told_before_anything_is_begun(house: House) -> None:
    (house.root / "traffic.yaml").write_text("checkout:\n  live: {invocations: 1, error: 1%}\n")
    result = house.run("sandbox", "--metrics", "traffic.yaml", "--", "touch", "begun")
    assert (result.exit_code, result.err) == (2, "error: traffic.yaml:2:26: error is not known; did you mean errors?\n")
    assert house.run("sandbox", "--metrics", "none.yaml", "--", "touch", "begun").exit_code == 2
    assert not (house.root / "begun").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ("invoke", NO_UTF8),
        ("invoke", ""),
        ("invoke", " "),
        ("invoke", "checkout", "--alias", NO_UTF8),
        ("invoke", "checkout", "--region", NO_UTF8),
        ("invoke", "checkout", "--payload", f'"{NO_UTF8}"'),
        ("functions", "--region", NO_UTF8),
        ("unlock", NO_UTF8),
    ],
)
def test_text_that_aws_cannot_be_told_is_a_mistake_of_the_command_line(
    house: House, arguments: tuple[str, ...]
) -> None:
    house.write("checkout.yaml", function_spec())
    result = house.run(*arguments)
    assert result.exit_code == 2
    assert "is not UTF-8" in result.err or "is empty" in result.err
    assert not (house.root / "reports").exists()


@pytest.mark.parametrize(
    "written", ["1e400", "1" * 5000, "0.1000000000000000055511151231257827", '{"a": 1, "a": 2}', ' {"b":1,  "a":"\\u00e9"} ']
)  # fmt: skip
def test_a_payload_is_sent_as_it_is_written(written: str) -> None:
    assert payload_bytes(written) == written.encode()
    assert payload_bytes(written.encode("utf-16")) == written.encode()
    assert payload_bytes(b"\xef\xbb\xbf" + written.encode()) == written.encode()


@pytest.mark.parametrize("written", ["NaN", "Infinity", '{"a": -Infinity}', "{'a': 1}", "1 2"])
def test_a_payload_that_is_json_to_python_alone_is_none(house: House, written: str) -> None:
    house.write("checkout.yaml", function_spec())
    result = house.run("invoke", "checkout", "--payload", written)
    assert result.exit_code == 2
    assert "the payload is not JSON" in result.err


def test_a_spec_whose_files_name_is_no_utf8_is_a_spec(house: House) -> None:
    house.write(f"{NO_UTF8}.yaml", function_spec())
    plan = house.plan()
    assert plan["targets"][0]["actions"][0]["fields"][0]["source"]["file"] == f"specs/{NO_UTF8}.yaml"
    assert house.run("plan", "-o", "plan.json").exit_code == 0
    assert house.run("apply", "--yes", "--approved", "plan.json").exit_code == 0
    assert house.verbs() == {}


TASK: dict[str, Any] = {
    "id": "x", "ownerId": "o", "startTimeMs": 1, "history": [{"phase": "p", "status": "s"}], "resultObjects": [{}],
    "status": {"phase": "p", "status": "s", "complete": True, "completed": True, "failed": False, "retryable": False}, "target": "t",
    "operations": [{"operation": "o", "phase": "p", "started_at": None, "duration_seconds": None, "attempts": 1, "request_id": "", "outcome": "succeeded", "error": None}],
}  # fmt: skip
WRONG: dict[str, Any] = {
    "id": 5, "status": {}, "target": None, "history": [5], "resultObjects": {}, "operations": [{}], "startTimeMs": "1", "ownerId": True,
}  # fmt: skip


@pytest.mark.parametrize("member", WRONG)
def test_a_report_with_a_member_of_another_form_is_none(house: House, member: str) -> None:
    folder = house.root / "reports"
    folder.mkdir()
    (folder / "a.json").write_text(json.dumps({"kind": "report", "tasks": [{**TASK, member: WRONG[member]}]}))
    for arguments in (("tasks",), ("tasks", "x"), ("tasks", "x", "--format", "text")):
        result = house.run(*arguments)
        assert result.exit_code == 2
        assert "reports/a.json: is not a report that this version can read; move it elsewhere" in result.err


def test_a_report_of_an_older_version_is_read(house: House) -> None:
    folder = house.root / "reports"
    folder.mkdir()
    (folder / "a.json").write_text(json.dumps({"kind": "report", "tasks": [TASK]}))
    assert house.run("tasks").exit_code == 0
    assert house.run("tasks", "x", "--format", "text").exit_code == 0


def test_what_is_no_file_is_not_said_to_hold_the_plan(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reconciler.report.formats.markdown.SPARE", 59_000)
    house.write(
        "checkout.yaml", function_spec(extra="".join(["tags:\n", *(f"  t{one}: '{one}'\n" for one in range(40))]))
    )
    out = house.run("plan", "--format", "markdown", "-o", "/dev/null").out
    assert "No room here" in out
    assert "/dev/null" not in out
    assert "reconcile plan -o plan.json writes the whole plan" in out


def test_a_mistake_of_the_command_line_brings_no_colour(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b" not in house.run("plan", "--\x1b[31mred").err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["status", "--evry", "3"], "No such option"),
        (["rollback", "checkout/live", "--to", "x\x1b[2J"], "is no"),
        (["versions", ""], "empty"),
        (["logs", "checkout", "--follow"], "--follow has no end"),
        (["invoke", "checkout", "--payload", "{"], "the payload is not JSON"),
        (["nothing"], "No such command"),
    ],
)
def test_a_command_line_that_cannot_be_is_a_document_too(house: House, words: list[str], said: str) -> None:
    house.write("checkout.yaml", function_spec())
    result = house.run(*words, "--format", "json")
    assert result.exit_code == 2
    document = result.json()
    assert (document["kind"], document["exit_code"]) == ("error", 2)
    assert said in json.dumps(document)
    assert said in result.err
    assert "\x1b" not in result.out + result.err
    assert house.run(*words).out == ""
