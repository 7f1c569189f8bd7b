"""References to SSM and Secrets Manager: how they are read, and what becomes of a target whose values cannot be."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from reconciler.aws import client as seam
from reconciler.aws.client import Answer, Aws
from reconciler.core.accounts import Account
from reconciler.core.errors import CallFailed
from reconciler.core.model import Desired, Key, Spec, Target
from reconciler.core.place import Place
from reconciler.spec.lookups import with_values
from tests.conftest import ACCOUNT, CONFIG, REGION, House, function_spec

TARGET = Target("test", REGION, "one")


def variables(**texts: str) -> str:
    return f"Environment: {{Variables: {json.dumps(texts)}}}"


def put(house: House, *names: str, region: str = REGION) -> None:
    for name in names:
        house.sandbox.clients.get("ssm", ACCOUNT, region).put_parameter(
            Name=name, Value=f"of {name}", Type="SecureString"
        )


def keep(house: House, name: str, **value: Any) -> None:
    house.sandbox.clients.get("secretsmanager", ACCOUNT, REGION).create_secret(Name=name, **value)


def live(house: House, name: str = "one") -> dict[str, str]:
    found: dict[str, str] = house.lambda_.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    return found


@dataclass
class Watch:
    """What is asked of SSM and Secrets Manager; `deny` says what to answer instead."""

    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    deny: Callable[[str, Mapping[str, Any]], str | None] = lambda *_: None

    @property
    def counts(self) -> Counter[str]:
        return Counter(name for name, _ in self.asked)


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    seen, real = Watch(), Aws._attempt

    def attempt(self: Aws, place: Place, operation: str, params: Any, api: str) -> Answer:
        if api in ("ssm", "secretsmanager"):
            seen.asked.append((operation, dict(params)))
            code = seen.deny(operation, params)
            if code:
                raise CallFailed("not for you", code=code)
        return real(self, place, operation, params, api)

    monkeypatch.setattr(seam.Aws, "_attempt", attempt)
    return seen


def test_parameters_are_read_ten_a_call_and_each_once(house: House, watch: Watch) -> None:
    names = [f"/p/{number}" for number in range(25)]
    put(house, *names)
    for number in range(4):
        texts = {f"V{index}": f"{{{{ ssm('{name}') }}}}" for index, name in enumerate(names)}
        house.write(f"f{number}.yaml", function_spec(f"f{number}", configuration=variables(**texts)), stock=number == 3)
    assert house.run("plan").exit_code == 0
    assert watch.counts == {"GetParameters": 3}
    assert all(params["WithDecryption"] for _, params in watch.asked)


def test_a_secret_is_read_once_for_all_its_keys(house: House, watch: Watch) -> None:
    keep(house, "db", SecretString=json.dumps({"user": "ada", "password": "s3cret"}))
    texts = variables(AA="{{ secret('db', 'user') }}", BB="{{ secret('db', 'password') }}", CC="{{ secret('db') }}")
    house.write("one.yaml", function_spec("one", configuration=texts))
    assert house.apply()["outcome"]["exit_code"] == 0
    assert (live(house)["AA"], live(house)["BB"]) == ("ada", "s3cret")
    assert live(house)["CC"].startswith("{")
    assert watch.counts == {"GetSecretValue": 1}
    plan = house.run("plan", "--format", "json")
    assert "s3cret" not in plan.out
    assert house.verbs() == {}


def test_secrets_and_places_are_read_side_by_side(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.write("reconcile.yaml", CONFIG.replace("[us-west-2]", "[us-west-2, eu-west-1]"), stock=False)
    both = threading.Barrier(3, timeout=5)
    real = Aws._attempt

    def attempt(self: Aws, place: Place, operation: str, params: Any, api: str) -> Answer:
        if api in ("ssm", "secretsmanager"):
            both.wait()
        return real(self, place, operation, params, api)

    for region in (REGION, "eu-west-1"):
        put(house, "/a", region=region)
    keep(house, "s", SecretString="x")
    house.write("one.yaml", function_spec("one", configuration=variables(AA="{{ ssm('/a') }}", BB="{{ secret('s') }}")))
    other = function_spec("two", configuration=variables(AA="{{ ssm('/a') }}")).replace(REGION, "eu-west-1", 1)
    house.write("two.yaml", other)
    monkeypatch.setattr(seam.Aws, "_attempt", attempt)
    assert house.run("plan").exit_code == 0


MISTAKES: dict[str, tuple[str, dict[str, Any], str]] = {
    "a binary secret": ("secret('s')", {"SecretBinary": b"\0\1"}, "is binary; an environment value is text"),
    "a key of a binary secret": ("secret('s', 'k')", {"SecretBinary": b"\0\1"}, "is binary"),
    "a key of a text": (
        "secret('s', 'k')",
        {"SecretString": "hunter2"},
        "has no keys, for the secret is no JSON object",
    ),
    "a key of a list": ("secret('s', 'k')", {"SecretString": '["hunter2"]'}, "has no keys, for the secret is no JSON"),
    "a key that is not there": (
        "secret('s', 'k')",
        {"SecretString": '{"hunter2": "x"}'},
        "is not there: the secret has no such key",
    ),
    "a number": ("secret('s', 'k')", {"SecretString": '{"k": 5432}'}, "is a number; an environment value is text"),
    "a map": ("secret('s', 'k')", {"SecretString": '{"k": {"hunter2": 1}}'}, "is a map; an environment value is text"),
    "nothing": ("secret('s', 'k')", {"SecretString": '{"k": null}'}, "is empty; an environment value is text"),
    "a nest": ("secret('s', 'k')", {"SecretString": "[" * 60_000}, "has no keys"),
}


@pytest.mark.parametrize(("written", "value", "told"), MISTAKES.values(), ids=MISTAKES)
def test_a_reference_that_does_not_fit_its_secret_is_told_at_its_line(
    house: House, written: str, value: dict[str, Any], told: str
) -> None:
    keep(house, "s", **value)
    house.write(
        "one.yaml", function_spec("one", configuration=variables(AA="x", BB=f"{{{{ {written} }}}}")), stock=False
    )
    result = house.run("plan")
    assert result.exit_code == 20
    assert f"specs/one.yaml:8:40: {written} {told}" in result.err
    assert result.err.splitlines()[0].endswith(" (R021)")
    assert not any(text in result.err + result.out for text in ("hunter2", "5432"))


def test_what_cannot_be_read_refuses_its_target_and_no_other(house: House, watch: Watch) -> None:
    put(house, "/here", "/shut")
    watch.deny = lambda name, params: "AccessDeniedException" if "/shut" in str(params) else None
    for name, path in (("open", "/here"), ("lost", "/gone"), ("shut", "/shut")):
        spec = function_spec(name, configuration=variables(AA=f"{{{{ ssm('{path}') }}}}"))
        house.write(f"{name}.yaml", spec, stock=name == "open")
    told = {note["address"]: note for note in house.plan()["diagnostics"]}
    assert sorted(told) == ["test/us-west-2/lost", "test/us-west-2/shut"]
    lost, shut = told["test/us-west-2/lost"], told["test/us-west-2/shut"]
    assert lost["message"] == (
        "test/us-west-2/lost: ssm('/gone') cannot be read: ParameterNotFound: Parameter /gone not found.; create it in test/us-west-2, or correct the reference (R203)"
    )
    assert (
        "AccessDeniedException: not for you; allow ssm:GetParameters to the credentials of account test"
        in shut["message"]
    )
    assert shut["source"] == {"file": "specs/shut.yaml", "line": 8}
    assert house.apply()["outcome"] == {"status": "partial", "exit_code": 21}
    assert live(house, "open") == {"AA": "of /here"}


def test_a_role_that_may_only_read_one_by_one_is_enough(house: House, watch: Watch) -> None:
    put(house, "/a", "/b")
    watch.deny = lambda name, _: "AccessDeniedException" if name == "GetParameters" else None
    house.write("one.yaml", function_spec("one", configuration=variables(AA="{{ ssm('/a') }}", BB="{{ ssm('/b') }}")))
    assert house.apply()["outcome"]["exit_code"] == 0
    assert watch.counts == {"GetParameters": 1, "GetParameter": 2}


def test_a_function_that_must_go_wants_no_values(house: House, watch: Watch) -> None:
    text = function_spec("one", configuration=variables(AA="{{ ssm('/gone') }}"))
    house.write("one.yaml", text + "state: absent\n")
    assert house.run("plan").exit_code == 0
    assert watch.asked == []


def name_of(one: Mapping[str, str]) -> str:
    """How a parameter is asked for; by its ARN where it is another account's."""
    return one["ARN"] if ":9999" in one["ARN"] else one["Name"] + one.get("Selector", "")


