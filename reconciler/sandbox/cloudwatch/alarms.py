"""Alarms of one account and region: how they are made, set, told and ended, and how time changes their states.

Metric alarms are looked at as each minute begins; composite ones when a child of theirs has changed. No action is ever taken.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from reconciler.core.accounts import partition_of
from reconciler.sandbox.cloudwatch import rules
from reconciler.sandbox.cloudwatch.errors import invalid
from reconciler.sandbox.cloudwatch.evaluation import ALARM, INSUFFICIENT, OK, Watched, evaluated
from reconciler.sandbox.cloudwatch.metrics import MINUTE, Metrics

LONGEST_BACK = 86_400  # so far back the states are worked out minute by minute
UNCHECKED = "Unchecked: Initial alarm creation"


@dataclass(slots=True)
class Alarm:
    """`does` is what it watches: a metric's values, or a rule about other alarms; `seen` is which states of its children a composite
    alarm's own is of."""

    arn: str
    does: Watched | rules.Rule
    members: Mapping[str, Any]
    configured: float
    state: str = INSUFFICIENT
    reason: str = UNCHECKED
    data: str = ""
    updated: float = 0.0
    transitioned: float = 0.0
    seen: Mapping[str, str] | None = None
    tags: dict[str, str] = field(default_factory=dict)

    def set(self, state: str, reason: str, at: float, data: str = "") -> None:
        if state != self.state:
            self.transitioned = at
        self.state, self.reason, self.updated, self.data = state, reason, at, data


@dataclass(slots=True)
class Alarms:
    held: dict[str, Alarm] = field(default_factory=dict)
    evaluated: int = 0  # the minute at which states are those that are held

    def advance(self, metrics: Metrics, now: float) -> None:
        """Bring all states to where they are now."""
        last = int(now // MINUTE) * MINUTE
        for minute in range(max(self.evaluated + MINUTE, last - LONGEST_BACK), last + 1, MINUTE):
            for alarm in self.held.values():
                if isinstance(alarm.does, Watched):
                    state, reason = evaluated(metrics, alarm.does, minute, alarm.state)
                    if state != alarm.state:
                        alarm.set(state, reason, minute)
            self.settle(minute)
        self.evaluated = max(self.evaluated, last)

    def settle(self, at: float) -> None:
        """Composite alarms follow their children. Such as watch each other in a circle end somewhere."""
        for _ in self.held:
            if not [alarm for alarm in self.held.values() if self._followed(alarm, at)]:
                return

    def _followed(self, alarm: Alarm, at: float) -> bool:
        """Whether a composite alarm's state is another now."""
        if isinstance(alarm.does, Watched):
            return False
        states = {name: self.held[name].state for name in sorted(alarm.does.children) if name in self.held}
        if states == alarm.seen:
            return False
        before, alarm.seen = alarm.state, states
        state = ALARM if alarm.does.holds(states) else OK
        if state != before:
            alarm.set(state, f"The rule is {str(state == ALARM).lower()}: {told(states)}", at)
        return state != before


def told(states: Mapping[str, str]) -> str:
    return ", ".join(f"{name} is {state}" for name, state in states.items()) or "no alarm is named"


def arn(account: str, region: str, name: str) -> str:
    return f"arn:{partition_of(region)}:cloudwatch:{region}:{account}:alarm:{name}"


def parents(alarms: Mapping[str, Alarm], name: str) -> list[str]:
    """The composite alarms that name this one."""
    return [
        parent
        for parent, alarm in alarms.items()
        if not isinstance(alarm.does, Watched) and name in alarm.does.children
    ]


def delete(alarms: Alarms, names: Sequence[str]) -> None:
    """One that is not there is as good as deleted; one that a composite alarm names stays, unless that one goes as well."""
    gone = {*names} & {*alarms.held}
    composite = [name for name in gone if not isinstance(alarms.held[name].does, Watched)]
    if len(composite) > 1:
        raise invalid("Only one composite alarm can be deleted at a time.")
    for name in sorted(gone):
        named = [parent for parent in parents(alarms.held, name) if parent not in gone]
        if named:
            raise invalid(f"Cannot delete {name} as there are composite alarm(s) depending on it.")
    for name in gone:
        del alarms.held[name]


def moment(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)


def described(alarm: Alarm) -> dict[str, Any]:
    """A MetricAlarm, or a CompositeAlarm."""
    return {
        **alarm.members,
        "AlarmArn": alarm.arn,
        "AlarmConfigurationUpdatedTimestamp": moment(alarm.configured),
        "StateValue": alarm.state,
        "StateReason": alarm.reason,
        **({"StateReasonData": alarm.data} if alarm.data else {}),
        "StateUpdatedTimestamp": moment(alarm.updated),
        "StateTransitionedTimestamp": moment(alarm.transitioned),
    }
