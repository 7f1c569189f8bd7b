"""How the rollouts that are open do by now, for those who read a plan: asked for together, and only where one is open. Decides nothing. Never
writes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from reconciler.aws.client import Aws
from reconciler.core.finding import Rule
from reconciler.core.model import Key, Live, Spec
from reconciler.core.place import Place
from reconciler.core.plans import Diagnostic, Plan
from reconciler.core.rollouts import GOING, Analysis
from reconciler.kinds.alias import rolled
from reconciler.kinds.configuration import longest_invocation
from reconciler.kinds.function import FUNCTION
from reconciler.rollout.evidence import verdict
from reconciler.rollout.rolling import Rolling
from reconciler.rollout.words import judged_in_words
from reconciler.snapshot.metrics import evidence

IS_JUDGED = Rule("W264", "A plan tells how an open rollout does by now; what follows from it, a tick decides.")


def told(aws: Aws, plan: Plan, specs: Iterable[Spec], live: Iterable[Live]) -> Iterator[Diagnostic]:
    """A note for each that something can be said of."""
    rolling = {one.key: one for one in _rolling(aws, plan, specs, live)}
    origins = {spec.target: spec.origins for spec in specs}
    for key, found in evidence(aws, rolling.values()).items():
        rollout = rolling[key].rollout
        if rollout is None or (found.window.is_empty and not found.alarms):
            continue
        judged = verdict(rollout, rolling[key].marker, found)
        message = f"{key}: by now {judged_in_words(judged.outcome, judged.numbers, judged.lacks or judged.reason)}"
        yield IS_JUDGED.cited(Diagnostic("note", message, key.target, origins[key.target].get(f"/aliases/{key.name}")))


def _rolling(aws: Aws, plan: Plan, specs: Iterable[Spec], live: Iterable[Live]) -> Iterator[Rolling]:
    rollouts = {spec.target: spec.rollouts for spec in specs}
    held = {item.key: item for item in live}
    for target in plan.targets:
        for action in target.actions:
            key, is_going = action.key, action.rollout is not None and action.rollout.course in GOING
            rollout = rollouts.get(key.target, {}).get(key.name) if is_going else None
            if rollout and rollout.analysis != Analysis():
                function, alias = held[Key(key.target, FUNCTION.name)], held[key]
                now = aws.date(Place.of(key.target))
                yield Rolling(
                    key,
                    rolled(alias),
                    now,
                    (function, alias),
                    rollout=rollout,
                    timeout=longest_invocation(function.properties["configuration"]),
                )
