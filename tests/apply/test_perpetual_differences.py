"""States that AWS tells in other words than git says them: each is applied, the next plan is empty, and so it is from the other state that
means the same. Where two look alike and are not the same, they are told apart."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from reconciler.sandbox.lambda_.state import Policy
from tests.apply.houses import house_of
from tests.conftest import ACCOUNT, REGION, House, function_spec

ALIAS: Mapping[str, Any] = {"publish": True, "aliases": {"live": {"FunctionVersion": "published"}}}
ARN = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:one:live"
QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:failed"
BAKERY = "210987654321"


@pytest.fixture
def bare(house: House) -> House:
    """A house with no function."""
    return house_of(house)


def says(house: House, *sections: Mapping[str, Any], configuration: str = "", **more: Any) -> None:
    """The spec of a function with these sections, and nothing else of AWS's."""
    said = {name: entry for section in (*sections, more) for name, entry in section.items()}
    written = "".join(f"{name}: {json.dumps(entry)}\n" for name, entry in said.items())
    house.write("one.yaml", function_spec("one", extra=written, configuration=configuration))


def stands(house: House, *sections: Mapping[str, Any], configuration: str = "", **more: Any) -> list[str]:
    """The sections are applied, and the next plan is empty. Returns the writing calls."""
    says(house, *sections, configuration=configuration, **more)
    assert house.apply()["outcome"]["exit_code"] == 0
    assert house.verbs() == {}
    return house.writes()


def is_the_same(house: House, *pair: Mapping[str, Any]) -> None:
    """Applied either way, the other says the same, and another apply of it makes no call."""
    for before, after in (pair, pair[::-1]):
        stands(house, before)
        says(house, after)
        assert house.verbs() == {}
        house.apply()
        assert house.writes() == []
        house.lambda_.delete_function(FunctionName="one")


# --- function URLs -------------------------------------------------------------------------------------------------


def served(**members: Any) -> dict[str, Any]:
    return {"urls": {"$LATEST": {"AuthType": "AWS_IAM", **members}}}


def test_headers_of_a_url_are_the_same_in_capitals(bare: House) -> None:
    cors = {"AllowHeaders": ["Content-Type"], "ExposeHeaders": ["ETag"]}
    small = {name: [header.lower() for header in headers] for name, headers in cors.items()}
    is_the_same(bare, served(Cors=cors), served(Cors=small))


NO_CORS = {
    "AllowCredentials": False, "AllowHeaders": [], "AllowMethods": [], "AllowOrigins": [], "ExposeHeaders": [], "MaxAge": 0,
}  # fmt: skip


def test_methods_of_a_url_have_no_order(bare: House) -> None:
    is_the_same(bare, served(Cors={"AllowMethods": ["GET", "PUT"]}), served(Cors={"AllowMethods": ["PUT", "GET"]}))


@pytest.mark.parametrize("empty", [{}, NO_CORS], ids=["empty", "said"])
def test_an_empty_cors_is_the_same_as_none(bare: House, empty: dict[str, Any]) -> None:
    is_the_same(bare, served(), served(Cors=empty))


def test_a_url_whose_mode_is_not_said_is_buffered(bare: House) -> None:
    is_the_same(bare, served(), served(InvokeMode="BUFFERED"))


# --- policies ------------------------------------------------------------------------------------------------------

INVOKE = {"Action": "lambda:InvokeFunction"}
BY_SID = {
    "bakery": {**INVOKE, "Principal": BAKERY},
    "bucket": {**INVOKE, "Principal": "s3.amazonaws.com", "SourceAccount": ACCOUNT},
}
STATEMENTS: list[dict[str, Any]] = [
    {"Sid": "bakery", "Effect": "Allow", **INVOKE, "Resource": ARN, "Principal": {"AWS": BAKERY}},
    {
        "Sid": "bucket", "Effect": "Allow", **INVOKE, "Resource": ARN, "Principal": {"Service": "s3.amazonaws.com"},
        "Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT}},
    },
]  # fmt: skip
SPELLINGS = pytest.mark.parametrize(
    "spelled",
    [BY_SID, {"policy": {"Version": "2012-10-17", "Statement": STATEMENTS}}],
    ids=["by Sids", "whole"],
)


def opened(house: House, spelled: Mapping[str, Any]) -> None:
    stands(house, ALIAS, permissions={"live": spelled})


def holds(house: House, *statements: dict[str, Any]) -> None:
    """What AWS holds, put there past every call."""
    region, lock = house.sandbox.gate.region(ACCOUNT, REGION)
    with lock:
        region.functions["one"].policies["live"] = Policy(list(statements), "00000000-0000-4000-8000-000000000000")


