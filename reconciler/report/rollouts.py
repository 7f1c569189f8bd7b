"""How rollouts stand, and what was done to them now: as a document, and as a person reads it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from reconciler.core.foreign import printable
from reconciler.core.words import many, shortened
from reconciler.report.formats import Document
from reconciler.report.schemas import FORMAT_VERSION
from reconciler.rollout.decide import Decision
from reconciler.rollout.marker import Marker, told
from reconciler.rollout.rolling import Rolling
from reconciler.rollout.standing import Alias, place, status
from reconciler.rollout.steps import percent
from reconciler.rollout.words import judged_in_words

LONGEST_REASON = 200
MOST_HISTORY = 20  # of what was done to one, the newest
NEXT: Mapping[str, str] = {
    "step": "on to the next step", "promote": "all of the traffic", "done": "over", "back": "back to the stable version", "hold": "held",
    "pause": "paused", "forget": "the marker is taken off",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Told:
    """A rollout with what was decided on it. `failed` says why that could not be done, where it could not; of what not `is_done` only a
    look was taken; `history` is what its record tells. Of one that begins, `began` is its first marker, whether the alias ever had it or not,
    and `smoke` what became of its events."""

    one: Rolling
    decision: Decision
    failed: str = ""
    exit_code: int = 0
    request_id: str = ""
    is_done: bool = True
    history: tuple[Mapping[str, Any], ...] = ()
    began: Marker | None = None
    smoke: tuple[Mapping[str, Any], ...] = ()

    @property
    def after(self) -> Alias:
        """The alias as it is by now."""
        return self.decision.after if self.decision.after and self._is_carried_out else self.one.alias

    @property
    def did(self) -> str:
        return self.decision.did if self.decision.after and self._is_carried_out else "none"

    @property
    def next(self) -> str:
        """What the next tick does, where this one only looked."""
        return self.decision.did if self.decision.after and not self.is_done else "none"

    @property
    def _is_carried_out(self) -> bool:
        return self.is_done and not self.failed

    @property
    def recorded(self) -> Marker | None:
        """The marker of the rollout that this is about; None where none is, or was, open."""
        markers = (self.began, self.one.alias.marker, self.after.marker)
        return next((marker for marker in markers if marker and marker.is_open), None)

    @property
    def status(self) -> str:
        return status(self.one.rollout, self.after) or ("done" if self.did in ("done", "promote", "start") else "none")

    @property
    def is_open(self) -> bool:
        return self.after.marker is not None and self.after.marker.is_open

    @property
    def needs_person(self) -> bool:
        is_waiting = self.status in ("approval", "paused", "held", "disagreement")
        return is_waiting or (self.is_open and self.decision.needs_person)


def document(told_of: Iterable[Told], taken_at: str, notes: Iterable[str] = ()) -> dict[str, Any]:
    return {
        "format_version": FORMAT_VERSION,
        "kind": "rollouts",
        "taken_at": taken_at,
        "rollouts": [row(item) for item in told_of],
        "notes": list(notes),
    }


def row(item: Told) -> dict[str, Any]:
    after, decision, one = item.after, item.decision, item.one
    marker = after.marker
    open_one = marker or one.marker  # of what is over: what it was
    judged = decision.verdict
    return {
        "address": str(one.key),
        "status": item.status,
        "version": after.version,
        "weights": dict(after.weights),
        "stable": open_one.from_ or after.version,
        "candidate": open_one.candidate,
        **_progress(one, after),
        "since": told(open_one.since),
        "begun": told(open_one.begun) if open_one.begun else None,
        "not_before": _time(decision.not_before) if item.is_open and item.next == "none" else None,
        "needs_person": item.needs_person,
        "reason": ("" if item.failed else decision.reason) or (marker.reason if marker else ""),
        "verdict": judged.outcome if judged else None,
        "evidence": dict(judged.numbers) if judged else {},
        "unsure": judged.lacks if judged else "",
        "did": item.did,
        "next": item.next,
        "failed": item.failed,
        "request_id": item.request_id,
        "file": one.file or None,
        "history": list(item.history[-MOST_HISTORY:]),
    }


def _progress(one: Rolling, after: Alias) -> dict[str, Any]:
    """Which step of how many; the spec tells those of today, where it has none the marker those that there were."""
    marker = after.marker
    if marker is None or marker.state != "step":
        return {"step": None, "steps": len(one.rollout.steps) if one.rollout else None, "weight": None}
    if one.rollout is None or not one.rollout.steps:
        return {"step": marker.step, "steps": marker.of, "weight": marker.weight}
    steps = len(one.rollout.steps)
    return {"step": min(place(one.rollout, marker), steps), "steps": steps, "weight": marker.weight}


def _time(moment: datetime | None) -> str | None:
    return told(moment) if moment else None


# --- for people ------------------------------------------------------------------------------------------------------


def text(found: Document) -> str:
    """A line a rollout, with what it is judged by and what was done below it."""
    lines = [line for one in found["rollouts"] for line in _lines(one)]
    notes = [printable(note) for note in found["notes"]]
    verdict = f"{many(len(found['rollouts']), 'rollout')}." if found["rollouts"] else "No rollout is open."
    return "".join(f"{line}\n" for line in (*lines, *([""] if lines else []), *notes, verdict))


def _lines(one: Document) -> Iterator[str]:
    yield printable(f"{one['address']}: {sentence(one)}")
    for past in one["history"]:
        yield printable(
            f"  {past['at']}  {past['did']}  by {past['by']}{': ' + past['reason'] if past['reason'] else ''}"
        )
    if one["verdict"]:
        yield printable(f"  {judged_in_words(one['verdict'], one['evidence'], one['unsure'])}")
    if one["next"] != "none":
        yield printable(f"  the next tick: {NEXT[one['next']]}{_because(one)}")
    if one["failed"]:
        yield printable(f"  not done: {one['failed']}")


def sentence(one: Document) -> str:
    """How it stands, and when it may go on. Of one that the next tick moves, the reason is that tick's."""
    candidate, since = one["candidate"], one["since"]
    reason = _because(one) if one["next"] == "none" else ""
    match one["status"]:
        case "rejected" if one["did"] == "back":
            return f"went back to {one['version']}, {candidate} was rejected {since}{reason}"
        case "rejected":
            return f"{_where(one)}{reason}"
        case "done":
            return f"{candidate} has all the traffic, the rollout is over"
        case "watch":
            return f"{_where(one)}{_until(one, 'until')}"
        case "promoting":
            return f"{candidate} is promoted, and what is provisioned follows{reason}"
        case "none":
            return f"on {one['version']}, the marker of a rollout is off{reason}"
    where = _where(one)
    match one["status"]:
        case "approval":
            return f"{where}; waits for `reconcile rollout promote {one['address']}`"
        case "paused" | "held" | "disagreement" as flag:
            return f"{where}; {flag}{reason}"
    return f"{where}{_until(one, 'not before')}{reason if one['did'] == 'none' else ''}"


def _where(one: Document) -> str:
    """In its step, or watched; on what version, where it is open no more."""
    candidate, stable, since = one["candidate"], one["stable"], one["since"]
    if one["begun"] is None:
        return f"on {one['version']}, {candidate} was rejected {since}"
    if one["step"] is None:
        return f"{candidate} at 100 %, watched since {since}, from {stable}"
    return f"{candidate} at {percent(one['weight'])} of {stable}, step {one['step']} of {one['steps']} since {since}"


def _because(one: Document) -> str:
    return f": {shortened(one['reason'], LONGEST_REASON)}" if one["reason"] else ""


def _until(one: Document, word: str) -> str:
    return f", {word} {one['not_before']}" if one["not_before"] else ""
