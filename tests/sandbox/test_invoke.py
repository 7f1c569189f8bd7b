"""Invoke runs Python for real, in a child process with nothing of ours."""

from __future__ import annotations

import base64
import json
import os
import random
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from reconciler.sandbox.lambda_ import invoke
from tests.sandbox.conftest import ACCOUNT, REGION, Aws, refused, zipped

SOURCE = """
import json, os, sys, subprocess, time

def handle(event, context):
    what = event.get("do")
    if what == "fail":
        raise ValueError("not today")
    if what == "exit":
        os._exit(3)
    if what == "sleep":
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        print("child", child.pid, flush=True)
        open(event["begun"], "w").close()
        time.sleep(600)
    if what == "print":
        print("said by the function")
    return {"event": event, "environment": dict(os.environ), "pid": os.getpid(), "version": context.function_version,
            "arn": context.invoked_function_arn, "left": context.get_remaining_time_in_millis() > 0}
"""


@pytest.fixture(scope="module")
def name(aws: Aws) -> str:
    """A function with versions 1 and 2."""
    name = aws.function(Code={"ZipFile": zipped(SOURCE)}, Environment={"Variables": {"STAGE": "test"}}, Timeout=20)
    for number in (1, 2):
        aws.configure(name, Description=str(number))
        aws.client.publish_version(FunctionName=name)
    return name


def run(aws: Aws, name: str, event: Any = None, **params: Any) -> tuple[dict[str, Any], Any]:
    answer = aws.client.invoke(FunctionName=name, Payload=json.dumps(event or {}), **params)
    content = answer["Payload"].read()
    return answer, json.loads(content) if content else None


def test_it_runs_the_handler_and_answers_what_it_returns(aws: Aws, name: str) -> None:
    answer, found = run(aws, name, {"order": 7})
    assert (answer["StatusCode"], answer["ExecutedVersion"]) == (200, "$LATEST")
    assert "FunctionError" not in answer
    assert found["event"] == {"order": 7}
    assert found["arn"] == f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"
    assert found["left"]


def test_it_runs_in_another_process_with_an_environment_of_its_own(
    aws: Aws, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OF_THE_USER", "hush-hush")
    _, found = run(aws, name)
    assert found["pid"] != os.getpid()
    held = {key: value for key, value in found["environment"].items() if not key.startswith(("AWS_", "LC_"))}
    assert held == {"STAGE": "test", "PYTHONIOENCODING": "utf-8"}
    assert found["environment"]["AWS_LAMBDA_FUNCTION_NAME"] == name
    assert not {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_ENDPOINT_URL"} & set(found["environment"])


def test_an_exception_is_a_function_error(aws: Aws, name: str) -> None:
    answer, found = run(aws, name, {"do": "fail"})
    assert (answer["StatusCode"], answer["FunctionError"]) == (200, "Unhandled")
    assert (found["errorMessage"], found["errorType"]) == ("not today", "ValueError")


def test_an_exit_is_a_function_error(aws: Aws, name: str) -> None:
    answer, found = run(aws, name, {"do": "exit"})
    assert (answer["FunctionError"], found["errorType"]) == ("Unhandled", "Runtime.ExitError")


def test_a_run_that_is_too_long_is_killed_with_all_that_it_started(aws: Aws, begun: Path) -> None:
    name = aws.function(Code={"ZipFile": zipped(SOURCE)}, Timeout=1)
    answer, found = run(aws, name, {"do": "sleep", "begun": str(begun)}, LogType="Tail")
    assert answer["FunctionError"] == "Unhandled"
    assert found["errorMessage"].endswith("Task timed out after 1.00 seconds")
    log = base64.b64decode(answer["LogResult"]).decode()
    (child,) = (line.removeprefix("child ") for line in log.splitlines() if line.startswith("child "))
    command = Path("/proc", child, "cmdline")
    deadline = time.monotonic() + 60
    while command.exists() and command.read_bytes():  # gone, or dead and not yet collected
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_the_log_tail_has_the_prints_between_start_and_report(aws: Aws, name: str) -> None:
    answer, _ = run(aws, name, {"do": "print"}, LogType="Tail")
    lines = base64.b64decode(answer["LogResult"]).decode().splitlines()
    assert lines[0].startswith("START RequestId: ")
    assert lines[1] == "said by the function"
    assert lines[2].startswith("END RequestId: ")
    assert lines[3].startswith("REPORT RequestId: ")
    assert "LogResult" not in run(aws, name)[0]


def test_a_dry_run_and_an_event_answer_without_a_payload(aws: Aws, name: str) -> None:
    assert run(aws, name, InvocationType="DryRun")[0]["StatusCode"] == 204
    answer, found = run(aws, name, InvocationType="Event")
    assert (answer["StatusCode"], found) == (202, None)


def test_the_version_of_a_qualifier_runs(aws: Aws, name: str) -> None:
    aws.client.create_alias(FunctionName=name, Name="live", FunctionVersion="2")
    answer, found = run(aws, name, Qualifier="live")
    assert (answer["ExecutedVersion"], found["version"]) == ("2", "2")
    assert found["arn"].endswith(f":{name}:live")
    assert run(aws, f"{name}:1")[0]["ExecutedVersion"] == "1"


def test_an_aliass_weights_are_honoured(aws: Aws, name: str) -> None:
    routing = {"AdditionalVersionWeights": {"2": 0.25}}
    aws.client.create_alias(FunctionName=name, Name="canary", FunctionVersion="1", RoutingConfig=routing)
    region, _ = aws.sandbox.gate.region(ACCOUNT, REGION)
    chance = random.Random(1)
    ran = Counter(
        invoke.prepared(region, {"FunctionName": name, "Qualifier": "canary"}, chance).version for _ in range(1000)
    )
    assert set(ran) == {"1", "2"}
    assert 200 < ran["2"] < 300


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"Runtime": "nodejs22.x"}, "runtime nodejs22.x"),
        ({"PackageType": "Image", "Code": {"ImageUri": "a.example.com/b:c"}}, "container images"),
    ],
    ids=["node", "image"],
)
def test_what_is_not_python_says_so(aws: Aws, members: dict[str, Any], message: str) -> None:
    answer, found = run(aws, aws.function(**members))
    assert answer["FunctionError"] == "Unhandled"
    assert message in found["errorMessage"]


