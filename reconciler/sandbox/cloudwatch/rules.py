"""AlarmRule, the language of composite alarms: ALARM("a") AND (OK(b) OR NOT INSUFFICIENT_DATA(c)), TRUE, FALSE.

A text goes in, a rule comes out, which states of alarms make true or false. NOT binds most, then AND, then OR.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from reconciler.sandbox.cloudwatch.errors import invalid
from reconciler.sandbox.cloudwatch.evaluation import STATES
from reconciler.sandbox.refusals import not_spoken

TOKEN = re.compile(r'\s*(?:([()])|"((?:[^"\\]|\\.)*)"|([^\s()"]+))')
MOST_ELEMENTS, MOST_CHILDREN, DEEPEST = 500, 100, 100
WORDS_OF_ONE = 6  # NOT ALARM ( name ) AND
TRUTHS = {"TRUE": True, "FALSE": False}

Holds = Callable[[Mapping[str, str]], bool]


@dataclass(frozen=True, slots=True)
class Rule:
    """`holds` is asked with the states of the children by name."""

    children: frozenset[str]
    holds: Holds


def parsed(text: str) -> Rule:
    """Raises ValidationError for what is no rule."""
    parser = _Parser(text)
    holds = parser.alternatives()
    if parser.rest:
        raise _wrong(text, f"{parser.rest[0][0]} was not expected")
    if len(parser.children) > MOST_CHILDREN:
        raise _wrong(text, f"it names more than {MOST_CHILDREN} alarms")
    return Rule(frozenset(parser.children), holds)


def _wrong(text: str, why: str) -> Exception:
    shown = text if len(text) <= 100 else text[:99] + "…"
    return invalid(f"Invalid AlarmRule {shown}: {why}.")


class _Parser:
    def __init__(self, text: str) -> None:
        self.children: set[str] = set()
        self._text, self.rest, self._depth = text, _tokens(text), 0

    def alternatives(self) -> Holds:
        return self._joined("OR", self._together, any)

    def _together(self) -> Holds:
        return self._joined("AND", self._negated, all)

    def _joined(self, word: str, part: Callable[[], Holds], join: Callable[[list[bool]], bool]) -> Holds:
        parts = [part()]
        while self._next(word):
            parts.append(part())
        return lambda states: join([holds(states) for holds in parts]) if len(parts) > 1 else parts[0](states)

    def _negated(self) -> Holds:
        is_negated = False
        while self._next("NOT"):
            is_negated = not is_negated
        holds = self._one()
        return (lambda states: not holds(states)) if is_negated else holds

    def _one(self) -> Holds:
        if self._next("("):
            self._depth += 1
            if self._depth > DEEPEST:
                raise _wrong(self._text, "its parentheses are too deep")
            inner = self.alternatives()
            self._expect(")")
            self._depth -= 1
            return inner
        word = self._word()
        if word in TRUTHS:
            return lambda _: TRUTHS[word]
        if word == "AT_LEAST":
            raise not_spoken("AT_LEAST in an AlarmRule")
        if word not in STATES:
            raise _wrong(self._text, f"{word or 'the end'} was not expected")
        self._expect("(")
        child = self._word().rpartition(":alarm:")[2]
        if not child:
            raise _wrong(self._text, f"{word} names no alarm")
        self._expect(")")
        self.children.add(child)
        return lambda states: states.get(child) == word

    def _next(self, word: str) -> bool:
        if self.rest and self.rest[0] == (word, False):
            self.rest.pop(0)
            return True
        return False

    def _expect(self, sign: str) -> None:
        if not self._next(sign):
            raise _wrong(self._text, f"{sign} is missing")

    def _word(self) -> str:
        return self.rest.pop(0)[0] if self.rest and self.rest[0] not in (("(", False), (")", False)) else ""


def _tokens(text: str) -> list[tuple[str, bool]]:
    """Words and signs, each with whether it stood in quotes."""
    tokens: list[tuple[str, bool]] = []
    at = 0
    while text[at:].strip():
        match = TOKEN.match(text, at)
        if len(tokens) > MOST_ELEMENTS * WORDS_OF_ONE:
            raise _wrong(text, f"it has more than {MOST_ELEMENTS} elements")
        if not match:
            raise _wrong(text, f"{text[at:].strip()[:1]} was not expected")
        sign, quoted, word = match.groups()
        tokens.append((re.sub(r"\\(.)", r"\1", quoted), True) if quoted is not None else (sign or word, False))
        at = match.end()
    return tokens
