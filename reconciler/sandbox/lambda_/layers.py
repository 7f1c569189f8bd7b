"""Layers: their versions, who may use them, and what functions may refer to, as FACTS 10.1 records them.

(region, params, now) go in, an answer comes out or Refused is raised. A version that was deleted is kept for the functions
that have it, and its number is never given again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from reconciler.sandbox.lambda_.code import code_of
from reconciler.sandbox.lambda_.state import Layer, LayerVersion, Policy, Region, new_id, paged
from reconciler.sandbox.refusals import Refused, conflict, invalid, not_found, old_revision

MOST = 5
ARN = re.compile(r"arn:[^:]+:lambda:([^:]+):(\d{12}):layer:([^:]+):(\d+)")
SHOWN = ("Description", "LicenseInfo", "CompatibleRuntimes", "CompatibleArchitectures")


# --- what functions refer to ---------------------------------------------------------------------------------------


def check_references(region: Region, arns: Sequence[str]) -> None:
    """Raises what AWS answers when a function may not have these layers."""
    if len(arns) > MOST:
        raise invalid(f"Cannot reference more than {MOST} layers.")
    _check_once(arns)
    for arn in arns:
        match = ARN.fullmatch(arn)
        if match:
            _check_reference(region, arn, match[1], match[2])


def _check_once(arns: Sequence[str]) -> None:
    seen: dict[str, str] = {}
    for arn in arns:
        name = arn.rpartition(":")[0]
        if name in seen:
            raise invalid(
                "Two different versions of the same layer are not allowed to be referenced in the same function. "
                f"{seen[name]} and {arn} are versions of the same layer."
            )
        seen[name] = arn


def _check_reference(region: Region, arn: str, place: str, account: str) -> None:
    if account == region.account and place != region.region:
        raise invalid(
            f"Layers are not in the same region as the function. Layers are expected to be in region {region.region}."
        )
    version = _of_arn(region, arn) if place == region.region else None
    if version and not version.is_deleted and (account == region.account or _is_shared(version, region.account)):
        return
    if account == region.account:
        raise invalid(f"Layer version {arn} does not exist.")
    raise Refused(
        "AccessDeniedException",
        f"User: arn:{region.partition}:iam::{region.account}:user/sandbox is not authorized to perform: "
        f"lambda:GetLayerVersion on resource: {arn} because no resource-based policy allows the "
        "lambda:GetLayerVersion action",
        403,
    )


def _is_shared(version: LayerVersion, account: str) -> bool:
    """Whether a policy lets an account use the version; organisations are taken at their word."""
    allowed = [statement["Principal"] for statement in version.policy.statements] if version.policy else []
    return "*" in allowed or any(
        f"::{account}:root" in principal["AWS"] for principal in allowed if isinstance(principal, dict)
    )


def _of_arn(region: Region, arn: str) -> LayerVersion | None:
    match = ARN.fullmatch(arn)
    if not match:
        return None
    layer = region.elsewhere(match[2], match[1]).layers.get(match[3])
    return layer.versions.get(int(match[4])) if layer else None


def size_of(region: Region, arn: str) -> int:
    """The bytes of a layer that a function has; 1 of one that AWS itself keeps."""
    version = _of_arn(region, arn)
    return version.code.size if version else 1


def content_of(region: Region, arn: str) -> bytes:
    """The zip of a layer that a function has, deleted or not; nothing of one that AWS itself keeps."""
    version = _of_arn(region, arn)
    return version.code.zip_bytes if version else b""


# --- versions ------------------------------------------------------------------------------------------------------


def _named(region: Region, given: str) -> tuple[str, Layer]:
    """The name of a layer, given as such or as an ARN, and the layer; an empty one where there is none."""
    name = given.rpartition(":")[2]
    return name, region.layers.get(name, Layer())


def _version(region: Region, params: Mapping[str, Any]) -> tuple[str, LayerVersion | None]:
    """The layer's name and the version that is there."""
    if params["VersionNumber"] < 1:
        raise invalid("Layer Version Cannot be less than 1")
    name, layer = _named(region, params["LayerName"])
    version = layer.versions.get(params["VersionNumber"])
    return name, version if version and not version.is_deleted else None


def _arn(region: Region, name: str, number: int | None = None) -> str:
    return region.arn_of("layer", f"{name}:{number}" if number else name)


def _listed(region: Region, name: str, version: LayerVersion) -> dict[str, Any]:
    return {
        "LayerVersionArn": _arn(region, name, version.number),
        "Version": version.number,
        "CreatedDate": version.created,
        **{member: version.members[member] for member in SHOWN if member in version.members},
    }


def _answer(region: Region, name: str, version: LayerVersion) -> dict[str, Any]:
    content = {
        "Location": region.world.download(f"layers/{name}-{version.number}", version.code.zip_bytes),
        "CodeSha256": version.code.sha256,
        "CodeSize": version.code.size,
        **({"ResolvedS3Object": dict(version.code.s3)} if version.code.s3 else {}),
    }
    return _listed(region, name, version) | {"LayerArn": _arn(region, name), "Content": content}


