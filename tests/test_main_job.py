"""The main job through the command line on the sandbox: create, change, delete, and never do anything twice."""

from __future__ import annotations

import json
from unittest.mock import ANY

import pytest

from reconciler.commands import workspaces
from reconciler.commands.rehearsal import fill
from tests.conftest import CONFIG, ROLE, House, function_spec

LIVE = "publish: true\naliases:\n  live: {FunctionVersion: published}\n"
QUEUE = """
event_source_mappings:
  orders:
    EventSourceArn: arn:aws:sqs:us-west-2:123456789012:orders
    alias: live
    BatchSize: 5
"""


def test_apply_then_plan_is_empty_and_a_second_apply_writes_nothing(house: House) -> None:
    house.write("checkout.yaml", function_spec(extra=LIVE + QUEUE + "tags: {team: payments}\n"))
    assert house.apply()["outcome"] == {"status": "succeeded", "exit_code": 0}
    assert house.writes() == ["CreateFunction", "CreateAlias", "CreateEventSourceMapping"]
    assert house.verbs() == {}
    assert house.apply()["outcome"] == {"status": "unchanged", "exit_code": 0}
    assert house.writes() == []


def test_detailed_exit_code_tells_changes_from_none(house: House) -> None:
    house.write("checkout.yaml", function_spec())
    assert house.run("plan").exit_code == 0
    assert house.run("plan", "--detailed-exitcode").exit_code == 10
    house.apply()
    assert house.run("plan", "--detailed-exitcode").exit_code == 0


@pytest.mark.parametrize(
    ("configuration", "member", "value"),
    [
        ("Description: new", "Description", "new"),
        ("Timeout: 10", "Timeout", 10),
        ("MemorySize: 512", "MemorySize", 512),
        ("Environment: {Variables: {A1: b}}", "Environment", {"Variables": {"A1": "b"}}),
        ("TracingConfig: {Mode: Active}", "TracingConfig", {"Mode": "Active"}),
        ("EphemeralStorage: {Size: 1024}", "EphemeralStorage", {"Size": 1024}),
        ("DeadLetterConfig: {TargetArn: 'arn:aws:sqs:us-west-2:123456789012:dlq'}", "DeadLetterConfig", {"TargetArn": "arn:aws:sqs:us-west-2:123456789012:dlq"}),
        ("KMSKeyArn: arn:aws:kms:us-west-2:123456789012:key/1", "KMSKeyArn", "arn:aws:kms:us-west-2:123456789012:key/1"),
        ("Layers: ['arn:aws:lambda:us-west-2:123456789012:layer:a:1']", "Layers", [{"Arn": "arn:aws:lambda:us-west-2:123456789012:layer:a:1", "CodeSize": 253}]),
        ("SnapStart: {ApplyOn: PublishedVersions}", "SnapStart", {"ApplyOn": "PublishedVersions", "OptimizationStatus": "Off"}),
        ("LoggingConfig: {LogFormat: JSON, SystemLogLevel: WARN}", "LoggingConfig", {"LogFormat": "JSON", "SystemLogLevel": "WARN", "ApplicationLogLevel": "INFO", "LogGroup": "/aws/lambda/checkout"}),
        ("FileSystemConfigs: [{Arn: 'arn:aws:elasticfilesystem:us-west-2:123456789012:access-point/fsap-0123456789abcdef0', LocalMountPath: /mnt/a}]", "FileSystemConfigs", [{"Arn": "arn:aws:elasticfilesystem:us-west-2:123456789012:access-point/fsap-0123456789abcdef0", "LocalMountPath": "/mnt/a"}]),
        ("VpcConfig: {SubnetIds: [subnet-b, subnet-a], SecurityGroupIds: [sg-1]}", "VpcConfig", {"SubnetIds": ["subnet-a", "subnet-b"], "SecurityGroupIds": ["sg-1"], "Ipv6AllowedForDualStack": False, "VpcId": ANY}),
    ],
    ids=lambda value: value.split(":")[0] if isinstance(value, str) else "",
)  # fmt: skip
def test_a_setting_is_put_and_taken_back_with_one_call_each(
    house: House, configuration: str, member: str, value: object
) -> None:
    house.write("checkout.yaml", function_spec())
    house.apply()
    house.writes()
    house.write("checkout.yaml", function_spec(configuration=configuration))
    house.apply()
    assert house.writes() == ["UpdateFunctionConfiguration"]
    assert house.lambda_.get_function_configuration(FunctionName="checkout")[member] == value
    assert house.verbs() == {}
    house.write("checkout.yaml", function_spec())
    house.apply()
    assert house.writes() == ["UpdateFunctionConfiguration"]
    assert house.verbs() == {}


