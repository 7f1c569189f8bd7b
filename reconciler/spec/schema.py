"""botocore's service model plus our overlay to the JSON Schemas of spec files and reconcile.yaml. Pure.

The committed files in `schemas/` are what `reconcile schema` prints; checking specs reads them, never this module.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from html import unescape
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StringShape, StructureShape

from reconciler.core import service
from reconciler.files.validation import REFERRING
from reconciler.kinds.base import LETTERS, Section
from reconciler.kinds.function import FUNCTION
from reconciler.kinds.layer import LAYER
from reconciler.kinds.layer_version import LAYER_VERSION
from reconciler.kinds.registry import FUNCTION_SECTIONS, SECTIONS
from reconciler.kinds.retention import ALWAYS
from reconciler.kinds.version import RETAIN
from reconciler.spec import partial
from reconciler.spec.meant import OVERLAY

DRAFT = "https://json-schema.org/draft/2020-12/schema"
HOME = "urn:lambda-reconciler"

Schema = dict[str, Any]

NAME = {"type": "string", "pattern": "^[a-zA-Z0-9-_]+$", "minLength": 1, "maxLength": 64, "x-words": LETTERS}
REGION = {"type": "string", "pattern": "^[a-z]{2,4}(-[a-z]+)+-[0-9]$", "x-words": "a region as in us-west-2"}
REGIONS = {"type": "array", "items": REGION, "minItems": 1, "uniqueItems": True}
ACCOUNT_NAME = {"type": "string", "pattern": "^[A-Za-z0-9_.-]+$", "x-words": "letters, digits, dots, - and _"}
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
    "Topic": "a topic's name: letters, digits, dots, - and _, and no dot at the start",
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
        name: _described(member, shape_schema(member, answers.get(name))) for name, member in shape.members.items()
    }
    extra = {
        name: {"readOnly": True, "description": "Answered by AWS; ignored in a spec."}
        for name in answers
        if name not in properties
    }
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


def _described(shape: Shape, schema: Schema) -> Schema:
    """The schema with the first sentences of AWS's documentation, for the editor's hover."""
    text = unescape(re.sub(r"<[^>]+>", "", shape.documentation or "")).strip()
    first = re.match(r".{1,300}?[.:](?=\s|$)", " ".join(text.split()))
    return {"description": first[0], **schema} if first else schema


def section_schema(section: Section) -> Schema:
    """A section's schema: the members that it takes, of its create call's shape, with ours; below names where it is a map."""
    shape = section.shape
    answers = service.response(section.answer).members if section.answer else {}
    taken = {
        name: _described(shape.members[name], shape_schema(shape.members[name], answers.get(name)))
        for name in sorted(section.members & set(shape.members))
    }
    extra = {
        name: {"readOnly": True, "description": "Answered by AWS; ignored in a spec."}
        for name in sorted(answers)
        if name not in taken
    }
    members = laid_over({"properties": taken | extra}, {"properties": section.own})["properties"]
    entry: Schema = {
        "type": "object",
        "properties": members,
        "additionalProperties": False,
        "x-refused": dict(section.refused),
    }
    needs: Schema = {"required": list(section.required)} if section.required else {}
    if not section.keys:  # an empty map is no entry
        entry |= {"if": {"minProperties": 1}, "then": needs} if needs else {}
    else:
        entry |= needs
    for names in filter(None, (section.inner_keys, section.keys)):
        words = {"properties": dict(section.words)} if names is section.inner_keys and section.words else {}
        entry = {"type": "object", **words, "additionalProperties": entry, "propertyNames": dict(names)}
    return {"description": section.about} | entry


def laid_over(schema: Any, own: Any) -> Any:
    """A schema with ours over it, at every depth; one with a type of its own stands instead."""
    if not isinstance(schema, dict) or not isinstance(own, Mapping) or "type" in own:
        return dict(own) if isinstance(own, Mapping) else own
    return schema | {key: laid_over(schema.get(key), item) for key, item in own.items()}


def function_schema() -> Schema:
    """The schema of one spec, whole."""
    sections = {section.name: section_schema(section) for section in SECTIONS}
    own: Schema = {
        "function": {"description": "The function's name as AWS knows it; taken as written.", **NAME},
        **_target_keys(FUNCTION.name),
        **{name: schema for name, schema in sections.items() if name in FUNCTION_SECTIONS},
        "publish": {"description": "Publish a version whenever code or configuration changed.", "type": "boolean"},
        "tags": TAGS,
        **{name: schema for name, schema in sections.items() if name not in FUNCTION_SECTIONS},
        "versions": VERSIONS,
        OVERLAY: _overlay((*sections, "tags")),
        **_permissions(),
    }
    return {
        "title": "A spec of lambda-reconciler: what AWS should hold of one Lambda function",
        "type": "object",
        "properties": own,
        "required": ["function"],
        "additionalProperties": False,
    }


def layer_schema() -> Schema:
    """The schema of one file of a layer."""
    sections = {section.name: section_schema(section) for section in LAYER.sections}
    name = {**NAME, "maxLength": 140}
    own: Schema = {
        "layer": {"description": "The layer's name as AWS knows it; functions refer to it by that.", **name},
        **_target_keys(LAYER.name),
        **sections,
        LAYER_VERSION.section: {
            "description": "How many versions stay, the newest first; left out, all of them. One that a function has is never deleted.",
            "type": "integer",
            "minimum": 1,
        },
        OVERLAY: _overlay(sections),
    }
    return {
        "title": "A spec of lambda-reconciler: what AWS should hold of one Lambda layer",
        "type": "object",
        "properties": own,
        "required": ["layer"],
        "additionalProperties": False,
    }


def _overlay(sections: Iterable[str]) -> Schema:
    """Parts of sections: what they make of the whole is checked."""
    parts = {name: {"type": ["object", "null"]} for name in sections}
    return {
        "description": "Region -> what is another there: maps are laid over by their keys, all else is replaced, null takes away.",
        "type": "object",
        "propertyNames": REGION,
        "additionalProperties": {"type": "object", "additionalProperties": False, "properties": parts},
    }


TAGS: Schema = {
    "description": "The function's tags, all of them.",
    "type": "object",
    "maxProperties": 50,
    "additionalProperties": {"type": "string", "maxLength": 256},
    "propertyNames": {"minLength": 1, "maxLength": 128},
}
VERSIONS: Schema = {
    "description": "Number -> {state: absent}: published versions to delete; `retain`: which of the others stay.",
    "type": "object",
    "properties": {
        RETAIN: {
            "description": "Versions beyond the newest ones go once they are older than so many days too, and never one that anything uses; left out, all of them stay.",
            "type": "object",
            "properties": {
                "newest": {"description": "So many stay, the newest first.", "type": "integer", "minimum": ALWAYS},
                "days": {
                    "description": "Those that were published since stay as well.",
                    "type": "integer",
                    "minimum": 1,
                    "maximum": 36500,
                },
            },
            "additionalProperties": False,
        }
    },
    "propertyNames": {"pattern": f"^({RETAIN}|[1-9][0-9]*)$", "x-words": f"a version's number, or {RETAIN}"},
    "additionalProperties": {
        "type": "object",
        "properties": {"state": {"type": "string", "enum": ["absent"]}},
        "required": ["state"],
        "additionalProperties": False,
    },
}


def _target_keys(noun: str) -> Schema:
    """The keys that say where the function or layer is, and whether it should be."""
    return {
        "account": {
            "description": "An account of reconcile.yaml; may be left out when there is one.",
            **ACCOUNT_NAME,
        },
        "region": {"description": f"The {noun}'s region; may be left out when its account has one.", **REGION},
        "regions": {"description": f"The {noun} in several regions, alike.", **REGIONS},
        "state": {"description": "`absent` asks for deletion.", "enum": ["present", "absent"], "type": "string"},
    }


def _permissions() -> Schema:
    """The keys that say what a plan may do and must leave alone."""
    return {
        "ignore": {
            "description": "JSON Pointers of what somebody else owns; `*` stands for one level.",
            "type": "array",
            "items": {
                "type": "string",
                "pattern": "^(/([^/~]|~[01])*)+$",
                "x-words": "a JSON Pointer, /configuration/…",
            },
        },
        "allow_replace": {
            "description": "Let a change that needs it delete and create the resource.",
            "type": "boolean",
        },
        "policy": {
            "description": "As an export has it; what is written here is not managed.",
            "type": ["string", "null"],
            "readOnly": True,
        },
        "was": {"description": "The function's name before: its deletion waits until this one is there.", **NAME},
        "adopt": {"description": "Take over a function that exists and bears no owner mark.", "type": "boolean"},
    }


CLOSED: Schema = {"type": "object", "additionalProperties": False}
S3_ADDRESS: Schema = {
    "type": "string",
    "pattern": "^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/.+$",
    "x-words": "s3://BUCKET/KEY",
}


def config_schema() -> Schema:
    """The schema of reconcile.yaml."""
    enabled = {"description": "false: every plan and apply is refused.", "type": "boolean"}
    account = {**CLOSED, "required": ["name"], "properties": _account()}
    aws = {
        "lambda": {**CLOSED, "properties": {"enabled": enabled}},
        "accounts": {"type": "array", "minItems": 1, "items": account},
    }
    guards = {
        "maxDeletes": {"type": "integer", "minimum": 0},
        "maxDeletePercent": {"type": "number", "minimum": 0, "maximum": 100},
    }
    return {
        "title": "reconcile.yaml: accounts, owner mark and guards",
        **CLOSED,
        "properties": {
            "aws": {**CLOSED, "required": ["accounts"], "properties": aws},
            "managedBy": {
                "description": "The owner mark, written as the tag reconcile:managed-by.",
                "type": "string",
                "pattern": "^[A-Za-z0-9 _.:/=+@-]{1,256}$",
                "x-words": "what a tag may hold: letters, digits, spaces and _.:/=+@-",
            },
            "prune": {
                "description": "true: a spec that is dropped asks for the deletion of its function.",
                "type": "boolean",
            },
            "approval": {
                "description": "none: `ci apply` carries out what no pull request has shown as well. Left out: pull_request.",
                "enum": ["pull_request", "none"],
            },
            "guards": {**CLOSED, "properties": guards},
            "lock": {
                "description": "Where the lock lies; may refer to account and region, each of which has its own then.",
                **S3_ADDRESS,
            },
            "reports": {"description": "Where reports are kept as well.", **S3_ADDRESS},
            "artifacts": {
                "description": "Where packages are put that are too large for a request; may refer to account and region.",
                "type": "string",
                "pattern": r"^s3://([a-z0-9.-]|\{\{[^{}/]+\}\})+/.*[^/]$",
                "x-words": "s3://BUCKET/PREFIX",
            },
        },
        "required": ["aws"],
    }


def _account() -> Schema:
    return {
        "name": {"description": "What specs call it.", **ACCOUNT_NAME},
        "lambdaEnabled": {"description": "false or left out: specs of this account are refused.", "type": "boolean"},
        "accountId": {
            "description": "Checked against the caller's identity before anything is read.",
            "type": "string",
            "pattern": "^[0-9]{12}$",
            "x-words": "twelve digits in quotes",
        },
        "regions": {"description": "The regions that specs may name.", **REGIONS},
        "profile": {"description": "A profile of the AWS configuration files.", "type": "string", "minLength": 1},
        "assumeRole": {
            "description": "A role's ARN, or `role/NAME` in the account.",
            "type": "string",
            "pattern": "^(arn:aws[a-z-]*:iam::[0-9]{12}:role/|role/)?[A-Za-z0-9+=,.@_/-]+$",
            "x-words": "role/NAME, or arn:aws:iam::ACCOUNT:role/NAME",
        },
        "sessionName": {
            "description": "The session's name in CloudTrail.",
            "type": "string",
            "pattern": "^[A-Za-z0-9+=,.@_-]{2,64}$",
            "x-words": "2 to 64 letters, digits and +=,.@_-",
        },
        "sessionDuration": {"description": "Seconds.", "type": "integer", "minimum": 900, "maximum": 43200},
        "externalId": {
            "description": "What the role's trust policy asks for.",
            "x-sensitive": True,
            "type": "string",
            "minLength": 2,
            "maxLength": 1224,
        },
    }


GENERATORS: Mapping[str, Callable[[], Schema]] = {
    "function": lambda: partial.of_file(function_schema()),
    "defaults": lambda: partial.of_defaults(function_schema()),
    "layer": layer_schema,
    "config": config_schema,
}


def render(kind: str, schema: Schema) -> str:
    """The text of a committed schema file."""
    head = {
        "$comment": f"Generated by `reconcile schema --kind {kind}`; do not edit.",
        "$schema": DRAFT,
        "$id": f"{HOME}:{kind}",
    }
    return json.dumps(head | schema, indent=2, ensure_ascii=False) + "\n"
