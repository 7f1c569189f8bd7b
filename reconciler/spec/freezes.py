"""`freezes` of reconcile.yaml: their form, what is wrong with them, and what they mean. Pure but for the database of time zones."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from reconciler.core.accounts import Account
from reconciler.core.errors import Fault
from reconciler.core.finding import Rule
from reconciler.core.freezes import ALLOWED, FUNCTION, WEEK, Freeze, Once, Weekly, matches, moments_of
from reconciler.core.model import Spec
from reconciler.core.plans import Diagnostic
from reconciler.files.strict_yaml import Document
from reconciler.files.validation import named_again

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

HAS_A_NAME_OF_ITS_OWN = Rule("R353", "A freeze has a name of its own, by which it is broken.")
SAYS_WHEN = Rule("R354", "A freeze says when: from and to, or weekly, and ends after it begins.")
IS_OF_A_TIMEZONE = Rule("R355", "The timezone of a freeze is one of the IANA database.")
FREEZES_SOMETHING = Rule("W259", "What a freeze names in accounts, regions and functions is there.")

KEY = "freezes"
ZONE = re.compile("[A-Z][A-Za-z0-9_+/-]*")
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_TIME = "([01][0-9]|2[0-3]):[0-5][0-9]"
_DAY = f"({'|'.join(DAYS)}) {_TIME}"
_LOCAL: dict[str, Any] = {
    "type": "string",
    "pattern": f"^20[0-9]{{2}}-[0-9]{{2}}-[0-9]{{2}}T{_TIME}$",
    "x-words": "local time as in 2026-12-18T18:00",
}
_PATTERNS: dict[str, Any] = {
    "type": "array",
    "minItems": 1,
    "items": {
        "type": "string",
        "pattern": r"^[A-Za-z0-9_.*?\[\]!-]{1,140}$",
        "x-words": "a name or a pattern of one: letters, digits, _.- and *?[]!",
    },
}
SCHEMA: dict[str, Any] = {
    "description": "Times in which nothing is applied but what they allow.",
    "type": "array",
    "items": {
        "type": "object",
        "additionalProperties": False,
        "required": ["name", "timezone"],
        "properties": {
            "name": {
                "description": "By which --break-freeze knows it.",
                "type": "string",
                "pattern": "^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$",
                "x-words": "1 to 63 letters, digits and _.-",
            },
            "from": {"description": "When it begins, in local time; with `to`.", **_LOCAL},
            "to": {"description": "When it is over, in local time.", **_LOCAL},
            "weekly": {
                "description": "Every week, instead of from and to: `fri 16:00 - mon 08:00`.",
                "type": "string",
                "pattern": f"^{_DAY} - {_DAY}$",
                "x-words": "two days with times, as in fri 16:00 - mon 08:00",
            },
            "timezone": {
                "description": "Whose local time is meant: a name of the IANA database.",
                "examples": ["Europe/Berlin", "America/New_York", "UTC"],
                "type": "string",
                "minLength": 1,
                "maxLength": 64,
            },
            "accounts": {"description": "Only in these; left out: in all.", **_PATTERNS},
            "regions": {"description": "Only in these; left out: in all.", **_PATTERNS},
            "functions": {"description": "Only these, and no layers; left out: all there is.", **_PATTERNS},
            "allow": {
                "description": "Carried out all the same. drift: what only goes back to git; create: a function that is new; tags: tags alone.",
                "type": "array",
                "minItems": 1,
                "items": {"enum": [*ALLOWED]},
            },
        },
    },
}


def freezes(document: Document) -> tuple[Freeze, ...]:
    """Of a reconcile.yaml without a fault."""
    return tuple(_freeze(document, index, entry) for index, entry in _entries(document))


def _entries(document: Document) -> Iterator[tuple[int, Mapping[str, Any]]]:
    return enumerate(document.value.get(KEY, ()))


def _freeze(document: Document, index: int, entry: Mapping[str, Any]) -> Freeze:
    found = zone(entry["timezone"])
    assert found
    return Freeze(
        name=entry["name"],
        zone=found,
        span=_span(entry),
        accounts=tuple(entry.get("accounts", ())),
        regions=tuple(entry.get("regions", ())),
        functions=tuple(entry.get("functions", ())),
        allow=frozenset(entry.get("allow", ())),
        origin=document.at(f"/{KEY}/{index}/name"),
    )


def _span(entry: Mapping[str, Any]) -> Once | Weekly:
    if "weekly" not in entry:
        return Once(datetime.fromisoformat(entry["from"]), datetime.fromisoformat(entry["to"]))
    begins, ends = map(_since_monday, entry["weekly"].split(" - "))
    return Weekly(begins, (ends - begins) % WEEK)


def _since_monday(written: str) -> timedelta:
    day, _, at = written.partition(" ")
    hours, _, minutes = at.partition(":")
    return timedelta(days=DAYS.index(day), hours=int(hours), minutes=int(minutes))


def zone(name: str) -> ZoneInfo | None:
    """None for what the database does not know; what a machine calls its own is none of it."""
    from zoneinfo import ZoneInfo

    if not ZONE.fullmatch(name):
        return None
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None


# --- what is wrong, and what is worth saying -------------------------------------------------------------------------


def freeze_faults(document: Document) -> Iterator[Fault]:
    """Of one whose form is right."""
    names = ((entry["name"], f"/{KEY}/{index}/name") for index, entry in _entries(document))
    yield from named_again(document, "freeze", names, HAS_A_NAME_OF_ITS_OWN)
    for index, entry in _entries(document):
        at = f"/{KEY}/{index}"
        found = zone(entry["timezone"])
        if found is None:
            yield Fault(document.at(f"{at}/timezone"), IS_OF_A_TIMEZONE.ends(_unknown(entry["timezone"])))
        member, wrong = _when(entry, found)
        if wrong:
            origin = document.at(f"{at}/{member}") if member else document.at(at)
            yield Fault(origin, SAYS_WHEN.ends(f"freeze {entry['name']}: {wrong}"))


def _unknown(name: str) -> str:
    from zoneinfo import available_timezones

    known = {name.casefold(): name for name in available_timezones() if ZONE.fullmatch(name)}
    if not known:
        return f"{name} cannot be looked up, for this machine has no time zones; install tzdata"
    close = get_close_matches(name.casefold(), known, n=1, cutoff=0.6)
    return f"{name} is no time zone" + (
        f"; did you mean {known[close[0]]}?" if close else "; write Europe/Berlin or UTC"
    )


def _when(entry: Mapping[str, Any], found: ZoneInfo | None) -> tuple[str, str]:
    """The member that is wrong, and why; empty where none is."""
    written = [name for name in ("from", "to") if name in entry]
    if "weekly" in entry:
        begins, _, ends = entry["weekly"].partition(" - ")
        wrong = "it never ends; write when it is over" if begins == ends else ""
        return "weekly", "write from and to, or weekly, not both" if written else wrong
    if len(written) < 2:
        return "", "write both from and to, or weekly"
    for name in written:
        try:
            datetime.fromisoformat(entry[name])
        except ValueError:
            return name, f"{entry[name]} is no day of the calendar"
    begins, ends = (datetime.fromisoformat(entry[name]) for name in written)
    is_over = found and moments_of(ends, found)[-1] <= moments_of(begins, found)[0]
    return "to", f"it is over before it begins at {entry['from']}" if is_over else ""


def freeze_warnings(
    document: Document, accounts: Mapping[str, Account], specs: Iterable[Spec] | None
) -> Iterator[Diagnostic]:
    """Patterns that mean nothing that there is. `specs` are all of the tree; without them nobody can tell of regions and functions."""
    there = {"accounts": {*accounts}}
    if specs is not None:
        targets = [spec.target for spec in specs]
        regions = {region for account in accounts.values() for region in account.regions}
        there |= {
            "regions": regions | {target.region for target in targets},
            "functions": {target.name for target in targets if target.root == FUNCTION},
        }
    for index, entry in _entries(document):
        for member, names in there.items():
            for number, pattern in enumerate(entry.get(member, ())):
                if not any(matches([pattern], name) for name in names):
                    origin = document.at(f"/{KEY}/{index}/{member}/{number}")
                    message = f"freeze {entry['name']}: {pattern} matches none of the {member} that there are"
                    yield FREEZES_SOMETHING.cited(Diagnostic("warning", message, origin=origin))
