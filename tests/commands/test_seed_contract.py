"""The seed (manual/decisions.md), row by row: each sample request as a spec, and the task record that it leaves."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.commands.functions import camel_of
from reconciler.kinds.registry import NAMED_SECTIONS
from tests.conftest import House

NAME = "SAMPLE-NEW-LAMBDA-PRINT-FUNCTION"
INIT = ("ORCHESTRATION", "Initializing Orchestration Task...")
DONE = ("ORCHESTRATION", "Orchestration completed.")
CREATE_FIELDS = {
    "codeSha256", "codeSize", "description", "functionArn", "functionName", "handler", "lastModified", "memorySize",
    "revisionId", "role", "runtime", "sdkHttpMetadata", "sdkResponseMetadata", "timeout", "tracingConfig", "version",
}  # fmt: skip


def sample(description: str = "THIS IS THE SAMPLE DESCRIPTION", key: str = "version-1.zip", extra: str = "") -> str:
    return f"""
function: {NAME}
account: test
region: us-west-2
configuration:
  Description: {description}
  Handler: lambda_function.lambda_handler
  MemorySize: 512
  Role: arn:aws:iam::123456789012:role/lambda-deployer-anuj
  Runtime: python3.12
  Timeout: 60
code: {{S3Bucket: aws-codestar-us-west-2-123456789012, S3Key: {key}}}
publish: true
{extra}"""


def history(task: dict[str, Any]) -> list[tuple[str, str]]:
    return [(line["phase"], line["status"]) for line in task["history"]]


def told(operation: str, phase: str, started: str, finished: str) -> list[tuple[str, str]]:
    return [("ORCHESTRATION", f"Processing op: {operation}"), (phase, started), (phase, finished)]


def only_task(house: House) -> dict[str, Any]:
    report = house.apply()
    (task,) = report["tasks"]
    assert set(task) == {"id", "ownerId", "startTimeMs", "history", "resultObjects", "status", "target", "operations"}
    assert task["status"] == {
        "phase": "ORCHESTRATION", "status": "Orchestration completed.", "complete": True, "completed": True,
        "failed": False, "retryable": False,
    }  # fmt: skip
    assert isinstance(task["startTimeMs"], int)
    return dict(task)


@pytest.fixture
def created(house: House) -> House:
    house.write("sample.yaml", sample())
    house.apply()
    return house


def test_create_leaves_the_seeds_record(house: House) -> None:
    house.write("sample.yaml", sample(extra="tags: {key1: value1, key2: value2, key3: value3}\n"))
    task = only_task(house)
    text = "of AWS Lambda Function Operation..."
    assert history(task) == [
        INIT,
        *told("CreateLambdaAtomicOperation", "CREATE_LAMBDA_FUNCTION", f"Initializing Creation {text}", f"Finished Creation {text}"),
        DONE,
    ]  # fmt: skip
    (result,) = task["resultObjects"]
    assert set(result) >= CREATE_FIELDS
    assert result["version"] == "1"
    assert result["functionArn"] == f"arn:aws:lambda:us-west-2:123456789012:function:{NAME}"
    assert result["tracingConfig"] == {"mode": "PassThrough"}
    assert result["sdkHttpMetadata"]["httpStatusCode"] == 201
    assert result["sdkResponseMetadata"]["requestId"]
    assert house.lambda_.get_function(FunctionName=NAME)["Tags"] == {
        "key1": "value1",
        "key2": "value2",
        "key3": "value3",
    }


def test_publish_false_leaves_only_latest(house: House) -> None:
    house.write("sample.yaml", sample().replace("publish: true", "publish: false"))
    assert only_task(house)["resultObjects"][0]["version"] == "$LATEST"


def test_update_of_the_configuration_leaves_the_seeds_record(house: House) -> None:
    house.write("sample.yaml", sample().replace("publish: true", ""))
    house.apply()
    house.write("sample.yaml", sample("THIS IS THE SAMPLE DESCRIPTION UPDATED").replace("publish: true", ""))
    task = only_task(house)
    text = "of AWS Lambda Function Configuration Operation..."
    assert history(task) == [
        INIT,
        *told("UpdateLambdaConfigurationAtomicOperation", "UPDATE_LAMBDA_FUNCTION_CONFIGURATION", f"Initializing Updating {text}", f"Finished Updating {text}"),
        DONE,
    ]  # fmt: skip
    (result,) = task["resultObjects"]
    assert set(result) >= CREATE_FIELDS
    assert result["description"] == "THIS IS THE SAMPLE DESCRIPTION UPDATED"
    assert result["version"] == "$LATEST"
    assert result["sdkHttpMetadata"]["httpStatusCode"] == 200


def test_update_of_the_code_leaves_the_seeds_record_and_a_version(created: House) -> None:
    created.write("sample.yaml", sample(key="sample_print_function_v2.zip"))
    task = only_task(created)
    code, version = "of AWS Lambda Function Code Operation...", "of AWS Lambda Function Version Operation..."
    assert history(task) == [
        INIT,
        *told("UpdateLambdaCodeAtomicOperation", "UPDATE_LAMBDA_FUNCTION_CODE", f"Initializing Updating {code}", f"Finished Updating {code}"),
        *told("PublishLambdaFunctionVersionAtomicOperation", "PUBLISH_LAMBDA_FUNCTION_VERSION", f"Initializing Publishing {version}", f"Finished Publishing {version}"),
        DONE,
    ]  # fmt: skip
    assert set(task["resultObjects"][0]) >= CREATE_FIELDS
    assert task["resultObjects"][1]["version"] == "2"
    assert task["resultObjects"][1]["functionArn"].endswith(":2")


def test_invoke_leaves_the_seeds_record(created: House) -> None:
    result = created.run(
        "invoke", NAME, "--alias", " ", "--payload", '{"PROPERTY1_OF_PAYLOAD": "PROPERTY VALUE OF PAYLOAD"}'
    )
    assert result.exit_code == 0, result.err
    report = created.newest_report()
    (task,) = report["tasks"]
    text = "of AWS Lambda Function Operation..."
    assert history(task) == [
        INIT,
        *told("InvokeLambdaAtomicOperation", "INVOKE_LAMBDA_FUNCTION", "Initializing Invoking AWS Lambda Function Operation...", f"Finished Invoking {text}"),
        DONE,
    ]  # fmt: skip
    (found,) = task["resultObjects"]
    assert found["executedVersion"] == "$LATEST"
    assert found["statusCode"] == 200
    assert found["payload"]["event"] == {"PROPERTY1_OF_PAYLOAD": "PROPERTY VALUE OF PAYLOAD"}
    assert found["logResult"].startswith("START RequestId:")
    assert result.json() == found


def test_invoke_without_payload_is_an_empty_object_and_still_a_call(created: House) -> None:
    assert created.run("invoke", NAME).json()["payload"]["event"] == {}


def test_a_function_error_fails_the_task_and_keeps_the_answer(house: House) -> None:
    source = house.root / "src"
    source.mkdir()
    (source / "lambda_function.py").write_text(
        "def lambda_handler(event, context):\n    raise ValueError('no stock')\n"
    )
    spec = sample().replace(
        "code: {S3Bucket: aws-codestar-us-west-2-123456789012, S3Key: version-1.zip}", "code: {path: ../src}"
    )
    house.write("sample.yaml", spec)
    house.apply()
    result = house.run("invoke", NAME)
    assert result.exit_code == 29
    (task,) = house.newest_report()["tasks"]
    assert task["status"]["failed"] is True
    assert task["status"]["completed"] is True
    assert task["history"][-1]["status"].startswith(
        "Orchestration failed: InvokeLambdaAtomicOperation | FunctionError: ["
    )
    assert task["resultObjects"][0]["payload"]["errorType"] == "ValueError"
    assert task["resultObjects"][1]["type"] == "EXCEPTION"
    assert "no stock" in task["resultObjects"][1]["message"]


def test_delete_leaves_the_seeds_record(created: House) -> None:
    created.write("sample.yaml", f"function: {NAME}\naccount: test\nregion: us-west-2\nstate: absent\n")
    task = only_task(created)
    assert history(task) == [
        INIT,
        *told(
            "DeleteLambdaAtomicOperation", "DELETE_LAMBDA_FUNCTION_CODE",
            "Initializing deletion of AWS Lambda Function Operation...", "Finished deletion of AWS Lambda Function  Operation...",
        ),
        DONE,
    ]  # fmt: skip
    assert task["resultObjects"][0]["sdkHttpMetadata"]["httpStatusCode"] == 204


def test_upsert_of_an_alias_creates_and_then_updates(created: House) -> None:
    alias = "aliases: {spinnaker-alias-1: {FunctionVersion: $LATEST, Description: description for alias 1}}\n"
    created.write("sample.yaml", sample(extra=alias))
    task = only_task(created)
    phase, operation = "UPSERT_LAMBDA_FUNCTION_ALIAS", "UpsertLambdaAliasAtomicOperation"
    text = "of AWS Lambda Function Alias Operation..."
    assert history(task) == [
        INIT,
        *told(operation, phase, f"Initializing Creation {text}", f"Finished Creation {text}"),
        DONE,
    ]
    assert task["resultObjects"][0]["aliasArn"].endswith(":spinnaker-alias-1")
    created.write("sample.yaml", sample(extra=alias.replace("alias 1}", "alias 2}")))
    task = only_task(created)
    assert history(task) == [
        INIT,
        *told(operation, phase, f"Initializing Updating {text}", f"Finished Updating {text}"),
        DONE,
    ]
    assert task["resultObjects"][0]["description"] == "description for alias 2"


def test_the_canary_is_four_commits_of_one_alias_call_each(created: House) -> None:
    created.write("sample.yaml", sample(key="v2.zip", extra='aliases: {test: {FunctionVersion: "1"}}\n'))
    created.apply()
    steps = [
        ('FunctionVersion: "1", RoutingConfig: {AdditionalVersionWeights: {"2": 0.25}}', "1", {"2": 0.25}),
        ('FunctionVersion: "2", RoutingConfig: {AdditionalVersionWeights: {"1": 0.25}}', "2", {"1": 0.25}),
        ('FunctionVersion: "2", RoutingConfig: {AdditionalVersionWeights: {"1": 0.00}}', "2", {}),
    ]
    for text, version, weights in steps:
        created.writes()
        created.write("sample.yaml", sample(key="v2.zip", extra=f"aliases: {{test: {{{text}}}}}\n"))
        only_task(created)
        assert created.writes() == ["UpdateAlias"]
        live = created.lambda_.get_alias(FunctionName=NAME, Name="test")
        assert live["FunctionVersion"] == version
        assert live.get("RoutingConfig", {}).get("AdditionalVersionWeights", {}) == weights
        assert created.verbs() == {}


MAPPING = """event_source_mappings:
  findings:
    EventSourceArn: arn:aws:kinesis:us-west-2:123456789012:stream/guardduty-findings-stream
    StartingPosition: LATEST
    BatchSize: {size}
    Enabled: false
