"""CreateFunction, the two updates, reads, versions, deletion, tags and concurrency, as lambda-facts 1 to 3 record them.

Pure functions of (region, params, now); the region is changed in place.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from reconciler.kinds.function import CONFIGURATION, UNSET
from reconciler.rules import RESERVED_VARIABLES
from reconciler.sandbox.state import (
    Code,
    Function,
    Record,
    Region,
    check_revision,
    moment,
    new_id,
    paged,
)
from reconciler.sandbox.wire import Refused

INVALID = "InvalidParameterValueException"
CREATING = ("The function is being created.", "Creating")
LISTED_WITHOUT = (
    "State", "StateReason", "StateReasonCode", "LastUpdateStatus", "LastUpdateStatusReason",
    "LastUpdateStatusReasonCode", "RuntimeVersionConfig",
)  # fmt: skip
DROPPED_WHEN_EMPTY = ("DeadLetterConfig", "FileSystemConfigs", "KMSKeyArn", "Layers", "ImageConfig")
NO_LONGER_SUPPORTED = ("nodejs", "nodejs4.3", "nodejs6.10", "nodejs8.10", "python2.7", "dotnetcore1.0", "dotnetcore2.0")


def invalid(message: str) -> Refused:
    return Refused(INVALID, message)


# --- answers -------------------------------------------------------------------------------------------------------


def configuration_answer(region: Region, function: Function, record: Record, qualifier: str = "") -> dict[str, Any]:
    """A FunctionConfiguration."""
    configuration = deepcopy(record.configuration)
    image = configuration.pop("ImageConfig", None)
    if image:
        configuration["ImageConfigResponse"] = {"ImageConfig": image}
    if "Layers" in configuration:
        configuration["Layers"] = [{"Arn": arn, "CodeSize": 1} for arn in configuration["Layers"]]
    if "VpcConfig" in configuration:
        configuration["VpcConfig"]["VpcId"] = "vpc-1" if configuration["VpcConfig"].get("SubnetIds") else ""
    if configuration.get("PackageType") != "Image":
        snap = configuration["SnapStart"]
        is_on = record.version != "$LATEST" and snap["ApplyOn"] == "PublishedVersions"
        configuration["SnapStart"] = {**snap, "OptimizationStatus": "On" if is_on else "Off"}
        configuration["RuntimeVersionConfig"] = {
            "RuntimeVersionArn": f"arn:aws:lambda:{region.region}::runtime:sandbox"
        }
    answer = {
        "FunctionName": function.name,
        "FunctionArn": region.arn(function.name, qualifier),
        **configuration,
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
        answer |= {
            "LastUpdateStatusReason": record.update_reason[0],
            "LastUpdateStatusReasonCode": record.update_reason[1],
        }
    return answer


def get_function(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    name, qualifier = region.named(params["FunctionName"], params.get("Qualifier"))
    function = region.function(name)
    record = region.record(function, qualifier)
    code: dict[str, Any] = {"RepositoryType": "ECR" if record.code.image else "S3"}
    if record.code.image:
        uri = record.code.image
        repository = (
            uri.partition("@")[0].rpartition(":")[0] if ":" in uri.rpartition("/")[2] else uri.partition("@")[0]
        )
        code |= {"ImageUri": uri, "ResolvedImageUri": f"{repository}@sha256:{record.code.sha256}"}
    else:
        code["Location"] = (
            f"https://awslambda-{region.region}-tasks.s3.amazonaws.com/{function.name}?X-Amz-Signature=sandbox"
        )
    if record.code.kms_key:
        code["SourceKMSKeyArn"] = record.code.kms_key
    if record.code.s3:
        code["ResolvedS3Object"] = dict(record.code.s3)
    answer: dict[str, Any] = {"Configuration": configuration_answer(region, function, record, qualifier), "Code": code}
    if function.tags and qualifier in ("", "$LATEST"):
        answer["Tags"] = dict(function.tags)
    if function.reserved_concurrency is not None:
        answer["Concurrency"] = {"ReservedConcurrentExecutions": function.reserved_concurrency}
    return answer


def get_function_configuration(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    answer: dict[str, Any] = get_function(region, params, now)["Configuration"]
    return answer


def listed(region: Region, function: Function, record: Record, qualifier: str) -> dict[str, Any]:
    answer = configuration_answer(region, function, record, qualifier)
    return {name: value for name, value in answer.items() if name not in LISTED_WITHOUT}


def list_functions(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    found = []
    for name in sorted(region.functions):
        function = region.functions[name]
        if params.get("FunctionVersion") == "ALL":
            found.append(listed(region, function, function.latest, "$LATEST"))
            found += [listed(region, function, record, number) for number, record in function.versions.items()]
        else:
            found.append(listed(region, function, function.latest, ""))
    return paged(found, params, "Functions", 50)


def list_versions(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    function = region.function(region.named(params["FunctionName"])[0])
    found = [listed(region, function, function.latest, "$LATEST")]
    found += [listed(region, function, record, number) for number, record in function.versions.items()]
    return paged(found, params, "Versions", 50)


# --- code ----------------------------------------------------------------------------------------------------------


def code_of(region: Region, source: Mapping[str, Any]) -> Code:
    """The code that a request names. Raises what AWS answers to code that it cannot take."""
    kms_key = source.get("SourceKMSKeyArn", "")
    if "ImageUri" in source:
        uri = source["ImageUri"]
        digest = uri.partition("@sha256:")[2] or region.world.image_digest(uri)
        return Code(digest, 0, image=uri, kms_key=kms_key)
    if "ZipFile" in source:
        content = source["ZipFile"]
        if len(content) > 52_428_800:
            raise Refused(
                "RequestEntityTooLargeException",
                "Request must be smaller than 70167211 bytes for the CreateFunction operation",
                413,
            )
    elif "S3Bucket" in source and "S3Key" in source:
        content = region.world.object(source["S3Bucket"], source["S3Key"], source.get("S3ObjectVersion"))
    else:
        raise invalid("Please provide a source for function code.")
    try:
        size = sum(entry.file_size for entry in zipfile.ZipFile(io.BytesIO(content)).infolist())
    except zipfile.BadZipFile as error:
        raise invalid("Could not unzip uploaded file. Please check your file, then try to upload again.") from error
    if size > 262_144_000:
        raise invalid("Unzipped size must be smaller than 262144000 bytes")
    s3 = None
    if source.get("S3ObjectStorageMode") == "REFERENCE":
        s3 = {"S3Bucket": source["S3Bucket"], "S3Key": source["S3Key"]}
    return Code(
        base64.b64encode(hashlib.sha256(content).digest()).decode(), len(content), content, kms_key=kms_key, s3=s3
    )


# --- configuration -------------------------------------------------------------------------------------------------


def created_configuration(name: str, params: Mapping[str, Any]) -> dict[str, Any]:
    """A new function's configuration with AWS's defaults; what was never set stays absent."""
    shown = (
        "Architectures",
        "Description",
        "EphemeralStorage",
        "LoggingConfig",
        "MemorySize",
        "PackageType",
        "SnapStart",
        "Timeout",
        "TracingConfig",
    )
    configuration = {member: deepcopy(UNSET[member]) for member in shown}
    if params.get("PackageType") == "Image":
        del configuration["SnapStart"]
    configuration["LoggingConfig"]["LogGroup"] = f"/aws/lambda/{name}"
    sent = {member: deepcopy(value) for member, value in params.items() if member in CONFIGURATION.members}
    return merged(configuration, sent, name)


def merged(configuration: dict[str, Any], sent: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Configuration after an update: members are replaced, LoggingConfig is merged, empty values clear (lambda-facts 3)."""
    found = {**configuration, **{member: value for member, value in sent.items() if member != "LoggingConfig"}}
    if "LoggingConfig" in sent:
        logging = {**configuration["LoggingConfig"], **sent["LoggingConfig"]}
        if logging["LogFormat"] == "JSON":
            logging = {"ApplicationLogLevel": "INFO", "SystemLogLevel": "INFO", **logging}
        else:
            logging = {member: logging[member] for member in ("LogFormat", "LogGroup")}
        found["LoggingConfig"] = logging
    if "VpcConfig" in sent:
        network = {"SubnetIds": [], "SecurityGroupIds": [], "Ipv6AllowedForDualStack": False, **sent["VpcConfig"]}
        found["VpcConfig"] = network if network["SubnetIds"] else {"SubnetIds": [], "SecurityGroupIds": []}
    if "Environment" in sent:
        found["Environment"] = {"Variables": {}, **sent["Environment"]}
    for member in DROPPED_WHEN_EMPTY:
        if member in found and (not found[member] or found[member] == {"TargetArn": ""}):
            del found[member]
    return found


