"""A YAML text as nodes that know where each begins and ends in it, for who changes a part and leaves the rest as it is.

Text that `strict_yaml` has read goes in: it is bounded, and has neither tags nor merge keys. Values are not looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

import yaml

from reconciler.files.strict_yaml import EventParser


@dataclass(slots=True)
class Node:
    """`start` and `end` are indices in the text; the end of a line, a comment, and blank lines below are not part of a node. `scope_end` is
    where another entry may begin: of a text that keeps its blank lines after those. `text` is a scalar's; entries are a map's."""

    form: Literal["scalar", "alias", "map", "list"]
    start: int
    end: int
    scope_end: int
    line: int
    column: int
    anchor: str = ""
    is_flow: bool = True
    text: str = ""
    entries: list[tuple[Node, Node]] = field(default_factory=list)
    items: list[Node] = field(default_factory=list)

    @property
    def below(self) -> list[Node]:
        return [*self.items, *(node for entry in self.entries for node in entry)]

    def whole(self) -> Iterator[Node]:
        yield self
        for node in self.below:
            yield from node.whole()

    def entry(self, key: str) -> tuple[Node, Node] | None:
        return next((entry for entry in self.entries if entry[0].text == key), None)


def marked(text: str) -> Node:
    """The root of the one document in a text."""
    parser = EventParser(text)
    try:
        while not isinstance(parser.peek_event(), yaml.NodeEvent):
            parser.get_event()
        return _node(parser, text)
    finally:
        parser.dispose()


def veiled(text: str, is_hidden: Callable[[tuple[str, ...]], bool], instead: str) -> str:
    """The text with something else instead of what stands at certain steps of keys."""
    hidden = [node for steps, node in _below(marked(text), ()) if node.form == "scalar" and is_hidden(steps)]
    for node in sorted(hidden, key=lambda node: node.start, reverse=True):
        text = text[: node.start] + instead + text[node.end :]
    return text


def _below(node: Node, steps: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Node]]:
    yield steps, node
    for key, value in node.entries:
        yield from _below(value, (*steps, key.text))
    for item in node.items:
        yield from _below(item, steps)


def _node(parser: Any, text: str) -> Node:
    event = parser.get_event()
    mark = event.start_mark
    node = Node("scalar", mark.index, event.end_mark.index, event.end_mark.index, mark.line + 1, mark.column + 1)
    node.anchor = event.anchor or ""
    match event:
        case yaml.AliasEvent():
            node.form = "alias"
        case yaml.ScalarEvent():
            node.text = event.value
            if event.style in ("|", ">"):
                _trim(node, text)
        case yaml.MappingStartEvent():
            node.form = "map"
            while not parser.check_event(yaml.MappingEndEvent):
                node.entries.append((_node(parser, text), _node(parser, text)))
        case _:
            node.form = "list"
            while not parser.check_event(yaml.SequenceEndEvent):
                node.items.append(_node(parser, text))
    if node.form in ("map", "list"):
        _close(node, parser.get_event(), is_flow=bool(event.flow_style))
    return node


def _trim(node: Node, text: str) -> None:
    """What the parser takes for a text in block form reaches to the next line that says something."""
    written = text[node.start : node.end]
    node.end = node.start + len(written.rstrip())
    node.is_flow = False
    if "+" not in written.split("\n", 1)[0].partition("#")[0]:
        node.scope_end = node.end


def _close(node: Node, event: Any, *, is_flow: bool) -> None:
    node.is_flow = is_flow
    if is_flow:
        node.end = node.scope_end = event.end_mark.index
    else:
        node.end, node.scope_end = node.below[-1].end, node.below[-1].scope_end
