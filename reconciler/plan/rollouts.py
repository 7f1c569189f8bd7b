"""What becomes of aliases that move to another version in steps: which rollout begins, goes on by itself, is replaced or ends. Pure.

Only where git wants something else than the rollout that is open is there anything to do: the steps themselves are taken by ticks, and what
an alias holds meanwhile is what its marker says.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from reconciler.core.diff import Difference, pointer
from reconciler.core.model import Desired, Key, Spec
from reconciler.core.plans import FieldChange, Ref
from reconciler.core.rollouts import Course, Rollout, Smoke, Underway
from reconciler.core.sealing import sealed
from reconciler.core.values import UNSET
from reconciler.kinds.alias import ALIAS, rolled, smoke, weights
from reconciler.kinds.base import LATEST, PUBLISHED, PUBLISHED_VERSION, Step
from reconciler.kinds.function import FUNCTION
from reconciler.kinds.provisioned_concurrency import KEPT_STARTED
from reconciler.kinds.version import VERSION, content
from reconciler.plan.case import Case
from reconciler.plan.changes import (
    Draft,
    differing,
    field_change,
    final_function,
    ignored_paths,
    origin_of,
    prefix,
)
from reconciler.rollout.decide import begun, rejected
from reconciler.rollout.marker import Marker, told
from reconciler.rollout.sending import Described
from reconciler.rollout.standing import Alias, bake, disagreement, is_moved, is_moved_by_aws, status
from reconciler.rollout.steps import in_words
from reconciler.rollout.words import digest_of

SOME_TIME = datetime.fromtimestamp(0, UTC)  # AWS says which, when the marker is sent
ROUTING = ("RoutingConfig", "AdditionalVersionWeights")
BY = "rollout"


@dataclass(frozen=True, slots=True)
class Move:
    """One alias: where its rollout is, or will be, and of it what `after` is to be, None where what it holds stays. `wanted` is the version that
    git says, and `reason` why something is done."""

    alias: Alias
    wanted: str | Ref
    underway: Underway
    after: Alias | None = None
    reason: str = ""
    smoke: tuple[Smoke, ...] = ()
    approved: str = ""

    @property
    def properties(self) -> dict[str, Any]:
        """Version and weights as this apply leaves them."""
        left = self.after or self.alias
        version = self.wanted if left.version == PUBLISHED else left.version
        return {"FunctionVersion": version, "RoutingConfig": {"AdditionalVersionWeights": dict(left.weights)}}


@dataclass(frozen=True, slots=True)
class _Seen:
    """An alias that lives and that the spec names, on a function that stays."""

    case: Case
    function: Draft | None
    item: Desired
    alias: Alias
    wanted: str | Ref

    @property
    def rollout(self) -> Rollout | None:
        return self.case.spec.rollouts.get(self.item.key.name)

    @property
    def candidate(self) -> str:
        """The version that git says, by its number or as `published`."""
        return PUBLISHED if isinstance(self.wanted, Ref) else self.wanted

    @property
    def is_newest(self) -> bool:
        return bool(self.item.properties["FunctionVersion"] == PUBLISHED_VERSION)


def moves(case: Case, function: Draft | None, published: str | Ref) -> dict[Key, Move]:
    """Those of the aliases that have a rollout, or still bear the marker of one."""
    held = {item.key: item for item in case.held(ALIAS)}
    started = {item.key.name: str(item.handle.get("Status", "")) for item in case.held(KEPT_STARTED)}
    found = {}
    for item in case.desired(ALIAS):
        live = held.get(item.key)
        if live is None or not isinstance(live.properties["FunctionVersion"], str):
            continue
        version = item.properties["FunctionVersion"]
        alias = replace(rolled(live), provisioned=started.get(item.key.name, ""))
        seen = _Seen(case, function, item, alias, published if version == PUBLISHED_VERSION else version)
        if () not in ignored_paths(case.spec, ALIAS, item.key.name) and (move := _move(seen)):
            found[item.key] = move
    return found


def _move(seen: _Seen) -> Move | None:
    """None where it is an alias as any other."""
    alias, mark = seen.alias, seen.alias.marker
    if seen.rollout is None or LATEST in (seen.wanted, alias.version):
        return _released(seen, mark) if mark else None
    if mark and seen.is_newest and mark.candidate not in (alias.version, *_versions(seen.case)):
        return _kept(seen, "lost")
    if mark is None:
        return None if seen.wanted == alias.version else _start(seen, seen.rollout)
    if seen.wanted == mark.candidate:
        return _kept(seen, status(seen.rollout, alias) or "shifting")
    if seen.wanted == alias.version or (mark.state == "watch" and seen.wanted == mark.from_):
        return _ended(seen, mark)
    return _start(seen, seen.rollout)


def _versions(case: Case) -> list[str]:
    return [item.key.name for item in case.held(VERSION)]


def _kept(seen: _Seen, course: Course) -> Move:
    """As it is. Git wants what the rollout is about, or nobody can tell."""
    alias, mark = seen.alias, seen.alias.marker
    if mark is None:
        reason = disagreement(alias)
        return Move(alias, seen.wanted, Underway(course, alias.version, seen.candidate, reason=reason))
    is_timed = course in ("shifting", "watch") and seen.rollout is not None
    due = told(mark.since + bake(seen.rollout, mark)) if is_timed and seen.rollout else ""
    reason = disagreement(alias) if course in ("disagreement", "blocked") else mark.reason
    underway = Underway(
        course, mark.from_ or alias.version, mark.candidate, mark.step, mark.of,
        1.0 if mark.state == "watch" else mark.weight, told(mark.since), due, reason,
    )  # fmt: skip
    return Move(alias, seen.wanted, underway)


def _at_once(seen: _Seen, reason: str, mark: Marker | None = None, events: tuple[Smoke, ...] = ()) -> Move:
    course: Course = "at once" if seen.candidate != seen.alias.version else "ends"
    underway = Underway(course, seen.alias.version, seen.candidate, weight=1.0)
    return Move(seen.alias, seen.wanted, underway, Alias(seen.candidate, {}, mark), reason, events)


def _released(seen: _Seen, mark: Marker) -> Move:
    """Git has no rollout for the alias any more: it becomes what git says."""
    said = Alias(seen.candidate, weights(seen.item.properties))
    return replace(_ended(seen, mark), after=said)


def _ended(seen: _Seen, mark: Marker) -> Move:
    is_over = mark.state == "rejected"
    return _at_once(
        seen,
        f"{mark.candidate} was rejected, and git says {seen.candidate}"
        if is_over
        else f"ends the rollout of {mark.candidate}",
    )


def _start(seen: _Seen, rollout: Rollout) -> Move:
    """A candidate: in steps where those protect somebody. What is open goes on as long as nobody has looked at the new one."""
    alias, mark = seen.alias, seen.alias.marker
    if is_moved(alias):
        return _kept(seen, "blocked")
    replaced = f"replaces the rollout of {mark.candidate}; " if mark and mark.is_open else ""
    content_of_it = _content(seen, seen.candidate)
    if same := next((version for version in _stable(alias) if _content(seen, version) == content_of_it), None):
        return _at_once(seen, f"{replaced}same content as {same}, no steps")
    if seen.candidate in _recent(seen, rollout):
        reason = f"{replaced}back to one of the {rollout.rollback_window} versions before {alias.version}, no steps"
        return _approved(_at_once(seen, reason, events=rollout.smoke), rollout)
    after = begun(rollout, _warm(alias), seen.candidate, SOME_TIME).after
    assert after
    reason = f"{replaced}rollout to {seen.candidate}: {in_words(rollout)}"
    if not rollout.steps:
        return _approved(_at_once(seen, reason, after.marker, rollout.smoke), rollout)
    assert after.marker
    step = after.marker
    underway = Underway("begins", step.from_, seen.candidate, step.step, step.of, step.weight)
    return _approved(Move(alias, seen.wanted, underway, after, reason, rollout.smoke), rollout)


def _stable(alias: Alias) -> tuple[str, ...]:
    """What the alias is on; while that is watched, also what it came from."""
    mark = alias.marker
    return (alias.version, mark.from_) if mark and mark.state == "watch" else (alias.version,)


def _warm(alias: Alias) -> Alias:
    """Where the version that it was promoted to does not start, the one that has the traffic is the stable one."""
    mark = alias.marker
    is_stuck = mark and mark.state == "watch" and is_moved_by_aws(alias)
    return replace(alias, version=mark.from_) if mark and is_stuck else alias


def _approved(move: Move, rollout: Rollout) -> Move:
    return replace(move, approved=digest_of(rollout))


def _content(seen: _Seen, version: str) -> Any:
    """What a version holds, or will. Nothing is equal to what is not there."""
    case = seen.case
    held = {item.key.name: item.properties for item in case.held(VERSION)}
    if version == PUBLISHED:
        final = final_function(case, seen.function)
        held[version] = sealed(final, FUNCTION.is_sensitive, case.salt) if case.salt else final
    return content(held[version], case.spec.target.function) if version in held else object()


def _recent(seen: _Seen, rollout: Rollout) -> list[str]:
    """The last versions before the one that it is on, but for one that was rejected."""
    mark = seen.alias.marker
    bad = mark.candidate if mark else ""
    before = [int(name) for name in _versions(seen.case) if name != bad and int(name) < int(seen.alias.version)]
    return [str(number) for number in sorted(before)[-rollout.rollback_window :]] if rollout.rollback_window else []


# --- drafts ----------------------------------------------------------------------------------------------------------


def leaving(spec: Spec, made: Mapping[Key, Move]) -> Spec:
    """The spec with aliases as this apply is to leave them."""
    desired = (
        replace(item, properties={**item.properties, **made[item.key].properties}) if item.key in made else item
        for item in spec.desired
    )
    return replace(spec, desired=tuple(desired)) if made else spec


def carried(case: Case, drafts: Iterable[Draft], made: Mapping[Key, Move]) -> list[Draft]:
    """The drafts with what rollouts do and say."""
    under_way = {key.name for key, move in made.items() if move.after is None and move.underway.is_open}
    result = []
    for draft in drafts:
        move = made.get(draft.pair.key)
        if move:
            draft = _carried(case, draft, move)
        elif draft.pair.key.kind == KEPT_STARTED.name and draft.pair.key.name in under_way and draft.verb != "none":
            draft = _waiting(draft)
        result.append(draft)
    return result


def _waiting(draft: Draft) -> Draft:
    """What is provisioned for an alias stays as it is until that has arrived."""
    action = replace(
        draft.action, verb="none", changes=(), reason=f"waits for the rollout of alias {draft.pair.key.name}"
    )
    return replace(draft, action=action, steps=(), differences=())


def _carried(case: Case, draft: Draft, move: Move) -> Draft:
    action = replace(draft.action, rollout=move.underway)
    if move.after is None:
        return replace(draft, action=action)
    pair = draft.pair
    assert pair.desired and pair.live
    spec = next(item for item in case.desired(ALIAS) if item.key == pair.key)
    others = [change for change, item in zip(action.changes, draft.differences, strict=True) if not _is_traffic(item)]
    changes = (*_changes(spec, draft, move), *others)
    action = replace(action, verb="update", changes=changes, reason=move.reason, hidden=move.approved)
    wanted = ALIAS.normal(pair.desired.properties, case.spec.target.function)
    wanted["Description"] = _described(wanted["Description"], move.after.marker, move.wanted)
    members = differing(ALIAS, draft.differences) | {"Description"}
    (sent,) = ALIAS.update(case.spec.target.function, pair.key.name, wanted, members, {})
    return replace(draft, action=action, steps=(*_smoke(draft, move), sent))


def _is_traffic(item: Difference) -> bool:
    return item.steps == ("FunctionVersion",) or item.steps[:2] == ROUTING


def _changes(spec: Desired, draft: Draft, move: Move) -> Iterator[FieldChange]:
    """What moves, as git says it: the version in the end, whatever its share is at first."""
    traffic = [item for item in draft.differences if _is_traffic(item)]
    if move.underway.course == "begins":
        traffic = [Difference(("FunctionVersion",), move.alias.version, move.wanted)]
    for item in traffic:
        yield replace(field_change(ALIAS, spec, item), by=BY)
    if not traffic and move.alias.marker:
        path = pointer((*prefix(ALIAS, spec.key.name), BY))
        yield FieldChange(path, move.alias.marker.candidate, UNSET, origin=origin_of(spec.origins, (BY,)), by=BY)


def _described(text: str, mark: Marker | None, candidate: str | Ref) -> str | Described:
    return Described(text, mark, candidate) if mark else text


def _smoke(draft: Draft, move: Move) -> Iterator[Step]:
    """What the candidate must pass; where it does not, the alias remembers that."""
    assert draft.pair.live
    key, live = draft.pair.key, draft.pair.live
    left = rejected(PUBLISHED, _warm(move.alias).version, "", SOME_TIME)
    stays: dict[str, Any] = {
        "Description": _described(live.properties.get("Description") or "", left.marker, move.wanted),
        "FunctionVersion": left.version,
        "RoutingConfig": {"AdditionalVersionWeights": {}},
    }
    (otherwise,) = ALIAS.update(key.target.function, key.name, stays, frozenset({"Description"}), {})
    for event in move.smoke:
        yield smoke(key.target.function, move.wanted, event, otherwise)
