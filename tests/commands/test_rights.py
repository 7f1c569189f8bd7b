"""Which rights a plan needs, and what IAM's answers about them mean."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from reconciler.aws.client import Answer
from reconciler.aws.simulation import decisions, principal_of, questions, results
from reconciler.commands import wiring
from reconciler.commands.setup.rights import applying, planning, wanted
from reconciler.commands.workspaces import Choices, read
from reconciler.core.errors import CallFailed
from reconciler.core.model import Key, Spec, Target
from reconciler.core.plans import Operation, Plan, Ref
from reconciler.core.rights import Right
from reconciler.kinds.registry import CALLS
from tests.conftest import ACCOUNT, CONFIG, House, function_spec
from tests.github.test_policies import FOR_ALL
from tests.manual.scenes import examples

FUNCTION = "arn:aws:lambda:us-west-2:123456789012:function:one"
MAPPINGS = "arn:aws:lambda:us-west-2:123456789012:event-source-mapping:*"
OF_FUNCTION = (("lambda:FunctionArn", FUNCTION),)
PASSED = (("iam:PassedToService", "lambda.amazonaws.com"),)
PLACE: Any = None


# --- for planning --------------------------------------------------------------------------------------------------


def spec_of(house: House, text: str) -> Spec:
    house.write("one.yaml", text, stock=False)
    (spec,) = read([house.root / "specs"]).specs.specs
    return spec


def test_what_rollouts_are_judged_by_is_asked_for(house: House) -> None:
    rollout = "{steps: [{weight: 0.1, bake: 5m}], analysis: {alarms: [checkout-5xx], errors: {max: 2%}}}"
    spec = spec_of(
        house, function_spec("one", extra=f"aliases: {{live: {{FunctionVersion: published, rollout: {rollout}}}}}")
    )
    found = {right for right in planning(spec, ACCOUNT) if right.action.startswith("cloudwatch:")}
    alarm = f"arn:aws:cloudwatch:us-west-2:{ACCOUNT}:alarm:checkout-5xx"
    assert found == {Right("cloudwatch:DescribeAlarms", alarm), Right("cloudwatch:GetMetricData", "*")}


def needed(house: House, **parts: str) -> set[tuple[str, str]]:
    return {
        (right.action, right.resource) for right in planning(spec_of(house, function_spec("one", **parts)), ACCOUNT)
    }


def test_a_function_is_read_with_its_code(house: House) -> None:
    assert needed(house) == {("lambda:GetFunction", FUNCTION), ("s3:GetObject", "arn:aws:s3:::artifacts/v1.zip")}


def test_what_a_spec_does_not_own_is_not_read(house: House) -> None:
    actions = {action for action, _ in needed(house, extra="aliases: {}\n")}
    assert {"lambda:ListAliases", "lambda:ListVersionsByFunction"} <= actions
    assert not {action for action in actions if "Mapping" in action or "Url" in action}


def test_mappings_are_listed_for_all_and_looked_at_by_their_own_address(house: House) -> None:
    pairs = needed(
        house,
        extra="event_source_mappings: {a: {EventSourceArn: 'arn:aws:sqs:us-west-2:123456789012:a', Tags: {b: c}}}\n",
    )
    assert {
        ("lambda:ListEventSourceMappings", "*"), ("lambda:GetEventSourceMapping", MAPPINGS), ("lambda:ListTags", MAPPINGS),
    } <= pairs  # fmt: skip


def test_log_groups_are_read_by_another_api_and_each_call_that_changes_one_names_it(house: House) -> None:
    assert ("logs:DescribeLogGroups", "*") in needed(house, extra="log_group: {}\n")
    key = Key(Target("test", "us-west-2", "one"), "log_group", "/shop")
    call = Operation("", key, "PutRetentionPolicy", "", {"logGroupName": "/shop", "retentionInDays": 7})
    group = "arn:aws:logs:us-west-2:123456789012:log-group:/shop:*"
    assert list(applying(call, ACCOUNT)) == [Right("logs:PutRetentionPolicy", group)]


def test_a_smoke_event_is_sent_by_the_right_to_invoke_versions() -> None:
    key = Key(Target("test", "us-west-2", "one"), "alias", "live")
    call = Operation("", key, "Invoke", "", {"FunctionName": "one", "Qualifier": "2"})
    assert list(applying(call, ACCOUNT)) == [Right("lambda:InvokeFunction", f"{FUNCTION}:*")]


def test_a_pinned_version_of_an_object_is_another_right(house: House) -> None:
    spec = spec_of(house, function_spec("one").replace("v1.zip}", "v1.zip, S3ObjectVersion: abc}"))
    assert Right("s3:GetObjectVersion", "arn:aws:s3:::artifacts/v1.zip") in set(planning(spec, ACCOUNT))


@pytest.mark.parametrize(("tag", "is_asked"), [(":v1", True), ("@sha256:" + "a" * 64, False)])
def test_only_a_tag_of_an_image_is_looked_up_in_its_registry(house: House, tag: str, is_asked: bool) -> None:
    text = (
        "function: one\naccount: test\nregion: us-west-2\nconfiguration: {PackageType: Image, Role: 'arn:aws:iam::123456789012:role/x'}\n"
        f"code: {{ImageUri: '210987654321.dkr.ecr.us-west-2.amazonaws.com/shop/app{tag}'}}\n"
    )
    right = Right("ecr:DescribeImages", "arn:aws:ecr:us-west-2:210987654321:repository/shop/app")
    assert (right in set(planning(spec_of(house, text), ACCOUNT))) is is_asked


@pytest.mark.parametrize(
    ("reference", "action", "resource"),
    [
        ("ssm('/shop/token')", "ssm:GetParameters", "arn:aws:ssm:us-west-2:123456789012:parameter/shop/token"),
        ("ssm('token:3')", "ssm:GetParameters", "arn:aws:ssm:us-west-2:123456789012:parameter/token"),
        ("secret('shop/db', 'key')", "secretsmanager:GetSecretValue", "arn:aws:secretsmanager:us-west-2:123456789012:secret:shop/db-??????"),
        ("secret('arn:aws:secretsmanager:us-west-2:210987654321:secret:x-AbCdEf')", "secretsmanager:GetSecretValue", "arn:aws:secretsmanager:us-west-2:210987654321:secret:x-AbCdEf"),
    ],
)  # fmt: skip
def test_what_a_reference_stands_for_is_read(house: House, reference: str, action: str, resource: str) -> None:
    assert (action, resource) in needed(
        house, configuration=f'Environment: {{Variables: {{TOKEN: "{{{{ {reference} }}}}"}}}}'
    )


def test_in_another_partition_everything_has_its_name(house: House) -> None:
    china = CONFIG.replace("us-west-2", "cn-north-1")
    house.write("reconcile.yaml", china, stock=False)
    text = function_spec("one").replace("us-west-2", "cn-north-1").replace("arn:aws:", "arn:aws-cn:")
    resources = {right.resource for right in planning(spec_of(house, text), ACCOUNT)}
    assert resources == {"arn:aws-cn:lambda:cn-north-1:123456789012:function:one", "arn:aws-cn:s3:::artifacts/v1.zip"}


def test_a_layer_is_read_by_those_that_refer_to_it_and_published_under_its_name(house: House) -> None:
    house.write("one.yaml", function_spec("one", configuration="Layers: [\"{{ layer('shared') }}\"]"), stock=False)
    shared = "layer: shared\naccount: test\nregion: us-west-2\ncode: {S3Bucket: artifacts, S3Key: l.zip}\nkeep: 2\n"
    house.write("shared.yaml", shared, stock=False)
    found = read([house.root / "specs"])
    (function,) = (spec for spec in found.specs.specs if spec.target.root == "function")
    layer = "arn:aws:lambda:us-west-2:123456789012:layer:shared"
    reading = {
        Right("lambda:GetLayerVersion", f"{layer}:*"),
        Right("lambda:ListLayers"),
        Right("lambda:ListLayerVersions"),
    }
    alone = wanted(found.config, [function], None, {"test": ACCOUNT}, is_applying=False)["test"]
    assert reading <= alone
    assert Right("lambda:ListFunctions") not in alone
    whole = wanted(found.config, found.specs.specs, None, {"test": ACCOUNT}, is_applying=False)["test"]
    assert reading | {Right("lambda:ListFunctions"), Right("s3:GetObject", "arn:aws:s3:::artifacts/l.zip")} <= whole
    target = Target("test", "us-west-2", "shared", "layer")
    content = {"LayerName": "shared", "Content": {"S3Bucket": "artifacts", "S3Key": "l.zip"}}
    publishing = Operation("", Key(target, "layer"), "PublishLayerVersion", "", content)
    assert Right("lambda:PublishLayerVersion", layer) in set(applying(publishing, ACCOUNT))
    params = {"LayerName": "shared", "VersionNumber": 1}
    deleting = Operation("", Key(target, "layer_version", "1"), "DeleteLayerVersion", "", params)
    assert list(applying(deleting, ACCOUNT)) == [Right("lambda:DeleteLayerVersion", f"{layer}:*")]
    following = {"FunctionName": "one", "Layers": [Ref("PublishLayerVersion", "LayerVersionArn", target)]}
    moving = Operation("", Key(function.target, "function"), "UpdateFunctionConfiguration", "", following)
    assert Right("lambda:GetLayerVersion", f"{layer}:*") in set(applying(moving, ACCOUNT))


# --- for applying --------------------------------------------------------------------------------------------------


def asked(name: str, **params: Any) -> set[Right]:
    key = Key(Target("test", "us-west-2", "one"), "function")
    return set(applying(Operation("1", key, name, "", params), ACCOUNT))


@pytest.mark.parametrize(
    ("name", "params", "rights"),
    [
        ("UpdateAlias", {"FunctionName": "one", "Name": "live"}, {Right("lambda:UpdateAlias", FUNCTION)}),
        ("PublishVersion", {"FunctionName": "one"}, {Right("lambda:PublishVersion", FUNCTION)}),
        (
            "UpdateFunctionConfiguration",
            {"FunctionName": "one", "Role": "arn:r", "Layers": ["arn:l"], "VpcConfig": {"SubnetIds": ["s"]}},
            {
                Right("lambda:UpdateFunctionConfiguration", FUNCTION), Right("iam:PassRole", "arn:r", PASSED), Right("lambda:GetLayerVersion", "arn:l"),
                Right("ec2:DescribeSubnets"), Right("ec2:DescribeSecurityGroups"), Right("ec2:DescribeVpcs"),
            },
        ),
        (
            "UpdateFunctionConfiguration", {"FunctionName": "one", "VpcConfig": {"SubnetIds": [], "SecurityGroupIds": []}},
            {Right("lambda:UpdateFunctionConfiguration", FUNCTION)},
        ),
        (
            "CreateFunction", {"FunctionName": "one", "Role": "arn:r", "Tags": {"a": "b"}, "Code": {"S3Bucket": "c", "S3Key": "d"}},
            {
                Right("lambda:CreateFunction", FUNCTION), Right("lambda:TagResource", FUNCTION), Right("iam:PassRole", "arn:r", PASSED),
                Right("s3:GetObject", "arn:aws:s3:::c/d"),
            },
        ),
        ("UpdateFunctionCode", {"FunctionName": "one", "S3Bucket": "c", "S3Key": "d"}, {Right("lambda:UpdateFunctionCode", FUNCTION), Right("s3:GetObject", "arn:aws:s3:::c/d")}),
        ("CreateEventSourceMapping", {"FunctionName": "one"}, {Right("lambda:CreateEventSourceMapping", "*", OF_FUNCTION)}),
        ("DeleteEventSourceMapping", {"UUID": "7"}, {Right("lambda:DeleteEventSourceMapping", MAPPINGS, OF_FUNCTION)}),
        ("TagResource", {"Resource": FUNCTION, "Tags": {}}, {Right("lambda:TagResource", FUNCTION)}),
        ("TagResource", {"Resource": Ref("CreateEventSourceMapping", "EventSourceMappingArn")}, {Right("lambda:TagResource", MAPPINGS, OF_FUNCTION)}),
    ],
)  # fmt: skip
def test_a_call_needs_its_action_and_what_aws_asks_for_besides(
    name: str, params: dict[str, Any], rights: set[Right]
) -> None:
    assert asked(name, **params) == rights


def test_lock_and_reports_are_kept_by_the_first_account(house: House) -> None:
    house.write(
        "reconcile.yaml",
        CONFIG + "lock: s3://shop/lock\nreports: s3://shop/deep/reports/\nmanagedBy: shop\n",
        stock=False,
    )
    house.write("one.yaml", function_spec("one"), stock=False)
    workspace = read([house.root / "specs"])
    found = [
        wanted(workspace.config, workspace.specs.specs, None, {"test": ACCOUNT}, is_applying=is_applying)["test"]
        for is_applying in (False, True)
    ]
    assert Right("tag:GetResources") in found[0]
    assert {(right.action, right.resource) for right in found[1] - found[0]} == {
        ("s3:GetObject", "arn:aws:s3:::shop/lock"), ("s3:PutObject", "arn:aws:s3:::shop/lock"), ("s3:DeleteObject", "arn:aws:s3:::shop/lock"),
        ("s3:ListBucket", "arn:aws:s3:::shop"), ("s3:GetObject", "arn:aws:s3:::shop/deep/reports/*"), ("s3:PutObject", "arn:aws:s3:::shop/deep/reports/*"),
    }  # fmt: skip


def test_of_an_account_that_was_not_reached_nothing_is_asked(house: House) -> None:
    house.write("one.yaml", function_spec("one"), stock=False)
    workspace = read([house.root / "specs"])
    assert wanted(workspace.config, workspace.specs.specs, None, {}, is_applying=True) == {}


# --- what AWS's own list of actions says ---------------------------------------------------------------------------


def known() -> Mapping[str, Any]:
    text = files("cfnlint").joinpath("data", "AdditionalSpecs", "Policies.json").read_text(encoding="utf-8")
    found: Mapping[str, Any] = json.loads(text)
    return found


def planned(house: House) -> tuple[Any, Plan]:
    (house.root / "specs" / "reconcile.yaml").unlink()
    (house.root / "specs").rmdir()
    examples(house)
    workspace = read([house.root / "specs"])
    aws = wiring.connect(workspace.config, workspace.accounts)
    return workspace, wiring.planned(workspace, wiring.live_snapshot(workspace, aws), Choices(), aws)


def test_an_action_is_one_of_aws_and_names_a_resource_where_it_takes_one(house: House) -> None:
    workspace, plan = planned(house)
    rights = wanted(workspace.config, workspace.specs.specs, plan, {"test": ACCOUNT}, is_applying=True)["test"]
    rights |= {right for name in CALLS if name != "Invoke" for right in asked(name, Role="arn:r", Layers=["arn:l"])}
    assert len(rights) > 20
    services = known()
    for right in rights:
        service, _, name = right.action.partition(":")
        takes_one = bool(services[service]["Actions"][name.lower()].get("Resources"))
        assert (right.resource != "*") is takes_one or right.action in FOR_ALL, right


# --- asking IAM ----------------------------------------------------------------------------------------------------


class Iam:
    """IAM as the seam shows it."""

    def __init__(self, *pages: Mapping[str, Any], role: str = "") -> None:
        self.told, self.role = pages, role
        self.asked: list[Mapping[str, Any]] = []

    def call(self, _: Any, operation: str, params: Mapping[str, Any], *, api: str) -> Answer:
        assert (operation, api) == ("GetRole", "iam")
        if not self.role:
            raise CallFailed("not for you", code="AccessDenied")
        return Answer({"Role": {"Arn": f"arn:aws:iam::1:role{self.role}{params['RoleName']}"}})

    def pages(self, _: Any, operation: str, params: Mapping[str, Any], *, api: str) -> Any:
        assert (operation, api) == ("SimulatePrincipalPolicy", "iam")
        self.asked.append(params)
        return self.told


def result(action: str, resource: str, decision: str, *missing: str) -> dict[str, Any]:
    return {
        "EvalActionName": action,
        "EvalResourceName": resource,
        "EvalDecision": decision,
        "MissingContextValues": list(missing),
    }


def decided(iam: Iam, caller: str, *rights: Right) -> Mapping[Right, str]:
    return decisions(iam, PLACE, caller, rights)  # type: ignore[arg-type]


USER = "arn:aws:iam::123456789012:user/ada"
SESSION = "arn:aws:sts::123456789012:assumed-role/deploy/GitHubActions"
GET, PUT = Right("s3:GetObject", "arn:o"), Right("s3:PutObject", "arn:o")


def test_each_right_is_decided_as_iam_says() -> None:
    iam = Iam(
        {"EvaluationResults": [result("s3:GetObject", "arn:o", "allowed")]},
        {"EvaluationResults": [result("s3:PutObject", "arn:o", "explicitDeny")]},
    )
    assert decided(iam, USER, GET, PUT) == {GET: "allowed", PUT: "denied"}
    (question,) = iam.asked
    assert (question["PolicySourceArn"], question["ActionNames"], question["ResourceArns"]) == (
        USER,
        ["s3:GetObject", "s3:PutObject"],
        ["arn:o"],
    )


def test_what_iam_does_not_tell_is_untold() -> None:
    assert decided(Iam({"EvaluationResults": []}), USER, GET) == {GET: "untold"}


@pytest.mark.parametrize(
    ("decision", "meant"), [("implicitDeny", "untold"), ("explicitDeny", "denied"), ("allowed", "allowed")]
)
def test_a_condition_that_nobody_could_judge_denies_nothing(decision: str, meant: str) -> None:
    iam = Iam({"EvaluationResults": [result("s3:GetObject", "arn:o", decision, "aws:SourceIp")]})
    assert decided(iam, USER, GET) == {GET: meant}


def test_of_several_resources_each_is_told_by_itself() -> None:
    page = {
        "EvaluationResults": [
            {
                **result("s3:GetObject", "arn:a", "implicitDeny"),
                "ResourceSpecificResults": [
                    {"EvalResourceName": "arn:a", "EvalResourceDecision": "allowed"},
                    {"EvalResourceName": "arn:b", "EvalResourceDecision": "implicitDeny"},
                ],
            }
        ]
    }
    assert list(results(page)) == [("s3:GetObject", "arn:a", "allowed"), ("s3:GetObject", "arn:b", "denied")]


def test_what_goes_with_a_call_is_told_to_iam() -> None:
    iam = Iam({"EvaluationResults": []})
    decided(iam, USER, Right("iam:PassRole", "arn:r", PASSED))
    (entry,) = iam.asked[0]["ContextEntries"]
    assert entry == {
        "ContextKeyName": "iam:PassedToService",
        "ContextKeyValues": ["lambda.amazonaws.com"],
        "ContextKeyType": "string",
    }


@pytest.mark.parametrize(
    ("caller", "role", "principal"),
    [
        (USER, "", USER),
        (SESSION, "/", "arn:aws:iam::1:role/deploy"),
        (SESSION, "/ci/", "arn:aws:iam::1:role/ci/deploy"),
        (SESSION, "", "arn:aws:iam::123456789012:role/deploy"),
        (SESSION.replace("arn:aws:", "arn:aws-cn:"), "", "arn:aws-cn:iam::123456789012:role/deploy"),
    ],
)
def test_of_a_session_its_role_counts(caller: str, role: str, principal: str) -> None:
    assert principal_of(Iam(role=role), PLACE, caller) == principal  # type: ignore[arg-type]


def test_the_root_user_may_do_everything_and_nobody_is_asked() -> None:
    iam = Iam()
    assert decided(iam, "arn:aws:iam::123456789012:root", GET, PUT) == {GET: "allowed", PUT: "allowed"}
    assert iam.asked == []


def test_functions_alike_are_asked_for_together_fifty_at_a_time() -> None:
    rights = [Right(action, f"arn:{number:03}") for action in ("a:B", "a:C") for number in range(120)]
    found = list(questions([*rights, Right("a:B", "arn:one")]))
    assert [(actions, len(resources)) for actions, resources, _ in found] == [
        (["a:B", "a:C"], 50), (["a:B", "a:C"], 50), (["a:B", "a:C"], 20), (["a:B"], 1),
    ]  # fmt: skip
    asked_for = {(action, resource) for actions, resources, _ in found for action in actions for resource in resources}
    assert asked_for == {(right.action, right.resource) for right in rights} | {("a:B", "arn:one")}


def test_the_policies_of_the_repository_are_those_that_travel() -> None:
    from reconciler.commands.setup.init import policies

    names = ["apply.json", "plan.json", "rollout.json", "trust-apply.json", "trust-plan.json", "trust-rollout.json"]
    assert [path.name for path in policies()] == names
    assert Path(policies()[0]).parent.name == "policies"
