"""What holds of a kind that says nothing of it: functions that stand where a kind has none of its own."""

from __future__ import annotations

from typing import Any

from reconciler.core.model import Live, Properties


def never_sensitive(_: tuple[str, ...]) -> bool:
    return False


def never_replaced(_pointer: str, _before: Any, _after: Any) -> bool:
    return False


def never_replacing(_name: str, _properties: Properties) -> None:
    """Of a kind whose resources are what their identity says: none stands in for another."""


def never_abreast(_: Properties) -> str:
    return ""


def nothing_answered(_result: Properties, _function: str) -> dict[str, Any]:
    return {}


def nothing_at_creation(_: Properties) -> dict[str, Any]:
    return {}


def nothing_reserved(_: Properties) -> int:
    return 0


def no_remark(_: Live) -> str:
    return ""


def nothing_more(_before: Properties, _after: Properties) -> list[str]:
    return []


def by_name(name: str, _: Properties) -> str:
    """The identity of what AWS itself knows by name."""
    return name


def by_its_name(name: str) -> str:
    return name


def nameless(_function: str, _configuration: Properties) -> str:
    return ""


def properties_of(live: Live) -> Properties:
    return live.properties


def as_it_is(live: Live) -> Live | None:
    return live


def no_warning(_before: Properties | None, _after: Properties) -> str:
    return ""


def with_name(live: Live) -> Any:
    return {**({"name": live.key.name} if live.key.name else {}), **live.properties}
