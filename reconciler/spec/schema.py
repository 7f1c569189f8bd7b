"""The JSON Schemas of spec files and reconcile.yaml: sections as botocore's service model has them, with our overlay, and what is ours alone. Pure.

The committed files in `schemas/` are what `reconcile schema` prints; checking specs reads them, never this module.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from reconciler.core import service
from reconciler.kinds.base import LETTERS, Section
from reconciler.kinds.function import FUNCTION
from reconciler.kinds.layer import LAYER
from reconciler.kinds.layer_version import LAYER_VERSION
from reconciler.kinds.registry import FUNCTION_SECTIONS, SECTIONS
from reconciler.kinds.retention import ALWAYS
from reconciler.kinds.version import RETAIN
from reconciler.spec import freezes, partial
from reconciler.spec.meant import OVERLAY
from reconciler.spec.shapes import ANSWERED, Schema, described, shape_schema

DRAFT = "https://json-schema.org/draft/2020-12/schema"
HOME = "urn:lambda-reconciler"

NAME = {"type": "string", "pattern": "^[a-zA-Z0-9-_]+$", "minLength": 1, "maxLength": 64, "x-words": LETTERS}
REGION = {"type": "string", "pattern": "^[a-z]{2,4}(-[a-z]+)+-[0-9]$", "x-words": "a region as in us-west-2"}
REGIONS = {"type": "array", "items": REGION, "minItems": 1, "uniqueItems": True}
ACCOUNT_NAME = {"type": "string", "pattern": "^[A-Za-z0-9_.-]+$", "x-words": "letters, digits, dots, - and _"}


def section_schema(section: Section) -> Schema:
    """A section's schema: the members that it takes, of its create call's shape, with ours; below names where it is a map."""
    shape = section.shape
    answers = service.response(section.answer).members if section.answer else {}
    taken = {
        name: described(shape.members[name], shape_schema(shape.members[name], answers.get(name)))
        for name in sorted(section.members & set(shape.members))
    }
    extra = {name: ANSWERED for name in sorted(answers) if name not in taken}
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
            freezes.KEY: freezes.SCHEMA,
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
