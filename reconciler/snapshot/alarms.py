"""What the alarms of rollouts that a plan begins say before anything is changed. Never writes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from reconciler.aws.client import Aws
from reconciler.aws.unread import failure_text
from reconciler.core.errors import AwsError, Interrupted, PlanError
from reconciler.core.finding import Rule
from reconciler.core.model import Key
from reconciler.core.place import Place
from reconciler.core.plans import Diagnostic
from reconciler.core.rollouts import Analysis
from reconciler.rollout.evidence import Alarm
from reconciler.snapshot.metrics import alarms

IS_THERE = Rule("R349", "An alarm that a rollout looks at is there when that begins.")
IS_GREEN = Rule("R350", "With `require_green` no rollout begins while an alarm of its own is red.")
WAS_RED_BEFORE = Rule(
    "W255", "An alarm that is red before a rollout begins says nothing of it until it has been green."
)
IS_KNOWN = Rule("W256", "What alarms say is known before a rollout begins.")


def told(aws: Aws, watching: Mapping[Key, Analysis]) -> Iterator[Diagnostic]:
    """One call for the alarms of an account and region; `watching` are the aliases whose rollout begins, and by what they are judged."""
    by_place: dict[Place, dict[Key, Analysis]] = {}
    for key, analysis in watching.items():
        by_place.setdefault(Place.of(key.target), {})[key] = analysis
    for place, those in by_place.items():
        try:
            found = alarms(aws, place, {name for analysis in those.values() for name in analysis.alarms})
        except Interrupted:
            raise
        except AwsError as failure:
            yield from (_unknown(key, failure_text("DescribeAlarms", failure)) for key in those)
            continue
        for key, analysis in those.items():
            yield from _of(key, analysis, found)


def _unknown(key: Key, why: str) -> Diagnostic:
    message = f"{key}: whether the alarms of its rollout are there could not be seen: {why}"
    return IS_KNOWN.cited(Diagnostic("warning", message, key.target))


def _of(key: Key, analysis: Analysis, found: Mapping[str, Alarm]) -> Iterator[Diagnostic]:
    missing = [name for name in analysis.alarms if name not in found]
    red = [name for name in analysis.alarms if name in found and found[name].state == "ALARM"]
    error = PlanError.__name__
    if missing:
        message = (
            f"{key}: there is no alarm {', '.join(missing)} in {Place.of(key.target)}; make it, or correct `analysis`"
        )
        yield IS_THERE.cited(Diagnostic("refusal", message, key.target, error=error))
    if red and analysis.require_green:
        message = f"{key}: {', '.join(red)} is in ALARM, and `require_green` lets no rollout begin then"
        yield IS_GREEN.cited(Diagnostic("refusal", message, key.target, error=error))
    elif red:
        message = (
            f"{key}: {', '.join(red)} is in ALARM already, so it says nothing of the rollout until it has been green"
        )
        yield WAS_RED_BEFORE.cited(Diagnostic("warning", message, key.target))
