"""How the rollouts of some specs stand, and what the next tick does, also where a spec has lost its rollout meanwhile. Reads only."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from reconciler.commands import wiring
from reconciler.commands.rollout import keeping
from reconciler.commands.rollout.tick import Ticked, decided, looked
from reconciler.commands.workspaces import Workspace
from reconciler.kinds.alias import ALIAS
from reconciler.report.rollouts import Told
from reconciler.spec.load import only

NO_ALIASES = "No spec of these has aliases, so none was looked at."


def standing(workspace: Workspace, folder: Path, *, is_fetching: bool) -> Ticked:
    """Raises AwsError where nothing can be read."""
    owning = [spec.target for spec in workspace.specs.specs if ALIAS.section in spec.sections]
    if not owning:
        return Ticked((), wiring.now(), notes=(NO_ALIASES,))
    workspace = replace(workspace, specs=only(workspace.specs, owning), is_chosen=True)
    aws = wiring.connect(workspace.config, workspace.accounts)
    seen, taken_at, unread = looked(workspace, aws)
    told = [Told(one, decision, is_done=False) for one, decision in decided(workspace, aws, seen)]
    return Ticked(tuple(keeping.histories(workspace, aws, folder, told, is_fetching=is_fetching)), taken_at, unread)
