"""What to do with an alias's rollout now: nothing, or one UpdateAlias. Knows no AWS and keeps nothing between two ticks: the alias tells where
the rollout is, and every decision that moves it says what the alias is to be then.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Literal, TypeAlias

from reconciler.core.rollouts import NO_TIME, Rollout
from reconciler.rollout.evidence import Evidence, Verdict, verdict
from reconciler.rollout.marker import Marker, told
from reconciler.rollout.standing import (
    Alias,
    bake,
    disagreement,
    following,
    is_approval,
    is_foreign,
    is_moved,
    is_moved_by_aws,
    shares,
)
from reconciler.rollout.steps import percent

Did: TypeAlias = Literal[
    "none", "start", "step", "promote", "done", "back", "reject", "hold", "pause", "resume", "forget", "refused"
]
Wish: TypeAlias = Literal["promote", "abort", "pause", "resume", "retry"]


@dataclass(frozen=True, slots=True)
class Decision:
    """`after` is what one UpdateAlias makes of the alias, with its version, weights and marker; None where there is nothing to call.
    `not_before` is when time alone will move it on. `needs_person`: time and evidence will not. What is `refused` is no wish that
    can be granted in this state. Where it is promoted and `after` has no marker, it is done."""

    did: Did
    reason: str = ""
    after: Alias | None = None
    not_before: datetime | None = None
    needs_person: bool = False
    verdict: Verdict | None = None


@dataclass(frozen=True, slots=True)
class _Open:
    """An open rollout at a moment, of which it may take its next step. `marker` is the alias's, or the one that it begins with."""

    rollout: Rollout
    alias: Alias
    marker: Marker
    now: datetime

    @property
    def due(self) -> datetime:
        return self.marker.since + bake(self.rollout, self.marker)

    @property
    def is_approval(self) -> bool:
        return is_approval(self.rollout, self.marker)

    def onward(self) -> Decision:
        """To the next step, or to all of the traffic."""
        number = following(self.rollout, self.marker)
        return self.promoted() if number > len(self.rollout.steps) else self.in_step(number, "step")

    def in_step(self, number: int, did: Literal["start", "step"]) -> Decision:
        was, step, of = self.marker, self.rollout.steps[number - 1], len(self.rollout.steps)
        then = Marker(was.candidate, "step", _whole(self.now), was.begun, was.from_, number, of, step.weight)
        share = "it waits for `rollout promote`" if step.is_approval else f"{was.candidate} at {percent(step.weight)}"
        return Decision(
            did,
            f"step {number} of {of}: {share}",
            replace(self.alias, version=was.from_, weights=then.weights, marker=then),
            not_before=None if step.is_approval else then.since + step.bake,
            needs_person=step.is_approval,
        )

    def promoted(self) -> Decision:
        """What is provisioned has to follow, so that somebody must look whether it has."""
        was = self.marker
        is_watched = self.rollout.watch > NO_TIME or bool(self.alias.provisioned)
        watch = Marker(was.candidate, "watch", _whole(self.now), was.begun, was.from_) if is_watched else None
        return Decision(
            "promote",
            f"{was.candidate} at 100 %",
            replace(self.alias, version=was.candidate, weights={}, marker=watch),
            not_before=watch.since + self.rollout.watch if watch else None,
        )

    def back(self, reason: str) -> Decision:
        return _back(self.alias, self.marker, reason, self.now)

    def flagged(self, did: Literal["hold", "pause"], reason: str) -> Decision:
        return _flagged(self.alias, self.marker, did, reason)


def decide(rollout: Rollout, alias: Alias, evidence: Evidence, now: datetime) -> Decision:
    """One tick, of one step at the most. `now` is AWS's time."""
    marker = alias.marker
    if is_foreign(alias):
        return Decision("forget", disagreement(alias), replace(alias, marker=None))
    if marker is None or not marker.is_open:
        return Decision("none", disagreement(alias))
    judged = verdict(rollout, marker, evidence)
    going = _Open(rollout, alias, marker, now)
    return replace(_opposed(going, judged) or _unopposed(going, evidence, judged), verdict=judged)


