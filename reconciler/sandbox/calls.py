"""Function URLs, called at the sandbox's own address by the name of their host: who may, what runs, what the caller gets.

A request and its caller's account go in, a response comes out. The function runs as by Invoke.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.sandbox.gate import Gate
from reconciler.sandbox.http import function_urls
from reconciler.sandbox.http.log import Logged
from reconciler.sandbox.http.wire import Request, Response
from reconciler.sandbox.lambda_ import invoke
from reconciler.sandbox.lambda_.authority import ANYBODY, is_allowed, is_denied
from reconciler.sandbox.lambda_.state import Function, Region, new_id
from reconciler.sandbox.refusals import Refused

FORBIDDEN = (
    "Forbidden. For troubleshooting Function URL authorization issues, see: "
    "https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html"
)
ACTIONS = ("lambda:InvokeFunctionUrl", "lambda:InvokeFunction")


@dataclass(frozen=True, slots=True)
class _Place:
    """A function URL: whose it is, and its configuration."""

    region: Region
    function: Function
    qualifier: str

    @property
    def config(self) -> Mapping[str, Any]:
        return self.function.urls[self.qualifier]


def answered(gate: Gate, request: Request, account: str) -> Response | None:
    """The response to a call; `account` is the caller's, empty without credentials. None when no function URL is called."""
    called = function_urls.called(request.headers)
    if not called:
        return None
    for state, lock in gate.regions(called[1]):
        with lock:
            state.advance(gate.clock())
            place = _place(state, called[0])
            if not place:
                continue
            cors = place.config.get("Cors", {})
            invocation = function_urls.preflight(cors, request) or _prepared(gate, place, request, account, called[0])
        response = (
            invocation if isinstance(invocation, Response) else _ran(invocation, function_urls.allowing(cors, request))
        )
        _note(gate, place, response.status)
        return response
    return function_urls.refused(403, FORBIDDEN)


def _place(region: Region, label: str) -> _Place | None:
    for function in region.functions.values():
        for qualifier, config in function.urls.items():
            if config["FunctionUrl"].startswith(f"https://{label}."):
                return _Place(region, function, qualifier)
    return None


def _prepared(gate: Gate, place: _Place, request: Request, account: str, label: str) -> invoke.Invocation | Response:
    """What will run, or the refusal of it."""
    if not _may_call(place, account):
        return function_urls.refused(403, FORBIDDEN)
    is_known = place.config["AuthType"] == "AWS_IAM"
    call = function_urls.Call(label, new_id(), account if is_known else ANYBODY, gate.clock())
    params = {
        "FunctionName": place.function.name, "Payload": function_urls.event(request, call),
        **({"Qualifier": place.qualifier} if place.qualifier else {}),
    }  # fmt: skip
    try:
        return invoke.prepared(place.region, params, gate.chance)
    except Refused as refused:
        body = {"Type": "User", "message": refused.message}
        return Response(refused.status, dict(function_urls.JSON), json.dumps(body).encode())


def _may_call(place: _Place, account: str) -> bool:
    """Whoever calls needs both actions. Credentials of the same account have them, as they have all else in the sandbox."""
    auth = place.config["AuthType"]
    policy = place.function.policies.get(place.qualifier)
    statements = policy.statements if policy else []
    context = {"lambda:FunctionUrlAuthType": auth, "lambda:InvokedViaFunctionUrl": "true"}
    if auth == "AWS_IAM" and account == place.region.account:
        return not any(is_denied(statements, action, account, context) for action in ACTIONS)
    if auth == "AWS_IAM" and not account:
        return False
    caller = account if auth == "AWS_IAM" else ANYBODY
    return all(is_allowed(statements, action, caller, context) for action in ACTIONS)


def _ran(invocation: invoke.Invocation, cors_headers: Mapping[str, str]) -> Response:
    result = invoke.run(invocation)[0]
    if not result.error:
        return function_urls.response(result.payload, cors_headers)
    failure = json.loads(result.payload)
    if failure.get("errorType") == invoke.UNSUPPORTED:
        return function_urls.refused(501, failure["errorMessage"])
    return function_urls.broken()


def _note(gate: Gate, place: _Place, status: int) -> None:
    params = {"FunctionName": place.function.name, "Qualifier": place.qualifier or "$LATEST"}
    gate.log.note(
        Logged("InvokeFunctionUrl", place.region.account, place.region.region, params, gate.clock(), status, "")
    )  # fmt: skip
