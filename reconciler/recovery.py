"""What an answer that never came, or came to a second attempt, may hide: the call may have been carried out.

Looks before it judges, and only where that is possible; a failure that nothing explains stays a failure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from reconciler.aws import Answer, Aws, Place
from reconciler.diff import differences
from reconciler.errors import CallFailed
from reconciler.kinds.alias import ALIAS
from reconciler.kinds.event_source_mapping import EVENT_SOURCE_MAPPING, live_properties
from reconciler.kinds.function import live_configuration, normal_configuration
from reconciler.model import Operation

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def recovered(operation: Operation, params: Mapping[str, Any], failure: CallFailed, aws: Aws) -> Answer | None:
    """The answer that stands for a failure, when AWS holds what the call wanted; None when the failure is one."""
    place = Place.of(operation.key.target)
    if operation.name.startswith("Delete"):
        if failure.code != "ResourceNotFoundException":
            return None
        named = {name: value for name, value in params.items() if name == "UUID"}
        return Answer(named, failure.request_id, failure.attempts, 204)
    if failure.attempts == 1:
        return None  # the first attempt was answered, so the answer is the truth
    if operation.name == "PublishVersion" and failure.code == "PreconditionFailedException":
        # Publishing what is published answers the same version; only our own first attempt can have moved the revision.
        return aws.call(
            place, "PublishVersion", {name: value for name, value in params.items() if name != "RevisionId"}
        )
    state = _state(operation, params, failure, aws, place)
    if state is None or not holds(operation, params, state):
        return None
    return Answer(state, failure.request_id, failure.attempts)


def _state(
    operation: Operation, params: Mapping[str, Any], failure: CallFailed, aws: Aws, place: Place
) -> Mapping[str, Any] | None:
    """What AWS now holds of what the call was about, in the shape of the call's answer."""
    match operation.name:
        case "CreateFunction" | "UpdateFunctionConfiguration" | "UpdateFunctionCode":
            found = aws.found(place, "GetFunction", {"FunctionName": params["FunctionName"]})
            version = {"Version": "1"} if params.get("Publish") else {}
            return {**found["Configuration"], **version} if found else None
        case "CreateAlias" | "UpdateAlias":
            return aws.found(place, "GetAlias", {name: params[name] for name in ("FunctionName", "Name")})
        case "UpdateEventSourceMapping":
            return aws.found(place, "GetEventSourceMapping", {"UUID": params["UUID"]})
        case "CreateEventSourceMapping":
            named = UUID.search(str(failure))
            return aws.found(place, "GetEventSourceMapping", {"UUID": named[0]}) if named else None
    return None


def holds(operation: Operation, params: Mapping[str, Any], state: Mapping[str, Any]) -> bool:
    """Whether `state` is what the call asked for, in every member that it sent."""
    function = operation.key.target.function
    match operation.name:
        case "UpdateFunctionCode":
            return bool(operation.expect) and state.get("CodeSha256") == operation.expect["CodeSha256"]
        case "CreateFunction" | "UpdateFunctionConfiguration":
            wanted = normal_configuration(live_configuration(params), function)
            live = normal_configuration(live_configuration(state), function)
            is_code_right = all(state.get(member) == value for member, value in operation.expect.items())
        case "CreateAlias" | "UpdateAlias":
            live = ALIAS.normal(state, function)
            wanted = ALIAS.normal({**state, **params}, function)
            is_code_right = True
        case _:
            live = EVENT_SOURCE_MAPPING.normal(live_properties(state), function)
            wanted = EVENT_SOURCE_MAPPING.normal(live_properties({**state, **params}) | _enabled(params), function)
            is_code_right = True
    asked = [member for member in params if member in wanted]
    return is_code_right and not differences({m: live.get(m) for m in asked}, {m: wanted[m] for m in asked})


def _enabled(params: Mapping[str, Any]) -> dict[str, Any]:
    return {"Enabled": params["Enabled"]} if "Enabled" in params else {}
