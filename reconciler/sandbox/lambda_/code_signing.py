"""Code signing configurations of a region and the link of functions to them, as FACTS 10.4 records them.

(region, params, now) go in, an answer comes out or Refused is raised. No code of the sandbox is ever signed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.sandbox.lambda_.state import CodeSigning, Function, Region, moment, new_id, paged
from reconciler.sandbox.lambda_.tags import check_tags
from reconciler.sandbox.refusals import Refused, conflict, not_found

SETTABLE = ("Description", "AllowedPublishers", "CodeSigningPolicies")
UNSET_POLICY = {"UntrustedArtifactOnDeployment": "Warn"}


def check_link(region: Region, arn: str) -> None:
    """Raises what AWS answers to a function's configuration that is not there."""
    if arn not in region.code_signing:
        raise Refused(
            "CodeSigningConfigNotFoundException",
            f"The code signing configuration cannot be found. Check that the provided configuration is not deleted: {arn}.",
            404,
        )


def check_unsigned(region: Region, arn: str) -> None:
    """Raises what AWS answers to unsigned code of a function that has this configuration."""
    if arn and region.code_signing[arn].members["CodeSigningPolicies"]["UntrustedArtifactOnDeployment"] == "Enforce":
        raise Refused(
            "CodeVerificationFailedException",
            "Lambda cannot deploy the function. The function or layer might be signed using a signature that the client "
            "is not configured to accept. Check the provided signature for unsigned.",
        )


# --- configurations ------------------------------------------------------------------------------------------------


def _held(region: Region, params: Mapping[str, Any]) -> CodeSigning:
    arn = params["CodeSigningConfigArn"]
    if arn not in region.code_signing:
        raise not_found(f"The Lambda code signing configuration {arn} can not be found.")
    return region.code_signing[arn]


def _set(held: CodeSigning, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    held.members |= {member: params[member] for member in SETTABLE if member in params}
    held.members["LastModified"] = moment(now)
    return {"CodeSigningConfig": dict(held.members)}


def create(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    check_tags(params.get("Tags", {}), {})
    return _set(_new(region, f"csc-{new_id().replace('-', '')[:17]}", params.get("Tags", {})), params, now)


def _new(region: Region, name: str, tags: Mapping[str, str]) -> CodeSigning:
    arn = region.arn_of("code-signing-config", name)
    members = {"CodeSigningConfigId": name, "CodeSigningConfigArn": arn, "CodeSigningPolicies": dict(UNSET_POLICY)}
    return region.code_signing.setdefault(arn, CodeSigning(members, dict(tags)))


def place(region: Region, name: str, now: float) -> None:
    """Make one of this id, unless it is there."""
    profile = f"arn:{region.partition}:signer:{region.region}:{region.account}:/signing-profiles/sandbox/1"
    _set(_new(region, name, {}), {"AllowedPublishers": {"SigningProfileVersionArns": [profile]}}, now)


def update(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    return _set(_held(region, params), params, now)


def get(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    return {"CodeSigningConfig": dict(_held(region, params).members)}


def list_all(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    held = [dict(config.members) for config in region.code_signing.values()]
    return paged(held, params, "CodeSigningConfigs", 50)


def delete(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    arn = _held(region, params).members["CodeSigningConfigArn"]
    if _linked(region, arn):
        raise conflict(f"The Lambda code signing configuration {arn} can not be deleted: functions use it.")
    del region.code_signing[arn]
    return {}


def list_functions(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    return paged(_linked(region, _held(region, params).members["CodeSigningConfigArn"]), params, "FunctionArns", 50)


def _linked(region: Region, arn: str) -> list[str]:
    return [
        region.arn(name)
        for name in sorted(region.functions)
        if region.functions[name].code_signing.get("CodeSigningConfigArn") == arn
    ]


# --- a function's link ---------------------------------------------------------------------------------------------


def _function(region: Region, params: Mapping[str, Any]) -> Function:
    return region.function(region.named(params["FunctionName"])[0])


def put_link(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    check_link(region, params["CodeSigningConfigArn"])
    linked = {member: value for member, value in params.items() if member != "FunctionName"}
    _function(region, params).code_signing = linked
    return get_link(region, params, now)


def get_link(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    function = _function(region, params)
    return {**function.code_signing, "FunctionName": function.name} if function.code_signing else {}


def delete_link(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    """None is no error."""
    _function(region, params).code_signing = {}
    return {}
