"""`reconcile ci` in a job of GitHub Actions and outside one: annotations, summary, outputs, the plan's file, exit codes."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.apply.houses import commit, house_of
from tests.conftest import House, function_spec


@pytest.fixture
def opened_request(house: House, monkeypatch: pytest.MonkeyPatch) -> House:
    """A function that lives at the base, and the job of a pull request that changes it."""
    house_of(house)
    subprocess.run(["git", "init", "-q", "-b", "main"], cwd=house.root, check=True)
    (house.root / ".gitignore").write_text("reports/\nplan.json\njob/\n")
    house.write("one.yaml", function_spec("one"))
    house.apply()
    base = commit(house.root, "what lives")
    house.write("one.yaml", function_spec("one", configuration="Timeout: 9"))
    commit(house.root, "more time")
    job = house.root / "job"
    job.mkdir()
    head = {"sha": "c" * 40, "repo": {"full_name": "acme/shop"}}
    event = {"pull_request": {"number": 12, "base": {"sha": base}, "head": head}}
    (job / "event.json").write_text(json.dumps(event))
    for name, value in {
        "GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": "pull_request", "GITHUB_REPOSITORY": "acme/shop",
        "GITHUB_EVENT_PATH": str(job / "event.json"), "GITHUB_OUTPUT": str(job / "output"),
        "GITHUB_STEP_SUMMARY": str(job / "summary"),
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    house.sandbox.requests.clear()
    return house


def handed_on(house: House) -> dict[str, str]:
    text = (house.root / "job" / "output").read_text()
    return {name: value for name, _, value in re.findall(r"(\w+)<<(end-\w+)\n(.*?)\n\2\n", text, re.DOTALL)}


def summary(house: House) -> str:
    return (house.root / "job" / "summary").read_text()


def commands(out: str) -> list[str]:
    return [line for line in out.splitlines() if line.startswith("::")]


def test_a_plan_is_told_at_its_lines_in_the_summary_and_to_later_steps(opened_request: House) -> None:
    result = opened_request.run("ci", "plan")
    assert result.exit_code == 0, result.err
    (notice,) = commands(result.out)
    assert notice == ("::notice file=specs/one.yaml,line=8::configuration.Timeout: 3 → 9 in AWS (test/us-west-2/one)")
    assert "test/us-west-2/one" in summary(opened_request)
    document = json.loads((opened_request.root / "plan.json").read_text())
    values = handed_on(opened_request)
    assert values == {
        "changed": "true", "creates": "0", "updates": "1", "deletes": "0", "refused": "0", "digest": document["digest"]
    }  # fmt: skip
    assert document["targets"][0]["actions"][0]["cause"] == "edit"
    assert opened_request.writes() == []


def test_what_defaults_say_is_told_at_their_lines(opened_request: House) -> None:
    defaults = "defaults: ours\n\nconfiguration:\n  Timeout: 9\n"
    opened_request.write("defaults/ours.yaml", defaults, stock=False)
    opened_request.write("one.yaml", "extends: defaults/ours.yaml\n" + function_spec("one"))
    result = opened_request.run("ci", "plan")
    assert commands(result.out) == [
        "::notice file=specs/defaults/ours.yaml,line=4::configuration.Timeout: 3 → 9 in AWS (test/us-west-2/one)"
    ]
    opened_request.write("defaults/ours.yaml", defaults.replace("9", "9999"), stock=False)
    opened_request.write("two.yaml", "extends: defaults/ours.yaml\n" + function_spec("two"), stock=False)
    for verb in ("validate", "plan"):
        (error,) = commands(opened_request.run("ci", verb).out)
        assert error.startswith("::error file=specs/defaults/ours.yaml,line=4,col=12::")
        assert "in 2 specs: specs/one.yaml, specs/two.yaml" in error


def test_mistakes_stand_at_their_lines_and_end_as_validate_does(opened_request: House) -> None:
    text = function_spec("one", configuration="Timeout: 9").replace("Timeout: 9", "Timeout: 9999\n  MemorySize: 1")
    opened_request.write("one.yaml", text)
    for verb in ("validate", "plan"):
        result = opened_request.run("ci", verb)
        assert result.exit_code == 20
        assert [line.split("::")[1] for line in commands(result.out)] == [
            "error file=specs/one.yaml,line=8,col=12", "error file=specs/one.yaml,line=9,col=15"
        ]  # fmt: skip
    assert "### 🔴 Invalid: 2 mistakes in 1 file" in summary(opened_request)


def test_a_refusal_is_an_error_at_its_line_and_ends_with_21(opened_request: House) -> None:
    opened_request.write("one.yaml", function_spec("one", extra="aliases: {live: {FunctionVersion: '7'}}\n"))
    result = opened_request.run("ci", "plan")
    assert result.exit_code == 21
    assert any(line.startswith("::error file=specs/one.yaml,line=") for line in commands(result.out))
    assert handed_on(opened_request)["refused"] == "1"


def test_what_ends_the_run_is_told_as_well(opened_request: House, monkeypatch: pytest.MonkeyPatch) -> None:
    event = json.loads(Path(opened_request.root / "job" / "event.json").read_text())
    event["pull_request"]["base"]["sha"] = "d" * 40
    (opened_request.root / "job" / "event.json").write_text(json.dumps(event))
    result = opened_request.run("ci", "plan")
    assert result.exit_code == 2
    assert commands(result.out)[0].startswith("::error::")
    assert "### 🔴 Not begun" in summary(opened_request)


def test_no_text_of_a_spec_becomes_a_command(opened_request: House) -> None:
    hostile = "x\n::error::theirs\n##[add-mask]x%0A::stop-commands::y"
    spec: Any = function_spec(
        "one", configuration=f"Description: {json.dumps(hostile)}", extra="tags: {'::error::k': '##[x]'}\n"
    )
    opened_request.write("one.yaml", spec)
    result = opened_request.run("ci", "plan")
    assert all(line.startswith("::notice file=specs/one.yaml,") for line in commands(result.out))
    assert "##[" not in result.out


def test_outside_actions_it_says_what_it_would_do(opened_request: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GITHUB_ACTIONS")
    result = opened_request.run("ci", "plan")
    assert result.exit_code == 0
    assert commands(result.out) == []
    assert "would annotate: notice file=specs/one.yaml,line=8" in result.err
    assert "would hand on: changed=true" in result.err
    assert not (opened_request.root / "job" / "summary").exists()


@pytest.mark.parametrize("text", ["", "[]", "{", "\xff"])
def test_an_event_that_cannot_be_read_is_told(opened_request: House, text: str) -> None:
    (opened_request.root / "job" / "event.json").write_bytes(text.encode("latin-1"))
    result = opened_request.run("ci", "validate")
    assert (result.exit_code, "event.json" in result.err, "Traceback" in result.err) == (2, True, False)


# --- what is checked out ---------------------------------------------------------------------------------------------


def git(house: House, *words: str) -> str:
    command = ["git", "-c", "user.name=Ada", "-c", "user.email=ada@example.com", *words]
    return subprocess.run(command, cwd=house.root, check=True, capture_output=True, text=True).stdout.strip()


def main_moves_on(house: House, request: str) -> None:
    """Main raises the memory, which is applied; the event of the pull request still names the base of before."""
    git(house, "branch", request)
    git(house, "reset", "-q", "--hard", "HEAD~1")
    house.write("one.yaml", function_spec("one", configuration="MemorySize: 512"))
    commit(house.root, "more memory")
    house.apply()
    git(house, "checkout", "-q", request)
    event = json.loads((house.root / "job" / "event.json").read_text())
    event["pull_request"]["head"]["sha"] = git(house, "rev-parse", request)
    (house.root / "job" / "event.json").write_text(json.dumps(event))


def causes(house: House) -> dict[str, str]:
    plan = json.loads((house.root / "plan.json").read_text())
    fields = [field for target in plan["targets"] for action in target["actions"] for field in action["fields"]]
    return {field["path"].rpartition("/")[2]: field["cause"] for field in fields}


def test_of_the_merge_that_github_made_only_the_change_is_an_edit(opened_request: House) -> None:
    main_moves_on(opened_request, "change")
    git(opened_request, "checkout", "-q", "--detach", "main")
    git(opened_request, "merge", "-q", "--no-ff", "--no-commit", "-X", "ours", "change")
    opened_request.write("one.yaml", function_spec("one", configuration="Timeout: 9\nMemorySize: 512"))
    commit(opened_request.root, "Merge change into main")
    result = opened_request.run("ci", "plan")
    assert result.exit_code == 0, result.err
    assert causes(opened_request) == {"Timeout": "edit"}
    assert [line.partition(" ")[0] for line in commands(result.out)] == ["::notice"]


def test_a_head_that_lacks_commits_of_its_base_is_warned_and_takes_nothing_back(opened_request: House) -> None:
    main_moves_on(opened_request, "change")
    event = json.loads((opened_request.root / "job" / "event.json").read_text())
    event["pull_request"]["base"]["sha"] = git(opened_request, "rev-parse", "main")
    (opened_request.root / "job" / "event.json").write_text(json.dumps(event))
    result = opened_request.run("ci", "plan")
    assert result.exit_code == 0, result.err
    assert causes(opened_request) == {"Timeout": "edit", "MemorySize": "behind"}
    (warning,) = [line for line in commands(result.out) if line.startswith("::warning")]
    assert "this branch lacks 1 commit of " in warning
    assert any(
        "MemorySize: 512 → 128 in AWS, which only this branch's age does" in line for line in commands(result.out)
    )
    assert "> **Behind its base**" in summary(opened_request)


def test_a_merge_that_somebody_else_made_is_compared_with_the_base_of_the_event(opened_request: House) -> None:
    main_moves_on(opened_request, "change")
    git(opened_request, "merge", "-q", "-X", "ours", "main", "-m", "main")
    result = opened_request.run("ci", "plan")
    assert result.exit_code == 0, result.err
    assert causes(opened_request)["Timeout"] == "edit"
