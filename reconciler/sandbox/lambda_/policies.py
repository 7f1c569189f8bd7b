"""Resource policies, one a function, version or alias, as FACTS 8 records them.

(region, params, now) go in, an answer comes out or Refused is raised. A policy's RevisionId is its own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from reconciler.sandbox.lambda_.state import ALIAS, Function, Policy, Region, check_revision, new_id
from reconciler.sandbox.refusals import Refused, conflict, invalid, not_found

CONDITIONS: Mapping[str, tuple[str, str]] = {
    "SourceArn": ("ArnLike", "AWS:SourceArn"),
    "SourceAccount": ("StringEquals", "AWS:SourceAccount"),
    "PrincipalOrgID": ("StringEquals", "aws:PrincipalOrgID"),
    "FunctionUrlAuthType": ("StringEquals", "lambda:FunctionUrlAuthType"),
    "EventSourceToken": ("StringEquals", "lambda:EventSourceToken"),
    "InvokedViaFunctionUrl": ("Bool", "lambda:InvokedViaFunctionUrl"),
}
NO_CONDITIONS = ("FunctionName", "Qualifier", "StatementId", "Action", "Principal", "RevisionId")
LARGEST = 20_480  # characters of a policy
NO_LATEST = "We currently do not support adding policies for $LATEST."
SERVICE = re.compile(r"[a-z0-9.-]+\.amazon(aws)?\.com(\.cn)?")


def _named(region: Region, params: Mapping[str, Any]) -> tuple[Function, str]:
    name, qualifier = region.named(params["FunctionName"], params.get("Qualifier"))
    function = region.function(name)
    if qualifier == "$LATEST":
        raise invalid(NO_LATEST)
    if ALIAS.fullmatch(qualifier) and qualifier not in function.aliases:
        raise not_found(f"Cannot find alias arn: {region.arn(name, qualifier)}")
    region.record(function, qualifier)
    return function, qualifier


def _principal(region: Region, given: str) -> Any:
    """As a policy has it. Raises what AWS answers to one that there is not."""
    if given == "*":
        return "*"
    if re.fullmatch("[0-9]{12}", given):
        return {"AWS": f"arn:{region.partition}:iam::{given}:root"}
    if given.startswith("arn:") and region.world.has_principal(given):
        return {"AWS": given}
    if SERVICE.fullmatch(given):
        return {"Service": given}
    raise invalid("The provided principal was invalid. Please check the principal and try again.")


def _statement(region: Region, name: str, qualifier: str, params: Mapping[str, Any]) -> dict[str, Any]:
    condition: dict[str, Any] = {}
    for member, value in params.items():
        if member not in NO_CONDITIONS:
            newer = ("Bool" if isinstance(value, bool) else "StringEquals", f"lambda:{member}")
            operator, key = CONDITIONS.get(member, newer)
            condition.setdefault(operator, {})[key] = str(value).lower() if isinstance(value, bool) else value
    statement = {
        "Sid": params["StatementId"], "Effect": "Allow", "Principal": _principal(region, params["Principal"]),
        "Action": params["Action"], "Resource": region.arn(name, qualifier),
    }  # fmt: skip
    return statement | ({"Condition": condition} if condition else {})


def _own_revision(region: Region, function: Function, qualifier: str) -> str:
    """What guards the first statement: that of what it is added to, for there is no policy yet."""
    alias = function.aliases.get(qualifier)
    return alias.revision if alias else region.record(function, qualifier).revision


def _document(policy: Policy) -> str:
    """The policy as a text. Raises what AWS answers where that is too long."""
    text = json.dumps({**policy.head, "Statement": policy.statements}, separators=(",", ":"))
    if len(text) > LARGEST:
        message = f"The final policy size ({len(text)}) is bigger than the limit ({LARGEST})."
        raise Refused("PolicyLengthExceededException", message)
    return text


def _answered(policy: Policy) -> dict[str, Any]:
    return {"Policy": _document(policy), "RevisionId": policy.revision}


def add_permission(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    function, qualifier = _named(region, params)
    held = function.policies.get(qualifier) or Policy([], _own_revision(region, function, qualifier))
    check_revision(params.get("RevisionId"), held.revision, "GetPolicy")
    sid = params["StatementId"]
    if any(statement.get("Sid") == sid for statement in held.statements):
        raise conflict(
            f"The statement id ({sid}) provided already exists. "
            "Please provide a new statement id, or remove the existing statement."
        )
    if "FunctionUrlAuthType" in params and params["Action"] != "lambda:InvokeFunctionUrl":
        raise invalid("FunctionUrlAuthType is only supported for lambda:InvokeFunctionUrl action")
    statement = _statement(region, function.name, qualifier, params)
    policy = Policy([*held.statements, statement], new_id(), held.head)
    _document(policy)
    function.policies[qualifier] = policy
    return {"Statement": json.dumps(statement, separators=(",", ":"))}


def remove_permission(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    name, _ = region.named(params["FunctionName"])
    if name not in region.functions:
        raise not_found(f"No policy found for: {region.arn(name)}")
    function, qualifier = _named(region, params)
    held = function.policies.get(qualifier)
    if not held:
        raise not_found("No policy is associated with the given resource.")
    remaining = [statement for statement in held.statements if statement.get("Sid") != params["StatementId"]]
    if len(remaining) == len(held.statements):
        raise not_found(f"Statement {params['StatementId']} is not found in resource policy.")
    check_revision(params.get("RevisionId"), held.revision, "GetPolicy")
    if remaining:
        function.policies[qualifier] = Policy(remaining, new_id(), held.head)
    else:
        del function.policies[qualifier]
    return {}


def get_policy(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    name, qualifier = region.named(params["FunctionName"], params.get("Qualifier"))
    if qualifier == "$LATEST":
        raise invalid(NO_LATEST)
    held = region.functions[name].policies.get(qualifier) if name in region.functions else None
    if not held:
        raise not_found()
    return _answered(held)


# --- whole policies ------------------------------------------------------------------------------------------------


def _of_resource(region: Region, params: Mapping[str, Any]) -> tuple[Function, str]:
    if ":function:" not in params["ResourceArn"]:
        raise Refused("NotImplementedException", "The sandbox keeps policies of functions alone.", 501)
    return _named(region, {"FunctionName": params["ResourceArn"]})


def _held(region: Region, params: Mapping[str, Any]) -> tuple[Function, str, Policy]:
    function, qualifier = _of_resource(region, params)
    held = function.policies.get(qualifier)
    if not held:
        raise not_found()
    return function, qualifier, held


def put_resource_policy(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    """The policy that takes the place of what there was, of AddPermission's statements as well."""
    function, qualifier = _of_resource(region, params)
    held = function.policies.get(qualifier) or Policy([], _own_revision(region, function, qualifier))
    check_revision(params.get("RevisionId"), held.revision, "GetResourcePolicy")
    document = _with_roots(region, _parsed(params["Policy"]))
    policy = Policy(document.pop("Statement"), new_id(), document)
    answer = _answered(policy)
    function.policies[qualifier] = policy
    return answer


