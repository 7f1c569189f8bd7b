"""How the rollouts of some specs stand, and what the next tick does. Reads only."""

from __future__ import annotations

from pathlib import Path

from reconciler.commands import wiring
from reconciler.commands.rollout import keeping
from reconciler.commands.rollout.tick import NONE_SAID, Ticked, decided, looked, with_rollouts
from reconciler.commands.wiring import Workspace
from reconciler.report.rollouts import Told


def standing(workspace: Workspace, folder: Path, *, is_fetching: bool) -> Ticked:
    """Raises AwsError where nothing can be read."""
    workspace = with_rollouts(workspace)
    if not workspace.specs.specs:
        return Ticked((), wiring.now(), notes=(NONE_SAID,))
    aws = wiring.connect(workspace.config, workspace.accounts)
    seen, taken_at, unread = looked(workspace, aws)
    told = [Told(one, decision, is_done=False) for one, decision in decided(workspace, aws, seen)]
    return Ticked(tuple(keeping.histories(workspace, aws, folder, told, is_fetching=is_fetching)), taken_at, unread)