"""


def test_an_event_mapping_is_created_updated_and_deleted_with_the_seeds_records(created: House) -> None:
    started, finished = "Event Source Mapping...", "Event Mapping Operation..."
    cases = [
        (MAPPING.format(size=1), "Create", "Creation"),
        (MAPPING.format(size=2), "Update", "Updating"),
        ("event_source_mappings: {}\n", "Delete", "deletion"),
    ]
    for extra, verb, doing in cases:
        created.write("sample.yaml", sample(extra=extra))
        task = only_task(created)
        assert history(task) == [
            INIT,
            *told(
                f"{verb}LambdaEventSourceAtomicOperation", f"{verb.upper()}_LAMBDA_FUNCTION_EVENT_MAPPING",
                f"Initializing {doing} of AWS Lambda Function {started}", f"Finished {doing} of AWS Lambda Function {finished}",
            ),
            DONE,
        ]  # fmt: skip
        (result,) = task["resultObjects"]
        assert set(result) >= {
            "batchSize",
            "eventSourceArn",
            "functionArn",
            "lastModified",
            "state",
            "stateTransitionReason",
            "uuid",
        }
        assert result["sdkHttpMetadata"]["httpStatusCode"] == 202
        assert isinstance(result["lastModified"], int)


def test_a_failing_operation_leaves_the_seeds_failure_and_keeps_what_was_done(created: House) -> None:
    from reconciler.sandbox.around.faults import Fault, Script

    created.sandbox.gate.script = Script(
        [Fault("PublishVersion", code="InvalidParameterValueException", message="not today")]
    )
    created.write("sample.yaml", sample(key="v2.zip"))
    report = created.apply()
    assert report["outcome"] == {"status": "failed", "exit_code": 25}
    (task,) = report["tasks"]
    operation = "PublishLambdaFunctionVersionAtomicOperation"
    assert history(task)[-1] == (
        "ORCHESTRATION",
        f"Orchestration failed: {operation} | InvalidParameterValueException: [not today]",
    )
    assert task["resultObjects"][-1] == {
        "type": "EXCEPTION", "operation": operation, "message": "not today", "cause": "InvalidParameterValueException",
    }  # fmt: skip
    assert task["resultObjects"][0]["functionName"] == NAME
    assert task["status"]["failed"] is True
    assert task["status"]["completed"] is True
    assert [item["outcome"] for item in task["operations"]] == ["succeeded", "failed"]


def test_functions_lists_the_seeds_fields_and_filters_combine(created: House) -> None:
    created.lambda_.create_function(
        FunctionName="unmanaged", Runtime="python3.12", Handler="lambda_function.lambda_handler",
        Role="arn:aws:iam::123456789012:role/lambda-deployer-anuj", Environment={"Variables": {"TOKEN": "sentinel-value"}},
        Code={"S3Bucket": "aws-codestar-us-west-2-123456789012", "S3Key": "version-1.zip"},
    )  # fmt: skip
    result = created.run("functions")
    assert "sentinel-value" not in result.out
    found = result.json()
    assert [item["functionName"] for item in found] == [NAME, "unmanaged"]
    seed = [
        "accountName",
        "codeSha256",
        "codeSize",
        "deadLetterConfig",
        "description",
        "environment",
        "functionArn",
        "functionName",
        "handler",
        "kmskeyArn",
        "lastModified",
        "masterArn",
        "memorySize",
        "region",
        "revisionId",
        "role",
        "runtime",
        "timeout",
        "tracingConfig",
        "version",
        "vpcConfig",
    ]
    assert set(found[0]) == {*seed, "tags", *map(camel_of, NAMED_SECTIONS)}
    assert found[0]["versions"] == ["1"]
    assert found[1]["environment"] == {"variables": {"TOKEN": "(sensitive)"}}
    one = created.run("functions", "--account", "test", "--region", "us-west-2", "--function", "unmanaged").json()
    assert [item["functionName"] for item in one] == ["unmanaged"]
    assert created.run("functions", "--function", "unmanage").json() == []
    assert created.run("functions", "--region", "eu-west-1").json() == []
    created.run("snapshot", "-o", "live.json")
    assert [item["functionName"] for item in created.run("functions", "--snapshot", "live.json").json()] == [NAME]


def test_tasks_lists_and_prints_by_id_and_an_unknown_id_is_an_error(created: House) -> None:
    listed = created.run("tasks")
    identifier = listed.out.split()[0]
    assert created.run("tasks", identifier).json()["id"] == identifier
    unknown = created.run("tasks", "nobody")
    assert unknown.exit_code == 2
    assert "nobody" in unknown.err
