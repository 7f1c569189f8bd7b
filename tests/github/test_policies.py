"""The policies that a house takes over allow every call that the jobs make, and no other."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from botocore.session import get_session

from reconciler.core.service import APIS
from reconciler.kinds.registry import CALLS, KINDS
from tests.github.workflows import OURS, ROOT, own

FOLDER = ROOT / ".github" / "policies"
POLICIES = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.json"))}
RIGHTS = ("plan", "apply", "rollout")
TRUSTS = {"trust-plan": ("reconcile", "drift"), "trust-apply": ("reconcile",), "trust-rollout": ("rollout",)}
ENVIRONMENTS = {"trust-plan": "reconcile-plan", "trust-apply": "production", "trust-rollout": "reconcile-rollout"}
GITHUB = "token.actions.githubusercontent.com"
PREFIXES = {"resourcegroupstaggingapi": "tag"}  # where IAM calls an API otherwise than botocore
# Calls whose action has another name, and actions that AWS asks of the caller beside the call's own.
ACTIONS = {
    "lambda:Invoke": {"lambda:InvokeFunction"},
    # The first one of an account has AWS's own role made: https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-service-linked-roles.html
    "application-autoscaling:RegisterScalableTarget": {
        "application-autoscaling:RegisterScalableTarget", "iam:CreateServiceLinkedRole",
    },
    "lambda:GetLayerVersionByArn": {"lambda:GetLayerVersion"},
    "s3:HeadObject": {"s3:GetObject"},
    "s3:GetObject": {"s3:GetObject", "s3:GetObjectVersion"},  # a version that is pinned
    "s3:ListObjectsV2": {"s3:ListBucket"},
    # https://docs.aws.amazon.com/lambda/latest/dg/access-control-identity-based.html and …/configuration-vpc.html
    "lambda:CreateFunction": {
        "lambda:CreateFunction", "lambda:GetLayerVersion", "iam:PassRole",
        "ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:DescribeVpcs",
    },
}  # fmt: skip
# What AWS lets one narrow to something that it is not about here.
FOR_ALL = {"cloudwatch:GetMetricData": "to a dataset; metrics of AWS/Lambda are in none"}
NOT_GIVEN = {
    "sts:GetCallerIdentity": "everybody may",
    "logs:FilterLogEvents": "`reconcile logs` is for a person",
    "iam:GetRole": "`reconcile doctor` is for a person",
    "iam:SimulatePrincipalPolicy": "`reconcile doctor` is for a person",
}
READING = re.compile(r"[\w-]+:(Get|List|Describe|Lookup)\w+")


def statements(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = POLICIES[name]["Statement"]
    return found


def listed(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]


def granted(name: str) -> list[str]:
    return [action for statement in statements(name) for action in listed(statement["Action"])]


# --- what the code calls -------------------------------------------------------------------------------------------


@cache
def trees() -> tuple[ast.Module, ...]:
    """The product's modules but the sandbox's, which answers calls and makes none."""
    paths = sorted((ROOT / "reconciler").rglob("*.py"))
    return tuple(ast.parse(path.read_text(encoding="utf-8")) for path in paths if "sandbox" not in path.parts)


@cache
def operations() -> Mapping[str, str]:
    """Every operation of an API that the product names, with the API; Lambda's goes before others' of the same name."""
    named = {
        str(node.value.value)
        for tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.keyword) and node.arg == "api" and isinstance(node.value, ast.Constant)
    }
    session, found = get_session(), dict[str, str]()
    for api in (*sorted(named - {*APIS}), *reversed(APIS)):
        found |= dict.fromkeys(session.get_service_model(api).operation_names, api)
    return found


def calls() -> set[str]:
    """API:Operation of each that is handed to a function by name, and of what the kinds say they read and change by."""
    names = {
        str(argument.value)
        for tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        for argument in node.args
        if isinstance(argument, ast.Constant) and argument.value in operations()
    }
    for kind in KINDS.values():
        reading = kind.reading
        beside = (other.listing for other in reading.beside)
        listings = (reading.listing, reading.everywhere, reading.together, reading.holders, *beside)
        names |= {kind.reading.single("f", "n")[0], *(listing.operation for listing in listings if listing)}
        names |= {reading.users.listing.operation} if reading.users else set()
        names |= {reading.rest({"LayerVersionArn": "arn"})[0]} if reading.rest else set()
        names |= {kind.reading.holders.values.operation} if kind.reading.holders else set()
    return {f"{operations()[name]}:{name}" for name in names | set(CALLS)}


def needed() -> set[str]:
    """The actions of all calls."""
    found = set[str]()
    for call in calls():
        api, _, operation = call.partition(":")
        found |= ACTIONS.get(call, {f"{PREFIXES.get(api, api)}:{operation}"})
    return found


def test_the_calls_of_the_code_are_found() -> None:
    """By hand: one of each way in which the code names a call."""
    some = {
        "lambda:GetEventSourceMapping",
        "lambda:PublishVersion",
        "s3:PutObject",
        "ssm:GetParameters",
        "sts:GetCallerIdentity",
    }
    assert some <= calls()
    assert {call for call in ACTIONS if call not in calls()} == set()


def test_every_action_that_the_code_needs_is_granted_and_no_other() -> None:
    given = {action for name in RIGHTS for action in granted(name)}
    assert needed() - given == set(NOT_GIVEN)
    assert given - needed() == set()


def test_whoever_plans_may_read_and_nothing_else() -> None:
    assert [action for action in granted("plan") if not READING.fullmatch(action)] == []
    reading = {action for action in needed() - set(NOT_GIVEN) if READING.fullmatch(action)}
    assert reading - set(granted("plan")) <= ACTIONS["lambda:CreateFunction"]


def test_whoever_takes_rollouts_on_may_move_aliases_and_read() -> None:
    changing = {action for action in granted("rollout") if not READING.fullmatch(action)}
    assert changing == {"lambda:UpdateAlias", "s3:PutObject", "s3:DeleteObject"}


def test_only_the_apply_role_invokes_and_only_versions_for_smoke_events() -> None:
    invoking = [
        (name, statement["Sid"], statement["Resource"])
        for name in RIGHTS
        for statement in statements(name)
        if "lambda:InvokeFunction" in listed(statement["Action"])
    ]
    assert invoking == [("apply", "SmokeEvents", "arn:aws:lambda:*:123456789012:function:shop-*:*")]


# --- how narrow they are -------------------------------------------------------------------------------------------


@cache
def known() -> Mapping[str, Any]:
    """AWS's actions by service, each with the resources that it can be narrowed to, as cfn-lint has them."""
    data = files("cfnlint").joinpath("data", "AdditionalSpecs", "Policies.json").read_text(encoding="utf-8")
    found: Mapping[str, Any] = json.loads(data)
    return found


