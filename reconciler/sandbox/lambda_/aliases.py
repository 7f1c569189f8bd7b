"""Aliases, as FACTS 2.5 records them. (region, params, now) go in, an answer comes out or Refused is raised."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.sandbox.lambda_ import provisioned
from reconciler.sandbox.lambda_.state import Alias, Function, Region, check_revision, new_id, paged
from reconciler.sandbox.refusals import conflict, invalid, not_found

KNOWN = ("FunctionName", "Name", "FunctionVersion", "Description", "RoutingConfig", "RevisionId")


def _answer(region: Region, function: Function, name: str) -> dict[str, Any]:
    alias = function.aliases[name]
    answer = {
        **alias.newer,
        "AliasArn": region.arn(function.name, name),
        "Name": name,
        "FunctionVersion": alias.version,
        "Description": alias.description,
        "RevisionId": alias.revision,
    }
    return answer | ({"RoutingConfig": {"AdditionalVersionWeights": dict(alias.weights)}} if alias.weights else {})


def _newer(params: Mapping[str, Any]) -> dict[str, Any]:
    return {member: value for member, value in params.items() if member not in KNOWN}


def _named(region: Region, params: Mapping[str, Any], version: str = "") -> tuple[Function, str]:
    return region.function(region.named(params["FunctionName"])[0], version), params["Name"]


def check_routing(region: Region, function: Function, version: str, weights: Mapping[str, float]) -> None:
    """Raises what AWS answers to a version or weights that an alias cannot have."""
    if len(weights) > 1:
        raise invalid("Number of items in AdditionalVersionWeights cannot be greater than 1")
    if version == "$LATEST" and weights:
        raise invalid("$LATEST is not supported for an alias pointing to more than 1 version")
    if version in weights:
        raise invalid(
            f"Invalid function version {version}. "
            f"Function version {version} is already included in routing configuration."
        )
    for number in (version, *weights):
        if number != "$LATEST" and number not in function.versions:
            raise not_found(f"Function not found: {region.arn(function.name, number)}")
    for other in weights:
        first, second = function.versions[version].configuration, function.versions[other].configuration
        if any(first.get(member) != second.get(member) for member in ("Role", "DeadLetterConfig")):
            raise invalid("The execution role and dead letter configuration of both versions must be the same.")


def create_alias(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    function, name = _named(region, params, params["FunctionVersion"])
    if name in function.aliases:
        raise conflict(f"Alias already exists: {region.arn(function.name, name)}")
    weights = params.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})
    check_routing(region, function, params["FunctionVersion"], weights)
    function.aliases[name] = Alias(
        params["FunctionVersion"], params.get("Description", ""), dict(weights), new_id(), _newer(params)
    )
    return _answer(region, function, name)


def update_alias(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    function, name = _named(region, params)
    if name not in function.aliases:
        raise not_found(f"Alias not found: {region.arn(function.name, name)}")
    held = function.aliases[name]
    check_revision(params.get("RevisionId"), held.revision)
    version = params.get("FunctionVersion", held.version)
    weights = held.weights
    if "RoutingConfig" in params:
        weights = params["RoutingConfig"].get("AdditionalVersionWeights", {})
    check_routing(region, function, version, weights)
    description = params.get("Description", held.description)
    function.aliases[name] = Alias(version, description, dict(weights), new_id(), {**held.newer, **_newer(params)})
    answer = _answer(region, function, name)
    if name in function.provisioned and version != held.version:
        provisioned.follow(region, function, name, held.version, now)
    return answer


def get_alias(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    function, name = _named(region, params)
    if name not in function.aliases:
        raise not_found(f"Cannot find alias arn: {region.arn(function.name, name)}")
    return _answer(region, function, name)


def list_aliases(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    function = region.function(region.named(params["FunctionName"])[0])
    wanted = params.get("FunctionVersion")
    names = [name for name in sorted(function.aliases) if wanted in (None, function.aliases[name].version)]
    return paged(names, params, "Aliases", 50, lambda name: _answer(region, function, name))


def delete_alias(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    """One that is not there is no error."""
    function, name = _named(region, params)
    for held in (function.aliases, function.policies, function.urls, function.event_invoke, function.provisioned):
        held.pop(name, None)
    return {}
