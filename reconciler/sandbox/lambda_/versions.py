"""Versions: when a publish makes one, how they are listed and when one may go (FACTS 2.3 and 2.8).

(region, function, now) go in; records come out. Numbers are never used twice while the function lives.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from reconciler.sandbox.lambda_.answers import listed
from reconciler.sandbox.lambda_.state import ALIAS, Function, Record, Region, new_id, paged
from reconciler.sandbox.refusals import conflict, invalid

LATEST_PUBLISHED = "$LATEST.PUBLISHED"
CREATING = ("The function is being created.", "Creating")


def published(region: Region, function: Function, now: float, *, is_pending: bool = False) -> tuple[Record, bool]:
    """(the version that holds $LATEST, whether it is new): the last one when code and configuration are as they were
    then, whatever description the version itself was given."""
    latest = function.latest
    last = function.versions.get(str(function.last_version))
    if last and last.made_from == latest.configuration and last.code.sha256 == latest.code.sha256:
        return last, False
    function.last_version += 1
    version = Record(
        str(function.last_version), deepcopy(latest.configuration), latest.code, new_id(), now,
        made_from=deepcopy(latest.configuration),
    )  # fmt: skip
    if is_pending or latest.configuration["SnapStart"]["ApplyOn"] == "PublishedVersions":
        version.state, version.state_reason, version.update = "Pending", CREATING, None
        region.begin(version, now)
    function.versions[version.version] = version
    if "$LATEST" in function.runtime_management:
        function.runtime_management[version.version] = dict(function.runtime_management["$LATEST"])
    return version, True


def every(function: Function) -> list[tuple[Function, Record, str]]:
    """$LATEST and all versions, each with the qualifier that its ARN ends in."""
    return [
        (function, function.latest, "$LATEST"),
        *((function, record, number) for number, record in function.versions.items()),
    ]


def list_versions(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    function = region.function(region.named(params["FunctionName"])[0])
    return paged(every(function), params, "Versions", 50, lambda item: listed(region, *item))


def delete(region: Region, name: str, qualifier: str) -> None:
    """Take a version away; one that is not there, or never can be, is no error."""
    if qualifier == "$LATEST":
        raise invalid("$LATEST version cannot be deleted without deleting the function.")
    if ALIAS.fullmatch(qualifier):
        raise invalid("Deletion of aliases is not currently supported.")
    if not qualifier.isdigit():
        return
    function = region.function(name)
    users = sorted(
        name for name, alias in function.aliases.items() if qualifier == alias.version or qualifier in alias.weights
    )
    if users:
        raise conflict(f"Unable to delete version because the following aliases reference it: [{', '.join(users)}]")
    function.versions.pop(qualifier, None)
    for held in (
        function.policies,
        function.event_invoke,
        function.provisioned,
        function.runtime_management,
        function.scaling,
    ):
        held.pop(qualifier, None)
