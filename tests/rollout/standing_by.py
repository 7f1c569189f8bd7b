"""What the tests of decisions share: a moment, a rollout from its YAML, an alias in a step of it, and what CloudWatch said."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import yaml

from reconciler.core.rollouts import Rollout
from reconciler.rollout.evidence import Alarm, Evidence, Side, Window, window
from reconciler.rollout.marker import Marker
from reconciler.rollout.standing import Alias
from reconciler.rollout.steps import rollout_of

NOON = datetime(2026, 11, 25, 12, 0, 5, tzinfo=UTC)
CANARY = """
steps:
  - {weight: 0.05, bake: 10m}
  - {weight: 0.25, bake: 30m}
  - approve
  - {weight: 0.5, bake: 1h}
watch: 15m
analysis:
  alarms: [red]
  errors: {max: 2%, least: 50}
deadline: 6h
"""
GREEN = {"red": Alarm("OK")}


def rollout(text: str = CANARY, **other: Any) -> Rollout:
    return rollout_of({**yaml.safe_load(text), **other})


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def in_step(number: int = 2, weight: float = 0.25, **other: Any) -> Alias:
    """8 in its step since noon, with 7 as the stable version."""
    said: dict[str, Any] = {
        "since": NOON,
        "begun": NOON - minutes(10),
        "from_": "7",
        "step": number,
        "of": 4,
        "weight": weight,
    }
    marker = Marker("8", "step", **said | other)
    return Alias("7", marker.weights, marker)


def watched(**other: Any) -> Alias:
    return Alias("8", {}, Marker("8", "watch", NOON, NOON - minutes(90), "7", **other))


def marked(alias: Alias) -> Marker:
    assert alias.marker
    return alias.marker


def seen(
    alias: Alias, now: datetime, *, invocations: float = 400, errors: float = 1, alarms: Any = GREEN, problem: str = ""
) -> Evidence:
    """What was found at a moment, of a function that runs for seconds."""
    found = window(alias.marker, timedelta(seconds=3), now) if alias.marker else Window(now, now)
    if found.is_empty:
        invocations = errors = 0
    return Evidence(found, Side(invocations, errors), Side(1200, 4), alarms=alarms, problem=problem)