@SPELLINGS
def test_an_account_is_its_number_and_its_root_also_in_china(house: House, spelled: Mapping[str, Any]) -> None:
    region, root = "cn-north-1", f"arn:aws-cn:iam::{BAKERY}:root"
    config = (house.root / "specs" / "reconcile.yaml").read_text().replace(REGION, region)
    house.write("reconcile.yaml", config, stock=False)
    said = json.dumps({"live": spelled}).replace("arn:aws:", "arn:aws-cn:").replace(REGION, region)
    alias = "".join(f"{name}: {json.dumps(entry)}\n" for name, entry in ALIAS.items())
    spec = (
        function_spec("one", extra=f"{alias}permissions: ").replace(REGION, region).replace("arn:aws:", "arn:aws-cn:")
    )
    house.write("one.yaml", f"{spec}{said}\n")
    assert house.apply()["outcome"]["exit_code"] == 0
    client = house.sandbox.clients.get("lambda", ACCOUNT, region)
    held = json.loads(client.get_policy(FunctionName="one", Qualifier="live")["Policy"])["Statement"]
    assert [one["Principal"] for one in held if one["Sid"] == "bakery"] == [{"AWS": root}]
    for whom in (BAKERY, root):
        house.write("one.yaml", spec + said.replace(BAKERY, whom) + "\n")
        assert set(house.verbs().values()) == set()


@SPELLINGS
def test_the_key_of_a_condition_is_the_same_in_another_case(bare: House, spelled: Mapping[str, Any]) -> None:
    opened(bare, spelled)
    for key in ("aws:SourceAccount", "AWS:SourceAccount", "aws:sourceaccount"):
        holds(bare, STATEMENTS[0], STATEMENTS[1] | {"Condition": {"StringEquals": {key: ACCOUNT}}})
        assert bare.verbs() == {}


@SPELLINGS
def test_the_order_of_statements_says_nothing(bare: House, spelled: Mapping[str, Any]) -> None:
    opened(bare, spelled)
    holds(bare, *reversed(STATEMENTS))
    assert bare.verbs() == {}


@SPELLINGS
def test_two_aliases_and_the_function_have_a_url_and_a_policy_each(bare: House, spelled: Mapping[str, Any]) -> None:
    names = ("$LATEST", "live", "next")
    both = {name: {"FunctionVersion": "published"} for name in names[1:]}
    entries = {"urls": {name: {"AuthType": "AWS_IAM"} for name in names}, "permissions": dict.fromkeys(names, spelled)}
    stands(bare, ALIAS, entries, aliases=both)
    urls = bare.lambda_.list_function_url_configs(FunctionName="one")["FunctionUrlConfigs"]
    assert sorted(item["FunctionArn"].partition("function:one")[2] for item in urls) == ["", ":live", ":next"]
    for which in ({}, {"Qualifier": "live"}, {"Qualifier": "next"}):
        held = json.loads(bare.lambda_.get_policy(FunctionName="one", **which)["Policy"])["Statement"]
        assert {one["Sid"] for one in held} == {"bakery", "bucket"}


# --- asynchronous invocation ---------------------------------------------------------------------------------------


def asynchronous(**members: Any) -> dict[str, Any]:
    return {"event_invoke": {"$LATEST": members}}


def test_retries_that_were_never_set_are_two_though_an_age_was(bare: House) -> None:
    stands(bare, asynchronous(MaximumEventAgeInSeconds=300))
    says(bare, asynchronous(MaximumEventAgeInSeconds=300, MaximumRetryAttempts=2))
    assert bare.verbs() == {}
    assert stands(bare, asynchronous(MaximumRetryAttempts=2)) == ["PutFunctionEventInvokeConfig"]
    assert bare.lambda_.get_function_event_invoke_config(FunctionName="one")["MaximumEventAgeInSeconds"] == 21_600


def test_a_destination_that_was_removed_is_none(bare: House) -> None:
    failed, done = {"OnFailure": {"Destination": QUEUE}}, {"OnSuccess": {"Destination": QUEUE}}
    stands(bare, asynchronous(MaximumRetryAttempts=1, DestinationConfig=failed | done))
    assert stands(bare, asynchronous(MaximumRetryAttempts=1, DestinationConfig=done)) == [
        "PutFunctionEventInvokeConfig"
    ]
    held = bare.lambda_.get_function_event_invoke_config(FunctionName="one")
    assert held["DestinationConfig"] == {"OnFailure": {}, **done}
    stands(bare, asynchronous(MaximumRetryAttempts=1))
    held = bare.lambda_.get_function_event_invoke_config(FunctionName="one")
    assert held["DestinationConfig"] == {"OnFailure": {}, "OnSuccess": {}}
    nowhere: tuple[Mapping[str, Any], ...] = ({}, {"OnFailure": {}}, {"OnFailure": {"Destination": ""}})
    for none in nowhere:
        says(bare, asynchronous(MaximumRetryAttempts=1, DestinationConfig=none))
        assert bare.verbs() == {}


