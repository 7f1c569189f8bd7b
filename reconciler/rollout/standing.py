"""Where an alias stands in its rollout, by its marker, by what it really is, and by the steps that the spec has today. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

from reconciler.core.rollouts import NO_TIME, Rollout, Status
from reconciler.rollout.marker import Marker
from reconciler.rollout.steps import percent


@dataclass(frozen=True, slots=True)
class Alias:
    """An alias as far as its rollout goes. `provisioned` is the status of what is provisioned for it (IN_PROGRESS, READY, FAILED), empty
    where nothing is; `stuck` why AWS gave up moving it."""

    version: str
    weights: Mapping[str, float] = field(default_factory=dict)
    marker: Marker | None = None
    provisioned: str = ""
    stuck: str = ""


def is_foreign(alias: Alias) -> bool:
    """Whether somebody else put the alias on another version than its marker says: then the marker says nothing any more."""
    marker = alias.marker
    if marker is None:
        return False
    return alias.version != marker.version if marker.is_open else alias.version == marker.candidate


def is_moved_by_aws(alias: Alias) -> bool:
    """While what is provisioned for an alias follows it, AWS itself keeps all traffic on the other version."""
    return 1.0 in alias.weights.values() and bool(alias.provisioned or alias.stuck)


def is_moved(alias: Alias) -> bool:
    """Whether somebody else gave the alias other weights than its marker says."""
    expected = alias.marker.weights if alias.marker else {}
    return dict(alias.weights) != dict(expected) and not is_moved_by_aws(alias)


def disagreement(alias: Alias) -> str:
    """What of the alias is not as its marker says, in a sentence; empty where all is."""
    marker = alias.marker
    if is_foreign(alias):
        return f"it is on version {alias.version}, which no rollout put there"
    if not is_moved(alias):
        return ""
    if marker is None or not marker.is_open:
        return f"its weights ({shares(alias.weights)}) are of no rollout; clear or adopt the weights"
    return f"somebody moved its traffic: {shares(alias.weights)}, where the rollout of {marker.candidate} has {shares(marker.weights)}"


def shares(weights: Mapping[str, float]) -> str:
    return ", ".join(f"{version} at {percent(share)}" for version, share in sorted(weights.items())) or "no weights"


def place(rollout: Rollout, marker: Marker) -> int:
    """The step of today's spec that an open rollout is in, from 1: its own, or, where the spec was edited since, the nearest that is not
    below; one more than there are where all are below."""
    steps = rollout.steps
    if 1 <= marker.step <= len(steps) and steps[marker.step - 1].weight == marker.weight:
        return marker.step
    nearest = (number for number, step in enumerate(steps, 1) if step.weight >= marker.weight)
    return next(nearest, len(steps) + 1)


def following(rollout: Rollout, marker: Marker) -> int:
    """The step that comes then: the one that it is in, where that was edited and is a greater one now."""
    here = place(rollout, marker)
    is_greater = here <= len(rollout.steps) and rollout.steps[here - 1].weight > marker.weight
    return here if is_greater else here + 1


def bake(rollout: Rollout, marker: Marker) -> timedelta:
    """How long it stays in its step, or watched, at least."""
    if marker.state == "watch":
        return rollout.watch
    here = place(rollout, marker)
    return rollout.steps[here - 1].bake if here <= len(rollout.steps) else NO_TIME


def is_approval(rollout: Rollout, marker: Marker) -> bool:
    here = place(rollout, marker)
    return marker.state == "step" and here <= len(rollout.steps) and rollout.steps[here - 1].is_approval


def status(rollout: Rollout | None, alias: Alias) -> Status | Literal[""]:
    """Where an alias stands; empty where no rollout is open or was rejected."""
    marker = alias.marker
    if marker is None:
        return ""
    if is_foreign(alias) or is_moved(alias):
        return "disagreement"
    if marker.state == "rejected":
        return "rejected"
    if marker.flag:
        return marker.flag
    if is_moved_by_aws(alias):
        return "promoting"
    if marker.state == "watch":
        return "watch"
    return "approval" if rollout and is_approval(rollout, marker) else "shifting"
