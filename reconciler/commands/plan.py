"""A plan as it is shown: of what AWS holds now, or of a saved snapshot without asking anybody."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reconciler.commands import wiring
from reconciler.commands.wiring import Choices, Workspace
from reconciler.core.model import Plan


def planned(
    workspace: Workspace, choices: Choices, *, snapshot: Path | None, folder: Path
) -> tuple[Plan, Mapping[str, Any]]:
    """The plan and its document; `folder` is where earlier reports lie."""
    aws = None
    if snapshot:
        workspace.config.require_enabled(workspace.accounts)
        live = wiring.saved_snapshot(workspace, snapshot)
        workspace = wiring.without_values(workspace, live)
    else:
        aws = wiring.connect(workspace.config, workspace.accounts)
        workspace = wiring.with_values(workspace, aws)
        live = wiring.live_snapshot(workspace, aws, wiring.looking(folder, choices))
    made = wiring.planned(workspace, live, choices, aws)
    return made, wiring.document(made, workspace)
