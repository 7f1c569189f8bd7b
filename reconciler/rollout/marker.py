"""How far an alias's rollout is, as it stands at the end of the alias's Description: the only state that there is.

    [rollout 8: step 2 of 4 at 25% since 2026-11-25T12:40:05Z, begun 2026-11-25T12:10:01Z, from 7]
    [rollout 8: step 2 of 4 at 25% since …, begun …, from 7, held: too few invocations]
    [rollout 8: watch since 2026-11-25T14:00:00Z, begun …, from 7]
    [rollout 8: rejected 2026-11-25T12:51:33Z: errors 4.1 % > 2 %]

The share and the stable version stand there as well as on the alias, so that it shows when somebody else moved traffic.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, TypeAlias

from reconciler.core.words import shortened

State: TypeAlias = Literal["step", "watch", "rejected"]
Flag: TypeAlias = Literal["", "paused", "held"]

MOST = 120  # characters of a marker
MOST_TEXT = 130  # of a Description in a spec, so that a marker fits behind it
MOST_DESCRIPTION = 256  # AWS's
_TIME = r"2[0-9]{3}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z"
_VERSION = "[1-9][0-9]{0,18}"
_MARKER = re.compile(
    rf" ?\[rollout (?P<candidate>{_VERSION}): (?:"
    rf"(?:step (?P<step>[1-9][0-9]?) of (?P<of>[1-9][0-9]?) at (?P<percent>[0-9]{{1,2}})%|watch)"
    rf" since (?P<since>{_TIME}), begun (?P<begun>{_TIME}), from (?P<stable>{_VERSION})"
    rf"(?:, (?P<flag>paused|held)(?:: (?P<why>[^\[\]\n]+))?)?"
    rf"|rejected (?P<at>{_TIME})(?:: (?P<reason>[^\[\]\n]+))?)\]\Z"
)


@dataclass(frozen=True, slots=True)
class Marker:
    """Where a rollout is. `since` is when its step or watch began, or when the candidate was rejected; of one that is rejected neither
    `begun` nor the stable version `from_` are known any more. `step` counts from 1; `weight` is the candidate's share in it.
    Times are in UTC and whole seconds."""

    candidate: str
    state: State
    since: datetime
    begun: datetime | None = None
    from_: str = ""
    step: int = 0
    of: int = 0
    weight: float = 0.0
    flag: Flag = ""
    reason: str = ""

    @property
    def is_open(self) -> bool:
        return self.state != "rejected"

    @property
    def version(self) -> str:
        """The version that the alias is on while the marker says so; empty where it does not tell."""
        return {"step": self.from_, "watch": self.candidate, "rejected": ""}[self.state]

    @property
    def weights(self) -> Mapping[str, float]:
        """The weights that the alias has while the marker says so."""
        return {self.candidate: self.weight} if self.weight else {}

    def __str__(self) -> str:
        """Its text; no reason is in it in full that would make it too long."""
        return self.cut(MOST)

    def cut(self, most: int) -> str:
        reason = _plain(self.reason) if self.flag or not self.is_open else ""
        room = most - len(self._start) - len(": ]")
        kept = f": {shortened(reason, room)}" if reason and room > 1 else ""
        return f"{self._start}{kept}]"

    @property
    def _start(self) -> str:
        if self.state == "rejected":
            return f"[rollout {self.candidate}: rejected {told(self.since)}"
        assert self.begun
        where = f"step {self.step} of {self.of} at {round(self.weight * 100)}%" if self.state == "step" else "watch"
        times = f"since {told(self.since)}, begun {told(self.begun)}, from {self.from_}"
        return f"[rollout {self.candidate}: {where} {times}{f', {self.flag}' if self.flag else ''}"


def split(description: str) -> tuple[str, Marker | None]:
    """A Description's own text, and the marker at its end."""
    match = _MARKER.search(description)
    marker = _marker(match) if match else None
    return (description[: match.start()], marker) if match and marker else (description, None)


def joined(text: str, marker: Marker | None) -> str:
    """The Description that has both. A marker gets shorter behind a text that is longer than a spec's may be; a text that leaves no room
    for any is cut."""
    if marker is None:
        return text
    room = MOST_DESCRIPTION - len(text) - bool(text)
    mark = marker.cut(min(MOST, room))
    kept = shortened(text, MOST_DESCRIPTION - len(mark) - 1)
    return f"{kept} {mark}" if kept else mark


def told(moment: datetime) -> str:
    """A moment as markers write it, in whole seconds."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _marker(match: re.Match[str]) -> Marker | None:
    """None for what only looks like one: a day that no calendar has."""
    said = match.groupdict()
    try:
        since, begun = _moment(said["since"] or said["at"]), _moment(said["begun"]) if said["begun"] else None
    except ValueError:
        return None
    return Marker(
        candidate=said["candidate"],
        state="step" if said["step"] else "rejected" if said["at"] else "watch",
        since=since,
        begun=begun,
        from_=said["stable"] or "",
        step=int(said["step"] or 0),
        of=int(said["of"] or 0),
        weight=int(said["percent"] or 0) / 100,
        flag=said["flag"] or "",  # type: ignore[arg-type]
        reason=said["why"] or said["reason"] or "",
    )


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _plain(reason: str) -> str:
    """A reason on one line, without what would end the marker."""
    line = "".join(character if character.isprintable() else " " for character in reason)
    return " ".join(line.replace("[", "(").replace("]", ")").split())
