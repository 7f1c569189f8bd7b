"""Invoke: which version runs, by qualifier and by an alias's weights, and what the caller is answered.

`prepared` takes what an invocation needs out of the region, under its lock; `answered` needs neither. Only Python functions
from a zip run. What one logs is in its log group when it has ended (FACTS 10.3).
"""

from __future__ import annotations

import base64
import hashlib
import json
import random
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from reconciler.sandbox.cloudwatch.calls import Called, Outcome, note_calls, note_concurrency, note_throttles
from reconciler.sandbox.http import eventstream
from reconciler.sandbox.lambda_ import layers
from reconciler.sandbox.lambda_.runner import HandlerResult, failed, invoke_python
from reconciler.sandbox.lambda_.state import Code, Function, Region, new_id
from reconciler.sandbox.refusals import Refused, conflict

LONGEST_SECONDS = 60
LOG_TAIL_BYTES = 4096
UNSUPPORTED = "Sandbox.UnsupportedRuntime"


@dataclass(frozen=True, slots=True)
class Invocation:
    """Everything that an invocation needs, taken while the region was locked."""

    configuration: Mapping[str, Any]
    code: Code
    function_name: str
    function_arn: str
    version: str
    payload: bytes
    kind: str
    wants_log: bool
    stream: str
    log: Callable[[Sequence[str]], None]
    layers: tuple[bytes, ...]
    begin: Callable[[], Callable[[float, bool], None]]


def prepared(region: Region, params: Mapping[str, Any], chance: random.Random) -> Invocation:
    """The version that will run. Raises what AWS answers when none can."""
    name, qualifier = region.named(params["FunctionName"], params.get("Qualifier"))
    function = region.function(name, qualifier or "$LATEST")
    record = region.record(function, _chosen(function, qualifier, chance))
    if record.state not in ("Active", "Inactive"):
        raise conflict(
            "The operation cannot be performed at this time. "
            f"The function is currently in the following state: {record.state}"
        )
    called = Called(name, qualifier, record.version, qualifier in function.aliases)
    if function.concurrency.get("ReservedConcurrentExecutions") == 0:
        note_throttles(region.metrics, called, region.now, 1)
        raise Refused("TooManyRequestsException", "Rate Exceeded.", 429)
    configuration, code = record.in_force
    group, stream = configuration["LoggingConfig"]["LogGroup"], _stream(name, record.version, configuration)
    region.world.log_into(group)
    return Invocation(
        configuration, code, name, region.arn(name, qualifier), record.version, _payload(params),
        params.get("InvocationType", "RequestResponse"), params.get("LogType") == "Tail",
        stream, partial(region.world.log, group, stream),
        tuple(layers.content_of(region, arn) for arn in configuration.get("Layers", ())),
        partial(_counted, region, called, region.now),
    )  # fmt: skip


def _counted(region: Region, called: Called, at: float) -> Callable[[float, bool], None]:
    """It begins; what is given is to be told how it ends."""
    note_concurrency(region.metrics, called, at, region.running.enter(called.function))

    def end(milliseconds: float, is_error: bool) -> None:
        region.running.leave(called.function)
        note_calls(region.metrics, called, at, Outcome(Counter({milliseconds: 1}), int(is_error)))

    return end


def _stream(name: str, version: str, configuration: Mapping[str, Any]) -> str:
    """As of an execution environment that is there as long as the version is; in a group of one's own choice with the function's name."""
    environment = hashlib.sha256(f"{name} {version} {configuration.get('RevisionId')}".encode()).hexdigest()[:32]
    day = time.strftime("%Y/%m/%d", time.gmtime())
    is_usual = configuration["LoggingConfig"]["LogGroup"] == f"/aws/lambda/{name}"
    return f"{day}/[{version}]{environment}" if is_usual else f"{day}/{name}[{version}][{environment}]"


def _chosen(function: Function, qualifier: str, chance: random.Random) -> str:
    alias = function.aliases.get(qualifier)
    if not alias:
        return qualifier
    for version, share in alias.weights.items():
        if chance.random() < share:
            return version
    return alias.version


def _payload(params: Mapping[str, Any]) -> bytes:
    payload: bytes = params.get("Payload") or params.get("InvokeArgs") or b"{}"
    try:
        json.loads(payload)
    except ValueError as error:
        message = f"Could not parse request body into json: {error}"
        raise Refused("InvalidRequestContentException", message) from error
    return payload


