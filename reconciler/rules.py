"""Rules that JSON Schema cannot say, over one spec document. Pure; each rule yields what it finds, with its place.

A rule meets documents that the schema has already found wrong, so it looks only at what has the right shape.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from reconciler.stray import stray_references
from reconciler.strict_yaml import escaped

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
# Docs: lambda/latest/dg/lambda-runtimes.html#runtimes-deprecated, as of 2025-12; worth a warning, never a refusal.
DEPRECATED_RUNTIMES = frozenset(
    [
        *("nodejs", "nodejs4.3", "nodejs4.3-edge", "nodejs6.10", "nodejs8.10", "nodejs10.x", "nodejs12.x"),
        *("nodejs14.x", "nodejs16.x", "nodejs18.x", "python2.7", "python3.6", "python3.7", "python3.8", "python3.9"),
        *("dotnetcore1.0", "dotnetcore2.0", "dotnetcore2.1", "dotnetcore3.1", "dotnet6", "ruby2.5", "ruby2.7"),
        *("go1.x", "java8", "provided"),
    ]
)
POLLED = ("sqs", "kinesis", "dynamodb", "kafka", "mq", "rds")
STREAMS = ("kinesis", "dynamodb", "kafka", "rds", "self-managed")
PUSHING: Mapping[str, str] = {
    "s3": "a notification configuration of the bucket",
    "sns": "a subscription of the topic",
    "events": "a target of the rule",
    "logs": "a subscription filter of the log group",
    "apigateway": "an integration of the API",
    "execute-api": "an integration of the API",
    "elasticloadbalancing": "a target group of the load balancer",
    "cognito-idp": "a trigger of the user pool",
    "iot": "an action of the topic rule",
    "ses": "a receipt rule",
    "codecommit": "a trigger of the repository",
    "scheduler": "the target of the schedule",
    "lambda": "a destination or a direct call",
}
STREAM_ONLY = (
    "BisectBatchOnFunctionError",
    "DestinationConfig",
    "MaximumRecordAgeInSeconds",
    "MaximumRetryAttempts",
    "ParallelizationFactor",
    "TumblingWindowInSeconds",
)


class Found(NamedTuple):
    """What is wrong at a JSON Pointer; `is_key` when the key rather than its value is meant."""

    pointer: str
    message: str
    is_key: bool = False


Rule = Callable[[Mapping[str, Any]], Iterator[Found]]


def findings(spec: Any) -> list[Found]:
    return [found for rule in RULES for found in rule(spec)] if isinstance(spec, dict) else []


def part(value: Any, *steps: str) -> dict[str, Any]:
    """The map at `steps`, or an empty one where something else stands."""
    for step in steps:
        value = value.get(step) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def named(value: Any, section: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(pointer, name, map) of a section's entries."""
    for name, item in part(value, section).items():
        if isinstance(item, dict):
            yield f"/{section}/{escaped(name)}", name, item


# --- code and configuration ----------------------------------------------------------------------------------------


def has_one_code_source(spec: Mapping[str, Any]) -> Iterator[Found]:
    if not isinstance(spec.get("code"), dict):
        return
    code = spec["code"]
    sources = [
        name
        for name, keys in (
            ("S3Bucket + S3Key", ("S3Bucket", "S3Key")),
            ("ImageUri", ("ImageUri",)),
            ("path", ("path",)),
        )
        if any(key in code for key in keys)
    ]
    if len(sources) != 1:
        found = f"{' and '.join(sources)} are two" if sources else "there is none"
        yield Found(
            "/code", f"code must have exactly one source, S3Bucket + S3Key, ImageUri or path; {found}", is_key=True
        )
    elif ("S3Bucket" in code) != ("S3Key" in code):
        missing = "S3Key" if "S3Bucket" in code else "S3Bucket"
        yield Found("/code", f"code needs {missing} as well", is_key=True)
    path = code.get("path")
    if isinstance(path, str) and (path.startswith(("/", "~", "\\")) or path[1:2] == ":"):
        yield Found("/code/path", f"code.path {path} is absolute; write it relative to this file")
    for member in ("S3ObjectVersion", "S3ObjectStorageMode"):
        if member in code and "S3Bucket" not in code and len(sources) == 1:
            yield Found(f"/code/{member}", f"code.{member} goes with S3Bucket and S3Key", is_key=True)


