"""A Description as it is sent, with the marker of a rollout that only then can be written: AWS's time stands in it, and the number of a version
that may not be published before."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from reconciler.core.plans import Ref
from reconciler.rollout.marker import Marker, joined


@dataclass(frozen=True, slots=True)
class Described:
    """`marker` is what it will be, but for its candidate and its times."""

    text: str
    marker: Marker
    candidate: str | Ref

    def written(self, candidate: str, now: datetime) -> str:
        """The whole Description, at AWS's time `now`."""
        moment = now.replace(microsecond=0)
        begun = moment if self.marker.begun else None
        return joined(self.text, replace(self.marker, candidate=candidate, since=moment, begun=begun))

    def because(self, reason: str) -> Described:
        return replace(self, marker=replace(self.marker, reason=reason))
