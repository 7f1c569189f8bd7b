"""One tick of the rollouts that are open: the alias is read, CloudWatch asked, a decision made, and at most one UpdateAlias done for each.

What somebody else moved in between is looked at again; what went a step in this tick is not.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reconciler.commands import wiring
from reconciler.commands.apply import Audience, Orders, Session, performed
from reconciler.commands.progress import progress
from reconciler.commands.rollout import keeping
from reconciler.commands.workspaces import Choices, Workspace
from reconciler.core.errors import PARTLY, AwsError, StalePlan
from reconciler.core.freezes import NOTHING, Breaking, Broken, Freeze, named, on, until
from reconciler.core.model import Key
from reconciler.core.rollouts import Rollout
from reconciler.plan.moving import moving, retrying
from reconciler.report.rollout_starts import started
from reconciler.report.rollouts import Told
from reconciler.rollout.decide import Decision, decide, held_back
from reconciler.rollout.evidence import Evidence, Window
from reconciler.rollout.rolling import Rolling
from reconciler.spec.load import only

if TYPE_CHECKING:
    from reconciler.aws.client import Aws

MOST_LOOKS = 3  # at an alias that others move as well
NONE_SAID = "No spec of these says `rollout`, so no alias was looked at; `reconcile rollout status` tells of one that still is in a rollout."
NO_ROLLOUT = "its spec has no rollout; the next apply makes of it what git says"

CODES = {StalePlan.__name__: StalePlan.exit_code}

Decided = Sequence[tuple[Rolling, Decision]]


@dataclass(frozen=True, slots=True)
class Ticked:
    """What was decided and done, what could not be read, and what else is to be known."""

    told: tuple[Told, ...]
    taken_at: str
    unread: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def going_on(self) -> list[Told]:
        """Those that another tick may take on."""
        return [item for item in self.told if item.is_open and not item.needs_person]


def with_rollouts(workspace: Workspace) -> Workspace:
    """The specs that have a rollout: of no other one need be read."""
    chosen = [spec.target for spec in workspace.specs.specs if spec.rollouts]
    return replace(workspace, specs=only(workspace.specs, chosen), is_chosen=True)


def ticked(workspace: Workspace, session: Session, folder: Path, command: str, breaking: Breaking = NOTHING) -> Ticked:
    """Raises AwsError where nothing can be read."""
    found: dict[Key, Told] = {}
    orders = Orders(Choices(), folder, command=command)
    seen, taken_at, unread = looked(workspace, session.aws)
    for _ in range(MOST_LOOKS):
        decisions = decided(workspace, session.aws, seen, breaking)
        now = replace(orders, broken=broken(workspace, decisions, breaking))
        acted = carry_out(workspace, session, decisions, now)
        found |= {item.one.key: item for item in acted}
        again = {item.one.key for item in acted if item.failed}
        if not again or session.stop():
            break
        seen, _, unread = looked(workspace, session.aws, again)
    told = keeping.kept(workspace, session, orders, [item for _, item in sorted(found.items())])
    return Ticked(told, taken_at, unread)


def looked(
    workspace: Workspace, aws: Aws, wanted: Collection[Key] | None = None
) -> tuple[list[Rolling], str, tuple[str, ...]]:
    """The aliases with a marker, when they were read, and why others were not."""
    from reconciler.snapshot.rolling import rolling

    seen, live = rolling(aws, workspace.specs.specs, wiring.now())
    unread = tuple(dict.fromkeys(reason for _, reason in sorted(live.unread.items())))
    return [one for one in seen if wanted is None or one.key in wanted], live.taken_at, unread


def decided(workspace: Workspace, aws: Aws, seen: Iterable[Rolling], breaking: Breaking = NOTHING) -> Decided:
    """What is to be done by what CloudWatch tells, and as far as no freeze holds."""
    from reconciler.snapshot.metrics import evidence

    rolling = list(seen)
    told = evidence(aws, (one for one in rolling if one.is_judged))
    freezes = breaking.left_of(workspace.config.freezes)
    return [(one, decision(one, told.get(one.key), freezes)) for one in rolling]


def decision(one: Rolling, evidence: Evidence | None, freezes: Iterable[Freeze]) -> Decision:
    if one.is_open and one.rollout is None:
        return Decision("none", NO_ROLLOUT)
    made = decide(one.rollout or Rollout(), one.alias, evidence or Evidence(Window(one.now, one.now)), one.now)
    if one.is_unwanted and made.did != "forget":
        return held_back(made, f"git says {one.wanted} by now, and the next apply ends it")
    holding = on(freezes, one.key.target, one.now)
    if not holding:
        return made
    end = holding[0][1]
    names = named(freeze.name for freeze, _ in holding)
    return held_back(made, f"held until {until(end)} by {names}", end.astimezone(UTC))


def broken(workspace: Workspace, decisions: Decided, breaking: Breaking) -> Broken:
    """The freezes that are broken for what is decided."""
    going = {one.key.target: one.now for one, decision in decisions if decision.after and decision.did != "back"}
    names = {
        target: tuple(freeze.name for freeze, _ in on(workspace.config.freezes, target, now))
        for target, now in (going if breaking else {}).items()
    }
    return Broken(breaking.because, {target: found for target, found in names.items() if found})


def carry_out(workspace: Workspace, session: Session, decisions: Decided, orders: Orders) -> list[Told]:
    """Each decision, with what came of it."""
    moves = [(one, decision.after, decision.reason) for one, decision in decisions if decision.after]
    if not moves:
        return [Told(one, decision) for one, decision in decisions]
    ending = performed(workspace, moving(moves, wiring.now()), orders, session)
    return came_of(decisions, ending.report)


def begin(workspace: Workspace, session: Session, one: Rolling, decision: Decision, orders: Orders) -> list[Told]:
    """A rollout from its smoke events on, with what came of it."""
    assert decision.after
    ending = performed(workspace, retrying(one, decision.after, wiring.now()), orders, session)
    told = [started(one, decision.reason, task) for task in ending.report["tasks"]]
    return [item for item in told if item] or came_of([(one, decision)], ending.report)


def came_of(decisions: Decided, report: Mapping[str, Any]) -> list[Told]:
    done = {item["address"]: item for task in report["tasks"] for item in attempted(task)}
    return [_told(one, decision, done.get(str(one.key))) for one, decision in decisions]


def attempted(task: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Its operations as far as the first that went wrong."""
    operations: list[Mapping[str, Any]] = task["operations"]
    wrong = next((number for number, item in enumerate(operations) if item["error"]), len(operations))
    return operations[: wrong + 1]


def nothing(_: Mapping[str, Any]) -> None:
    """A tick is told once it is over, and asks nobody."""


QUIET = Audience(nothing, nothing, progress)


def _told(one: Rolling, decision: Decision, operation: Mapping[str, Any] | None) -> Told:
    if decision.after is None or operation is None:
        return Told(one, decision)
    if operation["outcome"] == "succeeded" and not operation["error"]:
        return Told(one, decision, request_id=operation["request_id"])
    error = operation["error"] or {"type": "", "message": "not attempted"}
    code = CODES.get(error["type"], AwsError.exit_code if decision.did == "back" else PARTLY)
    return Told(one, decision, error["message"], code, operation["request_id"])
