"""Aliases and resource policies, as lambda-facts 2.4, 2.5 and 2.11 record them. Pure functions of (region, params, now)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from reconciler.sandbox.functions import invalid
from reconciler.sandbox.state import Function, Policy, Region, check_revision, new_id, paged
from reconciler.sandbox.wire import Refused


def answer(region: Region, function: Function, name: str) -> dict[str, Any]:
    held = function.aliases[name]
    found = {
        "AliasArn": region.arn(function.name, name),
        "Name": name,
        "FunctionVersion": held["FunctionVersion"],
        "Description": held["Description"],
        "RevisionId": held["RevisionId"],
    }
    return found | ({"RoutingConfig": {"AdditionalVersionWeights": dict(held["Weights"])}} if held["Weights"] else {})


def checked_routing(region: Region, function: Function, version: str, weights: Mapping[str, float]) -> None:
    """Raises what AWS answers to a version or weights that an alias cannot have."""
    if len(weights) > 1:
        raise invalid("Number of items in AdditionalVersionWeights cannot be greater than 1")
    if version == "$LATEST" and weights:
        raise invalid("$LATEST is not supported for an alias pointing to more than 1 version")
    if version in weights:
        raise invalid(
            f"Invalid function version {version}. Function version {version} is already included in routing configuration."
        )
    for one in (version, *weights):
        if one != "$LATEST" and one not in function.versions:
            raise Refused("ResourceNotFoundException", f"Function not found: {region.arn(function.name, one)}", 404)
    for other in weights:
        first, second = region.record(function, version).configuration, region.record(function, other).configuration
        if any(first.get(member) != second.get(member) for member in ("Role", "DeadLetterConfig")):
            raise invalid("The execution role and dead letter configuration of both versions must be the same.")


def create_alias(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    function, name = region.function(region.named(params["FunctionName"])[0]), params["Name"]
    if name in function.aliases:
        raise Refused("ResourceConflictException", f"Alias already exists: {region.arn(function.name, name)}", 409)
    weights = params.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})
    checked_routing(region, function, params["FunctionVersion"], weights)
    function.aliases[name] = {
        "FunctionVersion": params["FunctionVersion"],
        "Description": params.get("Description", ""),
        "Weights": dict(weights),
        "RevisionId": new_id(),
    }
    return answer(region, function, name)


def update_alias(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    function, name = region.function(region.named(params["FunctionName"])[0]), params["Name"]
    if name not in function.aliases:
        raise Refused("ResourceNotFoundException", f"Alias not found: {region.arn(function.name, name)}", 404)
    held = function.aliases[name]
    check_revision(params.get("RevisionId"), held["RevisionId"])
    version = params.get("FunctionVersion", held["FunctionVersion"])
    weights = (
        params["RoutingConfig"].get("AdditionalVersionWeights", {}) if "RoutingConfig" in params else held["Weights"]
    )
    checked_routing(region, function, version, weights)
    function.aliases[name] = {
        "FunctionVersion": version,
        "Description": params.get("Description", held["Description"]),
        "Weights": dict(weights),
        "RevisionId": new_id(),
    }
    return answer(region, function, name)


def get_alias(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    function, name = region.function(region.named(params["FunctionName"])[0]), params["Name"]
    if name not in function.aliases:
        raise Refused("ResourceNotFoundException", f"Cannot find alias arn: {region.arn(function.name, name)}", 404)
    return answer(region, function, name)


def list_aliases(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    function = region.function(region.named(params["FunctionName"])[0])
    wanted = params.get("FunctionVersion")
    found = [answer(region, function, name) for name in sorted(function.aliases)]
    return paged([one for one in found if wanted in (None, one["FunctionVersion"])], params, "Aliases", 50)


def delete_alias(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    function = region.function(region.named(params["FunctionName"])[0])
    function.aliases.pop(params["Name"], None)
    function.policies.pop(params["Name"], None)
    return {}


# --- policies ------------------------------------------------------------------------------------------------------


def policy_of(region: Region, params: Mapping[str, Any]) -> tuple[Function, str]:
    name, qualifier = region.named(params["FunctionName"], params.get("Qualifier"))
    function = region.function(name)
    if qualifier == "$LATEST":
        raise invalid("We currently do not support adding policies for $LATEST.")
    region.record(function, qualifier)
    return function, qualifier


def add_permission(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    function, qualifier = policy_of(region, params)
    policy = function.policies.setdefault(qualifier, Policy([], new_id()))
    check_revision(params.get("RevisionId"), policy.revision)
    sid = params["StatementId"]
    if any(statement["Sid"] == sid for statement in policy.statements):
        message = f"The statement id ({sid}) provided already exists. Please provide a new statement id, or remove the existing statement."
        raise Refused("ResourceConflictException", message, 409)
    principal = params["Principal"]
    is_service = "." in principal
    root = f"arn:aws:iam::{principal}:root" if principal.isdigit() else principal
    condition: dict[str, Any] = {}
    for member, operator, key in (
        ("SourceArn", "ArnLike", "AWS:SourceArn"),
        ("SourceAccount", "StringEquals", "AWS:SourceAccount"),
        ("PrincipalOrgID", "StringEquals", "aws:PrincipalOrgID"),
        ("FunctionUrlAuthType", "StringEquals", "lambda:FunctionUrlAuthType"),
    ):
        if member in params:
            condition.setdefault(operator, {})[key] = params[member]
    statement = {
        "Sid": sid, "Effect": "Allow", "Principal": {"Service": principal} if is_service else {"AWS": root},
        "Action": params["Action"], "Resource": region.arn(function.name, qualifier),
    } | ({"Condition": condition} if condition else {})  # fmt: skip
    policy.statements.append(statement)
    policy.revision = new_id()
    return {"Statement": json.dumps(statement)}


def remove_permission(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    function, qualifier = policy_of(region, params)
    policy = function.policies.get(qualifier, Policy([], ""))
    kept = [statement for statement in policy.statements if statement["Sid"] != params["StatementId"]]
    if len(kept) == len(policy.statements):
        raise Refused(
            "ResourceNotFoundException", f"Statement {params['StatementId']} is not found in resource policy.", 404
        )
    check_revision(params.get("RevisionId"), policy.revision)
    policy.statements, policy.revision = kept, new_id()
    if not kept:
        del function.policies[qualifier]
    return {}


def get_policy(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    function, qualifier = policy_of(region, params)
    policy = function.policies.get(qualifier)
    if not policy or not policy.statements:
        raise Refused("ResourceNotFoundException", "The resource you requested does not exist.", 404)
    document = {"Version": "2012-10-17", "Id": "default", "Statement": policy.statements}
    return {"Policy": json.dumps(document), "RevisionId": policy.revision}
