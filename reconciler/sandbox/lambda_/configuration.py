"""A function's configuration: AWS's defaults, how an update merges into it, what AWS refuses in it (FACTS 1.1, 3).

Mappings go in and come out; the world is asked only whether a role can be assumed. It never changes what it is given.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from reconciler.core import service
from reconciler.sandbox.lambda_ import runtimes
from reconciler.sandbox.lambda_.state import World
from reconciler.sandbox.refusals import Refused, invalid

# The tables are the sandbox's own: sharing the planner's would let one wrong default fool both sides.
NOT_CONFIGURATION = {
    "Code",
    "CodeSigningConfigArn",  # held by a link of its own, which GetFunctionCodeSigningConfig reads
    "FunctionName",
    "Publish",
    "PublishTo",
    "RevisionId",
    "Tags",
}
MEMBERS = (service.members("CreateFunction") | service.members("UpdateFunctionConfiguration")) - NOT_CONFIGURATION
DEFAULTS: Mapping[str, Any] = {
    "Architectures": ["x86_64"],
    "Description": "",
    "EphemeralStorage": {"Size": 512},
    "LoggingConfig": {"LogFormat": "Text"},
    "MemorySize": 128,
    "PackageType": "Zip",
    "SnapStart": {"ApplyOn": "None"},
    "Timeout": 3,
    "TracingConfig": {"Mode": "PassThrough"},
}
NO_NETWORK: Mapping[str, Any] = {
    "SubnetIds": [], "SecurityGroupIds": [], "VpcId": "", "Ipv6AllowedForDualStack": False,
}  # fmt: skip
LEVELS = ("ApplicationLogLevel", "SystemLogLevel")
DROPPED_WHEN_EMPTY = ("DeadLetterConfig", "Environment", "FileSystemConfigs", "KMSKeyArn", "Layers", "ImageConfig")
EMPTY: tuple[Any, ...] = ({}, [], "", {"TargetArn": ""}, {"Variables": {}})
RESERVED_VARIABLES = {
    "_HANDLER", "_X_AMZN_TRACE_ID", "AWS_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "AWS_DEFAULT_REGION", "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_INITIALIZATION_TYPE", "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME", "AWS_LAMBDA_RUNTIME_API",
    "AWS_REGION", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "LAMBDA_RUNTIME_DIR", "LAMBDA_TASK_ROOT",
}  # fmt: skip


def sent_members(params: Mapping[str, Any]) -> dict[str, Any]:
    return {member: deepcopy(value) for member, value in params.items() if member in MEMBERS}


def created(name: str, params: Mapping[str, Any]) -> dict[str, Any]:
    """A new function's configuration with AWS's defaults; what was never set stays absent."""
    configuration = deepcopy(dict(DEFAULTS))
    logging = {"LogFormat": "JSON" if params.get("DurableConfig") else "Text", "LogGroup": f"/aws/lambda/{name}"}
    configuration["LoggingConfig"] = _logging(logging)
    made = merged(configuration, sent_members(params))
    return made | ({"Environment": {"Variables": {}, **params["Environment"]}} if "Environment" in params else {})


def merged(configuration: Mapping[str, Any], sent: Mapping[str, Any]) -> dict[str, Any]:
    """Configuration after an update: members are replaced, LoggingConfig is merged, empty values clear, but for what is always set."""
    sent = {member: value for member, value in sent.items() if member not in DEFAULTS or value != {}}
    whole = {**configuration, **{member: value for member, value in sent.items() if member != "LoggingConfig"}}
    if "LoggingConfig" in sent:
        whole["LoggingConfig"] = _logging({**configuration["LoggingConfig"], **sent["LoggingConfig"]})
    if "VpcConfig" in sent:
        network = {"SubnetIds": [], "SecurityGroupIds": [], "Ipv6AllowedForDualStack": False, **sent["VpcConfig"]}
        whole["VpcConfig"] = network if network["SubnetIds"] else deepcopy(dict(NO_NETWORK))
    if "DurableConfig" in sent:
        whole["DurableConfig"] = {"RetentionPeriodInDays": 14, **sent["DurableConfig"]}
    if "Environment" in sent:
        whole["Environment"] = {"Variables": {}, **sent["Environment"]}
    for member in DROPPED_WHEN_EMPTY:
        if member in whole and whole[member] in EMPTY:
            del whole[member]
    return whole


def _logging(logging: dict[str, Any]) -> dict[str, Any]:
    if logging["LogFormat"] == "JSON":
        return {**dict.fromkeys(LEVELS, "INFO"), **logging}
    return {member: value for member, value in logging.items() if member not in LEVELS}


def check(configuration: Mapping[str, Any], sent: Mapping[str, Any], world: World) -> None:
    """Raises what AWS answers to a configuration that it does not take."""
    _check_package(configuration)
    _check_sizes(configuration)
    if configuration["SnapStart"]["ApplyOn"] == "PublishedVersions":
        runtimes.check_snapshots(configuration.get("Runtime", ""))
    _check_levels(configuration, sent)
    check_environment(configuration.get("Environment", {}).get("Variables", {}))
    network = configuration.get("VpcConfig", {})
    if bool(network.get("SubnetIds")) != bool(network.get("SecurityGroupIds")):
        raise invalid("SubnetIds and SecurityIds must coexist or be both empty list.")
    if not world.can_assume(configuration["Role"]):
        raise invalid("The role defined for the function cannot be assumed by Lambda.")


def _check_package(configuration: Mapping[str, Any]) -> None:
    has_runtime, has_handler = "Runtime" in configuration, "Handler" in configuration
    if configuration["PackageType"] == "Image":
        if has_runtime or has_handler or "Layers" in configuration:
            raise invalid(
                "Please don't provide Handler or Runtime or Layer when the intended function PackageType is Image."
            )
        return
    if not (has_runtime and has_handler):
        raise invalid("Runtime and Handler are mandatory parameters for functions created with deployment packages.")


def _check_sizes(configuration: Mapping[str, Any]) -> None:
    """The limits of ordinary functions; managed and accelerated ones have the model's wider limits."""
    if "CapacityProviderConfig" in configuration or "AcceleratorConfig" in configuration:
        return
    for at, value, most in (
        ("timeout", configuration["Timeout"], 900),
        ("memorySize", configuration["MemorySize"], 10240),
        ("ephemeralStorage.size", configuration["EphemeralStorage"]["Size"], 10240),
    ):
        if value > most:
            raise Refused(
                "ValidationException",
                f"1 validation error detected: Value '{value}' at '{at}' failed to satisfy constraint: "
                f"Member must have value less than or equal to {most}",
            )


def _check_levels(configuration: Mapping[str, Any], sent: Mapping[str, Any]) -> None:
    levels = [member for member in LEVELS if member in sent.get("LoggingConfig", {})]
    if levels and configuration["LoggingConfig"]["LogFormat"] != "JSON":
        raise invalid(
            'LogLevel is not supported when LogFormat is set to "Text". '
            'Remove LogLevel from your request or change the LogFormat to "JSON" and try again.'
        )


def check_environment(variables: Mapping[str, str]) -> None:
    opening = (
        "Lambda was unable to configure your environment variables because the environment variables you have provided"
    )
    measured = json.dumps(dict(variables), separators=(",", ":"), ensure_ascii=False)
    if len(measured.encode()) > 4096:
        # AWS repeats all of the variables here ("String measured: …"): whoever reads the error must hide it.
        raise invalid(f"{opening} exceeded the 4KB limit. String measured: {measured}")
    reserved = sorted(key for key in variables if key in RESERVED_VARIABLES)
    if reserved:
        raise invalid(
            f"{opening} contains reserved keys that are currently not supported for modification. "
            f"Reserved keys used in this request: {', '.join(reserved)}"
        )
