"""How CloudTrail tells what changes a resource: the names of events, which of them can have made a difference, and by what in a request
the resource is known. Pure.

The names are those of https://docs.aws.amazon.com/lambda/latest/dg/logging-using-cloudtrail.html; one that is not here is the operation's own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from reconciler.core import service
from reconciler.core.model import Key, Live, Properties
from reconciler.core.plans import Verb
from reconciler.kinds.base import LATEST, Kind

Steps = tuple[str, ...]

SOURCES = ("lambda.", "logs.", "autoscaling.", "application-autoscaling.")  # how the sources of events begin
SOURCE = "lambda.amazonaws.com"
# What stands behind the operation's name in the name of its event.
SUFFIXES: Mapping[str, tuple[str, ...]] = {
    "20150331": (
        "CreateAlias", "CreateEventSourceMapping", "CreateFunction", "DeleteAlias", "DeleteEventSourceMapping",
        "DeleteFunction", "PublishVersion", "UpdateAlias", "UpdateEventSourceMapping",
    ),
    "20150331v2": ("AddPermission", "RemovePermission", "UpdateFunctionCode", "UpdateFunctionConfiguration"),
    "20170331v2": ("TagResource", "UntagResource"),
    "20171031": ("DeleteFunctionConcurrency", "PutFunctionConcurrency"),
    "20181031": ("DeleteLayerVersion", "PublishLayerVersion"),
}  # fmt: skip
EVENT_NAMES = {operation: operation + suffix for suffix, names in SUFFIXES.items() for operation in names}

MAKING = ("Create", "Add", "Put", "Register", "Publish")
ENDING = ("Delete", "Remove", "Deregister")
TAGGING = ("TagResource", "UntagResource")
# What others change it by, and we do not.
BY_OTHERS: Mapping[str, tuple[str, ...]] = {
    "event_invoke": ("UpdateFunctionEventInvokeConfig",),
    "event_source_mapping": TAGGING,
    "log_group": ("DeleteLogGroup",),
    "policy": ("AddPermission", "RemovePermission"),
    "layer": ("DeleteLayerVersion",),
}
UNTOLD = frozenset({"environment", "zipfile"})  # what CloudTrail leaves out of a request
# Members of handles that say when a resource was changed last; of a function not its tags.
TIMES = ("LastModified", "LastModifiedTime")


def event_name(operation: str) -> str:
    return EVENT_NAMES.get(operation, operation)


def causing(kind: Kind, verb: Verb, paths: Iterable[Steps]) -> tuple[str, ...]:
    """The operations that can have made a plan say `verb` of a resource: that it is gone where it would be created, was made where it
    would go, or that something at these steps within it was set. The likeliest first."""
    known = tuple(call.operation for call in kind.calls if call.operation != "Invoke") + BY_OTHERS.get(kind.name, ())
    if verb == "create":
        return tuple(name for name in known if name.startswith(ENDING))
    if verb == "delete":
        return tuple(name for name in known if name.startswith(MAKING))
    if kind.is_root:
        known = tuple(name for name in known if any(_sets(kind, name, steps) for steps in paths))
    elif not any(steps[:1] == ("Tags",) for steps in paths):
        known = tuple(name for name in known if name not in TAGGING)
    return tuple(sorted(known, key=lambda name: (name.startswith(ENDING), not name.startswith("Update"))))


def _sets(kind: Kind, operation: str, steps: Steps) -> bool:
    """Whether an operation can set what stands at these steps of what a target is; who makes the target sets all of it."""
    if steps[:1] == ("tags",):
        return operation in TAGGING
    calls = (call for section in kind.sections if section.name == steps[0] for call in section.calls)
    return operation in calls or operation.startswith("Create") or steps[1] in service.members(operation)


def told_members(operation: str, members: Iterable[str]) -> frozenset[str]:
    """Of members of a section those that an event of this operation names where it set them, in small letters."""
    taken = {name.casefold() for name in service.members(operation)} - UNTOLD
    return frozenset(name.casefold() for name in members) & taken


def known_by(kind: Kind, key: Key, live: Live | None, configuration: Properties) -> dict[str, str]:
    """What a request that means this resource says beside its function, names of members in small letters. What an event does not say is
    not held against it."""
    match kind.name:
        case "alias":
            return {"name": key.name}
        case "permission":
            qualifier, _, statement = key.name.partition("/")
            return {"qualifier": qualifier, "statementid": statement}
        case "event_source_mapping":
            known = (
                {"uuid": live.handle.get("UUID"), "eventsourcearn": live.properties.get("EventSourceArn")}
                if live
                else {}
            )
            return {name: str(value) for name, value in known.items() if value}
        case "version":
            return {}
        case "log_group":
            return {"loggroupname": kind.named(key.target.function, configuration)}
        case _ if kind.levels:
            return {"qualifier": key.name}
    return {"layername": key.target.name} if key.target.root != "function" else {}


def changed_at(live: Live | None, paths: Iterable[Steps]) -> str:
    """When AWS says that a resource was changed last; empty where it does not, as of tags."""
    if live is None or any(steps[:1] == ("tags",) for steps in paths):
        return ""
    return str(next((live.handle[name] for name in TIMES if live.handle.get(name)), ""))


def function_and_qualifier(text: str) -> tuple[str, str]:
    """The function that a request means, by any of its spellings, and the qualifier in it: a name, a whole ARN, the end of one."""
    parts = text.split(":")
    start = parts.index("function") + 1 if "function" in parts[:-1] else 0
    name, *more = parts[start:]
    return name, (more[0] if more else "") or LATEST
