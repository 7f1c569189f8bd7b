"""When AWS is done with something, judged by what a look at it showed; and what to say where it could not do it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from reconciler.core.errors import SettleFailed
from reconciler.core.model import Target


def is_updated(state: Mapping[str, Any] | None, target: Target) -> bool:
    if not state or not state.get("State"):
        return False
    for status, reason in (("State", "StateReason"), ("LastUpdateStatus", "LastUpdateStatusReason")):
        if state.get(status) == "Failed":
            code = state.get(f"{reason}Code", "")
            raise SettleFailed(
                f"{target}: {status} is Failed: {state.get(reason, '')} ({code}){advice(str(code))}", code=str(code)
            )
    is_latest = state.get("Version", "$LATEST") == "$LATEST"
    return is_latest and state["State"] not in ("Pending", "Deleting") and state.get("LastUpdateStatus") != "InProgress"


# What helps against the reasons that AWS gives (StateReasonCode, LastUpdateStatusReasonCode), by how they begin.
ADVICE: Mapping[str, str] = {
    "EniLimitExceeded": "ask for more network interfaces, or use fewer subnets and security groups",
    "InsufficientRolePermissions": "let the execution role create network interfaces (AWSLambdaVPCAccessExecutionRole)",
    "InvalidSubnet": "name subnets that exist in the function's region",
    "SubnetOutOfIPAddresses": "name subnets with free addresses",
    "InvalidSecurityGroup": "name security groups of the subnets' VPC",
    "ImageAccessDenied": "let Lambda pull the image by the repository's policy",
    "ImageDeleted": "push the image again, or name another",
    "InvalidImage": "build the image for Lambda and for the function's architecture",
    "KMSKey": "enable the KMS key and let the execution role use it",
    "DisabledKMSKey": "enable the KMS key",
    "InvalidStateKMSKey": "enable the KMS key",
    "EFS": "check the access point, its mount targets and the security groups",
    "InvalidRuntime": "name a runtime that Lambda still supports",
    "InvalidZipFileException": "upload the zip again; AWS could not read it",
    "FunctionError": "look at the function's own initialisation",
    "InternalError": "apply again; the fault is AWS's",
}


def advice(code: str) -> str:
    """`; what helps`, or nothing where we know of nothing."""
    return next((f"; {text}" for start, text in ADVICE.items() if code.startswith(start)), "")


def is_seen(state: Mapping[str, Any] | None, _: Target) -> bool:
    """Read once it stands still, whatever became of an update before: for calls that are carried out at once."""
    return bool(state) and state is not None and "State" in state and state.get("LastUpdateStatus") != "InProgress"


def is_version_active(state: Mapping[str, Any] | None, target: Target) -> bool:
    if not state or state.get("State") == "Failed":
        if state:
            code = state.get("StateReasonCode", "")
            raise SettleFailed(
                f"{target}: version {state.get('Version')} Failed: {state.get('StateReason', '')} ({code})",
                code=str(code),
            )
        return False
    return state.get("State") == "Active"


def is_mapping_settled(state: Mapping[str, Any] | None, _: Target) -> bool:
    return bool(state) and state is not None and state.get("State") in ("Enabled", "Disabled")


def is_mapping(wanted: str) -> Callable[[Mapping[str, Any] | None, Target], bool]:
    """Whether the mapping came to stand in the state that was asked for. Where it stands in the other one, AWS gave up."""

    def judge(state: Mapping[str, Any] | None, target: Target) -> bool:
        if not state or not is_mapping_settled(state, target):
            return False
        if state["State"] != wanted:
            told = [state.get("StateTransitionReason"), state.get("LastProcessingResult")]
            why = "; ".join(str(one) for one in told if one) or "AWS does not say why"
            raise SettleFailed(f"{target}: {standing(state)} and not {wanted} as asked: {why}")
        return True

    return judge


def standing(state: Mapping[str, Any] | None) -> str:
    """What was looked at last and how it stands, for people."""
    if state and "UUID" in state:
        return f"mapping {state['UUID']} of {state.get('EventSourceArn', 'its source')} is {state.get('State')}"
    words = [f"{name} is {state[name]}" for name in ("State", "LastUpdateStatus") if name in state] if state else []
    return " and ".join(words) or "not to be seen"


def is_gone(state: Mapping[str, Any] | None, _: Target) -> bool:
    return state is None
