"""Provisioned concurrency, one a version or alias, as FACTS 10.6 records it: it takes a while, may fail, and follows its alias.

(region, params, now) go in, an answer comes out or Refused is raised. While it follows, AWS itself keeps the traffic on the version
that is warm, by a weight of 1 that it shows on the alias.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

from reconciler.sandbox.lambda_.concurrency import ACCOUNT_LIMIT, UNRESERVED_MINIMUM, taken
from reconciler.sandbox.lambda_.settling import Provisioned
from reconciler.sandbox.lambda_.state import Function, Region, paged
from reconciler.sandbox.refusals import Refused, conflict, invalid, not_found

UNPUBLISHED = "Provisioned Concurrency Configs cannot be applied to unpublished function versions."
NO_LATEST = "The function resource provided must be an alias or a published version."
ON_ALIAS = "Alias can't be used for Provisioned Concurrency configuration on an already Provisioned version"
ON_VERSION = "Version is pointed by a Provisioned Concurrency alias"


def _named(region: Region, params: Mapping[str, Any], of_latest: str) -> tuple[Function, str]:
    name, qualifier = region.named(params["FunctionName"], params["Qualifier"])
    if qualifier == "$LATEST":
        raise invalid(of_latest)
    function = region.functions.get(name)
    if not function or qualifier not in (*function.versions, *function.aliases):
        opening = "Function not found" if qualifier.isdigit() else "Cannot find alias arn"
        raise not_found(f"{opening}: {region.arn(name, qualifier)}")
    return function, qualifier


def _answer(held: Provisioned) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "RequestedProvisionedConcurrentExecutions": held.requested,
        "AvailableProvisionedConcurrentExecutions": held.available,
        "AllocatedProvisionedConcurrentExecutions": held.allocated,
        "Status": held.status,
        "LastModified": datetime.fromtimestamp(held.modified, UTC).strftime("%Y-%m-%dT%H:%M:%S+0000"),
    }
    return answer | ({"StatusReason": held.reason} if held.reason else {})


def put(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    function, qualifier = _named(region, params, UNPUBLISHED)
    wanted = params["ProvisionedConcurrentExecutions"]
    _check_room(region, function, qualifier, wanted)
    _check_clash(function, qualifier)
    held = function.provisioned.setdefault(qualifier, Provisioned(wanted, now))
    held.requested, held.modified = wanted, now
    region.begin(held, now)
    return _answer(held)


def _check_room(region: Region, function: Function, qualifier: str, wanted: int) -> None:
    total = wanted + sum(held.requested for name, held in function.provisioned.items() if name != qualifier)
    reserved = function.concurrency.get("ReservedConcurrentExecutions")
    if reserved is not None:
        if total > reserved:
            raise invalid(
                "Requested Provisioned Concurrency should not be greater than the "
                "reservedConcurrentExecution for function"
            )
        return
    if wanted > ACCOUNT_LIMIT:
        raise invalid(
            f"Specified ConcurrentExecutions for function is greater than account's unreserved concurrency [{ACCOUNT_LIMIT}]."
        )
    if ACCOUNT_LIMIT - taken(region, function) - total < UNRESERVED_MINIMUM:
        raise invalid(
            "Specified ConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its "
            f"minimum value of [{UNRESERVED_MINIMUM}]."
        )


def _check_clash(function: Function, qualifier: str) -> None:
    """Raises what AWS answers when a version would be provisioned twice, or an alias splits its traffic."""
    others = {
        function.aliases[name].version
        for name in function.provisioned
        if name in function.aliases and name != qualifier
    }
    alias = function.aliases.get(qualifier)
    if not alias:
        if qualifier in others:
            raise conflict(ON_VERSION)
        return
    if alias.weights:
        raise invalid("Alias with weights can not be used with Provisioned Concurrency")
    if alias.version in function.provisioned or alias.version in others:
        raise conflict(ON_ALIAS)


def follow(region: Region, function: Function, name: str, warm: str, now: float) -> None:
    """An alias has moved: what is provisioned for it moves as well, and its traffic stays on the old version until that is done."""
    held, alias = function.provisioned[name], function.aliases[name]
    held.modified = now
    held.on_ready = partial(_release, function, name, warm)
    if not alias.weights:
        function.aliases[name] = replace(alias, weights={warm: 1.0})
    region.begin(held, now)


def _release(function: Function, name: str, warm: str) -> None:
    """The weight that AWS has set is gone again."""
    alias = function.aliases.get(name)
    if alias and alias.weights == {warm: 1.0}:
        function.aliases[name] = replace(alias, weights={})


def get(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    function, qualifier = _named(region, params, NO_LATEST)
    if qualifier not in function.provisioned:
        message = "No Provisioned Concurrency Config found for this function"
        raise Refused("ProvisionedConcurrencyConfigNotFoundException", message, 404)
    return _answer(function.provisioned[qualifier])


def list_all(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    function = region.function(region.named(params["FunctionName"])[0])
    return paged(
        sorted(function.provisioned), params, "ProvisionedConcurrencyConfigs", 50,
        lambda name: _answer(function.provisioned[name]) | {"FunctionArn": region.arn(function.name, name)},
    )  # fmt: skip


def delete(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    """None is no error."""
    function, qualifier = _named(region, params, NO_LATEST)
    function.provisioned.pop(qualifier, None)
    return {}