def test_while_an_update_runs_the_old_code_is_invoked(aws: Aws) -> None:
    name = aws.function(Code={"ZipFile": zipped("def handle(e, c):\n    return 'old'\n")})
    aws.client.update_function_code(FunctionName=name, ZipFile=zipped("def handle(e, c):\n    return 'new'\n"))
    assert run(aws, name)[1] == "old"
    aws.settle()
    assert run(aws, name)[1] == "new"


def test_a_payload_that_is_no_json_is_refused(aws: Aws, name: str) -> None:
    with refused("InvalidRequestContentException", "Could not parse request body into json", 400):
        aws.client.invoke(FunctionName=name, Payload=b"{")


def test_a_missing_function_or_version_is_not_found(aws: Aws, name: str) -> None:
    for params in ({"FunctionName": "nowhere"}, {"FunctionName": name, "Qualifier": "77"}):
        with refused("ResourceNotFoundException", "Function not found", 404):
            aws.client.invoke(**params)


# --- the other two ways --------------------------------------------------------------------------------------------


def test_an_asynchronous_call_of_old_is_taken(aws: Aws) -> None:
    answer = aws.client.invoke_async(FunctionName=aws.function(), InvokeArgs=b'{"a": 1}')
    assert answer["Status"] == 202


def streamed(aws: Aws, source: str, **more: Any) -> list[dict[str, Any]]:
    name = aws.function(Code={"ZipFile": zipped(source)})
    answer = aws.client.invoke_with_response_stream(FunctionName=name, Payload=b'{"a": 1}', **more)
    assert answer["ExecutedVersion"] == "$LATEST"
    return list(answer["EventStream"])


def test_an_answer_can_come_as_a_stream(aws: Aws) -> None:
    events = streamed(aws, "def handle(event, context):\n    print('hello')\n    return event\n", LogType="Tail")
    assert events[0] == {"PayloadChunk": {"Payload": b'{"a": 1}'}}
    assert b"hello" in base64.b64decode(events[1]["InvokeComplete"]["LogResult"])


def test_a_stream_ends_with_the_error(aws: Aws) -> None:
    (end,) = streamed(aws, "def handle(event, context):\n    raise ValueError('no')\n")
    assert end["InvokeComplete"]["ErrorCode"] == "Unhandled"
    assert json.loads(end["InvokeComplete"]["ErrorDetails"])["errorType"] == "ValueError"
