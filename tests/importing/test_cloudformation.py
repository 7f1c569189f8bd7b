"""Stacks as CloudFormation tells them, with templates as SAM's translator, CDK and Serverless write them. Names and secrets are made up."""

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
INGEST = "Clicks-Ingest4069586C-QADlQoprlJK1"


def told(*texts: str) -> Told:
    [(reader, told)] = read([File(f"{number}.json", text) for number, text in enumerate(texts)])
    assert reader.name == "cloudformation"
    return told


def recorded(*tools: str) -> list[str]:
    """What is recorded of a tool: its template and the list of resources."""
    return [path.read_text() for tool in tools for path in sorted((RECORDED / tool).iterdir())]


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


def test_a_stack_of_sam_tells_its_functions_and_all_that_hangs_on_them() -> None:
    functions = by_name(told(*recorded("sam")))
    said, report = functions["orders-prod"], functions["orders-prod-stack-Report-59QSX2ND0Dz2"]
    assert (said.region, said.account_id) == ("eu-west-1", "123456789012")
    assert said.code == {"S3Bucket": "artifacts", "S3Key": "stock.zip"}
    assert list(said.labels.values()) == ["OrdersInbox"]
    assert said.symbols["/configuration/Role"] == "!GetAtt OrdersRole.Arn"
    assert parts(said) == {
        "configuration": ["Orders", "OrdersVersiond29aa9259a"],
        "aliases": ["OrdersAliaslive"],
        "urls": ["OrdersUrl"],
        "event_invoke": ["OrdersEventInvokeConfig"],
        "permissions": ["OrdersHttpPermission", "OrdersNightlyPermission"],
        "event_source_mappings": ["OrdersInbox"],
    }
    assert report.symbols["/configuration/DeadLetterConfig/TargetArn"] == "!GetAtt Failed.Arn"
    assert parts(report)["log_group"] == ["ReportLogs"]


def test_a_stack_of_serverless_has_a_bucket_of_its_own_and_its_place_by_the_arn_of_a_version() -> None:
    told_of = told(*recorded("serverless"))
    functions = by_name(told_of)
    assert sorted(functions) == ["mailer-nightly-sweep", "mailer-prod-audit", "mailer-prod-front", "mailer-prod-mail"]
    assert functions["mailer-prod-mail"].code["S3Bucket"] == "mailer-prod-ServerlessDeploymentBucket-FWAiWc688K5w"
    assert {said.region for said in functions.values()} == {"eu-west-1"}
    assert parts(functions["mailer-nightly-sweep"]) == {
        "configuration": ["SweepLambdaFunction", "SweepLambdaVersionUnU8fqTkWBES1IA5e7fAK6PafbiQuurivawbAQa6suY"],
        "log_group": ["SweepLogGroup"],
        "aliases": ["SweepProvConcLambdaAlias"],
        "permissions": ["SweepLambdaPermissionEventsRuleSchedule1"],
    }
    assert told_of.notes == ()


def test_a_stack_of_cdk_has_names_that_cloudformation_made_and_the_bucket_of_its_assets() -> None:
    said = by_name(told(*recorded("cdk")))[INGEST]
    assert said.code["S3Bucket"] == "cdk-hnb659fds-assets-123456789012-eu-west-1"
    assert parts(said)["provisioned_concurrency"] == [
        "IngestLiveAliasScalingTarget560A772F",
        "IngestLiveAliasScalingTargetTrackingF46A60E3",
    ]
    assert parts(said)["permissions"] == ["IngestLiveAllowInvokeClicksTopic20F2CE02E361E21E"]
    assert said.symbols["/configuration/Layers/0"] == "!Ref SharedDACC02AA"


def test_a_function_that_makes_resources_of_its_own_stack_stays_in_it() -> None:
    told_of = told(*recorded("cdk"))
    assert sorted(by_name(told_of)) == [INGEST, "clicks-archive"]
    [note] = told_of.notes
    assert note.startswith("Clicks/BucketNotificationsHandler050a0587b7544547bf325f094a3db8347ECC3691 makes resources")


def test_a_resource_of_a_function_elsewhere_stays() -> None:
    template, resources = (json.loads(text) for text in recorded("cdk"))
    template["Resources"]["Elsewhere"] = {
        "Type": "AWS::Lambda::Permission", "Properties": {"FunctionName": "of-another-team"},
    }  # fmt: skip
    resources["StackResources"].append(
        {"LogicalResourceId": "Elsewhere", "PhysicalResourceId": "x", "ResourceType": "AWS::Lambda::Permission"}
    )
    notes = told(json.dumps(template), json.dumps(resources)).notes
    assert "/Elsewhere is of no function of this stack, and stays in it" in "".join(notes)


def test_templates_and_lists_of_several_stacks_find_each_other_in_any_order() -> None:
    tools = ("sam", "serverless", "cdk")
    apart = {said.function: said.code for tool in tools for said in told(*recorded(tool)).functions}
    texts = recorded(*tools)
    together = told(*texts[1::2], *reversed(texts[::2]))
    assert {said.function: said.code for said in together.functions} == apart


def test_no_value_of_an_environment_gets_out() -> None:
    texts = recorded("sam", "serverless", "cdk")
    assert all("hunter2" in "".join(recorded(tool)) for tool in ("sam", "serverless", "cdk"))
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
    template, resources = recorded("cdk")
    alone = told(resources)
    assert INGEST in by_name(alone)
    assert "there is no template of this stack" in alone.notes[0]
    assert "describe-stack-resources --stack-name STACK` prints into a file as well" in told(template).notes[0]


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

    template, resources = (json.loads(text) for text in recorded("sam"))
    try:
        assert len(told(json.dumps(spoilt(template | resources))).functions) <= 2
    except SourceError as error:
        assert str(error).startswith("0.json: ")
