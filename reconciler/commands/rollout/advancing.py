"""Ticks: one, for a schedule, or again and again for as long as somebody waits."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from reconciler.commands import wiring
from reconciler.commands.apply import running
from reconciler.commands.rollout.tick import NONE_SAID, QUIET, Ticked, ticked, with_rollouts
from reconciler.commands.run import Stop
from reconciler.commands.workspaces import Workspace
from reconciler.core.errors import AwsError, Locked
from reconciler.core.freezes import NOTHING, Breaking
from reconciler.core.model import Key
from reconciler.report.rollouts import Told

LOOK_SECONDS = 0.5  # between two questions whether to stop


@dataclass(frozen=True, slots=True)
class Waiting:
    """For how long at the most, and how often it is looked; `breaking` are freezes that it does not mind."""

    budget_seconds: float
    every_seconds: float
    breaking: Breaking = NOTHING


def advanced(workspace: Workspace, folder: Path, command: str, stop: Stop, breaking: Breaking = NOTHING) -> Ticked:
    """One tick, under the lock. Raises AwsError where nothing can be read, Locked where another run has the lock."""
    workspace = with_rollouts(workspace)
    if not workspace.specs.specs:
        return Ticked((), wiring.now(), notes=(NONE_SAID,))
    with running(workspace, stop, QUIET) as session:
        return ticked(workspace, session, folder, command, breaking)


def waited(
    workspace: Workspace,
    folder: Path,
    waiting: Waiting,
    stop: Stop,
    command: str,
    tell: Callable[[Ticked, str], None],
) -> Ticked:
    """Ticks until none is open but those that wait for a person, or the budget is over; the lock is held for each alone. `tell` hears of each,
    with why it goes on or ends."""
    ends = time.monotonic() + waiting.budget_seconds
    last, went_back = Ticked((), wiring.now()), dict[Key, Told]()
    for _ in _until(ends):
        seconds = waiting.every_seconds
        try:
            last = advanced(workspace, folder, command, stop, waiting.breaking)
        except (AwsError, Locked) as error:
            tell(last, f"looking again in {seconds:g} s: {error}")
        else:
            went_back |= {item.one.key: item for item in last.told if item.did == "back"}
            tell(last, "")
            if not last.going_on:
                break
            seconds = min(seconds, *(_due_seconds(item, seconds) for item in last.going_on))
        if not _paused(min(time.monotonic() + seconds, ends), stop):
            break
    return replace(last, told=tuple(went_back.get(item.one.key, item) for item in last.told))


def _until(ends: float) -> Iterator[None]:
    """At least once."""
    yield
    while time.monotonic() < ends:
        yield


def _due_seconds(item: Told, otherwise: float) -> float:
    """Until time alone may move it on, by AWS's clock."""
    due = item.decision.not_before
    return max((due - item.one.now).total_seconds(), LOOK_SECONDS) if due else otherwise


def _paused(until: float, stop: Stop) -> bool:
    """Whether nobody said stop meanwhile."""
    with stop.listening():
        while time.monotonic() < until:
            if stop.event.wait(min(LOOK_SECONDS, max(until - time.monotonic(), 0.0))):
                return False
    return True
