"""Tags of functions, event source mappings, code signing configurations and capacity providers (FACTS 1.2, 2.4).

(region, params, now) go in, an answer comes out or Refused is raised. Every change of a function's tags changes its RevisionId.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.sandbox.lambda_.state import Function, Region, new_id
from reconciler.sandbox.refusals import invalid, not_found

MOST = 50


def check_tags(given: Mapping[str, str], held: Mapping[str, str]) -> None:
    for key, value in given.items():
        if key.lower().startswith("aws:"):
            raise invalid("Tag keys starting with 'aws:' are reserved for system use.")
        if not 1 <= len(key) <= 128 or len(value) > 256:
            raise invalid("A tag key has 1 to 128 characters, a tag value at most 256.")
    if len({**held, **given}) > MOST:
        raise invalid("Number of tags exceeds resource tag limit.")


def _held(region: Region, arn: str) -> tuple[dict[str, str], Function | None]:
    """The tags of what has this ARN, and the function when it is one."""
    kind = arn.split(":")[5]
    if kind != "function":
        others = _others(region)
        if arn not in others:
            raise not_found(f"Event source mapping not found: {arn}") if kind == "event-source-mapping" else not_found()
        return others[arn], None
    name, qualifier = region.named(arn)
    if qualifier:
        raise invalid("Tags on function aliases and versions are not supported. Please specify a function ARN.")
    function = region.function(name)
    return function.tags, function


def tag_resource(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    tags, function = _held(region, params["Resource"])
    if not params["Tags"]:
        raise invalid("An error occurred and the request cannot be processed.")
    check_tags(params["Tags"], tags)
    tags.update(params["Tags"])
    if function:
        function.latest.revision = new_id()
    return {}


def untag_resource(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    tags, function = _held(region, params["Resource"])
    check_tags(dict.fromkeys(params["TagKeys"], ""), {})
    for key in params["TagKeys"]:
        tags.pop(key, None)
    if function:
        function.latest.revision = new_id()
    return {}


def list_tags(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    return {"Tags": dict(_held(region, params["Resource"])[0])}


def everything(region: Region) -> dict[str, dict[str, str]]:
    """The tags of all that can have some, by ARN."""
    functions = {region.arn(function.name): function.tags for function in region.functions.values()}
    return functions | _others(region)


def _others(region: Region) -> dict[str, dict[str, str]]:
    """The tags of what is no function, by ARN."""
    return {
        **{region.arn_of("event-source-mapping", mapping.uuid): mapping.tags for mapping in region.mappings.values()},
        **{region.arn_of("capacity-provider", held.name): held.tags for held in region.capacity_providers.values()},
        **{arn: config.tags for arn, config in region.code_signing.items()},
    }