def check_configuration(region: Region, configuration: Mapping[str, Any]) -> None:
    """Raises what AWS answers to a configuration that it does not take."""
    is_image = configuration["PackageType"] == "Image"
    if is_image and ("Runtime" in configuration or "Handler" in configuration):
        raise invalid(
            "Please don't provide Handler or Runtime or Layer when the intended function PackageType is Image."
        )
    if not is_image and not ("Runtime" in configuration and "Handler" in configuration):
        raise invalid("Runtime and Handler are mandatory parameters for functions created with deployment packages.")
    if configuration.get("Runtime") in NO_LONGER_SUPPORTED:
        raise invalid(
            f"The runtime parameter of {configuration['Runtime']} is no longer supported for creating or updating AWS Lambda functions."
        )
    is_managed = "CapacityProviderConfig" in configuration or "AcceleratorConfig" in configuration
    for member, value, most in (
        ("timeout", configuration["Timeout"], 900),
        ("memorySize", configuration["MemorySize"], 10240),
    ):
        if value > most and not is_managed:
            raise invalid(
                f"1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: Member must have value less than or equal to {most}"
            )
    if len(configuration["Architectures"]) != 1:
        raise invalid("Architectures must have exactly one value")
    if len(configuration.get("Layers", [])) > 5:
        raise invalid("Cannot reference more than 5 layers.")
    check_environment(configuration.get("Environment", {}).get("Variables", {}))
    network = configuration.get("VpcConfig", {})
    if bool(network.get("SubnetIds")) != bool(network.get("SecurityGroupIds")):
        raise invalid("SubnetIds and SecurityIds must coexist or be both empty list.")
    if not region.world.can_assume(configuration["Role"]):
        raise invalid("The role defined for the function cannot be assumed by Lambda.")


