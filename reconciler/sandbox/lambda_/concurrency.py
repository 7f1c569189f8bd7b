"""Reserved concurrency and the account's limits (FACTS 2.10). (region, params, now) go in, an answer comes out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.sandbox.lambda_.state import Function, Region
from reconciler.sandbox.refusals import invalid, only_functions

ACCOUNT_LIMIT, UNRESERVED_MINIMUM = 1000, 100
CODE_LIMITS = {"TotalCodeSize": 80_530_636_800, "CodeSizeUnzipped": 262_144_000, "CodeSizeZipped": 52_428_800}


def _unqualified(region: Region, params: Mapping[str, Any]) -> Function:
    name, qualifier = region.named(params["FunctionName"])
    if qualifier:
        raise only_functions()
    return region.function(name)


def _reserved(region: Region, besides: Function | None = None) -> int:
    return sum(function.reserved_concurrency or 0 for function in region.functions.values() if function is not besides)


def put_concurrency(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    function, wanted = _unqualified(region, params), params["ReservedConcurrentExecutions"]
    if _reserved(region, function) + wanted > ACCOUNT_LIMIT - UNRESERVED_MINIMUM:
        raise invalid(
            "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution "
            f"below its minimum value of [{UNRESERVED_MINIMUM}]."
        )
    function.reserved_concurrency = wanted
    return {"ReservedConcurrentExecutions": wanted}


def get_concurrency(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    reserved = _unqualified(region, params).reserved_concurrency
    return {} if reserved is None else {"ReservedConcurrentExecutions": reserved}


def delete_concurrency(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    _unqualified(region, params).reserved_concurrency = None
    return {}


def get_account_settings(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    size = sum(
        record.code.size
        for function in region.functions.values()
        for record in (function.latest, *function.versions.values())
    )
    return {
        "AccountLimit": {
            **CODE_LIMITS,
            "ConcurrentExecutions": ACCOUNT_LIMIT,
            "UnreservedConcurrentExecutions": ACCOUNT_LIMIT - _reserved(region),
        },
        "AccountUsage": {"TotalCodeSize": size, "FunctionCount": len(region.functions)},
    }
