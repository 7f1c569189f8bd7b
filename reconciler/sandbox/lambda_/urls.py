"""Function URLs, one a function or alias, as FACTS 5 records them.

(region, params, now) go in, an answer comes out or Refused is raised.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from reconciler.core import service
from reconciler.sandbox.lambda_.state import Function, Region, paged
from reconciler.sandbox.refusals import Refused, conflict, invalid, not_found

SETTABLE = service.members("CreateFunctionUrlConfig") - {"FunctionName", "Qualifier"}
LOWER_CASED = ("AllowHeaders", "ExposeHeaders")
NO_FUNCTION = "Function does not exist"  # for calls that need one; those that need a URL miss the URL


def _named(region: Region, params: Mapping[str, Any]) -> tuple[Function, str]:
    name, qualifier = region.named(params["FunctionName"], params.get("Qualifier"))
    if qualifier == "$LATEST" or qualifier.isdigit():
        raise invalid("Function URLs are for functions and aliases only, not for versions.")
    function = region.functions.get(name)
    if function is None or (qualifier and qualifier not in function.aliases):
        raise not_found(NO_FUNCTION)
    return function, qualifier


def _held(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    try:
        function, qualifier = _named(region, params)
    except Refused as refused:
        raise (not_found() if refused.message == NO_FUNCTION else refused) from None
    if qualifier not in function.urls:
        raise not_found()
    return function.urls[qualifier]


def _stored(params: Mapping[str, Any]) -> dict[str, Any]:
    """What is kept of the params: names of headers in lower case, and nothing where Cors says nothing."""
    members = {name: params[name] for name in SETTABLE if name in params}
    cors = {
        name: [item.lower() for item in value] if name in LOWER_CASED else value
        for name, value in members.get("Cors", {}).items()
    }
    return members | ({"Cors": cors} if "Cors" in members else {})


def _answer(held: Mapping[str, Any], *left_out: str) -> dict[str, Any]:
    return {name: value for name, value in held.items() if name not in left_out and value != {}}


def create_url(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    function, qualifier = _named(region, params)
    arn = region.arn(function.name, qualifier)
    if qualifier in function.urls:
        raise conflict(
            f"Failed to create function url config for [functionArn = {arn}]. "
            "Error message:  FunctionUrlConfig exists for this Lambda function"
        )
    region.urls_made += 1  # an address never comes back
    at, label = _moment(now), hashlib.sha256(f"{arn} {region.urls_made}".encode()).hexdigest()[:32]
    function.urls[qualifier] = {"InvokeMode": "BUFFERED"} | _stored(params) | {
        "FunctionUrl": f"https://{label}.lambda-url.{region.region}.on.aws/", "FunctionArn": arn,
        "CreationTime": at, "LastModifiedTime": at,
    }  # fmt: skip
    return _answer(function.urls[qualifier], "InvokeMode", "LastModifiedTime")


def update_url(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    function, qualifier = _named(region, params)
    if qualifier not in function.urls:
        raise not_found()
    held = function.urls[qualifier]
    held.update(_stored(params), LastModifiedTime=_moment(now))
    return _answer(held, "InvokeMode")


def get_url(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    return _answer(_held(region, params))


def list_urls(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    function, _ = _named(region, {"FunctionName": region.named(params["FunctionName"])[0]})
    return paged([_answer(function.urls[name]) for name in sorted(function.urls)], params, "FunctionUrlConfigs", 50)


def delete_url(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    held = _held(region, params)
    function = region.function(region.named(params["FunctionName"])[0])
    function.urls = {qualifier: url for qualifier, url in function.urls.items() if url is not held}
    return {}


def _moment(now: float) -> str:
    return datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
