"""Events of CloudTrail as values: who did what, when and by what. Pure.

What stands in an event was written by whoever made the call: any member may be missing, or be something else than it should.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

OUR_AGENT = "lambda-reconciler/"
CONSOLES = ("console.amazonaws.com", "Mozilla/", "AWS Internal", "S3Console")
LONGEST_NAME = 128  # characters of a name that is told

NOT_YET = "not found yet"
TOO_OLD = "older than 90 days"
NO_PERMISSION = "no permission"
TOO_MANY = "more than 40 look-ups"
NO_ANSWER = "no answer"
UNKNOWN = (NOT_YET, TOO_OLD, NO_PERMISSION, TOO_MANY, NO_ANSWER)

KEPT = timedelta(days=90)


@dataclass(frozen=True, order=True, slots=True)
class Look:
    """A question to CloudTrail: one attribute, and from when to when."""

    attribute: str
    value: str
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Who:
    """By whom something was changed: `name` is a role's or a user's, `session` what a role's user called itself, `type` CloudTrail's word
    for such callers, `via` the console, the CLI or the first word of another client, `is_ours` that we did it. Or why that is `unknown`."""

    at: str = ""
    name: str = ""
    session: str = ""
    type: str = ""
    via: str = ""
    event: str = ""
    event_id: str = ""
    is_ours: bool = False
    unknown: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """A request that AWS carried out. `said` are its parameters, by names in small letters, `answered` what the answer says; `role` is the
    ARN of the role behind it."""

    who: Who
    at: datetime
    source: str
    said: Mapping[str, Any]
    answered: Mapping[str, Any]
    role: str = ""


def event(told: Mapping[str, Any]) -> Event | None:
    """An event out of an answer of LookupEvents; None where it was refused, or says nothing that we understand."""
    try:
        whole = json.loads(told["CloudTrailEvent"])
        at = datetime.fromisoformat(str(whole["eventTime"])).astimezone(UTC)
    except (KeyError, TypeError, ValueError, RecursionError, OverflowError):
        return None
    if whole.get("errorCode"):
        return None
    agent = str(whole.get("userAgent", ""))
    name, session, kind, role = _caller(_part(whole, "userIdentity"))
    who = Who(
        moment_text(at), name, session, kind, _via(agent, whole), str(whole.get("eventName", ""))[:LONGEST_NAME],
        str(whole.get("eventID", ""))[:LONGEST_NAME], OUR_AGENT in agent,
    )  # fmt: skip
    said, answered = (_small(_part(whole, name)) for name in ("requestParameters", "responseElements"))
    return Event(who, at, str(whole.get("eventSource", "")), said, answered, role)


def _caller(identity: Mapping[str, Any]) -> tuple[str, str, str, str]:
    """Name, session, CloudTrail's word for such callers, and the role's ARN."""
    issuer = _part(_part(identity, "sessionContext"), "sessionIssuer")
    arn, kind = str(identity.get("arn", "")), str(identity.get("type", ""))
    session = arn.rpartition("/")[2] if kind == "AssumedRole" and "/" in arn else ""
    named = (
        issuer.get("userName"),
        identity.get("userName"),
        identity.get("invokedBy"),
        "root" if kind == "Root" else "",
    )
    name = next((str(one) for one in named if one), arn.rpartition("/")[2])
    return name[:LONGEST_NAME], session[:LONGEST_NAME], kind[:LONGEST_NAME], str(issuer.get("arn", ""))


def _via(agent: str, whole: Mapping[str, Any]) -> str:
    agent = agent.strip("[]")
    if str(whole.get("sessionCredentialFromConsole", "")).lower() == "true" or agent.startswith(CONSOLES):
        return "console"
    first = re.split(r"[\s/\]]", agent, maxsplit=1)[0]
    return "cli" if first == "aws-cli" else first[:LONGEST_NAME]


def _part(whole: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = whole.get(name)
    return part if isinstance(part, Mapping) else {}


def _small(members: Mapping[str, Any]) -> dict[str, Any]:
    return {name.casefold(): value for name, value in members.items()}


def moment_text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
