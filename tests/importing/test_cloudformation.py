"""Stacks as CloudFormation tells them. SAM's template is the output of its translator; those of Serverless and CDK are written after what
the two make, with their ways to name, to refer and to join. Names and secrets are made up.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from reconciler.core.errors import SourceError
from reconciler.importing.readers import read
from reconciler.importing.readers.cloudformation import hand_over
from reconciler.importing.told import File, Part, Said, Told

RECORDED = Path(__file__).parent / "recorded" / "cloudformation"
SAM, SERVERLESS, CDK = ("sam",), ("serverless-template", "serverless-resources"), ("cdk-template", "cdk-resources")
INGEST = "Clicks-Ingest7C1F3A2B-Hq3vT8sXk2Lm"


def told(*texts: str) -> Told:
    [(reader, told)] = read([File(f"{number}.json", text) for number, text in enumerate(texts)])
    assert reader.name == "cloudformation"
    return told


def recorded(*names: str) -> list[str]:
    return [(RECORDED / f"{name}.json").read_text() for name in names]


def by_name(told: Told) -> dict[str, Said]:
    return {said.function: said for said in told.functions}


def parts(said: Said) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for part in said.parts:
        found.setdefault(part.section, []).append(part.name.rpartition("/")[2])
    return found


def listed(**types: str) -> dict[str, Any]:
    """A list of resources whose physical ids are their logical ones in small letters."""
    return {
        "StackResourceSummaries": [
            {"LogicalResourceId": name, "PhysicalResourceId": name.lower(), "ResourceType": f"AWS::Lambda::{type_}"}
            for name, type_ in types.items()
        ]
    }


def test_a_stack_of_sam_in_one_file_tells_its_function_and_all_that_hangs_on_it() -> None:
    [said] = told(*recorded(*SAM)).functions
    assert (said.function, said.region, said.account_id) == ("orders-prod", "eu-west-1", "123456789012")
    assert said.code == {"S3Bucket": "artifacts", "S3Key": "stock.zip"}
    assert list(said.labels.values()) == ["OrdersQueue"]
    assert said.symbols["/configuration/Role"] == "!GetAtt OrdersRole.Arn"
    assert parts(said) == {
        "configuration": ["Orders", "OrdersVersionb3d88354a3"],
        "log_group": ["OrdersLogs"],
        "aliases": ["OrdersAliaslive"],
        "urls": ["OrdersUrl"],
        "event_invoke": ["OrdersEventInvokeConfig"],
        "permissions": ["OrdersNightlyPermission"],
        "event_source_mappings": ["OrdersQueue"],
    }


def test_a_stack_of_serverless_in_two_files_has_a_bucket_of_its_own_and_its_place_by_the_arn_of_a_version() -> None:
    functions = by_name(told(*recorded(*SERVERLESS)))
    assert sorted(functions) == ["mailer-prod-mail", "mailer-prod-sweep"]
    assert functions["mailer-prod-mail"].code["S3Bucket"] == "artifacts"
    assert {said.region for said in functions.values()} == {"eu-west-1"}
    assert parts(functions["mailer-prod-sweep"]) == {
        "configuration": ["SweepLambdaFunction"],
        "log_group": ["SweepLogGroup"],
        "permissions": ["SweepLambdaPermissionEventsRuleSchedule1"],
    }


def test_a_stack_of_cdk_has_names_that_cloudformation_made_and_the_bucket_of_its_assets() -> None:
    told_of = told(*recorded(*CDK))
    said = by_name(told_of)[INGEST]
    assert said.code["S3Bucket"] == "cdk-hnb659fds-assets-123456789012-eu-west-1"
    assert parts(said)["provisioned_concurrency"] == [
        "IngestAliasliveScaling5E7F9A1B",
        "IngestAliasliveScalingTracking6F8A0B2C",
    ]
    assert parts(said)["permissions"] == ["IngestAllowTopic9D1E3F5A"]
    assert told_of.notes == ("Clicks/AllowElsewhere1A2B3C4D is of no function of this stack, and stays in it",)


def test_templates_and_lists_of_several_stacks_find_each_other_in_any_order() -> None:
    apart = {said.function: said.code for names in (SERVERLESS, CDK, SAM) for said in told(*recorded(*names)).functions}
    together = told(*recorded(CDK[1], SERVERLESS[0], *SAM, CDK[0], SERVERLESS[1]))
    assert {said.function: said.code for said in together.functions} == apart


def test_no_value_of_an_environment_gets_out() -> None:
    texts = recorded(*SAM, *SERVERLESS, *CDK)
    assert sum(text.count("hunter2") for text in texts) == 3
    assert "hunter2" not in repr(told(*texts))


def test_a_template_of_yaml_is_read_with_its_short_forms() -> None:
    body = """
