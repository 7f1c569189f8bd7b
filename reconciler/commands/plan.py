"""A plan as it is shown: of what AWS holds now, or of a saved snapshot without asking anybody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reconciler.commands import freezing, wiring
from reconciler.commands.causes import caused
from reconciler.commands.document import document as document_of
from reconciler.commands.last_applied import last_applied
from reconciler.commands.rollout import rejections
from reconciler.commands.workspaces import Choices, Workspace
from reconciler.core.model import Snapshot
from reconciler.core.plans import Diagnostic, Plan
from reconciler.report.applied import Applied

if TYPE_CHECKING:
    from reconciler.aws.client import Aws


def planned(
    workspace: Workspace,
    choices: Choices,
    *,
    snapshot: Path | None,
    folder: Path,
    known: Applied | None = None,
) -> tuple[Plan, Mapping[str, Any]]:
    """The plan and its document; `folder` is where earlier reports lie. `known` is what was last applied, where somebody
    has found that out already."""
    workspace, live, aws = seen(workspace, choices, snapshot=snapshot, folder=folder)
    return of_live(workspace, live, choices, folder=folder, aws=aws, known=known)


def seen(
    workspace: Workspace, choices: Choices, *, snapshot: Path | None, folder: Path
) -> tuple[Workspace, Snapshot, Aws | None]:
    """The workspace as it is compared, what it is compared with, and who can be asked for more: nobody where a saved snapshot tells."""
    if snapshot:
        workspace.config.require_enabled(workspace.accounts)
        live = wiring.saved_snapshot(workspace, snapshot)
        return wiring.without_values(workspace, live), live, None
    aws = wiring.connect(workspace.config, workspace.accounts)
    workspace = wiring.with_values(workspace, aws)
    return workspace, wiring.live_snapshot(workspace, aws, wiring.looking(folder, choices)), aws


def of_live(
    workspace: Workspace, live: Snapshot, choices: Choices, *, folder: Path, aws: Aws | None, known: Applied | None
) -> tuple[Plan, Mapping[str, Any]]:
    """The plan of what has been read, with causes where they are asked for, and its document."""
    made = _with_evidence(
        wiring.looked_into(wiring.planned(workspace, live, choices, aws), choices, aws), workspace, live, aws
    )
    made = rejections.told(workspace, made, folder, aws)
    if choices.base or choices.drift:
        notes = tuple[Diagnostic, ...]()
        if known is None:
            known, notes = last_applied(workspace, folder, aws if choices.drift else None)
        made = caused(workspace, replace(made, diagnostics=(*made.diagnostics, *notes)), live, choices, known)
        if choices.who and aws:
            from reconciler.commands.who import attributed

            made = attributed(made, live, aws, workspace.config.accounts, known)
    if not choices.drift:
        made = freezing.told(workspace, made, live, freezing.by_records(workspace, folder, aws, known))
    return made, document_of(made, workspace)


def _with_evidence(made: Plan, workspace: Workspace, live: Snapshot, aws: Aws | None) -> Plan:
    """With what CloudWatch says by now of the rollouts that are open; as it is where nobody can be asked."""
    if aws is None:
        return made
    from reconciler.snapshot.underway import told

    return replace(made, diagnostics=(*made.diagnostics, *told(aws, made, workspace.specs.specs, live.resources)))