def answered(invocation: Invocation) -> dict[str, Any]:
    """Invoke's answer. An Event is answered when it has ended, so that its effects can be seen then."""
    if invocation.kind == "DryRun":
        return {"StatusCode": 204, "Payload": b""}
    result, log = run(invocation)
    if invocation.kind == "Event":
        return {"StatusCode": 202, "Payload": b""}
    answer = {"StatusCode": 200, "Payload": result.payload, "ExecutedVersion": invocation.version, **log}
    return answer | ({"FunctionError": result.error} if result.error else {})


def queued(invocation: Invocation) -> dict[str, Any]:
    """InvokeAsync's answer, given as an Event's is."""
    run(invocation)
    return {"Status": 202}


def streamed(invocation: Invocation) -> dict[str, Any]:
    """InvokeWithResponseStream's answer: all of the payload in one chunk."""
    if invocation.kind == "DryRun":
        return {"StatusCode": 204, "EventStream": b""}
    result, log = run(invocation)
    end = log | ({"ErrorCode": result.error, "ErrorDetails": result.payload.decode()} if result.error else {})
    chunks = {} if result.error else {"PayloadChunk": (result.payload, "application/octet-stream")}
    events = eventstream.stream(chunks | {"InvokeComplete": (json.dumps(end).encode(), "application/json")})
    return {
        "StatusCode": 200, "ExecutedVersion": invocation.version, "EventStream": events,
        "ResponseStreamContentType": "application/vnd.amazon.eventstream",
    }  # fmt: skip


def run(invocation: Invocation) -> tuple[HandlerResult, dict[str, str]]:
    """What became of it, and the end of its log when that was asked for."""
    request_id, began, end = new_id(), time.monotonic(), invocation.begin()
    result = _result(invocation, request_id)
    milliseconds = round((time.monotonic() - began) * 1000, 2)
    end(milliseconds, bool(result.error))
    lines = _log(invocation, request_id, result.log, milliseconds)
    invocation.log(lines.splitlines(keepends=True))
    if not invocation.wants_log:
        return result, {}
    return result, {"LogResult": base64.b64encode(lines.encode()[-LOG_TAIL_BYTES:]).decode()}


def _log(invocation: Invocation, request_id: str, printed: str, milliseconds: float) -> str:
    memory = invocation.configuration["MemorySize"]
    return (
        f"START RequestId: {request_id} Version: {invocation.version}\n{printed}END RequestId: {request_id}\n"
        f"REPORT RequestId: {request_id}\tDuration: {milliseconds:.2f} ms\tMemory Size: {memory} MB\n"
    )


def _result(invocation: Invocation, request_id: str) -> HandlerResult:
    configuration = invocation.configuration
    runtime = configuration.get("Runtime", "")
    if not (runtime.startswith("python") and invocation.code.zip_bytes):
        what = f"runtime {runtime}" if runtime else "container images"
        return failed(UNSUPPORTED, f"the sandbox runs Python functions from a zip only, not {what}")
    facts = {
        "aws_request_id": request_id, "function_name": invocation.function_name, "function_version": invocation.version,
        "invoked_function_arn": invocation.function_arn, "memory_limit_in_mb": str(configuration["MemorySize"]),
        "log_group_name": configuration["LoggingConfig"]["LogGroup"], "log_stream_name": invocation.stream,
        "seconds": min(configuration["Timeout"], LONGEST_SECONDS),
    }  # fmt: skip
    return invoke_python(
        invocation.code.zip_bytes, configuration["Handler"], payload=invocation.payload, facts=facts,
        environment=_environment(invocation), layers=filter(None, invocation.layers),
    )  # fmt: skip


def _environment(invocation: Invocation) -> dict[str, str]:
    """The function's own variables and what Lambda sets; nothing of this process."""
    configuration, region = invocation.configuration, invocation.function_arn.split(":")[3]
    return {
        **configuration.get("Environment", {}).get("Variables", {}),
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_LAMBDA_FUNCTION_NAME": invocation.function_name,
        "AWS_LAMBDA_FUNCTION_VERSION": invocation.version,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(configuration["MemorySize"]),
        "AWS_LAMBDA_LOG_GROUP_NAME": configuration["LoggingConfig"]["LogGroup"],
        "AWS_LAMBDA_LOG_STREAM_NAME": invocation.stream,
        "PYTHONIOENCODING": "utf-8",
    }