Resources:
  Worker:
    Type: AWS::Lambda::Function
    Properties:
      Role: !ImportValue shared-role
      Code: {S3Bucket: !Sub "code-${AWS::Region}", S3Key: !Ref Key}
  Alias:
    Type: AWS::Lambda::Alias
    Properties: {FunctionName: !Sub "${Worker}", Name: live}
  Polled:
    Type: AWS::Lambda::EventSourceMapping
    Properties: {FunctionName: !Join [":", [!GetAtt Worker.Arn, live]]}
"""
    resources = json.dumps(listed(Worker="Function", Alias="Alias", Polled="EventSourceMapping"))
    for text in (body, json.dumps({"TemplateBody": body})):
        [said] = told(text, resources).functions
        assert said.symbols == {"/configuration/Role": "!ImportValue shared-role"}
        assert said.code == {}
        assert parts(said) == {"configuration": ["Worker"], "aliases": ["Alias"], "event_source_mappings": ["Polled"]}


def test_what_is_missing_is_said() -> None:
    template, resources = recorded(*CDK)
    alone = told(resources)
    assert [said.function for said in alone.functions] == [INGEST]
    assert "there is no template of this stack" in alone.notes[0]
    assert "give the list of the stack's resources as well" in told(template).notes[0]


def test_resources_that_are_gone_from_a_stack_are_none_of_it() -> None:
    document = listed(Here="Function", Gone="Function")
    document["StackResourceSummaries"][1]["ResourceStatus"] = "DELETE_SKIPPED"
    assert [said.function for said in told(json.dumps(document)).functions] == ["here"]


# --- the hand-over ---------------------------------------------------------------------------------------------------


def test_what_is_owned_is_retained_by_stack_and_what_is_not_is_not_named() -> None:
    owned, kept = (Part("configuration", f"shop/{name}") for name in ("Mine", "Stays"))
    text = hand_over([owned, Part("aliases", "./a/list.json/Live")], [kept])
    assert [line for line in text.splitlines() if line.startswith("  ")] == [
        "  Live: {DeletionPolicy: Retain}", "  Mine: {DeletionPolicy: Retain}",
    ]  # fmt: skip
    assert "Stack shop" in text
    assert "Stack ./a/list.json" in text


@pytest.mark.parametrize("name", ["shop/a: b\n  Evil", "shop/", "shop/a b", ""])
def test_an_id_that_is_none_is_in_no_template(name: str) -> None:
    assert hand_over([Part("configuration", name)], []) == ""


# --- what is none of it ----------------------------------------------------------------------------------------------

BOMB = "Resources:\n  A: &a {Type: AWS::Lambda::Function}\n" + "".join(f"  A{n}: [*a, *a]\n" for n in range(9))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"TemplateBody": {"Resources": ', "is not JSON"),
        ('{"TemplateBody": ' + "[" * 200_000, "nested too deeply"),
        ("Resources: {AWS::\n", "not YAML"),
        ("Resources: \n  a: AWS::\n  b: " + "[" * 20_000, "not YAML"),
        (BOMB, "aliases"),
        ("Resources:\n# AWS::\n" + "#" * 2**20, "longer than"),
        ("Resources:\n  AWS::A: !!python/object/apply:os.system [reboot]\n", "not YAML"),
    ],
    ids=["cut", "deep", "open", "deep-yaml", "bomb", "long", "python"],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_in_one_line(text: str, why: str) -> None:
    with pytest.raises(SourceError, match=rf"^0\.json\S* .*{why}.*$") as error:
        told(text)
    assert len(str(error.value)) < 160


@pytest.mark.parametrize(
    "wrong", [None, 3, "x", [], {}, [[]], [{"x": []}], {"Ref": 3}, {"Fn::Sub": [3]}, {"Fn::GetAtt": {}}], ids=repr
)
@pytest.mark.parametrize(
    "member",
    ["TemplateBody", "Resources", "Type", "Properties", "FunctionName", "Role", "Code", "S3Bucket", "EventSourceArn", "StackId",
     "StackResources", "LogicalResourceId", "PhysicalResourceId", "ResourceType", "DeadLetterConfig", "TargetFunctionArn", "Orders"],
)  # fmt: skip
def test_a_member_of_any_other_type_tells_less_and_breaks_nothing(member: str, wrong: Any) -> None:
    def spoilt(tree: Any) -> Any:
        if isinstance(tree, dict):
            return {name: wrong if name == member else spoilt(item) for name, item in tree.items()}
        return [spoilt(item) for item in tree] if isinstance(tree, list) else tree

    [whole] = recorded(*SAM)
    try:
        assert len(told(json.dumps(spoilt(json.loads(whole)))).functions) <= 1
    except SourceError as error:
        assert str(error).startswith("0.json: ")
