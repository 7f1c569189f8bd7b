"""`rollback`, `republish` and `disown`: what a person asks of one function at once. Planned, shown, asked, carried out and recorded
as an apply is; only the plan is not made of a spec alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reconciler.commands import wiring
from reconciler.commands.apply import Audience, Orders, performed, running
from reconciler.commands.naming import Named
from reconciler.commands.output import warn
from reconciler.commands.past import in_bucket, in_folder
from reconciler.commands.rewriting import pinned
from reconciler.commands.run import Ending, Stop
from reconciler.commands.wiring import Choices, Workspace
from reconciler.core.errors import AwsError, SpecError, UnsafePlan
from reconciler.core.finding import continued
from reconciler.core.model import Key, Plan, Snapshot, Target
from reconciler.kinds.alias import ALIAS
from reconciler.kinds.version import VERSION
from reconciler.plan.by_hand import disowned, published_anew
from reconciler.plan.going_back import destination, gone_back, is_said
from reconciler.report.alias_moves import ROLLBACK, was_on
from reconciler.spec.load import only

if TYPE_CHECKING:
    from reconciler.aws.client import Aws

MOST_REPORTS = 100  # that are looked through for what an alias was on


@dataclass(frozen=True, slots=True)
class Asked:
    """Of which function, where its specs are and where records go; who sees and answers."""

    one: Named
    path: Path
    folder: Path
    audience: Audience

    def orders(self, command: str) -> Orders:
        return Orders(Choices(), self.folder, command=command)


def rolled_back(asked: Asked, alias: str, version: str, *, is_pinned: bool) -> tuple[Ending, str]:
    """An alias goes back, to a version or to what it was on before, and where it `is_pinned` the spec says so from then on. How it
    ended, and what is to be known of the spec."""
    key, workspace = Key(asked.one.target, ALIAS.name, alias), asked.one.alone
    specs = specs_of(asked, is_needed=is_pinned)
    with running(workspace, Stop(), asked.audience) as session:
        live = read(workspace, session.aws, frozenset({ALIAS.name, VERSION.name}))
        before = [] if version else was_on(reports(asked, workspace, session.aws), str(key.target), alias)
        found, why = destination(key, live.resources, version, before)
        pin = pinned(specs, key.target, alias, found) if specs and is_pinned else None
        said = replace(workspace.specs, specs=(gone_back(key, live.resources, found),))
        plan = wiring.planned(replace(workspace, specs=said), live, Choices(), session.aws)
        ending = performed(
            workspace, because(plan, key, f"back to version {found}, {why}"), asked.orders(ROLLBACK), session
        )
    if ending.exit_code:
        return ending, ""
    if pin:
        pin.write()
        return ending, f"{pin.path} says version {found} now; commit it" if pin.is_needed else ""
    return ending, to_be_known(specs, key, live, found)


def specs_of(asked: Asked, *, is_needed: bool) -> Workspace | None:
    """All that the specs say; None, and a warning, where they are broken and it can go without."""
    try:
        return wiring.read([asked.path])
    except SpecError as error:
        if is_needed:
            raise
        warn(f"what the next apply makes of it is not known, for there are mistakes: {error.faults[0]}")
        return None


def to_be_known(specs: Workspace | None, alias: Key, live: Snapshot, version: str) -> str:
    """What the next apply does with an alias that went back, unless it stays there."""
    spec = next((spec for spec in specs.written if spec.target == alias.target), None) if specs else None
    if spec is None or is_said(spec, alias, live.resources, version) is not False:
        return ""
    return (
        f"{spec.path} says otherwise, so the next apply moves {alias} again; change it there, or roll back with --pin"
    )


def republished(asked: Asked, workspace: Workspace) -> Ending:
    """A new version of what git says and AWS holds. Raises UnsafePlan where the two differ."""
    workspace = replace(workspace, specs=only(workspace.specs, [asked.one.target]), is_chosen=True)
    with running(workspace, Stop(), asked.audience) as session:
        known = wiring.with_values(workspace, session.aws)
        look = wiring.looking(asked.folder, Choices(), session.packages)
        live = wiring.live_snapshot(known, session.aws, look)
        of_git = wiring.planned(known, live, Choices(), session.aws)
        for note in wiring.refusals(of_git).values():
            raise UnsafePlan(continued(note.message, "so nothing is published anew"))
        live = read(asked.one.alone, session.aws, frozenset({VERSION.name}))
        plan = published_anew(of_git.targets[0], live.resources, wiring.now(), live.taken_at)
        return performed(known, plan, asked.orders("republish"), session)


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
    spec = next((spec for spec in specs.written if spec.target == target), None) if specs else None
    if spec and spec.adopt:
        why = f"{spec.origins['/adopt']} says `adopt: true`, so the next apply takes it over again; take that out, or the spec"
    else:
        why = "a spec of it is refused unless it says `adopt: true`"
    return f"{target} is nobody's now; {why}."


def read(workspace: Workspace, aws: Aws, kinds: frozenset[str]) -> Snapshot:
    """What AWS holds of the function, and these kinds of it. Raises SnapshotError."""
    from reconciler.snapshot.fetch import fetch

    return fetch(aws, workspace.specs.specs, taken_at=wiring.now(), kinds=kinds)


def reports(asked: Asked, workspace: Workspace, aws: Aws) -> list[Mapping[str, Any]]:
    """What is on record of the function, the oldest first: where all runs leave it, or in the folder."""
    address = str(asked.one.target)
    found = in_folder(asked.folder, address)
    if workspace.config.reports:
        try:
            found = iter([*in_bucket(workspace, aws)])
        except AwsError as error:
            warn(f"{workspace.config.reports} cannot be read, so {asked.folder} tells what was before: {error}")
    ours = (report for report in found if any(task["target"] == address for task in report["tasks"]))
    return [*islice(ours, MOST_REPORTS)][::-1]


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
