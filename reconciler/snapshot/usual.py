"""Whether aliases had the traffic in the last day that the evidence of their rollouts needs. Never writes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from typing import Literal

from reconciler.aws.client import Aws
from reconciler.aws.unread import failure_text
from reconciler.core.errors import AwsError, Interrupted
from reconciler.core.finding import Rule
from reconciler.core.grouping import grouped
from reconciler.core.model import Key, Spec, Target
from reconciler.core.place import Place
from reconciler.core.plans import Diagnostic
from reconciler.core.rollouts import Rollout
from reconciler.kinds.configuration import longest_invocation
from reconciler.kinds.function import FUNCTION
from reconciler.rollout.evidence import Window
from reconciler.rollout.scarce import scarcity
from reconciler.snapshot.metrics import Metric, asked

DAY, PERIOD = timedelta(days=1), timedelta(minutes=5)
HAS_ENOUGH = Rule("W260", "A step of a rollout gets the invocations that its evidence needs, or that is told before.")
IS_KNOWN = Rule("W261", "What traffic an alias has is known before a rollout begins that needs some.")


def told(aws: Aws, rollouts: Mapping[Key, Rollout], specs: Iterable[Spec]) -> Iterator[Diagnostic]:
    """One call for all aliases of an account and region; what keeps from it is told once."""
    known = {spec.target: spec for spec in specs}
    unseen: list[Diagnostic] = []
    for place, keys in grouped(rollouts, lambda key: Place.of(key.target)).items():
        try:
            counts = _of_a_day(aws, place, keys)
        except Interrupted:
            raise
        except AwsError as failure:
            why = failure_text("GetMetricData", failure)
            message = f"{keys[0]}: whether its rollout gets the invocations that its evidence needs is not known: {why}"
            unseen.append(_note("note", IS_KNOWN, keys[0], known, message))
            continue
        for key, (count, span) in counts.items():
            if scarce := scarcity(rollouts[key], count, span, _timeout(known[key.target])):
                yield _note("warning", HAS_ENOUGH, key, known, f"{key}: {scarce}")
    yield from unseen[:1]


def _of_a_day(aws: Aws, place: Place, keys: Iterable[Key]) -> dict[Key, tuple[float, timedelta]]:
    """How many invocations there were, and in how long: since the first one, for before it there may have been no alias."""
    now = aws.date(place)
    metrics = {
        key: Metric("Invocations", "Sum", key.target.function, f"{key.target.function}:{key.name}") for key in keys
    }
    points = asked(aws, place, list(metrics.values()), Window(now - DAY, now), int(PERIOD.total_seconds()))
    firsts = {key: min(points[metric], default=now - DAY) for key, metric in metrics.items()}
    return {key: (sum(points[metric].values()), max(now - firsts[key], PERIOD)) for key, metric in metrics.items()}


def _timeout(spec: Spec) -> timedelta:
    function = next((item.properties for item in spec.desired if item.key.kind == FUNCTION.name), {})
    return longest_invocation(function.get("configuration", {}))


def _note(
    severity: Literal["note", "warning"], rule: Rule, key: Key, specs: Mapping[Target, Spec], message: str
) -> Diagnostic:
    origin = specs[key.target].origins.get(f"/aliases/{key.name}/rollout")
    return rule.cited(Diagnostic(severity, message, key.target, origin))
