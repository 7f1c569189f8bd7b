"""Whole policies from spec to deletion, over HTTP: the one call that sets them, what is the same in other words, and the way from
statements to a policy and back."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from reconciler.core.sealing import digest
from reconciler.kinds import iam
from reconciler.sandbox.lambda_.state import Policy
from tests.apply.houses import ABSENT, house_of
from tests.conftest import ACCOUNT, REGION, House, function_spec

LIVE = "publish: true\naliases: {live: {FunctionVersion: published}}\n"
ARN = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:one:live"
BAKERY: dict[str, Any] = {
    "Sid": "bakery", "Effect": "Allow", "Principal": {"AWS": "210987654321"}, "Action": "lambda:InvokeFunction", "Resource": ARN,
}  # fmt: skip
PLAIN: dict[str, Any] = {
    "Sid": "plain", "Effect": "Deny", "Principal": "*", "Action": ["lambda:InvokeFunction", "lambda:InvokeFunctionUrl"],
    "Resource": ARN, "Condition": {"Bool": {"aws:SecureTransport": False}},
}  # fmt: skip
STRANGER = {"StatementId": "apigw-1", "Action": "lambda:InvokeFunction", "Principal": "apigateway.amazonaws.com"}
BY_SID = "permissions: {live: {bakery: {Action: 'lambda:InvokeFunction', Principal: '210987654321'}}}\n"


def document(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def says(house: House, *statements: dict[str, Any], name: str = "one", extra: str = LIVE) -> None:
    """The spec's policy of the alias; without a statement there is to be none."""
    said = json.dumps({"live": {"policy": document(*statements) if statements else {}}})
    house.write(f"{name}.yaml", function_spec(name, extra=f"{extra}permissions: {said}\n"))


@pytest.fixture
def opened(house: House) -> House:
    """A function whose alias another account may invoke, and nobody without encryption, applied."""
    house_of(house)
    says(house, BAKERY, PLAIN)
    assert house.apply()["outcome"]["exit_code"] == 0
    house.sandbox.requests.clear()
    return house


def held(house: House) -> dict[str, dict[str, Any]]:
    """The statements by their Sids, as GetResourcePolicy answers them."""
    try:
        answer = house.lambda_.get_resource_policy(ResourceArn=ARN)
    except house.lambda_.exceptions.ResourceNotFoundException:
        return {}
    finally:
        house.sandbox.requests.clear()
    return {statement.get("Sid", ""): statement for statement in json.loads(answer["Policy"])["Statement"]}


def holds(house: House, *statements: dict[str, Any], head: dict[str, Any] | None = None) -> None:
    """What AWS holds, put there past every call."""
    region, lock = house.sandbox.gate.region(ACCOUNT, REGION)
    with lock:
        more = {"head": head} if head else {}
        region.functions["one"].policies["live"] = Policy(
            list(statements), "00000000-0000-4000-8000-000000000000", **more
        )


def guarded(house: House) -> list[tuple[str, bool]]:
    """Of each writing call whether a revision guarded it."""
    return [(request.operation, "RevisionId" in request.params) for request in house.sandbox.writes]


# --- the law -------------------------------------------------------------------------------------------------------


def test_what_was_applied_needs_nothing_more_and_takes_one_call_to_see(opened: House) -> None:
    assert set(held(opened)) == {"bakery", "plain"}
    assert opened.verbs() == {}
    asked = [request.operation for request in opened.sandbox.requests]
    assert [name for name in asked if "Policy" in name] == ["GetResourcePolicy"]
    opened.apply()
    assert opened.writes() == []


def test_a_section_that_is_not_there_is_neither_read_nor_changed(opened: House) -> None:
    opened.write("one.yaml", function_spec("one", extra=LIVE))
    assert opened.verbs() == {}
    assert not [request for request in opened.sandbox.requests if "Policy" in request.operation]


ROOT = {"AWS": "arn:aws:iam::210987654321:root"}
OTHERWISE: dict[str, tuple[tuple[dict[str, Any], ...], dict[str, Any] | None]] = {
    "an account by its root": ((BAKERY | {"Principal": ROOT}, PLAIN), None),
    "an account by its root in another partition": (
        (BAKERY | {"Principal": {"AWS": "arn:aws-cn:iam::210987654321:root"}}, PLAIN),
        None,
    ),
    "lists of one": (
        (BAKERY | {"Principal": {"AWS": ["210987654321"]}, "Action": ["lambda:InvokeFunction"], "Resource": [ARN]}, PLAIN),
        None,
    ),
    "lists in another order": ((BAKERY, PLAIN | {"Action": list(reversed(PLAIN["Action"]))}), None),
    "values of conditions as texts": ((BAKERY, PLAIN | {"Condition": {"Bool": {"aws:SecureTransport": "false"}}}), None),
    "everybody as all of AWS": ((BAKERY, PLAIN | {"Principal": {"AWS": "*"}}), None),
    "no condition as an empty one": ((BAKERY | {"Condition": {}}, PLAIN), None),
    "another id": ((BAKERY, PLAIN), {"Version": "2012-10-17", "Id": "theirs"}),
}  # fmt: skip


