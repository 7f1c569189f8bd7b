"""Messages and the rules that they cite."""

from __future__ import annotations

from reconciler.core.finding import ENDING
from tests.manual.rulebook import rules

IDS = frozenset(rule.id for rule in rules())


def cited(message: str) -> str:
    """The id of the rule that a message ends with: there must be one, and only one."""
    found = ENDING.search(message)
    assert found, f"cites no rule: {message}"
    assert not ENDING.search(message[: found.start()]), f"cites twice: {message}"
    identifier = found[0].strip(" ()")
    assert identifier in IDS
    return identifier


def uncited(message: str) -> str:
    """The message without the id that it must end with."""
    return message.removesuffix(f" ({cited(message)})")
