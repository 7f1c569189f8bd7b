"""YAML text to plain values, with the place of every key and value kept.

Strict: YAML 1.2 scalars, unique keys, no tags, no merge keys, one UTF-8 document, and caps on size, depth and aliases.
Built from libyaml's events without recursion, so hostile nesting costs nothing. Nothing in the text is ever run.
"""

from __future__ import annotations

import codecs
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from sys import intern  # thousands of files have the same keys at the same places: each is kept once
from typing import Any

import yaml

from reconciler.core.diff import escaped
from reconciler.core.errors import Fault, SpecError
from reconciler.core.finding import Rule
from reconciler.core.model import Origin
from reconciler.files.yaml_mends import mend

MAX_BYTES = 256 * 1024
MAX_DEPTH = 32
MAX_NODES = 20_000
MAX_ALIASES = 100
STRICT_YAML = Rule(
    "R002", "A file is one document of YAML 1.2 in UTF-8: unique keys, no tags, no cycles, of bounded size."
)

EventParser: Any = getattr(getattr(yaml, "cyaml", None), "CParser", yaml.Loader)  # libyaml where PyYAML has it

_CONTROL = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u0080-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_LEADING_ZERO = re.compile(r"[-+]?0[0-9_]+")
_WORDS: Mapping[str, Any] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_NOT_NUMBERS = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_RADIX = re.compile(r"0[xo][0-9a-fA-F]+")
MAX_DIGITS = 18  # what fits a 64-bit number; longer runs of digits are names that forgot their quotes
# Below such a key, however it is spelled, a message repeats nothing that was written.
_HIDDEN = re.compile("/[^/]*(env|variable)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Document:
    """A file's value. `origins` maps JSON Pointers to the place of the key that leads there ("" is the document);
    `values` to the place of the value itself, `texts` to what is written where a number, true, false or nothing was read.
    `extends` are other files that parts of it stand in, nearest first."""

    path: str
    value: Any
    origins: Mapping[str, Origin] = field(default_factory=dict)
    values: Mapping[str, Origin] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    extends: tuple[str, ...] = ()

    @property
    def files(self) -> tuple[str, ...]:
        return self.path, *self.extends

    def key(self, pointer: str) -> Origin:
        """The place of the key at `pointer`, or of its nearest ancestor."""
        return _nearest(self.origins, pointer, self.path)

    def at(self, pointer: str) -> Origin:
        """The place of the value at `pointer`, or of its nearest ancestor."""
        return _nearest(self.values, pointer, self.path)


def _nearest(origins: Mapping[str, Origin], pointer: str, path: str) -> Origin:
    while pointer not in origins and pointer:
        pointer = pointer.rpartition("/")[0]
    return origins.get(pointer) or Origin(path)


def parse(text: bytes | str, path: str) -> Document:
    """The one document in `text`. Raises SpecError with every fault that the reading could find."""
    if isinstance(text, str):
        text = text.encode("utf-8", "surrogatepass")
    if len(text) > MAX_BYTES:
        raise _refused(path, f"is {len(text):,} bytes long; a spec may have {MAX_BYTES:,}")
    text = text.removeprefix(codecs.BOM_UTF8)
    try:
        source = text.decode()
    except UnicodeDecodeError as error:
        before = text[: error.start].decode()
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        raise _wrong([Fault(Origin(path, line, column), "is not UTF-8; save the file as UTF-8")]) from error
    odd = _CONTROL.search(source)
    if odd:
        line = source.count("\n", 0, odd.start()) + 1
        column = odd.start() - source.rfind("\n", 0, odd.start())
        raise _wrong([Fault(Origin(path, line, column), f"the invisible character U+{ord(odd[0]):04X} is not allowed")])
    builder = _Builder(path)
    try:
        builder.build(source)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        origin = Origin(path, mark.line + 1, mark.column + 1) if mark else Origin(path)
        text_of = " ".join(part for part in (error.context, error.problem) if part)
        is_too_deep = "nesting depth" in text_of  # libyaml from 0.2.6 looks ahead and gives up before our cap is met
        message = f"is not YAML: {text_of}{mend(error, source)}"
        builder.faults.append(_too_deep(source, path) if is_too_deep else Fault(origin, message))
    except yaml.YAMLError as error:
        builder.faults.append(Fault(Origin(path), f"is not YAML: {error}"))
    if builder.faults:
        raise _wrong(builder.faults)
    return Document(path, builder.root, builder.origins, builder.values, builder.texts)


def _too_deep(source: str, path: str) -> Fault:
    """Where the brackets first go deeper than the cap."""
    depth = 0
    for bracket in re.finditer(r"[\[\]{}]", source):
        depth += 1 if bracket[0] in "[{" else -1
        if depth > MAX_DEPTH:
            line, column = (
                source.count("\n", 0, bracket.start()) + 1,
                bracket.start() - source.rfind("\n", 0, bracket.start()),
            )
            return Fault(Origin(path, line, column), f"is nested more than {MAX_DEPTH} levels deep")
    return Fault(Origin(path), f"is nested more than {MAX_DEPTH} levels deep")


def _refused(path: str, message: str) -> SpecError:
    return _wrong([Fault(Origin(path), message)])


def _wrong(faults: Iterable[Fault]) -> SpecError:
    return SpecError(replace(fault, message=STRICT_YAML.ends(fault.message)) for fault in faults)


class _Stop(yaml.YAMLError):
    """A cap was reached; the fault is already noted."""


class _Frame:
    """An open mapping or sequence while its events come in; of a mapping the key that waits for its value, and where that stands."""

    __slots__ = ("at", "is_map", "key", "pointer", "value")

    def __init__(self, value: Any, pointer: str) -> None:
        self.value, self.pointer = value, pointer
        self.is_map = isinstance(value, dict)
        self.key: str | None = None
        self.at = ""


class _Builder:
    """Feeds on parse events; `root`, `origins` and `values` are the result, `faults` what was wrong."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.root: Any = None
        self.origins: dict[str, Origin] = {}
        self.values: dict[str, Origin] = {}
        self.texts: dict[str, str] = {}
        self.faults: list[Fault] = []
        self._stack: list[_Frame] = []
        self._anchors: dict[str, Any] = {}
        self._nodes = 0
        self._aliases = 0

    def build(self, source: str) -> None:
        parser = EventParser(source)
        documents = 0
        try:
            while (event := parser.get_event()) is not None:
                if isinstance(event, yaml.NodeEvent):
                    self._node(event)
                elif isinstance(event, yaml.CollectionEndEvent):
                    self._stack.pop()
                elif isinstance(event, yaml.DocumentStartEvent):
                    documents += 1
                    if documents > 1:
                        self._fault(event, "a second document begins here; write one function a file")
                        return
        except _Stop:
            return
        finally:
            parser.dispose()
        if not documents:
            self.faults.append(Fault(Origin(self.path), "is empty; write what it is to say, or delete it"))

    def _fault(self, event: yaml.Event, message: str) -> None:
        self.faults.append(Fault(self._origin(event), message))

    def _origin(self, event: yaml.Event) -> Origin:
        mark: Any = event.start_mark
        return Origin(self.path, mark.line + 1, mark.column + 1)

    def _node(self, event: Any) -> None:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            self._fault(event, f"has more than {MAX_NODES:,} values")
            raise _Stop
        top = self._stack[-1] if self._stack else None
        if top is not None and top.is_map and top.key is None:
            self._key(top, event)
            return
        pointer = self._pointer(top)
        self.values[pointer] = self._origin(event)
        value = self._value(event, pointer)
        if top is None:
            self.root = value
        elif top.is_map:
            top.value[top.key] = value
            top.key = None
        else:
            top.value.append(value)

    def _pointer(self, top: _Frame | None) -> str:
        if top is None:
            self.origins[""] = Origin(self.path)
            return ""
        return top.at if top.is_map else intern(f"{top.pointer}/{len(top.value)}")

    def _value(self, event: Any, pointer: str) -> Any:
        if isinstance(event, yaml.AliasEvent):
            return self._aliased(event, pointer)
        if event.tag:
            self._refuse_tag(event, pointer)
        is_scalar = isinstance(event, yaml.ScalarEvent)
        value = self._scalar(event, pointer) if is_scalar else self._collection(event, pointer)
        if event.anchor:
            self._anchors[event.anchor] = value
        return value

    def _key(self, top: _Frame, event: yaml.NodeEvent) -> None:
        if not isinstance(event, yaml.ScalarEvent):
            self._fault(event, "a key must be plain text")
            raise _Stop
        if event.tag:
            self._refuse_tag(event, top.pointer)
        key = intern(event.value)
        if event.style:
            self._check_characters(event)
        if "\n" in key:
            self._fault(event, "a key must stand on one line")
        if key == "<<" and event.implicit[0]:
            self._fault(event, "merge keys (`<<`) are not read; write the keys out")
        pointer = intern(f"{top.pointer}/{escaped(key)}")
        if key in top.value:
            first = self.origins[pointer]
            self._fault(
                event, f"the key {key} stands here again; it is already at line {first.line}, column {first.column}"
            )
        self.origins[pointer] = self._origin(event)
        top.key, top.at = key, pointer

    def _collection(self, event: yaml.CollectionStartEvent, pointer: str) -> dict[str, Any] | list[Any]:
        if len(self._stack) >= MAX_DEPTH:
            self._fault(event, f"is nested more than {MAX_DEPTH} levels deep")
            raise _Stop
        value: dict[str, Any] | list[Any] = {} if isinstance(event, yaml.MappingStartEvent) else []
        self._stack.append(_Frame(value, pointer))
        return value

    def _aliased(self, event: Any, pointer: str) -> Any:
        self._aliases += 1
        if self._aliases > MAX_ALIASES:
            self._fault(event, f"has more than {MAX_ALIASES} aliases")
            raise _Stop
        value = self._anchors.get(event.anchor)
        if isinstance(value, dict | list):
            if any(frame.value is value for frame in self._stack):
                self._fault(event, f"the alias *{event.anchor} contains itself")
                raise _Stop
            return self._copied(value, event, len(self._stack))
        if event.anchor not in self._anchors:
            name = "of that name" if _HIDDEN.search(pointer) else f"&{event.anchor}"
            self._fault(event, f"there is no anchor {name}; to write text that begins with *, quote it")
        return value

    def _copied(self, value: Any, event: yaml.Event, depth: int) -> Any:
        """A copy for the alias, each node of it counted, so that a bomb meets the caps."""
        self._nodes += 1
        if self._nodes > MAX_NODES:
            self._fault(event, f"has more than {MAX_NODES:,} values")
            raise _Stop
        if depth >= MAX_DEPTH and isinstance(value, dict | list):
            self._fault(event, f"is nested more than {MAX_DEPTH} levels deep")
            raise _Stop
        if isinstance(value, dict):
            return {key: self._copied(item, event, depth + 1) for key, item in value.items()}
        if isinstance(value, list):
            return [self._copied(item, event, depth + 1) for item in value]
        return value

    def _refuse_tag(self, event: Any, pointer: str) -> None:
        name = "" if _HIDDEN.search(pointer) else f" {event.tag}"
        self._fault(event, f"the tag{name} is not allowed; a spec is plain data, so quote text that begins with !")

    def _check_characters(self, event: yaml.ScalarEvent) -> None:
        """Only a double-quoted text can say what the file itself may not hold."""
        odd = event.style == '"' and _CONTROL.search(event.value)
        if odd:
            self._fault(event, f"the invisible character U+{ord(odd[0]):04X} is not allowed, as an escape neither")

    def _scalar(self, event: yaml.ScalarEvent, pointer: str) -> Any:
        text: str = event.value
        if event.style or not event.implicit[0]:
            self._check_characters(event)
            return text
        if text in _WORDS:
            self.texts[pointer] = text
            return _WORDS[text]
        first = text[0]
        if not (first.isdigit() or first in "+-."):
            return text
        self.texts[pointer] = text
        return self._number(text, event, pointer)

    def _number(self, text: str, event: yaml.ScalarEvent, pointer: str) -> Any:
        """A plain scalar that begins like a number; text stays text, and what could be misread is refused."""
        subject, remedy = ("this", "put it in quotes") if _HIDDEN.search(pointer) else (text, f'write "{text}"')
        if _LEADING_ZERO.fullmatch(text):
            self._fault(event, f"{subject} begins with 0, so its digits could change; {remedy}")
        elif _INTEGER.fullmatch(text):
            if len(text) <= MAX_DIGITS:
                return int(text)
            self._fault(event, f"{subject} has more than {MAX_DIGITS} digits; if it is text, {remedy}")
        elif _FLOAT.fullmatch(text) and math.isfinite(float(text)):
            return float(text)
        elif _FLOAT.fullmatch(text) or _NOT_NUMBERS.fullmatch(text) or _RADIX.fullmatch(text):
            self._fault(
                event, f"{subject} is not a number that AWS knows; write a decimal number; if it is text, {remedy}"
            )
        return text
