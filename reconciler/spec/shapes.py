"""botocore's service model, shape by shape, to JSON Schema: what a member of a request takes, and in words what its patterns mean. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import unescape
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StringShape, StructureShape

from reconciler.files.validation import REFERRING

Schema = dict[str, Any]

ANSWERED: Schema = {"readOnly": True, "description": "Answered by AWS; ignored in a spec."}
_ARN = "an ARN, arn:aws:SERVICE:REGION:ACCOUNT:RESOURCE"
# Of these shapes AWS adds values faster than anybody raises botocore: what has their form is taken, AWS decides, and the
# values that are known are examples, which editors show.
OPEN: Mapping[str, Schema] = {
    "Runtime": {
        "pattern": "^[a-z][a-z0-9]*([.-][a-z0-9]+)*$",
        "maxLength": 64,
        "x-words": "a runtime's identifier, as in python3.13",
    },
}
# Of these a reference stays one until a plan is made, so that it passes as what it is.
REFERRED: Mapping[str, str] = {"LayerVersionArn": r"^\{\{[-+]?\s*layer\([^{}]*\)\s*[-+]?\}\}$|"}
# What a pattern of the service model means, by the name of its shape; the rest are shown as they are.
WORDS: Mapping[str, str] = {
    "Action": "lambda:ACTION, lambda:* or *",
    "Arn": _ARN,
    "CapacityProviderArn": _ARN,
    "CodeSigningConfigArn": "a code signing configuration's ARN, arn:aws:lambda:REGION:ACCOUNT:code-signing-config:csc-…",
    "CollectionName": "a collection's name: no $, and not beginning with system.",
    "DatabaseName": "a database's name: without spaces, slashes, dots, $ and quotes",
    "DestinationArn": f"{_ARN}, or kafka://TOPIC",
    "Endpoint": "HOST:PORT",
    "EnvironmentVariableName": "letters, digits and _, two at least, the first a letter",
    "EventSourceToken": "letters, digits and ._-",
    "FileSystemArn": "the ARN of an EFS or S3 Files access point",
    "FunctionRuntimeArn": "a runtime's ARN, arn:aws:lambda:REGION:ACCOUNT:runtime/NAME",
    "Handler": "text without spaces, as in lambda_function.lambda_handler",
    "KMSKeyArn": "a key's ARN, arn:aws:kms:REGION:ACCOUNT:key/ID, or empty",
    "LayerVersionArn": "a layer version's ARN, arn:aws:lambda:REGION:ACCOUNT:layer:NAME:VERSION, or {{ layer('NAME') }}",
    "LocalMountPath": "/mnt/NAME",
    "LogGroup": "a log group's name: letters, digits, dots and -_/#",
    "ResourceArn": f"{_ARN}, or empty",
    "Principal": "a service as s3.amazonaws.com, an account's number, an ARN or *, without spaces",
    "PrincipalOrgID": "an organization's id, o-…",
    "RoleArn": "a role's ARN, arn:aws:iam::ACCOUNT:role/NAME",
    "RuntimeVersionArn": "a runtime version's ARN, arn:aws:lambda:REGION::runtime:ID",
    "S3Bucket": "a bucket's name: letters, digits, dots, - and _, and no dot at the end",
    "SecurityGroupId": "a security group's id, sg-…",
    "SourceOwner": "an account's number, twelve digits in quotes",
    "SubnetId": "a subnet's id, subnet-…",
    "Topic": "a topic's name: letters, digits, dots, - and _, two at least, and no dot at the start",
}


def shape_schema(shape: Shape, answered: Shape | None = None) -> Schema:
    """The schema of a request shape. Where AWS answers more than it takes (`answered`), that is accepted as read-only,
    so that an answer can be pasted."""
    schema: Schema = {}
    if shape.metadata.get("sensitive") and shape.type_name not in ("map", "structure"):
        schema["x-sensitive"] = True
    match shape:
        case StructureShape():
            return schema | _structure(shape, answered)
        case MapShape():
            names = _form(shape.key)
            inner = shape_schema(shape.value)
            return (
                schema | {"type": "object", "additionalProperties": inner} | ({"propertyNames": names} if names else {})
            )
        case ListShape():
            limits = _limits(shape, "minItems", "maxItems")
            member = answered.member if isinstance(answered, ListShape) else None
            return schema | {"type": "array", "items": shape_schema(shape.member, member)} | limits
        case StringShape():
            return schema | _string(shape, answered)
    return schema | _scalar(shape)


def _structure(shape: StructureShape, answered: Shape | None) -> Schema:
    answers = answered.members if isinstance(answered, StructureShape) else {}
    properties = {
        name: described(member, shape_schema(member, answers.get(name))) for name, member in shape.members.items()
    }
    extra = {name: ANSWERED for name in answers if name not in properties}
    required = {"required": list(shape.required_members)} if shape.required_members else {}
    return {"type": "object", "properties": properties | extra, "additionalProperties": False, **required}


def _string(shape: StringShape, answered: Shape | None) -> Schema:
    schema: Schema = {"type": "string"}
    if shape.name in OPEN:
        return schema | OPEN[shape.name] | {"examples": list(shape.enum)}
    if shape.enum:
        return schema | {"enum": list(shape.enum)}
    schema |= _limits(shape, "minLength", "maxLength")
    schema |= _form(shape)
    if "pattern" in schema:
        schema["pattern"] = REFERRING + REFERRED.get(shape.name, "") + schema["pattern"]
    if isinstance(answered, StructureShape) and "Arn" in answered.members:
        pasted = {"type": "object", "required": ["Arn"], "properties": {"Arn": schema}, "readOnly": True}
        return {"anyOf": [schema, pasted]}
    return schema


def _scalar(shape: Shape) -> Schema:
    match shape.type_name:
        case "integer" | "long":
            return {"type": "integer"} | _limits(shape, "minimum", "maximum")
        case "float" | "double":
            return {"type": "number"} | _limits(shape, "minimum", "maximum")
        case "boolean":
            return {"type": "boolean"}
        case "timestamp":
            return {"type": ["string", "number"]}
        case other:
            raise ValueError(f"no schema for shape type {other}")


def _limits(shape: Shape, low: str, high: str) -> Schema:
    return {word: shape.metadata[name] for word, name in ((low, "min"), (high, "max")) if name in shape.metadata}


def _pattern(shape: Shape) -> str:
    """The model's pattern where Python can read it and it says anything; Java's classes (`\\p{L}`) are left to AWS."""
    pattern = str(shape.metadata.get("pattern", ""))
    return "" if pattern in (".*", "[\\s\\S]*") or "\\p{" in pattern else pattern


def _form(shape: Shape) -> Schema:
    """What a text must look like: the model's pattern, and in words where we have them."""
    words = {"x-words": WORDS[shape.name]} if shape.name in WORDS else {}
    return {"pattern": anchored(_pattern(shape)), **words} if _pattern(shape) else {}


def anchored(pattern: str) -> str:
    return pattern if re.fullmatch(r"\^[^|]*\$", pattern) else f"^(?:{pattern})$"


def described(shape: Shape, schema: Schema) -> Schema:
    """The schema with the first sentences of AWS's documentation, for the editor's hover."""
    text = unescape(re.sub(r"<[^>]+>", "", shape.documentation or "")).strip()
    first = re.match(r".{1,300}?[.:](?=\s|$)", " ".join(text.split()))
    return {"description": first[0], **schema} if first else schema
