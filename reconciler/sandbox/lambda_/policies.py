"""Resource policies, one a function, version or alias, as FACTS 2.4 and 2.11 record them.

(region, params, now) go in, an answer comes out or Refused is raised. A policy's RevisionId is its own.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from reconciler.sandbox.lambda_.state import Function, Policy, Region, check_revision, new_id
from reconciler.sandbox.refusals import conflict, invalid, not_found

CONDITIONS = (
    ("SourceArn", "ArnLike", "AWS:SourceArn"),
    ("SourceAccount", "StringEquals", "AWS:SourceAccount"),
    ("PrincipalOrgID", "StringEquals", "aws:PrincipalOrgID"),
    ("FunctionUrlAuthType", "StringEquals", "lambda:FunctionUrlAuthType"),
    ("EventSourceToken", "StringEquals", "lambda:EventSourceToken"),
    ("InvokedViaFunctionUrl", "Bool", "lambda:InvokedViaFunctionUrl"),
)


def _named(region: Region, params: Mapping[str, Any]) -> tuple[Function, str]:
    name, qualifier = region.named(params["FunctionName"], params.get("Qualifier"))
    function = region.function(name)
    if qualifier == "$LATEST":
        raise invalid("We currently do not support adding policies for $LATEST.")
    region.record(function, qualifier)
    return function, qualifier


def _principal(given: str) -> Any:
    if given == "*":
        return "*"
    if given.isdigit():
        return {"AWS": f"arn:aws:iam::{given}:root"}
    return {"AWS": given} if given.startswith("arn:") else {"Service": given}


def _statement(region: Region, name: str, qualifier: str, params: Mapping[str, Any]) -> dict[str, Any]:
    condition: dict[str, Any] = {}
    for member, operator, key in CONDITIONS:
        if member in params:
            value = params[member]
            condition.setdefault(operator, {})[key] = str(value).lower() if isinstance(value, bool) else value
    statement = {
        "Sid": params["StatementId"], "Effect": "Allow", "Principal": _principal(params["Principal"]),
        "Action": params["Action"], "Resource": region.arn(name, qualifier),
    }  # fmt: skip
    return statement | ({"Condition": condition} if condition else {})


def add_permission(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    function, qualifier = _named(region, params)
    held = function.policies.get(qualifier, Policy([], ""))
    check_revision(params.get("RevisionId"), held.revision, "GetPolicy")
    sid = params["StatementId"]
    if any(statement["Sid"] == sid for statement in held.statements):
        raise conflict(
            f"The statement id ({sid}) provided already exists. "
            "Please provide a new statement id, or remove the existing statement."
        )
    statement = _statement(region, function.name, qualifier, params)
    function.policies[qualifier] = Policy([*held.statements, statement], new_id())
    return {"Statement": json.dumps(statement)}


def remove_permission(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    function, qualifier = _named(region, params)
    held = function.policies.get(qualifier, Policy([], ""))
    remaining = [statement for statement in held.statements if statement["Sid"] != params["StatementId"]]
    if len(remaining) == len(held.statements):
        raise not_found(f"Statement {params['StatementId']} is not found in resource policy.")
    check_revision(params.get("RevisionId"), held.revision, "GetPolicy")
    if remaining:
        function.policies[qualifier] = Policy(remaining, new_id())
    else:
        del function.policies[qualifier]
    return {}


def get_policy(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    function, qualifier = _named(region, params)
    held = function.policies.get(qualifier)
    if not held:
        raise not_found()
    document = {"Version": "2012-10-17", "Id": "default", "Statement": held.statements}
    return {"Policy": json.dumps(document), "RevisionId": held.revision}
