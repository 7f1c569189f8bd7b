"""What the freezes of reconcile.yaml keep a command from. They are those of the reconcile.yaml that judges, and of a moment of AWS's clock: what
only shows goes by when it looked, what changes something by now.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reconciler.commands import workspaces
from reconciler.commands.causes import applied_here, caused
from reconciler.commands.last_applied import last_applied
from reconciler.commands.workspaces import Choices, Workspace
from reconciler.core.errors import AwsError, GitError, SelectionError, UnsafePlan
from reconciler.core.finding import Rule
from reconciler.core.freezes import Breaking, Broken, Freeze, holding, how_to_break, named, on, until
from reconciler.core.model import Snapshot, Target
from reconciler.core.place import Place
from reconciler.core.plans import Diagnostic, Plan, TargetPlan
from reconciler.files.validation import close_match
from reconciler.plan.freezes import IS_NOT_FROZEN, Hold, carried_out, holds, warned
from reconciler.report.applied import Applied

if TYPE_CHECKING:
    from reconciler.aws.client import Aws
    from reconciler.commands.apply import Session

HAS_A_CLOCK_THAT_IS_RIGHT = Rule("R352", "Where reconcile.yaml has freezes, this machine's clock is that of AWS.")
FARTHEST = timedelta(minutes=5)  # that the clocks may be apart

Known = Callable[[], Applied]


def told(workspace: Workspace, plan: Plan, live: Snapshot, known: Known) -> Plan:
    """The plan, which says what of it an apply would be kept from at the moment that the snapshot is of."""
    moment = datetime.fromisoformat(plan.taken_at)
    return warned(plan, _holds(workspace, plan, live, known, lambda _: moment, workspace.config.freezes))


def mended(
    workspace: Workspace, plan: Plan, live: Snapshot, aws: Aws, known: Known, breaking: Breaking
) -> tuple[Plan, Broken]:
    """What an apply carries out of a plan now, and what was broken for that. Raises SelectionError for a name that no freeze has, AwsError
    where this machine's clock is wrong."""
    require_named(workspace, breaking)
    moment = moments(workspace, plan, aws)
    every = _holds(workspace, plan, live, known, moment, workspace.config.freezes)
    left = breaking.left_of(workspace.config.freezes)
    still = _holds(workspace, plan, live, known, moment, left) if breaking and every else every
    broken = Broken(breaking.because, {target: hold.names for target, hold in every.items() if target not in still})
    notes = [Diagnostic("note", f"{target}: {broken.said_of(target)}", target) for target in broken.names]
    return carried_out(replace(plan, diagnostics=(*plan.diagnostics, *notes)), still), broken


def asking(workspace: Workspace, plan: Plan, session: Session, breaking: Breaking) -> Session:
    """The session, in which nothing is done that was agreed to once another freeze had begun: an answer takes as long as a person does."""
    left = breaking.left_of(workspace.config.freezes)
    if not left:
        return session
    moment = moments(workspace, plan, session.aws)
    acting = {one.target for one in plan.unrefused if one.operations}

    def holding_now() -> dict[str, datetime]:
        return {freeze.name: end for target in acting for freeze, end in on(left, target, moment(target))}

    before = holding_now()

    def ask(document: Mapping[str, Any]) -> None:
        session.audience.ask(document)
        for name, end in holding_now().items():
            if name not in before:
                message = f"{named([name])} has begun meanwhile, and holds until {until(end)}; nothing was changed"
                raise UnsafePlan(IS_NOT_FROZEN.ends(message))

    return replace(session, audience=replace(session.audience, ask=ask))


def require_open(workspace: Workspace, target: Target, now: datetime, breaking: Breaking) -> Broken:
    """What was broken for what a person asks of a target at once. Raises UnsafePlan where a freeze holds, whatever that allows."""
    require_named(workspace, breaking)
    every = on(workspace.config.freezes, target, now)
    still = [(freeze, end) for freeze, end in every if freeze.name not in breaking.names]
    if still:
        names = [freeze.name for freeze, _ in still]
        message = (
            f"{target} is left as it is until {until(still[0][1])}: {holding(names)}; "
            f"going back works, and this with {how_to_break(names)}"
        )
        raise UnsafePlan(IS_NOT_FROZEN.ends(message))
    broken = tuple(freeze.name for freeze, _ in every)
    return Broken(breaking.because, {target: broken} if broken else {})


def require_named(workspace: Workspace, breaking: Breaking) -> None:
    """Raises SelectionError."""
    names = sorted({freeze.name for freeze in workspace.config.freezes})
    for name in breaking.names:
        if name not in names:
            hint = close_match(name, names) or "; it has none"
            raise SelectionError(f"--break-freeze {name}: no freeze of {workspace.config.path} has that name{hint}")


def moments(workspace: Workspace, plan: Plan, aws: Aws) -> Callable[[Target], datetime]:
    """What time it is for each target whenever that is asked, by AWS's clock. Raises AwsError where ours is another: who reads records
    would be misled, and which of the two is right nobody can tell."""

    targets = [one.target for one in plan.targets if one.operations] if workspace.config.freezes else []
    dates = {place: aws.date(place) for place in sorted({Place.of(target) for target in targets}, key=str)}
    here = datetime.now(UTC)
    for place, there in dates.items():
        if abs(there - here) > FARTHEST:
            message = (
                f"{place}: AWS says that it is {there:%Y-%m-%d %H:%M} UTC, and this machine {here:%H:%M} on {here:%Y-%m-%d}, so "
                f"whether a freeze of {workspace.config.path} holds is not sure; set the clock by NTP; nothing was changed"
            )
            raise AwsError(HAS_A_CLOCK_THAT_IS_RIGHT.ends(message))
    return lambda target: dates[Place.of(target)] + (datetime.now(UTC) - here)


def _holds(
    workspace: Workspace,
    plan: Plan,
    live: Snapshot,
    known: Known,
    moment: Callable[[Target], datetime],
    freezes: Sequence[Freeze],
) -> dict[Target, Hold]:
    specs = workspace.specs.specs
    found = holds(plan, freezes, moment, specs, {})
    asked = [target for target, hold in found.items() if any("drift" in freeze.allow for freeze in hold.freezes)]
    return holds(plan, freezes, moment, specs, explained(workspace, plan, live, known(), asked)) if asked else found


def explained(
    workspace: Workspace, plan: Plan, live: Snapshot, known: Applied, asked: Iterable[Target]
) -> Mapping[Target, TargetPlan]:
    """The plans of targets with their causes, as far as a record tells what was last applied to them: where none does, what git says now may
    be what nobody has carried out yet."""
    try:
        here, _ = applied_here(workspaces.history(workspace), known, asked)
        bare = replace(plan, targets=tuple(one for one in plan.targets if one.target in here), diagnostics=())
        return {one.target: one for one in caused(workspace, bare, live, Choices(), known).targets}
    except GitError:
        return {}


def by_records(workspace: Workspace, folder: Path, aws: Aws | None, known: Applied | None = None) -> Known:
    """What was last applied, for who asks; `known` where somebody has found that out already."""
    return lambda: known or last_applied(workspace, folder, aws)[0]
