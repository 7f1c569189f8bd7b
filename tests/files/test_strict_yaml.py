"""The strict YAML reader: what it refuses and where, and that nothing hostile gets through or costs much."""

from __future__ import annotations

import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.errors import SpecError
from reconciler.files.strict_yaml import parse

REFUSED = [
    ("duplicate key", b"a: 1\nb: 2\na: 3\n", "x:3:1: the key a stands here again; it is already at line 1, column 1"),
    ("leading zero", b"a: 0123\n", 'x:1:4: 0123 begins with 0, so its digits could change; write "0123"'),
    ("tag", b"a: !!python/object/apply:os.system [ls]\n", "x:1:4: the tag"),
    ("own tag", b"a: !include ../secret\n", "x:1:4: the tag !include is not allowed"),
    ("cycle", b"a: &x [*x]\n", "x:1:8: the alias *x contains itself"),
    ("unknown anchor", b"a: *x\n", "x:1:4: there is no anchor &x"),
    ("merge key", b"a: &x {b: 1}\nc: {<<: *x}\n", "x:2:5: merge keys"),
    ("two documents", b"a: 1\n---\nb: 2\n", "x:2:1: a second document begins here"),
    ("empty", b"", "x:1:1: is empty"),
    ("only a comment", b"# nothing\n", "x:1:1: is empty"),
    ("not UTF-8", b"a: \xff\n", "x:1:4: is not UTF-8"),
    ("NUL", b"a: \x00\n", "x:1:4: the invisible character U+0000"),
    ("right-to-left override", "a: \u202ebad\n".encode(), "x:1:4: the invisible character U+202E"),
    ("deep flow", b"[" * 100_000, "x:1:33: is nested more than 32 levels deep"),
    ("deep block", b"- " * 40_000 + b"a", "x:1:65: is nested more than 32 levels deep"),
    ("too long", b"a: " + b"x" * 300_000, "x:1:1: is 300,003 bytes long"),
    ("too many", b"[" + b"1," * 30_000 + b"]", "has more than 20,000 values"),
    ("key not text", b"? [a]\n: b\n", "x:1:3: a key must be plain text"),
    ("not YAML", b"a: b: c\n", "x:1:5: is not YAML"),
    ("infinity", b"a: .inf\n", "x:1:4: .inf is not a number that AWS knows"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), [pytest.param(text, said, id=name) for name, text, said in REFUSED])
def test_it_is_refused_with_its_place(text: bytes, expected: str) -> None:
    with pytest.raises(SpecError) as caught:
        parse(text, "x")
    assert expected in str(caught.value)


def test_a_bomb_of_aliases_is_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9)]
    with pytest.raises(SpecError, match=r"has more than (20,000 values|100 aliases)"):
        parse("\n".join(lines).encode(), "x")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("on", "on"), ("yes", "yes"), ("NO", "NO"), ("12:30", "12:30"), ("2026-01-01", "2026-01-01"), ("1_000", "1_000"),
        ("true", True), ("False", False), ("null", None), ("~", None), ("", None), ("5", 5), ("-5", -5), ("1.5", 1.5),
        ("1e3", 1000.0), ("'5'", "5"), ('"true"', "true"), ("$LATEST", "$LATEST"), ("0", 0), ("0.25", 0.25),
    ],
)  # fmt: skip
def test_scalars_are_those_of_yaml_1_2(text: str, value: object) -> None:
    found = parse(f"a: {text}\n".encode(), "x").value["a"]
    assert found == value
    assert type(found) is type(value)


def test_places_of_keys_and_values_are_kept() -> None:
    document = parse(b"a:\n  b/c:\n    - x\n    - {d: 1}\n", "x")
    assert str(document.key("/a/b~1c/1/d")) == "x:4:8"
    assert str(document.at("/a/b~1c/1/d")) == "x:4:11"
    assert str(document.at("/a/nowhere")) == "x:2:3"


plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**6), 10**6) | st.text("abcXYZ -_:#{}[],'\"\n%é", max_size=12),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text("abcXYZ_/~", min_size=1, max_size=6), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(plain)
def test_what_a_dumper_writes_is_read_back(value: object) -> None:
    assert parse(yaml.safe_dump({"a": value}, allow_unicode=True).encode(), "x").value == {"a": value}
    assert parse(json.dumps({"a": value}).encode(), "x").value == {"a": value}


@given(st.binary(max_size=200) | st.text("[]{}&*!|>'\"%@`:,-?# \n\tab0", max_size=60).map(str.encode))
def test_any_bytes_give_a_value_or_a_spec_error(text: bytes) -> None:
    try:
        parse(text, "x")
    except SpecError as error:
        assert all(fault.origin.line >= 1 and fault.origin.column >= 1 for fault in error.faults)
