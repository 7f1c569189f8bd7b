"""A sentinel in an environment variable reaches no output, no file and no error of any command."""

from __future__ import annotations

import time

import pytest

from reconciler.sandbox.faults import Fault, Script
from tests.conftest import House, function_spec

SENTINEL = "sentinel-5f1d9a"


def everything(house: House, *results: object) -> str:
    files = [
        path.read_text(errors="replace")
        for path in house.root.rglob("*")
        if path.is_file() and "specs" not in path.parts
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


def test_aws_echoing_the_environment_is_scrubbed(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "sleep", lambda _: None)
    house.write("checkout.yaml", function_spec(configuration=f"Environment: {{Variables: {{TOKEN: {SENTINEL}}}}}"))
    echo = f"exceeded the 4KB limit. String measured: {{TOKEN: {SENTINEL}}}"
    house.sandbox.gate.script = Script([Fault("CreateFunction", code="InvalidParameterValueException", message=echo)])
    result = house.run("apply", "--yes")
    assert result.exit_code == 25
    assert "String measured" in result.out
    assert SENTINEL not in everything(house, result)
