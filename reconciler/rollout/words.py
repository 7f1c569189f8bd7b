"""What a review has seen of a rollout, as a digest; and where one is, in a sentence. Pure."""

from __future__ import annotations

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
