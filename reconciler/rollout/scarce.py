"""Whether the steps of a rollout get the invocations that its evidence needs, by those of the last day. Pure."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

from reconciler.core.rollouts import Rollout, Step
from reconciler.core.words import many
from reconciler.rollout.evidence import MINUTE, window
from reconciler.rollout.marker import Marker
from reconciler.rollout.steps import percent

LONGEST_MINUTES = 24 * 60  # that are worth proposing
SOME_TIME = datetime.fromtimestamp(0, UTC)
FOLLOWS = {
    "hold": "and it is held then",
    "go": "and it goes on unseen",
    "back": "and it goes back",
}  # where it is unsure


def least(rollout: Rollout) -> int:
    """How many invocations its evidence needs in each step; 0 where it needs none."""
    rules = (rollout.analysis.errors, rollout.analysis.duration)
    return max((rule.least for rule in rules if rule), default=0) if rollout.steps else 0


def scarcity(rollout: Rollout, count: float, span: timedelta, timeout: timedelta) -> str:
    """Of the step that lacks most: what is to be expected, what comes of it, and what to write; empty where there is enough for all. There were
    so many invocations in so long a part of the last day."""
    shares = {step: count * _share(rollout, step) / (span / MINUTE) for step in rollout.steps if not step.is_approval}
    expected = {step: a_minute * (_judged(step, timeout) / MINUTE) for step, a_minute in shares.items()}
    step, needed = min(expected, key=lambda step: expected[step], default=None), least(rollout)
    if step is None or expected[step] >= needed:
        return ""
    minutes = (step.bake - _judged(step, timeout)) / MINUTE + needed / shares[step] if shares[step] else math.inf
    longer = f"let it bake for {math.ceil(minutes)}m, " if minutes < LONGEST_MINUTES else ""
    return (
        f"at {percent(step.weight)} for {step.bake / MINUTE:g}m about {expected[step]:.0f} of the {needed} invocations that its evidence "
        f"needs are to be expected ({many(int(count), 'invocation')} in the last day), {FOLLOWS[rollout.unsure]}; "
        f"{longer}give it more, or lower `least`"
    )


def _judged(step: Step, timeout: timedelta) -> timedelta:
    """How much of its time is looked at when it is over."""
    begun = Marker("1", "step", SOME_TIME)
    return window(begun, timeout, SOME_TIME + step.bake).length


def _share(rollout: Rollout, step: Step) -> float:
    """Of the traffic, that of the smaller of those sides that are looked at."""
    rules = (rollout.analysis.errors, rollout.analysis.duration)
    is_compared = any(rule is not None and rule.over_stable is not None for rule in rules)
    return min(step.weight, 1 - step.weight) if is_compared else step.weight
