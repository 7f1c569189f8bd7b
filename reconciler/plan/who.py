"""Who changed what AWS holds: what CloudTrail is asked about drift, and which event tells of it. Pure: actions and events in, answers out.

First the moment at which AWS says that a resource was changed last, which is cheap; then, for what has none or was changed otherwise since, the
newest events of the calls that can have done it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from reconciler.core.diff import steps_of
from reconciler.core.model import Key, Live
from reconciler.core.plans import Action, TargetPlan
from reconciler.core.trail import KEPT, NOT_YET, TOO_OLD, Event, Look, Who
from reconciler.kinds import trail
from reconciler.kinds.base import LATEST, Kind
from reconciler.kinds.configuration import CONFIGURATION
from reconciler.kinds.registry import KINDS
from reconciler.plan.changes import prefix
from reconciler.plan.drift import moved_alone

BEFORE, AFTER = timedelta(seconds=5), timedelta(seconds=120)  # around the moment that AWS tells


@dataclass(frozen=True, slots=True)
class Sought:
    """A difference that somebody made in AWS: by one of the `operations`, of which those that can say so name one of the `members`, or of
    the `tags`; on what is `known` by these words of a request; at `at`, where AWS tells that, and after `since` in any case."""

    key: Key
    operations: tuple[str, ...]
    members: frozenset[str]
    tags: frozenset[str]
    known: Mapping[str, str]
    since: datetime
    at: datetime | None = None


def sought(target_plan: TargetPlan, live: Mapping[Key, Live], *, since: datetime) -> list[Sought]:
    """The differences of a plan of drift alone."""
    target = target_plan.target
    held = live.get(Key(target, target.root))
    configuration = held.properties.get(CONFIGURATION.name, {}) if held else {}
    return [_sought(action, live.get(action.key), configuration, since) for action in moved_alone(target_plan)]


def _sought(action: Action, live: Live | None, configuration: Mapping[str, object], since: datetime) -> Sought:
    kind = KINDS[action.key.kind]
    within = len(prefix(kind, action.key.name))
    paths = (
        [steps_of(change.path)[within:] for change in action.changes] if action.verb not in ("create", "delete") else []
    )
    known = trail.known_by(kind, action.key, live, configuration) or _foretold(kind, action)
    return Sought(
        action.key,
        trail.causing(kind, action.verb, paths),
        frozenset(_member(kind, steps) for steps in paths if not _is_tag(steps)),
        frozenset(steps[1] for steps in paths if _is_tag(steps) and len(steps) > 1),
        known,
        since,
        moment(trail.changed_at(live, paths)),
    )


def _foretold(kind: Kind, action: Action) -> dict[str, str]:
    """What is gone is known by what git says of it."""
    which = {name.casefold() for section in kind.sections for name in section.which}
    said = {steps_of(change.path)[-1].casefold(): str(change.after) for change in action.changes}
    return {name: value for name, value in said.items() if name in which}


def _is_tag(steps: tuple[str, ...]) -> bool:
    return steps[:1] in (("tags",), ("Tags",))


def _member(kind: Kind, steps: tuple[str, ...]) -> str:
    return (steps[1] if kind.is_root and len(steps) > 1 else steps[0]) if steps else ""


def moment(text: str) -> datetime | None:
    """A time as AWS or our documents say it."""
    try:
        return datetime.fromisoformat(text).astimezone(UTC) if text else None
    except ValueError:
        return None


def second(at: datetime) -> datetime:
    """The whole second, as events have it."""
    return at.replace(microsecond=0)


# --- what is asked ---------------------------------------------------------------------------------------------------


def narrow(wanted: Iterable[Sought], *, now: datetime, by_name: bool) -> list[Look]:
    """Around the moments that AWS tells, one question for those that lie together: by the likeliest call's name, or for all of Lambda, for AWS
    may call it otherwise by now."""
    looks = sorted(
        {
            Look("EventName", trail.event_name(one.operations[0]), one.at - BEFORE, one.at + AFTER)
            if by_name
            else Look("EventSource", trail.SOURCE, one.at - BEFORE, one.at + AFTER)
            for one in wanted
            if one.at and one.operations and one.at >= max(second(one.since), now - KEPT)
        }
    )
    joined: list[Look] = []
    for look in looks:
        last = joined[-1] if joined else None
        if last and (last.attribute, last.value) == (look.attribute, look.value) and look.start <= last.end:
            joined[-1] = Look(last.attribute, last.value, last.start, max(last.end, look.end))
        else:
            joined.append(look)
    return joined


def wide(wanted: Iterable[Sought], rank: int, *, now: datetime) -> list[Look]:
    """The newest events of the calls that can have done it, of each the one of this rank, since the first moment that counts."""
    starts: dict[str, datetime] = {}
    for one in wanted:
        for operation in one.operations[rank : rank + 1]:
            name, start = trail.event_name(operation), max(second(one.since), now - KEPT)
            starts[name] = min(start, starts.get(name, start))
    return [Look("EventName", name, start, now) for name, start in starts.items()]


# --- what is answered ------------------------------------------------------------------------------------------------


def told(one: Sought, events: Sequence[Event], *, now: datetime, role: str) -> Who | None:
    """The newest event that tells of a difference, the first of one second; `role` is ours. None where none does."""
    whose = [replace(event.who, is_ours=event.who.is_ours or bool(role and event.role == role)) for event in events]
    fitting = [
        (event.at, who)
        for event, who in zip(events, whose, strict=True)
        if _start(one.since, who) <= event.at <= now and tells(one, event)
    ]
    return max(fitting, key=lambda found: found[0], default=(now, None))[1]


def _start(since: datetime, who: Who) -> datetime:
    """Events have whole seconds: in that in which we were done, what we did ourselves was before."""
    return since if who.is_ours else second(since)


def untold(one: Sought, *, now: datetime, problem: str, is_cut: bool) -> Who:
    """Why nobody is named: what kept CloudTrail from telling all, or that it tells no more of it, or not yet."""
    last = one.at or one.since
    is_too_old = last < now - KEPT and not (is_cut and one.at is None)
    return Who(unknown=TOO_OLD if is_too_old else problem or NOT_YET)


def tells(one: Sought, event: Event) -> bool:
    """Whether an event is a call that can have made the difference, on this very resource, and names what differs."""
    operation = max((name for name in one.operations if is_of(event.who.event, name)), key=len, default="")
    if not (operation and event.source.startswith(trail.SOURCES) and _means(one, event)):
        return False
    if operation in trail.TAGGING:
        named = event.said.get("tags") or event.said.get("tagkeys") or ()
        return isinstance(named, Mapping | list) and not one.tags.isdisjoint(map(str, named))
    members = {name.casefold() for name in one.members}
    can_tell = trail.told_members(operation, members)
    return not can_tell or len(can_tell) < len(members) or not can_tell.isdisjoint(event.said)


def is_of(name: str, operation: str) -> bool:
    """Whether an event is one of an operation: behind whose name a date and a version may stand."""
    rest = name.removeprefix(operation)
    return rest != name and (not rest or (rest[0].isdigit() and rest.replace("v", "").isdigit()))


def _means(one: Sought, event: Event) -> bool:
    """Whether an event is about a resource: nothing that it says speaks against it, and something for it."""
    words = _words(event)
    if one.known.get("uuid") and words.get("uuid") == one.known["uuid"]:
        return True
    is_of_function = one.key.target.root == "function" and "loggroupname" not in one.known
    if is_of_function and words.get("function") != one.key.target.function:
        return False
    names = {*one.known} - {"qualifier"}  # which an event need not say
    if names and names.isdisjoint(words):
        return False
    return all(words.get(name, value) == value for name, value in one.known.items())


def _words(event: Event) -> dict[str, str]:
    """What an event says of which resource it is about: of the request, and where that says less, of the answer."""
    both = {
        **{name: value for name, value in event.answered.items() if name in ("eventsourcearn", "uuid")},
        **event.said,
    }
    words = {name: value for name, value in both.items() if isinstance(value, str)}
    spelled = next(
        (words[name] for name in ("functionname", "resource", "resourceid", "resourcearn") if name in words), ""
    )
    name, qualifier = trail.function_and_qualifier(spelled or str(event.answered.get("functionarn", "")))
    arn = spelled.rpartition("event-source-mapping:")
    mapping = {"uuid": arn[2]} if arn[1] else {}
    return {"qualifier": qualifier or LATEST, **words, "function": name, **mapping}
