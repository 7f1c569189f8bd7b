"""Changes of values in a YAML text by its text alone: what is not changed stays as it was written, comments and line ends as well.

A text and edits go in, the new text comes out. Whatever way it was made, it is believed only once it is read again: it must say what
the old one said with just these edits, or there is no new text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from reconciler.core.diff import value_at, with_value
from reconciler.core.errors import Fault, SpecError
from reconciler.core.model import Origin
from reconciler.core.sealing import canonical
from reconciler.core.values import UNSET
from reconciler.files import strict_yaml
from reconciler.files.marked_yaml import Node, marked

WIDTH = 100
_PLAIN_KEY = re.compile(r"[A-Za-z$][A-Za-z0-9_$.-]*")
_PLAIN_TEXT = re.compile(r"[A-Za-z][A-Za-z0-9_]*([./-][A-Za-z0-9_]+)*")
_WORDS = frozenset({"null", "true", "false", "yes", "no", "on", "off", "y", "n"})  # also for readers of YAML 1.1
_BREAK = re.compile(r"\r\n|\n|\r")


class Edit(NamedTuple):
    """`value` at these steps of keys, wherever nothing or something else is; `UNSET` takes the entry away. `remark` becomes a comment, where
    a value has its line for itself and none yet."""

    steps: tuple[str, ...]
    value: Any
    remark: str = ""


class Unspliced(Exception):
    """Why a text cannot be edited, and where: `fault` can be shown as any other of a file."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        super().__init__(str(fault))


def edits(before: Any, after: Any, steps: tuple[str, ...] = ()) -> Iterator[Edit]:
    """The smallest entries by which two trees of maps differ."""
    if not (isinstance(before, Mapping) and isinstance(after, Mapping)):
        if canonical(before) != canonical(after):
            yield Edit(steps, after)
        return
    for key in before:
        if key in after:
            yield from edits(before[key], after[key], (*steps, key))
        else:
            yield Edit((*steps, key), UNSET)
    yield from (Edit((*steps, key), value) for key, value in after.items() if key not in before)


def spliced(text: str, path: str, changes: Iterable[Edit]) -> str:
    """The text with the edits made, one after the other: the text is marked anew for each. Raises Unspliced; SpecError where the text is
    none that we read."""
    wanted = strict_yaml.parse(text, path).value
    mark = text[: text.startswith("\ufeff")]
    written = text.removeprefix(mark)
    for change in changes:
        if change.value is UNSET and value_at(wanted, change.steps) is UNSET:
            continue
        written = _Text(written, path).edited(change)
        wanted = with_value(wanted, change.steps, change.value)
    try:
        is_proved = canonical(strict_yaml.parse(written, path).value) == canonical(wanted)
    except SpecError as error:
        raise Unspliced(
            Fault(Origin(path), f"cannot be edited: {error.faults[0].message}; `ignore` leaves it to others")
        ) from None
    if not is_proved:
        raise Unspliced(Fault(Origin(path), "cannot be edited without changing what else it says; edit it by hand"))
    return mark + written


