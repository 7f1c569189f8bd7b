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


def decide(rollout: Rollout, alias: Alias, evidence: Evidence, now: datetime) -> Decision:
    """One tick, of one step at the most. `now` is AWS's time."""
    marker = alias.marker
    if is_foreign(alias):
        return Decision("forget", disagreement(alias), replace(alias, marker=None))
    if marker is None or not marker.is_open:
        return Decision("none", disagreement(alias))
    judged = verdict(rollout, marker, evidence)
    decision = _opposed(rollout, alias, marker, judged, now) or _unopposed(
        rollout, alias, marker, evidence, judged, now
    )
    return replace(decision, verdict=judged)


def held_back(decision: Decision, reason: str, until: datetime | None = None) -> Decision:
    """What is left of a decision until then, or somebody does something: a rollout goes back whenever it must, and nowhere else."""
    if decision.after is None or decision.did == "back":
        return decision
    speaks_against = f": {decision.reason}" if decision.did in ("hold", "pause") and decision.reason else ""
    reason = f"{reason}{speaks_against}"
    return replace(decision, did="none", reason=reason, after=None, not_before=until, needs_person=True)


def _opposed(rollout: Rollout, alias: Alias, marker: Marker, judged: Verdict, now: datetime) -> Decision | None:
    """What speaks against the candidate, or that somebody else has the alias in hand; None where nothing is of that."""
    if marker.state == "watch" and (alias.stuck or alias.provisioned == "FAILED"):
        why = f": {alias.stuck}" if alias.stuck else ""
        return _back(alias, marker, f"what is provisioned for {marker.candidate} does not start{why}", now)
    if set(alias.weights) - {marker.candidate} and is_moved(alias):
        return Decision("none", disagreement(alias), needs_person=True)
    if judged.outcome == "fail" and rollout.on_failure == "back":
        return _back(alias, marker, judged.reason, now)
    if is_moved(alias):
        return Decision("none", disagreement(alias), needs_person=True)
    if is_moved_by_aws(alias):
        return Decision("none", f"AWS keeps the traffic where it is ({shares(alias.weights)}) until the other is warm")
    if marker.flag == "paused":
        return Decision("none", marker.reason or "it is paused", needs_person=True)
    return _flagged(alias, marker, "pause", judged.reason) if judged.outcome == "fail" else None


def _unopposed(
    rollout: Rollout, alias: Alias, marker: Marker, evidence: Evidence, judged: Verdict, now: datetime
) -> Decision:
    """What time and evidence let it do."""
    due = marker.since + bake(rollout, marker)
    if is_approval(rollout, marker):
        return Decision("none", "it waits for `rollout promote`", needs_person=True)
    if now < due:
        return Decision("none", not_before=due)
    if marker.state == "watch":
        return _watched(alias, evidence)
    if judged.outcome == "unsure":
        return _unsure(rollout, alias, marker, evidence, judged, now)
    return _onward(rollout, alias, marker, now)


def _watched(alias: Alias, evidence: Evidence) -> Decision:
    """The watch is over, unless nobody could look; for how long nobody can, no time tells."""
    if evidence.problem:
        return Decision("none", evidence.problem)
    return Decision("done", after=replace(alias, marker=None))


def _unsure(
    rollout: Rollout, alias: Alias, marker: Marker, evidence: Evidence, judged: Verdict, now: datetime
) -> Decision:
    """Its time is over, and nobody can tell. Where nobody could look, it holds: what a spec says is about too little that was seen."""
    is_late = rollout.deadline is not None and now >= marker.since + rollout.deadline
    if evidence.window.is_empty and not evidence.problem and not is_late:
        return Decision("none", "there is no whole minute yet to judge by", needs_person=marker.flag == "held")
    match "hold" if evidence.problem else rollout.unsure:
        case "go":
            return _onward(rollout, alias, marker, now)
        case "back":
            return _back(alias, marker, judged.reason, now)
        case "hold" if is_late:
            return _flagged(alias, marker, "pause", f"deadline: {judged.reason}")
        case "hold" if marker.flag == "held":
            return Decision("none", judged.reason, needs_person=True)
        case "hold":
            return _flagged(alias, marker, "hold", judged.reason)


def _flagged(alias: Alias, marker: Marker, did: Literal["hold", "pause"], reason: str) -> Decision:
    flagged = replace(marker, flag="held" if did == "hold" else "paused", reason=reason)
    return Decision(did, reason, replace(alias, marker=flagged), needs_person=True)


def _onward(rollout: Rollout, alias: Alias, marker: Marker, now: datetime) -> Decision:
    """To the next step, or to all of the traffic."""
    number = following(rollout, marker)
    if number > len(rollout.steps):
        return _promoted(rollout, alias, marker, now)
    return _in_step(rollout, alias, marker, number, "step", now)


def _in_step(
    rollout: Rollout, alias: Alias, marker: Marker, number: int, did: Literal["start", "step"], now: datetime
) -> Decision:
    step = rollout.steps[number - 1]
    then = Marker(
        marker.candidate, "step", _whole(now), marker.begun, marker.from_, number, len(rollout.steps), step.weight
    )
    share = "it waits for `rollout promote`" if step.is_approval else f"{marker.candidate} at {percent(step.weight)}"
    return Decision(
        did,
        f"step {number} of {len(rollout.steps)}: {share}",
        replace(alias, version=marker.from_, weights=then.weights, marker=then),
        not_before=None if step.is_approval else then.since + step.bake,
        needs_person=step.is_approval,
    )


def _promoted(rollout: Rollout, alias: Alias, marker: Marker, now: datetime) -> Decision:
    """What is provisioned has to follow, so that somebody must look whether it has."""
    is_watched = rollout.watch > NO_TIME or bool(alias.provisioned)
    watch = Marker(marker.candidate, "watch", _whole(now), marker.begun, marker.from_) if is_watched else None
    return Decision(
        "promote",
        f"{marker.candidate} at 100 %",
        replace(alias, version=marker.candidate, weights={}, marker=watch),
        not_before=watch.since + rollout.watch if watch else None,
    )


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
    marker = Marker(candidate, "step", _whole(now), _whole(now), alias.version)
    if rollout.steps:
        return _in_step(rollout, alias, marker, 1, "start", now)
    return replace(_promoted(rollout, alias, marker, now), did="start")


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
    return _pushed(rollout, alias, marker, now, is_full=is_full)


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


def _pushed(rollout: Rollout, alias: Alias, marker: Marker, now: datetime, *, is_full: bool) -> Decision:
    """Past an approval, a pause or a hold; or to all of the traffic now."""
    if marker.state == "watch":
        if marker.flag:
            return Decision("done", after=replace(alias, marker=None))
        return _refused(f"{marker.candidate} has all the traffic already; it is watched")
    if is_full:
        return _promoted(rollout, alias, marker, now)
    if marker.flag or is_approval(rollout, marker):
        return _onward(rollout, alias, marker, now)
    due = told(marker.since + bake(rollout, marker))
    return _refused(f"nothing waits for it: the step takes until {due}; `--full` moves all traffic now")