def held_back(decision: Decision, reason: str, until: datetime | None = None) -> Decision:
    """What is left of a decision until then, or somebody does something: a rollout goes back whenever it must, and nowhere else."""
    if decision.after is None or decision.did == "back":
        return decision
    speaks_against = f": {decision.reason}" if decision.did in ("hold", "pause") and decision.reason else ""
    reason = f"{reason}{speaks_against}"
    return replace(decision, did="none", reason=reason, after=None, not_before=until, needs_person=True)


def _opposed(going: _Open, judged: Verdict) -> Decision | None:
    """What speaks against the candidate, or that somebody else has the alias in hand; None where nothing is of that."""
    alias, marker = going.alias, going.marker
    if marker.state == "watch" and (alias.stuck or alias.provisioned == "FAILED"):
        why = f": {alias.stuck}" if alias.stuck else ""
        return going.back(f"what is provisioned for {marker.candidate} does not start{why}")
    if set(alias.weights) - {marker.candidate} and is_moved(alias):
        return Decision("none", disagreement(alias), needs_person=True)
    if judged.outcome == "fail" and going.rollout.on_failure == "back":
        return going.back(judged.reason)
    if is_moved(alias):
        return Decision("none", disagreement(alias), needs_person=True)
    if is_moved_by_aws(alias):
        return Decision("none", f"AWS keeps the traffic where it is ({shares(alias.weights)}) until the other is warm")
    if marker.flag == "paused":
        return Decision("none", marker.reason or "it is paused", needs_person=True)
    return going.flagged("pause", judged.reason) if judged.outcome == "fail" else None


def _unopposed(going: _Open, evidence: Evidence, judged: Verdict) -> Decision:
    """What time and evidence let it do."""
    if going.is_approval:
        return Decision("none", "it waits for `rollout promote`", needs_person=True)
    if going.now < going.due:
        return Decision("none", not_before=going.due)
    if going.marker.state == "watch":
        return _watched(going.alias, evidence)
    return _unsure(going, evidence, judged.reason) if judged.outcome == "unsure" else going.onward()


def _watched(alias: Alias, evidence: Evidence) -> Decision:
    """The watch is over, unless nobody could look; for how long nobody can, no time tells."""
    if evidence.problem:
        return Decision("none", evidence.problem)
    return Decision("done", after=replace(alias, marker=None))


def _unsure(going: _Open, evidence: Evidence, reason: str) -> Decision:
    """Its time is over, and nobody can tell. Where nobody could look, it holds: what a spec says is about too little that was seen."""
    rollout, is_held = going.rollout, going.marker.flag == "held"
    is_late = rollout.deadline is not None and going.now >= going.marker.since + rollout.deadline
    if evidence.window.is_empty and not evidence.problem and not is_late:
        return Decision("none", "there is no whole minute yet to judge by", needs_person=is_held)
    match "hold" if evidence.problem else rollout.unsure:
        case "go":
            return going.onward()
        case "back":
            return going.back(reason)
        case "hold" if is_late:
            return going.flagged("pause", f"deadline: {reason}")
        case "hold" if is_held:
            return Decision("none", reason, needs_person=True)
        case "hold":
            return going.flagged("hold", reason)


def _flagged(alias: Alias, marker: Marker, did: Literal["hold", "pause"], reason: str) -> Decision:
    flagged = replace(marker, flag="held" if did == "hold" else "paused", reason=reason)
    return Decision(did, reason, replace(alias, marker=flagged), needs_person=True)


def _back(alias: Alias, marker: Marker, reason: str, now: datetime) -> Decision:
    return Decision("back", reason, replace(alias, **_rejection(marker.candidate, marker.from_, reason, now)))


def _rejection(candidate: str, stable: str, reason: str, now: datetime) -> dict[str, Any]:
    return {"version": stable, "weights": {}, "marker": Marker(candidate, "rejected", _whole(now), reason=reason)}