def answering(parameters: list[dict[str, str]], invalid: tuple[str, ...] = ()) -> tuple[Aws, list[list[str]]]:
    """An AWS that has these parameters, and answers names, ARNs and selectors as the real one does."""
    asked: list[list[str]] = []

    class Parameters(Aws):
        def account_id(self, place: Place) -> str:
            return ACCOUNT

        def call(self, place: Place, operation: str, params: Any, *, api: str = "lambda") -> Answer:
            asked.append(list(params["Names"]))
            found = [one for one in parameters if name_of(one) in params["Names"]]
            return Answer(
                {"Parameters": found, "InvalidParameters": [name for name in params["Names"] if name in invalid]}
            )

    return Parameters({"test": Account("test", True)}), asked


def spec_of(**texts: str) -> Spec:
    properties = {"configuration": {"Environment": {"Variables": texts}}}
    return Spec(TARGET, "a.yaml", (Desired(Key(TARGET, "function"), properties),), frozenset({"configuration"}))


def test_versions_labels_and_arns_are_told_apart() -> None:
    arn = "arn:aws:ssm:us-west-2:999999999999:parameter/p"
    held = [
        {"Name": "/p", "ARN": "arn:aws:ssm:us-west-2:1:parameter/p", "Value": "newest"},
        {"Name": "/p", "ARN": "arn:aws:ssm:us-west-2:1:parameter/p", "Selector": ":3", "Value": "third"},
        {"Name": "/p", "ARN": "arn:aws:ssm:us-west-2:1:parameter/p", "Selector": ":good", "Value": "labelled"},
        {"Name": "/p", "ARN": arn, "Value": "another's"},
    ]
    aws, asked = answering(held)
    texts = {"AA": "/p", "BB": "/p:3", "CC": "/p:good", "DD": arn}
    (found,) = with_values(aws, [spec_of(**{name: f"{{{{ ssm('{path}') }}}}" for name, path in texts.items()})])
    values = found.desired[0].properties["configuration"]["Environment"]["Variables"]
    assert values == {"AA": "newest", "BB": "third", "CC": "labelled", "DD": "another's"}
    assert all(len(names) == 1 for names in asked), "of one parameter there is one name a call"


def test_credentials_that_fail_leave_no_reference_half_resolved() -> None:
    aws, _ = answering([])
    aws.account_id = lambda place: (_ for _ in ()).throw(CallFailed("no", code="X"))  # type: ignore[method-assign]
    (found,) = with_values(aws, [spec_of(AA="{{ account.id }}")])
    assert found.unresolved == {"/configuration/Environment/Variables/AA": "test/us-west-2/one: no"}


def test_what_the_target_tells_is_read_in_other_texts_as_well(house: House) -> None:
    told = 'Description: "{{ function }} in {{ region }}"'
    house.write("one.yaml", function_spec("one", configuration=told, extra='tags: {where: "{{ account.name }}"}\n'))
    assert house.run("validate").exit_code == 0
    assert "one in us-west-2" in house.run("plan").out
    house.apply()
    found = house.lambda_.get_function(FunctionName="one")
    assert found["Configuration"]["Description"] == "one in us-west-2"
    assert found["Tags"] == {"where": "test"}
    assert house.verbs() == {}
