"""Strict YAML beyond single refusals: all faults in one pass, places of everything, caps that aliases cannot get around,
and environment values that stay out of every message."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from reconciler.core.diff import escaped
from reconciler.core.errors import SpecError
from reconciler.core.model import Origin
from reconciler.files import strict_yaml
from tests.citing import uncited


def refused(text: bytes | str) -> list[str]:
    with pytest.raises(SpecError) as caught:
        strict_yaml.parse(text, "a.yaml")
    return [uncited(str(fault)).removeprefix("a.yaml:") for fault in caught.value.faults]


NOT_A_NUMBER = "is not a number that AWS knows; write a decimal number; if it is text, write"
TAG = "is not allowed; a spec is plain data, so quote text that begins with !"
REFUSED: dict[str, tuple[bytes | str, str]] = {
    "an account id": ("a: 012345678901\n", '1:4: 012345678901 begins with 0, so its digits could change; write "012345678901"'),
    "octal": ("a: 0o17\n", f'1:4: 0o17 {NOT_A_NUMBER} "0o17"'),
    "hexadecimal": ("a: 0x1F\n", f'1:4: 0x1F {NOT_A_NUMBER} "0x1F"'),
    "not a number": ("a: .NaN\n", f'1:4: .NaN {NOT_A_NUMBER} ".NaN"'),
    "a float beyond all bounds": ("a: 1e999\n", f'1:4: 1e999 {NOT_A_NUMBER} "1e999"'),
    "a huge integer": (f"a: {'9' * 20}\n", f'1:4: {"9" * 20} has more than 18 digits; if it is text, write "{"9" * 20}"'),
    "a bare tag": ("a: ! 12\n", f"1:4: the tag ! {TAG}"),
    "a tag on a key": ("!!str a: 1\n", f"1:1: the tag tag:yaml.org,2002:str {TAG}"),
    "a key over two lines": ('"a\\nb": 1\n', "1:1: a key must stand on one line"),
    "a cycle through a map": ("a: &x {b: {c: *x}}\n", "1:15: the alias *x contains itself"),
    "an escaped NUL": ('a: "x\\0"\n', "1:4: the invisible character U+0000 is not allowed, as an escape neither"),
    "an escaped override in a key": ('"x\\u202e": 1\n', "1:1: the invisible character U+202E is not allowed, as an escape neither"),
    "latin-1 after a two-byte character": (b"a: 1\n\xc3\xa9: \xe9\n", "2:4: is not UTF-8; save the file as UTF-8"),
    "UTF-16": ("a: 1\n".encode("utf-16"), "1:1: is not UTF-8; save the file as UTF-8"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_could_mean_something_else_is_refused(case: str) -> None:
    text, message = REFUSED[case]
    assert refused(text) == [message]


def test_every_fault_of_a_file_is_told_in_one_pass() -> None:
    text = "a: 01\nb: !x 1\nc: 1\nc: 2\nd: *none\ne: .inf\n"
    assert [line.split(": ")[0] for line in refused(text)] == ["1:4", "2:4", "4:1", "5:4", "6:4"]


SECRETS = {
    "a leading zero": "0123456",
    "a huge number": "12345678901234567890",
    "not a number": "0x5ec4e7",
    "an alias": "*hunter2",
    "a tag": "!hunter2 x",
}


@pytest.mark.parametrize("case", SECRETS)
def test_a_refused_environment_value_is_not_repeated(case: str) -> None:
    text = f"configuration:\n  Environment:\n    Variables:\n      KEY: {SECRETS[case]}\n"
    (message,) = refused(text)
    assert message.startswith("4:12: ")
    assert SECRETS[case].strip("*!").split()[0] not in message


def test_a_byte_order_mark_is_passed_over() -> None:
    assert strict_yaml.parse(b"\xef\xbb\xbfa: 1\n", "a.yaml").value == {"a": 1}


def test_what_came_by_an_alias_stands_where_the_alias_stands() -> None:
    document = strict_yaml.parse("a: &f {g: 1}\nh: *f\n", "a.yaml")
    assert document.at("/h/g") == document.at("/h") == Origin("a.yaml", 2, 4)
    assert document.value["h"] == document.value["a"]
    assert document.value["h"] is not document.value["a"]


def test_columns_count_characters() -> None:
    assert strict_yaml.parse("{ö: ä, b: 1}", "a.yaml").key("/b") == Origin("a.yaml", 1, 8)


def tower() -> str:
    """Each alias shallow, all together 1,700 levels deep."""
    return "".join(f"k{i}: &a{i} {'[' * 28}{f'*a{i - 1}' if i else 1}{']' * 28}\n" for i in range(60))


HOSTILE = {
    "a tower of aliases": (tower(), "is nested more than 32 levels deep"),
    "500 levels of maps": ("".join(f"{' ' * i}a:\n" for i in range(500)), "is nested more than 32 levels deep"),
    "100,000 explicit keys": ("? " * 100_000, "a key must be plain text"),
    "too many aliases": ("a: &a 1\nb: [" + "*a," * 200 + "]", "has more than 100 aliases"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_a_cap_cannot_be_got_around(case: str) -> None:
    text, message = HOSTILE[case]
    assert message in refused(text)[-1]


YAMLISH = st.text(alphabet="ab01:-,[]{}&*!?|>'\"\n #%@.<~\\x", max_size=60)


@given(YAMLISH)
@example("&a *a")
@example("{? a, b: }")
def test_libyaml_and_the_pure_parser_agree_on_what_both_take(text: str) -> None:
    """Where PyYAML has no libyaml, no spec may mean anything else. (The two differ in what they call YAML at all.)"""
    results = [outcome(text, parser) for parser in (strict_yaml.EventParser, yaml.Loader)]
    if None not in results:
        assert repr(results[0]) == repr(results[1])


def outcome(text: str, parser: Any) -> tuple[Any, Any] | None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(strict_yaml, "EventParser", parser)
        try:
            document = strict_yaml.parse(text, "a.yaml")
        except SpecError:
            return None
    return document.value, document.origins


@given(st.recursive(st.integers() | st.text("ab/~", max_size=4), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab/~", min_size=1, max_size=3), inner, max_size=3)))  # fmt: skip
def test_every_node_has_a_place(tree: Any) -> None:
    try:
        document = strict_yaml.parse(yaml.safe_dump({"root": tree}), "a.yaml")
    except SpecError:
        return  # an integer of more digits than AWS has
    assert set(pointers(document.value)) == set(document.values)


def pointers(tree: Any, at: str = "") -> list[str]:
    items = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    return [at, *(inner for key, item in items for inner in pointers(item, f"{at}/{escaped(str(key))}"))]
