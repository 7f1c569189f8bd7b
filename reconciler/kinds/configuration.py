"""The section `configuration`: how a function runs. Functions and their versions have it in common."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from functools import cache
from typing import Any

from reconciler.core import service
from reconciler.core.diff import escaped
from reconciler.core.finding import Finding, Rule, part
from reconciler.core.model import Properties
from reconciler.core.values import Unreadable
from reconciler.core.waiting import State
from reconciler.kinds.base import (
    IS_A_GUARD,
    IS_PUBLISH,
    IS_REQUIRED,
    IS_REQUIRED_INSIDE,
    IS_THE_FUNCTION,
    NOT_DOCUMENTED,
    Section,
    shown,
    with_defaults,
)

# What AWS answers of a function or version beside what a spec can say.
HANDLED = (
    "FunctionArn", "RevisionId", "CodeSha256", "CodeSize", "Version", "State", "StateReasonCode", "LastUpdateStatus",
    "LastUpdateStatusReasonCode", "LastModified", "MasterArn",
)  # fmt: skip
_ELSEWHERE = {
    "FunctionName": IS_THE_FUNCTION,
    "Code": "the section `code`",
    "Tags": "the section `tags`",
    "Publish": "the spec's `publish`",
    "PublishTo": IS_PUBLISH,
    "RevisionId": IS_A_GUARD,
    "CodeSigningConfigArn": "the section `code_signing`",
}

_PROVIDER = "CapacityProviderConfig/LambdaManagedInstancesCapacityProviderConfig"
CONFIGURATION = Section(
    name="configuration",
    operation="CreateFunction",
    refused=_ELSEWHERE,
    calls=("CreateFunction", "UpdateFunctionConfiguration"),
    no_default={
        "AcceleratorConfig/AcceleratorMemorySize": IS_REQUIRED_INSIDE,
        f"{_PROVIDER}/CapacityProviderArn": IS_REQUIRED_INSIDE,
        f"{_PROVIDER}/ExecutionEnvironmentMemoryGiBPerVCpu": NOT_DOCUMENTED,
        f"{_PROVIDER}/PerExecutionEnvironmentMaxConcurrency": NOT_DOCUMENTED,
        "DurableConfig/ExecutionTimeout": NOT_DOCUMENTED,
        "DurableConfig/KMSKeyArn": NOT_DOCUMENTED,
        "Handler": "required of zip functions, and images have none",
        "Role": IS_REQUIRED,
        "Runtime": "required of zip functions, and images have none",
        "RuntimeConfig/RuntimeAlias": IS_REQUIRED_INSIDE,
        "RuntimeConfig/RuntimeArn": IS_REQUIRED_INSIDE,
        "TenancyConfig/TenantIsolationMode": IS_REQUIRED_INSIDE,
    },
    answer="GetFunctionConfiguration",
    about="How the function runs: CreateFunction's and UpdateFunctionConfiguration's members.",
)


@cache
def create_only() -> frozenset[str]:
    updated = service.members("UpdateFunctionConfiguration") | service.members("UpdateFunctionCode")
    return CONFIGURATION.members - updated


@cache
def with_code() -> frozenset[str]:
    """What configuration says and only a call that sends code can change."""
    return (CONFIGURATION.members & service.members("UpdateFunctionCode")) - service.members(
        "UpdateFunctionConfiguration"
    )


# What AWS holds when a member was never set (FACTS 3), in the form that is also sent to go back to it.
DEFAULTS: Mapping[str, Any] = {
    "Architectures": ["x86_64"],
    "DeadLetterConfig": {"TargetArn": ""},
    "Description": "",
    "Environment": {"Variables": {}},
    "EphemeralStorage": {"Size": 512},
    "FileSystemConfigs": [],
    "ImageConfig": {"Command": [], "EntryPoint": [], "WorkingDirectory": ""},
    "KMSKeyArn": "",
    "Layers": [],
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


def format_of_logs(configuration: Properties) -> str:
    """In which format a function logs that is told none; a durable one in JSON (FACTS 10.9)."""
    return "JSON" if configuration.get("DurableConfig") else "Text"


def normal_configuration(configuration: Properties, function: str) -> dict[str, Any]:
    """Configuration with AWS's defaults filled in and its sets sorted. Image functions have no ImageConfig default."""
    logging = {"LogFormat": format_of_logs(configuration), "LogGroup": f"/aws/lambda/{function}"}
    full: dict[str, Any] = with_defaults(dict(configuration), {**DEFAULTS, "LoggingConfig": logging})
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


