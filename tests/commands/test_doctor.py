"""`reconcile doctor`: what is wrong is a problem with its mend and exit code 21, what cannot be told says why, and nothing changes."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from reconciler import __version__
from reconciler.aws.client import Answer
from reconciler.commands.setup import accounts
from reconciler.commands.setup.machine import of_version
from reconciler.core.errors import CallFailed, NoCredentials
from reconciler.core.rights import Right
from reconciler.report.schemas import SCHEMAS
from reconciler.sandbox.around.faults import Fault, Script
from tests.conftest import CONFIG, House, Result, function_spec, reconcile
from tests.github.test_workflow_rules import CALLER
from tests.spec.test_hostile_git import git

OURS = CALLER.replace("# v0.2.0", f"# v{__version__}")
WORKFLOW = ".github/workflows/lambda.yml"
Remarks = list[Mapping[str, Any]]


@pytest.fixture
def sound(house: House) -> House:
    """A house in which nothing is wrong: one function to be made, a workflow, and a clone of all that the remote has."""
    house.write("one.yaml", function_spec("one"))
    workflow(house, OURS)
    remote = house.root.parent / f"{house.root.name}.git"
    git(house.root, "init", "-q", "-b", "main")
    git(house.root, "add", "-A")
    git(house.root, "commit", "-qm", "one")
    git(house.root, "clone", "-q", "--bare", str(house.root), str(remote))
    git(house.root, "remote", "add", "origin", str(remote))
    git(house.root, "fetch", "-q")
    git(house.root, "branch", "-q", "-u", "origin/main")
    house.sandbox.requests.clear()
    return house


def workflow(house: House, text: str, name: str = WORKFLOW) -> None:
    path = house.root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def remarks(house: House, *flags: str) -> Remarks:
    result = house.run("doctor", "--format", "json", *flags)
    document = result.json()
    Draft202012Validator(SCHEMAS["doctor"]).validate(document)
    assert result.exit_code == document["exit_code"], result.err
    found: Remarks = document["remarks"]
    assert (result.exit_code == 21) is any(remark["status"] == "problem" for remark in found)
    return found


def told(found: Remarks, status: str) -> list[tuple[str, str]]:
    return [(remark["subject"], remark["message"]) for remark in found if remark["status"] == status]


def problem(found: Remarks) -> Mapping[str, Any]:
    """The only one."""
    (only,) = [remark for remark in found if remark["status"] == "problem"]
    return only


# --- nothing wrong -------------------------------------------------------------------------------------------------


def test_where_all_is_well_every_subject_says_so_and_nothing_changes(sound: House) -> None:
    found = remarks(sound)
    assert {remark["status"] for remark in found} == {"ok"}
    assert {remark["subject"] for remark in found} == {
        "versions",
        "git",
        "specs",
        "workflow",
        "account",
        "clock",
        "plan",
        "rights",
    }
    assert sound.sandbox.writes == []
    assert "test is 123456789012, and we are arn:aws:sts::123456789012:user/moto" in dict(told(found, "ok"))["account"]


def test_a_person_reads_a_line_a_remark(sound: House) -> None:
    result = sound.run("doctor")
    assert (result.exit_code, result.err) == (0, "")
    assert f"ok       versions  reconcile {__version__}, Python " in result.out
    assert f"ok       workflow  {WORKFLOW} keeps every rule\n" in result.out
    assert result.out.endswith("\n\nNo problem.\n")


def test_the_variable_of_its_format_is_heard(sound: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECONCILE_DOCTOR_FORMAT", "json")
    assert sound.run("doctor", "--offline").json()["kind"] == "doctor"


# --- accounts ------------------------------------------------------------------------------------------------------


def test_offline_no_account_is_asked(sound: House) -> None:
    found = remarks(sound, "--offline")
    assert sound.sandbox.requests == []
    assert told(found, "unknown") == [("account", "no account was asked, for --offline was given")]


def test_without_credentials_that_is_said_and_the_rest_goes_on(sound: House, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(sound.root / "home"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    found = remarks(sound)
    (unknown,) = told(found, "unknown")
    assert unknown[1].startswith("account test: unable to locate credentials; set AWS_ACCESS_KEY_ID")
    assert "workflow" in dict(told(found, "ok"))


def test_credentials_of_another_account_are_told_at_the_line_that_names_it(sound: House) -> None:
    sound.write("reconcile.yaml", CONFIG.replace("123456789012", "210987654321"), stock=False)
    wrong = problem(remarks(sound))
    assert wrong["source"] == {"file": "specs/reconcile.yaml", "line": 5}
    assert wrong["message"].startswith(
        "test is 210987654321 here, and the credentials belong to 123456789012; correct it"
    )


def test_an_account_without_a_number_takes_any_credentials(sound: House) -> None:
    sound.write("reconcile.yaml", CONFIG.replace(', accountId: "123456789012"', ""), stock=False)
    found = remarks(sound)
    assert problem(found)["message"].endswith("names no account, so any would do: write accountId")
    assert {"plan", "rights"} <= dict(told(found, "ok")).keys()


def test_a_profile_that_is_not_there_is_a_problem(sound: House) -> None:
    sound.write("reconcile.yaml", CONFIG.replace("name: test,", "name: test, profile: gone,"), stock=False)
    wrong = problem(remarks(sound))
    assert wrong["subject"] == "account"
    assert "write a `profile` that the AWS configuration has" in wrong["message"]


def test_an_account_that_is_not_enabled_is_not_asked(sound: House) -> None:
    sound.write("reconcile.yaml", CONFIG.replace("lambdaEnabled: true, ", ""), stock=False)
    found = remarks(sound)
    assert ("account", "test is not asked, for specs/reconcile.yaml does not enable Lambda there") in told(
        found, "unknown"
    )
    assert sound.sandbox.requests == []


@pytest.mark.parametrize(
    ("failure", "subject", "status", "said"),
    [
        (CallFailed("Signature expired: 20261130T030000Z is now earlier than 20261130T034500Z", code="SignatureDoesNotMatch"), "clock", "problem", "set it by NTP"),
        (CallFailed("The security token included in the request is expired", code="ExpiredToken"), "account", "problem", "renew the credentials of account test"),
        (CallFailed("not for you", code="AccessDenied"), "account", "problem", "allow sts:GetCallerIdentity"),
        (NoCredentials("account test: the profile wants a code"), "account", "problem", "the profile wants a code"),
    ],
    ids=["a clock that is slow", "an old token", "a denial", "a profile"],
)  # fmt: skip
def test_why_nobody_answered_is_told_with_its_mend(failure: Any, subject: str, status: str, said: str) -> None:
    remark = accounts.of_failure("test", failure)
    assert (remark.subject, remark.status) == (subject, status)
    assert said in remark.message


@pytest.mark.parametrize(("seconds", "status"), [(0, "ok"), (300, "ok"), (301, "problem"), (-301, "problem")])
def test_a_clock_may_be_five_minutes_off(seconds: int, status: str) -> None:
    now = datetime(2026, 11, 30, 12, tzinfo=UTC)
    theirs = (now + timedelta(seconds=seconds)).strftime("%a, %d %b %Y %H:%M:%S GMT")
    assert accounts.of_clock("test", Answer({}, headers={"date": theirs}), now).status == status


@pytest.mark.parametrize("date", ["", "yesterday"])
def test_an_answer_without_a_date_tells_nothing_of_the_clock(date: str) -> None:
    assert accounts.of_clock("test", Answer({}, headers={"date": date}), datetime.now(UTC)).status == "unknown"


# --- a plan, and the rights for it ---------------------------------------------------------------------------------


def test_a_right_that_lacks_for_this_plan_is_named_with_its_resource(sound: House) -> None:
    sound.sandbox.gate.script = Script([Fault("CreateFunction", code="AccessDeniedException", status=403)])
    wrong = problem(remarks(sound))
    assert wrong["subject"] == "rights"
    assert wrong["message"] == (
        "test: lambda:CreateFunction on arn:aws:lambda:us-west-2:123456789012:function:one is denied to "
        "arn:aws:sts::123456789012:user/moto; allow it"
    )


def test_who_only_plans_needs_no_right_to_change(sound: House) -> None:
    sound.sandbox.gate.script = Script([Fault("CreateFunction", code="AccessDeniedException", status=403)])
    assert "problem" not in {remark["status"] for remark in remarks(sound, "--role", "plan")}


def test_a_right_to_read_that_lacks_is_a_plan_that_cannot_be_made(sound: House) -> None:
    sound.sandbox.gate.script = Script([Fault("GetFunction", code="AccessDeniedException", message="no", status=403)])
    found = dict(told(remarks(sound, "--role", "plan"), "problem"))
    assert "allow lambda:GetFunction to the credentials of account test" in found["plan"]
    assert "lambda:GetFunction on " in found["rights"]


def test_a_plan_that_is_refused_says_why(sound: House) -> None:
    sound.write("one.yaml", function_spec("one", key="v9.zip"), stock=False)
    wrong = problem(remarks(sound))
    assert wrong["message"].startswith("`reconcile plan` refuses: ")
    assert "s3://artifacts/v9.zip does not exist" in wrong["message"]


def test_who_may_not_ask_iam_is_told_what_is_needed(sound: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(*_: object) -> None:
        raise CallFailed("not for you", code="AccessDenied", request_id="7")

    monkeypatch.setattr(accounts, "decisions", denied)
    ((subject, message),) = told(remarks(sound), "unknown")
    assert subject == "rights"
    assert "IAM does not tell what arn:aws:sts::123456789012:user/moto may" in message
    assert "needed are iam:PassRole, lambda:CreateFunction, lambda:GetFunction, s3:GetObject" in message


def test_a_denial_of_many_functions_is_one_remark() -> None:
    told_of = {Right("lambda:GetFunction", f"arn:{number}"): "denied" for number in range(9)}
    told_of[Right("lambda:CreateAlias")] = "untold"
    denied, untold = accounts.of_rights("test", "me", told_of)  # type: ignore[arg-type]
    assert denied.message == "test: lambda:GetFunction on arn:0, arn:1, arn:2 and 6 more is denied to me; allow it"
    assert (untold.status, untold.message) == (
        "unknown",
        "test: lambda:CreateAlias on * depends on what only the call itself tells",
    )


def test_a_right_that_a_plan_does_without_is_no_problem() -> None:
    (denied,) = accounts.of_rights("test", "me", {Right("cloudtrail:LookupEvents"): "denied"})
    assert denied.status == "unknown"
    assert denied.message.endswith("is denied to me; so `--who` names nobody; allow it where that is wanted")


# --- files ---------------------------------------------------------------------------------------------------------


def test_mistakes_in_specs_are_told_and_accounts_are_asked_all_the_same(sound: House) -> None:
    sound.write("one.yaml", function_spec("one", configuration="Timout: 9"), stock=False)
    found = remarks(sound)
    wrong = problem(found)
    assert (wrong["subject"], wrong["source"]["file"]) == ("specs", "specs/one.yaml")
    assert "account" in dict(told(found, "ok"))


def test_without_a_house_that_is_told(tmp_path: Path) -> None:
    with contextlib.chdir(tmp_path):
        result = reconcile("doctor")
    assert result.exit_code == 21
    assert "problem  specs     reconcile.yaml:1: is missing; write at least" in result.out
    assert "unknown  workflow  no workflow here runs reconcile; `reconcile init` writes one" in result.out


def test_a_rule_that_a_workflow_breaks_is_told_at_its_line(sound: House) -> None:
    workflow(sound, OURS.replace("permissions: {}\n", ""))
    wrong = problem(remarks(sound))
    assert wrong["subject"] == "workflow"
    assert wrong["source"] == {"file": WORKFLOW, "line": 1}
    assert wrong["message"].endswith("(R068)")


def test_another_release_in_the_workflow_is_told(sound: House) -> None:
    workflow(sound, CALLER.replace("# v0.2.0", "# v9.9.9"))
    wrong = problem(remarks(sound))
    assert (
        wrong["message"] == f"runs reconcile 9.9.9, and this is {__version__}; run the same here, or pin this one there"
    )
    assert wrong["source"] == {"file": WORKFLOW, "line": 7}


def test_workflows_of_others_are_not_looked_into(sound: House) -> None:
    workflow(sound, "on: pull_request_target\njobs: {a: {steps: [{run: make}]}}\n", ".github/workflows/others.yml")
    workflow(sound, "no: [yaml\n", ".github/workflows/notes.txt")
    assert {remark["status"] for remark in remarks(sound)} == {"ok"}


@pytest.mark.parametrize("text", ["a: [\n", "- 1\n", "on: push\non: pull_request\n", "x: \x07\n"])
def test_a_workflow_that_cannot_be_read_is_no_problem_of_ours(sound: House, text: str) -> None:
    workflow(sound, text, ".github/workflows/broken.yml")
    assert "problem" not in {remark["status"] for remark in remarks(sound)}


def test_beside_a_workflow_that_cannot_be_read_it_is_said_that_none_runs_us(sound: House) -> None:
    workflow(sound, "a: [\n")
    messages = [message for _, message in told(remarks(sound), "unknown")]
    assert len(messages) == 2
    assert "no workflow here runs reconcile; `reconcile init` writes one" in messages


@pytest.mark.parametrize("name", [".github", ".github/workflows"])
def test_a_folder_of_workflows_that_is_a_link_is_none(sound: House, name: str) -> None:
    elsewhere = sound.root.parent / f"{sound.root.name}-elsewhere"
    shutil.move(sound.root / name, elsewhere)
    (sound.root / name).symlink_to(elsewhere)
    assert ("workflow", "no workflow here runs reconcile; `reconcile init` writes one") in told(
        remarks(sound), "unknown"
    )


def test_a_workflow_that_leads_out_of_the_tree_is_not_read(sound: House) -> None:
    (sound.root / ".github" / "workflows" / "x.yml").symlink_to("/etc/passwd")
    (message,) = [message for _, message in told(remarks(sound), "unknown")]
    assert message.startswith("is a link that leads out of ")


# --- git -----------------------------------------------------------------------------------------------------------


def test_a_head_that_lacks_commits_is_a_problem(sound: House) -> None:
    git(sound.root, "commit", "-q", "--allow-empty", "-m", "two")
    git(sound.root, "push", "-q", "origin", "main")
    git(sound.root, "reset", "-q", "--hard", "HEAD~1")
    assert problem(remarks(sound))["message"] == "HEAD lacks 1 commit of origin/main; git pull, or you plan what was"


def test_a_head_that_is_ahead_is_none(sound: House) -> None:
    git(sound.root, "commit", "-q", "--allow-empty", "-m", "two")
    assert ("git", "HEAD has all commits of origin/main and 1 more") in told(remarks(sound), "ok")


def test_a_shallow_clone_is_a_problem(sound: House, tmp_path: Path) -> None:
    git(sound.root, "commit", "-q", "--allow-empty", "-m", "two")
    git(tmp_path, "clone", "-q", "--depth", "1", f"file://{sound.root}", "shallow")
    shallow = House(tmp_path / "shallow", sound.sandbox)
    assert problem(remarks(shallow))["message"].startswith("this clone is shallow, so no commit is named; fetch")


def test_outside_a_repository_nothing_is_told_of_commits(sound: House) -> None:
    shutil.rmtree(sound.root / ".git")
    (unknown,) = told(remarks(sound), "unknown")
    assert unknown[0] == "git"
    assert "is in no git work tree" in unknown[1]


@pytest.mark.parametrize(
    ("version", "status"),
    [("2.31.0", "ok"), ("2.39.5 (Apple Git-154)", "ok"), ("3.0", "ok"), ("2.30.9", "problem"), ("1.9", "problem")],
)
def test_a_git_that_takes_no_settings_from_the_environment_is_too_old(version: str, status: str) -> None:
    assert of_version(version).status == status


# --- whole programs ------------------------------------------------------------------------------------------------


def test_a_bad_role_is_a_usage_error() -> None:
    result: Result = reconcile("doctor", "--role", "admin")
    assert result.exit_code == 2


def test_foreign_text_is_inert(sound: House) -> None:
    workflow(
        sound, OURS.replace("reconcile:\n", '"x\\n::error::y":\n').replace("write}\n    uses", "write-all}\n    uses")
    )
    workflow(sound, OURS.replace("permissions: {}\n", ""), ".github/workflows/a\n::error::z\x1b[2J.yml")
    result = sound.run("doctor")
    assert result.exit_code == 21
    assert not [line for line in result.out.splitlines() if line.startswith("::") or "\x1b" in line]
    assert json.loads(sound.run("doctor", "--format", "json").out)["exit_code"] == 21
