"""Rollouts that somebody waits for: each step is told as it is taken, and what is left open in the end."""

from __future__ import annotations

from pathlib import Path

from reconciler.commands.output import say, warn
from reconciler.commands.rollout.advancing import Waiting, waited
from reconciler.commands.rollout.ending import codes, worst
from reconciler.commands.rollout.tick import Ticked
from reconciler.commands.run import Stop
from reconciler.commands.workspaces import Workspace
from reconciler.core.errors import AwsError
from reconciler.core.words import many
from reconciler.report.rollouts import row, sentence


def followed(workspace: Workspace, folder: Path, waiting: Waiting, stop: Stop, command: str) -> Ticked:
    """How they stand once they are over, wait for a person, or it took too long."""
    shown: dict[str, str] = {}

    def tell(found: Ticked, problem: str) -> None:
        if problem:
            warn(problem)
        for item in found.told if not problem else ():
            line = f"{item.one.key}: {sentence(row(item))}"
            if shown.get(str(item.one.key)) != line:
                say(line)
            shown[str(item.one.key)] = line

    found = waited(workspace, folder, waiting, stop, command, tell)
    if found.going_on:
        say(f"{many(len(found.going_on), 'rollout')} left open; `reconcile rollout advance` goes on")
    return found


def exit_code(before: int, found: Ticked, stop: Stop, *, is_detailed: bool) -> int:
    """Of an apply that ended so before, with what came of its rollouts; in detail also that one waits for a person."""
    of_them = (code for item in found.told for code in codes([item], is_detailed=is_detailed and item.needs_person))
    unread = [AwsError.exit_code] if found.unread else []
    return stop.exit_code or worst([before, *of_them, *unread])
