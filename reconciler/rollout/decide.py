"""What to do with an alias's rollout now: nothing, or one UpdateAlias. Knows no AWS and keeps nothing between two ticks: the alias tells where
the rollout is, and every decision that moves it says what the alias is to be then.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, TypeAlias

from reconciler.core.rollouts import Rollout
from reconciler.rollout.evidence import Evidence, Verdict
from reconciler.rollout.marker import Marker

Did: TypeAlias = Literal[
    "none", "start", "step", "promote", "done", "back", "hold", "pause", "resume", "forget", "refused"
]
Wish: TypeAlias = Literal["promote", "abort", "pause", "resume", "retry"]
Status: TypeAlias = Literal[
    "", "shifting", "approval", "paused", "held", "promoting", "watch", "rejected", "disagreement"
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Alias:
    """An alias as far as its rollout goes. `provisioned` is the status of what is provisioned for it (IN_PROGRESS, READY, FAILED), empty
    where nothing is; `stuck` why AWS gave up moving it."""

    version: str
    weights: Mapping[str, float] = field(default_factory=dict)
    marker: Marker | None = None
    provisioned: str = ""
    stuck: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """`after` is what one UpdateAlias makes of the alias, with its version, weights and marker; None where there is nothing to call.
    `not_before` is when time alone will move it on. `needs_person`: time and evidence will not. What is `refused` is no wish that
    can be granted in this state."""

    did: Did
    reason: str = ""
    after: Alias | None = None
    not_before: datetime | None = None
    needs_person: bool = False
    verdict: Verdict | None = None


def decide(rollout: Rollout, alias: Alias, evidence: Evidence, now: datetime) -> Decision:
    """One tick. `now` is AWS's time."""
    raise NotImplementedError


def asked(
    wish: Wish,
    rollout: Rollout | None,
    alias: Alias,
    now: datetime,
    *,
    because: str = "",
    is_full: bool = False,
    is_reset: bool = False,
) -> Decision:
    """What a person wants. Going back needs no rollout in a spec. `retry` says how the alias starts again, once the smoke events passed."""
    raise NotImplementedError


def begun(rollout: Rollout, alias: Alias, candidate: str, now: datetime) -> Decision:
    """The first call for a candidate, after its smoke events passed: the first step, or all at once. The stable version stays that of an open
    rollout that it replaces."""
    raise NotImplementedError


def rejected(candidate: str, stable: str, reason: str, now: datetime) -> Alias:
    """The alias on its stable version, with a candidate that is not tried again."""
    raise NotImplementedError


def disagreement(alias: Alias) -> str:
    """What of the alias is not as its marker says, in a sentence; empty where all is."""
    raise NotImplementedError


def status(rollout: Rollout | None, alias: Alias) -> Status:
    """Where an alias stands; empty where no rollout is open or was rejected."""
    raise NotImplementedError
