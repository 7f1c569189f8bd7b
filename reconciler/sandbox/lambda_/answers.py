"""A FunctionConfiguration, as AWS shows it, of what the sandbox holds. Reads; changes nothing."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from reconciler.sandbox.lambda_ import layers
from reconciler.sandbox.lambda_.state import Function, Record, Region, moment

LISTED_WITHOUT = (
    "State", "StateReason", "StateReasonCode", "LastUpdateStatus", "LastUpdateStatusReason",
    "LastUpdateStatusReasonCode", "RuntimeVersionConfig",
)  # fmt: skip


def configuration_answer(region: Region, function: Function, record: Record, qualifier: str = "") -> dict[str, Any]:
    """A record's FunctionConfiguration; its ARN ends in the qualifier that was asked for."""
    answer = {
        "FunctionName": function.name,
        "FunctionArn": region.arn(function.name, qualifier),
        **_shown(region, record),
        "CodeSha256": record.code.sha256,
        "CodeSize": record.code.size,
        "LastModified": moment(record.modified),
        "RevisionId": record.revision,
        "Version": record.version,
        "State": record.state,
    }
    if record.state_reason:
        answer |= {"StateReason": record.state_reason[0], "StateReasonCode": record.state_reason[1]}
    if record.update:
        answer["LastUpdateStatus"] = record.update
    if record.update_reason:
        answer["LastUpdateStatusReason"], answer["LastUpdateStatusReasonCode"] = record.update_reason
    return answer


def _shown(region: Region, record: Record) -> dict[str, Any]:
    """Configuration in the shape of an answer: what reads back otherwise than it was sent."""
    shown = deepcopy(record.configuration)
    image = shown.pop("ImageConfig", None)
    if image:
        shown["ImageConfigResponse"] = {"ImageConfig": image}
    if "Layers" in shown:
        shown["Layers"] = [{"Arn": arn, "CodeSize": layers.size_of(region, arn)} for arn in shown["Layers"]]
    is_on = record.version != "$LATEST" and shown["SnapStart"]["ApplyOn"] == "PublishedVersions"
    shown["SnapStart"]["OptimizationStatus"] = "On" if is_on else "Off"
    if shown["PackageType"] == "Zip":
        arn = f"arn:{region.partition}:lambda:{region.region}::runtime:sandbox"
        shown["RuntimeVersionConfig"] = {"RuntimeVersionArn": arn}
    return shown


def listed(region: Region, function: Function, record: Record, qualifier: str) -> dict[str, Any]:
    """The same as listings show it: without where it is in its life."""
    answer = configuration_answer(region, function, record, qualifier)
    return {name: value for name, value in answer.items() if name not in LISTED_WITHOUT}
