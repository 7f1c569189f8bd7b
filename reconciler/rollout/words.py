"""What a review has seen of a rollout, as a digest; where one is, and what is seen of it, in a sentence. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import timedelta
from typing import Any

from reconciler.core.rollouts import Rollout, Underway
from reconciler.core.sealing import digest
from reconciler.rollout.steps import percent


def digest_of(rollout: Rollout) -> str:
    """Of its steps, its events with what they hold, and what it is judged by; wherever the events lie."""
    told = replace(rollout, smoke=tuple(replace(smoke, path="") for smoke in rollout.smoke))
    return digest(_plain(asdict(told)))


def _plain(value: Any) -> Any:
    match value:
        case timedelta():
            return value.total_seconds()
        case dict():
            return {key: _plain(item) for key, item in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
    return value


def in_a_sentence(underway: Underway, address: str) -> str:
    """Where an open rollout is: `8 at 25 % since …, step 2 of 4, not before …`."""
    share = "all traffic" if underway.weight == 1 else percent(underway.weight)
    where = f"{underway.candidate} {'has' if underway.weight == 1 else 'at'} {share} since {underway.since}"
    step = f", step {underway.step} of {underway.steps}" if underway.step else ", watched"
    because = f": {underway.reason}" if underway.reason else ""
    then = {
        "approval": f", waits for `reconcile rollout promote {address}`",
        "paused": f", paused{because}",
        "held": f", held{because}",
        "promoting": ", while AWS moves what is provisioned for it",
    }
    due = f", not before {underway.not_before}" if underway.not_before else ""
    return f"{where}{step}{then.get(underway.course, due)}"


def judged_in_words(outcome: str, evidence: Mapping[str, Any], reason: str) -> str:
    """A verdict with its numbers: `pass: candidate 420 invocations, …`."""
    said = "; ".join(filter(None, (numbers(evidence), reason)))
    return f"{outcome}: {said or 'nothing is looked at'}"


def numbers(evidence: Mapping[str, Any]) -> str:
    """What was seen of both versions, and the alarms."""
    sides = (f"{name} {_side(evidence[name])}" for name in ("candidate", "stable") if name in evidence)
    throttles = [f"throttles {evidence['throttles']:.12g}"] if evidence.get("throttles") is not None else []
    alarms = [f"alarm {name} {state}" for name, state in evidence.get("alarms", {}).items()]
    return "; ".join((*sides, *throttles, *alarms))


def _side(side: Mapping[str, Any]) -> str:
    timing = [
        f"{name.replace('_', ' ').removesuffix(' ms')} {value:g} ms"
        for name, value in side.items()
        if name.startswith("duration") and value is not None
    ]
    counts = (
        f"{side[name]:.12g} {name.removesuffix('s') if side[name] == 1 else name}" for name in ("invocations", "errors")
    )
    return ", ".join((*counts, *timing))