def fits_its_package(spec: Mapping[str, Any]) -> Iterator[Found]:
    configuration, code = part(spec, "configuration"), part(spec, "code")
    is_image = configuration.get("PackageType") == "Image"
    if "ImageUri" in code and "configuration" in spec and not is_image:
        yield Found("/code/ImageUri", "an image needs `PackageType: Image` under configuration", is_key=True)
    if is_image and code and "ImageUri" not in code:
        yield Found("/configuration/PackageType", "PackageType Image needs code.ImageUri", is_key=True)
    if "configuration" in spec and code and "Role" not in configuration:
        yield Found("/configuration", "a function needs configuration.Role, which has no default", is_key=True)
    for member in ("Runtime", "Handler", "Layers"):
        if is_image and configuration.get(member):
            yield Found(f"/configuration/{member}", f"an image function has no {member}; take it out", is_key=True)
        elif (
            "configuration" in spec
            and not is_image
            and code
            and "ImageUri" not in code
            and member not in configuration
            and member != "Layers"
        ):
            yield Found("/configuration", f"a function from a zip needs configuration.{member}", is_key=True)
    if "ImageConfig" in configuration and not is_image:
        yield Found("/configuration/ImageConfig", "ImageConfig is for images (`PackageType: Image`)", is_key=True)


def stays_below_lambdas_limits(spec: Mapping[str, Any]) -> Iterator[Found]:
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
            yield Found(f"/configuration/{'/'.join(steps)}", f"configuration.{member} is {value}; the most is {most}")


def environment_bytes(variables: Mapping[str, Any]) -> int:
    """How much of Lambda's limit an environment takes: the bytes of the map's compact JSON text, quotes and all."""
    texts = {key: value for key, value in variables.items() if isinstance(value, str)}
    return len(json.dumps(texts, separators=(",", ":"), ensure_ascii=False).encode(errors="surrogatepass"))


def keeps_the_environment_small_and_free(spec: Mapping[str, Any]) -> Iterator[Found]:
    at = "/configuration/Environment/Variables"
    variables = part(spec, "configuration", "Environment", "Variables")
    written = {key: REFERENCE.sub("", value) for key, value in variables.items() if isinstance(value, str)}
    size = environment_bytes(written)  # at the least: what a reference stands for is measured once it is known
    if size > MAX_ENVIRONMENT_BYTES:
        yield Found(at, f"the environment is {size} bytes; the most is {MAX_ENVIRONMENT_BYTES}", is_key=True)
    for key in variables:
        if key in RESERVED_VARIABLES:
            yield Found(f"{at}/{escaped(key)}", f"{key} is set by Lambda itself; choose another name", is_key=True)


def has_levels_only_with_json(spec: Mapping[str, Any]) -> Iterator[Found]:
    logging = part(spec, "configuration", "LoggingConfig")
    for member in ("ApplicationLogLevel", "SystemLogLevel"):
        if member in logging and logging.get("LogFormat", "Text") != "JSON":
            yield Found(f"/configuration/LoggingConfig/{member}", f"{member} needs `LogFormat: JSON`", is_key=True)


def has_subnets_and_groups(spec: Mapping[str, Any]) -> Iterator[Found]:
    network = part(spec, "configuration", "VpcConfig")
    if bool(network.get("SubnetIds")) != bool(network.get("SecurityGroupIds")):
        missing = "SecurityGroupIds" if network.get("SubnetIds") else "SubnetIds"
        yield Found("/configuration/VpcConfig", f"VpcConfig needs {missing} as well, or both empty", is_key=True)


def has_free_tags(spec: Mapping[str, Any]) -> Iterator[Found]:
    """AWS keeps its own prefix in any case of letters."""
    mappings = ((f"{at}/Tags", part(mapping, "Tags")) for at, _, mapping in named(spec, "event_source_mappings"))
    for at, tags in (("/tags", part(spec, "tags")), *mappings):
        for key in tags:
            for owner, prefix in (("AWS", "aws:"), ("reconcile", "reconcile:")):
                if key.lower().startswith(prefix):
                    message = f"tags that begin with {prefix} are {owner}'s own"
                    yield Found(f"{at}/{escaped(key)}", message, is_key=True)


# --- aliases and versions ------------------------------------------------------------------------------------------


def routes_as_lambda_can(spec: Mapping[str, Any]) -> Iterator[Found]:
    for at, name, alias in named(spec, "aliases"):
        shares = part(alias, "RoutingConfig", "AdditionalVersionWeights")
        where, main = f"{at}/RoutingConfig/AdditionalVersionWeights", alias.get("FunctionVersion")
        weighed = [version for version, share in shares.items() if share != 0]  # 0 is no routing
        if len(weighed) > 1:
            message = f"alias {name} sends traffic to {len(weighed)} more versions; Lambda takes one"
            yield Found(where, message, is_key=True)
        if main == "$LATEST" and weighed:
            yield Found(where, f"alias {name} is on $LATEST, which takes no weights; publish a version", is_key=True)
        if isinstance(main, str) and main in weighed:
            yield Found(
                f"{where}/{escaped(str(main))}",
                f"alias {name} is on version {main} already; weigh another one",
                is_key=True,
            )