@pytest.mark.parametrize("case", OTHERWISE)
def test_the_same_policy_in_other_words_is_no_change(opened: House, case: str) -> None:
    statements, head = OTHERWISE[case]
    holds(opened, *statements, head=head)
    assert opened.verbs() == {}


@pytest.mark.parametrize(
    "change",
    {
        "a denial is a grant": {"Effect": "Allow"},
        "somebody else": {"Principal": {"AWS": "310987654321"}},
        "another sort of principal": {"Principal": {"Service": "*"}},
        "one action more": {"Action": [*PLAIN["Action"], "lambda:GetFunction"]},
        "another resource": {"Resource": ARN.removesuffix(":live")},
        "another value": {"Condition": {"Bool": {"aws:SecureTransport": "true"}}},
        "another operator": {"Condition": {"BoolIfExists": {"aws:SecureTransport": "false"}}},
        "another Sid": {"Sid": "other"},
        "what no IAM knows": {"Novel": 1},
    }.items(),
    ids=lambda item: item[0],
)
def test_a_policy_that_means_something_else_is_put_back(opened: House, change: tuple[str, dict[str, Any]]) -> None:
    holds(opened, BAKERY, PLAIN | change[1])
    assert opened.verbs()["one/policy/live"] == "update"
    assert opened.apply()["outcome"]["exit_code"] == 0
    assert opened.verbs() == {}


def test_another_version_of_the_language_is_a_difference(opened: House) -> None:
    holds(opened, BAKERY, PLAIN, head={"Id": "default"})
    assert "Version  2008-10-17 → 2012-10-17" in opened.run("plan").out
    assert opened.apply()["outcome"]["exit_code"] == 0
    assert opened.verbs() == {}


def test_in_china_the_resource_is_of_that_partition(house: House) -> None:
    region = "cn-north-1"
    config = (house.root / "specs" / "reconcile.yaml").read_text().replace(REGION, region)
    house.write("reconcile.yaml", config, stock=False)
    resource = "arn:{{ partition }}:lambda:{{ region }}:{{ account.id }}:function:{{ function }}:live"
    says(house, BAKERY | {"Resource": resource})
    text = (
        (house.root / "specs" / "one.yaml").read_text().replace(REGION, region).replace("arn:aws:iam", "arn:aws-cn:iam")
    )
    house.write("one.yaml", text)
    assert house.apply()["outcome"]["exit_code"] == 0
    client = house.sandbox.clients.get("lambda", ACCOUNT, region)
    arn = f"arn:aws-cn:lambda:{region}:{ACCOUNT}:function:one:live"
    (statement,) = json.loads(client.get_resource_policy(ResourceArn=arn)["Policy"])["Statement"]
    assert (statement["Resource"], statement["Principal"]) == (arn, {"AWS": "arn:aws-cn:iam::210987654321:root"})
    assert house.plan()["summary"]["update"] == 0


# --- changes -------------------------------------------------------------------------------------------------------


def test_a_change_is_one_call_that_the_policys_own_revision_guards(opened: House) -> None:
    says(opened, BAKERY | {"Principal": {"AWS": "310987654321"}}, PLAIN)
    assert opened.apply()["outcome"]["exit_code"] == 0
    assert guarded(opened) == [("PutResourcePolicy", True)]
    assert held(opened)["bakery"]["Principal"] == {"AWS": "arn:aws:iam::310987654321:root"}


def test_a_statement_that_git_drops_is_told_and_counted_as_a_deletion(opened: House) -> None:
    says(opened, BAKERY)
    assert opened.verbs() == {"one/policy/live": "update", "one/policy/live/plain": "delete"}
    config = (opened.root / "specs" / "reconcile.yaml").read_text()
    opened.write("reconcile.yaml", config + "guards: {maxDeletes: 0}\n", stock=False)
    assert opened.run("apply", "--yes").exit_code == 21
    opened.writes()
    assert opened.run("apply", "--yes", "--allow-deletes", "1").exit_code == 0
    assert opened.writes() == ["PutResourcePolicy"]
    assert set(held(opened)) == {"bakery"}


def test_an_empty_policy_is_none(opened: House) -> None:
    says(opened)
    assert "- policy/live  (with bakery, plain, which the spec does not name)" in opened.run("plan").out
    assert opened.apply()["outcome"]["exit_code"] == 0
    assert guarded(opened) == [("DeleteResourcePolicy", True)]
    assert (held(opened), opened.verbs()) == ({}, {})


