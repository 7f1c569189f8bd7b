"""References to SSM, Secrets Manager and the target itself: resolved at apply, shown as they are written."""

from __future__ import annotations

import json

import pytest

from tests.conftest import House, function_spec

REFERENCES = """Environment:
  Variables:
    TOKEN: "{{ ssm('/shop/token') }}"
    PASSWORD: "{{ secret('shop/password') }}"
    WHERE: "{{ account.name }}-{{ region }}-{{ function }}-{{ account.id }}"
"""


def test_references_are_resolved_at_apply_and_shown_as_written(house: House) -> None:
    house.sandbox.clients.get("ssm", "123456789012", "us-west-2").put_parameter(
        Name="/shop/token", Value="sentinel-token", Type="SecureString"
    )
    secrets = house.sandbox.clients.get("secretsmanager", "123456789012", "us-west-2")
    secrets.create_secret(Name="shop/password", SecretString="sentinel-password")
    house.write("one.yaml", function_spec("one", configuration=REFERENCES))
    plan = house.run("plan", "-o", "plan.json")
    assert "{{ ssm('/shop/token') }}" in plan.out
    assert house.apply("--approved", "plan.json")["outcome"]["exit_code"] == 0
    variables = house.lambda_.get_function_configuration(FunctionName="one")["Environment"]["Variables"]
    assert variables == {
        "TOKEN": "sentinel-token",
        "PASSWORD": "sentinel-password",
        "WHERE": "test-us-west-2-one-123456789012",
    }
    assert house.verbs() == {}
    house.run("snapshot", "-o", "live.json")
    assert house.verbs("--snapshot", "live.json") == {}
    files = [path.read_text() for path in house.root.rglob("*.json*")]
    assert "sentinel" not in plan.out + plan.err + "".join(files)


def test_a_reference_to_nothing_is_told_at_its_line(house: House) -> None:
    house.write("one.yaml", function_spec("one", configuration=REFERENCES), stock=False)
    result = house.run("plan")
    assert result.exit_code == 21
    assert "specs/one.yaml:10: test/us-west-2/one: ssm('/shop/token') cannot be read: ParameterNotFound" in result.out


@pytest.mark.parametrize(
    "bad",
    [
        "{{ ''.__class__.__mro__ }}",
        "{{ ssm(region) }}",
        "{{ ssm('/a', 'b') }}",
        "{{ config }}",
        "{{ 'a' * 10000000 }}",
        "{% for x in range(9) %}a{% endfor %}",
        "{{ ssm('/a')|upper }}",
        "{{ account['id'] }}",
        "{{ unclosed",
        "{% include '/etc/passwd' %}",
    ],
)
def test_anything_else_between_the_braces_is_refused(house: House, bad: str) -> None:
    house.write(
        "one.yaml",
        function_spec("one", configuration=f"Environment: {{Variables: {{TOKEN: {json.dumps(bad)}}}}}"),
        stock=False,
    )
    result = house.run("validate")
    assert result.exit_code == 20
    assert "specs/one.yaml:8:" in result.err


def test_what_specs_refer_to_is_in_the_sandbox(house: House) -> None:
    """A parameter by its version too, a secret, and keys of one."""
    variables = (
        "Environment: {Variables: {AA: \"{{ ssm('/shop/token') }}\", BB: \"{{ ssm('/shop/token:1') }}\", "
        "CC: \"{{ secret('shop/password') }}\", DD: \"{{ secret('shop/keys', 'user') }}-{{ secret('shop/keys', 'key') }}\"}}"
    )
    house.write("one.yaml", function_spec("one", configuration=variables))
    house.apply()
    held = house.lambda_.get_function(FunctionName="one")["Configuration"]["Environment"]["Variables"]
    assert held == {
        "AA": "stand-in for /shop/token", "BB": "stand-in for /shop/token", "CC": "stand-in for shop/password",
        "DD": "stand-in for user of shop/keys-stand-in for key of shop/keys",
    }  # fmt: skip
    assert house.verbs() == {}
