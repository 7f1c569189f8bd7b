"""Sensitive values taken out of free text, in every spelling that something between AWS and us may have given them. Pure.

What is too short or too common to be a secret stays: hiding every "1" or "prod" would leave records that nobody can read.
"""

from __future__ import annotations

import base64
import html
import json
import re
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import quote, quote_plus, unquote, urlsplit

from reconciler.core.values import PLAIN

HIDDEN = "(sensitive)"
SHORTEST = 4  # characters
WHOLE_WORDS_BELOW = 8  # shorter values are hidden as words of their own only
MOST_OF_A_HEAD = 24  # of a value that was cut short, so much is recognised
LEAST_OF_A_LINE = 16  # of a value of several lines, which logs print one by one
DEEPEST = 100
COMMON = frozenset(
    [
        "true",
        "false",
        "null",
        "none",
        "auto",
        "default",
        "enabled",
        "disabled",
        "latest",
        "local",
        "localhost",
        "live",
        "prod",
        "production",
        "preprod",
        "test",
        "testing",
        "beta",
        "stage",
        "staging",
        "develop",
        "development",
        "debug",
        "trace",
        "info",
        "warn",
        "warning",
        "error",
        "critical",
        "json",
        "text",
        "utf-8",
        "http",
        "https",
        "main",
        "master",
        "public",
        "private",
        "internal",
        "0000",
        "1000",
        "1024",
        "2048",
        "4096",
        "8080",
        "3000",
        "5432",
        "3306",
        "6379",
    ]
)
REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d")
FREE_TEXT = ("Reason", "ReasonCode", "Message", "LastProcessingResult")  # how the members end in which AWS talks

WORDLESS = PLAIN - {str}


class Redaction:
    """The sensitive values that a run has met; shared by all its threads. Learns, hides, and never tells."""

    def __init__(self) -> None:
        self._known: set[str] = set()
        self._hidden: set[str] = set()
        # first characters -> (as much as must be seen of it, a spelling, the value it is of)
        self._by_start: dict[str, list[tuple[str, str, str]]] = {}
        self._lock = threading.Lock()

    def learn(self, values: Iterable[str]) -> None:
        """Hide these from now on, and what of them is a secret by itself."""
        with self._lock:
            for value in set(values) - self._known:
                self._known.add(value)
                for part in parts(value) - self._hidden:
                    self._hidden.add(part)
                    for spelling in spellings(part):
                        self._by_start.setdefault(spelling[:SHORTEST], []).append(
                            (spelling[: head(spelling)], spelling, part)
                        )

    def text(self, text: str, openly: Collection[str] = ()) -> str:
        """The text without what is sensitive; what is said `openly` elsewhere is not."""
        if not self._by_start:
            return text
        pieces: list[str] = []
        start = at = 0
        while at < len(text):
            length = self._length_at(text, at, openly)
            if length:
                pieces += [text[start:at], HIDDEN]
                start = at + length
            at += length or 1
        return "".join([*pieces, text[start:]])

    def _length_at(self, text: str, at: int, openly: Collection[str]) -> int:
        """How many characters from here are a sensitive value, or the beginning of one that was cut."""
        longest = 0
        for start, spelling, value in self._by_start.get(text[at : at + SHORTEST], ()):
            if text.startswith(start, at) and value not in openly:
                length = common(spelling, text, at)
                if length >= WHOLE_WORDS_BELOW or is_word(text, at, length):
                    longest = max(longest, length)
        return longest

    def _tail_of_a_value(self, text: str, openly: Collection[str]) -> int:
        """How many characters the text begins with that are the end of a value: the tail of a log begins anywhere."""
        beginning, longest = text[:WHOLE_WORDS_BELOW], 0
        if len(beginning) == WHOLE_WORDS_BELOW:
            for _, spelling, value in (entry for known in list(self._by_start.values()) for entry in list(known)):
                at = spelling.find(beginning, 1)
                if at > 0 and text.startswith(spelling[at:]) and value not in openly:
                    longest = max(longest, len(spelling) - at)
        return longest

    def tree(self, value: Any, openly: Collection[str] = (), depth: int = DEEPEST) -> Any:
        """A JSON value with its texts, keys and numbers redacted."""
        match value:
            case str():
                return self.text(value, openly)
            case Mapping() if depth:
                return {self.text(key, openly): self.tree(item, openly, depth - 1) for key, item in value.items()}
            case list() if depth:
                return [self.tree(item, openly, depth - 1) for item in value]
            case int() | float() if not isinstance(value, bool):
                return HIDDEN if self.text(str(value), openly) == HIDDEN else value
            case Mapping() | list():
                return HIDDEN
        return value

    def payload(self, content: bytes, openly: Collection[str] = ()) -> bytes:
        """What a function answered; as it came where nothing in it is sensitive."""
        text = content.decode("utf-8", "replace")
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            redacted = self.text(text, openly)
            return content if redacted == text else redacted.encode()
        redacted = self.tree(value, openly)
        return content if redacted == value else json.dumps(redacted).encode()

    def strictly(self, content: bytes) -> str:
        """What a function answered as it may be shown to whoever asked for it, and kept nowhere: without any value that is known, be it as
        short or as common as it will."""
        text = self.payload(content).decode("utf-8", "replace")
        with self._lock:
            known = [*self._known]
        common = sorted({re.escape(value) for value in known if value and not is_telling(value)}, key=len, reverse=True)
        return re.sub(rf"(?<!\w)(?:{'|'.join(common)})(?!\w)", HIDDEN, text) if common else text

    def log(self, tail: str, openly: Collection[str] = ()) -> str:
        """The tail of a log, in base64 as AWS answers it."""
        text = base64.b64decode(tail).decode("utf-8", "replace")
        cut = self._tail_of_a_value(text, openly)
        redacted = (HIDDEN if cut else "") + self.text(text[cut:], openly)
        return tail if redacted == text else base64.b64encode(redacted.encode("utf-8", "replace")).decode()

    def answer(self, value: Any, openly: Collection[str] = ()) -> Any:
        """An answer of AWS's with those members redacted in which it talks; all others stay as they are."""
        if not self._by_start:
            return value
        if isinstance(value, dict):
            return {
                name: item if type(item) in WORDLESS else self._member(name, item, openly)
                for name, item in value.items()
            }
        return [self.answer(item, openly) for item in value] if isinstance(value, list) else value

    def _member(self, name: str, item: Any, openly: Collection[str]) -> Any:
        if isinstance(item, str):
            return self.text(item, openly) if name.endswith(FREE_TEXT) else item
        return self.answer(item, openly)


