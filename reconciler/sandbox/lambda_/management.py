"""How Lambda looks after a function by itself: recursive loops, updates of the runtime, the scale of managed instances (FACTS 10.5).

(region, params, now) go in, an answer comes out or Refused is raised.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.sandbox.lambda_.settling import Scale
from reconciler.sandbox.lambda_.state import Function, Region
from reconciler.sandbox.refusals import Refused, invalid, not_found

UNSET_LOOP: Mapping[str, str] = {"RecursiveLoop": "Terminate"}
UNSET_RUNTIME: Mapping[str, str] = {"UpdateRuntimeOn": "Auto"}


def _function(region: Region, params: Mapping[str, Any]) -> Function:
    return region.function(region.named(params["FunctionName"])[0])


def _settable(params: Mapping[str, Any]) -> dict[str, Any]:
    """What is set, also by members that are younger than this sandbox."""
    return {member: value for member, value in params.items() if member not in ("FunctionName", "Qualifier")}


# --- recursive loops -----------------------------------------------------------------------------------------------


def get_recursion(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    return {**UNSET_LOOP, **_function(region, params).recursion}


def put_recursion(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    _function(region, params).recursion = _settable(params)
    return get_recursion(region, params, now)


# --- updates of the runtime ----------------------------------------------------------------------------------------


def _version(region: Region, params: Mapping[str, Any]) -> tuple[Function, str]:
    name, qualifier = region.named(params["FunctionName"], params.get("Qualifier"))
    function = region.function(name)
    return function, region.record(function, qualifier).version


def get_runtime(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    function, version = _version(region, params)
    held = function.runtime_management.get(version, UNSET_RUNTIME)
    return {**held, "FunctionArn": region.arn(function.name, version)}


def put_runtime(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    function, version = _version(region, params)
    is_manual = params["UpdateRuntimeOn"] == "Manual"
    if is_manual != ("RuntimeVersionArn" in params):
        raise invalid("RuntimeVersionArn is given with UpdateRuntimeOn Manual, and with nothing else.")
    function.runtime_management[version] = _settable(params)
    return get_runtime(region, params, now)


# --- managed instances ---------------------------------------------------------------------------------------------


def _scaled(region: Region, params: Mapping[str, Any]) -> tuple[Function, str]:
    function, qualifier = _function(region, params), params["Qualifier"]
    if "CapacityProviderConfig" not in function.latest.configuration:
        message = "The function provided by the arn does not contain a capacity provider configuration"
        raise Refused("AccessDeniedException", message, 403)
    is_there = qualifier in function.versions if qualifier.isdigit() else function.is_published_as_latest
    if not is_there:
        raise not_found(f"Function not found: {region.arn(function.name, qualifier)}")
    return function, qualifier


def put_scaling(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    """What is left out sets the scale back."""
    function, qualifier = _scaled(region, params)
    scale = function.scaling.setdefault(qualifier, Scale())
    scale.requested = dict(params.get("FunctionScalingConfig", {}))
    region.begin(scale, now)
    return {"FunctionState": function.latest.state}


def get_scaling(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    function, qualifier = _scaled(region, params)
    scale = function.scaling.get(qualifier, Scale())
    return {
        "FunctionArn": region.arn(function.name, qualifier),
        "RequestedFunctionScalingConfig": dict(scale.requested),
        "AppliedFunctionScalingConfig": dict(scale.applied),
    }
