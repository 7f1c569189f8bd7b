"""`ci targets`: the matrix for the jobs after this one, one an account and region."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from reconciler.commands import workspaces
from reconciler.commands.ci.telling import annotating_failures, hand_on, present
from reconciler.commands.output import show
from reconciler.commands.targets import matrix, text


def counted(paths: Sequence[Path]) -> None:
    """Hand the matrix on. Raises UnsafePlan where the jobs would be in each other's way."""
    here = present()
    with annotating_failures(here):
        workspace = workspaces.read(paths)
        found = matrix(workspace)
    show(text(workspace))
    hand_on(here, {"matrix": json.dumps(found)})
