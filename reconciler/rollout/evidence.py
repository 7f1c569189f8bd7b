"""What CloudWatch says of a candidate while it has its share of the traffic, and what follows from it. Asks nobody: the windows say what to
ask for, the verdict takes the answers. What could not be asked is never a pass.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal, TypeAlias

from reconciler.core.rollouts import Analysis, Duration, Errors, Rollout
from reconciler.rollout.marker import Marker
from reconciler.rollout.steps import percent

Outcome: TypeAlias = Literal["pass", "fail", "unsure"]

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
LONGEST = timedelta(minutes=15)  # that a function may run


@dataclass(frozen=True, slots=True)
class Window:
    """Whole minutes, as CloudWatch has them: the point at `start` is in it, that at `end` is not."""

    start: datetime
    end: datetime

    @property
    def is_empty(self) -> bool:
        return self.end <= self.start

    @property
    def length(self) -> timedelta:
        return max(self.end - self.start, timedelta(0))


def window(marker: Marker, timeout: timedelta, now: datetime) -> Window:
    """In which the candidate is judged: without the first minute, in which others were sent elsewhere, and without the last ones, whose
    invocations may still run (a point bears an invocation's start)."""
    start = _minute(marker.since) + MINUTE
    return Window(start, max(start, _minute(now - max(MINUTE, min(timeout, LONGEST)))))


def baseline(marker: Marker, window: Window) -> Window:
    """In which the stable version is looked at: the same; where it has no traffic any more, the hour before all began."""
    return hour_before(marker) if marker.state == "watch" else window


def hour_before(marker: Marker) -> Window:
    assert marker.begun
    begun = _minute(marker.begun)
    return Window(begun - HOUR, begun)


def _minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)


@dataclass(frozen=True, slots=True)
class Side:
    """What one version did in its window: sums, and its duration in milliseconds by the statistic that the analysis names; None where there
    is no point of it."""

    invocations: float = 0
    errors: float = 0
    duration: float | None = None

    @property
    def error_share(self) -> float:
        return self.errors / self.invocations if self.invocations else 0.0


@dataclass(frozen=True, slots=True)
class Alarm:
    """An alarm's state (OK, ALARM, INSUFFICIENT_DATA), and since when it is in it."""

    state: str
    since: datetime | None = None

    def counts(self, begun: datetime | None) -> bool:
        """Whether it says something of a rollout: an old fire must not keep out what puts it out."""
        return self.state == "ALARM" and (self.since is None or begun is None or self.since >= begun)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was found in the windows. Throttles are of the alias, whichever version was meant: in the candidate's window and in the hour
    before all began, None where nobody asked. `alarms` has those that there are; `problem` says why CloudWatch could not be asked, and what is
    not `is_measured` are the versions."""

    window: Window
    candidate: Side = field(default_factory=Side)
    stable: Side = field(default_factory=Side)
    throttles: float | None = None
    throttles_before: float | None = None
    alarms: Mapping[str, Alarm] = field(default_factory=dict)
    problem: str = ""
    is_measured: bool = True


@dataclass(frozen=True, slots=True)
class Verdict:
    """Fail acts at once, pass when the step's time is over; `reason` is empty where it passes. `numbers` are for the record. `enough_in`
    says how much longer it takes until there are invocations enough, None where that is not known or there are."""

    outcome: Outcome
    reason: str = ""
    numbers: Mapping[str, Any] = field(default_factory=dict)
    enough_in: timedelta | None = None

    @property
    def lacks(self) -> str:
        """Why it is unsure, and when that may be over; empty where it is not."""
        soon = f"; at this rate enough in about {math.ceil(self.enough_in / MINUTE)}m" if self.enough_in else ""
        return f"{self.reason}{soon}" if self.outcome == "unsure" else ""


def verdict(rollout: Rollout, marker: Marker, evidence: Evidence) -> Verdict:
    """Of one tick. What was found against the candidate counts, whatever else could not be asked."""
    analysis, numbers = rollout.analysis, numbers_of(rollout.analysis, evidence)
    failed = "; ".join(failing(analysis, marker, evidence))
    if failed:
        return Verdict("fail", failed, numbers)
    unsure = evidence.problem or "; ".join(lacking(analysis, evidence))
    return Verdict("unsure", unsure, numbers, enough_in(analysis, evidence)) if unsure else Verdict("pass", "", numbers)


def failing(analysis: Analysis, marker: Marker, evidence: Evidence) -> Iterator[str]:
    """All that speaks against the candidate, alarms first."""
    for name in analysis.alarms:
        if name in evidence.alarms and evidence.alarms[name].counts(marker.begun):
            yield f"alarm {name} is in ALARM"
    yield from _errors(analysis, evidence)
    yield from _duration(analysis, evidence)
    yield from _throttles(analysis, evidence)


def _errors(analysis: Analysis, evidence: Evidence) -> Iterator[str]:
    rule, candidate, stable = analysis.errors, evidence.candidate, evidence.stable
    if rule is None or candidate.invocations < rule.least:
        return
    share = candidate.error_share
    if rule.max is not None and share > rule.max:
        yield f"errors {_beyond(share * 100, rule.max * 100, 1)} % > {percent(rule.max, 2)}"
    elif rule.over_stable is not None and stable.invocations >= rule.least:
        more = round(share - stable.error_share, 9)  # 0.07 - 0.06 is not more than 0.01
        if more > rule.over_stable:
            by = _beyond(more * 100, rule.over_stable * 100, 1)
            yield f"errors {percent(share, 2)}, {by} % over stable > {percent(rule.over_stable, 2)}"


def _beyond(value: float, most: float, digits: int) -> str:
    """A number in as many digits as tell that it is more than the other, `digits` at least."""
    enough = next((count for count in range(digits, 6) if round(value, count) > most), 6)
    return f"{round(value, enough):.12g}"


def _duration(analysis: Analysis, evidence: Evidence) -> Iterator[str]:
    rule, candidate, stable = analysis.duration, evidence.candidate, evidence.stable
    if rule is None or candidate.invocations < rule.least or candidate.duration is None:
        return
    word = f"duration {rule.stat}"
    if rule.max is not None and candidate.duration > rule.max:
        yield f"{word} {_beyond(candidate.duration, rule.max, 0)} ms > {rule.max:.12g} ms"
    elif is_over(rule, candidate.duration, stable):
        more = f"more than {percent(rule.over_stable or 0, 2)} over stable's {stable.duration:.0f} ms"
        yield f"{word} {candidate.duration:.0f} ms, {more}"


def is_over(rule: Duration, duration: float, stable: Side) -> bool:
    """Whether a duration is more than the stable version's by more than it may; not, where nobody can tell."""
    if rule.over_stable is None or stable.duration is None or stable.invocations < rule.least:
        return False
    return duration > round(stable.duration * (1 + rule.over_stable), 6)