def _parsed(text: str) -> dict[str, Any]:
    """A policy's document, its statements as a list."""
    try:
        document = json.loads(text)
    except ValueError:
        document = None
    written = document.get("Statement") if isinstance(document, dict) else None
    statements = written if isinstance(written, list) else [written]
    if not all(isinstance(item, dict) for item in statements):
        raise invalid("The policy is not a JSON document with statements.")
    return {**document, "Statement": statements}


def _with_roots(region: Region, document: dict[str, Any]) -> dict[str, Any]:
    """The document with each account by its root, as IAM keeps it."""

    def root(whom: Any) -> Any:
        if isinstance(whom, list):
            return [root(one) for one in whom]
        is_account = isinstance(whom, str) and re.fullmatch("[0-9]{12}", whom)
        return _principal(region, whom)["AWS"] if is_account else whom

    def kept(statement: dict[str, Any], member: str) -> dict[str, Any]:
        named = statement.get(member)
        return {member: {**named, "AWS": root(named["AWS"])}} if isinstance(named, dict) and "AWS" in named else {}

    statements = [
        {**statement, **kept(statement, "Principal"), **kept(statement, "NotPrincipal")}
        for statement in document["Statement"]
    ]
    return {**document, "Statement": statements}


def get_resource_policy(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    return _answered(_held(region, params)[2])


def delete_resource_policy(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    function, qualifier, held = _held(region, params)
    check_revision(params.get("RevisionId"), held.revision, "GetResourcePolicy")
    del function.policies[qualifier]
    return {}
