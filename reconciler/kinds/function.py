"""The function itself: configuration, code and tags, each owned on its own.

Properties are `{"configuration": …, "code": …, "tags": …}` with only the sections that are owned. Code compares by
`CodeSha256`, which the planner puts in place of the source that the spec names.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler import service
from reconciler.kinds.base import (
    IS_A_GUARD,
    IS_PUBLISH,
    IS_THE_FUNCTION,
    Call,
    Kind,
    Section,
    Step,
    shown,
    with_defaults,
)
from reconciler.model import Properties, Unreadable

MARK = "reconcile:managed-by"
RESERVED_TAG_PREFIXES = ("aws:", "reconcile:")

_ELSEWHERE = {
    "FunctionName": IS_THE_FUNCTION,
    "Code": "the section `code`",
    "Tags": "the section `tags`",
    "Publish": "the spec's `publish`",
    "PublishTo": IS_PUBLISH,
    "RevisionId": IS_A_GUARD,
    "CodeSigningConfigArn": "set by calls of its own (PutFunctionCodeSigningConfig): a kind of its own",
}

CONFIGURATION = Section(
    name="configuration",
    operation="CreateFunction",
    members=(service.members("CreateFunction") | service.members("UpdateFunctionConfiguration")) - set(_ELSEWHERE),
    refused=_ELSEWHERE,
    calls=("CreateFunction", "UpdateFunctionConfiguration"),
)

_CODE_ELSEWHERE = {
    "FunctionName": IS_THE_FUNCTION,
    "ZipFile": "`path` packs a directory or takes a ready .zip",
    "Architectures": "`configuration`, where AWS answers it",
    "Publish": "the spec's `publish`",
    "PublishTo": IS_PUBLISH,
    "DryRun": "not applying a plan is the dry run",
    "RevisionId": IS_A_GUARD,
}

CODE = Section(
    name="code",
    operation="CreateFunction",
    members=service.members("UpdateFunctionCode") - set(_CODE_ELSEWHERE),
    refused=_CODE_ELSEWHERE,
    calls=("UpdateFunctionCode",),
    inside="Code",
)

CREATE_ONLY_MEMBERS = (
    CONFIGURATION.members - service.members("UpdateFunctionConfiguration") - service.members("UpdateFunctionCode")
)

# What configuration says and only a call that sends code can change.
WITH_CODE = (CONFIGURATION.members & service.members("UpdateFunctionCode")) - service.members(
    "UpdateFunctionConfiguration"
)

# What AWS holds when a member was never set (FACTS 3), in the form that is also sent to go back to it.
UNSET: Mapping[str, Any] = {
    "Architectures": ["x86_64"],
    "DeadLetterConfig": {"TargetArn": ""},
    "Description": "",
    "Environment": {"Variables": {}},
    "EphemeralStorage": {"Size": 512},
    "FileSystemConfigs": [],
    "ImageConfig": {"Command": [], "EntryPoint": [], "WorkingDirectory": ""},
    "KMSKeyArn": "",
    "Layers": [],
    "LoggingConfig": {"LogFormat": "Text"},
    "MemorySize": 128,
    "PackageType": "Zip",
    "SnapStart": {"ApplyOn": "None"},
    "Timeout": 3,
    "TracingConfig": {"Mode": "PassThrough"},
    "VpcConfig": {"SubnetIds": [], "SecurityGroupIds": [], "Ipv6AllowedForDualStack": False},
}
# Adding or removing these on an existing function needs a new one; None stands for "has none" on both sides.
NO_OR_YES = ("DurableConfig", "TenancyConfig")
DURABLE = {"RetentionPeriodInDays": 14}  # of a function that is durable at all
ALWAYS_ANSWERED = ("MemorySize", "Role", "Timeout")  # others are absent while unset, or where a region lacks them
JSON_LOG_LEVELS = {"ApplicationLogLevel": "INFO", "SystemLogLevel": "INFO"}


def normal_configuration(configuration: Properties, function: str) -> dict[str, Any]:
    """Configuration with AWS's defaults filled in and its sets sorted. Image functions have no ImageConfig default."""
    full: dict[str, Any] = with_defaults(dict(configuration), dict(UNSET))
    full["LoggingConfig"] = with_defaults(full["LoggingConfig"], {"LogGroup": f"/aws/lambda/{function}"})
    if full["LoggingConfig"]["LogFormat"] == "JSON":
        full["LoggingConfig"] = with_defaults(full["LoggingConfig"], JSON_LOG_LEVELS)
    full["VpcConfig"] = {
        name: sorted(item) if isinstance(item, list) else item for name, item in full["VpcConfig"].items()
    }
    for member in NO_OR_YES:
        full.setdefault(member, None)
    if full["DurableConfig"]:
        full["DurableConfig"] = with_defaults(full["DurableConfig"], DURABLE)
    return full


