"""Permissions from spec to deletion, over HTTP: what a policy may look like, revisions, strangers' statements, what goes with an alias."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from reconciler.sandbox import gate
from reconciler.sandbox.around.faults import Fault, Script
from reconciler.sandbox.lambda_.state import Policy
from tests.apply.houses import ABSENT, house_of
from tests.conftest import ACCOUNT, REGION, House, function_spec

LIVE = "publish: true\naliases: {live: {FunctionVersion: published}}\n"
BUCKET = "{Action: 'lambda:InvokeFunction', Principal: s3.amazonaws.com, SourceArn: 'arn:aws:s3:::uploads', SourceAccount: '123456789012'}"
BAKERY = "{Action: 'lambda:InvokeFunction', Principal: '210987654321'}"
OWN = f"{LIVE}permissions: {{live: {{bucket: {BUCKET}, bakery: {BAKERY}}}, $LATEST: {{}}}}\n"
STRANGER = {"StatementId": "apigw-1", "Action": "lambda:InvokeFunction", "Principal": "apigateway.amazonaws.com"}


@pytest.fixture
def opened(house: House) -> House:
    """A function whose alias a bucket and another account may invoke, applied."""
    house_of(house)
    house.write("one.yaml", function_spec("one", extra=OWN))
    assert house.apply()["outcome"]["exit_code"] == 0
    house.sandbox.requests.clear()
    return house


def policy(house: House, **which: str) -> dict[str, dict[str, Any]]:
    """The statements by their Sids."""
    try:
        answer = house.lambda_.get_policy(FunctionName="one", **which)
    except house.lambda_.exceptions.ResourceNotFoundException:
        return {}
    finally:
        house.sandbox.requests.clear()
    return {statement["Sid"]: statement for statement in json.loads(answer["Policy"])["Statement"]}


def change(house: House, old: str, new: str) -> None:
    text = (house.root / "specs" / "one.yaml").read_text()
    assert old in text
    house.write("one.yaml", text.replace(old, new))


def holds(house: House, qualifier: str, *statements: dict[str, Any]) -> None:
    """What AWS holds, put there past every call."""
    region, lock = house.sandbox.gate.region(ACCOUNT, REGION)
    with lock:
        region.functions["one"].policies[qualifier] = Policy(list(statements), "00000000-0000-4000-8000-000000000000")


def statement(sid: str, **members: Any) -> dict[str, Any]:
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:one:live"
    said = {"Effect": "Allow", "Action": "lambda:InvokeFunction", "Principal": {"Service": "s3.amazonaws.com"}}
    return {"Sid": sid, **said, "Resource": arn, **members}


# --- the law -------------------------------------------------------------------------------------------------------


def test_what_was_applied_needs_nothing_more(opened: House) -> None:
    assert set(policy(opened, Qualifier="live")) == {"bucket", "bakery"}
    assert opened.verbs() == {}
    opened.apply()
    assert opened.writes() == []


def test_a_plan_reads_one_policy_for_each_qualifier_that_the_spec_names(opened: House) -> None:
    assert opened.verbs() == {}
    read = [request for request in opened.sandbox.requests if request.operation == "GetPolicy"]
    assert sorted(request.params.get("Qualifier", "") for request in read) == ["", "live"]


def test_a_section_that_is_not_there_is_neither_read_nor_changed(opened: House) -> None:
    opened.write("one.yaml", function_spec("one", extra=LIVE))
    assert opened.verbs() == {}
    assert "GetPolicy" not in [request.operation for request in opened.sandbox.requests]
    assert len(policy(opened, Qualifier="live")) == 2


def test_a_qualifier_that_is_not_named_is_neither_read_nor_changed(opened: House) -> None:
    opened.lambda_.add_permission(FunctionName="one", Qualifier="1", **STRANGER)
    change(opened, f"live: {{bucket: {BUCKET}, bakery: {BAKERY}}}, ", "")
    assert opened.verbs() == {}
    read = [request for request in opened.sandbox.requests if request.operation == "GetPolicy"]
    assert [request.params.get("Qualifier") for request in read] == [None]
    assert len(policy(opened, Qualifier="live")) == 2


BUCKET_SAID = {"ArnLike": {"AWS:SourceArn": "arn:aws:s3:::uploads"}, "StringEquals": {"AWS:SourceAccount": ACCOUNT}}
ROOT = {"AWS": "arn:aws:iam::210987654321:root"}
BUCKET_NOW = statement("bucket", Condition=BUCKET_SAID)
BAKERY_NOW = statement("bakery", Principal=ROOT)


@pytest.mark.parametrize(
    "statements",
    {
        "as AddPermission writes them": (BUCKET_NOW, BAKERY_NOW),
        "an account by its number": (BUCKET_NOW, BAKERY_NOW | {"Principal": {"AWS": "210987654321"}}),
        "an account's root of another partition": (
            BUCKET_NOW,
            BAKERY_NOW | {"Principal": {"AWS": "arn:aws-cn:iam::210987654321:root"}},
        ),
        "lists of one": (
            BUCKET_NOW
            | {
                "Action": ["lambda:InvokeFunction"],
                "Resource": [BUCKET_NOW["Resource"]],
                "Condition": {
                    "ArnLike": {"AWS:SourceArn": ["arn:aws:s3:::uploads"]},
                    "StringEquals": {"AWS:SourceAccount": [ACCOUNT]},
                },
            },
            BAKERY_NOW | {"Principal": {"AWS": ["210987654321"]}},
        ),
    }.items(),
    ids=lambda item: item[0],
)
def test_the_same_policy_in_other_words_is_no_change(
    opened: House, statements: tuple[str, tuple[dict[str, Any], ...]]
) -> None:
    holds(opened, "live", *statements[1])
    assert opened.verbs() == {}


# --- changes -------------------------------------------------------------------------------------------------------


def guards(house: House) -> list[tuple[str, str, bool]]:
    """Of each writing call its Sid, and whether a revision guarded it."""
    return [
        (request.operation, request.params["StatementId"], "RevisionId" in request.params)
        for request in house.sandbox.requests
        if request.operation in ("AddPermission", "RemovePermission")
    ]


def test_only_the_first_statement_of_a_policy_goes_without_its_revision(house: House) -> None:
    house_of(house)
    house.write("one.yaml", function_spec("one", extra=OWN))
    house.apply()
    assert guards(house) == [("AddPermission", "bakery", False), ("AddPermission", "bucket", True)]


def test_new_ones_come_first_then_what_changed_is_removed_and_added_then_others_go(opened: House) -> None:
    change(opened, f"bakery: {BAKERY}", f"bakery: {BAKERY.replace('2109', '3109')}, topic: {BUCKET}")
    change(opened, f"bucket: {BUCKET}, ", "")
    told = opened.run("plan").out
    assert "removed and added again, for AWS changes no statement: in between callers may be refused" in told
    assert opened.apply()["outcome"]["exit_code"] == 0
    assert guards(opened) == [
        ("AddPermission", "topic", True),
        ("RemovePermission", "bakery", True),
        ("AddPermission", "bakery", True),
        ("RemovePermission", "bucket", True),
    ]
    assert policy(opened, Qualifier="live")["bakery"]["Principal"] == {"AWS": "arn:aws:iam::310987654321:root"}
    assert opened.verbs() == {}


def test_the_only_statement_is_changed_though_its_policy_is_gone_in_between(opened: House) -> None:
    change(opened, f"bucket: {BUCKET}, ", "")
    opened.apply()
    opened.sandbox.requests.clear()
    change(opened, "210987654321", "310987654321")
    assert opened.apply()["outcome"]["exit_code"] == 0
    assert guards(opened) == [("RemovePermission", "bakery", True), ("AddPermission", "bakery", False)]
    assert opened.verbs() == {}


@pytest.mark.parametrize("fault", [{"status": 503}, {"reset": True}], ids=["503", "reset"])
@pytest.mark.parametrize("operation", ["RemovePermission", "AddPermission"])
def test_a_change_whose_answer_is_lost_is_carried_out_once(
    opened: House, operation: str, fault: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    change(opened, "210987654321", "310987654321")
    opened.sandbox.gate.script = Script([Fault(operation, nth=1, when="after", **fault)])  # type: ignore[arg-type]
    assert opened.apply()["outcome"]["exit_code"] == 0
    assert opened.writes() == ["RemovePermission", "AddPermission"]
    assert opened.verbs() == {}


def test_what_ended_between_removing_and_adding_is_ended_by_the_next_run(opened: House) -> None:
    change(opened, "210987654321", "310987654321")
    opened.sandbox.gate.script = Script([Fault("AddPermission", status=400, code="PublicPolicyException")])
    assert opened.run("apply", "--yes").exit_code == 25
    opened.sandbox.gate.script = Script([])
    assert opened.verbs() == {"one/permission/live/bakery": "create"}
    assert opened.apply()["outcome"]["exit_code"] == 0
    assert opened.verbs() == {}


def test_a_policy_that_cannot_be_read_leaves_its_function_alone(opened: House) -> None:
    opened.sandbox.gate.script = Script([Fault("GetPolicy", status=403, code="AccessDeniedException")])
    result = opened.run("apply", "--yes")
    assert (result.exit_code, opened.writes()) == (26, [])
    assert "allow lambda:GetPolicy to the credentials of account test" in result.err


# --- somebody else -------------------------------------------------------------------------------------------------


def test_a_strangers_statement_is_a_deletion_that_is_shown_first_and_counted(opened: House) -> None:
    opened.lambda_.add_permission(FunctionName="one", Qualifier="live", **STRANGER)
    told = opened.run("plan").out
    assert (
        "- permission/live/apigw-1  (of apigateway.amazonaws.com: lambda:InvokeFunction, which the spec does not name)"
        in told
    )
    config = (opened.root / "specs" / "reconcile.yaml").read_text()
    opened.write("reconcile.yaml", config + "guards: {maxDeletes: 0}\n", stock=False)
    assert opened.run("apply", "--yes").exit_code == 21
    opened.writes()
    assert opened.run("apply", "--yes", "--allow-deletes", "1").exit_code == 0
    assert opened.writes() == ["RemovePermission"]
    assert set(policy(opened, Qualifier="live")) == {"bucket", "bakery"}


def test_a_pattern_as_the_last_step_leaves_statements_to_somebody_else(opened: House) -> None:
    change(opened, "$LATEST: {}}", "$LATEST: {}}\nignore: [/permissions/live/apigw-*]")
    opened.lambda_.add_permission(FunctionName="one", Qualifier="live", **STRANGER)
    assert opened.verbs() == {}
    change(opened, "210987654321", "310987654321")
    assert opened.apply()["outcome"]["exit_code"] == 0
    assert set(policy(opened, Qualifier="live")) == {"bucket", "bakery", "apigw-1"}


def test_a_member_that_is_left_to_others_is_sent_as_it_is(opened: House) -> None:
    change(opened, "$LATEST: {}}", "$LATEST: {}}\nignore: [/permissions/live/bucket/SourceAccount]")
    opened.lambda_.remove_permission(FunctionName="one", Qualifier="live", StatementId="bucket")
    theirs = {"StatementId": "bucket", "Action": "lambda:InvokeFunction", "Principal": "s3.amazonaws.com"}
    opened.lambda_.add_permission(
        FunctionName="one", Qualifier="live", **theirs, SourceArn="arn:aws:s3:::drafts", SourceAccount="555555555555"
    )
    assert opened.apply()["outcome"]["exit_code"] == 0
    condition = policy(opened, Qualifier="live")["bucket"]["Condition"]
    assert condition == {
        "ArnLike": {"AWS:SourceArn": "arn:aws:s3:::uploads"},
        "StringEquals": {"AWS:SourceAccount": "555555555555"},
    }
    assert opened.verbs() == {}


def acting_before(house: House, operation: str, nth: int, act: Any) -> list[str]:
    """Somebody acts right before the nth request of an operation; what was acted."""
    seen: list[str] = []

    def watch(name: str, _: object) -> None:
        seen.extend([name] if name == operation else [])
        if name == operation and len(seen) == nth:
            house.sandbox.gate.watch = lambda *_: None
            act()

    house.sandbox.gate.watch = watch
    return seen


@pytest.mark.parametrize(
    ("operation", "nth"), [("RemovePermission", 1), ("AddPermission", 1)], ids=["before the first call", "in between"]
)
def test_a_statement_that_came_meanwhile_makes_the_plan_stale(opened: House, operation: str, nth: int) -> None:
    change(opened, "210987654321", "310987654321")
    came = acting_before(
        opened, operation, nth, lambda: opened.lambda_.add_permission(FunctionName="one", Qualifier="live", **STRANGER)
    )
    assert opened.run("apply", "--yes").exit_code == 23
    assert came
    opened.sandbox.requests.clear()
    assert opened.apply()["outcome"]["exit_code"] == 0
    assert opened.verbs() == {}


def test_what_aws_still_shows_after_it_was_removed_is_only_late(opened: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    get, remove = gate.OPERATIONS["GetPolicy"], gate.OPERATIONS["RemovePermission"]
    late: list[dict[str, Any]] = []

    def removed(region: Any, params: Any, now: float) -> Any:
        late.extend([get(region, {"FunctionName": "one", "Qualifier": "live"}, now)] * 2)
        return remove(region, params, now)

    monkeypatch.setitem(gate.OPERATIONS, "RemovePermission", removed)
    monkeypatch.setitem(gate.OPERATIONS, "GetPolicy", lambda *given: late.pop() if late else get(*given))
    change(opened, "210987654321", "310987654321")
    change(opened, f"bucket: {BUCKET}, ", "")
    assert opened.apply()["outcome"]["exit_code"] == 0
    assert opened.verbs() == {}


# --- what no call of ours could have written -------------------------------------------------------------------------


ODD: dict[str, dict[str, Any]] = {
    "a denial": {"Effect": "Deny"},
    "two actions": {"Action": ["lambda:InvokeFunction", "lambda:GetFunction"]},
    "two principals": {"Principal": {"AWS": ["111111111111", "222222222222"]}},
    "principals of two sorts": {"Principal": {"AWS": "111111111111", "Service": "s3.amazonaws.com"}},
    "a principal of another sort": {"Principal": {"Federated": "cognito-identity.amazonaws.com"}},
    "every service": {"Principal": {"Service": "*"}},
    "nobody but": {"NotPrincipal": {"AWS": "111111111111"}},
    "another resource": {"Resource": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:one"},
    "another operator": {"Condition": {"ArnEquals": {"AWS:SourceArn": "arn:aws:s3:::uploads"}}},
    "another key": {"Condition": {"StringEquals": {"aws:SourceVpc": "vpc-1"}}},
    "a key twice": {"Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT, "AWS:SourceAccount": ACCOUNT}}},
    "two values": {"Condition": {"StringEquals": {"AWS:SourceAccount": [ACCOUNT, "210987654321"]}}},
    "a principal of the request": {"Condition": {"StringEquals": {"lambda:Principal": "s3.amazonaws.com"}}},
    "who comes by a URL, of another action": {"Condition": {"StringEquals": {"lambda:FunctionUrlAuthType": "NONE"}}},
    "no truth value": {"Condition": {"Bool": {"lambda:InvokedViaFunctionUrl": "perhaps"}}},
}


@pytest.mark.parametrize("odd", ODD)
def test_a_statement_in_other_words_is_told_whole_and_replaced_by_what_git_says(opened: House, odd: str) -> None:
    theirs = statement("bucket") | ODD[odd]
    holds(opened, "live", theirs, BAKERY_NOW)
    (verb,) = opened.verbs().values()
    assert verb == "update"
    (fields,) = [
        action["fields"] for target in opened.plan()["targets"] for action in target["actions"] if action["fields"]
    ]
    (whole,) = [field["before"] for field in fields if field["path"] == "/permissions/live/bucket/statement"]
    assert json.loads(whole) == theirs
    assert opened.apply()["outcome"]["exit_code"] == 0
    assert policy(opened, Qualifier="live")["bucket"] == BUCKET_NOW
    assert opened.verbs() == {}


def test_a_deleted_roles_id_is_a_difference_that_is_mended(opened: House) -> None:
    holds(opened, "live", BUCKET_NOW, statement("bakery", Principal={"AWS": "AROAIOSFODNN7EXAMPLE1"}))
    assert "Principal  AROAIOSFODNN7EXAMPLE1 → 210987654321" in opened.run("plan").out
    assert opened.apply()["outcome"]["exit_code"] == 0
    assert opened.verbs() == {}


@pytest.mark.parametrize("sid", [None, "", "of two words", "twice"])
def test_a_statement_that_no_call_can_name_is_refused_with_what_helps(opened: House, sid: str | None) -> None:
    theirs = statement("x", Principal={"Service": "events.amazonaws.com"}) | {"Sid": sid}
    if sid is None:
        del theirs["Sid"]
    more = [theirs | {"Principal": "*"}] if sid == "twice" else []
    holds(opened, "live", BUCKET_NOW, BAKERY_NOW, theirs, *more)
    result = opened.run("apply", "--yes")
    assert (result.exit_code, opened.writes()) == (21, [])
    assert "RemovePermission finds a statement by a Sid of its own" in result.out
    pattern = re.findall('ignore: \\["([^"]*)"\\]', result.out)[0]
    change(
        opened, "$LATEST: {}}", f"$LATEST: {{}}}}\nignore: ['{pattern if not more else '/permissions/live/unnamed-*'}']"
    )
    assert opened.verbs() == {}


# --- what hangs together ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("is_by_url", "is_told"), [("true", False), ("false", True)])
def test_everybody_is_told_unless_only_a_url_lets_them_in(opened: House, is_by_url: str, is_told: bool) -> None:
    whom = f"{{Action: 'lambda:InvokeFunction', Principal: '*', InvokedViaFunctionUrl: {is_by_url}}}"
    change(opened, BAKERY, whom)
    assert ("lets everybody of every AWS account do lambda:InvokeFunction" in opened.run("plan").out) == is_told


def test_a_policy_goes_before_its_alias_and_an_alias_that_one_opens_stays(opened: House) -> None:
    opened.write("one.yaml", function_spec("one", extra="aliases: {}\n"))
    result = opened.run("apply", "--yes")
    assert (result.exit_code, opened.writes()) == (21, [])
    assert "alias live is used by permission live/bakery of 210987654321: lambda:InvokeFunction" in result.out
    opened.write("one.yaml", function_spec("one", extra="aliases: {}\npermissions: {$LATEST: {}}\n"))
    assert opened.apply()["outcome"]["exit_code"] == 0
    assert opened.writes() == ["RemovePermission", "RemovePermission", "DeleteAlias"]
    assert opened.verbs() == {}


def test_a_saved_snapshot_knows_the_policies_of_an_alias_that_goes(opened: House) -> None:
    opened.write("one.yaml", function_spec("one", extra="aliases: {}\npermissions: {$LATEST: {}}\n"))
    opened.run("snapshot", "-o", "live.json")
    result = opened.run("plan", "--snapshot", "live.json")
    assert (result.exit_code, "- permission/live/bucket" in result.out, "refusal" in result.out) == (0, True, False)


def test_a_function_that_is_replaced_has_its_permissions_again(opened: House) -> None:
    text = (opened.root / "specs" / "one.yaml").read_text()
    durable = "configuration:\n  DurableConfig: {ExecutionTimeout: 60}\n"
    opened.write("one.yaml", "allow_replace: true\n" + text.replace("configuration:\n", durable))
    told = opened.run("plan").out
    assert "loses with its replacement" not in told.replace("loses with its replacement: version 1\n", "")
    assert opened.apply()["outcome"]["exit_code"] == 0
    assert set(policy(opened, Qualifier="live")) == {"bucket", "bakery"}
    assert opened.verbs() == {}


def test_before_a_deletion_they_are_exported_in_the_specs_words(opened: House) -> None:
    opened.lambda_.add_permission(FunctionName="one", **STRANGER)
    opened.write("one.yaml", ABSENT.format("one"))
    (export,) = opened.apply()["exports"]
    assert export["spec"]["permissions"] == {
        "$LATEST": {"apigw-1": {"Action": "lambda:InvokeFunction", "Principal": "apigateway.amazonaws.com"}},
        "live": {
            "bakery": {"Action": "lambda:InvokeFunction", "Principal": "arn:aws:iam::210987654321:root"},
            "bucket": {
                "Action": "lambda:InvokeFunction", "Principal": "s3.amazonaws.com", "SourceArn": "arn:aws:s3:::uploads",
                "SourceAccount": ACCOUNT,
            },
        },
    }  # fmt: skip
    assert {one["Sid"] for one in export["belongings"]["permission"]} == {"apigw-1", "bakery", "bucket"}
    again = {key: value for key, value in export["spec"].items() if key not in ("policy", "code")}
    opened.write(
        "one.yaml", json.dumps(again | {"code": {"S3Bucket": "artifacts", "S3Key": "v1.zip"}, "publish": True})
    )
    assert opened.run("apply", "--yes").exit_code == 0
    assert set(policy(opened, Qualifier="live")) == {"bakery", "bucket"}


def test_the_list_of_functions_has_those_of_the_function_and_its_aliases(opened: House) -> None:
    opened.lambda_.add_permission(FunctionName="one", **STRANGER)
    (item,) = opened.run("functions").json()
    assert [(one["qualifier"], one["statementId"]) for one in item["permissions"]] == [
        ("$LATEST", "apigw-1"), ("live", "bakery"), ("live", "bucket"),
    ]  # fmt: skip
    opened.lambda_.create_function_url_config(FunctionName="one", AuthType="AWS_IAM")
    opened.sandbox.gate.script = Script([Fault("GetPolicy", status=403, code="AccessDeniedException")])
    (item,) = opened.run("functions").json()
    assert (item["permissions"], len(item["urls"])) == (None, 1)


def test_a_role_that_was_just_created_is_waited_for(opened: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    role = f"arn:aws:iam::{ACCOUNT}:role/fresh"
    (opened.root / "specs" / "one.yaml").write_text(
        (opened.root / "specs" / "one.yaml").read_text().replace("'210987654321'", role)
    )
    monkeypatch.setitem(gate.OPERATIONS, "AddPermission", appearing(opened, "fresh", gate.OPERATIONS["AddPermission"]))
    assert opened.apply()["outcome"]["exit_code"] == 0
    assert opened.verbs() == {}


def appearing(house: House, role: str, add: Any) -> Any:
    """AddPermission in an account where a role is seen from the third attempt on."""
    attempts: list[int] = []

    def answer(*given: Any) -> Any:
        attempts.append(len(attempts))
        if len(attempts) == 3:
            house.sandbox.clients.get("iam", ACCOUNT, REGION).create_role(
                RoleName=role, AssumeRolePolicyDocument='{"Statement": []}'
            )
        return add(*given)

    return answer


def test_a_service_that_there_is_not_is_told_at_once(opened: House) -> None:
    change(opened, "s3.amazonaws.com", "s3.example.com")
    result = opened.run("apply", "--yes")
    assert result.exit_code == 25
    assert "The provided principal was invalid. Please check the principal and try again." in result.out
    assert [request.operation for request in opened.sandbox.requests].count("AddPermission") == 1


# --- what is told of the spec alone ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("permissions: {live: {a: {Principal: s3.amazonaws.com}}}", "permissions.live.a needs Action"),
        ("permissions: {live: {a: {Action: InvokeFunction, Principal: '*'}}}", "lambda:ACTION, lambda:* or *"),
        ("permissions: {live: {a: {Action: '*', Principal: 123456789012}}}", 'must be a string: write "123456789012"'),
        ("permissions: {live: {a.b: {Action: '*', Principal: '*'}}}", "must be letters, digits, - and _"),
        ("permissions: {live: {a: {Action: '*', Principal: '*', Qualifier: b}}}", "the key under `permissions`"),
        ("permissions: {live: {a: {Action: '*', Principal: '*', Sourcearn: b}}}", "did you mean SourceArn?"),
        ("permissions: {li/ve: {}}", "an alias's name, a version's number, or $LATEST"),
        ("SourceArn: x", "it belongs under `permissions.NAME.NAME`"),
        ("aliases: {live: {FunctionVersion: '1'}}\npermissions: {next: {}}", "which aliases does not declare"),
        ("permissions: {live: {}}\nignore: [/permissions/next]", "permissions has no next"),
        ("permissions: {live: {}}\nignore: [/permissions/live/a/SourceArn]", "permissions.live has no a"),
        ("permissions: {live: {}}\nignore: [/permissions/live/*/Sourcearn]", "did you mean SourceArn?"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_told_where_it_stands(house: House, written: str, told: str) -> None:
    house.write("one.yaml", function_spec("one", extra=written + "\n"))
    result = house.run("validate")
    assert result.exit_code == 20
    assert told in result.err
    assert "one.yaml:" in result.err


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("permissions: {}", "write permissions: {$LATEST: {}} (W218)"),
        ("permissions: {live: {a: {Action: '*', Principal: sns.amazonaws.com}}}", "write SourceArn or SourceAccount (W220)"),
        (
            "permissions: {live: {a: {Action: '*', Principal: s3.amazonaws.com, SourceArn: 'arn:aws:s3:::b'}}}",
            "arn:aws:s3:::b says none; write SourceAccount as well (W220)",
        ),
        ("permissions: {live: {}}\nurls: {live: {AuthType: NONE}}", "permissions.live lets nobody ask by it; add there"),
    ],
)  # fmt: skip
def test_what_only_looks_like_a_mistake_is_said(house: House, written: str, told: str) -> None:
    house.write("one.yaml", function_spec("one", extra=written + "\n"))
    result = house.run("validate")
    assert result.exit_code == 0
    assert told in result.err


@pytest.mark.parametrize(
    "written",
    [
        f"permissions: {{live: {{a: {BUCKET}, b: {BAKERY}}}}}",
        "permissions: {live: {a: {Action: '*', Principal: sns.amazonaws.com, PrincipalOrgID: o-1234567890}}}",
        "urls: {live: {AuthType: NONE}}",
        "permissions: {$LATEST: {}}\nurls: {live: {AuthType: NONE}}",
        "permissions: {live: {}}\nurls: {live: {AuthType: AWS_IAM}}",
        "permissions: {live: {a: {Action: 'lambda:*', Principal: '*'}}}\nurls: {live: {AuthType: NONE}}",
    ],
)
def test_what_is_as_it_should_be_is_not_warned_of(house: House, written: str) -> None:
    house.write("one.yaml", function_spec("one", extra=written + "\n"))
    assert house.run("validate").err == ""


def test_what_a_public_url_lacks_can_be_pasted(house: House) -> None:
    start = "permissions: {live: {}}\nurls: {live: {AuthType: NONE}}\n"
    house.write("one.yaml", function_spec("one", extra=start))
    told = house.run("validate").err
    pasted = told.partition("; add there ")[2].partition(" (W219)")[0]
    house.write("one.yaml", function_spec("one", extra=start.replace("live: {}", f"live: {{{pasted}}}")))
    result = house.run("validate")
    assert (result.exit_code, result.err) == (0, "")
