"""`rollback`: an alias goes back at once. Where git says how it gets to a version, the one that it leaves is marked as rejected in the same
call, so that no apply puts it back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Any

from reconciler.commands import wiring
from reconciler.commands.apply import Session, performed, running
from reconciler.commands.by_hand import Asked, because, read, spec_of, specs_of
from reconciler.commands.output import warn
from reconciler.commands.past import in_bucket, in_folder
from reconciler.commands.proposing import Proposal
from reconciler.commands.rewriting import Rewriting, pinned
from reconciler.commands.rollout import keeping
from reconciler.commands.run import Ending, Stop
from reconciler.commands.workspaces import Choices, Workspace
from reconciler.core.errors import AwsError
from reconciler.core.model import Key, Snapshot, Spec
from reconciler.core.plans import Plan
from reconciler.core.rollouts import Rollout
from reconciler.kinds.alias import ALIAS, marker
from reconciler.kinds.function import FUNCTION
from reconciler.kinds.version import VERSION
from reconciler.plan.going_back import destination, gone_back, is_said
from reconciler.plan.moving import moving
from reconciler.report.acceptance import how_to_propose
from reconciler.report.alias_moves import ROLLBACK, was_on
from reconciler.report.rollouts import Told
from reconciler.rollout.decide import Decision, rejected
from reconciler.rollout.rolling import Rolling
from reconciler.rollout.standing import Alias

if TYPE_CHECKING:
    from reconciler.aws.client import Aws

MOST_REPORTS = 100  # that are looked through for what an alias was on


@dataclass(frozen=True, slots=True)
class Back:
    """To which version, empty for the one that was before; whether the spec says so from then on, and if so in a commit on which branch."""

    alias: str
    version: str = ""
    is_pinned: bool = False
    branch: str = ""


def rolled_back(asked: Asked, back: Back) -> tuple[Ending, str]:
    """How it ended, and what is to be known of the spec."""
    key, workspace = Key(asked.one.target, ALIAS.name, back.alias), asked.one.alone
    specs = specs_of(asked, is_needed=back.is_pinned)
    proposal = Proposal(specs, back.branch) if specs and back.branch else None
    with running(workspace, Stop(), asked.audience) as session:
        live = read(workspace, session.aws, frozenset({ALIAS.name, VERSION.name}))
        found, why = goal(asked, key, live, back.version, session)
        one = rolling(key, live, specs, session.aws)
        left = one.marker.candidate if one and one.is_open else one.alias.version if one else ""
        pin = pinned(specs, key.target, back.alias, found, left) if specs and back.is_pinned else None
        if proposal and pin:
            proposal.require_nothing_else([pin])
        barred = kept_out(specs, key, live, found, left)
        told = Told(one, leaving(one, barred, found)) if one and left != found else None
        reason = f"back to version {found}, {why}"
        ending = performed(
            workspace, plan_of(workspace, key, live, found, reason, told, session), asked.orders(ROLLBACK), session
        )
        if told and not ending.exit_code:
            keeping.kept(workspace, session, asked.orders(ROLLBACK), [told])
    if ending.exit_code:
        return ending, ""
    if pin:
        return ending, written(pin, found, left, key, proposal)
    is_kept = told and barred and one and one.rollout
    return ending, stays(key, barred) if is_kept else to_be_known(specs, key, live, found)


def goal(asked: Asked, key: Key, live: Snapshot, version: str, session: Session) -> tuple[str, str]:
    """The version, and why that: of an open rollout the one that it came from, and never one that was rejected."""
    alias = next((item for item in live.resources if item.key == key), None)
    mark = marker(alias.handle) if alias else None
    held = {item.key.name for item in live.resources if item.key.kind == VERSION.name}
    if not version and mark and mark.is_open and mark.from_ in held:
        return mark.from_, f"the stable version of the rollout of {mark.candidate}"
    before = [] if version else was_on(reports(asked, asked.one.alone, session.aws), str(key.target), key.name)
    bad = Key(key.target, VERSION.name, mark.candidate) if mark and not version else None
    return destination(key, [item for item in live.resources if item.key != bad], version, before)


def rolling(key: Key, live: Snapshot, specs: Workspace | None, aws: Aws) -> Rolling | None:
    """The alias, where its spec has a rollout or it bears the marker of one."""
    from reconciler.snapshot.rolling import one

    held = {item.key: item for item in live.resources}
    rollout = rollout_of(spec_of(specs, key.target), key)
    if rollout is None and not marker(held[key].handle):
        return None
    return one(aws, held[key], held[Key(key.target, FUNCTION.name)], rollout)


def rollout_of(spec: Spec | None, key: Key) -> Rollout | None:
    return spec.rollouts.get(key.name) if spec else None


def kept_out(specs: Workspace | None, key: Key, live: Snapshot, found: str, left: str) -> str:
    """What the next apply would put there again: the version that is left, unless git says the one that was rejected before; none where
    git says nothing else than the version to go to."""
    spec, mark = spec_of(specs, key.target), marker(next(item for item in live.resources if item.key == key).handle)
    if is_said(spec, key, live.resources, found):
        return ""
    return mark.candidate if mark and is_said(spec, key, live.resources, mark.candidate) else left


def leaving(one: Rolling, barred: str, found: str) -> Decision:
    reason = f"rolled back to {found}"
    after = rejected(barred, found, reason, one.now) if barred else Alias(found)
    return Decision("back", reason, after)


def plan_of(
    workspace: Workspace, key: Key, live: Snapshot, found: str, reason: str, told: Told | None, session: Session
) -> Plan:
    if told and told.decision.after:
        return moving([(told.one, told.decision.after, reason)], live.taken_at)
    said = replace(workspace.specs, specs=(gone_back(key, live.resources, found),))
    return because(wiring.planned(replace(workspace, specs=said), live, Choices(), session.aws), key, reason)


# --- what is to be known ---------------------------------------------------------------------------------------------


def written(pin: Rewriting, version: str, left: str, key: Key, proposal: Proposal | None) -> str:
    """The spec says it from here on: in the folder, or in a commit."""
    if not pin.is_needed:
        return ""
    if proposal is None:
        pin.write()
        return f"{pin.path} says version {version} now; commit it"
    proposal.committed([pin], f"Pin {key.name} to version {version}\n\nRolled back{f' from {left}' if left else ''}.\n")
    return how_to_propose({"branch": {"name": proposal.branch, "from": proposal.onto}})


def stays(alias: Key, left: str) -> str:
    return (
        f"{left} is rejected, so the next apply leaves {alias} where it is; "
        "a newer version moves it, a pin, or `reconcile rollout retry`"
    )


def to_be_known(specs: Workspace | None, alias: Key, live: Snapshot, version: str) -> str:
    """What the next apply does with an alias that went back, unless it stays there."""
    spec = spec_of(specs, alias.target)
    if spec is None or is_said(spec, alias, live.resources, version) is not False:
        return ""
    return (
        f"{spec.path} says otherwise, so the next apply moves {alias} again; change it there, or roll back with --pin"
    )


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