def test_only_what_differs_is_sent(house: House) -> None:
    house.write("checkout.yaml", function_spec(configuration="Timeout: 5\nMemorySize: 256"))
    house.apply()
    house.write("checkout.yaml", function_spec(configuration="Timeout: 5\nMemorySize: 512"))
    house.sandbox.requests.clear()
    house.apply()
    sent = next(request for request in house.sandbox.writes)
    assert sent.operation == "UpdateFunctionConfiguration"
    assert set(sent.params) == {"FunctionName", "MemorySize", "RevisionId"}


def test_code_and_configuration_wait_for_each_other_and_publish_one_version(house: House) -> None:
    house.write("checkout.yaml", function_spec(extra=LIVE))
    house.apply()
    house.writes()
    house.write("checkout.yaml", function_spec(key="v2.zip", configuration="Timeout: 9", extra=LIVE + "tags: {a: b}\n"))
    report = house.apply()
    assert house.writes() == [
        "TagResource",
        "UpdateFunctionConfiguration",
        "UpdateFunctionCode",
        "PublishVersion",
        "UpdateAlias",
    ]
    assert report["outcome"]["status"] == "succeeded"
    assert house.lambda_.get_alias(FunctionName="checkout", Name="live")["FunctionVersion"] == "2"
    assert house.verbs() == {}


def test_unchanged_code_under_another_key_makes_no_call_and_no_version(house: House) -> None:
    house.write("checkout.yaml", function_spec(extra=LIVE))
    house.apply()
    house.writes()
    s3 = house.sandbox.clients.get("s3", "123456789012", "us-west-2")
    same = s3.get_object(Bucket="artifacts", Key="v1.zip")["Body"].read()
    s3.put_object(Bucket="artifacts", Key="copy.zip", Body=same)  # no SHA-256 kept by S3: read and hashed
    house.write("checkout.yaml", function_spec(key="copy.zip", extra=LIVE))
    assert house.verbs() == {}


def test_a_section_that_is_left_out_is_not_managed(house: House) -> None:
    house.write("checkout.yaml", function_spec(extra=LIVE + "tags: {a: b}\n"))
    house.apply()
    house.lambda_.update_function_configuration(FunctionName="checkout", Timeout=77)
    house.lambda_.tag_resource(Resource="arn:aws:lambda:us-west-2:123456789012:function:checkout", Tags={"x": "y"})
    house.write(
        "checkout.yaml",
        "function: checkout\naccount: test\nregion: us-west-2\ncode: {S3Bucket: artifacts, S3Key: v1.zip}\n",
    )
    assert house.verbs() == {}


def test_a_section_that_is_there_is_owned_whole(house: House) -> None:
    house.write("checkout.yaml", function_spec(extra=LIVE + QUEUE + "tags: {a: b}\n"))
    house.apply()
    house.lambda_.create_alias(FunctionName="checkout", Name="foreign", FunctionVersion="1")
    house.lambda_.tag_resource(Resource="arn:aws:lambda:us-west-2:123456789012:function:checkout", Tags={"x": "y"})
    house.write(
        "checkout.yaml", function_spec(extra="publish: true\naliases: {}\nevent_source_mappings: {}\ntags: {a: b}\n")
    )
    house.writes()
    house.apply()
    assert house.writes() == ["UntagResource", "DeleteEventSourceMapping", "DeleteAlias", "DeleteAlias"]
    assert house.verbs() == {}


def test_an_ignored_path_is_neither_compared_nor_overwritten(house: House) -> None:
    ignore = "ignore: [/configuration/Environment/Variables/FLAG, /tags/*]\ntags: {}\n"
    house.write("checkout.yaml", function_spec(configuration="Environment: {Variables: {STAGE: a}}", extra=ignore))
    house.apply()
    house.lambda_.update_function_configuration(
        FunctionName="checkout", Environment={"Variables": {"STAGE": "a", "FLAG": "theirs"}}
    )
    house.lambda_.tag_resource(Resource="arn:aws:lambda:us-west-2:123456789012:function:checkout", Tags={"x": "y"})
    assert house.verbs() == {}
    house.write("checkout.yaml", function_spec(configuration="Environment: {Variables: {STAGE: b}}", extra=ignore))
    house.apply()
    variables = house.lambda_.get_function_configuration(FunctionName="checkout")["Environment"]["Variables"]
    assert variables == {"STAGE": "b", "FLAG": "theirs"}


