"""The law of import, by property: whatever lives, a plan of what is imported takes the functions over and changes nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import event, given
from hypothesis import strategies as st

from tests.apply.strangers import ARN, MARK, Act, zip_of
from tests.apply.test_law import drawn
from tests.apply.test_lives import REGIONS, THEIRS, Village, village, wholes  # noqa: F401  a fixture
from tests.conftest import ACCOUNT, House

DRAWS = [pytest.param(8, id="a few"), pytest.param(120, id="many", marks=pytest.mark.sweep)]
SECRET = "correct-horse-battery"


def put(house: House, *statements: Mapping[str, Any], of: str = "") -> None:
    arn = ARN + (f":{of}" if of else "")
    said = [
        {"Effect": "Allow", "Principal": "*", "Action": "lambda:InvokeFunction", "Resource": arn, **item}
        for item in statements
    ]
    policy = json.dumps({"Version": "2012-10-17", "Statement": said})
    house.lambda_.put_resource_policy(ResourceArn=arn, Policy=policy)


def environment(house: House, **variables: str) -> None:
    house.lambda_.update_function_configuration(FunctionName="checkout", Environment={"Variables": variables})


def described(house: House, text: str) -> None:
    house.lambda_.update_function_configuration(FunctionName="checkout", Description=text)


def published(house: House, *aliases: str, **said: str) -> Any:
    """A version of what $LATEST is, and aliases on it."""
    house.lambda_.update_function_configuration(FunctionName="checkout", Timeout=11)
    number = house.lambda_.publish_version(FunctionName="checkout", **said)["Version"]
    for name in aliases:
        with suppress(ClientError):
            house.lambda_.delete_alias(FunctionName="checkout", Name=name)
        house.lambda_.create_alias(FunctionName="checkout", Name=name, FunctionVersion=number)
    return house.lambda_


# What people, tools and attackers leave behind.
ODD: dict[str, Act] = {
    "a policy without Sids": lambda house: put(house, {}, {"Principal": {"AWS": ACCOUNT}}),
    "a policy that denies": lambda house: put(house, {"Sid": "no", "Effect": "Deny", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}),
    "a policy with a dot in a Sid": lambda house: put(house, {"Sid": "a.b", "Principal": {"Service": "s3.amazonaws.com"}}),
    "an alias's policy in IAM's language": lambda house: put(house, {"NotAction": "lambda:InvokeFunction", "Action": None}, of="live"),
    "secrets": lambda house: environment(house, TOKEN=SECRET, EMPTY="", BRACES="{{ region }} {# x #} {% y %}", ARN_OF=ARN),
    "a description like a reference": lambda house: described(house, "{{ region }} of 'them' \\ {# é"),
    "a description of YAML": lambda house: described(house, "- a: &b !c *d # e\n? %f: |\n\ttab: \"'"),
    "a description that cannot be seen": lambda house: described(house, "a\u202eb\u0007c"),
    "a description like a word": lambda house: described(house, "no"),
    "tags of YAML": lambda house: house.lambda_.tag_resource(
        Resource=ARN, Tags={"on": "off", "1": "0x1", "a:b": "- x", "aws-like": "{{ account.id }}", "~": "null", "{{ region }}": ""}
    ),
    "code of its own": lambda house: house.lambda_.update_function_code(FunctionName="checkout", ZipFile=zip_of("another")),
    "a version that no alias is on": lambda house: published(house, Description="of its own"),
    "aliases on the newest version": lambda house: published(house, "live", "beta"),
    "an alias on an old version": lambda house: published(house, "beta").update_alias(FunctionName="checkout", Name="beta", FunctionVersion="1"),
    "nobody's": lambda house: house.lambda_.untag_resource(Resource=ARN, TagKeys=[MARK]),
}  # fmt: skip
ACTS = {**{name: act for name, act in THEIRS.items() if name != "function gone"}, **ODD}


def emptied(house: House) -> None:
    for path in (house.root / "specs").rglob("*.yaml"):
        if path.name != "reconcile.yaml":
            path.unlink()


def put_parameters(
    house: House, commands: list[dict[str, str]], accounts: Mapping[str, str] = {"test": ACCOUNT}
) -> None:
    """As the commands say that import has printed."""
    for item in commands:
        command, account = item["command"], accounts[item["address"].partition("/")[0]]
        region, function = (re.search(rf"{word} (\S+)", command) for word in ("--region", "--function-name"))
        variable, name = re.search(r"Variables\.(\w+) .* --name (\S+)", command).groups()  # type: ignore[union-attr]
        assert region
        assert function
        lambda_, ssm = (house.sandbox.clients.get(api, account, region[1]) for api in ("lambda", "ssm"))
        value = lambda_.get_function_configuration(FunctionName=function[1])["Environment"]["Variables"][variable]
        ssm.put_parameter(Name=name, Type="SecureString", Value=value, Overwrite=True)


@pytest.mark.parametrize("draws", DRAWS)
def test_a_plan_after_an_import_takes_over_and_changes_nothing(village: Village, draws: int) -> None:  # noqa: F811
    house = village.house

    @drawn(draws)
    @given(
        wholes(),
        st.sampled_from([REGIONS[:1], REGIONS]),
        st.lists(st.sampled_from(sorted(ACTS)), max_size=4),
        st.sampled_from([(), ("--env", "ssm:/shop")]),
        st.sampled_from([(), ("--bucket", "artifacts"), ("--download", "code")]),
    )
    def holds(
        document: dict[str, Any], places: tuple[str, ...], acts: list[str], env: tuple[str, ...], code: tuple[str, ...]
    ) -> None:
        village.begin()
        emptied(house)
        spec = {**document, "function": "checkout", "regions": list(places), "adopt": True}
        house.write("life.yaml", json.dumps(spec), stock=False)
        if house.run("apply", "--yes").exit_code:
            event("cannot be applied")
            return
        for act in acts:
            with suppress(ClientError):
                ACTS[act](house)
                event(act)
        emptied(house)
        house.sandbox.requests.clear()
        result = house.run("import", "--all-unmanaged", "--format", "json", *env, *code)
        assert result.exit_code == 0, result.out + result.err
        assert house.sandbox.writes == []
        texts = [path.read_text() for path in (house.root / "specs").rglob("*.yaml")]
        assert not any(SECRET in text for text in (result.out, result.err, *texts))
        put_parameters(house, result.json()["parameters"])
        assert house.run("validate").exit_code == 0, texts
        plan = house.plan()
        shown = [action for target in plan["targets"] for action in target["actions"] if action["verb"] != "none"]
        assert all(action["verb"] == "adopt" and not action["fields"] for action in shown), (shown, texts)
        assert [note for note in plan["diagnostics"] if note["severity"] == "refusal"] == []

    holds()
