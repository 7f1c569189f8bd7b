"""An apply from its flags to its ending: snapshot, plan and causes, then what every run is made of, and what became of rollouts."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from reconciler.commands import freezing, wiring
from reconciler.commands.apply import Audience, Orders, Session, compared_with, failed_before, performed, running
from reconciler.commands.causes import caused
from reconciler.commands.output import warn
from reconciler.commands.rollout import rejections
from reconciler.commands.run import Ending, Stop
from reconciler.commands.workspaces import Workspace
from reconciler.core.errors import AwsError
from reconciler.core.model import Snapshot, Target
from reconciler.core.place import Place
from reconciler.core.plans import Plan
from reconciler.report.applied import applied as by_reports
from reconciler.report.sent import documents


def applied(workspace: Workspace, orders: Orders, stop: Stop, audience: Audience) -> Ending:
    """Apply, under the lock if there is one. Raises UnsafePlan when a guard refuses the run, StalePlan when the plan is not the
    one whose digest was approved."""
    workspace = failed_before(workspace, orders.only_failed) if orders.only_failed else workspace
    with running(workspace, stop, audience) as session:
        aws = session.aws
        workspace = wiring.with_values(workspace, aws)
        look = wiring.looking(orders.folder, orders.choices, session.packages)
        snapshot = wiring.live_snapshot(workspace, aws, look)
        plan = wiring.looked_into(wiring.planned(workspace, snapshot, orders.choices, aws), orders.choices, aws)
        plan = rejections.told(workspace, plan, orders.folder, aws)
        if orders.choices.base:
            plan = caused(workspace, plan, snapshot, orders.choices, by_reports(documents(orders.folder)))
        known = freezing.by_records(workspace, orders.folder, aws, orders.known)
        plan = compared_with(plan, orders)
        plan, broken = freezing.mended(workspace, plan, snapshot, aws, known, orders.breaking)
        open_session = freezing.asking(workspace, plan, session, orders.breaking)
        ending = performed(workspace, plan, replace(orders, broken=broken), open_session)
        if any(action.rollout for target in plan.targets for action in target.actions):
            record_rollouts(workspace, plan, snapshot, ending, orders, session)
        return ending


def record_rollouts(
    workspace: Workspace, plan: Plan, snapshot: Snapshot, ending: Ending, orders: Orders, session: Session
) -> None:
    """What became of rollouts goes into their records."""
    from reconciler.commands.rollout import keeping
    from reconciler.report.rollout_starts import moved

    def now(target: Target) -> datetime:
        return session.aws.date(Place.of(target))

    try:
        told = moved(plan, ending.report, snapshot.resources, workspace.specs.specs, now)
        keeping.kept(workspace, session, orders, told)
    except AwsError as error:
        warn(f"what became of rollouts is not in their records: {error}")
