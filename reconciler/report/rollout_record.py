"""What became of one rollout, tick by tick: for people, and for nobody's decision. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from reconciler.core.model import Key
from reconciler.core.rollouts import Rollout, Step
from reconciler.core.sealing import digest
from reconciler.core.words import SPANS
from reconciler.report.rollouts import Told
from reconciler.report.schemas import FORMAT_VERSION
from reconciler.rollout.marker import Marker, told

FOLDER = "rollouts"
MOST_TICKS = 500
UNSAFE = re.compile(r"[^A-Za-z0-9_.$-]")
ENDS: Mapping[str, str] = {"back": "rejected", "reject": "rejected", "done": "done", "forget": "superseded"}


@dataclass(frozen=True, slots=True)
class By:
    """Which run looked, by which command, at which commit; that is empty where nobody can tell."""

    run: str
    command: str
    commit: str = ""


def folder_of(key: Key) -> str:
    """Where the records of an alias lie, below where reports do."""
    parts = (key.target.account, key.target.region, key.target.function, key.name)
    return "/".join((FOLDER, *(UNSAFE.sub("_", part) for part in parts)))


def name_of(marker: Marker) -> str:
    assert marker.begun
    return f"{re.sub('[-:]', '', told(marker.begun))}-{marker.candidate}.json"


def begun(item: Told, by: By) -> dict[str, Any]:
    """A record without a tick."""
    marker, rollout = item.recorded, item.one.rollout
    assert marker and marker.begun
    return {
        "format_version": FORMAT_VERSION,
        "kind": "rollout",
        "address": str(item.one.key),
        "stable": marker.from_,
        "candidate": marker.candidate,
        "begun": told(marker.begun),
        "ended": None,
        "status": "shifting",
        "reason": "",
        "commit": by.commit or None,
        "digest": digest(steps(rollout)) if rollout else "",
        "steps": steps(rollout) if rollout else [],
        "smoke": list(item.smoke),
        "ticks": [],
    }


def ticked(record: Mapping[str, Any], item: Told, by: By) -> dict[str, Any]:
    """The record with one tick more."""
    marker, judged, at = item.recorded, item.decision.verdict, told(item.one.now)
    assert marker
    tick = {
        "at": at,
        "run": by.run,
        "by": by.command,
        "step": marker.step or None,
        "weight": marker.weight if marker.state == "step" else None,
        "verdict": judged.outcome if judged else None,
        "evidence": dict(judged.numbers) if judged else {},
        "did": item.did,
        "reason": item.failed or item.decision.reason,
        "request_id": item.request_id,
    }
    is_over = not item.is_open and item.did != "none"
    ended = ENDS.get(item.did, "done") if is_over else ""
    return {
        **record,
        "ended": at if is_over else None,
        "status": ended or item.status,
        "reason": item.decision.reason,
        "ticks": thinned([*record["ticks"], tick]),
    }


def superseded(record: Mapping[str, Any], at: str) -> dict[str, Any]:
    return {**record, "ended": at, "status": "superseded"}


def thinned(ticks: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Of more than may be kept, the older half has one an hour, and those in which something was done."""
    if len(ticks) <= MOST_TICKS:
        return list(ticks)
    old, new = ticks[: -MOST_TICKS // 2], ticks[-MOST_TICKS // 2 :]
    hours = {str(tick["at"])[:13]: number for number, tick in reversed(list(enumerate(old)))}
    kept = {*hours.values()}
    return [tick for number, tick in enumerate(old) if number in kept or tick["did"] != "none"] + list(new)


def history(record: Mapping[str, Any]) -> tuple[dict[str, Any], ...]:
    """Of its ticks those in which something was done."""
    names = ("at", "by", "did", "step", "weight", "verdict", "reason")
    return tuple({name: tick[name] for name in names} for tick in record["ticks"] if tick["did"] != "none")


def steps(rollout: Rollout) -> list[Any]:
    """As a spec writes them."""
    return [_step(step) for step in rollout.steps]


def _step(step: Step) -> Any:
    return "approve" if step.is_approval else {"weight": step.weight, "bake": span(step.bake)}


def span(length: timedelta) -> str:
    """`90s`, `10m`, `2h`: in the largest unit that has no rest."""
    seconds = int(length.total_seconds())
    unit = next((unit for unit in "dhm" if seconds and seconds % SPANS[unit] == 0), "s")
    return f"{seconds // SPANS[unit]}{unit}"


def newest_first(names: Iterable[str]) -> list[str]:
    return sorted((name for name in names if name.endswith(".json")), reverse=True)
