"""Strict YAML to the column: where each cap bites, that plain data means what PyYAML says, and that text of any kind ends in
a value or a SpecError."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from reconciler.core.errors import SpecError
from reconciler.files.strict_yaml import MAX_ALIASES, MAX_BYTES, MAX_DEPTH, MAX_DIGITS, MAX_NODES, parse
from tests.citing import uncited

SPECS = sorted((Path(__file__).parents[2] / "specs").rglob("*.yaml"))


def refused(text: bytes | str) -> list[str]:
    with pytest.raises(SpecError) as caught:
        parse(text, "a.yaml")
    return [uncited(str(fault)).removeprefix("a.yaml:") for fault in caught.value.faults]


BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 9)
)
DEEP = "is nested more than 32 levels deep"
CAPS: dict[str, tuple[bytes | str, str]] = {
    # 8,334 values until a3; then each copy of a3 is 7,381 and the alias itself one
    "a bomb, where its second large alias stands": (BOMB, "5:15: has more than 20,000 values"),
    "the first value too many": (f"[{'1,' * 30_000}]", "1:40000: has more than 20,000 values"),
    "the first alias too many": (f"a: &a 1\nb: [{'*a,' * 200}]", "2:305: has more than 100 aliases"),
    "500 lists in a line": ("[" * 500, f"1:33: {DEEP}"),
    "100,000 lists in a line": ("[" * 100_000, f"1:33: {DEEP}"),
    "500 maps in steps": ("".join(f"{' ' * depth}a:\n" for depth in range(500)), f"33:33: {DEEP}"),
    "500 maps in a line": ("{a: " * 500, f"1:129: {DEEP}"),
    "100,000 explicit keys": ("? " * 100_000, "1:3: a key must be plain text"),
    "a cycle over two anchors": ("a: &x [&y [*x]]\n", "1:12: the alias *x contains itself"),
    "a NUL in the middle of a line": ("a: 1\nb: x\x00y\n", "2:5: the invisible character U+0000 is not allowed"),
    "a lone surrogate": ("a: \ud800\n", "1:4: is not UTF-8; save the file as UTF-8"),
    "Latin-1 at once behind a byte order mark": (
        b"\xef\xbb\xbfa\xff: 1\n",
        "1:2: is not UTF-8; save the file as UTF-8",
    ),
    "Latin-1 later behind a byte order mark": (
        b"\xef\xbb\xbfa: 1\nb: \xff\n",
        "2:4: is not UTF-8; save the file as UTF-8",
    ),
    "an escaped surrogate": ('a: "\\ud800"\n', "1:7: is not YAML: while parsing a quoted scalar found invalid Unicode"),
    "an object of Python's": (
        "a: !!python/object/apply:os.system [ls]\n",
        "1:4: the tag tag:yaml.org,2002:python/object/apply:os.system is not allowed; a spec is plain data",
    ),
    "a number called text": ("a: !!str 1\n", "1:4: the tag tag:yaml.org,2002:str is not allowed"),
    "a set": ("a: !!set {b}\n", "1:4: the tag tag:yaml.org,2002:set is not allowed"),
    "a tag on the document": ("!x\na: 1\n", "1:1: the tag !x is not allowed"),
    "a merge key": ("a: &x {b: 1}\nc: {<<: *x}\n", "2:5: merge keys (`<<`) are not read; write the keys out"),
    "an unclosed quote": ("a: 'b\n", "2:1: is not YAML: while scanning a quoted scalar found unexpected end of stream"),
    "a tab for indentation": ("a:\n\tb: 1\n", "2:1: is not YAML: while scanning for the next token found character"),
    "a version of YAML to come": ("%YAML 9.9\n---\na: 1\n", "1:1: is not YAML: found incompatible YAML document"),
    "a key three times": ("a: 1\na: 2\na: 3\n", "2:1: the key a stands here again; it is already at line 1, column 1"),
    "an alias for a key": ("a: &x b\n*x : 1\n", "2:1: a key must be plain text"),
}


@pytest.mark.parametrize(("text", "message"), CAPS.values(), ids=CAPS)
def test_a_refusal_stands_at_its_line_and_column(text: bytes | str, message: str) -> None:
    assert refused(text)[0].startswith(message)


MENDS: dict[str, tuple[str, str]] = {
    "a tab": ("a:\n\tb: 1\n", "indent with blanks, not with a tab"),
    "an odd beginning": ("a: @x\n", "quote text that begins with @"),
    "a colon in text": ("a: b: c\n", "indent the keys of one map alike, and quote text that has a colon and a blank"),
    "an open quote": ("a: 1\nb: 'c\nd: 1\n", "close the quote that is open since line 2, column 4"),
    "an open bracket": ("a: [b\nc: d\n", "close what is open since line 1, column 4"),
    "a backslash": ('a: "\\q"\n', "write \\\\ for a backslash, or use single quotes"),
    "a star": ("a: *\n", "quote text that begins with *"),
    "an ampersand": ("a: &\n", "quote text that begins with &"),
    "no colon": ("a: 1\nb\n", "write a colon and a blank behind the key"),
    "a list behind its key": ("a: - b\n", "begin a list on a line of its own, and quote text that begins with -"),
    "text behind a quote": ("a: 'b' c\n", "indent what belongs together alike, and quote text that goes on behind a quote or a bracket"),
    "a key among items": ("- a\nb: c\n", "indent what belongs together alike, and begin each item with -"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "mend"), MENDS.values(), ids=MENDS)
def test_what_is_not_yaml_is_told_with_what_to_write(text: str, mend: str) -> None:
    assert refused(text)[0].endswith(f"; {mend}")


def test_a_file_that_says_nothing_is_told_whatever_it_is_for() -> None:
    assert refused("# later\n") == ["1:1: is empty; write what it is to say, or delete it"]


WITHIN: dict[str, str] = {
    "all the bytes": f"a: {'x' * (MAX_BYTES - 3)}",
    "all the levels": f"{'[' * MAX_DEPTH}{']' * MAX_DEPTH}",
    "all the values": f"[{'1,' * (MAX_NODES - 1)}]",
    "all the aliases": f"a: &a 1\nb: [{'*a,' * MAX_ALIASES}]",
    "all the levels, the last by an alias": f"- &a []\n- {'[' * (MAX_DEPTH - 2)}*a{']' * (MAX_DEPTH - 2)}",
    "all the digits": f"a: {'9' * MAX_DIGITS}",
}


@pytest.mark.parametrize("text", WITHIN.values(), ids=WITHIN)
def test_a_cap_that_is_just_reached_is_no_fault(text: str) -> None:
    assert parse(text, "a.yaml").value


BEYOND: dict[str, str] = {
    "a byte more": f"a: {'x' * (MAX_BYTES - 2)}",
    "a level more": f"{'[' * (MAX_DEPTH + 1)}{']' * (MAX_DEPTH + 1)}",
    "a value more": f"[{'1,' * MAX_NODES}]",
    "an alias more": f"a: &a 1\nb: [{'*a,' * (MAX_ALIASES + 1)}]",
    "a level more, by an alias": f"- &a []\n- {'[' * (MAX_DEPTH - 1)}*a{']' * (MAX_DEPTH - 1)}",
    "a digit more": f"a: {'9' * (MAX_DIGITS + 1)}",
}


@pytest.mark.parametrize("text", BEYOND.values(), ids=BEYOND)
def test_one_more_than_a_cap_is_a_fault(text: str) -> None:
    assert len(refused(text)) == 1


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.name)
def test_our_own_specs_mean_what_pyyaml_says(path: Path) -> None:
    assert parse(path.read_bytes(), str(path)).value == yaml.safe_load(path.read_bytes())


SCALARS = (
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.floats(-1e6, 1e6) | st.text("abcYN é:#-", max_size=9)
)
PLAIN = st.dictionaries(
    st.text("abcAB_", min_size=1, max_size=5).filter(lambda key: key.lower() not in ("null", "true", "false")),
    st.recursive(
        SCALARS,
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", min_size=1, max_size=3), inner, max_size=3)
        ),
    ),
)


@given(PLAIN, st.booleans())
def test_plain_documents_agree_with_pyyaml(value: object, flow: bool) -> None:
    text = yaml.safe_dump(value, allow_unicode=True, default_flow_style=flow)
    assert parse(text, "a.yaml").value == yaml.safe_load(text) == value


@given(st.text(max_size=80) | st.text("\x00\r\n\t\u0085\ufeff\ud800!&*<>=%@`|?-:,[]{}'\"\\#~.0x9aé", max_size=60))
@example("\ufeff0\ud800")
def test_any_text_gives_a_value_or_faults_inside_it(text: str) -> None:
    try:
        parse(text, "a.yaml")
    except SpecError as error:
        lines = text.count("\n") + text.count("\r") + 2
        assert error.faults
        assert all(1 <= fault.origin.line <= lines and fault.origin.column >= 1 for fault in error.faults)


WORDS = {
    **dict.fromkeys(("~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **{text: text for text in ("nULL", "tRUE", "yes", "On", "n", "off", "0b1", "0o", "1_0", "1:2", "+", ".", "1e")},
    **{"+5": 5, "-0": 0, "5.": 5.0, "+.5": 0.5, "1E-2": 0.01, "-1.5e+2": -150.0},
}


@pytest.mark.parametrize("text", WORDS)
def test_a_word_means_what_yaml_1_2_says(text: str) -> None:
    found = parse(f"- {text}\n", "a.yaml").value
    assert found == [WORDS[text]]
    assert type(found[0]) is type(WORDS[text])


@pytest.mark.parametrize("text", [".inf", "-.Inf", "+.INF", ".nan", ".NaN", ".NAN", "0xA", "0o7", "-01", "+007", "00"])
def test_a_word_that_aws_has_no_number_for_is_refused(text: str) -> None:
    (message,) = refused(f"- {text}\n")
    assert message.startswith(f"1:3: {text} ")
    assert message.endswith(f'write "{text}"')


def test_the_caps_are_as_said() -> None:
    caps = (MAX_BYTES, MAX_DEPTH, MAX_NODES, MAX_ALIASES, MAX_DIGITS)
    assert caps == (262_144, 32, 20_000, 100, 18)
    assert refused(b" " * 262_145) == ["1:1: is 262,145 bytes long; a spec may have 262,144"]
