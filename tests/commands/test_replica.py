"""`sandbox --from`: a sandbox that holds what a saved snapshot does, where a plan is the plan that the snapshot gives."""

from __future__ import annotations

import contextlib
import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reconciler.commands import wiring, workspaces
from reconciler.commands.rehearsal import fill, hold, numbered
from tests.conftest import ACCOUNT, CONFIG, REGION, House, function_spec, opened

SPECS = Path(__file__).parents[2] / "specs"
SECRET = "correct-horse-battery"
EVERYTHING = function_spec(
    "everything",
    configuration=f"""
    Environment: {{Variables: {{TOKEN: {SECRET}, PARAMETER: "{{{{ ssm('/shop/token') }}}}", KEY: "{{{{ secret('keys', 'a') }}}}-x"}}}}
    VpcConfig: {{SubnetIds: [subnet-1a], SecurityGroupIds: [sg-1a]}}
    Layers: ["arn:aws:lambda:us-west-2:123456789012:layer:tools:7"]
    LoggingConfig: {{LogFormat: JSON}}
    DeadLetterConfig: {{TargetArn: "arn:aws:sqs:us-west-2:123456789012:dead"}}
    """,
    extra="""
    publish: true
    tags: {team: payments}
    log_group: {retention_days: 14}
    concurrency: {ReservedConcurrentExecutions: 5}
    recursion: {RecursiveLoop: Allow}
    runtime_management: {UpdateRuntimeOn: FunctionUpdate}
    aliases: {live: {FunctionVersion: published}, before: {FunctionVersion: "1"}}
    urls: {live: {AuthType: AWS_IAM, Cors: {AllowOrigins: ["*"]}}}
    permissions: {live: {queue: {Action: "lambda:InvokeFunction", Principal: sqs.amazonaws.com}}}
    event_invoke: {live: {MaximumRetryAttempts: 1}}
    event_source_mappings:
      orders: {EventSourceArn: "arn:aws:sqs:us-west-2:123456789012:orders", alias: live, BatchSize: 5}
    """,
)


@pytest.fixture
def live(house: House) -> House:
    """All there is, applied, two versions, and changed by hand in several ways; a snapshot of that."""
    shutil.rmtree(house.root / "specs")
    shutil.copytree(SPECS, house.root / "specs")
    house.write("everything.yaml", EVERYTHING.replace('before: {FunctionVersion: "1"}', ""))
    house.apply()
    house.write("everything.yaml", EVERYTHING.replace("Handler:", "Timeout: 9\n  Handler:", 1))
    house.apply()
    by_hand = house.lambda_
    by_hand.update_function_configuration(FunctionName="greeter", MemorySize=512)
    by_hand.create_alias(FunctionName="everything", Name="hot", FunctionVersion="1", Description="by hand")
    house.sandbox.clients.get("sqs", ACCOUNT, REGION).create_queue(QueueName="returns")
    source = f"arn:aws:sqs:{REGION}:{ACCOUNT}:returns"
    by_hand.create_event_source_mapping(FunctionName="everything:live", EventSourceArn=source, Enabled=False)
    snapshot(house)
    return house


def snapshot(house: House) -> None:
    assert house.run("snapshot", "-o", "live.json").exit_code == 0


