"""The log group that a function writes to: how long it keeps what is logged, its class and its key. Its name is the function's
LoggingConfig's; several functions may have one together. Lambda makes it at the first invocation, and it outlives the function: no
call of ours ever deletes it, for with it go the logs (FACTS 10.3).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.core.finding import Finding, Rule, part
from reconciler.core.model import Key, Live, Properties, Target
from reconciler.core.values import Unreadable
from reconciler.kinds.base import Kind, Section, Step, told
from reconciler.kinds.reading import Lookup, Reading

_CREATE, _READ = "CreateLogGroup", "DescribeLogGroups"
_KEEP, _KEEP_FOREVER = "PutRetentionPolicy", "DeleteRetentionPolicy"
_LOCK, _UNLOCK = "AssociateKmsKey", "DisassociateKmsKey"
_DAYS, _CLASS, _KEY = "retention_days", "class", "kms_key"
_ANSWERED = {_DAYS: "retentionInDays", _CLASS: "logGroupClass", _KEY: "kmsKeyId"}
STANDARD, DELIVERY = "STANDARD", "DELIVERY"
_PAGE = "https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html"

LOG_GROUP = Section(
    name="log_group",
    operation=_CREATE,
    refused={
        "logGroupName": "configuration.LoggingConfig.LogGroup, or /aws/lambda/ and the function's name",
        "logGroupClass": "written as `class`",
        "kmsKeyId": "written as `kms_key`",
        "retentionInDays": "written as `retention_days`",
        "tags": "a spec's `tags` are the function's; a group's are left to others",
        "deletionProtectionEnabled": "no group is ever deleted by a spec",
        "resourceIdentifier": "for results of queries, which are no function's",
    },
    calls=(_CREATE, _KEEP, _KEEP_FOREVER, _LOCK, _UNLOCK),
    is_in_our_words=True,
    about="The function's log group: made before the function, never deleted; `{}` is one that never expires and has no key.",
    own={
        _DAYS: {
            "description": "Days that an event is kept; left out, for ever.",
            "type": "integer",
            "enum": [
                1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653
            ],
        },
        _CLASS: {
            "description": "Left out, STANDARD. What it is when the group is created it stays.",
            "type": "string",
            "enum": ["STANDARD", "INFREQUENT_ACCESS", "DELIVERY", "ESSENTIALS"],
        },
        _KEY: {
            "description": "The ARN of a symmetric KMS key that CloudWatch Logs may use.",
            "type": "string",
            "pattern": "^arn:aws[a-zA-Z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/.+$",
            "maxLength": 256,
            "x-words": "a key's ARN, arn:aws:kms:REGION:ACCOUNT:key/ID",
        },
    },
)  # fmt: skip


def named(function: str, configuration: Properties) -> str:
    """The group that a function of this configuration writes to."""
    return str(part(configuration, "LoggingConfig").get("LogGroup") or f"/aws/lambda/{function}")


def single(_function: str, name: str) -> tuple[str, Properties]:
    return _READ, asked([name])


def asked(names: list[str]) -> Properties:
    return {"logGroupIdentifiers": names}


def several(_: str, answer: Properties) -> list[Properties]:
    return list(answer["logGroups"])


def live(target: Target, item: Properties) -> Live:
    held = {word: item[member] for word, member in _ANSWERED.items() if member in item}
    if "retentionPolicyName" in item:
        held[_DAYS] = Unreadable(f"the account's policy {item['retentionPolicyName']} decides")
    return Live(Key(target, "log_group", item["logGroupName"]), held, item)


def normal(properties: Properties, _: str) -> dict[str, Any]:
    """Events of the class DELIVERY are kept for a day, whatever else is said."""
    of_class = properties.get(_CLASS, STANDARD)
    said = {name: value for name, value in properties.items() if name != _DAYS or of_class != DELIVERY}
    return {**said, _CLASS: of_class}


def compared(live: Properties, desired: Properties) -> dict[str, Any]:
    """What a policy of the account hides is compared with nothing."""
    hidden = {name for name, value in live.items() if isinstance(value, Unreadable)}
    return {
        name: desired[name] if name in hidden else value
        for name, value in live.items()
        if name not in hidden or name in desired
    }


def create(_function: str, name: str, properties: Properties) -> list[Step]:
    wanted = normal(properties, "")
    which = {"logGroupName": name}
    more = {member: wanted[word] for word, member in _ANSWERED.items() if word in properties and word != _DAYS}
    return [Step(_CREATE, {**which, **more}), *(_retention(which, wanted) if _DAYS in wanted else ())]


def update(_function: str, name: str, properties: Properties, differing: frozenset[str], _: Properties) -> list[Step]:
    which = {"logGroupName": name}
    return [
        *(_retention(which, properties) if _DAYS in differing else ()),
        *(_key(which, properties) if _KEY in differing else ()),
    ]


def _retention(which: Properties, properties: Properties) -> list[Step]:
    days = properties.get(_DAYS)
    return [Step(_KEEP, {**which, "retentionInDays": days}) if days else Step(_KEEP_FOREVER, which)]


def _key(which: Properties, properties: Properties) -> list[Step]:
    key = properties.get(_KEY)
    return [Step(_LOCK, {**which, "kmsKeyId": key}) if key else Step(_UNLOCK, which)]


def delete(_function: str, _name: str, _handle: Properties) -> list[Step]:
    return []


def needs_replacement(pointer: str, _before: Any, _after: Any) -> bool:
    return pointer == _CLASS


def after(operation: str, params: Properties, state: Properties | None) -> dict[str, Any]:
    sent = {word: params[member] for word, member in _ANSWERED.items() if member in params}
    gone = {_KEEP_FOREVER: _DAYS, _UNLOCK: _KEY}.get(operation)
    return normal({name: value for name, value in {**(state or {}), **sent}.items() if name != gone}, "")


def warning(before: Properties | None, after: Properties) -> str:
    days, kept = after.get(_DAYS), (before or {}).get(_DAYS)
    if before is None or days is None or isinstance(kept, Unreadable) or (kept is not None and kept <= days):
        return ""
    return f"keeps events for {days} days only: CloudWatch Logs deletes what is older, for good"


def listed(live: Live) -> dict[str, Any]:
    members = {member: live.properties[word] for word, member in _ANSWERED.items() if word in live.properties}
    return {"logGroupName": live.key.name, **members}


# --- what is worth saying of one document --------------------------------------------------------------------------


@Rule("W230", "Retention is set where it says how long events are kept.", _PAGE)
def keeps_for_as_long_as_it_says(spec: Mapping[str, Any]) -> Iterator[Finding]:
    group = part(spec, "log_group")
    if group.get(_CLASS) == DELIVERY and _DAYS in group:
        message = "events of the class DELIVERY are kept for one day, so that retention_days is neither set nor compared; take it out"
        yield Finding(f"/log_group/{_DAYS}", message, is_key=True)


_GROUP = "Function Log Group"
CALLS = (
    told(_CREATE, "Create", _GROUP),
    told(_KEEP, "Put", f"{_GROUP} Retention", is_upsert=True),
    told(_KEEP_FOREVER, "Delete", f"{_GROUP} Retention", is_upsert=True),
    told(_LOCK, "Put", f"{_GROUP} Key", is_upsert=True),
    told(_UNLOCK, "Delete", f"{_GROUP} Key", is_upsert=True),
)

FUNCTION_LOG_GROUP = Kind(
    name="log_group",
    section="log_group",
    sections=(LOG_GROUP,),
    noun="log group",
    named=named,
    reading=Reading(
        single,
        live,
        several=several,
        together=Lookup(_READ, 50, asked, "logGroups", lambda item: str(item["logGroupName"])),
    ),
    calls=CALLS,
    cautions=(keeps_for_as_long_as_it_says,),
    normal=normal,
    needs_replacement=needs_replacement,
    create=create,
    update=update,
    delete=delete,
    compared=compared,
    state=normal,
    after=after,
    outlives_function=True,
    is_kept=True,
    warning=warning,
    listed=listed,
)