def _whole(now: datetime) -> datetime:
    return now.astimezone(UTC).replace(microsecond=0)


# --- at the beginning, and what a person wants ----------------------------------------------------------------------


def begun(rollout: Rollout, alias: Alias, candidate: str, now: datetime) -> Decision:
    """The first call for a candidate, after its smoke events passed: the first step, or all at once. The stable version is the one that the
    alias is on, which a rollout that it replaces has as well."""
    first = _Open(rollout, alias, Marker(candidate, "step", _whole(now), _whole(now), alias.version), now)
    return first.in_step(1, "start") if rollout.steps else replace(first.promoted(), did="start")


def rejected(candidate: str, stable: str, reason: str, now: datetime) -> Alias:
    """The alias on its stable version, with a candidate that is not tried again."""
    return Alias(**_rejection(candidate, stable, reason, now))


def asked(
    wish: Wish,
    rollout: Rollout | None,
    alias: Alias,
    now: datetime,
    *,
    because: str = "",
    is_full: bool = False,
    is_reset: bool = False,
    versions: Collection[str] = (),
) -> Decision:
    """What a person wants. Going back needs no rollout in a spec. `retry` says how the alias starts again, once the smoke events passed, and
    takes that the rejected one is among the `versions` that there are."""
    marker = alias.marker
    if wish == "retry":
        return _retried(rollout, alias, now, versions)
    if marker is None or not marker.is_open:
        return _refused("no rollout is open" + (f"; {marker.candidate} was rejected" if marker else ""))
    if wish == "abort":
        return _back(alias, marker, because or "aborted", now)
    if is_foreign(alias):
        return _refused(disagreement(alias))
    if wish == "resume":
        return _resumed(alias, marker, now, is_reset=is_reset)
    if wish == "pause":
        return (
            _refused("it is paused already") if marker.flag == "paused" else _flagged(alias, marker, "pause", because)
        )
    if is_moved(alias):
        return _refused(f"{disagreement(alias)}; `rollout resume --reset` gives the weight back")
    if rollout is None:
        return _refused("the spec has no rollout for this alias; plan says what it is to be")
    return _pushed(_Open(rollout, alias, marker, now), is_full=is_full)


def _refused(reason: str) -> Decision:
    return Decision("refused", reason)


def _retried(rollout: Rollout | None, alias: Alias, now: datetime, versions: Collection[str]) -> Decision:
    marker = alias.marker
    if marker is None or marker.state != "rejected":
        return _refused("no version was rejected")
    if disagreement(alias):
        return _refused(disagreement(alias))
    if rollout is None:
        return _refused("the spec has no rollout for this alias; apply moves it at once")
    if marker.candidate not in versions:
        return _refused(f"version {marker.candidate} was deleted; publish a fix, or `reconcile republish`")
    return begun(rollout, alias, marker.candidate, now)


def _resumed(alias: Alias, marker: Marker, now: datetime, *, is_reset: bool) -> Decision:
    """Its time begins again: what was seen before counts no more."""
    if is_moved(alias) and not is_reset:
        return _refused(f"{disagreement(alias)}; `--reset` gives the weight back")
    if not marker.flag and not is_moved(alias):
        return _refused("it is not paused")
    again = replace(marker, since=_whole(now), flag="", reason="")
    return Decision("resume", after=replace(alias, weights=again.weights, marker=again))


def _pushed(going: _Open, *, is_full: bool) -> Decision:
    """Past an approval, a pause or a hold; or to all of the traffic now."""
    marker = going.marker
    if marker.state == "watch":
        if marker.flag:
            return Decision("done", after=replace(going.alias, marker=None))
        return _refused(f"{marker.candidate} has all the traffic already; it is watched")
    if is_full:
        return going.promoted()
    if marker.flag or going.is_approval:
        return going.onward()
    return _refused(f"nothing waits for it: the step takes until {told(going.due)}; `--full` moves all traffic now")