def longest_invocation(configuration: Properties) -> timedelta:
    return timedelta(seconds=configuration.get("Timeout") or DEFAULTS["Timeout"])


def live_configuration(answer: Properties) -> dict[str, Any]:
    """A FunctionConfiguration answer, cut to what `configuration` takes."""
    in_request_words = dict(answer)
    if "ImageConfigResponse" in in_request_words:
        in_request_words["ImageConfig"] = in_request_words["ImageConfigResponse"].get("ImageConfig", {})
    cut = service.project(in_request_words, service.request("CreateFunction"))
    members = CONFIGURATION.members
    live = {name: value for name, value in cut.items() if name in members}
    for member, answered in (("Environment", "Environment"), ("ImageConfig", "ImageConfigResponse")):
        if (in_request_words.get(answered) or {}).get("Error"):
            live[member] = shown(None, in_request_words[answered]["Error"])
    return live


def answered_configuration(answer: Properties) -> dict[str, Any]:
    """The same of an answer that must be whole: what AWS always says and did not is unknown, and not its default."""
    absent = {name: Unreadable("AWS answered without it") for name in ALWAYS_ANSWERED if name not in answer}
    return {**live_configuration(answer), **absent}


def is_sensitive(steps: tuple[str, ...]) -> bool:
    return steps[:1] == ("configuration",) and service.is_sensitive(steps[1:], service.request("CreateFunction"))


def standing(state: State) -> str:
    """How a function or a version stands, for people."""
    words = [f"{name} is {state[name]}" for name in ("State", "LastUpdateStatus") if name in state] if state else []
    return " and ".join(words) or "not to be seen"


def sendable(configuration: Properties) -> dict[str, Any]:
    """Normal configuration as an update sends it: an ImageConfig's empty parts are left out, for they would be kept."""
    sent = {name: value for name, value in configuration.items() if value is not None}
    if "ImageConfig" in sent:
        sent["ImageConfig"] = {name: value for name, value in sent["ImageConfig"].items() if value}
    return sent


# --- rules over one document ---------------------------------------------------------------------------------------

MAX_ENVIRONMENT_BYTES = 4096
REFERENCE = re.compile(r"\{\{.*?\}\}", re.DOTALL)
MAX_TIMEOUT_SECONDS = 900
MAX_MEMORY_MEGABYTES = 10_240
MAX_EPHEMERAL_MEGABYTES = 10_240
# Set by Lambda itself; docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
RESERVED_VARIABLES = frozenset(
    [
        "_HANDLER",
        "_X_AMZN_TRACE_ID",
        "AWS_DEFAULT_REGION",
        "AWS_REGION",
        "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_ACCESS_KEY",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_LAMBDA_RUNTIME_API",
        "LAMBDA_TASK_ROOT",
        "LAMBDA_RUNTIME_DIR",
    ]
)
MAX_LAYERS = 5


@Rule(
    "R040",
    "Timeout, memory and storage stay below Lambda's limits.",
    "https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html",
)
def stays_below_lambdas_limits(spec: Mapping[str, Any]) -> Iterator[Finding]:
    configuration = part(spec, "configuration")
    if "CapacityProviderConfig" in configuration or "AcceleratorConfig" in configuration:
        return
    for member, steps, most in (
        ("Timeout", ("Timeout",), MAX_TIMEOUT_SECONDS),
        ("MemorySize", ("MemorySize",), MAX_MEMORY_MEGABYTES),
        ("EphemeralStorage.Size", ("EphemeralStorage", "Size"), MAX_EPHEMERAL_MEGABYTES),
    ):
        value = part(configuration, *steps[:-1]).get(steps[-1])
        if isinstance(value, int) and value > most:
            yield Finding(f"/configuration/{'/'.join(steps)}", f"configuration.{member} is {value}; the most is {most}")


