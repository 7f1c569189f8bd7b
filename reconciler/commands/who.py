"""Who changed what AWS holds, in a plan of drift: CloudTrail is asked, and never fails a plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from reconciler.core.accounts import Account
from reconciler.core.model import Key, Snapshot
from reconciler.core.place import Place
from reconciler.core.plans import Action, Diagnostic, Plan, TargetPlan
from reconciler.core.trail import Who
from reconciler.plan import who
from reconciler.plan.who import Sought
from reconciler.report.applied import Applied
from reconciler.snapshot.trail import Trail

if TYPE_CHECKING:
    from reconciler.aws.client import Aws

SIDE_BY_SIDE = 8  # places, each of which has a quota of its own


def attributed(plan: Plan, live: Snapshot, aws: Aws, accounts: Mapping[str, Account], known: Applied) -> Plan:
    """A plan of drift alone, each of whose actions says who did it; `known` says since when. A note of each place tells what kept
    CloudTrail from answering."""
    now = who.moment(plan.taken_at) or datetime.now(UTC)
    wanted = by_place(plan, live, known)
    trails = {place: Trail(aws, place) for place in wanted}

    def answers(place: Place) -> dict[Key, Who]:
        return found(trails[place], wanted[place], now, accounts[place.account].role_arn)

    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        by_key = {key: one for told in pool.map(answers, wanted) for key, one in told.items()}
    notes = [
        Diagnostic("note", f"{place}: who changed what cannot be told: {trail.reason}")
        for place, trail in trails.items()
        if trail.reason
    ]
    targets = tuple(_with_who(target_plan, by_key) for target_plan in plan.targets)
    return replace(plan, targets=targets, diagnostics=(*plan.diagnostics, *notes))


def by_place(plan: Plan, live: Snapshot, known: Applied) -> dict[Place, list[Sought]]:

    held = {item.key: item for item in live.resources}
    wanted: dict[Place, list[Sought]] = {}
    for target_plan in plan.targets:
        since = who.moment(known.end_of(str(target_plan.target))) or datetime.min.replace(tzinfo=UTC)
        for one in who.sought(target_plan, held, since=since):
            wanted.setdefault(Place.of(target_plan.target), []).append(one)
    return wanted


def found(trail: Trail, wanted: Sequence[Sought], now: datetime, role: str) -> dict[Key, Who]:
    """The answer to each question: cheap ones first, and no more are asked than it takes."""
    ranks = range(max((len(one.operations) for one in wanted), default=0))
    looks = (
        partial(who.narrow, now=now, by_name=True),
        partial(who.narrow, now=now, by_name=False),
        *(partial(who.wide, rank=rank, now=now) for rank in ranks),
    )
    told: dict[Key, Who] = {}
    for looked in looks:
        left = [one for one in wanted if one.key not in told]
        events = [event for look in looked(left) for event in trail.events(look)]
        told |= {one.key: answer for one in left if (answer := who.told(one, events, now=now, role=role))}
    unknown = partial(who.untold, now=now, problem=trail.problem, is_cut=trail.is_cut)
    return {one.key: told.get(one.key) or unknown(one) for one in wanted}


def _with_who(target_plan: TargetPlan, answers: Mapping[Key, Who]) -> TargetPlan:
    """Where what a target is has an answer alone, what hung on it has the same."""
    own = answers.get(Key(target_plan.target, target_plan.target.root))

    def told(action: Action) -> Action:
        return replace(action, who=answers.get(action.key, own)) if action.verb != "none" else action

    return replace(target_plan, actions=tuple(map(told, target_plan.actions)))