def each_right() -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name in RIGHTS:
        for statement in statements(name):
            yield from ((action, statement) for action in listed(statement["Action"]))


def test_every_action_is_one_of_aws() -> None:
    for action, _ in each_right():
        service, _, name = action.partition(":")
        assert name.lower() in known()[service]["Actions"], action


def test_everything_is_narrowed_that_aws_lets_one_narrow() -> None:
    """What takes no resource may still have a condition."""
    for action, statement in each_right():
        service, _, name = action.partition(":")
        takes_resources = bool(known()[service]["Actions"][name.lower()].get("Resources")) and action not in FOR_ALL
        is_for_all = "*" in listed(statement["Resource"])
        assert is_for_all is not takes_resources or statement.get("Condition"), action


def test_a_statement_allows_and_bears_a_name_of_its_own() -> None:
    for name in POLICIES:
        assert POLICIES[name]["Version"] == "2012-10-17"
        assert {statement["Effect"] for statement in statements(name)} == {"Allow"}
        names = [statement["Sid"] for statement in statements(name)]
        assert len(names) == len(set(names))
        assert all(re.fullmatch("[A-Za-z0-9]+", one) for one in names)


def test_no_action_holds_a_star_and_none_stands_twice_for_one_resource() -> None:
    for name in RIGHTS:
        assert not [action for action in granted(name) if "*" in action]
        pairs = [
            (action, resource)
            for statement in statements(name)
            for action in listed(statement["Action"])
            for resource in listed(statement["Resource"])
        ]
        assert len(pairs) == len(set(pairs))


def test_roles_are_passed_by_name_and_to_lambda_alone() -> None:
    (passing,) = [statement for action, statement in each_right() if action == "iam:PassRole"]
    assert not [role for role in listed(passing["Resource"]) if "*" in role]
    assert passing["Condition"] == {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}


def test_a_policy_fits_into_iam() -> None:
    """6,144 characters without white space; a trust 2,048."""
    for name, policy in POLICIES.items():
        size = len(json.dumps(policy, separators=(",", ":")))
        assert size <= (2048 if name in TRUSTS else 6144), name


# --- whom they trust -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", TRUSTS)
def test_a_trust_names_one_repository_one_environment_and_the_called_workflow(name: str) -> None:
    (statement,) = statements(name)
    (operator,) = statement["Condition"]
    assert operator == "StringEquals"  # nothing in it is a pattern
    said = statement["Condition"][operator]
    assert said.keys() == {f"{GITHUB}:{claim}" for claim in ("aud", "sub", "repository_id", "job_workflow_ref")}
    assert "*" not in json.dumps(statement)
    assert statement["Action"] == "sts:AssumeRoleWithWebIdentity"
    assert statement["Principal"] == {"Federated": f"arn:aws:iam::123456789012:oidc-provider/{GITHUB}"}


@pytest.mark.parametrize("name", TRUSTS)
def test_a_trust_names_the_subject_in_both_spellings_of_the_same_environment(name: str) -> None:
    said = statements(name)[0]["Condition"]["StringEquals"]
    default = ENVIRONMENTS[name]
    plain, with_ids = said[f"{GITHUB}:sub"]
    assert plain == f"repo:example/shop:environment:{default}"
    assert re.sub(r"@\d+", "", with_ids) == plain
    assert f"@{said[f'{GITHUB}:repository_id']}:" in with_ids
    assert f"default: {default}\n" in dict(own())[TRUSTS[name][0]]


@pytest.mark.parametrize(("name", "workflows"), TRUSTS.items())
def test_a_trust_names_the_workflows_that_take_the_role(name: str, workflows: tuple[str, ...]) -> None:
    role = name.removeprefix("trust-")
    refs = statements(name)[0]["Condition"]["StringEquals"][f"{GITHUB}:job_workflow_ref"]
    assert [Path(ref.partition("@")[0]).stem for ref in refs] == list(workflows)
    assert {found for found, text in own() if f"role-to-assume: ${{{{ inputs.{role}-role }}}}" in text} == set(
        workflows
    ) & set(OURS)
    assert {ref.partition("@")[2] for ref in refs} == {"1" * 40}  # as the examples of callers have it
