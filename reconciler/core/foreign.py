"""Text that somebody else wrote, made harmless wherever it is printed: on a terminal, in GitHub's log, in JSON on stdout.

`printable` is for a text of one line, `harmless` for whole output, `Gate` for a stream that everything passes. What is
changed is written as JSON escapes it, so a JSON document stays the same document. Nothing here reads or decides.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import Any, TextIO

# Printable for Python, and yet nothing to see: fillers, joiners, selectors, a blank pattern of Braille.
_UNSEEN = (
    "\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\ufffc\U0001d159\U000e0100-\U000e01ef"
)
_INVISIBLE = re.compile(f"[{_UNSEEN}]")
# GitHub's runner obeys `##[command]` anywhere in a line, and `::command` at its start, after blanks and, to be safe, colours.
_COMMAND = re.compile(r"(##)\[|^((?: |\x1b\[[0-9;]*m)*:):", re.MULTILINE)
_PLAIN = re.compile(r"[\n -~]*")  # lines in which all is seen, told without taking them apart
_OUR_COLOURS = re.compile(r"(\x1b\[(?:0|1|2|31|32|33|36)m|\n)")


def printable(text: Any) -> str:
    """Text in which nothing moves a cursor, changes a colour, reverses the reading, begins a line or cannot be seen."""
    shown = str(text)
    if shown.isprintable() and (shown.isascii() or not _INVISIBLE.search(shown)):
        return shown
    return "".join(map(_visible, shown))


def logged(line: str) -> str:
    """A line of a log, printable; the tabs that Lambda sets its own columns with are blanks."""
    return printable(line.replace("\t", "  "))


def _visible(character: str) -> str:
    if character.isprintable() and not _INVISIBLE.match(character):
        return character
    number = ord(character)
    if number < 0x10000:
        return f"\\u{number:04x}"
    high, low = divmod(number - 0x10000, 0x400)
    return f"\\u{0xD800 + high:04x}\\u{0xDC00 + low:04x}"


def harmless(text: str, *, has_colour: bool = False) -> str:
    """Output of ours that foreign text is part of: lines stay lines, our colours stay where there are any."""
    return _without_commands(_seen(text, has_colour))


def _seen(text: str, has_colour: bool) -> str:
    if _PLAIN.fullmatch(text):
        return text
    pieces = _OUR_COLOURS.split(text) if has_colour else re.split("(\n)", text)
    return "".join(piece if number % 2 else printable(piece) for number, piece in enumerate(pieces))


def _without_commands(text: str) -> str:
    return _COMMAND.sub(lambda match: f"{match[1]}\\u005b" if match[1] else f"{match[2]}\\u003a", text)


def raised(error: OSError) -> None:
    raise error


class Gate(io.TextIOBase):
    """A stream whose every line is harmless, however it is cut into writes. `beneath` is the stream itself, for who draws; `is_open` as
    long as somebody takes what is written.

    `lost` is told once of a stream that takes no more; what follows goes nowhere.
    """

    def __init__(self, beneath: TextIO, *, has_colour: bool, lost: Callable[[OSError], None] = raised) -> None:
        self.beneath = beneath
        self._has_colour = has_colour
        self._lost = lost
        self.is_open = True
        self._line = ""  # what the next character may make a command of: the line's blank start, or its last characters

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return getattr(self.beneath, "encoding", None) or "utf-8"

    @property
    def errors(self) -> str:  # type: ignore[override]
        return getattr(self.beneath, "errors", None) or "strict"

    def write(self, text: str) -> int:
        shown, line = _seen(text, self._has_colour), self._line
        inert = _without_commands(line + shown)[len(line) :]
        if inert:  # click writes nothing to see what comes of it, and does not tell
            self._to_beneath(lambda: self.beneath.write(inert))
        rest = (line + shown).rpartition("\n")[2]
        self._line = rest if not rest.strip(" ") or rest.strip(" ") == ":" else f"x{rest[-2:]}"
        return len(text)

    def flush(self) -> None:
        self._to_beneath(self.beneath.flush)

    def _to_beneath(self, action: Callable[[], object]) -> None:
        if not self.is_open:
            return
        try:
            action()
        except OSError as error:
            self.is_open = False
            self._lost(error)

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return self.beneath.isatty()

    def fileno(self) -> int:
        return self.beneath.fileno()