def common(spelling: str, text: str, at: int) -> int:
    """How many characters of a spelling the text has from `at`."""
    if text.startswith(spelling, at):
        return len(spelling)
    most = min(len(spelling), len(text) - at)
    return next((index for index in range(most) if spelling[index] != text[at + index]), most)


def head(spelling: str) -> int:
    """How many characters are recognised where the rest was cut off; all where there are few."""
    return min(len(spelling), max(WHOLE_WORDS_BELOW, min(MOST_OF_A_HEAD, len(spelling) // 2)))


def is_word(text: str, at: int, length: int) -> bool:
    before, after = text[at - 1 : at] if at else "", text[at + length : at + length + 1]
    return not (before.isalnum() or before == "_" or after.isalnum() or after == "_")


def is_telling(value: str) -> bool:
    """Whether a value is worth hiding in free text."""
    return len(value) >= SHORTEST and value.lower() not in COMMON and not REGION.fullmatch(value)


def parts(value: str) -> set[str]:
    """A value and what in it is a secret by itself: the texts of a JSON document, the password of an address, long lines."""
    secrets = {
        value,
        value.strip(),
        *(line.strip() for line in value.splitlines() if len(line.strip()) >= LEAST_OF_A_LINE),
    }
    with suppress(ValueError, RecursionError):
        secrets |= set(texts(json.loads(value), DEEPEST)) if value.lstrip()[:1] in ("{", "[") else set()
    with suppress(ValueError):
        password = urlsplit(value).password or ""
        secrets |= {password, unquote(password)}
    return {part for part in secrets if is_telling(part)}


def texts(value: Any, depth: int) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif depth and isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from texts(item, depth - 1)


def spellings(value: str) -> set[str]:
    """A value as it may stand in a message: as it is, and escaped for JSON (once and twice), HTML, addresses, Python, shells;
    in base64 wherever it may begin, and in hex."""
    in_json = [json.dumps(value, ensure_ascii=is_ascii)[1:-1] for is_ascii in (True, False)]
    in_html = [html.escape(value, quote=is_quoted) for is_quoted in (True, False)]
    in_address = [write(value) for write in ADDRESSED]
    candidates = {
        value, *in_json, *(json.dumps(text)[1:-1] for text in in_json), *in_html,
        *(text.replace("&#x27;", other) for text in in_html for other in ("&#39;", "&apos;")),
        *in_address, *(re.sub("%..", lambda code: code[0].lower(), text) for text in in_address),
        repr(value)[1:-1], ascii(value)[1:-1], value.replace("'", "\\'"), value.replace('"', '""'),
        *encoded(value.encode("utf-8", "surrogatepass")),
    }  # fmt: skip
    return {spelling for spelling in candidates if len(spelling) >= SHORTEST}


ADDRESSED: tuple[Callable[[str], str], ...] = (
    lambda value: quote(value, errors="replace"),
    lambda value: quote(value, safe="", errors="replace"),
    lambda value: quote_plus(value, errors="replace"),
)


def encoded(content: bytes) -> Iterator[str]:
    """In hex and base64; of the latter what is the same whatever stands before and after it."""
    yield from (content.hex(), content.hex().upper())
    for before in range(3):
        text = base64.b64encode(b"\0" * before + content).decode()
        inside = text[-(-before * 8 // 6) : (before + len(content)) * 8 // 6]
        if len(inside) >= WHOLE_WORDS_BELOW:
            yield from (inside, inside.translate(str.maketrans("+/", "-_")))