def versions_of(alias: Mapping[str, Any]) -> list[Any]:
    """The versions that an alias sends traffic to, as they are written."""
    shares = part(alias, "RoutingConfig", "AdditionalVersionWeights")
    return [alias.get("FunctionVersion"), *(version for version, share in shares.items() if share != 0)]


def deletes_no_version_in_use(spec: Mapping[str, Any]) -> Iterator[Found]:
    for at, number, _ in named(spec, "versions"):
        for _, name, alias in named(spec, "aliases"):
            if number in versions_of(alias):
                yield Found(at, f"version {number} is used by alias {name}; move the alias first", is_key=True)


# --- event source mappings -----------------------------------------------------------------------------------------


def source_service(mapping: Mapping[str, Any]) -> str:
    arn = mapping.get("EventSourceArn")
    if isinstance(arn, str):
        return arn.split(":")[2] if arn.count(":") >= 2 else ""
    return "self-managed" if "SelfManagedEventSource" in mapping else ""


def polls_something(spec: Mapping[str, Any]) -> Iterator[Found]:
    for at, label, mapping in named(spec, "event_source_mappings"):
        service = source_service(mapping)
        if "EventSourceArn" in mapping and "SelfManagedEventSource" in mapping:
            yield Found(
                at, f"mapping {label} has two sources; take EventSourceArn or SelfManagedEventSource out", is_key=True
            )
        elif "EventSourceArn" not in mapping and "SelfManagedEventSource" not in mapping:
            yield Found(at, f"mapping {label} needs EventSourceArn (or SelfManagedEventSource)", is_key=True)
        elif service in PUSHING:
            yield Found(
                f"{at}/EventSourceArn",
                f"{service} is not polled by Lambda but calls it: it has no event source mapping; write {PUSHING[service]}",
            )
        elif service and service not in (*POLLED, "self-managed"):
            yield Found(
                f"{at}/EventSourceArn", f"Lambda polls {', '.join(POLLED)} and self-managed Kafka, not {service}"
            )


def starts_somewhere(spec: Mapping[str, Any]) -> Iterator[Found]:
    for at, label, mapping in named(spec, "event_source_mappings"):
        service, start = source_service(mapping), mapping.get("StartingPosition")
        if service in STREAMS and start is None:
            yield Found(
                at, f"mapping {label} polls a stream and needs StartingPosition: LATEST or TRIM_HORIZON", is_key=True
            )
        if service in ("sqs", "mq") and start is not None:
            yield Found(f"{at}/StartingPosition", f"{service} has no StartingPosition; take it out", is_key=True)
        if service == "dynamodb" and start == "AT_TIMESTAMP":
            yield Found(f"{at}/StartingPosition", "DynamoDB streams start at LATEST or TRIM_HORIZON")
        if (start == "AT_TIMESTAMP") != ("StartingPositionTimestamp" in mapping) and service != "dynamodb":
            yield Found(at, "AT_TIMESTAMP and StartingPositionTimestamp go together", is_key=True)


def starts_at_a_moment(spec: Mapping[str, Any]) -> Iterator[Found]:
    for at, _, mapping in named(spec, "event_source_mappings"):
        moment = mapping.get("StartingPositionTimestamp")
        if isinstance(moment, str):
            try:
                is_exact = datetime.fromisoformat(moment).tzinfo is not None
            except ValueError:
                is_exact = False
            if not is_exact:
                message = "StartingPositionTimestamp is a time with its offset, as in 2026-01-31T12:00:00Z, or seconds since 1970"
                yield Found(f"{at}/StartingPositionTimestamp", message)


def batches_as_the_queue_can(spec: Mapping[str, Any]) -> Iterator[Found]:
    for at, label, mapping in named(spec, "event_source_mappings"):
        if source_service(mapping) != "sqs":
            continue
        size, window = mapping.get("BatchSize", 10), mapping.get("MaximumBatchingWindowInSeconds", 0)
        is_fifo = str(mapping.get("EventSourceArn", "")).endswith(".fifo")
        if isinstance(size, int) and size > 10 and is_fifo:
            yield Found(f"{at}/BatchSize", f"BatchSize is {size}; a FIFO queue gives at most 10")
        elif isinstance(size, int) and size > 10 and window == 0:
            yield Found(f"{at}/BatchSize", f"BatchSize {size} needs MaximumBatchingWindowInSeconds of at least 1")
        if is_fifo and window:
            yield Found(
                f"{at}/MaximumBatchingWindowInSeconds", "a FIFO queue has no batching window; take it out", is_key=True
            )
        for member in STREAM_ONLY:
            if member in mapping:
                yield Found(f"{at}/{member}", f"{member} is for streams; mapping {label} polls a queue", is_key=True)