class _Text:
    """A text between two edits."""

    def __init__(self, text: str, path: str) -> None:
        self.text, self.path = text, path
        self.root = marked(text)
        first = _BREAK.search(text)
        self.newline = first[0] if first else "\n"

    def edited(self, change: Edit) -> str:
        node, key, steps = self.root, None, change.steps
        self._require_alone(node, steps)
        while steps and node.form == "map" and (found := node.entry(steps[0])):
            parent, (key, node), steps = node, found, steps[1:]
            self._require_alone(key, steps)
            self._require_alone(node, steps)
        if key is None and (node.form != "map" or not steps):
            raise self._refused(node, "is no map of keys, so nothing can be edited in it")
        value = change.value if not steps else with_value({}, steps, change.value)
        if node.form == "map" and steps:
            return self._added(key, node, steps[0], value[steps[0]])
        assert key is not None
        self._require_no_anchor(node)
        return self._deleted(parent, key, node) if value is UNSET else self._replaced(key, node, value, change.remark)

    # --- what is refused ---------------------------------------------------------------------------------------------

    def _require_alone(self, node: Node, steps: tuple[str, ...]) -> None:
        """That nothing else in the file has a share in what is edited."""
        if node.form == "alias":
            raise self._refused(node, "is an alias, so what it says stands elsewhere as well; write it out first")
        if node.anchor:
            raise self._refused(
                node, f"has the anchor &{node.anchor}, so others may say it as well; write it out first"
            )

    def _require_no_anchor(self, node: Node) -> None:
        for inner in node.whole():
            if inner.anchor:
                raise self._refused(inner, f"has the anchor &{inner.anchor}, which others may name; write it out first")

    def _refused(self, node: Node, message: str) -> Unspliced:
        return Unspliced(Fault(Origin(self.path, node.line, node.column), message))

    # --- the three edits ---------------------------------------------------------------------------------------------

    def _replaced(self, key: Node, node: Node, value: Any, remark: str = "") -> str:
        if node.is_flow or node.form == "scalar":
            gap = "" if self.text[: node.start][-1:].isspace() else " "
            is_alone = not self.text[node.end : self._line_end(node.end)].strip()
            comment = self._remark(node) or (f"  # {remark}" if remark and is_alone else "")
            return self._with(node.start, node.end, gap + inline(value) + comment)
        if isinstance(value, list) and value and node.form == "list":
            return self._with_lines(node, _items(value, self._column(node)))
        after_colon = self.text.index(":", key.end) + 1
        return self._with(after_colon, after_colon, f" {inline(value)}", self._without_lines(node, node))

    def _remark(self, node: Node) -> str:
        """The comment behind the `|` of a text in block form."""
        opening = self.text[node.start : node.end].split("\n", 1)[0]
        found = re.search(r"\s+#.*", opening) if not node.is_flow else None
        return found[0].rstrip() if found else ""

    def _deleted(self, parent: Node, key: Node, node: Node) -> str:
        if len(parent.entries) == 1:
            return self._emptied(parent)
        if not parent.is_flow:
            if self.text[self._line_start(key.start) : key.start].strip(" "):
                raise self._refused(key, "does not begin its line, so it cannot be taken out; edit it by hand")
            return self._without_lines(key, node)
        index = next(index for index, entry in enumerate(parent.entries) if entry[0] is key)
        if index + 1 < len(parent.entries):
            return self._with(key.start, parent.entries[index + 1][0].start, "")
        before = parent.entries[index - 1][1].end
        return self._with(key.start if "#" in self.text[before : key.start] else before, node.end, "")

    def _emptied(self, node: Node) -> str:
        """A map without its only entry stays one."""
        if node.is_flow:
            return self._with(node.start, node.end, "{}")
        key = next((key for outer in self.root.whole() for key, value in outer.entries if value is node), None)
        if key is None:
            raise self._refused(node, "says nothing else, so what it says cannot be taken out")
        return self._replaced(key, node, {})

    def _added(self, key: Node | None, node: Node, name: str, value: Any) -> str:
        if node.is_flow:
            if not node.entries:
                return self._with(node.start, node.end, inline({name: value}))
            end = node.entries[-1][1].end
            return self._with(end, end, f", {key_text(name)}: {inline(value)}")
        first, last = node.entries[0][0], node.entries[-1][1]
        column = self._column(first)
        at = last.scope_end if last.scope_end > last.end else self._line_end(last.scope_end)
        while (comment := re.match(r"( *)#", self.text[at : self._line_end(at)])) and len(comment[1]) >= column:
            at = self._line_end(at)
        gap = "" if self.text[:at].endswith(("\n", "\r")) else self.newline
        return self._with(at, at, gap + self._joined(block(name, value, column)))

    # --- the text ----------------------------------------------------------------------------------------------------

    def _with(self, start: int, end: int, new: str, text: str | None = None) -> str:
        text = self.text if text is None else text
        return text[:start] + new + text[end:]

    def _with_lines(self, node: Node, lines: Iterable[str]) -> str:
        return self._with(self._line_start(node.start), self._line_end(node.end), self._joined(lines))

    def _without_lines(self, first: Node, last: Node) -> str:
        return self._with(self._line_start(first.start), self._line_end(last.end), "")

    def _joined(self, lines: Iterable[str]) -> str:
        return "".join(line + self.newline for line in lines)

    def _column(self, node: Node) -> int:
        return node.start - self._line_start(node.start)

    def _line_start(self, index: int) -> int:
        return max(self.text.rfind("\n", 0, index), self.text.rfind("\r", 0, index)) + 1

    def _line_end(self, index: int) -> int:
        found = _BREAK.search(self.text, index)
        return found.end() if found else len(self.text)


# --- how a value is written ------------------------------------------------------------------------------------------


def inline(value: Any) -> str:
    """A value on one line: texts in double quotes, unless they are a word that nobody can take for another thing."""
    match value:
        case str() if _PLAIN_TEXT.fullmatch(value) and value.lower() not in _WORDS:
            return value
        case Mapping():
            return "{" + ", ".join(f"{key_text(name)}: {inline(item)}" for name, item in value.items()) + "}"
        case list() | tuple():
            return "[" + ", ".join(map(inline, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def block(name: str, value: Any, column: int) -> list[str]:
    """An entry as lines that begin at a column: one, where it is short."""
    start = f"{' ' * column}{key_text(name)}:"
    line = f"{start} {inline(value)}"
    if not isinstance(value, Mapping | list | tuple) or not value or len(line) <= WIDTH:
        return [line]
    if not isinstance(value, Mapping):
        return [start, *_items(value, column + 2)]
    return [start, *(below for key, item in value.items() for below in block(key, item, column + 2))]


def _items(values: Iterable[Any], column: int) -> list[str]:
    return [f"{' ' * column}- {inline(item)}" for item in values]


def key_text(name: str) -> str:
    is_plain = _PLAIN_KEY.fullmatch(name) and name.lower() not in _WORDS
    return name if is_plain else json.dumps(name, ensure_ascii=False)