def test_a_reviewer_does_not_miss_whom_it_lets_in(opened: House) -> None:
    says(opened, BAKERY | {"Principal": "*"}, PLAIN)
    page = opened.run("plan", "--format", "markdown").out
    assert "public access" in page
    assert "lets everybody of every AWS account in, by bakery" in opened.run("plan").out


@pytest.mark.parametrize(
    "whom",
    [
        {"Principal": {"AWS": ["*"]}},
        {"Principal": {"AWS": ["*", ACCOUNT]}},
        {"Principal": {"AWS": "*", "Service": "s3.amazonaws.com"}},
        {"NotPrincipal": {"AWS": ACCOUNT}},
    ],
)
def test_everybody_is_told_in_whatever_words_they_are_let_in(opened: House, whom: dict[str, Any]) -> None:
    bakery = {member: value for member, value in BAKERY.items() if member != "Principal"}
    says(opened, bakery | whom, PLAIN)
    assert "lets everybody of every AWS account in, by bakery" in opened.run("plan").out
    if "Principal" in whom:
        assert "public access" in opened.run("plan", "--format", "markdown").out


def test_a_reviewer_does_not_miss_one_of_several_accounts(opened: House) -> None:
    says(opened, BAKERY | {"Principal": {"AWS": [ACCOUNT, "210987654321", "310987654321"]}}, PLAIN)
    assert "access of another account" in opened.run("plan", "--format", "markdown").out


def test_statements_without_a_sid_are_told_apart_though_their_short_names_are_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(iam, "digest", lambda said: "0" * 8 + digest(said))
    bakery, plain = ({member: value for member, value in said.items() if member != "Sid"} for said in (BAKERY, PLAIN))
    assert len(iam.named([bakery, plain])) == 2
    assert len(iam.named([bakery, bakery])) == 1


# --- from statements to a policy, and back ---------------------------------------------------------------------------


@pytest.fixture
def by_sid(house: House) -> House:
    """A function whose alias another account may invoke, by a statement; and a console added one."""
    house_of(house)
    house.write("one.yaml", function_spec("one", extra=LIVE + BY_SID))
    assert house.apply()["outcome"]["exit_code"] == 0
    house.lambda_.add_permission(FunctionName="one", Qualifier="live", **STRANGER)
    house.sandbox.requests.clear()
    return house


def test_statements_become_a_policy_in_one_call_and_strangers_are_shown_as_deletions(by_sid: House) -> None:
    says(by_sid, BAKERY)
    assert by_sid.verbs() == {"one/policy/live": "update", "one/policy/live/apigw-1": "delete"}
    assert by_sid.apply()["outcome"]["exit_code"] == 0
    assert guarded(by_sid) == [("PutResourcePolicy", True)]
    assert set(held(by_sid)) == {"bakery"}
    assert by_sid.verbs() == {}


def test_statements_that_say_the_same_as_the_policy_need_no_call(house: House) -> None:
    house_of(house)
    house.write("one.yaml", function_spec("one", extra=LIVE + BY_SID))
    house.apply()
    says(house, BAKERY)
    assert house.verbs() == {}
    house.write("one.yaml", function_spec("one", extra=LIVE + BY_SID))
    assert house.verbs() == {}


def test_a_policy_becomes_statements_again(opened: House) -> None:
    opened.write("one.yaml", function_spec("one", extra=LIVE + BY_SID))
    assert opened.verbs() == {"one/permission/live/plain": "delete"}
    assert opened.apply()["outcome"]["exit_code"] == 0
    assert opened.writes() == ["RemovePermission"]
    assert set(held(opened)) == {"bakery"}
    assert opened.verbs() == {}


def test_a_statement_that_no_call_can_name_goes_with_a_whole_policy(by_sid: House) -> None:
    nameless = {name: value for name, value in PLAIN.items() if name != "Sid"}
    holds(by_sid, BAKERY, nameless)
    result = by_sid.run("apply", "--yes")
    assert (result.exit_code, by_sid.writes()) == (21, [])
    assert "write permissions.live.policy, which takes the place of all statements" in result.out
    says(by_sid, BAKERY)
    assert by_sid.apply()["outcome"]["exit_code"] == 0
    by_sid.write("one.yaml", function_spec("one", extra=LIVE + BY_SID))
    assert by_sid.verbs() == {}


# --- somebody else -------------------------------------------------------------------------------------------------


def acting_before(house: House, operation: str, act: Callable[[], object]) -> None:
    """Somebody acts right before the first request of an operation."""

    def watch(name: str, _: object) -> None:
        if name == operation:
            house.sandbox.gate.watch = lambda *_: None
            act()

    house.sandbox.gate.watch = watch