# --- what a function has one of at the most ------------------------------------------------------------------------


def test_no_execution_reserved_and_0_reserved_are_not_the_same(bare: House) -> None:
    for said, verb in ((0, "create"), (None, "delete")):
        entry = {} if said is None else {"ReservedConcurrentExecutions": said}
        stands(bare, concurrency=entry)
        if said is None:
            bare.lambda_.put_function_concurrency(FunctionName="one", ReservedConcurrentExecutions=0)
        else:
            bare.lambda_.delete_function_concurrency(FunctionName="one")
        assert bare.verbs() == {"one/concurrency": verb}


def test_what_every_function_has_needs_no_call_where_it_is_as_aws_makes_it(bare: House) -> None:
    assert stands(bare, recursion={}, runtime_management={}) == ["CreateFunction"]


def test_a_runtime_that_is_managed_by_nobody_is_auto(bare: House) -> None:
    is_the_same(bare, {"runtime_management": {}}, {"runtime_management": {"UpdateRuntimeOn": "Auto"}})


def test_loops_of_which_nothing_is_said_are_terminated(bare: House) -> None:
    is_the_same(bare, {"recursion": {}}, {"recursion": {"RecursiveLoop": "Terminate"}})


def test_code_that_was_never_signed_and_code_that_no_longer_is_are_the_same(bare: House) -> None:
    stands(bare, code_signing={})
    publishers = {"SigningProfileVersionArns": [f"arn:aws:signer:{REGION}:{ACCOUNT}:/signing-profiles/p/v"]}
    config = bare.lambda_.create_code_signing_config(AllowedPublishers=publishers)["CodeSigningConfig"]
    arn = config["CodeSigningConfigArn"]
    bare.lambda_.put_function_code_signing_config(FunctionName="one", CodeSigningConfigArn=arn)
    bare.lambda_.delete_function_code_signing_config(FunctionName="one")
    assert bare.verbs() == {}


def test_a_log_group_whose_retention_is_unset_never_expires(bare: House) -> None:
    """AWS answers no number, and never 0."""
    group, logs = "/aws/lambda/one", bare.sandbox.clients.get("logs", ACCOUNT, REGION)
    stands(bare, log_group={})
    logs.put_retention_policy(logGroupName=group, retentionInDays=1)
    assert "retention_days  1 → (unset)" in bare.run("plan").out
    logs.delete_retention_policy(logGroupName=group)
    says(bare, log_group={"class": "STANDARD"})
    assert bare.verbs() == {}


def test_a_durable_function_logs_as_json_without_being_told(bare: House) -> None:
    durable = "DurableConfig: {ExecutionTimeout: 60}\n"
    stands(bare, configuration=durable)
    assert bare.lambda_.get_function_configuration(FunctionName="one")["LoggingConfig"]["LogFormat"] == "JSON"
    says(bare, configuration=f"{durable}LoggingConfig: {{LogFormat: JSON}}\n")
    assert bare.verbs() == {}
    stands(bare, configuration=f"{durable}LoggingConfig: {{ApplicationLogLevel: DEBUG}}\n")


# --- sections ------------------------------------------------------------------------------------------------------

EVERYTHING: Mapping[str, Any] = {
    **ALIAS,
    **served(),
    **asynchronous(MaximumRetryAttempts=1),
    "tags": {"team": "a"},
    "permissions": {"live": BY_SID, "$LATEST": {"policy": {"Version": "2012-10-17", "Statement": STATEMENTS}}},
    "concurrency": {"ReservedConcurrentExecutions": 5},
    "runtime_management": {"UpdateRuntimeOn": "FunctionUpdate"},
    "recursion": {"RecursiveLoop": "Allow"},
    "log_group": {"retention_days": 7},
    "event_source_mappings": {"q": {"EventSourceArn": QUEUE}},
}


def test_of_sections_that_were_removed_nothing_is_read_and_nothing_planned(bare: House) -> None:
    stands(bare, EVERYTHING)
    says(bare)
    assert bare.verbs() == {}
    assert {request.operation for request in bare.sandbox.requests} - {"GetCallerIdentity"} == {"GetFunction"}
    bare.apply()
    assert bare.writes() == []
