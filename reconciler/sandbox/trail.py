"""CloudTrail's LookupEvents: what the sandbox was asked, as events, told as CloudTrail tells it: newest first, in pages, by one attribute, of 90
days (FACTS 10.12). Events are there at once; AWS's are minutes late.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any

from reconciler.core import service
from reconciler.sandbox.http import rpc
from reconciler.sandbox.http.log import Logged
from reconciler.sandbox.http.wire import Request
from reconciler.sandbox.refusals import Refused

API = "cloudtrail"
LOOKUP = "LookupEvents"
KEPT_SECONDS = 90 * 86_400
MOST = 50
DATA_EVENTS = (
    "Invoke",
    "GetMetricData",
    "PutMetricData",
)  # how the names of operations begin that no management event tells of
CONSOLE = "console.amazonaws.com"
SOURCES = {"application-autoscaling": "autoscaling", "cloudwatch": "monitoring"}  # where events name an API otherwise
# Events whose names say more than the operation's.
NAMES = (
    "AddPermission20150331v2", "CreateAlias20150331", "CreateEventSourceMapping20150331", "CreateFunction20150331",
    "DeleteAlias20150331", "DeleteEventSourceMapping20150331", "DeleteFunction20150331", "DeleteFunctionConcurrency20171031",
    "DeleteLayerVersion20181031", "GetAlias20150331", "GetFunction20150331v2", "GetFunctionConfiguration20150331v2",
    "GetPolicy20150331v2", "ListAliases20150331", "ListEventSourceMappings20150331", "ListFunctions20150331", "ListTags20170331",
    "ListVersionsByFunction20150331", "PublishLayerVersion20181031", "PublishVersion20150331", "PutFunctionConcurrency20171031",
    "RemovePermission20150331v2", "TagResource20170331v2", "UntagResource20170331v2", "UpdateAlias20150331",
    "UpdateEventSourceMapping20150331", "UpdateFunctionCode20150331v2", "UpdateFunctionConfiguration20150331v2",
)  # fmt: skip
EVENT_NAMES = {re.sub(r"\d{8}(v\d+)?$", "", name): name for name in NAMES}
LEFT_OUT = ("Environment", "ZipFile")  # of what was sent

Attribute = Callable[[Mapping[str, Any]], str]
ATTRIBUTES: Mapping[str, Attribute] = {
    "EventId": lambda event: str(event["eventID"]),
    "EventName": lambda event: str(event["eventName"]),
    "EventSource": lambda event: str(event["eventSource"]),
    "ReadOnly": lambda event: str(event["readOnly"]).lower(),
    "Username": lambda event: _user(event["userIdentity"]),
    "AccessKeyId": lambda event: str(event["userIdentity"]["accessKeyId"]),
}


def is_answered(api: str, request: Request) -> bool:
    return api == API and rpc.operation(request) == LOOKUP


def operations(
    caller: Callable[[str], str],
) -> Mapping[str, Callable[[list[Logged], Mapping[str, Any], float], dict[str, Any]]]:
    """What is answered of requests; `caller` says whose an access key is."""

    whose = cache(caller)

    def lookup(requests: list[Logged], params: Mapping[str, Any], now: float) -> dict[str, Any]:
        told = [_event(number, one, whose) for number, one in enumerate(requests) if _is_told(one)]
        return looked_up(told, params, now)

    return {LOOKUP: lookup}


def looked_up(events: Sequence[Mapping[str, Any]], params: Mapping[str, Any], now: float) -> dict[str, Any]:
    """A page of events, which are in the order in which they happened."""
    name, value = _attribute(params)
    start, end = float(params.get("StartTime", 0)), float(params.get("EndTime", now))
    if start > end:
        raise Refused("InvalidTimeRangeException", "The start time must be before the end time.")
    size = params.get("MaxResults", MOST)
    if not 1 <= size <= MOST:
        raise Refused("InvalidMaxResultsException", f"Max results must be between 1 and {MOST}.")
    since = max(start, now - KEPT_SECONDS)
    wanted = [
        event
        for event in reversed(events)
        if since <= _at(event) <= end and (not name or (name in ATTRIBUTES and ATTRIBUTES[name](event) == value))
    ]
    begun = _begun(params, wanted)
    more = {"NextToken": wanted[begun + size]["eventID"]} if len(wanted) > begun + size else {}
    return {"Events": [_told(event) for event in wanted[begun : begun + size]], **more}


def _attribute(params: Mapping[str, Any]) -> tuple[str, str]:
    attributes = params.get("LookupAttributes", [])
    if len(attributes) > 1:
        raise Refused("InvalidLookupAttributesException", "You can only use one lookup attribute.")
    return (attributes[0]["AttributeKey"], attributes[0]["AttributeValue"]) if attributes else ("", "")


def _begun(params: Mapping[str, Any], wanted: Sequence[Mapping[str, Any]]) -> int:
    if "NextToken" not in params:
        return 0
    begun = [number for number, event in enumerate(wanted) if event["eventID"] == params["NextToken"]]
    if not begun:
        raise Refused("InvalidNextTokenException", "The next token is not valid for these parameters.")
    return begun[0]


# --- an event --------------------------------------------------------------------------------------------------------


def _is_told(one: Logged) -> bool:
    return bool(one.operation) and bool(one.status) and not one.operation.startswith(DATA_EVENTS)


def _event(number: int, one: Logged, caller: Callable[[str], str]) -> dict[str, Any]:
    """What CloudTrailEvent holds."""
    api = service.api_of(one.operation)
    failure = {"errorCode": one.code, "errorMessage": one.code} if one.code else {}
    from_console = {"sessionCredentialFromConsole": "true"} if CONSOLE in one.agent else {}
    return {
        "eventVersion": "1.11",
        "userIdentity": _identity(caller(one.key), one.key),
        "eventTime": datetime.fromtimestamp(one.at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "eventSource": f"{SOURCES.get(api, api)}.amazonaws.com",
        "eventName": EVENT_NAMES.get(one.operation, one.operation),
        "awsRegion": one.region,
        "sourceIPAddress": "192.0.2.1",
        "userAgent": one.agent,
        **failure,
        "requestParameters": _lowered(one.params, service.request(one.operation)) if not failure else None,
        "responseElements": _lowered(one.answered, None) if one.is_write and one.answered else None,
        "eventID": str(uuid.uuid5(uuid.NAMESPACE_OID, f"{one.account} {one.region} {number} {one.at}")),
        "readOnly": not one.is_write,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": one.account,
        "eventCategory": "Management",
        **from_console,
    }


def _lowered(value: Any, shape: Any) -> Any:
    """Members begin with a small letter, keys of maps as they do."""
    if isinstance(value, Mapping) and getattr(shape, "type_name", "structure") == "structure":
        members = getattr(shape, "members", {})
        return {
            name[:1].lower() + name[1:]: _lowered(item, members.get(name))
            for name, item in value.items()
            if name not in LEFT_OUT
        }
    if isinstance(value, list):
        return [_lowered(item, getattr(shape, "member", None)) for item in value]
    return value


def _identity(arn: str, key: str) -> dict[str, Any]:
    account, (kind, *names) = arn.split(":")[4], arn.split(":")[5].split("/")
    identity = {"principalId": "AIDAEXAMPLE", "arn": arn, "accountId": account, "accessKeyId": key}
    if kind != "assumed-role":
        return {"type": "IAMUser", **identity, "userName": names[-1] if names else kind}
    role = {
        "type": "Role",
        "arn": f"arn:aws:iam::{account}:role/{names[0]}",
        "accountId": account,
        "userName": names[0],
    }
    return {"type": "AssumedRole", **identity, "sessionContext": {"sessionIssuer": role, "attributes": {}}}


def _user(identity: Mapping[str, Any]) -> str:
    return str(identity.get("userName", identity["arn"].rpartition("/")[2]))


def _at(event: Mapping[str, Any]) -> float:
    return datetime.fromisoformat(event["eventTime"]).timestamp()


def _told(event: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "EventId": event["eventID"],
        "EventName": event["eventName"],
        "ReadOnly": str(event["readOnly"]).lower(),
        "EventTime": _at(event),
        "EventSource": event["eventSource"],
        "Username": _user(event["userIdentity"]),
        "Resources": [],
        "CloudTrailEvent": json.dumps(event, default=str),
    }