def normal(properties: Properties, function: str) -> dict[str, Any]:
    full: dict[str, Any] = {}
    if "configuration" in properties:
        full["configuration"] = normal_configuration(properties["configuration"], function)
    if "code" in properties:
        full["code"] = with_defaults(dict(properties["code"]), {"SourceKMSKeyArn": "", "S3ObjectStorageMode": "COPY"})
    if "tags" in properties:
        full["tags"] = own_tags(properties["tags"]) if isinstance(properties["tags"], Mapping) else properties["tags"]
    return full


def own_tags(tags: Properties) -> dict[str, str]:
    """The tags that a spec may own: not AWS's, not our mark."""
    return {key: value for key, value in tags.items() if not key.startswith(RESERVED_TAG_PREFIXES)}


def live_configuration(answer: Properties) -> dict[str, Any]:
    """A FunctionConfiguration answer, cut to what `configuration` takes."""
    asked = dict(answer)
    if "ImageConfigResponse" in asked:
        asked["ImageConfig"] = asked["ImageConfigResponse"].get("ImageConfig", {})
    cut = service.project(asked, service.request("CreateFunction"))
    live = {name: value for name, value in cut.items() if name in CONFIGURATION.members}
    for member, answered in (("Environment", "Environment"), ("ImageConfig", "ImageConfigResponse")):
        if (asked.get(answered) or {}).get("Error"):
            live[member] = shown(None, asked[answered]["Error"])
    return live


def answered_configuration(answer: Properties) -> dict[str, Any]:
    """The same of an answer that must be whole: what AWS always says and did not is unknown, and not its default."""
    absent = {name: Unreadable("AWS answered without it") for name in ALWAYS_ANSWERED if name not in answer}
    return {**live_configuration(answer), **absent}


def live_code(configuration: Properties, code: Properties) -> dict[str, Any]:
    """Where AWS says the code is, in comparable form, of GetFunction's `Configuration` and `Code`."""
    mode, error = "REFERENCE" if "ResolvedS3Object" in code else "COPY", code.get("Error")
    return {
        "CodeSha256": configuration.get("CodeSha256") or Unreadable("AWS answered without it"),
        "SourceKMSKeyArn": shown(code.get("SourceKMSKeyArn", ""), error),
        "S3ObjectStorageMode": shown(mode, error),
    }


def sendable(configuration: Properties) -> dict[str, Any]:
    """Normal configuration as an update sends it: an ImageConfig's empty parts are left out, for they would be kept."""
    sent = {name: value for name, value in configuration.items() if value is not None}
    if "ImageConfig" in sent:
        sent["ImageConfig"] = {name: value for name, value in sent["ImageConfig"].items() if value}
    return sent


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


def tag_steps(arn: str, wanted: Properties, live: Properties, differing: frozenset[str]) -> list[Step]:
    """Calls that touch only the tags named in `differing` as `tags/KEY`. What goes goes first: AWS counts the tags that
    are there together with those that come, and takes no more than 50."""
    keys = sorted(member.partition("/")[2] for member in differing if member.startswith("tags/"))
    put = {key: wanted[key] for key in keys if key in wanted and wanted[key] != live.get(key)}
    gone = [key for key in keys if key not in wanted and key in live]
    steps = [Step("UntagResource", {"Resource": arn, "TagKeys": gone})] if gone else []
    return steps + ([Step("TagResource", {"Resource": arn, "Tags": put})] if put else [])


def tags_after(params: Properties, held: Properties) -> dict[str, str]:
    """Tags once TagResource or UntagResource was carried out."""
    kept = {key: value for key, value in held.items() if key not in params.get("TagKeys", ())}
    return {**kept, **params.get("Tags", {})}


def delete(function: str, _: str, __: Properties) -> list[Step]:
    return [Step("DeleteFunction", {"FunctionName": function})]


def identity(_: str, __: Properties) -> str:
    return ""


def compared(live: Properties, desired: Properties) -> dict[str, Any]:
    request = service.request("CreateFunction")
    shapes = {"configuration": request, "code": request.members["Code"]}
    return {
        section: service.comparable(live.get(section, {}), wanted, shapes.get(section))
        for section, wanted in desired.items()
    }


def is_sensitive(steps: tuple[str, ...]) -> bool:
    return steps[:1] == ("configuration",) and service.is_sensitive(steps[1:], service.request("CreateFunction"))


def needs_replacement(pointer: str, before: Any, after: Any) -> bool:
    section, _, member = pointer.partition("/")
    if section != "configuration":
        return False
    return member.partition("/")[0] in CREATE_ONLY_MEMBERS or (member in NO_OR_YES and None in (before, after))


