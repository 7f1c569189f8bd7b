"""The committed schemas: what the service model says, usable by an editor, and safe to match hostile text against."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from reconciler.commands import schemas
from reconciler.core import service
from reconciler.files import validation
from reconciler.files.validation import REFERRING
from reconciler.kinds.registry import SECTIONS
from reconciler.kinds.url import URLS
from reconciler.spec.schema import section_schema

KINDS = sorted(schemas.GENERATORS)
ROOT = Path(__file__).parents[2]
FUNCTION = validation.load_schema("function")


def schemas_in(node: Any, at: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every (pointer, schema) below a schema."""
    if not isinstance(node, dict):
        return
    yield at, node
    for word in ("items", "additionalProperties", "propertyNames"):
        yield from schemas_in(node.get(word), f"{at}/{word}")
    for name, inner in node.get("properties", {}).items():
        yield from schemas_in(inner, f"{at}/{name}")
    for inner in node.get("anyOf", ()):
        yield from schemas_in(inner, f"{at}/anyOf")


ALL = [
    (kind, at, found)
    for kind in ("function", "defaults", "config")
    for at, found in schemas_in(validation.load_schema(kind))
]


@pytest.mark.parametrize("kind", KINDS)
def test_the_committed_schema_is_the_generated_one(kind: str) -> None:
    committed = (ROOT / "schemas" / f"{kind}.schema.json").read_text(encoding="utf-8")
    assert committed == schemas.render(kind), f"run `reconcile schema --kind {kind} > schemas/{kind}.schema.json`"


@pytest.mark.parametrize("kind", KINDS)
def test_a_schema_is_a_schema_and_says_where_it_comes_from(kind: str) -> None:
    document = json.loads(schemas.render(kind))
    Draft202012Validator.check_schema(document)
    assert next(iter(document)) == "$comment"
    assert f"`reconcile schema --kind {kind}`" in document["$comment"]


def test_there_is_a_file_for_every_schema_and_no_other() -> None:
    assert sorted(path.name for path in (ROOT / "schemas").iterdir()) == [f"{kind}.schema.json" for kind in KINDS]


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.name)
def test_every_member_of_the_calls_is_taken_or_refused_with_a_reason(section: Any) -> None:
    node = FUNCTION["properties"][section.name]
    for _ in range(section.levels):
        node = node["additionalProperties"]
    taken = node["properties"]
    for operation in section.calls:
        lost = {name for name in service.members(operation) if taken.get(name, {}).get("readOnly", name not in taken)}
        assert lost <= set(section.refused) | {"Code"}, operation


def test_what_aws_answers_may_be_pasted() -> None:
    taken = FUNCTION["properties"]["configuration"]["properties"]
    answered = service.response("GetFunctionConfiguration").members
    assert set(answered) <= set(taken)
    assert {name for name in answered if taken[name].get("readOnly")} >= {
        "FunctionArn",
        "CodeSha256",
        "State",
        "Version",
    }


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ({}, []),
        ({"AuthType": "NONE"}, []),
        ({"InvokeMode": "BUFFERED"}, ["section needs AuthType"]),
        ({"AuthType": "NONE", "Corz": {}}, ["section.Corz is not a Lambda setting; did you mean Cors?"]),
    ],
    ids=["empty", "whole", "a required member lacks", "an unknown member"],
)
def test_what_there_is_one_of_may_be_said_not_to_be_though_it_requires_members(
    written: dict[str, Any], told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    single = section_schema(replace(URLS, keys={}))
    monkeypatch.setattr(validation, "validator", lambda _: Draft202012Validator({"properties": {"section": single}}))
    assert [message for _, message, _ in validation.findings({"section": written}, "function")] == told


def test_environment_values_are_sensitive() -> None:
    variables = FUNCTION["properties"]["configuration"]["properties"]["Environment"]["properties"]["Variables"]
    assert variables["additionalProperties"]["x-sensitive"] is True


def test_a_map_takes_no_keys_that_are_not_named() -> None:
    open_maps = [
        f"{kind}{at}"
        for kind, at, found in ALL
        if found.get("type") == "object" and "additionalProperties" not in found and not found.get("readOnly")
    ]
    assert open_maps == []


PATTERNS = sorted({found["pattern"].removeprefix(REFERRING) for _, _, found in ALL if "pattern" in found})
HOSTILE = ("a" * 2000 + "!", "a-" * 1000 + "!", "arn:aws:" + ":" * 2000, "a." * 1000 + "!", "/mnt/" + "a" * 2000 + "\n", "-a" * 1000 + "!")  # fmt: skip


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_pattern_is_anchored_and_takes_hostile_text_in_its_stride(pattern: str) -> None:
    assert pattern.startswith("^")
    assert pattern.endswith("$")
    started = time.process_time()
    for text in HOSTILE:
        re.search(pattern, text)
    assert time.process_time() - started < 10, "backtracking would take minutes; this bound only tells it from that"


def test_a_pattern_is_said_in_words() -> None:
    """All but the service model's rarer ones, of event source mappings, which are shown as they are."""
    silent = [f"{kind}{at}" for kind, at, found in ALL if "pattern" in found and "x-words" not in found]
    assert [at for at in silent if "/event_source_mappings/" not in at] == []


def test_an_editor_has_something_to_show() -> None:
    taken = FUNCTION["properties"]["configuration"]["properties"]
    assert "amount of time" in taken["Timeout"]["description"]
    assert not [
        at for _, at, found in ALL if "<" in found.get("description", "") and "</" in found.get("description", "")
    ]


EXTENDING = {"function": "f", "extends": "../defaults.yaml"}
FOR_EDITORS: dict[str, tuple[str, dict[str, Any], bool]] = {
    "a spec": ("function", {"function": "f", "configuration": {"Timeout": 3}}, True),
    "a null in a spec": ("function", {"function": "f", "configuration": {"VpcConfig": None}}, False),
    "a null in a part": ("function", {**EXTENDING, "configuration": {"VpcConfig": None}, "tags": None}, True),
    "a part of an entry": ("function", {**EXTENDING, "event_source_mappings": {"q": {"BatchSize": 3}}}, True),
    "an unknown key in a part": ("function", {**EXTENDING, "configuration": {"Timout": 3}}, False),
    "variants": ("function", {"function": "f", "variants": {"prod": {"account": "prod", "tags": None}}}, True),
    "another function in a variant": ("function", {"function": "f", "variants": {"prod": {"function": "g"}}}, False),
    "an unknown key in a variant": ("function", {"function": "f", "variants": {"prod": {"tgas": {}}}}, False),
    "no function": ("function", {"extends": "../defaults.yaml"}, False),
    "defaults": ("defaults", {"defaults": "d", "configuration": {"Timeout": 3, "VpcConfig": None}}, True),
    "defaults for an account": ("defaults", {"defaults": "d", "account": "prod"}, False),
    "defaults without a name": ("defaults", {"configuration": {"Timeout": 3}}, False),
}


@pytest.mark.parametrize(("kind", "value", "is_valid"), FOR_EDITORS.values(), ids=FOR_EDITORS)
def test_an_editor_takes_parts_for_parts_and_a_whole_for_a_whole(kind: str, value: Any, is_valid: bool) -> None:
    assert Draft202012Validator(json.loads(schemas.render(kind))).is_valid(value) == is_valid
