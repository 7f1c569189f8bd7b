"""One part laid over another is RFC 7396, and each value of what comes of it is written where its place says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.diff import escaped
from reconciler.core.model import Origin
from reconciler.files import strict_yaml
from reconciler.files.strict_yaml import Document
from reconciler.spec.laying import laid_over, merged, seams_of

# RFC 7396, appendix A: original, patch, result.
APPENDIX_A: list[tuple[Any, Any, Any]] = [
    ({"a": "b"}, {"a": "c"}, {"a": "c"}),
    ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
    ({"a": "b"}, {"a": None}, {}),
    ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
    ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
    ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
    ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
    ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
    (["a", "b"], ["c", "d"], ["c", "d"]),
    ({"a": "b"}, ["c"], ["c"]),
    ({"a": "foo"}, None, None),
    ({"a": "foo"}, "bar", "bar"),
    ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
    ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
    ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
]


@pytest.mark.parametrize(("original", "patch", "result"), APPENDIX_A)
def test_the_examples_of_the_rfc(original: Any, patch: Any, result: Any) -> None:
    assert merged(original, patch) == result


keys = st.sampled_from(["a", "b/c", "~", "d e"])
values = st.recursive(
    st.none() | st.booleans() | st.integers(0, 99) | st.text("xyz #", max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=10,
)
maps = st.dictionaries(keys, values, max_size=4)


@given(values, values)
def test_laid_over_twice_is_laid_over_once(value: Any, patch: Any) -> None:
    once = merged(value, patch)
    assert merged(once, patch) == once


@given(maps)
def test_nothing_laid_over_changes_nothing(value: Any) -> None:
    assert merged(value, {}) == value


def everything(value: Any, at: str = "") -> Iterator[tuple[str, str | None, Any]]:
    """(pointer, key that leads there, value) of all that there is below the root; an entry of a list has no key."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        here = f"{at}/{escaped(str(key))}"
        yield here, str(key) if isinstance(value, dict) else None, item
        yield from everything(item, here)


def text_at(texts: dict[str, str], origin: Origin) -> str:
    return texts[origin.path].split("\n", origin.line - 1)[-1][origin.column - 1 :]


@given(maps, maps, maps)
def test_every_place_is_of_a_text_that_says_it(farthest: Any, below: Any, above: Any) -> None:
    written = {"farthest": farthest, "below": below, "above": above}
    texts = {name: json.dumps(value, indent=1) for name, value in written.items()}
    parts = [strict_yaml.parse(text, name) for name, text in texts.items()]
    laid = laid_over(laid_over(parts[0], parts[1]), parts[2])
    assert laid.value == merged(merged(farthest, below), above)
    for pointer, key, value in everything(laid.value):
        assert key is None or text_at(texts, laid.origins[pointer]).startswith(json.dumps(key))
        is_leaf = not isinstance(value, dict | list)
        start = json.dumps(value) if is_leaf else "{" if isinstance(value, dict) else "["
        assert text_at(texts, laid.values[pointer]).startswith(start)
    assert laid.origins.keys() == {"", *(pointer for pointer, key, _ in everything(laid.value) if key is not None)}
    assert laid.files == ("above", "below", "farthest")


@given(maps, maps)
def test_a_null_is_idle_where_taking_it_out_changes_nothing(below: Any, above: Any) -> None:
    seams = seams_of(below, above)
    for pointer in seams.nulls:
        without = {**strict_yaml.parse(json.dumps(above), "a").value}
        inside: Any = without
        *steps, last = [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]
        for step in steps:
            inside = inside[step]
        del inside[last]
        assert (merged(below, without) == merged(below, above)) == (pointer in seams.idle)


def parsed(text: str, path: str) -> Document:
    return strict_yaml.parse(text, path)


def test_what_an_alias_says_has_the_place_of_the_alias_also_where_something_is_laid_over_it() -> None:
    below = parsed("shared: &x {a: 1, b: {c: 2}}\nown: *x\n", "below")
    laid = laid_over(below, parsed("own: {a: 3, b: {d: 4}}\n", "above"))
    assert laid.value["own"] == {"a": 3, "b": {"c": 2, "d": 4}}
    assert laid.key("/own/b/c") == Origin("below", 2, 1)
    assert laid.at("/own/b/c") == Origin("below", 2, 6)
    assert laid.key("/own/b/d") == Origin("above", 1, 17)
