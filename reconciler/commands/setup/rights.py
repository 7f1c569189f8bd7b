"""What an account's credentials must be allowed, for planning some specs and for carrying a plan out. Pure.

Derived from what the kinds say of their readings and calls. What is read on the way, and only said where it cannot be, is not asked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.core import service
from reconciler.core.accounts import partition_of
from reconciler.core.model import Spec, Target
from reconciler.core.plans import Operation, Plan, Ref
from reconciler.core.rights import Right
from reconciler.kinds.function import FUNCTION
from reconciler.kinds.needs import needed, with_layers
from reconciler.kinds.reading import Reading
from reconciler.kinds.registry import KINDS
from reconciler.snapshot.artifacts import ECR
from reconciler.spec.config import Config
from reconciler.spec.references import Lookup, lookups

# What a plan does without: that it is denied is no problem.
OPTIONAL = {"cloudtrail:LookupEvents": "`--who` names nobody"}
PASSING = (("iam:PassedToService", "lambda.amazonaws.com"),)
IN_A_NETWORK = ("ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:DescribeVpcs")


@dataclass(frozen=True, slots=True)
class Home:
    """Where a target is, as ARNs say it; `number` is its account's."""

    target: Target
    number: str

    def arn(self, api: str, rest: str) -> str:
        return f"arn:{partition_of(self.target.region)}:{api}:{self.target.region}:{self.number}:{rest}"

    @property
    def function(self) -> str:
        return self.arn("lambda", f"function:{self.target.function}")

    @property
    def layer(self) -> str:
        return self.arn("lambda", f"layer:{self.target.name}")

    @property
    def layer_versions(self) -> str:
        return f"{self.layer}:*"

    def log_group(self, name: str) -> str:
        return self.arn("logs", f"log-group:{name}:*")

    @property
    def mappings(self) -> str:
        return self.arn("lambda", "event-source-mapping:*")

    def s3(self, bucket: str, key: str = "") -> str:
        return f"arn:{partition_of(self.target.region)}:s3:::{bucket}{f'/{key}' if key else ''}"


# --- for planning --------------------------------------------------------------------------------------------------


def planning(spec: Spec, number: str) -> Iterator[Right]:
    """What is read to plan a spec, as it is written: with its references."""
    home = Home(spec.target, number)
    if spec.target.root == FUNCTION.name:
        yield Right(f"lambda:{FUNCTION.reading.single('', '')[0]}", home.function)
    for kind in (KINDS[name] for name in sorted({name.partition("/")[0] for name in needed(spec)} - {FUNCTION.name})):
        is_tagged = any(item.key.kind == kind.name and "Tags" in item.properties for item in spec.desired)
        yield from _read(kind.reading, home, is_tagged=is_tagged)
    yield from _code(spec.code, home)
    yield from _evidence(spec, home)
    yield from (_lookup(lookup, home) for lookup in lookups(spec))


def _read(reading: Reading, home: Home, *, is_tagged: bool) -> Iterator[Right]:
    listings = [listing.operation for listing in (reading.listing, reading.everywhere, reading.together) if listing]
    listings += [other.listing.operation for other in reading.beside]
    listings += [reading.users.listing.operation] if reading.users else []
    for operation in {reading.single("", "")[0], *listings}:
        path = service.address(operation)
        if "{LayerName}" in path:
            yield Right(f"lambda:{operation}", home.layer_versions if "{VersionNumber}" in path else "*")
            continue
        resource = home.function if "{FunctionName}" in path else home.mappings if "{" in path else "*"
        yield Right(f"{service.api_of(operation)}:{operation}", resource)
    if reading.rest:
        yield Right("lambda:GetLayerVersion", home.layer_versions)
    if reading.tagged_by and is_tagged:
        yield Right("lambda:ListTags", home.mappings)


def _evidence(spec: Spec, home: Home) -> Iterator[Right]:
    """What rollouts are judged by."""
    for analysis in (rollout.analysis for rollout in spec.rollouts.values()):
        yield from (
            Right("cloudwatch:DescribeAlarms", home.arn("cloudwatch", f"alarm:{name}")) for name in analysis.alarms
        )
        if analysis.is_measured:
            yield Right("cloudwatch:GetMetricData", "*")


def _code(code: Mapping[str, Any], home: Home) -> Iterator[Right]:
    if "S3Bucket" in code:
        action = "s3:GetObjectVersion" if "S3ObjectVersion" in code else "s3:GetObject"
        yield Right(action, home.s3(code["S3Bucket"], code["S3Key"]))
    image = ECR.fullmatch(code.get("ImageUri", ""))
    if image and not image["digest"]:
        registry = Home(home.target, image["registry"])  # of the same region: R015
        yield Right("ecr:DescribeImages", registry.arn("ecr", f"repository/{image['repository']}"))


