"""CloudWatch Logs' groups, as far as moto takes what AWS refuses, or lacks what AWS has: retention, classes, keys, and looking several
up by name, what invocations have logged. The groups themselves are moto's, so that all else that it answers about them holds (FACTS 6).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from reconciler.sandbox.around import moto_adapter
from reconciler.sandbox.refusals import Refused

DAYS = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)
CLASSES = ("STANDARD", "INFREQUENT_ACCESS", "DELIVERY", "ESSENTIALS")
NAME = re.compile(r"[\.\-_/#A-Za-z0-9]{1,512}")
MOST = 50  # groups of one answer
MOST_EVENTS = 10_000

Params = Mapping[str, Any]


def invalid(message: str) -> Refused:
    return Refused("InvalidParameterException", message)


def create_log_group(account: str, region: str, params: Params) -> dict[str, Any]:
    name, of_class = _name(params), params.get("logGroupClass", CLASSES[0])
    if of_class not in CLASSES:
        raise _unlike(of_class, "logGroupClass", f"Member must satisfy enum value set: [{', '.join(CLASSES)}]")
    groups = moto_adapter.log_groups(account, region)
    if name in groups:
        raise Refused("ResourceAlreadyExistsException", "The specified log group already exists")
    key = _key(params["kmsKeyId"]) if "kmsKeyId" in params else None
    moto_adapter.make_log_group(account, region, name, params.get("tags", {}), key)
    groups[name].of_class = of_class
    return {}


def describe_log_groups(account: str, region: str, params: Params) -> dict[str, Any]:
    """All of them by name, or those that are named; one that is not there is left out."""
    groups, named = moto_adapter.log_groups(account, region), params.get("logGroupIdentifiers")
    if named is not None and len(named) > MOST:
        raise invalid(
            f"1 validation error detected: Value at 'logGroupIdentifiers' failed to satisfy constraint: Member must have length less than or equal to {MOST}"
        )
    wanted = (
        groups
        if named is None
        else {identifier.split(":")[6 if identifier.startswith("arn:") else 0] for identifier in named}
    )
    begun, part = params.get("logGroupNamePrefix", ""), params.get("logGroupNamePattern", "")
    names = sorted(name for name in groups if name in wanted and name.startswith(begun) and part in name)
    after = [name for name in names if name > params.get("nextToken", "")]
    page = after[: params.get("limit", MOST)]
    more = {"nextToken": page[-1]} if len(after) > len(page) else {}
    return {"logGroups": [_described(groups[name]) for name in page], **more}


def _described(group: Any) -> dict[str, Any]:
    return {**group.to_describe_dict(), "logGroupClass": getattr(group, "of_class", CLASSES[0])}


def filter_log_events(account: str, region: str, params: Params) -> dict[str, Any]:
    """A page of the events of a group, by the time that they bear."""
    group, limit = _group(account, region, params), params.get("limit", MOST_EVENTS)
    if not 1 <= limit <= MOST_EVENTS:
        raise _unlike(limit, "limit", f"Member must have value between 1 and {MOST_EVENTS}")
    named, begun = params.get("logStreamNames", []), params.get("logStreamNamePrefix", "")
    if named and begun:
        raise invalid("LogStreamNamePrefix and LogStreamNames can not be specified at the same time.")
    streams = [name for name in list(group.streams) if name in named or (not named and name.startswith(begun))]
    if not streams:
        return {"events": [], "searchedLogStreams": []}
    events, token = moto_adapter.filtered_log(
        account, region, group.name, log_stream_names=streams, start_time=params.get("startTime", 0), limit=limit,
        end_time=params.get("endTime", 0), next_token=params.get("nextToken"), filter_pattern=params.get("filterPattern", ""),
    )  # fmt: skip
    return {"events": events, "searchedLogStreams": [], **({"nextToken": token} if token else {})}


def put_retention_policy(account: str, region: str, params: Params) -> dict[str, Any]:
    days = params.get("retentionInDays")
    if days not in DAYS:
        raise _unlike(days, "retentionInDays", f"Member must satisfy enum value set: [{', '.join(map(str, DAYS))}]")
    _group(account, region, params).retention_in_days = days
    return {}


def delete_retention_policy(account: str, region: str, params: Params) -> dict[str, Any]:
    _group(account, region, params).retention_in_days = None
    return {}


def associate_kms_key(account: str, region: str, params: Params) -> dict[str, Any]:
    _group(account, region, params).kms_key_id = _key(params.get("kmsKeyId"))
    return {}


def disassociate_kms_key(account: str, region: str, params: Params) -> dict[str, Any]:
    _group(account, region, params).kms_key_id = None
    return {}


def _name(params: Params) -> str:
    name = str(params.get("logGroupName", ""))
    if not NAME.fullmatch(name):
        raise _unlike(name, "logGroupName", r"Member must satisfy regular expression pattern: [\.\-_/#A-Za-z0-9]+")
    return name


def _group(account: str, region: str, params: Params) -> Any:
    groups, name = moto_adapter.log_groups(account, region), _name(params)
    if name not in groups:
        raise Refused("ResourceNotFoundException", "The specified log group does not exist.")
    return groups[name]


def _key(arn: Any) -> str:
    """A key is named by its ARN; whether it is there nobody looks."""
    if not re.fullmatch(r"arn:[\w-]+:kms:[\w-]+:\d{12}:key/.+", str(arn)):
        raise invalid("The specified KMS key does not exist or is not allowed to be used with LogGroup")
    return str(arn)


def _unlike(value: Any, member: str, wanted: str) -> Refused:
    return invalid(f"1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: {wanted}")


OPERATIONS: Mapping[str, Callable[[str, str, Params], dict[str, Any]]] = {
    "AssociateKmsKey": associate_kms_key,
    "CreateLogGroup": create_log_group,
    "DeleteRetentionPolicy": delete_retention_policy,
    "DescribeLogGroups": describe_log_groups,
    "DisassociateKmsKey": disassociate_kms_key,
    "FilterLogEvents": filter_log_events,
    "PutRetentionPolicy": put_retention_policy,
}
