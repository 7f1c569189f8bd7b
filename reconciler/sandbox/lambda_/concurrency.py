"""Reserved concurrency and the account's limits (FACTS 2.10). (region, params, now) go in, an answer comes out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.sandbox.lambda_.state import Function, Region
from reconciler.sandbox.refusals import invalid, only_functions

ACCOUNT_LIMIT, UNRESERVED_MINIMUM = 1000, 100
CODE_LIMITS = {"TotalCodeSize": 80_530_636_800, "CodeSizeUnzipped": 262_144_000, "CodeSizeZipped": 52_428_800}


def _unqualified(region: Region, params: Mapping[str, Any], told_as: str = "") -> Function:
    name, qualifier = region.named(params["FunctionName"])
    if qualifier:
        raise only_functions()
    return region.function(name, told_as)


def _provisioned(function: Function) -> int:
    return sum(held.requested for held in function.provisioned.values())


def taken(region: Region, besides: Function | None = None) -> int:
    """What functions have for themselves: reserved, or else provisioned."""
    others = [function for function in region.functions.values() if function is not besides]
    return sum(function.concurrency.get("ReservedConcurrentExecutions", _provisioned(function)) for function in others)


def put_concurrency(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    function, wanted = _unqualified(region, params, "$LATEST"), params["ReservedConcurrentExecutions"]
    if taken(region, function) + wanted > ACCOUNT_LIMIT - UNRESERVED_MINIMUM:
        raise invalid(
            "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution "
            f"below its minimum value of [{UNRESERVED_MINIMUM}]."
        )
    provisioned = _provisioned(function)
    if provisioned > wanted:
        raise invalid(
            f" ReservedConcurrentExecutions  {wanted} should not be lower than function's total provisioned "
            f"concurrency [{provisioned}]."
        )
    function.concurrency = {member: value for member, value in params.items() if member != "FunctionName"}
    return dict(function.concurrency)


def get_concurrency(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    return dict(_unqualified(region, params).concurrency)


def delete_concurrency(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    _unqualified(region, params).concurrency = {}
    return {}


def get_account_settings(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    records = (
        record for function in region.functions.values() for record in (function.latest, *function.versions.values())
    )
    layers = (version for layer in region.layers.values() for version in layer.versions.values())
    size = sum(record.code.size for record in records) + sum(
        version.code.size for version in layers if not version.is_deleted
    )
    return {
        "AccountLimit": {
            **CODE_LIMITS,
            "ConcurrentExecutions": ACCOUNT_LIMIT,
            "UnreservedConcurrentExecutions": ACCOUNT_LIMIT - taken(region),
        },
        "AccountUsage": {"TotalCodeSize": size, "FunctionCount": len(region.functions)},
    }