@contextlib.contextmanager
def rehearsing(house: House, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """The same specs on a sandbox of their own, begun from the snapshot."""
    with opened(monkeypatch) as made:
        workspace = workspaces.read([house.root / "specs"])
        found = wiring.saved_snapshot(workspace, house.root / "live.json")
        workspace = numbered(workspace, found.accounts)
        fill(made, workspace, found.artifacts)
        hold(made, workspace, found)
        yield House(house.root, made)


def shown(plan: dict[str, Any]) -> list[Any]:
    """What a plan does, field by field, and what it refuses."""
    refused = sorted(note["message"] for note in plan["diagnostics"] if note["severity"] == "refusal")
    return [
        [action["address"], action["verb"], action["reason"], action["fields"]]
        for target in plan["targets"]
        for action in target["actions"]
        if action["verb"] != "none"
    ] + refused


def test_a_plan_of_the_rehearsal_is_the_plan_of_the_snapshot_and_can_be_applied(
    live: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    offline = shown(live.plan("--snapshot", "live.json"))
    assert {verb for _, verb, *_ in offline} >= {"update", "delete"}
    with rehearsing(live, monkeypatch) as there:
        assert shown(there.plan()) == offline
        assert there.apply()["outcome"]["status"] == "succeeded"
        assert there.verbs() == {}


def test_an_edit_is_rehearsed_too(live: House, monkeypatch: pytest.MonkeyPatch) -> None:
    file = live.root / "specs/everything.yaml"
    file.write_text(
        file.read_text()
        .replace(SECRET, "another-secret-here")
        .replace("BatchSize: 5", "BatchSize: 7")
        .replace("Timeout: 9", "Timeout: 11")
    )
    offline = shown(live.plan("--snapshot", "live.json"))
    assert any("Variables/TOKEN" in str(action) for action in offline)
    with rehearsing(live, monkeypatch) as there:
        assert shown(there.plan()) == offline
        there.apply()
        assert there.verbs() == {}
    assert SECRET not in (live.root / "live.json").read_text()


def test_code_is_known_by_the_hash_that_was_seen(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of an object, and of what a function and its versions have: as if somebody had deployed quite other bytes."""
    house.write("checkout.yaml", function_spec(extra="publish: true\n"))
    house.apply()
    snapshot(house)
    text = (house.root / "live.json").read_text()
    held = house.lambda_.get_function(FunctionName="checkout")["Configuration"]["CodeSha256"]
    other = "A" * 43 + "="
    (house.root / "live.json").write_text(text.replace(held, other))
    house.sandbox.clients.get("s3", ACCOUNT, REGION).delete_object(Bucket="artifacts", Key="v1.zip")
    with rehearsing(house, monkeypatch) as there:
        assert there.verbs() == {}
        versions = there.lambda_.list_versions_by_function(FunctionName="checkout")["Versions"]
        assert {version["CodeSha256"] for version in versions} == {other}
        answer = there.lambda_.update_function_code(FunctionName="checkout", S3Bucket="artifacts", S3Key="v1.zip")
        assert answer["CodeSha256"] == other
        assert there.lambda_.invoke(FunctionName="checkout")["StatusCode"] == 200


def test_code_that_was_not_there_is_not_there(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.write("checkout.yaml", function_spec())
    house.apply()
    house.write("checkout.yaml", function_spec(key="v9.zip"), stock=False)
    snapshot(house)
    offline = shown(house.plan("--snapshot", "live.json"))
    with rehearsing(house, monkeypatch) as there:
        assert shown(there.plan()) == offline
    assert any("v9.zip" in str(line) for line in offline)


def test_numbers_of_versions_are_those_that_were_seen(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    for key in ("v1.zip", "v2.zip", "v3.zip"):
        house.write("checkout.yaml", function_spec(key=key, extra="publish: true\n"))
        house.apply()
    house.lambda_.delete_function(FunctionName="checkout", Qualifier="2")
    snapshot(house)
    with rehearsing(house, monkeypatch) as there:
        versions = there.lambda_.list_versions_by_function(FunctionName="checkout")["Versions"]
        assert [version["Version"] for version in versions] == ["$LATEST", "1", "3"]
        there.write("checkout.yaml", function_spec(key="v4.zip", extra="publish: true\n"))
        there.apply()
        assert there.lambda_.get_function(FunctionName="checkout", Qualifier="4")["Configuration"]["Version"] == "4"


def test_what_the_sandbox_does_not_take_is_told(
    house: House, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    house.write("checkout.yaml", function_spec(extra='aliases: {live: {FunctionVersion: "1"}}\npublish: true\n'))
    house.apply()
    snapshot(house)
    document = json.loads((house.root / "live.json").read_text())
    document["resources"] = [item for item in document["resources"] if item["kind"] != "version"]
    (house.root / "live.json").write_text(json.dumps(document))
    with rehearsing(house, monkeypatch):
        assert (
            "warning: test/us-west-2/checkout: alias live is not in the sandbox: Function not found"
            in capsys.readouterr().err
        )


def test_the_command_begins_with_the_snapshot(house: House) -> None:
    house.write("reconcile.yaml", CONFIG.replace('accountId: "123456789012", ', ""), stock=False)
    house.write("checkout.yaml", function_spec(configuration=f"Environment: {{Variables: {{TOKEN: {SECRET}}}}}"))
    house.apply()
    snapshot(house)
    script = "import boto3; print(boto3.client('lambda').get_function(FunctionName='checkout')['Configuration']['MemorySize'])"
    result = house.run("sandbox", "specs", "--from", "live.json", "--", sys.executable, "-c", script)
    assert (result.exit_code, result.err) == (0, "")


@pytest.mark.parametrize(
    ("text", "code"), [("{}", 2), ("", 2), ('{"kind": "plan"}', 2)], ids=["no document", "nothing", "another document"]
)
def test_what_is_no_snapshot_is_told(house: House, text: str, code: int) -> None:
    house.write("checkout.yaml", function_spec())
    (house.root / "live.json").write_text(text)
    assert house.run("sandbox", "specs", "--from", "live.json", "--", "true").exit_code == code
    assert house.run("sandbox", "specs", "--from", "gone.json", "--", "true").exit_code == 2


def test_another_accounts_snapshot_is_refused(house: House) -> None:
    house.write("checkout.yaml", function_spec())
    house.apply()
    snapshot(house)
    house.write("reconcile.yaml", CONFIG.replace(ACCOUNT, "210987654321"), stock=False)
    result = house.run("sandbox", "specs", "--from", "live.json", "--", "true")
    assert result.exit_code == 21
    assert "was taken of 123456789012" in result.err