def _throttles(analysis: Analysis, evidence: Evidence) -> Iterator[str]:
    """Only those beyond what there was in the hour before, or in as many hours as the window has."""
    if analysis.throttles is None or evidence.throttles is None or evidence.throttles_before is None:
        return
    usual = evidence.throttles_before * max(1.0, evidence.window.length / HOUR)
    if evidence.throttles - usual > analysis.throttles:
        yield f"throttles {evidence.throttles:.12g} > {analysis.throttles} (before: {evidence.throttles_before:.12g})"


def lacking(analysis: Analysis, evidence: Evidence) -> Iterator[str]:
    """All that a declared comparison would need and that is not there."""
    for name in analysis.alarms:
        if name not in evidence.alarms:
            yield f"there is no alarm {name}"
    for word, rule, name, side in _counted(analysis, evidence):
        if side.invocations < rule.least:
            yield f"too few invocations of {name} for {word}: {side.invocations:.12g} of {rule.least}"
        elif rule is analysis.duration and side.duration is None:
            yield f"no duration of {name}"
    if analysis.throttles is not None and (evidence.throttles is None or evidence.throttles_before is None):
        yield "throttles are not known"


def _counted(analysis: Analysis, evidence: Evidence) -> Iterator[tuple[str, Errors | Duration, str, Side]]:
    """(what is compared, its rule, of which version, what was seen of it)."""
    for word, rule in (("errors", analysis.errors), ("duration", analysis.duration)):
        if rule is not None:
            yield word, rule, "candidate", evidence.candidate
            if rule.over_stable is not None:
                yield word, rule, "stable", evidence.stable


def enough_in(analysis: Analysis, evidence: Evidence) -> timedelta | None:
    """How much longer it takes, if as many come as came in the window, until all that is compared has its `least`."""
    lacking = [
        (rule.least, side.invocations)
        for _, rule, _, side in _counted(analysis, evidence)
        if side.invocations < rule.least
    ]
    if evidence.problem or not lacking or not all(seen for _, seen in lacking):
        return None
    return max(evidence.window.length * (least / seen - 1) for least, seen in lacking)


def numbers_of(analysis: Analysis, evidence: Evidence) -> dict[str, Any]:
    """What a record keeps of it: of what nobody asked for, or was told, no 0."""
    sides = (("candidate", evidence.candidate), ("stable", evidence.stable))
    is_known = evidence.is_measured and (analysis.errors or analysis.duration)
    numbers: dict[str, Any] = {name: _side(analysis, side) for name, side in sides if is_known}
    if analysis.throttles is not None:
        numbers["throttles"] = evidence.throttles
    return numbers | {"alarms": {name: alarm.state for name, alarm in sorted(evidence.alarms.items())}}


def _side(analysis: Analysis, side: Side) -> dict[str, Any]:
    stat = analysis.duration.stat.lower().replace(".", "_") if analysis.duration else ""
    timing = {f"duration_{stat}_ms": None if side.duration is None else round(side.duration, 1)} if stat else {}
    return {"invocations": side.invocations, "errors": side.errors, **timing}