def state(properties: Properties, function: str) -> dict[str, Any]:
    """Normal form with all tags but AWS's own: the owner mark among them."""
    tags = properties.get("tags", {})
    if isinstance(tags, Mapping):
        tags = {key: value for key, value in tags.items() if not key.startswith("aws:")}
    return normal(properties, function) | {"tags": tags}


def after(operation: str, params: Properties, held: Properties | None) -> dict[str, Any] | None:
    """`params` hold CodeSha256 where the plan knows what the code's hash will be."""
    now = dict(held or {})
    match operation:
        case "CreateFunction":
            created = {"configuration": live_configuration(params), "tags": params.get("Tags", {})}
            return state(created | {"code": _code_after(params["Code"], params)}, params["FunctionName"])
        case "UpdateFunctionConfiguration":
            sent = normal_configuration(live_configuration(params), params["FunctionName"])
            changed = {member: sent[member] for member in params if member in CONFIGURATION.members}
            return now | {"configuration": now["configuration"] | changed}
        case "UpdateFunctionCode":
            members = {name: list(params[name]) for name in ("Architectures",) if name in params}
            code = normal({"code": _code_after(params, params)}, params["FunctionName"])
            return now | code | {"configuration": now["configuration"] | members}
        case "TagResource" | "UntagResource":
            return now | {"tags": tags_after(params, now["tags"])}
        case "DeleteFunction":
            return None
    return now


def _code_after(code: Properties, params: Properties) -> dict[str, Any]:
    """Code as it compares. A hash that the plan does not know is none that AWS could hold."""
    kept = {member: code[member] for member in ("SourceKMSKeyArn", "S3ObjectStorageMode") if member in code}
    return {"CodeSha256": params.get("CodeSha256", ""), **kept}


FUNCTION = Kind(
    name="function",
    section="configuration",
    normal=normal,
    identity=identity,
    subject=identity,
    create=create,
    update=update,
    delete=delete,
    compared=compared,
    is_sensitive=is_sensitive,
    needs_replacement=needs_replacement,
    state=state,
    after=after,
    depth=2,
)

_FUNCTION = "AWS Lambda Function"
CALLS = (
    Call(
        "TagResource",
        "TAG_LAMBDA_FUNCTION",
        "TagLambdaResourceAtomicOperation",
        f"Initializing Tagging of {_FUNCTION} Operation...",
        f"Finished Tagging of {_FUNCTION} Operation...",
        stage=11,
        settle=("function-seen",),
    ),
    Call(
        "UntagResource",
        "UNTAG_LAMBDA_FUNCTION",
        "UntagLambdaResourceAtomicOperation",
        f"Initializing Untagging of {_FUNCTION} Operation...",
        f"Finished Untagging of {_FUNCTION} Operation...",
        stage=10,
        settle=("function-seen",),
    ),
    Call(
        "CreateFunction",
        "CREATE_LAMBDA_FUNCTION",
        "CreateLambdaAtomicOperation",
        f"Initializing Creation of {_FUNCTION} Operation...",
        f"Finished Creation of {_FUNCTION} Operation...",
        stage=20,
        settle=("function-updated",),
    ),
    Call(
        "UpdateFunctionConfiguration",
        "UPDATE_LAMBDA_FUNCTION_CONFIGURATION",
        "UpdateLambdaConfigurationAtomicOperation",
        f"Initializing Updating of {_FUNCTION} Configuration Operation...",
        f"Finished Updating of {_FUNCTION} Configuration Operation...",
        stage=20,
        settle=("function-updated",),
    ),
    Call(
        "UpdateFunctionCode",
        "UPDATE_LAMBDA_FUNCTION_CODE",
        "UpdateLambdaCodeAtomicOperation",
        f"Initializing Updating of {_FUNCTION} Code Operation...",
        f"Finished Updating of {_FUNCTION} Code Operation...",
        stage=30,
        settle=("function-updated",),
    ),
    Call(
        "DeleteFunction",
        "DELETE_LAMBDA_FUNCTION_CODE",
        "DeleteLambdaAtomicOperation",
        f"Initializing deletion of {_FUNCTION} Operation...",
        f"Finished deletion of {_FUNCTION}  Operation...",  # two spaces: the seed's text, to the letter
        stage=95,
        settle=("function-gone",),
    ),
    Call(
        "Invoke",
        "INVOKE_LAMBDA_FUNCTION",
        "InvokeLambdaAtomicOperation",
        f"Initializing Invoking {_FUNCTION} Operation...",
        f"Finished Invoking of {_FUNCTION} Operation...",
        stage=99,
    ),
)
