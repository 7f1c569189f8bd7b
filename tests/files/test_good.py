"""The function that a schema is made into says yes exactly where jsonschema finds nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from reconciler.commands.schemas import GENERATORS
from reconciler.files import validation
from reconciler.files.good import Compiler

KINDS = sorted(GENERATORS)
ODD: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    1,
    -1,
    1.0,
    60.0,
    "",
    " ",
    "a",
    "1",
    "$LATEST",
    "x" * 3000,
    [],
    {},
    ["a", "a"],
    {"a": 1},
    {"b": ""},
)
VALUES = st.sampled_from(ODD)
Schema = Mapping[str, Any]


@st.composite
def near(draw: st.DrawFn, schema: Schema, root: Schema, odds: int, depth: int = 6) -> Any:
    """A value that a schema takes, or hardly does not."""
    if depth == 0 or (odds and draw(st.integers(1, odds)) == odds):
        return draw(VALUES)
    if "$ref" in schema:
        inner: Any = root
        for step in schema["$ref"].removeprefix("#/").split("/"):
            inner = inner[step]
        return draw(near(inner, root, odds, depth))
    if "anyOf" in schema and "type" not in schema:
        return draw(near(draw(st.sampled_from(schema["anyOf"])), root, odds, depth))
    if "enum" in schema or "const" in schema:
        return draw(
            st.sampled_from([*schema.get("enum", ()), *filter(None, [schema.get("const", "other" if odds else "")])])
        )
    match schema.get("type"):
        case "object":
            return draw(maps(schema, root, odds, depth))
        case "array":
            items = draw(st.lists(near(schema.get("items", {}), root, odds, depth - 1), max_size=3))
            return items + draw(st.sampled_from([[], items, items[:1]] if odds else [[]]))
        case "string":
            return draw(texts(schema, odds))
        case "integer" | "number":
            bounds = [schema.get(name, 7) for name in ("minimum", "maximum", "exclusiveMinimum")]
            beyond = [bound + step for bound in bounds for step in (-1, 1, 0.0, 0.5)]
            return draw(st.sampled_from([*bounds, *(beyond if odds else ())]))
    return draw(VALUES)


@st.composite
def maps(draw: st.DrawFn, schema: Schema, root: Schema, odds: int, depth: int) -> dict[str, Any]:
    known = schema.get("properties", {})
    chosen = draw(st.lists(st.sampled_from(sorted(known)), max_size=4, unique=True)) if known else []
    value = {
        name: draw(near(known[name], root, odds, depth - 1))
        for name in {*chosen, *schema.get("required", ())} & {*known}
    }
    others = schema.get("additionalProperties")
    names = texts(schema.get("propertyNames", {}), odds)
    for name in draw(st.lists(names, max_size=2)) if others is not False or odds == 1 else ():
        value[name] = draw(near(others, root, odds, depth - 1)) if isinstance(others, dict) else draw(VALUES)
    return value


@st.composite
def texts(draw: st.DrawFn, schema: Schema, odds: int) -> Any:
    lengths = [schema[name] for name in ("minLength", "maxLength") if schema.get(name, 10_000) < 10_000]
    around = [
        "x" * (length + step) for length in lengths for step in ((-1, 0, 1) if odds else (0,)) if length + step >= 0
    ]
    plain = st.sampled_from(
        [*around, "a", "main", "live", "us-west-2", "123456789012", "x\n", *schema.get("examples", ())]
    )
    fitting = st.from_regex(re.compile(schema["pattern"], re.ASCII)) if "pattern" in schema else plain
    return draw(plain | fitting if odds else fitting)


@pytest.mark.parametrize("draws", [pytest.param(15, id="a few"), pytest.param(60, id="many", marks=pytest.mark.sweep)])
@pytest.mark.parametrize("kind", KINDS)
def test_it_says_yes_exactly_where_jsonschema_finds_nothing(kind: str, draws: int) -> None:
    schema, root = validation.load_schema(kind), json.loads(validation.schema_text(kind))
    said = {True: 0, False: 0}

    @settings(max_examples=draws, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @example(None)
    @given(st.sampled_from((0, 0, 100, 10)).flatmap(lambda odds: near(schema, root, odds)))
    def judged(value: Any) -> None:
        is_good = validation.is_good(kind)(value)
        said[is_good] += 1
        assert is_good == (not list(validation.validator(kind).iter_errors(value)))

    judged()
    assert said[False]


@pytest.mark.parametrize(
    "schema",
    [
        {"enum": ["a", None, 1, True]}, {"const": 1}, {"const": True}, {"type": ["string", "null"]}, {"type": "number"},
        {"minimum": 1}, {"maximum": 0.5}, {"exclusiveMinimum": 1}, {"minLength": 1}, {"maxLength": 1}, {"minItems": 1}, {"maxItems": 1},
        {"minProperties": 1}, {"maxProperties": 0}, {"required": ["a"]}, {"propertyNames": {"maxLength": 0}}, {"pattern": "^a"},
        {"uniqueItems": True, "items": {"type": "string"}}, {"properties": {"a": {"type": "string"}}}, {"additionalProperties": False},
        {"properties": {"a": True}, "additionalProperties": False}, {"additionalProperties": {"type": "integer"}},
        {"if": {"type": "object"}, "then": {"maxProperties": 0}}, {"if": {"type": "object"}, "else": {"type": "array"}},
        {"anyOf": [{"type": "boolean"}, {"minLength": 2}]}, {"$defs": {"a": {"type": "integer"}}, "$ref": "#/$defs/a"},
    ],
    ids=repr,
)  # fmt: skip
def test_every_keyword_means_what_it_means_to_jsonschema(schema: Schema, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(validation, "_file_schema", {"odd": schema}.__getitem__)
    is_good, validator = validation.is_good.__wrapped__("odd"), validation.validator.__wrapped__("odd")
    for value in ODD:
        assert is_good(value) == (not list(validator.iter_errors(value))), value
    assert {is_good(value) for value in ODD} == {True, False}


@pytest.mark.parametrize(
    "schema", [{"oneOf": []}, {"patternProperties": {}}, {"uniqueItems": True, "items": {"type": "object"}}], ids=repr
)
def test_a_keyword_that_it_does_not_know_is_none_that_it_passes_over(schema: Schema) -> None:
    with pytest.raises(LookupError):
        Compiler(schema, lambda *_: True).check(schema)