def publish(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    name = params["LayerName"].rpartition(":")[2]
    code = code_of(region.world, params["Content"])
    layer = region.layers.setdefault(name, Layer())
    layer.last += 1
    members = {"Description": ""} | {member: params[member] for member in SHOWN if member in params}
    layer.versions[layer.last] = LayerVersion(layer.last, code, members, _moment(now))
    return _answer(region, name, layer.versions[layer.last])


def place(region: Region, name: str, number: int, content: bytes, now: float) -> None:
    """A version of that number that everybody may use; one that is there stays."""
    layer = region.layers.setdefault(name, Layer())
    if number in layer.versions:
        return
    statement = {
        "Sid": "everybody", "Effect": "Allow", "Principal": "*", "Action": "lambda:GetLayerVersion",
        "Resource": _arn(region, name, number),
    }  # fmt: skip
    code = code_of(region.world, {"ZipFile": content})
    layer.versions[number] = LayerVersion(
        number, code, {"Description": ""}, _moment(now), Policy([statement], new_id())
    )
    layer.versions = dict(sorted(layer.versions.items()))
    layer.last = max(layer.last, number)


def get_version(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    name, version = _version(region, params)
    if not version:
        raise not_found()
    return _answer(region, name, version)


def get_version_by_arn(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    match, version = ARN.fullmatch(params["Arn"]), _of_arn(region, params["Arn"])
    if not match or not version or version.is_deleted:
        raise not_found()
    return _answer(region.elsewhere(match[2], match[1]), match[3], version)


def list_versions(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    name, layer = _named(region, params["LayerName"])
    versions = list(_matching(layer, params))
    return paged(versions, params, "LayerVersions", 50, lambda version: _listed(region, name, version))


def list_layers(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    newest = [
        (name, version)
        for name in sorted(region.layers)
        for version in list(_matching(region.layers[name], params))[:1]
    ]
    return paged(newest, params, "Layers", 50, lambda item: _layer(region, *item))


def _layer(region: Region, name: str, version: LayerVersion) -> dict[str, Any]:
    shown = _listed(region, name, version)
    return {"LayerName": name, "LayerArn": _arn(region, name), "LatestMatchingVersion": shown}


def _matching(layer: Layer, params: Mapping[str, Any]) -> Iterator[LayerVersion]:
    """The versions that are there and fit a runtime and an architecture, newest first."""
    for version in reversed(layer.versions.values()):
        fits = all(
            params[one] in version.members.get(many, ())
            for one, many in (
                ("CompatibleRuntime", "CompatibleRuntimes"),
                ("CompatibleArchitecture", "CompatibleArchitectures"),
            )
            if one in params
        )
        if fits and not version.is_deleted:
            yield version


def delete_version(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    """One that is not there is no error."""
    _, version = _version(region, params)
    if version:
        version.is_deleted = True
    return {}


# --- who may use a version -----------------------------------------------------------------------------------------


def _owned(region: Region, params: Mapping[str, Any]) -> tuple[str, LayerVersion]:
    name, version = _version(region, params)
    if not version:
        raise not_found(f"Layer version {_arn(region, name, params['VersionNumber'])} does not exist.")
    return name, version


def _check_revision(policy: Policy | None, given: str | None) -> None:
    if given and given != (policy.revision if policy else ""):
        raise old_revision("GetLayerPolicy")


def add_permission(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    name, version = _owned(region, params)
    sid, held = params["StatementId"], version.policy.statements if version.policy else []
    if any(statement["Sid"] == sid for statement in held):
        raise conflict(
            f"The statement id ({sid}) provided already exists. "
            "Please provide a new statement id, or remove the existing statement."
        )
    _check_revision(version.policy, params.get("RevisionId"))
    given = params["Principal"]
    root = f"arn:{region.partition}:iam::{given}:root" if given.isdigit() else given
    statement = {
        "Sid": sid, "Effect": "Allow", "Principal": given if given == "*" else {"AWS": root},
        "Action": params["Action"], "Resource": _arn(region, name, version.number),
    }  # fmt: skip
    if "OrganizationId" in params:
        statement["Condition"] = {"StringEquals": {"aws:PrincipalOrgID": params["OrganizationId"]}}
    version.policy = Policy([*held, statement], new_id())
    return {"Statement": json.dumps(statement), "RevisionId": version.policy.revision}


def remove_permission(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    _, version = _owned(region, params)
    if not version.policy:
        raise not_found("No policy is associated with the given resource.")
    _check_revision(version.policy, params.get("RevisionId"))
    remaining = [item for item in version.policy.statements if item["Sid"] != params["StatementId"]]
    if len(remaining) == len(version.policy.statements):
        raise not_found(f"Statement {params['StatementId']} is not found in resource policy.")
    version.policy = Policy(remaining, new_id()) if remaining else None
    return {}


def get_policy(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    _, version = _owned(region, params)
    if not version.policy:
        raise not_found("No policy is associated with the given resource.")
    document = {"Version": "2012-10-17", "Id": "default", "Statement": version.policy.statements}
    return {"Policy": json.dumps(document), "RevisionId": version.policy.revision}


def _moment(now: float) -> str:
    return datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "+0000"
