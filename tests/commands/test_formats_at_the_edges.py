"""`--format` of every command, and of every way to end: by the flag or by its variable, on success and on failure."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from reconciler.commands.options import form_wanted
from reconciler.report import formats
from tests.conftest import CONFIG, House, function_spec

LIVE = "publish: true\naliases: {live: {FunctionVersion: published}}\n"
ABSENT = "function: checkout\naccount: test\nregion: us-west-2\nstate: absent\n"


def invalid(house: House) -> list[str]:
    house.write("checkout.yaml", function_spec(configuration="Timout: 30"), stock=False)
    return ["plan"]


def unsafe(house: House) -> list[str]:
    house.write("checkout.yaml", function_spec())
    return ["plan", "--prune"]


def guarded(house: House) -> list[str]:
    house.write("checkout.yaml", function_spec())
    house.apply()
    house.write("reconcile.yaml", CONFIG + "guards: {maxDeletes: 0}\n", stock=False)
    house.write("checkout.yaml", ABSENT)
    return ["apply", "--yes"]


def stale(house: House) -> list[str]:
    house.write("checkout.yaml", function_spec())
    house.run("plan", "-o", "plan.json")
    house.write("reconcile.yaml", CONFIG + "managedBy: another\n", stock=False)
    return ["apply", "--yes", "--approved", "plan.json"]


def denied(house: House) -> list[str]:
    house.write("reconcile.yaml", CONFIG.replace("{name: test,", "{name: test, profile: nobody,"), stock=False)
    house.write("checkout.yaml", function_spec(), stock=False)
    return ["plan"]


def elsewhere(house: House) -> list[str]:
    house.write("checkout.yaml", function_spec())
    return ["plan", "--base", "main"]


ENDINGS: dict[str, tuple[Callable[[House], list[str]], int, str, str]] = {
    "invalid": (
        invalid,
        20,
        "### 🔴 Invalid: 1 mistake in 1 file; nothing was planned",
        "specs/checkout&#46;yaml:8:3 ",
    ),
    "unsafe": (unsafe, 21, "### 🔴 Refused", "write managedBy"),
    "guarded": (guarded, 21, "### 🔴 Refused", "the plan deletes or replaces 1"),
    "stale": (stale, 23, "### 🔴 Stale: this is not what was seen or approved", "is not what was approved"),
    "denied": (denied, 26, "### 🔴 AWS or the credentials said no", "account test: "),
    "no history": (elsewhere, 2, "### 🔴 Not begun: this cannot be done as it was asked", "git"),
}


@pytest.mark.parametrize("way", ["flag", "variable"])
@pytest.mark.parametrize("ending", ENDINGS)
def test_a_command_that_fails_says_why_in_markdown(
    house: House, monkeypatch: pytest.MonkeyPatch, ending: str, way: str
) -> None:
    prepared, code, verdict, told = ENDINGS[ending]
    arguments = prepared(house)
    if way == "variable":
        monkeypatch.setenv(f"RECONCILE_{arguments[0].upper()}_FORMAT", "markdown")
    result = house.run(*arguments, *(["--format", "markdown"] if way == "flag" else []))
    assert result.exit_code == code, result.err
    assert result.out.splitlines()[0] == verdict
    assert told in result.out
    assert f"exit code {code}" in result.out


def test_mistakes_in_files_stand_in_json_with_their_places(house: House) -> None:
    found = house.run(*invalid(house), "--format", "json").json()
    (fault,) = found["faults"]
    assert (fault["file"], fault["line"], fault["column"]) == ("specs/checkout.yaml", 8, 3)
    assert found["messages"] == [f"specs/checkout.yaml:8:3: {fault['message']}"]


def test_in_actions_a_mistake_leads_to_its_line(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_SERVER_URL", "https://github.com")
    monkeypatch.setenv("GITHUB_REPOSITORY", "o/r")
    monkeypatch.setenv("GITHUB_SHA", "a" * 40)
    monkeypatch.setenv("GITHUB_WORKSPACE", str(house.root.parent))
    monkeypatch.setenv("GITHUB_RUN_ID", "17")
    out = house.run(*invalid(house), "--format", "markdown").out
    folder = house.root.name
    assert f"(<https://github.com/o/r/blob/{'a' * 40}/{folder}/specs/checkout.yaml#L8>)" in out
    assert "[run](<https://github.com/o/r/actions/runs/17>)" in out


@pytest.mark.parametrize("repository", ["", "o", "o/r)<x>", "o/r\n"])
def test_what_is_no_repository_leads_nowhere(house: House, monkeypatch: pytest.MonkeyPatch, repository: str) -> None:
    monkeypatch.setenv("GITHUB_SERVER_URL", "https://github.com")
    monkeypatch.setenv("GITHUB_REPOSITORY", repository)
    monkeypatch.setenv("GITHUB_SHA", "a" * 40)
    assert "github" not in house.run(*invalid(house), "--format", "markdown").out


@pytest.mark.parametrize(
    ("line", "variables", "form"),
    [
        ("plan --format json", {}, "json"),
        ("plan --format=markdown specs", {"RECONCILE_PLAN_FORMAT": "json"}, "markdown"),
        ("plan --format json --format text", {}, "text"),
        ("plan", {"RECONCILE_PLAN_FORMAT": "json", "RECONCILE_APPLY_FORMAT": "text"}, "json"),
        ("plan", {}, ""),
        ("", {}, ""),
    ],
)
def test_the_format_is_known_before_the_command_line_is(line: str, variables: dict[str, str], form: str) -> None:
    assert form_wanted(line.split(), variables) == form


@pytest.mark.parametrize("form", formats.NAMES)
def test_every_command_takes_every_format(house: House, form: str) -> None:
    house.write("checkout.yaml", function_spec(extra=LIVE))
    for arguments, told in (
        (["validate"], "1 spec valid"),
        (["plan"], "checkout"),
        (["apply", "--yes"], "succeeded"),
        (["functions"], "checkout"),
        (["invoke", "checkout"], "200"),
    ):
        result = house.run(*arguments, "--format", form)
        if form == "sarif" and arguments[0] in ("functions", "invoke"):
            assert result.exit_code == 2  # they find nothing
            continue
        assert result.exit_code == 0, result.err
        if form in ("json", "sarif"):
            assert result.json()
        else:
            assert told in result.out, arguments
        assert result.out.startswith("### ") == (form == "markdown")


def test_beside_a_report_in_json_the_plan_is_in_the_log(house: House) -> None:
    house.write("checkout.yaml", function_spec())
    result = house.run("apply", "--yes", "--format", "json")
    assert result.json()["kind"] == "report"
    assert "Plan: 1 to create" in result.err


def test_warnings_stand_in_every_format_of_a_validation(house: House) -> None:
    house.write("checkout.yaml", function_spec().replace("python3.13", "python3.8"))
    (warning,) = house.run("validate", "--format", "json").json()["warnings"]
    assert warning["source"] == {"file": "specs/checkout.yaml", "line": 5}
    out = house.run("validate", "--format", "markdown").out
    assert out.splitlines()[0] == "### 🟡 1 spec valid, 1 target, 1 warning"
    assert "specs/checkout&#46;yaml:5 " in out


def test_a_function_that_fails_is_told_in_markdown(house: House) -> None:
    from reconciler.sandbox.around.faults import Fault, Script

    house.write("checkout.yaml", function_spec(extra=LIVE))
    house.sandbox.gate.script = Script([Fault("CreateAlias", code="AccessDeniedException", status=403, message="| no")])
    result = house.run("apply", "--yes", "--format", "markdown")
    assert result.exit_code == 25
    assert result.out.splitlines()[0] == "### 🔴 Apply failed: 0 of 1 function done"
    assert "| 🔴 | <b>checkout</b><br>" in result.out
    assert " at alias/live: AccessDeniedException: " in result.out
    assert "&#124; no" in result.out
