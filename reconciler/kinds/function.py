"""The function itself: configuration, code and tags, each owned on its own.

Properties are `{"configuration": …, "code": …, "tags": …}` with only the sections that are owned. Code compares by
`CodeSha256`, which the planner puts in place of the source that the spec names.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.core import service
from reconciler.core.errors import SettleFailed
from reconciler.core.finding import Finding, part
from reconciler.core.model import Key, Live, Properties, Target
from reconciler.core.values import Unreadable
from reconciler.core.waiting import State, Together, Wait, is_told
from reconciler.kinds import code, configuration
from reconciler.kinds.base import Call, Kind, Step, shown, with_defaults
from reconciler.kinds.code import comparable_code, live_code
from reconciler.kinds.configuration import (
    CONFIGURATION,
    HANDLED,
    NO_OR_YES,
    answered_configuration,
    create_only,
    is_sensitive,
    live_configuration,
    normal_configuration,
    sendable,
    standing,
)
from reconciler.kinds.reading import Reading
from reconciler.kinds.tags import FREE_TAGS, own_tags, reserved, tag_steps, tags_after


def single(function: str, _: str) -> tuple[str, Properties]:
    return "GetFunction", {"FunctionName": function}


def live(target: Target, answer: Properties) -> Live:
    """GetFunction's answer."""
    configuration, code, tags = answer["Configuration"], answer.get("Code", {}), dict(answer.get("Tags", {}))
    properties = {
        "configuration": answered_configuration(configuration),
        "code": live_code(configuration, code),
        "tags": shown(tags, answer.get("TagsError")),
    }
    handle = {name: configuration[name] for name in HANDLED if name in configuration}
    where = {name: code[name] for name in ("ImageUri", "ResolvedS3Object") if name in code}
    return Live(Key(target, "function"), properties, handle | where | {"Tags": tags})


def moving(answer: Properties) -> str:
    configuration = answer["Configuration"]
    is_moving = configuration.get("State") == "Pending" or configuration.get("LastUpdateStatus") == "InProgress"
    return "function-updated" if is_moving else ""


def normal(properties: Properties, function: str) -> dict[str, Any]:
    full: dict[str, Any] = {}
    if "configuration" in properties:
        full["configuration"] = normal_configuration(properties["configuration"], function)
    if "code" in properties:
        full["code"] = with_defaults(dict(properties["code"]), dict(code.DEFAULTS))
    if "tags" in properties:
        full["tags"] = own_tags(properties["tags"]) if isinstance(properties["tags"], Mapping) else properties["tags"]
    return full


def create(function: str, _: str, properties: Properties) -> list[Step]:
    tags = {"Tags": properties["tags"]} if properties.get("tags") else {}
    params = {"FunctionName": function, **properties.get("configuration", {}), "Code": properties["code"], **tags}
    return [Step("CreateFunction", params)]


def update(function: str, _: str, properties: Properties, differing: frozenset[str], handle: Properties) -> list[Step]:
    """`properties` are normal, except `code`, which holds UpdateFunctionCode's members; `differing` names pointers'
    first two steps, as in `configuration/Timeout`, `code/CodeSha256`, `tags/team`."""
    steps = tag_steps(handle["FunctionArn"], properties.get("tags", {}), handle.get("Tags", {}), differing)
    in_code = {member for member in differing if member.startswith("code/")}
    members = {member.partition("/")[2] for member in differing if member.startswith("configuration/")}
    by_configuration = members & service.members("UpdateFunctionConfiguration")
    if by_configuration:
        changed = sendable({name: properties["configuration"][name] for name in sorted(by_configuration)})
        environment = properties["configuration"]["Environment"]
        if "KMSKeyArn" in changed and not isinstance(environment, Unreadable) and environment["Variables"]:
            changed["Environment"] = environment  # re-encrypted only when sent again
        steps.append(Step("UpdateFunctionConfiguration", {"FunctionName": function, **changed}))
    by_code = members - by_configuration
    if in_code or by_code:
        architecture = {name: properties["configuration"][name] for name in sorted(by_code)}
        steps.append(Step("UpdateFunctionCode", {"FunctionName": function, **properties["code"], **architecture}))
    return steps


def delete(function: str, _name: str, _handle: Properties) -> list[Step]:
    return [Step("DeleteFunction", {"FunctionName": function})]


def compared(live: Properties, desired: Properties) -> dict[str, Any]:
    request = service.request("CreateFunction")
    shapes = {"configuration": request, "code": request.members["Code"]}
    return {
        section: service.comparable(live.get(section, {}), wanted, shapes.get(section))
        for section, wanted in desired.items()
    }


