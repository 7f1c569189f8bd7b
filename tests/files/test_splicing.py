"""A YAML text is changed where a value is, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.diff import value_at, with_value
from reconciler.core.sealing import canonical
from reconciler.core.values import UNSET
from reconciler.files.splicing import Edit, Unspliced, edits, spliced
from reconciler.files.strict_yaml import parse

SPEC = """\
# of the shop
function: checkout   # the name
configuration:
  MemorySize: 512    # enough
  Description: |
    Takes orders

  # how long
  Timeout: 30
  Layers:
    - a
    # the second
    - b
aliases:
  live: {FunctionVersion: "1", RoutingConfig: {AdditionalVersionWeights: {"2": 0.25}}}
  # RoutingConfig: later
tags: {team: payments, cost: "4711"}   # ours
"""

CASES: dict[str, tuple[list[Edit], list[str]]] = {
    "a number": (
        [Edit(("configuration", "MemorySize"), 1024)],
        ["-  MemorySize: 512    # enough", "+  MemorySize: 1024    # enough"],
    ),
    "a text in block form": (
        [Edit(("configuration", "Description"), "hot: fix")],
        ["-  Description: |", "-    Takes orders", '+  Description: "hot: fix"'],
    ),
    "a list in block form": (
        [Edit(("configuration", "Layers"), ["a", "c"])],
        ["-    # the second", "-    - b", "+    - c"],
    ),
    "an entry taken out of a block": (
        [Edit(("configuration", "Timeout"), UNSET)],
        ["-  Timeout: 30"],
    ),
    "an entry taken out of a line": (
        [Edit(("tags", "team"), UNSET)],
        ["-tags: {team: payments, cost: \"4711\"}   # ours", '+tags: {cost: "4711"}   # ours'],
    ),
    "the last entry of a line": (
        [Edit(("tags", "cost"), UNSET)],
        ["-tags: {team: payments, cost: \"4711\"}   # ours", "+tags: {team: payments}   # ours"],
    ),
    "the only entry of a block": (
        [Edit(("aliases", "live"), UNSET)],
        ["-aliases:", '-  live: {FunctionVersion: "1", RoutingConfig: {AdditionalVersionWeights: {"2": 0.25}}}', "+aliases: {}"],
    ),
    "an entry added to a block": (
        [Edit(("configuration", "TracingConfig", "Mode"), "Active")],
        ['+  TracingConfig: {Mode: Active}'],
    ),
    "an entry added to a line": (
        [Edit(("tags", "on"), "call")],
        ['-tags: {team: payments, cost: "4711"}   # ours', '+tags: {team: payments, cost: "4711", "on": call}   # ours'],
    ),
    "a block added": (
        [Edit(("aliases", "next"), {"FunctionVersion": "3", "Description": "x" * 40, "RoutingConfig": {"AdditionalVersionWeights": {"2": 0.5}}})],
        ["+  next:", '+    FunctionVersion: "3"', f'+    Description: {"x" * 40}', '+    RoutingConfig: {AdditionalVersionWeights: {"2": 0.5}}'],
    ),
}  # fmt: skip


def changed_lines(before: str, after: str) -> list[str]:
    """What a difference of the two shows, in order."""
    import difflib

    lines = difflib.ndiff(before.splitlines(keepends=True), after.splitlines(keepends=True))
    return [f"{line[0]}{line[2:]}".rstrip("\r\n") for line in lines if line[0] in "+-"]


@pytest.mark.parametrize("name", CASES)
def test_only_what_an_edit_means_is_another_line(name: str) -> None:
    changes, shown = CASES[name]
    assert sorted(changed_lines(SPEC, spliced(SPEC, "a.yaml", changes))) == sorted(shown)


@pytest.mark.parametrize("name", CASES)
def test_lines_end_as_they_did(name: str) -> None:
    changes, _ = CASES[name]
    before = "\ufeff" + SPEC.replace("\n", "\r\n")
    after = spliced(before, "a.yaml", changes)
    assert after.count("\n") == after.count("\r\n")
    assert after == "\ufeff" + spliced(SPEC, "a.yaml", changes).replace("\n", "\r\n")


def test_what_is_not_there_is_not_taken_out() -> None:
    assert spliced(SPEC, "a.yaml", [Edit(("urls", "live", "Cors"), UNSET)]) == SPEC


def test_edits_are_the_smallest_that_make_one_of_the_other() -> None:
    before = {"a": {"b": 1, "c": [1, 2], "d": {"e": 1}}, "f": 1}
    after = {"a": {"b": 1.0, "c": [1, 2], "d": {}}, "g": True}
    assert list(edits(before, after)) == [
        Edit(("a", "b"), 1.0), Edit(("a", "d", "e"), UNSET), Edit(("f",), UNSET), Edit(("g",), True),
    ]  # fmt: skip


REFUSED = {
    "an anchor on the way": ("a: &x\n  b: 1\nc: *x\n", ("a", "b"), "a.yaml:1:4: has the anchor &x"),
    "an alias": ("a: &x {b: 1}\nc: *x\n", ("c", "b"), "a.yaml:2:4: is an alias"),
    "an anchor below": ("a: {b: &x 1, c: 3}\nc: *x\n", ("a",), "a.yaml:1:8: has the anchor &x"),
    "an anchor of a key": ("&x a: 1\nb: 2\n", ("a",), "a.yaml:1:1: has the anchor &x"),
    "a key of its own": ("? a\n: 1\nb: 2\n", ("a",), "a.yaml:1:3: does not begin its line"),
    "nothing else": ("a: 1\n", ("a",), "a.yaml:1:1: says nothing else"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_edited_is_refused_with_its_place(name: str) -> None:
    text, steps, message = REFUSED[name]
    parse(text, "a.yaml")
    with pytest.raises(Unspliced) as refused:
        spliced(text, "a.yaml", [Edit(steps, UNSET)])
    assert str(refused.value).startswith(message)


def test_in_what_is_no_map_nothing_is_added() -> None:
    with pytest.raises(Unspliced, match=r"a\.yaml:1:1: is no map"):
        spliced("- a\n", "a.yaml", [Edit(("a",), 1)])


def test_a_text_that_would_say_something_else_as_well_is_no_text() -> None:
    keeps = "a:\n  b: |+\n    x\n\n  c: 1\n"
    with pytest.raises(Unspliced, match="edit it by hand"):
        spliced(keeps.replace("c: 1\n", "c: |+\n    y\n\n"), "a.yaml", [Edit(("a", "c"), UNSET)])
    with pytest.raises(Unspliced, match=r"cannot be edited: the invisible character U\+200B is not allowed"):
        spliced(SPEC, "a.yaml", [Edit(("tags", "team"), "a\u200bb")])


# --- drawn texts and edits -------------------------------------------------------------------------------------------

PLAIN = ["checkout", "a-b", "512", "0.25", "true", "null", "~", "arn:aws:sqs:us-west-2:123456789012:orders", "it's"]
QUOTED = ['"a # b"', "'it''s'", '"1"', '"é\\n😀"', "''"]
KEYS = ["MemorySize", '"1"', "'on'", "$LATEST", "a/b", "~t", "x y", "Ünï"]
ODD = ["", " {a: b", ' , "']  # what comments say
SCALARS = st.sampled_from(PLAIN + QUOTED)


@dataclass
class Writer:
    """A text as it is drawn. `comments` has what each belongs to: it may go only with that."""

    draw: Any
    newline: str
    lines: list[str] = field(default_factory=list)
    comments: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def comment(self, owner: tuple[str, ...]) -> str:
        text = f"# c{len(self.comments)}.{self.draw(st.sampled_from(ODD))}"
        self.comments[text] = owner
        return text

    def maybe(self, one_in: int = 4) -> bool:
        return bool(self.draw(st.integers(1, one_in)) == 1)

    def tail(self, owner: tuple[str, ...]) -> str:
        return f"  {self.comment(owner)}" if self.maybe() else ""

    def mapping(self, column: int, steps: tuple[str, ...], depth: int) -> None:
        for key in self.draw(st.lists(st.sampled_from(KEYS), min_size=1, max_size=3, unique=True)):
            path = (*steps, str(next(iter(parse(f"{key}: 1", "").value))))
            if self.maybe():
                self.lines.append(" " * column + self.comment(steps))
            if self.maybe(6):
                self.lines.append("")
            self.entry(f"{' ' * column}{key}:", column, path, depth)

    def entry(self, head: str, column: int, path: tuple[str, ...], depth: int) -> None:
        form = self.draw(
            st.sampled_from(["plain", "flow", "text", "empty", "map", "list"] if depth else ["plain", "flow"])
        )
        if form == "map":
            self.lines.append(head + self.tail(path))
            self.mapping(column + self.draw(st.integers(1, 3)), path, depth - 1)
        elif form == "list":
            self.lines.append(head + self.tail(path))
            indent = " " * (column + self.draw(st.integers(0, 2)))
            self.lines += [
                f"{indent}- {self.draw(SCALARS)}{self.tail(path)}" for _ in range(self.draw(st.integers(1, 3)))
            ]
        elif form == "text":
            style = self.draw(st.sampled_from(["|", "|-", ">-", ">"]))
            self.lines += [
                f"{head} {style}{self.tail(path)}",
                f"{' ' * column}  some # text",
                "",
                f"{' ' * column}  more",
            ]
        elif form == "empty":
            self.lines.append(head + self.tail(path))
        else:
            value = self.draw(SCALARS) if form == "plain" else self.flow(path, 2)
            self.lines.append(f"{head} {value}{self.tail(path)}")

    def flow(self, path: tuple[str, ...], depth: int) -> str:
        if not depth or self.maybe():
            return str(self.draw(SCALARS.filter(lambda text: ":" not in text)))
        if self.maybe(3):
            return "[" + ", ".join(self.flow(path, 0) for _ in range(self.draw(st.integers(0, 2)))) + "]"
        keys = self.draw(st.lists(st.sampled_from(KEYS), max_size=3, unique=True))
        space: str = self.draw(st.sampled_from(["", " "]))
        return "{" + space + ", ".join(f"{key}: {self.flow(path, depth - 1)}" for key in keys) + space + "}"

    def text(self) -> str:
        is_text = self.lines[-1].endswith(" more")  # the end of its last line is a part of it
        end = self.newline if is_text or self.maybe(2) else ""
        return f"{self.newline.join(self.lines)}{end}"


@st.composite
def texts(draw: Any) -> tuple[str, dict[str, tuple[str, ...]]]:
    writer = Writer(draw, draw(st.sampled_from(["\n", "\r\n"])))
    writer.mapping(0, (), 3)
    return writer.text(), writer.comments


VALUES = st.recursive(
    st.sampled_from([1, 1.5, True, None, "x", "1", "a: b # c", "é\n", ""]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["A", "1", "no", "long" * 9]), inner, max_size=3),
    max_leaves=5,
)  # fmt: skip


def paths(tree: Any, steps: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    if isinstance(tree, dict):
        for key, item in tree.items():
            yield (*steps, key)
            yield from paths(item, (*steps, key))


@given(texts(), st.data())
def test_a_drawn_text_says_what_it_said_with_the_edit_and_keeps_its_comments(
    drawn: tuple[str, dict[str, tuple[str, ...]]], data: st.DataObject
) -> None:
    text, comments = drawn
    before = parse(text, "a.yaml").value
    steps = data.draw(st.sampled_from(sorted(paths(before))))
    steps = steps if data.draw(st.booleans()) else (*steps[:-1], "Added", "Below"[: data.draw(st.integers(1, 5))])
    value = data.draw(VALUES | st.just(UNSET))
    if value is UNSET and (value_at(before, steps) is UNSET or list(before) == list(steps)):
        return
    after = spliced(text, "a.yaml", [Edit(steps, value)])
    assert canonical(parse(after, "a.yaml").value) == canonical(with_value(before, steps, value))
    lost = {owner for comment, owner in comments.items() if comment not in after}
    assert all(owner[: len(steps)] == steps[: len(owner)] for owner in lost), after
    assert after.count("\n") == after.count("\r\n") or "\r" not in text