def test_a_retarget_and_a_change_of_a_mapping_are_one_update_in_place(house: House) -> None:
    house.write("checkout.yaml", function_spec(extra=LIVE + QUEUE))
    house.apply()
    house.writes()
    uuid = house.lambda_.list_event_source_mappings()["EventSourceMappings"][0]["UUID"]
    two = LIVE.replace("published}", "published}\n  next: {FunctionVersion: $LATEST}")
    house.write(
        "checkout.yaml",
        function_spec(extra=two + QUEUE.replace("alias: live", "alias: next").replace("BatchSize: 5", "BatchSize: 7")),
    )
    house.apply()
    assert house.writes() == ["CreateAlias", "UpdateEventSourceMapping"]
    found = house.lambda_.get_event_source_mapping(UUID=uuid)
    assert found["FunctionArn"].endswith(":checkout:next")
    assert house.verbs() == {}


def test_a_changed_source_is_a_replacement_and_needs_permission(house: House) -> None:
    house.write("checkout.yaml", function_spec(extra=LIVE + QUEUE))
    house.apply()
    house.writes()
    moved = LIVE + QUEUE.replace(":orders", ":returns")
    house.write("checkout.yaml", function_spec(extra=moved))
    result = house.run("plan")
    assert result.exit_code == 21
    assert "allow_replace: true" in result.out
    assert house.apply()["outcome"]["status"] == "refused"
    assert house.writes() == []
    house.write("checkout.yaml", function_spec(extra=moved + "allow_replace: true\n"))
    assert house.verbs() == {"checkout/event_source_mapping/orders": "replace"}
    house.apply()
    assert house.writes() == ["DeleteEventSourceMapping", "CreateEventSourceMapping"]
    assert house.verbs() == {}


def test_absent_deletes_mappings_first_and_a_missing_function_is_a_noop_that_says_so(house: House) -> None:
    house.write("checkout.yaml", function_spec(extra=LIVE + QUEUE))
    house.apply()
    house.writes()
    house.write("checkout.yaml", "function: checkout\naccount: test\nregion: us-west-2\nstate: absent\n")
    house.apply()
    assert house.writes() == ["DeleteEventSourceMapping", "DeleteFunction"]
    assert house.verbs() == {}
    assert "already absent" in house.run("plan").out


def test_a_version_is_deleted_by_number_unless_an_alias_uses_it(house: House) -> None:
    for key in ("v1.zip", "v2.zip"):
        house.write("checkout.yaml", function_spec(key=key, extra=LIVE))
        house.apply()
    house.writes()
    house.write("checkout.yaml", function_spec(key="v2.zip", extra=LIVE + 'versions: {"1": {state: absent}}\n'))
    house.apply()
    assert house.writes() == ["DeleteFunction"]
    assert house.verbs() == {}
    house.lambda_.create_alias(FunctionName="checkout", Name="other", FunctionVersion="2")
    house.write("checkout.yaml", function_spec(key="v2.zip", extra='versions: {"2": {state: absent}}\n'))
    result = house.run("plan")
    assert result.exit_code == 21
    assert "version 2 is used by alias live, other" in result.out


def test_a_replaced_package_type_is_refused_without_permission(house: House) -> None:
    house.write("checkout.yaml", function_spec())
    house.apply()
    house.writes()
    image = (
        f"function: checkout\naccount: test\nregion: us-west-2\nconfiguration: {{PackageType: Image, Role: '{ROLE}'}}\n"
        "code: {ImageUri: 123456789012.dkr.ecr.us-west-2.amazonaws.com/checkout:v1}\n"
    )
    house.write("checkout.yaml", image)
    assert house.run("plan").exit_code == 21
    house.write(
        "checkout.yaml", image + "allow_replace: true\npublish: true\naliases: {live: {FunctionVersion: published}}\n"
    )
    house.apply()
    assert house.writes() == ["DeleteFunction", "CreateFunction", "CreateAlias"]
    assert house.verbs() == {}


def test_an_image_tag_that_moved_is_one_code_update(house: House) -> None:
    uri = "123456789012.dkr.ecr.us-west-2.amazonaws.com/checkout:v1"
    spec = f"function: checkout\naccount: test\nregion: us-west-2\nconfiguration: {{PackageType: Image, Role: '{ROLE}'}}\ncode: {{ImageUri: '{uri}'}}\n"
    house.write("checkout.yaml", spec)
    house.apply()
    assert house.verbs() == {}
    house.writes()
    ecr = house.sandbox.clients.get("ecr", "123456789012", "us-west-2")
    ecr.batch_delete_image(repositoryName="checkout", imageIds=[{"imageTag": "v1"}])
    manifest = {"schemaVersion": 2, "config": {"digest": "sha256:" + "0" * 64, "size": 2}, "layers": []}
    ecr.put_image(
        repositoryName="checkout", imageTag="v1", imageManifest=json.dumps(manifest), imageDigest=f"sha256:{'1' * 64}",
        imageManifestMediaType="application/vnd.docker.distribution.manifest.v2+json",
    )  # fmt: skip
    assert house.verbs() == {"checkout": "update"}
    house.apply()
    assert house.writes() == ["UpdateFunctionCode"]
    assert house.verbs() == {}


