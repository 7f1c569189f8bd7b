"""The schemas of parts: what is laid over something else needs nothing of its own, and null takes any member of it away. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from reconciler.spec import extending

Schema: TypeAlias = dict[str, Any]

# What only a whole is asked for: a part of it may have less.
OF_A_WHOLE = ("required", "if", "then", "minProperties")
LABEL: Schema = {"pattern": f"^{extending.LABEL.pattern}$", "x-words": "letters, digits, dots, - and _"}
EXTENDS: Schema = {
    "description": "A file of defaults that this is laid over, relative to this file.",
    "type": "string",
    "minLength": 1,
}
VARIANTS: Schema = {
    "description": "Label -> the same function elsewhere: an account, a region or regions, and what is another there, laid over the rest.",
    "type": "object",
    "minProperties": 1,
    "propertyNames": LABEL,
    "additionalProperties": {"$ref": "#/$defs/variant"},
}
NAME: Schema = {"description": "A name for people: what these are the defaults of.", "type": "string", "minLength": 1}
# Of a spec what defaults do not say, with the reason.
NO_DEFAULTS: Mapping[str, str] = {
    "function": "defaults are for many functions",
    **dict.fromkeys(("account", "region", "regions"), "where a function is stands in its spec, or in variants"),
    **dict.fromkeys(("state", "was"), "it is one function's, so it stands in its spec"),
}

NO_VARIANT = {name: extending.NOT_IN_A_VARIANT[name] for name in ("function", "extends", "variants")}


def part(schema: Schema) -> Schema:
    """The schema of a part of what a schema is of. A list is one value, so it is whole."""
    less = {word: item for word, item in schema.items() if word not in OF_A_WHOLE}
    if "properties" in less:
        less["properties"] = {name: _or_null(part(inner)) for name, inner in less["properties"].items()}
    if isinstance(less.get("additionalProperties"), dict):
        less["additionalProperties"] = _or_null(part(less["additionalProperties"]))
    return less


def _or_null(schema: Schema) -> Schema:
    named = schema.get("type", [])
    types = {"type": list(dict.fromkeys([*([named] if isinstance(named, str) else named), "null"]))} if named else {}
    choice = {"enum": [*schema["enum"], None]} if "enum" in schema else {}
    return schema | types | choice


def of_file(whole: Schema) -> Schema:
    """The schema of a spec's file: what extends something or has variants is made of parts, and any other one is whole."""
    title, whole = _untitled(whole)
    own = {"extends": EXTENDS, "variants": VARIANTS}
    names = {"function": whole["properties"]["function"], **own}
    return {
        "title": title,
        "if": {"anyOf": [{"required": [name]} for name in own]},
        "then": {"$ref": "#/$defs/parts", "required": ["function"]},
        "else": {"$ref": "#/$defs/whole"},
        "$defs": {
            "whole": {**whole, "properties": {**whole["properties"], **own}},
            "parts": _with(part(whole), names),
            "variant": {"$ref": "#/$defs/parts", "properties": dict.fromkeys(names, False)},
        },
    }


def of_defaults(whole: Schema) -> Schema:
    """The schema of a file of defaults."""
    _, whole = _untitled(whole)
    parts = part(whole)
    sections = {name: item for name, item in parts["properties"].items() if name not in NO_DEFAULTS}
    return {
        "title": "Defaults of lambda-reconciler: what the specs say that extend them",
        **whole,
        "properties": {"defaults": NAME, "extends": EXTENDS, **sections, "variants": VARIANTS},
        "required": ["defaults"],
        "x-refused": dict(NO_DEFAULTS),
        "$defs": {"variant": _without(parts, "function") | {"x-refused": dict(NO_VARIANT)}},
    }


def _with(schema: Schema, properties: Schema) -> Schema:
    return {**schema, "properties": {**schema["properties"], **properties}}


def _without(schema: Schema, name: str) -> Schema:
    return {**schema, "properties": {key: item for key, item in schema["properties"].items() if key != name}}


def _untitled(schema: Schema) -> tuple[str, Schema]:
    return schema["title"], {word: item for word, item in schema.items() if word != "title"}