def invokes_a_declared_alias(spec: Mapping[str, Any]) -> Iterator[Found]:
    if not isinstance(spec.get("aliases"), dict):
        return
    declared = spec["aliases"]
    for at, label, mapping in named(spec, "event_source_mappings"):
        alias = mapping.get("alias")
        if (
            isinstance(alias, str)
            and alias.strip()
            and alias != "$LATEST"
            and not alias.isdigit()
            and alias not in declared
        ):
            choice = ", ".join(declared) or "none"
            yield Found(
                f"{at}/alias",
                f"mapping {label} invokes alias {alias}, which aliases does not declare; declared: {choice}",
            )


def mapping_identity(mapping: Mapping[str, Any]) -> str:
    """What AWS tells two mappings of one function apart by, as comparable text."""
    document = part(mapping, "DocumentDBEventSourceConfig")
    endpoints = part(mapping, "SelfManagedEventSource", "Endpoints")
    listed = mapping.get("SourceAccessConfigurations")
    accesses = listed if isinstance(listed, list) else []
    sign = [
        mapping.get("EventSourceArn"),
        {name: sorted(map(str, hosts)) if isinstance(hosts, list) else hosts for name, hosts in endpoints.items()},
        mapping.get("Topics"),
        mapping.get("Queues"),
        document.get("DatabaseName"),
        document.get("CollectionName"),
        sorted(
            str(item.get("URI")) for item in accesses if isinstance(item, dict) and item.get("Type") == "VIRTUAL_HOST"
        ),
        (mapping.get("alias") or "").replace("$LATEST", "") if isinstance(mapping.get("alias") or "", str) else "",
    ]
    return json.dumps(sign, sort_keys=True, default=str)


def maps_each_source_once(spec: Mapping[str, Any]) -> Iterator[Found]:
    first: dict[str, str] = {}
    for at, label, mapping in named(spec, "event_source_mappings"):
        if not source_service(mapping):
            continue
        sign = mapping_identity(mapping)
        if sign in first:
            what = f"mapping {label} polls the same source for the same qualifier as {{{first[sign]}}}"
            yield Found(at, f"{what}; keep one of them", is_key=True)
        first.setdefault(sign, at)


# --- the spec itself -----------------------------------------------------------------------------------------------

SECTIONS = ("configuration", "code", "tags", "aliases", "event_source_mappings")


def names_one_place(spec: Mapping[str, Any]) -> Iterator[Found]:
    if "region" in spec and "regions" in spec:
        yield Found("/regions", "write region or regions, not both", is_key=True)


def ignores_what_a_spec_has(spec: Mapping[str, Any]) -> Iterator[Found]:
    pointers = spec.get("ignore")
    for index, pointer in enumerate(pointers if isinstance(pointers, list) else []):
        if isinstance(pointer, str) and pointer.startswith("/") and pointer.split("/")[1] not in SECTIONS:
            yield Found(
                f"/ignore/{index}", f"an ignored path begins with one of {', '.join('/' + name for name in SECTIONS)}"
            )


def refers_only_to_what_is_known(spec: Mapping[str, Any]) -> Iterator[Found]:
    variables = part(spec, "configuration", "Environment", "Variables")
    suspects = {
        name: value for name, value in variables.items() if isinstance(value, str) and ("{{" in value or "{%" in value)
    }
    if not suspects:
        return
    from reconciler import references  # Jinja2 is needed only where there is a reference

    for name, value in suspects.items():
        try:
            references.parsed(value)
        except references.BadReference as error:
            yield Found(f"/configuration/Environment/Variables/{escaped(name)}", f"the value of {name} {error}")


def refers_only_where_references_are_read(spec: Mapping[str, Any]) -> Iterator[Found]:
    for at, is_key in stray_references(spec):
        message = (
            "a reference is read in values of configuration.Environment.Variables only; elsewhere write the text itself"
        )
        yield Found(at, message, is_key)


RULES: tuple[Rule, ...] = (
    names_one_place,
    has_one_code_source,
    fits_its_package,
    stays_below_lambdas_limits,
    keeps_the_environment_small_and_free,
    refers_only_to_what_is_known,
    refers_only_where_references_are_read,
    has_levels_only_with_json,
    has_subnets_and_groups,
    has_free_tags,
    routes_as_lambda_can,
    deletes_no_version_in_use,
    polls_something,
    starts_somewhere,
    starts_at_a_moment,
    batches_as_the_queue_can,
    invokes_a_declared_alias,
    maps_each_source_once,
    ignores_what_a_spec_has,
)
