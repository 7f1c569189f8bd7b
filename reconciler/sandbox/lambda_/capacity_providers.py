"""Capacity providers, on whose instances managed functions run, as FACTS 10.8 records them: they take a while to come and to go.

(region, params, now) go in, an answer comes out or Refused is raised. No instance is ever started.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.sandbox.lambda_.settling import CapacityProvider
from reconciler.sandbox.lambda_.state import Function, Record, Region, moment, paged
from reconciler.sandbox.lambda_.tags import check_tags
from reconciler.sandbox.refusals import conflict, invalid, not_found

UNSET_SCALE: Mapping[str, Any] = {"MaxVCpuCount": 400, "ScalingMode": "Auto"}
SCALE = "CapacityProviderScalingConfig"


def _arn(region: Region, name: str) -> str:
    return region.arn_of("capacity-provider", name)


def _held(region: Region, params: Mapping[str, Any]) -> CapacityProvider:
    given = params["CapacityProviderName"]
    name = given.rpartition(":")[2]
    if name not in region.capacity_providers or given not in (name, _arn(region, name)):
        raise not_found()
    return region.capacity_providers[name]


def _shown(region: Region, held: CapacityProvider) -> dict[str, Any]:
    return {
        "CapacityProviderArn": _arn(region, held.name),
        "State": held.state,
        **held.members,
        "LastModified": moment(held.modified),
    }


def _answer(region: Region, held: CapacityProvider) -> dict[str, Any]:
    return {"CapacityProvider": _shown(region, held)}


def _sent(params: Mapping[str, Any]) -> dict[str, Any]:
    sent = {member: value for member, value in params.items() if member not in ("CapacityProviderName", "Tags")}
    return sent | ({SCALE: {**UNSET_SCALE, **sent[SCALE]}} if SCALE in sent else {})


def create(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    name, network = params["CapacityProviderName"].rpartition(":")[2], params["VpcConfig"]
    if name in region.capacity_providers:
        raise conflict(f"Capacity provider already exists: {_arn(region, name)}")
    tags = dict(params.get("Tags", {}))
    check_tags(tags, {})
    region.world.vpc_of(network["SubnetIds"], network["SecurityGroupIds"])
    if not region.world.can_assume(params["PermissionsConfig"]["CapacityProviderOperatorRoleArn"]):
        raise invalid("The role defined for the capacity provider cannot be assumed by Lambda.")
    held = CapacityProvider(name, {SCALE: dict(UNSET_SCALE)} | _sent(params), tags, now)
    region.capacity_providers[name] = held
    region.begin(held, now)
    return _answer(region, held)


def get(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    return _answer(region, _held(region, params))


def list_all(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    held = [
        region.capacity_providers[name]
        for name in sorted(region.capacity_providers)
        if params.get("State") in (None, region.capacity_providers[name].state)
    ]
    return paged(held, params, "CapacityProviders", 50, lambda item: _shown(region, item))


def update(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    held = _settled(region, params)
    held.members |= _sent(params)
    held.modified = now
    return _answer(region, held)


def delete(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    held = _settled(region, params)
    users = sum(1 for function in region.functions.values() if _records(function, _arn(region, held.name)))
    if users:
        raise conflict(
            f"The capacity provider is currently in use by {users} functions. "
            f"To delete this capacity provider, first remove its association with {_arn(region, held.name)}."
        )
    held.state, held.goes_to = "Deleting", "Gone"
    region.begin(held, now)
    return _answer(region, held)


def _settled(region: Region, params: Mapping[str, Any]) -> CapacityProvider:
    held = _held(region, params)
    if held.settles_at is not None:
        raise conflict(
            "The operation cannot be performed at this time. The capacity provider is currently in the following "
            f"state: {held.state}"
        )
    return held


def list_versions(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    arn = _arn(region, _held(region, params).name)
    versions = [
        {"FunctionArn": region.arn(name, record.version), "State": record.state}
        for name in sorted(region.functions)
        for record in _records(region.functions[name], arn)
    ]
    return paged(versions, params, "FunctionVersions", 50) | {"CapacityProviderArn": arn}


def _records(function: Function, arn: str) -> list[Record]:
    """The function's $LATEST and versions that have this provider."""
    records = (function.latest, *function.versions.values())
    return [record for record in records if _provider(record.configuration) == arn]


def _provider(configuration: Mapping[str, Any]) -> str:
    managed = configuration.get("CapacityProviderConfig", {}).get("LambdaManagedInstancesCapacityProviderConfig", {})
    return str(managed.get("CapacityProviderArn", ""))