def test_a_statement_that_came_meanwhile_is_not_written_over(opened: House) -> None:
    says(opened, BAKERY)
    acting_before(
        opened,
        "PutResourcePolicy",
        lambda: opened.lambda_.add_permission(FunctionName="one", Qualifier="live", **STRANGER),
    )
    assert opened.run("apply", "--yes").exit_code == 23
    assert "apigw-1" in held(opened)


def test_a_policy_that_came_where_there_was_none_is_not_written_over(house: House) -> None:
    house_of(house)
    house.write("one.yaml", function_spec("one", extra=LIVE))
    house.apply()
    says(house, BAKERY, PLAIN)
    asked: list[str] = []

    def theirs(operation: str, _: object) -> None:
        asked.append(operation)
        if asked.count("GetResourcePolicy") == 2:  # the plan's, and the look before the call
            house.sandbox.gate.watch = lambda *_: None
            house.lambda_.add_permission(FunctionName="one", Qualifier="live", **STRANGER)

    house.sandbox.gate.watch = theirs
    assert house.run("apply", "--yes").exit_code == 23
    assert set(held(house)) == {"apigw-1"}


# --- what hangs together ---------------------------------------------------------------------------------------------


def test_a_function_that_is_replaced_has_its_policy_again(opened: House) -> None:
    text = (opened.root / "specs" / "one.yaml").read_text()
    durable = "configuration:\n  DurableConfig: {ExecutionTimeout: 60}\n"
    opened.write("one.yaml", "allow_replace: true\n" + text.replace("configuration:\n", durable))
    told = opened.run("plan").out
    assert "loses with its replacement" not in told.replace("loses with its replacement: version 1\n", "")
    assert opened.apply()["outcome"]["exit_code"] == 0
    assert set(held(opened)) == {"bakery", "plain"}
    assert opened.verbs() == {}


def test_a_policy_of_an_alias_that_is_not_there_is_refused(house: House) -> None:
    house_of(house, "one")
    says(house, BAKERY, extra="")
    result = house.run("apply", "--yes")
    assert (result.exit_code, house.writes()) == (21, [])
    assert "there is no alias live" in result.out


def test_it_goes_with_its_alias_and_is_told_by_its_statements(opened: House) -> None:
    opened.write("one.yaml", function_spec("one", extra="aliases: {}\n"))
    assert opened.run("apply", "--yes").exit_code == 21
    opened.write("one.yaml", function_spec("one", extra="aliases: {}\npermissions: {$LATEST: {}}\n"))
    opened.writes()
    assert opened.apply()["outcome"]["exit_code"] == 0
    assert opened.writes() == ["RemovePermission", "RemovePermission", "DeleteAlias"]


def test_the_list_has_its_statements_and_the_export_has_it_whole_where_statements_cannot_say_it(opened: House) -> None:
    (item,) = opened.run("functions").json()
    assert [one["statementId"] for one in item["permissions"]] == ["bakery", "plain"]
    opened.write("one.yaml", ABSENT.format("one"))
    (export,) = opened.apply()["exports"]
    assert [one["Sid"] for one in export["spec"]["permissions"]["live"]["policy"]["Statement"]] == ["bakery", "plain"]
    assert {one["Sid"] for one in export["belongings"]["permission"]} == {"bakery", "plain"}


def test_a_saved_snapshot_gives_the_same_plan(opened: House) -> None:
    says(opened, BAKERY)
    opened.run("snapshot", "-o", "live.json")
    assert opened.verbs("--snapshot", "live.json") == opened.verbs() != {}


def test_leaving_it_to_others_leaves_all_of_it(opened: House) -> None:
    says(opened, BAKERY, extra=LIVE + "ignore: [/permissions/live/policy]\n")
    assert opened.verbs() == {}


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("{policy: 5}", "permissions.live.policy must be a map, not 5"),
        ("{policy: {Version: '2012-10-17'}}", "permissions.live.policy needs Statement"),
        ("{policy: {Version: '2012-10-18', Statement: []}}", 'is "2012-10-18"; allowed are'),
        ("{policy: {Version: '2012-10-17', Statement: {}}}", "must be a list"),
        ("{policy: {Version: '2012-10-17', Statement: [{Effect: allow}]}}", "did you mean Allow?"),
        ("{policy: {Version: '2012-10-17', Statement: [{Efect: Deny}]}}", "did you mean Effect?"),
        ("{polciy: {Version: '2012-10-17'}}", "Version"),
    ],
)
def test_what_cannot_be_is_told_where_it_stands(house: House, written: str, told: str) -> None:
    house.write("one.yaml", function_spec("one", extra=f"permissions: {{live: {written}}}\n"))
    result = house.run("validate")
    assert result.exit_code == 20
    assert told in result.err
    assert "one.yaml:" in result.err
