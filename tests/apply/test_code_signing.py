"""The link to a code signing configuration, from spec to deletion, over HTTP: there before the code, told by who has it, none unless said."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from reconciler.sandbox.around.faults import Fault, Script
from tests.apply.houses import ABSENT, house_of
from tests.apply.strangers import OTHER_SIGNING, SIGNING
from tests.conftest import House, function_spec

PUT, DELETE = "PutFunctionCodeSigningConfig", "DeleteFunctionCodeSigningConfig"


def says(house: House, arn: str | None, name: str = "one", extra: str = "", **more: str) -> None:
    """The spec of a function that has this one; None stands for `{}`."""
    section = "{}" if arn is None else json.dumps({"CodeSigningConfigArn": arn})
    house.write(f"{name}.yaml", function_spec(name, extra=f"{extra}code_signing: {section}\n", **more))


def held(house: House, name: str = "one") -> str | None:
    arn: str | None = house.lambda_.get_function_code_signing_config(FunctionName=name).get("CodeSigningConfigArn")
    house.sandbox.requests.clear()
    return arn


def enforced(house: House, arn: str = SIGNING) -> None:
    policies = {"UntrustedArtifactOnDeployment": "Enforce"}
    house.lambda_.update_code_signing_config(CodeSigningConfigArn=arn, CodeSigningPolicies=policies)
    house.sandbox.requests.clear()


def reads(house: House) -> Counter[str]:
    house.sandbox.requests.clear()
    assert house.verbs() == {}
    return Counter(item.operation for item in house.sandbox.requests if item.operation != "GetFunction")


@pytest.fixture
def signed(house: House) -> House:
    """A function with one, applied."""
    house_of(house)
    says(house, SIGNING)
    assert house.apply()["outcome"]["exit_code"] == 0
    house.sandbox.requests.clear()
    return house


@pytest.mark.parametrize(
    ("before", "after", "verbs", "calls"),
    [
        (None, SIGNING, {"one/code_signing": "create"}, [PUT]),
        (SIGNING, OTHER_SIGNING, {"one/code_signing": "update"}, [PUT]),
        (SIGNING, None, {"one/code_signing": "delete"}, [DELETE]),
        (SIGNING, SIGNING, {}, []),
    ],
    ids=["linked", "changed", "taken away", "the same"],
)
def test_each_change_is_one_call_and_the_next_plan_is_empty(
    house: House, before: str | None, after: str | None, verbs: dict[str, str], calls: list[str]
) -> None:
    house_of(house)
    says(house, before)
    house.apply()
    house.writes()
    says(house, after)
    assert house.verbs() == verbs
    assert house.apply()["outcome"]["exit_code"] == 0
    assert house.writes() == calls
    assert (house.verbs(), held(house)) == ({}, after)


def made(house: House) -> str:
    publishers = {"SigningProfileVersionArns": ["arn:aws:signer:us-west-2:123456789012:/signing-profiles/p/v"]}
    config = house.lambda_.create_code_signing_config(AllowedPublishers=publishers)["CodeSigningConfig"]
    return str(config["CodeSigningConfigArn"])


def test_a_new_function_is_created_with_it_so_that_unsigned_code_never_gets_in(house: House) -> None:
    house_of(house)
    says(house, SIGNING)
    house.apply()
    assert house.writes() == ["CreateFunction"]
    assert (held(house), house.verbs()) == (SIGNING, {})
    enforced(house)
    says(house, SIGNING, "two")
    result = house.run("apply", "--yes")
    assert (result.exit_code, "CodeVerificationFailedException" in result.out + result.err) == (25, True)
    names = {item["FunctionName"] for item in house.lambda_.list_functions()["Functions"]}
    assert names == {"one"}


def test_it_is_there_before_the_code_that_must_bear_it(house: House) -> None:
    house_of(house, "one")
    says(house, SIGNING)
    enforced(house)
    says(house, SIGNING, key="v2.zip")
    report = house.apply()
    assert report["outcome"]["exit_code"] == 25
    assert [item["operation"] for item in report["tasks"][0]["operations"]] == [PUT, "UpdateFunctionCode"]
    says(house, None, key="v2.zip")
    house.writes()
    assert house.apply()["outcome"]["exit_code"] == 0
    assert house.writes() == [DELETE, "UpdateFunctionCode"]
    assert house.verbs() == {}


def test_a_section_that_is_not_there_is_neither_read_nor_changed(signed: House) -> None:
    signed.write("one.yaml", function_spec("one"))
    assert reads(signed) == {}
    assert held(signed) == SIGNING


def test_it_is_made_again_with_its_function(signed: House) -> None:
    says(
        signed, SIGNING, extra="allow_replace: true\n", configuration="TenancyConfig: {TenantIsolationMode: PER_TENANT}"
    )
    assert signed.verbs() == {"one": "replace", "one/code_signing": "create"}
    assert "code signing" not in signed.run("plan").out.partition("loses with its")[2]
    signed.apply()
    assert signed.writes() == ["DeleteFunction", "CreateFunction"]
    assert (signed.verbs(), held(signed)) == ({}, SIGNING)


def test_what_is_left_to_others_is_not_touched_and_not_created(house: House) -> None:
    house_of(house)
    says(house, SIGNING, extra="ignore: [/code_signing]\n")
    house.apply()
    assert held(house) is None
    assert house.verbs() == {}


def test_a_configuration_that_is_not_there_is_told_in_aws_words(signed: House) -> None:
    signed.write(
        "one.yaml",
        function_spec("one", extra=f"code_signing: {{CodeSigningConfigArn: '{SIGNING[:-1]}z'}}\n"),
        stock=False,
    )
    result = signed.run("apply", "--yes")
    assert result.exit_code == 25
    assert "The code signing configuration cannot be found." in result.out + result.err


# --- how it is read ------------------------------------------------------------------------------------------------


def test_of_many_functions_it_is_told_by_who_has_each_one(house: House) -> None:
    house_of(house)
    for number in range(5):
        says(house, (SIGNING, OTHER_SIGNING)[number % 2], f"f{number}")
    house.apply()
    assert reads(house) == {"ListFunctionsByCodeSigningConfig": 2}
    says(house, None, "f5")
    house.apply()
    assert reads(house) == {"ListCodeSigningConfigs": 1, "ListFunctionsByCodeSigningConfig": 2}


def test_who_is_not_among_those_that_have_what_it_names_is_asked_itself(house: House) -> None:
    house_of(house)
    for number in range(4):
        says(house, SIGNING, f"f{number}")
    house.apply()
    house.lambda_.put_function_code_signing_config(FunctionName="f1", CodeSigningConfigArn=made(house))
    house.lambda_.delete_function_code_signing_config(FunctionName="f2")
    house.sandbox.requests.clear()
    assert house.verbs() == {"f1/code_signing": "update", "f2/code_signing": "create"}
    read = Counter(item.operation for item in house.sandbox.requests)
    assert (read["ListFunctionsByCodeSigningConfig"], read["GetFunctionCodeSigningConfig"]) == (1, 2)


def test_of_one_function_and_of_as_many_as_there_are_configurations_each_is_asked_itself(signed: House) -> None:
    assert reads(signed) == {"GetFunctionCodeSigningConfig": 1}
    says(signed, OTHER_SIGNING, "two")
    signed.apply()
    assert reads(signed) == {"GetFunctionCodeSigningConfig": 2}


@pytest.mark.parametrize("denied", ["ListFunctionsByCodeSigningConfig", "ListCodeSigningConfigs"])
def test_who_may_not_ask_who_has_it_asks_each(house: House, denied: str) -> None:
    house_of(house)
    for number in range(3):
        says(house, SIGNING, f"f{number}")
    says(house, None, "f3")
    house.apply()
    house.sandbox.gate.script = Script([Fault(denied, status=403, code="AccessDeniedException")])
    assert reads(house)["GetFunctionCodeSigningConfig"] == 4


def test_a_configuration_that_nobody_has_any_more_has_no_holders(house: House) -> None:
    house_of(house)
    for number in range(3):
        says(house, SIGNING, f"f{number}")
    house.apply()
    region, _ = house.sandbox.gate.region("123456789012", "us-west-2")
    for function in region.functions.values():
        function.code_signing = {"CodeSigningConfigArn": ""}
    del region.code_signing[SIGNING]
    assert set(house.verbs().values()) == {"create"}


# --- how it is told ------------------------------------------------------------------------------------------------


def test_what_somebody_linked_since_the_plan_is_not_written_over(signed: House) -> None:
    says(signed, OTHER_SIGNING, configuration="Timeout: 9")
    other = made(signed)

    def theirs(operation: str, _: object) -> None:
        if operation == "UpdateFunctionConfiguration":
            region, _unused = signed.sandbox.gate.region("123456789012", "us-west-2")
            region.functions["one"].code_signing = {"CodeSigningConfigArn": other}

    signed.sandbox.gate.watch = theirs
    assert signed.apply()["outcome"]["exit_code"] == 23
    signed.sandbox.gate.watch = lambda *_: None
    assert held(signed) == other


def test_a_reviewer_does_not_miss_that_it_changes_or_goes(signed: House) -> None:
    says(signed, OTHER_SIGNING)
    assert "❗ <b>code signing</b>" in signed.run("plan", "--format", "markdown").out
    says(signed, None)
    page = signed.run("plan", "--format", "markdown").out
    assert "⛔ <b>deleted</b> code&#95;signing" in page
    assert "from then on code needs no signature" in page


def test_the_list_and_the_export_have_it(signed: House) -> None:
    (item,) = signed.run("functions").json()
    assert item["codeSigning"] == {"codeSigningConfigArn": SIGNING}
    signed.write("one.yaml", ABSENT.format("one"))
    (export,) = signed.apply()["exports"]
    assert export["spec"]["code_signing"] == {"CodeSigningConfigArn": SIGNING}