def needs_replacement(pointer: str, before: Any, after: Any) -> bool:
    section, _, member = pointer.partition("/")
    if section != "configuration":
        return False
    return member.partition("/")[0] in create_only() or (member in NO_OR_YES and None in (before, after))


def state(properties: Properties, function: str) -> dict[str, Any]:
    """Normal form with all tags but AWS's own: the owner mark among them."""
    tags = properties.get("tags", {})
    if isinstance(tags, Mapping):
        tags = {key: value for key, value in tags.items() if not key.startswith("aws:")}
    return normal(properties, function) | {"tags": tags}


def answered(result: Properties, function: str) -> dict[str, Any]:
    configuration = normal({"configuration": live_configuration(result)}, function)["configuration"]
    return {"configuration": configuration, "code": {"CodeSha256": result.get("CodeSha256", "")}}


def after(operation: str, params: Properties, before: Properties | None) -> dict[str, Any] | None:
    """`params` hold CodeSha256 where the plan knows what the code's hash will be; one that it does not know is none that AWS
    could hold."""
    now = dict(before or {})
    match operation:
        case "CreateFunction":
            created = {"configuration": live_configuration(params), "tags": params.get("Tags", {})}
            return state(
                created | {"code": comparable_code(params["Code"], params.get("CodeSha256", ""))},
                params["FunctionName"],
            )
        case "UpdateFunctionConfiguration":
            sent = normal_configuration(live_configuration(params), params["FunctionName"])
            changed = {member: sent[member] for member in params if member in CONFIGURATION.members}
            return now | {"configuration": now["configuration"] | changed}
        case "UpdateFunctionCode":
            members = {name: list(params[name]) for name in ("Architectures",) if name in params}
            sent = normal({"code": comparable_code(params, params.get("CodeSha256", ""))}, params["FunctionName"])
            return now | sent | {"configuration": now["configuration"] | members}
        case "TagResource" | "UntagResource":
            return now | {"tags": tags_after(params, now["tags"])}
        case "DeleteFunction":
            return None
    return now


# --- waits ---------------------------------------------------------------------------------------------------------


def is_updated(state: State, target: Target, _: Properties) -> bool:
    if not state or not state.get("State"):
        return False
    refuse_failed(state, target)
    is_latest = state.get("Version", "$LATEST") == "$LATEST"
    return is_latest and state["State"] not in ("Pending", "Deleting") and state.get("LastUpdateStatus") != "InProgress"


def refuse_failed(state: Properties, target: Target) -> None:
    """Raises SettleFailed, with AWS's reason."""
    for status, reason in (("State", "StateReason"), ("LastUpdateStatus", "LastUpdateStatusReason")):
        if state.get(status) == "Failed":
            code = state.get(f"{reason}Code", "")
            raise SettleFailed(
                f"{target}: {status} is Failed: {state.get(reason, '')} ({code}){advice(str(code))}", code=str(code)
            )


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


def is_published(state: State, target: Target, answered: Properties) -> bool:
    """Once the first version is Active. The function is looked at in between, since it may fail first."""
    refuse_failed(state or {}, target)
    return state is not None and state.get("Version") == answered["Version"] and state.get("State") == "Active"


def is_seen(state: State, _target: Target, _answered: Properties) -> bool:
    """Read once it stands still, whatever became of an update before: for calls that are carried out at once."""
    return state is not None and "State" in state and state.get("LastUpdateStatus") != "InProgress"


def is_really_gone(state: State, target: Target, was: Properties) -> bool:
    """Gone, and not back as another: a revision that is new is somebody's creation."""
    revision = was.get("RevisionId", "")
    if state and revision not in ("", state.get("RevisionId")) and state.get("State") != "Deleting":
        raise SettleFailed(f"{target}: somebody created it again while its deletion was waited for; plan again")
    return state is None


def look(target: Target, _answered: Properties, _: State) -> tuple[str, Properties]:
    return single(target.function, "")


def look_at_both(target: Target, answered: Properties, state: State) -> tuple[str, Properties]:
    """At the version; and where that is not Active, at the function until that is."""
    operation, params = single(target.function, "")
    is_first = state is None or state is answered
    is_function = not is_first and (is_of_version(state) or not is_no_longer_made(state))
    return operation, params if is_function else {**params, "Qualifier": answered["Version"]}