def environment_bytes(variables: Mapping[str, Any]) -> int:
    """How much of Lambda's limit an environment takes: the bytes of the map's compact JSON text, quotes and all."""
    texts = {key: value for key, value in variables.items() if isinstance(value, str)}
    return len(json.dumps(texts, separators=(",", ":"), ensure_ascii=False).encode(errors="surrogatepass"))


@Rule(
    "R041",
    "The environment is at most 4096 bytes of JSON, and no variable of it is one that Lambda sets.",
    "https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html",
)
def keeps_the_environment_small_and_free(spec: Mapping[str, Any]) -> Iterator[Finding]:
    at = "/configuration/Environment/Variables"
    variables = part(spec, "configuration", "Environment", "Variables")
    written = {key: REFERENCE.sub("", value) for key, value in variables.items() if isinstance(value, str)}
    size = environment_bytes(written)  # at the least: what a reference stands for is measured once it is known
    if size > MAX_ENVIRONMENT_BYTES:
        yield Finding(at, f"the environment is {size} bytes; the most is {MAX_ENVIRONMENT_BYTES}", is_key=True)
    for key in variables:
        if key in RESERVED_VARIABLES:
            yield Finding(f"{at}/{escaped(key)}", f"{key} is set by Lambda itself; choose another name", is_key=True)


@Rule("R042", "Log levels are for JSON logs.", "https://docs.aws.amazon.com/lambda/latest/api/API_LoggingConfig.html")
def has_levels_only_with_json(spec: Mapping[str, Any]) -> Iterator[Finding]:
    configuration = part(spec, "configuration")
    logging = part(configuration, "LoggingConfig")
    for member in ("ApplicationLogLevel", "SystemLogLevel"):
        if member in logging and logging.get("LogFormat", format_of_logs(configuration)) != "JSON":
            yield Finding(f"/configuration/LoggingConfig/{member}", f"{member} needs `LogFormat: JSON`", is_key=True)


@Rule(
    "R043",
    "A VPC configuration has subnets and security groups, or neither.",
    "https://docs.aws.amazon.com/lambda/latest/api/API_VpcConfig.html",
)
def has_subnets_and_groups(spec: Mapping[str, Any]) -> Iterator[Finding]:
    network = part(spec, "configuration", "VpcConfig")
    if bool(network.get("SubnetIds")) != bool(network.get("SecurityGroupIds")):
        missing = "SecurityGroupIds" if network.get("SubnetIds") else "SubnetIds"
        yield Finding("/configuration/VpcConfig", f"VpcConfig needs {missing} as well, or both empty", is_key=True)


@Rule(
    "R044",
    "A function has at most five layers, each in one version.",
    "https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html",
)
def has_few_layers(spec: Mapping[str, Any]) -> Iterator[Finding]:
    layers = part(spec, "configuration").get("Layers")
    arns = [item.get("Arn") if isinstance(item, dict) else item for item in layers] if isinstance(layers, list) else []
    at = "/configuration/Layers"
    if len(arns) > MAX_LAYERS:
        yield Finding(at, f"a function has at most {MAX_LAYERS} layers, and here are {len(arns)}", is_key=True)
    first: dict[str, int] = {}
    for index, arn in enumerate(arns):
        layer = arn.rpartition(":")[0] if isinstance(arn, str) and arn.count(":") == 7 else ""
        if layer in first:
            message = (
                f"{layer} is the layer of item {first[layer] + 1} already; a function takes one version of a layer"
            )
            yield Finding(f"{at}/{index}", message)
        elif layer:
            first[layer] = index


RULES = (
    stays_below_lambdas_limits,
    keeps_the_environment_small_and_free,
    has_levels_only_with_json,
    has_subnets_and_groups,
    has_few_layers,
)