def check_environment(variables: Mapping[str, str]) -> None:
    text = json.dumps(variables)
    if sum(len(f"{key}{value}".encode()) for key, value in variables.items()) > 4096:
        raise invalid(
            "Lambda was unable to configure your environment variables because the environment variables you have "
            f"provided exceeded the 4KB limit. String measured: {text}"
        )
    reserved = sorted(key for key in variables if key in RESERVED_VARIABLES)
    if reserved:
        raise invalid(
            "Lambda was unable to configure your environment variables because the environment variables you have "
            "provided contains reserved keys that are currently not supported for modification. Reserved keys used in "
            f"this request: {', '.join(reserved)}"
        )


def check_levels(sent: Mapping[str, Any], configuration: Mapping[str, Any]) -> None:
    logging = sent.get("LoggingConfig", {})
    levels = [member for member in ("ApplicationLogLevel", "SystemLogLevel") if member in logging]
    if levels and configuration["LoggingConfig"]["LogFormat"] != "JSON":
        raise invalid(f"{levels[0]} can only be configured with LogFormat JSON.")


# --- changes -------------------------------------------------------------------------------------------------------


def create_function(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    name = region.named(params["FunctionName"])[0]
    if len(name) > 64:
        raise invalid(
            f"1 validation error detected: Value '{name}' at 'functionName' failed to satisfy constraint: Member must have length less than or equal to 64"
        )
    if name in region.functions:
        raise Refused("ResourceConflictException", f"Function already exist: {name}", 409)
    configuration = created_configuration(name, params)
    is_image = "ImageUri" in params["Code"]
    if is_image != (configuration["PackageType"] == "Image"):
        raise invalid("PackageType and the source of the code do not fit together.")
    check_levels(params, configuration)
    check_configuration(region, configuration)
    check_tags(params.get("Tags", {}), {})
    code = code_of(region, params["Code"])
    latest = Record(
        "$LATEST", configuration, code, new_id(), now, state="Pending", state_reason=CREATING, update=None,
        settles_at=now + region.settle_seconds, fails_with=taken_failure(region),
    )  # fmt: skip
    function = Function(name, latest, tags=dict(params.get("Tags", {})))
    region.functions[name] = function
    answer = configuration_answer(region, function, latest)
    if params.get("Publish"):
        published(region, function, now, is_pending=True)
        answer["Version"] = "1"
    return answer


def taken_failure(region: Region) -> str:
    reason, region.upcoming_failure = region.upcoming_failure, ""
    return reason


def changeable(region: Region, params: Mapping[str, Any]) -> Function:
    """The function of an updating call. Raises when it names a version, while something runs, or for an old revision."""
    name, qualifier = region.named(params["FunctionName"])
    function = region.function(name)
    if qualifier not in ("", "$LATEST"):
        raise invalid(
            "This operation is permitted on Lambda functions only. Aliases and versions do not support this operation. Please specify either a function name or an unqualified function ARN."
        )
    if function.latest.state == "Pending":
        message = (
            f"The operation cannot be performed at this time. The function is currently in the following state: Pending"  # noqa: F541
        )
        raise Refused("ResourceConflictException", message, 409)
    if function.latest.is_busy:
        message = (
            f"The operation cannot be performed at this time. An update is in progress for resource: {region.arn(name)}"
        )
        raise Refused("ResourceConflictException", message, 409)
    check_revision(params.get("RevisionId"), function.latest.revision)
    return function


def begin_update(region: Region, record: Record, now: float) -> None:
    record.before = (record.configuration, record.code)
    record.revision, record.modified = new_id(), now
    record.update, record.update_reason = "InProgress", CREATING
    record.settles_at, record.fails_with = now + region.settle_seconds, taken_failure(region)


def update_configuration(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    function = changeable(region, params)
    record = function.latest
    sent = {member: deepcopy(value) for member, value in params.items() if member in CONFIGURATION.members}
    configuration = merged(record.configuration, sent, function.name)
    check_levels(sent, configuration)
    check_configuration(region, configuration)
    begin_update(region, record, now)
    record.configuration = configuration
    return configuration_answer(region, function, record)


def update_code(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    function = changeable(region, params)
    record = function.latest
    is_image = record.configuration["PackageType"] == "Image"
    if is_image and "ImageUri" not in params:
        raise invalid("Please provide ImageUri when updating a function with packageType Image.")
    if not is_image and "ImageUri" in params:
        raise invalid("Please don't provide ImageUri when updating a function with packageType Zip.")
    code = code_of(region, params)
    architectures = params.get("Architectures") or record.configuration["Architectures"]
    if params.get("DryRun"):
        return configuration_answer(region, function, record) | {"CodeSha256": code.sha256, "CodeSize": code.size}
    begin_update(region, record, now)
    record.configuration = {**record.configuration, "Architectures": architectures}
    record.code = code
    if params.get("Publish"):
        version = published(region, function, now, is_pending=True)
        return configuration_answer(region, function, version, version.version)
    return configuration_answer(region, function, record)


def published(region: Region, function: Function, now: float, *, is_pending: bool = False) -> Record:
    """The version that holds $LATEST: the last one when nothing changed since, else a new one."""
    latest = function.latest
    last = function.versions.get(str(function.last_version))
    if last and last.configuration == latest.configuration and last.code.sha256 == latest.code.sha256:
        return last
    function.last_version += 1
    number = str(function.last_version)
    snap = latest.configuration.get("SnapStart", {}).get("ApplyOn") == "PublishedVersions"
    version = Record(number, deepcopy(latest.configuration), latest.code, new_id(), now)
    if snap or is_pending:
        version.state, version.state_reason, version.update = "Pending", CREATING, None
        version.settles_at = now + region.settle_seconds
    function.versions[number] = version
    return version


def publish_version(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    function = changeable(region, params)
    guard = params.get("CodeSha256")
    if guard and guard != function.latest.code.sha256:
        raise invalid(
            f"CodeSHA256 ({guard}) is different from current CodeSHA256 in $LATEST ({function.latest.code.sha256}). Please try again with the CodeSHA256 in $LATEST."
        )
    before = function.last_version
    version = published(region, function, now)
    if function.last_version != before:
        function.latest.revision = new_id()
        if params.get("Description"):
            version.configuration["Description"] = params["Description"]
    return configuration_answer(region, function, version, version.version)


def delete_function(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    name, qualifier = region.named(params["FunctionName"], params.get("Qualifier"))
    function = region.function(name)
    if not qualifier:
        del region.functions[name]
        return {"StatusCode": 204}
    if qualifier == "$LATEST":
        raise invalid("$LATEST version cannot be deleted without deleting the function.")
    if not qualifier.isdigit():
        raise invalid("Deletion of aliases is not currently supported.")
    users = sorted(
        alias for alias, found in function.aliases.items()
        if qualifier == found["FunctionVersion"] or qualifier in found["Weights"]
    )  # fmt: skip
    if users:
        message = f"Unable to delete version because the following aliases reference it: [{', '.join(users)}]"
        raise Refused("ResourceConflictException", message, 409)
    function.versions.pop(qualifier, None)
    return {"StatusCode": 204}


# --- tags and concurrency ------------------------------------------------------------------------------------------


def check_tags(given: Mapping[str, str], held: Mapping[str, str]) -> None:
    if any(key.lower().startswith("aws:") for key in given):
        raise invalid("Tag keys starting with 'aws:' are reserved for system use.")
    if len({**held, **given}) > 50:
        raise invalid("The number of tags exceeds the limit of 50.")


def tagged(region: Region, arn: str) -> tuple[dict[str, str], Function | None]:
    """The tags of a function or mapping ARN, and the function when it is one."""
    parts = arn.split(":")
    if len(parts) > 6 and parts[5] == "event-source-mapping":
        if parts[6] not in region.mappings:
            raise Refused("ResourceNotFoundException", "The resource you requested does not exist.", 404)
        return region.mappings[parts[6]].properties.setdefault("Tags", {}), None
    if len(parts) > 7:
        raise invalid(
            "Tags on function aliases and versions are not supported. Please specify either a function name or an unqualified function ARN."
        )
    function = region.function(parts[6] if len(parts) > 6 else arn)
    return function.tags, function


def tag_resource(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    tags, function = tagged(region, params["Resource"])
    check_tags(params["Tags"], tags)
    tags.update(params["Tags"])
    if function:
        function.latest.revision = new_id()
    return {}


def untag_resource(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    tags, function = tagged(region, params["Resource"])
    check_tags(dict.fromkeys(params["TagKeys"], ""), {})
    for key in params["TagKeys"]:
        tags.pop(key, None)
    if function:
        function.latest.revision = new_id()
    return {}


def list_tags(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    return {"Tags": dict(tagged(region, params["Resource"])[0])}


def unqualified(region: Region, params: Mapping[str, Any]) -> Function:
    name, qualifier = region.named(params["FunctionName"])
    if qualifier:
        raise invalid(
            "This operation is permitted on Lambda functions only. Aliases and versions do not support this operation. Please specify either a function name or an unqualified function ARN."
        )
    return region.function(name)


def put_concurrency(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    function, wanted = unqualified(region, params), params["ReservedConcurrentExecutions"]
    others = sum(other.reserved_concurrency or 0 for other in region.functions.values() if other is not function)
    if others + wanted > 900:
        raise invalid(
            "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [100]."
        )
    function.reserved_concurrency = wanted
    return {"ReservedConcurrentExecutions": wanted}


def get_concurrency(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    reserved = unqualified(region, params).reserved_concurrency
    return {} if reserved is None else {"ReservedConcurrentExecutions": reserved}


def delete_concurrency(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    unqualified(region, params).reserved_concurrency = None
    return {}