def is_of_version(state: State) -> bool:
    return state is not None and state.get("Version", "$LATEST") != "$LATEST"


def is_no_longer_made(state: State) -> bool:
    """Whether it is the function that was seen, and its version may be Active by now as well."""
    return state is not None and not is_of_version(state) and state.get("State") != "Pending"


USUAL_SECONDS = 2.0  # in which a function of no VPC is there, or changed; of one AWS says no number
SEEN_SECONDS = 0.25  # what is carried out at once, and looked at
_TOGETHER = Together("ListFunctions", "Functions", "FunctionName", is_instead=True)
WAITS = (
    Wait(
        "function-published",
        look_at_both,
        is_published,
        standing,
        "Configuration",
        is_named_by_answer=True,
        is_near=is_no_longer_made,
        usual_seconds=USUAL_SECONDS,
    ),
    Wait("function-seen", look, is_seen, standing, "Configuration", is_whole=True, usual_seconds=SEEN_SECONDS),
    Wait("function-updated", look, is_updated, standing, "Configuration", is_whole=True, usual_seconds=USUAL_SECONDS),
    Wait(
        "function-told", look, is_told, standing, "Configuration", is_whole=True, together=_TOGETHER, usual_seconds=0.0
    ),
    Wait(
        "function-gone",
        look,
        is_really_gone,
        standing,
        "Configuration",
        is_for_the_end=True,
        usual_seconds=SEEN_SECONDS,
    ),
)


@FREE_TAGS
def has_free_tags(spec: Mapping[str, Any]) -> Iterator[Finding]:
    yield from reserved(part(spec, "tags"), "/tags")


_FUNCTION = "AWS Lambda Function"
CALLS = (
    Call(
        "TagResource",
        "TAG_LAMBDA_FUNCTION",
        "TagLambdaResourceAtomicOperation",
        f"Initializing Tagging of {_FUNCTION} Operation...",
        f"Finished Tagging of {_FUNCTION} Operation...",
        settle=("function-seen",),
    ),
    Call(
        "UntagResource",
        "UNTAG_LAMBDA_FUNCTION",
        "UntagLambdaResourceAtomicOperation",
        f"Initializing Untagging of {_FUNCTION} Operation...",
        f"Finished Untagging of {_FUNCTION} Operation...",
        settle=("function-seen",),
    ),
    Call(
        "CreateFunction",
        "CREATE_LAMBDA_FUNCTION",
        "CreateLambdaAtomicOperation",
        f"Initializing Creation of {_FUNCTION} Operation...",
        f"Finished Creation of {_FUNCTION} Operation...",
        settle=("function-updated",),
    ),
    Call(
        "UpdateFunctionConfiguration",
        "UPDATE_LAMBDA_FUNCTION_CONFIGURATION",
        "UpdateLambdaConfigurationAtomicOperation",
        f"Initializing Updating of {_FUNCTION} Configuration Operation...",
        f"Finished Updating of {_FUNCTION} Configuration Operation...",
        settle=("function-updated",),
    ),
    Call(
        "UpdateFunctionCode",
        "UPDATE_LAMBDA_FUNCTION_CODE",
        "UpdateLambdaCodeAtomicOperation",
        f"Initializing Updating of {_FUNCTION} Code Operation...",
        f"Finished Updating of {_FUNCTION} Code Operation...",
        settle=("function-updated",),
    ),
    Call(
        "DeleteFunction",
        "DELETE_LAMBDA_FUNCTION_CODE",
        "DeleteLambdaAtomicOperation",
        f"Initializing deletion of {_FUNCTION} Operation...",
        f"Finished deletion of {_FUNCTION}  Operation...",  # two spaces: the seed's text, to the letter
        settle=("function-gone",),
    ),
    Call(
        "Invoke",
        "INVOKE_LAMBDA_FUNCTION",
        "InvokeLambdaAtomicOperation",
        f"Initializing Invoking {_FUNCTION} Operation...",
        f"Finished Invoking of {_FUNCTION} Operation...",
    ),
)

FUNCTION = Kind(
    name="function",
    section="configuration",
    sections=(CONFIGURATION, code.CODE),
    reading=Reading(single, live, moving=moving),
    calls=CALLS,
    normal=normal,
    create=create,
    update=update,
    delete=delete,
    compared=compared,
    is_sensitive=is_sensitive,
    needs_replacement=needs_replacement,
    state=state,
    after=after,
    depth=2,
    waits=WAITS,
    rules=(*code.RULES, *configuration.RULES, has_free_tags),
    answered=answered,
)