def _lookup(lookup: Lookup, home: Home) -> Right:
    is_whole = lookup.name.startswith("arn:")
    if lookup.kind == "ssm":
        name = lookup.name.partition(":")[0].lstrip("/")  # without version or label
        return Right("ssm:GetParameters", lookup.name if is_whole else home.arn("ssm", f"parameter/{name}"))
    secret = lookup.name if is_whole else home.arn("secretsmanager", f"secret:{lookup.name}-??????")
    return Right("secretsmanager:GetSecretValue", secret)


# --- for applying --------------------------------------------------------------------------------------------------


def applying(operation: Operation, number: str) -> Iterator[Right]:
    """What a call needs, and what AWS asks for because of what it says."""
    home, params = Home(operation.key.target, number), operation.params
    path = service.address(operation.name)
    if service.api_of(operation.name) == "logs":
        yield Right(f"logs:{operation.name}", home.log_group(params.get("logGroupName", "*")))
    elif service.api_of(operation.name) == "application-autoscaling":
        yield Right(
            f"application-autoscaling:{operation.name}", home.arn("application-autoscaling", "scalable-target/*")
        )
    elif "{LayerName}" in path:
        yield Right(f"lambda:{operation.name}", home.layer_versions if "{VersionNumber}" in path else home.layer)
    elif operation.name == "Invoke":
        yield Right("lambda:InvokeFunction", f"{home.function}:*")  # a version, by a smoke event
    elif "/functions" in path:
        yield Right(f"lambda:{operation.name}", home.function)
    elif isinstance(params.get("Resource"), str):
        yield Right(f"lambda:{operation.name}", params["Resource"])
    else:
        resource = home.mappings if "{" in path else "*"
        yield Right(f"lambda:{operation.name}", resource, (("lambda:FunctionArn", home.function),))
    yield from _asked_for(operation.name, params, home)
    yield from _put(operation, home)


def _asked_for(name: str, params: Mapping[str, Any], home: Home) -> Iterator[Right]:
    if isinstance(params.get("Role"), str):
        yield Right("iam:PassRole", params["Role"], PASSING)
    if name == "CreateFunction" and params.get("Tags"):
        yield Right("lambda:TagResource", home.function)
    for layer in params.get("Layers", ()):
        published = Home(layer.target, home.number).layer_versions if isinstance(layer, Ref) and layer.target else layer
        yield Right("lambda:GetLayerVersion", published)
    if any(params.get("VpcConfig", {}).values()):
        yield from (Right(action) for action in IN_A_NETWORK)
    yield from _code({**params, **params.get("Code", {}), **params.get("Content", {})}, home)


def _put(operation: Operation, home: Home) -> Iterator[Right]:
    """A package that goes through a bucket."""
    if operation.upload and operation.pin:
        yield Right("s3:PutObject", home.s3(operation.pin.bucket, operation.pin.key))


# --- all together --------------------------------------------------------------------------------------------------


def wanted(
    config: Config, specs: Iterable[Spec], plan: Plan | None, numbers: Mapping[str, str], *, is_applying: bool
) -> dict[str, set[Right]]:
    """The rights by account: for planning, and for carrying the plan out where that is asked. `numbers` are those of the accounts
    that were reached; of the others nothing is said."""
    rights: dict[str, set[Right]] = {name: set() for name in numbers}
    reached = [spec for spec in with_layers(specs) if spec.target.account in numbers]
    for spec in reached:
        rights[spec.target.account] |= {*planning(spec, numbers[spec.target.account])}
        rights[spec.target.account] |= {Right("tag:GetResources")} if config.managed_by else set()
        rights[spec.target.account] |= set() if is_applying else set(map(Right, OPTIONAL))
    calls = [call for target in plan.targets for call in target.operations] if plan and is_applying else []
    for call in (call for call in calls if call.key.target.account in numbers):
        rights[call.key.target.account] |= {*applying(call, numbers[call.key.target.account])}
    if reached and is_applying:
        first = min(reached, key=lambda spec: spec.target).target
        rights[first.account] |= {*storing(config, Home(first, numbers[first.account]))}
    return rights


def storing(config: Config, home: Home) -> Iterator[Right]:
    """Lock and reports in S3, by the credentials of the first account."""
    if config.lock:
        bucket, _, key = re.sub(r"\{\{.*?\}\}", "*", config.lock).removeprefix("s3://").partition("/")
        yield from (
            Right(f"s3:{action}", home.s3(bucket, key)) for action in ("GetObject", "PutObject", "DeleteObject")
        )
    if config.reports:
        bucket, _, key = config.reports.rstrip("/").removeprefix("s3://").partition("/")
        yield Right("s3:ListBucket", home.s3(bucket))
        yield from (Right(f"s3:{action}", home.s3(bucket, f"{key}/*")) for action in ("GetObject", "PutObject"))
