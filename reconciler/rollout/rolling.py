"""An alias whose rollout is open, or whose candidate was rejected, with all that a decision on it takes but evidence. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from reconciler.core.model import Key, Live
from reconciler.core.rollouts import Rollout
from reconciler.rollout.marker import Marker
from reconciler.rollout.standing import Alias


@dataclass(frozen=True, slots=True)
class Rolling:
    """`held` are its function and itself as AWS holds them, `description` is its own without the marker, `timeout` is how long the function
    may run, `now` what time it is for AWS. `rollout` is None where no spec has one for it; `file` is the spec's, and `wanted` the version
    that it says, by number or as `published`, where that is known."""

    key: Key
    alias: Alias
    now: datetime
    held: tuple[Live, ...]
    description: str = ""
    rollout: Rollout | None = None
    timeout: timedelta = timedelta(0)
    file: str = ""
    wanted: str = ""

    @property
    def is_open(self) -> bool:
        return self.alias.marker is not None and self.alias.marker.is_open

    @property
    def marker(self) -> Marker:
        assert self.alias.marker
        return self.alias.marker

    @property
    def is_judged(self) -> bool:
        """Whether evidence says something of it."""
        return self.is_open and self.rollout is not None

    @property
    def is_unwanted(self) -> bool:
        """Whether git says a number that is not the candidate's: what is newest, no tick can tell."""
        return self.is_open and self.wanted.isdigit() and self.wanted != self.marker.candidate
