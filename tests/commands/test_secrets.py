"""A sentinel in an environment variable reaches no output, no file and no error of any command."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Mapping
from typing import Any

import pytest

from reconciler.sandbox.around.faults import Fault, Script
from tests.conftest import House, function_spec

SENTINEL = "sentinel-5f1d9a"


def everything(house: House, *results: object) -> str:
    files = [
        path.read_text(errors="replace")
        for path in house.root.rglob("*")
        if path.is_file() and not {"specs", ".git"} & set(path.parts)
    ]
    return "\n".join([*map(str, results), *files])


def test_a_sentinel_reaches_no_output_of_any_command(house: House) -> None:
    spec = function_spec(configuration=f"Environment: {{Variables: {{TOKEN: {SENTINEL}}}}}", extra="publish: true\n")
    house.write("checkout.yaml", spec)
    results = [
        house.run("validate"),
        house.run("plan", "-o", "plan.json"),
        house.run("plan", "--format", "json"),
        house.run("plan", "--format", "markdown"),
        house.run("apply", "--yes"),
        house.run("snapshot", "-o", "snapshot.json"),
        house.run("functions"),
        house.run("show"),
        house.run("show", "--format", "json"),
        house.run("tasks", "--format", "json"),
    ]
    house.write("checkout.yaml", spec.replace(SENTINEL, f"{SENTINEL}-2"))
    results += [house.run("plan"), house.run("plan", "--snapshot", "snapshot.json"), house.run("apply", "--yes")]
    assert SENTINEL not in everything(house, *results)
    assert SENTINEL not in str([request.params for request in house.sandbox.requests])
    assert (
        house.lambda_.get_function_configuration(FunctionName="checkout")["Environment"]["Variables"]["TOKEN"]
        == f"{SENTINEL}-2"
    )


@pytest.mark.parametrize(
    "bad",
    [
        f"Environment: {{Variables: {{TOKEN: [{SENTINEL}]}}}}",
        f"Environment: {{Variables: {{1BAD: {SENTINEL}}}}}",
        f"Environment: {{Variables: {{AWS_REGION: {SENTINEL}}}}}",
        f"Environment: {{Variables: {{TOKEN: {SENTINEL}{'x' * 5000}}}}}",
        f"Environment: {SENTINEL}",
    ],
    ids=["list", "bad name", "reserved", "too large", "not a map"],
)
def test_a_sentinel_reaches_no_message_about_a_bad_spec(house: House, bad: str) -> None:
    house.write("checkout.yaml", function_spec(configuration=bad), stock=False)
    result = house.run("validate")
    assert result.exit_code == 20
    assert SENTINEL not in result.err + result.out
    house.write("checkout.yaml", function_spec(extra="extends: defaults.yaml\n"), stock=False)
    for extended in (bad, f"Environment: {{Variables: {{TOKEN={SENTINEL}: null}}}}"):
        house.write("defaults.yaml", f"defaults: d\nconfiguration:\n  {extended}\n", stock=False)
        told = house.run("validate")
        assert (told.exit_code, "specs/defaults.yaml:3:" in told.err) == (20, True), told.err
        assert SENTINEL not in told.err + told.out


def test_aws_echoing_the_environment_is_scrubbed(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "sleep", lambda _: None)
    house.write("checkout.yaml", function_spec(configuration=f"Environment: {{Variables: {{TOKEN: {SENTINEL}}}}}"))
    echo = f"exceeded the 4KB limit. String measured: {{TOKEN: {SENTINEL}}}"
    house.sandbox.gate.script = Script([Fault("CreateFunction", code="InvalidParameterValueException", message=echo)])
    result = house.run("apply", "--yes")
    assert result.exit_code == 25
    assert "String measured" in result.out
    assert SENTINEL not in everything(house, result)


PARTLY: dict[str, tuple[str, str]] = {
    "beside a fact": (f"postgres://u:{SENTINEL}@h/{{{{ function }}}}", "(sensitive, with {{ function }})"),
    "beside a lookup": (f"{SENTINEL}{{{{ ssm('/a') }}}}", "(sensitive, with {{ ssm('/a') }})"),
    "between two": (
        f"{{{{ ssm('/a') }}}}{SENTINEL}{{{{ region }}}}{{{{ ssm('/a') }}}}",
        "(sensitive, with {{ ssm('/a') }}, {{ region }})",
    ),
    "in quotes": (f"{{{{ '{SENTINEL}' }}}}", "(sensitive)"),
    "in quotes beside a lookup": (f"{{{{ ssm('/a') }}}}{{{{ '{SENTINEL}' }}}}", "(sensitive, with {{ ssm('/a') }})"),
}


def shown(plan: Mapping[str, Any], name: str = "TOKEN") -> Any:
    fields = [one for target in plan["targets"] for action in target["actions"] for one in action["fields"]]
    return next(one for one in fields if one["path"].endswith(f"/{name}"))


@pytest.mark.parametrize(("text", "told"), PARTLY.values(), ids=PARTLY)
def test_what_stands_beside_a_reference_is_never_shown(house: House, text: str, told: str) -> None:
    house.sandbox.clients.get("ssm", "123456789012", "us-west-2").put_parameter(Name="/a", Value="of /a", Type="String")
    house.write("checkout.yaml", function_spec())
    house.apply()
    house.run("snapshot", "-o", "live.json")
    house.write(
        "checkout.yaml", function_spec(configuration=f"Environment: {{Variables: {{TOKEN: {json.dumps(text)}}}}}")
    )
    git = ["git", "-c", "user.name=Ada", "-c", "user.email=ada@example.com"]
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "first"]):
        subprocess.run([*git, *command], cwd=house.root, check=True)
    plan = house.plan("-o", "plan.json")
    assert shown(plan)["after"] == told
    assert shown(plan)["sensitive"]
    assert house.plan("--snapshot", "live.json")["targets"] == plan["targets"]
    for form in ("text", "markdown"):
        result = house.run("plan", "--format", form, "--base", "HEAD")
        assert told in result.out.replace("&#39;", "'")
        assert f'"{told}"' not in result.out
        assert SENTINEL not in everything(house, result)
    assert house.apply("--approved", "plan.json")["outcome"]["exit_code"] == 0
    assert SENTINEL not in everything(house, house.run("tasks", "--format", "json"))
    assert house.verbs() == {}


def test_nothing_but_references_is_shown_as_it_is_written(house: House) -> None:
    house.write(
        "checkout.yaml", function_spec(configuration='Environment: {Variables: {TOKEN: "{{ region }}{{ function }}"}}')
    )
    assert shown(house.plan())["after"] == "{{ region }}{{ function }}"


def test_another_text_beside_the_same_reference_is_not_what_was_approved(house: House) -> None:
    value = 'Environment: {{Variables: {{TOKEN: "{}{{{{ region }}}}"}}}}'
    house.write("checkout.yaml", function_spec(configuration=value.format("one")))
    house.run("plan", "-o", "plan.json")
    house.write("checkout.yaml", function_spec(configuration=value.format("two")))
    assert house.run("apply", "--yes", "--approved", "plan.json").exit_code == 23


def test_a_rotated_parameter_beside_a_text_is_applied_without_a_new_review(house: House) -> None:
    ssm = house.sandbox.clients.get("ssm", "123456789012", "us-west-2")
    ssm.put_parameter(Name="/a", Value="first", Type="String")
    house.write("checkout.yaml", function_spec(configuration="Environment: {Variables: {TOKEN: \"x{{ ssm('/a') }}\"}}"))
    house.run("plan", "-o", "plan.json")
    ssm.put_parameter(Name="/a", Value="second", Type="String", Overwrite=True)
    assert house.run("apply", "--yes", "--approved", "plan.json").exit_code == 0
    live = house.lambda_.get_function_configuration(FunctionName="checkout")["Environment"]["Variables"]
    assert live == {"TOKEN": "xsecond"}