def test_local_code_is_packed_and_compared(house: House) -> None:
    source = house.root / "src"
    source.mkdir()
    (source / "lambda_function.py").write_text("def lambda_handler(event, context):\n    return 'one'\n")
    spec = function_spec(extra=LIVE).replace("code: {S3Bucket: artifacts, S3Key: v1.zip}", "code: {path: ../src}")
    house.write("checkout.yaml", spec)
    house.apply()
    assert house.verbs() == {}
    house.writes()
    (source / "lambda_function.py").write_text("def lambda_handler(event, context):\n    return 'two'\n")
    house.apply()
    assert house.writes() == ["UpdateFunctionCode", "PublishVersion", "UpdateAlias"]
    result = house.run("invoke", "checkout", "--alias", "live")
    assert result.json()["payload"] == "two"


def test_a_function_that_exists_already_is_updated_not_a_conflict(house: House) -> None:
    house.write("checkout.yaml", function_spec(configuration="Timeout: 5"))
    house.lambda_.create_function(
        FunctionName="checkout", Runtime="python3.13", Handler="lambda_function.lambda_handler", Role=ROLE,
        Code={"S3Bucket": "artifacts", "S3Key": "v1.zip"},
    )  # fmt: skip
    assert house.verbs() == {"checkout": "update"}
    assert house.apply()["outcome"]["status"] == "succeeded"


def test_lambda_disabled_refuses_before_any_call(house: House) -> None:
    house.write("checkout.yaml", function_spec())
    house.write("reconcile.yaml", CONFIG.replace("enabled: true}", "enabled: false}"), stock=False)
    house.sandbox.requests.clear()
    for command in (["plan"], ["apply", "--yes"], ["snapshot"]):
        result = house.run(*command)
        assert result.exit_code == 21
        assert "aws.lambda.enabled is false" in result.err
    house.write("reconcile.yaml", CONFIG.replace("lambdaEnabled: true", "lambdaEnabled: false"), stock=False)
    assert house.run("plan").exit_code == 21
    assert house.sandbox.requests == []


def test_credentials_of_another_account_are_refused_before_any_lambda_call(house: House) -> None:
    house.write("checkout.yaml", function_spec())
    house.write("reconcile.yaml", CONFIG.replace("123456789012", "210987654321"), stock=False)
    house.sandbox.requests.clear()
    result = house.run("plan")
    assert result.exit_code == 26
    assert "210987654321" in result.err
    assert house.sandbox.requests == []


def test_an_assumed_role_reaches_its_own_account(house: House) -> None:
    house.write(
        "reconcile.yaml",
        CONFIG
        + '    - {name: prod, lambdaEnabled: true, accountId: "210987654321", assumeRole: role/reconcile, sessionName: ci, externalId: abc}\n',
        stock=False,
    )
    house.write(
        "checkout.yaml",
        function_spec().replace("account: test", "account: prod").replace("123456789012", "210987654321"),
    )
    assert house.apply()["outcome"]["status"] == "succeeded"
    assert house.verbs() == {}
    assert house.sandbox.clients.get("lambda", "210987654321", "us-west-2").get_function(FunctionName="checkout")


def test_a_saved_snapshot_plans_without_network_and_tells_equal_from_changed(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = "Environment: {Variables: {TOKEN: sentinel-value}}"
    house.write("checkout.yaml", function_spec(configuration=secret, extra=LIVE + QUEUE))
    house.apply()
    assert house.run("snapshot", "-o", "live.json").exit_code == 0
    assert "sentinel-value" not in (house.root / "live.json").read_text()
    live = house.plan()
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    offline = house.plan("--snapshot", "live.json")
    assert offline["targets"] == live["targets"]
    house.write(
        "checkout.yaml",
        function_spec(configuration=secret.replace("sentinel", "other"), extra=LIVE + QUEUE),
        stock=False,
    )
    verbs = house.verbs("--snapshot", "live.json")
    assert verbs == {"checkout": "update", "checkout/version/published": "create", "checkout/alias/live": "update"}


def test_apply_without_a_terminal_and_without_yes_refuses(house: House) -> None:
    house.write("checkout.yaml", function_spec())
    result = house.run("apply")
    assert result.exit_code == 21
    assert "--yes" in result.err
    assert house.writes() == []


def test_the_examples_apply_cleanly(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    from pathlib import Path

    from tests.conftest import reconcile

    root = Path(__file__).parents[1]
    monkeypatch.chdir(root)
    fill(house.sandbox, workspaces.read([Path("specs")]))
    reports = str(house.root / "reports")
    assert reconcile("apply", "specs", "--yes", "--report-dir", reports).exit_code == 0
    assert reconcile("plan", "specs", "--detailed-exitcode").exit_code == 0
