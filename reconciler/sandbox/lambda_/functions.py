"""CreateFunction, the two updates, the reads and DeleteFunction, as FACTS 2.1, 2.2, 2.8 and 3 record them.

(region, params, now) go in, an answer comes out or Refused is raised; the region is changed in place and nothing else is.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from reconciler.sandbox.lambda_ import code_signing, configuration, layers, runtimes, versions
from reconciler.sandbox.lambda_.answers import configuration_answer, listed
from reconciler.sandbox.lambda_.code import code_of, location
from reconciler.sandbox.lambda_.state import Function, Record, Region, check_revision, new_id, paged
from reconciler.sandbox.lambda_.tags import check_tags
from reconciler.sandbox.lambda_.versions import CREATING
from reconciler.sandbox.refusals import conflict, invalid, only_functions

# --- reads ---------------------------------------------------------------------------------------------------------


def get_function(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    name, qualifier = region.named(params["FunctionName"], params.get("Qualifier"))
    function = region.function(name, qualifier)
    record = region.record(function, qualifier)
    answer: dict[str, Any] = {
        "Configuration": configuration_answer(region, function, record, qualifier),
        "Code": location(record.code, region.world, name),
    }
    if function.tags:
        answer["Tags"] = dict(function.tags)
    if function.concurrency:
        answer["Concurrency"] = dict(function.concurrency)
    return answer


def get_function_configuration(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    name, qualifier = region.named(params["FunctionName"], params.get("Qualifier"))
    function = region.function(name, qualifier)
    return configuration_answer(region, function, region.record(function, qualifier), qualifier)


def list_functions(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    listing: list[tuple[Function, Record, str]] = []
    for name in sorted(region.functions):
        function = region.functions[name]
        if params.get("FunctionVersion") == "ALL":
            listing += versions.every(function)
        else:
            listing.append((function, function.latest, ""))
    return paged(listing, params, "Functions", 50, lambda item: listed(region, *item))


# --- changes -------------------------------------------------------------------------------------------------------


def create_function(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    name = _new_name(region, params["FunctionName"])
    made = configuration.created(name, params)
    if "Runtime" in made:
        runtimes.check(made["Runtime"], is_new=True)
    if ("ImageUri" in params["Code"]) != (made["PackageType"] == "Image"):
        raise invalid("PackageType and the source of the code do not fit together.")
    check_tags(params.get("Tags", {}), {})
    configuration.check(made, params, region.world)
    made = _placed(region, made, params)
    code = code_of(region.world, params["Code"])
    link = params.get("CodeSigningConfigArn", "")
    if link:
        code_signing.check_link(region, link)
        code_signing.check_unsigned(region, link)
    latest = Record("$LATEST", made, code, new_id(), now, state="Pending", state_reason=CREATING, update=None)
    function = Function(
        name, latest, tags=dict(params.get("Tags", {})), code_signing={"CodeSigningConfigArn": link} if link else {}
    )
    region.functions[name] = function
    region.begin(latest, now)
    answer = configuration_answer(region, function, latest)
    if params.get("Publish"):
        published, _ = versions.published(region, function, now, is_pending=True)
        answer["Version"] = published.version
    return answer


def _placed(region: Region, wanted: dict[str, Any], sent: Mapping[str, Any]) -> dict[str, Any]:
    """A configuration with the VPC that it is in. Raises what AWS answers to layers, subnets or groups that are not there."""
    layers.check_references(region, sent.get("Layers", []))
    network = wanted.get("VpcConfig", {})
    if "VpcConfig" not in sent or not network["SubnetIds"]:
        return wanted
    vpc = region.world.vpc_of(network["SubnetIds"], network["SecurityGroupIds"])
    return wanted | {"VpcConfig": network | {"VpcId": vpc}}


def _new_name(region: Region, given: str) -> str:
    name, _ = region.named(given)
    if len(name) > 64:
        raise invalid(
            f"1 validation error detected: Value '{name}' at 'functionName' failed to satisfy constraint: "
            "Member must have length less than or equal to 64"
        )
    if name in region.functions:
        raise conflict(f"Function already exist: {name}")
    return name


def changeable(region: Region, params: Mapping[str, Any]) -> Function:
    """The function of an updating call. Raises when it names a version, while something runs, or for an old revision."""
    name, qualifier = region.named(params["FunctionName"])
    function = region.function(name)
    if qualifier not in ("", "$LATEST"):
        raise only_functions()
    opening = "The operation cannot be performed at this time."
    if function.latest.state == "Pending":
        raise conflict(f"{opening} The function is currently in the following state: Pending")
    if function.latest.is_busy:
        raise conflict(f"{opening} An update is in progress for resource: {region.arn(name)}")
    check_revision(params.get("RevisionId"), function.latest.revision)
    return function


def begin_update(region: Region, record: Record, now: float) -> None:
    record.before = (record.configuration, record.code)
    record.revision, record.modified = new_id(), now
    record.update, record.update_reason = "InProgress", CREATING
    region.begin(record, now)


def update_configuration(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    function = changeable(region, params)
    record, sent = function.latest, configuration.sent_members(params)
    wanted = configuration.merged(record.configuration, sent)
    if "Runtime" in wanted:
        runtimes.check(wanted["Runtime"], is_new=False)
    configuration.check(wanted, sent, region.world)
    wanted = _placed(region, wanted, sent)
    begin_update(region, record, now)
    record.configuration = wanted
    return configuration_answer(region, function, record)


def update_code(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    function = changeable(region, params)
    record = function.latest
    is_image = record.configuration["PackageType"] == "Image"
    if is_image and "ImageUri" not in params:
        raise invalid("Please provide ImageUri when updating a function with packageType Image.")
    if not is_image and "ImageUri" in params:
        raise invalid("Please don't provide ImageUri when updating a function with packageType Zip.")
    code = code_of(region.world, params)
    code_signing.check_unsigned(region, function.code_signing.get("CodeSigningConfigArn", ""))
    if params.get("DryRun"):
        return configuration_answer(region, function, record) | {"CodeSha256": code.sha256, "CodeSize": code.size}
    begin_update(region, record, now)
    record.configuration, record.code = deepcopy(record.configuration), code
    if params.get("Architectures"):
        record.configuration["Architectures"] = list(params["Architectures"])
    if params.get("Publish"):
        version, _ = versions.published(region, function, now, is_pending=True)
        return configuration_answer(region, function, version, version.version)
    return configuration_answer(region, function, record)


def publish_version(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    function = changeable(region, params)
    guard, held = params.get("CodeSha256"), function.latest.code.sha256
    if guard and guard != held:
        raise invalid(
            f"CodeSHA256 ({guard}) is different from current CodeSHA256 in $LATEST ({held}). "
            "Please try again with the CodeSHA256 in $LATEST."
        )
    if "PublishTo" in params:
        if "CapacityProviderConfig" not in function.latest.configuration:
            raise invalid("PublishTo is for functions with a capacity provider.")
        function.is_published_as_latest = True
        answer = configuration_answer(region, function, function.latest, versions.LATEST_PUBLISHED)
        return answer | {"Version": versions.LATEST_PUBLISHED}
    version, is_new = versions.published(region, function, now)
    if is_new:
        function.latest.revision = new_id()
        if "Description" in params:
            version.configuration["Description"] = params["Description"]
    return configuration_answer(region, function, version, version.version)


def delete_function(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    name, qualifier = region.named(params["FunctionName"], params.get("Qualifier"))
    if qualifier:
        versions.delete(region, name, qualifier)
    else:
        del region.functions[region.function(name).name]
    return {"StatusCode": 204}
