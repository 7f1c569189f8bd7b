"""Rules that a message can cite, what is wrong in one spec document, and the small steps by which a rule looks for it. Pure.

A rule meets documents that the schema has already found wrong, so it looks only at what has the right shape.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Generic, ParamSpec, TypeAlias, TypeVar

from reconciler.core.diff import escaped
from reconciler.core.plans import Diagnostic
from reconciler.core.values import MAPS

ENDING = re.compile(r" \([RW][0-9]{3}\)$")


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong at a JSON Pointer; `is_key` when the key rather than its value is meant."""

    pointer: str
    message: str
    is_key: bool = False
    rule: str = ""


Inputs = ParamSpec("Inputs")
Result = TypeVar("Result", Finding, Diagnostic)


@dataclass(frozen=True, slots=True)
class Rule:
    """What a message cites, and `reconcile help ID` explains. `id` is R and a number below 200 for what is told of the files
    alone, R and one from 200 on for a refusal against what lives or by whoever runs it, W for what only warns; a number
    is never given to another rule. `page` is AWS's, where AWS says so. As a decorator it makes a check of a function."""

    id: str
    reason: str
    page: str = ""

    def ends(self, message: str) -> str:
        """The message as everybody reads it: the id stands at its very end."""
        return f"{message} ({self.id})"

    def cited(self, finding: Result) -> Result:
        return replace(finding, message=self.ends(finding.message), rule=self.id)

    def __call__(self, look: Callable[Inputs, Iterator[Result]]) -> Check[Inputs, Result]:
        return Check(self, look)


@dataclass(frozen=True, slots=True)
class Check(Generic[Inputs, Result]):
    """A rule with the function that looks for what breaks it; all that it finds cites the rule."""

    rule: Rule
    look: Callable[Inputs, Iterator[Result]]

    def __call__(self, *args: Inputs.args, **kwargs: Inputs.kwargs) -> Iterator[Result]:
        return map(self.rule.cited, self.look(*args, **kwargs))


def continued(message: str, more: str) -> str:
    """The message with more said in it; where it cites a rule, that still stands at its very end."""
    ending = ENDING.search(message)
    end = ending.start() if ending else len(message)
    return f"{message[:end]}; {more}{message[end:]}"


SpecCheck: TypeAlias = Check[[Mapping[str, Any]], Finding]


def part(value: Any, *steps: str) -> dict[str, Any]:
    """The map at `steps`, to be read, or an empty one where something else stands."""
    for step in steps:
        if not value or not isinstance(value, MAPS):
            return {}
        value = value.get(step)
    if type(value) is dict:
        return value
    return dict(value) if value and isinstance(value, MAPS) else {}


def named(value: Any, section: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(pointer, name, map) of a section's entries."""
    for name, item in part(value, section).items():
        if isinstance(item, dict):
            yield f"/{section}/{escaped(name)}", name, item
