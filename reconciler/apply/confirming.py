"""Compares what AWS holds with what it must hold: right before a call that no revision guards, once a call was carried out,
and when a target is done. Only what was compared is believed. Never writes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.apply import looking
from reconciler.apply.expected import (
    Change,
    Expected,
    State,
    came,
    changed,
    filled_in,
    published,
    revised,
    root_of,
)
from reconciler.aws.client import Answer, Aws
from reconciler.core.errors import CallFailed, Interrupted
from reconciler.core.model import Key, Live, Properties, Target
from reconciler.core.place import Place
from reconciler.core.plans import Operation
from reconciler.core.waiting import Awaited, Flow, Pause, Waits, side_by_side
from reconciler.kinds.function import FUNCTION
from reconciler.kinds.registry import KINDS, WAITS
from reconciler.kinds.version import VERSION

# Between looks at what AWS does not show yet: tags are not shown at once.
SHOWN_LATER_SECONDS = (0.1, 0.2, 0.4, 0.8, 1.6)


@dataclass(frozen=True, slots=True)
class Seen:
    """What the last looks of the waits after a call showed, whole: of the function, and of what the answer named, or the call was about;
    empty where nobody looked."""

    function: Mapping[str, Any]
    itself: Mapping[str, Any]


def revision(aws: Aws, operation: Operation, expected: Expected) -> Waits[str]:
    """The RevisionId that guards a call. Where several resources have one together, and it is not known since a write of our own, a
    look tells it, which must show what is expected. Raises StalePlan."""
    known, key = expected.revision(operation), operation.key
    if known or revised(key) == key:
        return known
    lives = yield from _parts(aws, revised(key), expected)
    for other, state in expected.states.items():
        if revised(other) == revised(key):
            _compare(other, state, lives.get(other), expected)
    for live in lives.values():
        expected.revised_to(live)
    return expected.revision(operation)


def _parts(aws: Aws, whole: Key, expected: Expected) -> Waits[dict[Key, Live]]:
    """Everything that is a part of something; as long as AWS shows what we have removed, it may only be late. Raises StalePlan where
    there is more than is expected."""
    for seconds in (*SHOWN_LATER_SECONDS, 0.0):
        lives = {key: live for key, live in looking.told(aws, whole).items() if live}
        new = came(expected, lives)
        is_late = not any(expected.unlike(key, expected.removed.get(key), lives[key].properties) for key in new)
        if not new or not is_late or not seconds:
            break
        yield Pause(seconds)
    for key in new:
        raise changed(key, expected.unlike(key, None, lives[key].properties))
    return lives


def unchanged(aws: Aws, change: Change, expected: Expected, *, is_upsert: bool = False) -> None:
    """Right before a call. Raises StalePlan or NotOwned when the function, or what the call is about, is not as it must be;
    what was looked at since the last write, or of a function of our own making right before that, needs no second look. That there is none is left to AWS to find, unless it would
    put the new one in its place (`is_upsert`)."""
    for key in (root_of(change.key), change.key):
        before = expected.held(key)
        if key in expected.fresh | expected.almost_fresh or (before is None and not (is_upsert and key == change.key)):
            continue
        live = looking.seen(aws, key, has_tags="Tags" in (before or {}))
        if live is None and key == change.key and change.after is None:
            continue  # gone already, as it should be
        unequal = expected.unlike(key, before, live.properties if live else None)
        if unequal:
            raise changed(key, unequal)
        if live:
            expected.looked(live)


def confirmed(
    aws: Aws, operation: Operation, change: Change, answer: Answer, expected: Expected, seen: Seen
) -> Waits[tuple[str, ...]]:
    """Once AWS has carried a call out. Returns what AWS filled in by itself. Raises StalePlan or NotOwned."""
    if change.key.kind not in (FUNCTION.name, VERSION.name):
        noted = (yield from _other(aws, change, answer, expected, seen.itself)) if change.after is not None else ()
        if any(WAITS[name] in FUNCTION.waits for name in operation.settle):
            yield from _function(
                aws, operation, change, answer, expected, seen.function
            )  # it was waited for, and may have another revision now
        return noted
    if change.after is None:
        return ()
    noted = yield from _function(aws, operation, change, answer, expected, seen.function)
    if str(seen.itself.get("Version", "")).isdigit():
        _version(aws, change.key.target, expected, seen.itself)
    return noted


def at_rest(aws: Aws, target: Target, expected: Expected) -> Flow[None]:
    """When a target is done: everything that the spec owns, and what was deleted, as far as it was not looked at since the last
    write; versions never change. Raises StalePlan or NotOwned."""
    parts: dict[Key, Live] = {}
    for whole in sorted(expected.shared):
        parts |= yield from _parts(aws, whole, expected)
    root = Key(target, target.root)
    states: dict[Key, State] = {**expected.states, **dict.fromkeys(expected.gone)}
    revised_as = expected.known_revision(root) if root in expected.fresh else ""
    unseen = dict[Key, State]()
    for key, state in sorted(states.items(), key=lambda item: (item[0] != root, item[0])):
        if revised(key) != key:
            _compare(key, state, parts.get(key), expected)
        elif key.target == target and key.kind != VERSION.name and key not in expected.fresh:
            is_untouched = root in expected.made and expected.made.get(key) == revised_as != ""
            if key == Key(target, FUNCTION.name) and state:
                live = yield from _told_with_others(aws, key, state, expected)
                _compare(key, state, live, expected)
                revised_as = str(live.handle.get("RevisionId", "")) if live else revised_as
            elif not (is_untouched and state and _is_still(aws, key, state)):
                unseen[key] = state
    shown = looking.several(aws, {key: state for key, state in unseen.items() if state})
    yield from side_by_side(_require(aws, key, state, shown.get(key), expected) for key, state in unseen.items())


def _require(aws: Aws, key: Key, state: State, shown: Live | None, expected: Expected) -> Waits[None]:
    """What a listing shows as it must be needs no look of its own; a listing may be late."""
    if state and not shown:
        shown = yield from _listed_with_others(aws, key, state)
    if shown is None or expected.unlike(key, state, shown.properties):
        shown = looking.seen(aws, key, has_tags="Tags" in (state or {}))
    _compare(key, state, shown, expected)


def _listed_with_others(aws: Aws, key: Key, state: Properties) -> Waits[Live | None]:
    """What a listing has whole of those of many targets; whoever cannot wait for others is not told."""
    kind = KINDS[key.kind]
    if not kind.reading.told_with_others:
        return None
    try:
        item = yield Awaited(key.target, WAITS[kind.reading.told_with_others], {kind.named_by: key.name})
    except Interrupted:
        return None
    is_whole = item and not kind.reading.is_cut(item, frozenset())
    return looking.answered(aws, kind, key.target, item, has_tags="Tags" in state) if item and is_whole else None


def _told_with_others(aws: Aws, key: Key, state: Properties, expected: Expected) -> Waits[Live | None]:
    """The function when all is done. Of many one listing tells which still have the revision that they were compared with, and so are as
    they were then; who has another one is looked at, and so is whoever cannot wait for others."""
    try:
        shown = yield Awaited(key.target, WAITS["function-told"], {"FunctionName": key.target.function})
    except Interrupted:
        return looking.seen(aws, key)
    if not shown or "Configuration" in shown:
        return looking.answered(aws, FUNCTION, key.target, shown) if shown else None
    known = expected.known_revision(key)
    return Live(key, state, {"RevisionId": known}) if shown.get("RevisionId") == known else looking.seen(aws, key)


def _is_still(aws: Aws, key: Key, state: Properties) -> bool:
    """Whether a glance tells so; where none does, nobody knows."""
    glance = KINDS[key.kind].reading.glance
    if glance is None:
        return False
    operation, params, wanted = glance(key.target.function, key.name, state)
    try:
        answer = aws.find(Place.of(key.target), operation, params)
    except CallFailed:
        return False
    return answer is not None and wanted.items() <= answer["Configuration"].items()


def _function(
    aws: Aws, operation: Operation, change: Change, answer: Answer, expected: Expected, seen: Mapping[str, Any]
) -> Waits[tuple[str, ...]]:
    """The look that told that it stands still tells all of it, and its revision; but whoever is about to do what no revision guards looks
    again, for who waits does not go on at once."""
    key = root_of(change.key)
    is_guarded = operation.name in ("CreateFunction", "UpdateFunctionConfiguration", "UpdateFunctionCode")
    answered = FUNCTION.answered(answer.result, key.target.function) if is_guarded else None
    told = looking.answered(aws, FUNCTION, key.target, seen) if seen else None
    is_confirmed = told is not None and not expected.unlike(key, expected.states[key], told.properties, answered)
    live = told if told and is_confirmed else (yield from _shown(aws, key, change, expected, answered))
    if not seen and FUNCTION.reading.moving({"Configuration": live.handle}):
        yield Awaited(key.target, WAITS["function-updated"], {})
        live = yield from _shown(aws, key, change, expected, answered)
    noted = filled_in(key, expected.states[key], live.properties)
    expected.looked(live)
    if is_confirmed:
        expected.fresh.discard(key)
    return noted


def _other(
    aws: Aws, change: Change, answer: Answer, expected: Expected, state: Mapping[str, Any]
) -> Waits[tuple[str, ...]]:
    """What the answer, or what was seen while it was waited for, tells whole needs no look; but nobody has looked since an
    answer."""
    assert change.after is not None
    key, kind = change.key, KINDS[change.key.kind]
    whole_answer = state or (answer.result if kind.is_answered_whole else {})
    live = (
        looking.answered(aws, kind, key.target, whole_answer, has_tags="Tags" in change.after) if whole_answer else None
    )
    answered = kind.answered(answer.result, key.target.name) if change.before is None else None
    is_confirmed = live is not None and not expected.unlike(key, change.after, live.properties, answered)
    if live is None or not is_confirmed:
        live = yield from _shown(aws, key, change, expected, answered)
    expected.looked(live)
    if is_confirmed and kind.is_answered_whole and not state:
        expected.fresh.discard(live.key)
    return filled_in(key, change.after, live.properties)


def _version(aws: Aws, target: Target, expected: Expected, state: Mapping[str, Any]) -> None:
    """A version is what was published, for good: it must be what the function is expected to be."""
    live = looking.answered(aws, VERSION, target, state)
    assert live is not None
    wanted = published(expected.states[root_of(live.key)], live.key)
    _compare(live.key, wanted, live, expected)
    expected.looked(live)


def _shown(aws: Aws, key: Key, change: Change, expected: Expected, answered: Properties | None) -> Waits[Live]:
    """The resource as it must be after a call; as long as AWS shows what was before, it may only be late."""
    before, after = change.before if change.key == key else None, expected.states[key]
    for seconds in (*SHOWN_LATER_SECONDS, 0.0):
        live = looking.seen(aws, key, has_tags="Tags" in after)
        state = live.properties if live else None
        if live and not expected.unlike(key, after, state, answered):
            return live
        if not seconds or expected.unlike(key, before, state):
            break
        yield Pause(seconds)
    _compare(key, after, live, expected, answered)
    raise CallFailed(f"{key}: AWS does not show what it has carried out")


def _compare(
    key: Key, wanted: State, live: Live | None, expected: Expected, answered: Properties | None = None
) -> None:
    unequal = expected.unlike(key, wanted, live.properties if live else None, answered)
    if unequal:
        raise changed(key, unequal)
