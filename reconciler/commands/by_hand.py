"""`republish` and `disown`, and what `rollback` shares with them: what a person asks of one function at once. Planned, shown, asked,
carried out and recorded as an apply is; only the plan is not made of a spec alone."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.commands import wiring, workspaces
from reconciler.commands.apply import Audience, Orders, performed, running
from reconciler.commands.freezing import asking, require_open
from reconciler.commands.naming import Named
from reconciler.commands.output import warn
from reconciler.commands.run import Ending, Stop
from reconciler.commands.workspaces import Choices, Workspace
from reconciler.core.errors import SpecError, UnsafePlan
from reconciler.core.finding import continued
from reconciler.core.freezes import NOTHING_BROKEN, Breaking, Broken
from reconciler.core.model import Key, Snapshot, Spec, Target
from reconciler.core.place import Place
from reconciler.core.plans import Plan
from reconciler.kinds.version import VERSION
from reconciler.plan.by_hand import disowned, published_anew
from reconciler.spec.load import only

if TYPE_CHECKING:
    from reconciler.aws.client import Aws


@dataclass(frozen=True, slots=True)
class Asked:
    """Of which function, where its specs are and where records go; who sees and answers."""

    one: Named
    path: Path
    folder: Path
    audience: Audience
    breaking: Breaking = field(default_factory=Breaking)

    def orders(self, command: str, broken: Broken = NOTHING_BROKEN) -> Orders:
        return Orders(Choices(), self.folder, command=command, broken=broken)


def specs_of(asked: Asked, *, is_needed: bool) -> Workspace | None:
    """All that the specs say; None, and a warning, where they are broken and it can go without."""
    try:
        return workspaces.read([asked.path])
    except SpecError as error:
        if is_needed:
            raise
        warn(f"what the next apply makes of it is not known, for there are mistakes: {error.faults[0]}")
        return None


def spec_of(specs: Workspace | None, target: Target) -> Spec | None:
    return next((spec for spec in specs.written if spec.target == target), None) if specs else None


def republished(asked: Asked, workspace: Workspace) -> Ending:
    """A new version of what git says and AWS holds. Raises UnsafePlan where the two differ, or a freeze holds."""

    workspace = replace(workspace, specs=only(workspace.specs, [asked.one.target]), is_chosen=True)
    with running(workspace, Stop(), asked.audience) as session:
        known = wiring.with_values(workspace, session.aws)
        look = wiring.looking(asked.folder, Choices(), session.packages)
        live = wiring.live_snapshot(known, session.aws, look)
        of_git = wiring.planned(known, live, Choices(), session.aws)
        for note in of_git.refused.values():
            raise UnsafePlan(continued(note.message, "so nothing is published anew"))
        target = asked.one.target
        broken = require_open(workspace, target, session.aws.date(Place.of(target)), asked.breaking)
        live = read(asked.one.alone, session.aws, frozenset({VERSION.name}))
        plan = published_anew(of_git.targets[0], live.resources, wiring.now(), live.taken_at)
        orders = asked.orders("republish", broken)
        return performed(known, plan, orders, asking(known, plan, session, asked.breaking))


def let_go(asked: Asked) -> tuple[Ending, str]:
    """Our mark goes, and nothing else does. How it ended, and whose the function is from then on."""
    workspace = asked.one.alone
    with running(workspace, Stop(), asked.audience) as session:
        live = read(workspace, session.aws, frozenset())
        plan = disowned(asked.one.target, live.resources, workspace.config.managed_by, live.taken_at)
        ending = performed(workspace, plan, asked.orders("disown"), session)
    return ending, "" if ending.exit_code else whose(specs_of(asked, is_needed=False), asked.one.target)


def whose(specs: Workspace | None, target: Target) -> str:
    """What the next apply makes of a function that is nobody's."""
    spec = spec_of(specs, target)
    if spec and spec.adopt:
        why = f"{spec.origins['/adopt']} says `adopt: true`, so the next apply takes it over again; take that out, or the spec"
    else:
        why = "a spec of it is refused unless it says `adopt: true`"
    return f"{target} is nobody's now; {why}."


def read(workspace: Workspace, aws: Aws, kinds: frozenset[str]) -> Snapshot:
    """What AWS holds of the function, and these kinds of it. Raises SnapshotError."""
    from reconciler.snapshot.fetch import fetch

    return fetch(aws, workspace.specs.specs, taken_at=wiring.now(), kinds=kinds)


def because(plan: Plan, key: Key, reason: str) -> Plan:
    """The plan with a reason for what becomes of one resource."""
    targets = (
        replace(
            target_plan,
            actions=tuple(
                replace(action, reason=reason) if action.key == key else action for action in target_plan.actions
            ),
        )
        for target_plan in plan.targets
    )
    return replace(plan, targets=tuple(targets))
