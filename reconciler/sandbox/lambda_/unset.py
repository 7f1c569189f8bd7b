"""Reads of what the sandbox's Lambda does not hold: they answer as AWS does where nothing was ever set.

(region, params, now) go in, an answer comes out or Refused is raised.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.sandbox.lambda_.state import Region


def _name(region: Region, params: Mapping[str, Any]) -> str:
    return region.function(region.named(params["FunctionName"])[0]).name


def list_provisioned_concurrency(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    _name(region, params)
    return {"ProvisionedConcurrencyConfigs": []}


def get_recursion(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    _name(region, params)
    return {"RecursiveLoop": "Terminate"}


def get_runtime_management(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    return {"UpdateRuntimeOn": "Auto", "FunctionArn": region.arn(_name(region, params), "$LATEST")}


def get_code_signing(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    return {"FunctionName": _name(region, params)}
