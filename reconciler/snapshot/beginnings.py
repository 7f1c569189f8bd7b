"""What CloudWatch is asked before a plan begins rollouts: for their alarms, and for the traffic that their evidence needs. Where none begins
nothing is asked. Never writes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from math import ceil

from reconciler.aws.client import Aws
from reconciler.core.model import Key, Spec
from reconciler.core.place import Place
from reconciler.core.plans import Diagnostic, Plan
from reconciler.core.rollouts import Rollout
from reconciler.kinds.alias import ALIAS
from reconciler.rollout.scarce import least
from reconciler.snapshot import alarms, usual
from reconciler.snapshot.metrics import API, MOST_ALARMS, MOST_QUERIES


def beginning(plan: Plan, specs: Iterable[Spec], *courses: str) -> dict[Key, Rollout]:
    """The aliases that the plan lets go to another version, on one of these ways, by a rollout of theirs."""
    rollouts = {
        Key(spec.target, ALIAS.name, name): rollout for spec in specs for name, rollout in spec.rollouts.items()
    }
    return {
        action.key: rollouts[action.key]
        for target in plan.unrefused
        for action in target.actions
        if action.verb != "none" and action.rollout and action.rollout.course in courses and action.key in rollouts
    }


def calls(plan: Plan, specs: Iterable[Spec]) -> dict[Place, dict[str, int]]:
    """How many of CloudWatch's calls that takes, by place."""
    names: dict[Place, set[str]] = {}
    for key, rollout in _of_alarms(plan, specs).items():
        names.setdefault(Place.of(key.target), set()).update(rollout.analysis.alarms)
    judged = Counter(Place.of(key.target) for key in _of_traffic(plan, specs))
    return {
        place: {API: ceil(len(names.get(place, ())) / MOST_ALARMS) + ceil(judged[place] / MOST_QUERIES)}
        for place in {*names, *judged}
    }


def told(aws: Aws, plan: Plan, specs: Iterable[Spec]) -> Iterator[Diagnostic]:
    yield from alarms.told(aws, {key: rollout.analysis for key, rollout in _of_alarms(plan, specs).items()})
    yield from usual.told(aws, _of_traffic(plan, specs), specs)


def _of_alarms(plan: Plan, specs: Iterable[Spec]) -> dict[Key, Rollout]:
    found = beginning(plan, specs, "begins", "at once")
    return {key: rollout for key, rollout in found.items() if rollout.analysis.alarms}


def _of_traffic(plan: Plan, specs: Iterable[Spec]) -> dict[Key, Rollout]:
    found = beginning(plan, specs, "begins")
    return {key: rollout for key, rollout in found.items() if least(rollout)}
