"""Function URLs, one a function or alias, as FACTS 1.2 and 3 record them. They answer no requests of their own.

(region, params, now) go in, an answer comes out or Refused is raised.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from reconciler.sandbox.lambda_.state import Function, Region, paged
from reconciler.sandbox.refusals import conflict, invalid, not_found

SETTABLE = ("AuthType", "Cors", "InvokeMode")


def _named(region: Region, params: Mapping[str, Any]) -> tuple[Function, str]:
    name, qualifier = region.named(params["FunctionName"], params.get("Qualifier"))
    function = region.function(name)
    if qualifier == "$LATEST" or qualifier.isdigit():
        raise invalid("Function URLs are for functions and aliases only, not for versions.")
    region.record(function, qualifier)
    return function, qualifier


def _held(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    function, qualifier = _named(region, params)
    if qualifier not in function.urls:
        raise not_found()
    return function.urls[qualifier]


def create_url(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    function, qualifier = _named(region, params)
    arn = region.arn(function.name, qualifier)
    if qualifier in function.urls:
        raise conflict(
            f"Failed to create function url config for [functionArn = {arn}]. "
            "Error message:  FunctionUrlConfig exists for this Lambda function"
        )
    at, label = _moment(now), hashlib.sha256(arn.encode()).hexdigest()[:32]
    held = {"InvokeMode": "BUFFERED", **{name: params[name] for name in SETTABLE if name in params}}
    function.urls[qualifier] = held | {
        "FunctionUrl": f"https://{label}.lambda-url.{region.region}.on.aws/", "FunctionArn": arn,
        "CreationTime": at, "LastModifiedTime": at,
    }  # fmt: skip
    left_out = {"LastModifiedTime"} | ({"InvokeMode"} - set(params))
    return {name: value for name, value in function.urls[qualifier].items() if name not in left_out}


def update_url(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    held = _held(region, params)
    held.update({name: params[name] for name in SETTABLE if name in params}, LastModifiedTime=_moment(now))
    return dict(held)


def get_url(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    return dict(_held(region, params))


def list_urls(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    function = region.function(region.named(params["FunctionName"])[0])
    return paged([function.urls[name] for name in sorted(function.urls)], params, "FunctionUrlConfigs", 50)


def delete_url(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    function, qualifier = _named(region, params)
    if function.urls.pop(qualifier, None) is None:
        raise not_found()
    return {}


def _moment(now: float) -> str:
    return datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
