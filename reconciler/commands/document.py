"""The document of a plan: with where it was made from, and what an apply of it costs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reconciler.commands import workspaces
from reconciler.commands.workspaces import Workspace
from reconciler.core.place import Place
from reconciler.core.plans import Plan


def document(plan: Plan, workspace: Workspace, *, is_read: bool = False) -> dict[str, Any]:
    """`is_read`: who applies it has read just now what it was made of."""
    from reconciler.apply.cost import costs
    from reconciler.aws.pace import calls_per_second
    from reconciler.report.documents import plan_document
    from reconciler.spec.history import provenance

    reading = {} if is_read else reading_anew(plan, workspace)
    cost = costs(plan.unrefused, reading, calls_per_second())
    return plan_document(plan, provenance(Path(workspace.own.path).parent), cost)


def reading_anew(plan: Plan, workspace: Workspace) -> Mapping[Place, Mapping[str, int]]:
    """The calls by which an apply reads what the plan was made of."""
    from reconciler.snapshot.estimate import expected_calls
    from reconciler.snapshot.missing import foreseen

    if not any(target_plan.operations for target_plan in plan.targets):
        return {}
    missing = {
        target_plan.target
        for target_plan in plan.targets
        for action in target_plan.actions
        if action.key.kind == target_plan.target.root and action.verb == "create"
    }
    specs = workspace.specs.specs
    return expected_calls(specs, marked=workspaces.marked_places(workspace), missing=foreseen(specs, missing))
