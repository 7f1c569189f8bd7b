"""Invoke: really runs a Python handler out of the function's zip, in a child process with nothing of ours.

The child has an empty environment but for the function's own variables, a temporary folder and a time limit; it is killed
with its whole process group when the time is over. The code runs on the user's machine, with the user's rights.
"""

from __future__ import annotations

import base64
import io
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reconciler.sandbox.state import Record, Region, new_id

LONGEST_SECONDS = 60
LOG_TAIL_BYTES = 4096

# Runs in the child; reads the event on stdin, writes the answer to the file named last. Prints go to the log.
RUNNER = """
import importlib, json, sys, time, traceback, types
folder, handler, answer, facts = sys.argv[1:5]
sys.path.insert(0, folder)
facts = json.loads(facts)
deadline = time.time() + facts.pop("seconds")
context = types.SimpleNamespace(get_remaining_time_in_millis=lambda: int((deadline - time.time()) * 1000), **facts)
try:
    module, _, name = handler.rpartition(".")
    function = getattr(importlib.import_module(module.replace("/", ".")), name)
    found = {"answer": json.dumps(function(json.load(sys.stdin), context))}
except BaseException as error:
    traceback.print_exc()
    lines = traceback.format_tb(error.__traceback__)
    found = {"error": json.dumps({"errorMessage": str(error), "errorType": type(error).__name__, "stackTrace": lines})}
with open(answer, "w") as file:
    json.dump(found, file)
"""


@dataclass(frozen=True, slots=True)
class Invocation:
    """Everything that a run needs, taken while the region was locked."""

    record: Record
    function_name: str
    function_arn: str
    version: str
    payload: bytes
    kind: str
    wants_log: bool


def prepared(region: Region, params: Mapping[str, Any], chance: random.Random) -> Invocation:
    """Which version will run: by qualifier, and by an alias's weights."""
    from reconciler.sandbox.wire import Refused

    name, qualifier = region.named(params["FunctionName"], params.get("Qualifier"))
    function = region.function(name)
    alias = function.aliases.get(qualifier)
    chosen = qualifier
    if alias:
        chosen = alias["FunctionVersion"]
        for version, share in alias["Weights"].items():
            if chance.random() < share:
                chosen = version
    record = region.record(function, chosen)
    if record.state == "Pending":
        message = (
            "The operation cannot be performed at this time. The function is currently in the following state: Pending"
        )
        raise Refused("ResourceConflictException", message, 409)
    return Invocation(
        record, name, region.arn(name, qualifier), record.version, params.get("Payload") or b"{}",
        params.get("InvocationType", "RequestResponse"), params.get("LogType") == "Tail",
    )  # fmt: skip


def run(invocation: Invocation) -> dict[str, Any]:
    """Invoke's answer."""
    if invocation.kind == "DryRun":
        return {"StatusCode": 204, "Payload": b""}
    request_id = new_id()
    runtime = invocation.record.configuration.get("Runtime", "")
    if runtime.startswith("python") and invocation.record.code.zip_bytes:
        payload, error, log = _python(invocation, request_id)
    else:
        what = f"runtime {runtime}" if runtime else "container images"
        told = {
            "errorMessage": f"the sandbox runs Python functions from a zip only, not {what}",
            "errorType": "Sandbox.UnsupportedRuntime",
        }
        payload, error, log = json.dumps(told).encode(), "Unhandled", ""
    if invocation.kind == "Event":
        return {"StatusCode": 202, "Payload": b""}
    answer: dict[str, Any] = {"StatusCode": 200, "Payload": payload, "ExecutedVersion": invocation.version}
    if error:
        answer["FunctionError"] = error
    if invocation.wants_log:
        lines = f"START RequestId: {request_id} Version: {invocation.version}\n{log}END RequestId: {request_id}\nREPORT RequestId: {request_id}\n"
        answer["LogResult"] = base64.b64encode(lines.encode()[-LOG_TAIL_BYTES:]).decode()
    return answer


def _python(invocation: Invocation, request_id: str) -> tuple[bytes, str, str]:
    """(payload, FunctionError, log) of a run in a child process."""
    configuration = invocation.record.configuration
    seconds = min(configuration["Timeout"], LONGEST_SECONDS)
    with tempfile.TemporaryDirectory(prefix="reconcile-invoke-") as folder:
        root, answer = Path(folder, "task"), Path(folder, "answer")
        with zipfile.ZipFile(io.BytesIO(invocation.record.code.zip_bytes)) as archive:
            archive.extractall(root)
        facts = {
            "aws_request_id": request_id, "function_name": invocation.function_name, "function_version": invocation.version,
            "invoked_function_arn": invocation.function_arn, "memory_limit_in_mb": str(configuration["MemorySize"]),
            "log_group_name": configuration["LoggingConfig"]["LogGroup"], "log_stream_name": "sandbox", "seconds": seconds,
        }  # fmt: skip
        command = [
            sys.executable,
            "-I",
            "-B",
            "-c",
            RUNNER,
            str(root),
            configuration["Handler"],
            str(answer),
            json.dumps(facts),
        ]
        child = subprocess.Popen(  # noqa: S603  the point of the sandbox: run the function, apart from ourselves
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=folder,
            env=_environment(invocation), start_new_session=True,
        )  # fmt: skip
        try:
            output, _ = child.communicate(invocation.payload, timeout=seconds)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.communicate()
            told = {
                "errorMessage": f"{request_id} Task timed out after {seconds:.2f} seconds",
                "errorType": "Sandbox.Timedout",
            }
            return json.dumps(told).encode(), "Unhandled", f"{told['errorMessage']}\n"
        log = output.decode("utf-8", "replace")
        if not answer.exists():
            told = {"errorMessage": f"RequestId: {request_id} Error: Runtime exited", "errorType": "Runtime.ExitError"}
            return json.dumps(told).encode(), "Unhandled", log
        found = json.loads(answer.read_text(encoding="utf-8"))
        return (found.get("answer") or found["error"]).encode(), "Unhandled" if "error" in found else "", log


def _environment(invocation: Invocation) -> dict[str, str]:
    configuration = invocation.record.configuration
    region = invocation.function_arn.split(":")[3]
    return {
        **configuration.get("Environment", {}).get("Variables", {}),
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_LAMBDA_FUNCTION_NAME": invocation.function_name,
        "AWS_LAMBDA_FUNCTION_VERSION": invocation.version,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(configuration["MemorySize"]),
        "PYTHONIOENCODING": "utf-8",
    }
