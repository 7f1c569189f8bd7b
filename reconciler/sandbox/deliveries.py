"""What other services of AWS hand to functions: a topic's messages, a log group's lines, a bucket's and a bus's events.

An ARN and an event go in; the function runs as by an Event, if its policy lets the service. Nothing comes out, as on AWS: what became of it
is in the log. Where a statement's conditions are about, as which topic it is, is not known here: they are not looked at.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from reconciler.sandbox.gate import Gate
from reconciler.sandbox.http.log import Logged
from reconciler.sandbox.lambda_ import invoke
from reconciler.sandbox.lambda_.authority import is_allowed
from reconciler.sandbox.lambda_.state import Function, Region
from reconciler.sandbox.refusals import Refused

ACTION = "lambda:InvokeFunction"


def holds(gate: Gate, arn: str) -> bool:
    """Whether there is such a function, version or alias."""
    state, lock = gate.region(*_place(arn))
    with lock:
        try:
            _named(state, arn)
        except Refused:
            return False
    return True


def deliver(gate: Gate, arn: str, event: Any, service: str) -> None:
    """`service` is the name of who hands it over, such as sns."""
    account, region = _place(arn)
    state, lock = gate.region(account, region)
    try:
        with lock:
            state.advance(gate.clock())
            function, qualifier = _named(state, arn)
            _check_grant(function, qualifier, service, region)
            params = {"FunctionName": arn, "Payload": json.dumps(event).encode(), "InvocationType": "Event"}
            invocation = invoke.prepared(state, params, gate.chance)
        invoke.run(invocation)
        status, code = 202, ""
    except Refused as refused:
        status, code = refused.status, refused.code
    shown = {"FunctionName": arn, "InvocationType": "Event", "Principal": f"{service}.amazonaws.com"}
    gate.log.note(Logged("Invoke", account, region, shown, gate.clock(), status, code))


def _place(arn: str) -> tuple[str, str]:
    parts = arn.split(":")
    return parts[4], parts[3]


def _named(state: Region, arn: str) -> tuple[Function, str]:
    name, qualifier = state.named(arn)
    function = state.function(name, qualifier)
    state.record(function, qualifier)
    return function, qualifier


def _check_grant(function: Function, qualifier: str, service: str, region: str) -> None:
    policy = function.policies.get(qualifier)
    bare = [_without_conditions(statement) for statement in policy.statements] if policy else []
    callers = (f"{service}.amazonaws.com", f"{service}.{region}.amazonaws.com")
    if not any(is_allowed(bare, ACTION, caller, {}) for caller in callers):
        raise Refused("AccessDeniedException", f"The policy of {function.name} does not let {service} invoke it.", 403)


def _without_conditions(statement: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in statement.items() if key != "Condition"}
