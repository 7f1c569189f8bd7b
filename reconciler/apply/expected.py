"""What AWS must hold of one target while its plan is carried out: what the plan saw, and what our calls made of it.

Pure. Plan and answers go in; what differs between that and a look at AWS comes out. It never looks itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from reconciler.core.diff import Difference, differences, matching, pointer, value_at, with_value
from reconciler.core.errors import NotOwned, PlanError, StalePlan
from reconciler.core.finding import Rule
from reconciler.core.model import Key, Live, Properties
from reconciler.core.plans import Operation, TargetPlan
from reconciler.core.values import SENSITIVE, UNSET, Unreadable
from reconciler.kinds.function import FUNCTION
from reconciler.kinds.needs import remaining
from reconciler.kinds.registry import KINDS
from reconciler.kinds.tags import MARK
from reconciler.kinds.version import VERSION

IS_AS_PLANNED = Rule("R260", "AWS still holds what the plan saw, and what our own calls made of it.")
IS_STILL_OURS = Rule("R261", "A function bears the owner mark that it was planned with.")

State = Properties | None  # of one resource, as its kind's `state` has it; None where there is none


@dataclass(frozen=True, slots=True)
class Change:
    """What one call is about, and what AWS must hold of that before and after it; `beside` is what it makes of other kinds."""

    key: Key
    before: State
    after: State
    beside: Mapping[Key, Properties] = field(default_factory=dict)


class Expected:
    """One target while the operations of its plan are carried out. `fresh` names what was looked at since the last write, `almost_fresh` a
    function of our own making that was looked at right before that one, when that was carried out at once, `gone` what was deleted
    and could be there again under the same name, `shared` what several resources are parts of, which one answer tells of: nothing
    else may be there but what is `others`'; `left` has patterns of what of a resource is theirs. `made` has
    what our calls have made, each with the revision that its function had then."""

    def __init__(self, plan: TargetPlan) -> None:
        lives = plan.before
        self.states: dict[Key, Properties] = {live.key: live.properties for live in lives}
        self.fresh: set[Key] = set()
        self.almost_fresh: set[Key] = set()
        self.gone: set[Key] = set()
        self.made: dict[Key, str] = {}
        self.others, self.left = frozenset(plan.others), plan.left
        self.shared = {revised(live.key) for live in lives if revised(live.key) != live.key}
        self.removed: dict[Key, State] = {}  # parts that we have removed, as they were
        self._revisions = {revised(live.key): str(live.handle.get("RevisionId", "")) for live in lives}

    def revision(self, operation: Operation) -> str:
        """The RevisionId that guards a call: what it is about has one of its own; a version that is to be published goes by the
        function's. Empty where there is none, or nobody has looked since it changed."""
        key = operation.key
        return self._revisions.get(root_of(key) if key.kind == VERSION.name else revised(key), "")

    def known_revision(self, key: Key) -> str:
        return self._revisions.get(key, "")

    def unlike(
        self, key: Key, wanted: State, seen: State, answered: Properties | None = None
    ) -> tuple[Difference, ...]:
        """Where a look shows otherwise than it must, but for what is left to others."""
        for pattern in self.left.get(key, ()) if wanted is not None and seen is not None else ():
            for steps in {*matching(wanted, pattern), *matching(seen, pattern)}:
                seen = with_value(seen, steps, value_at(wanted, steps))
        return unlike(key, wanted, seen, answered)

    def held(self, key: Key) -> State:
        """What must be there of a resource; what every function has is at first as AWS makes it."""
        return self.states[key] if key in self.states else KINDS[key.kind].at_birth(key.target.name)

    def change(self, operation: Operation, params: Properties) -> Change:
        """What the call with these params is to make of what is held."""
        key = subject(operation, params)
        before = self.held(key)
        if operation.name == "PublishVersion":
            return Change(key, before, published(self.states.get(root_of(key)), key))
        after = KINDS[key.kind].after(operation.name, {**params, **operation.expect}, before)
        return Change(key, before, after, born(key, params) if operation.name == "CreateFunction" else {})

    def looked(self, live: Live) -> None:
        """What a look showed, after it was compared: from now on it must stay so."""
        self.states[live.key] = live.properties
        self.fresh.add(live.key)
        self.revised_to(live)

    def revised_to(self, live: Live) -> None:
        """What a look showed of a revision."""
        if "RevisionId" in live.handle:
            self._revisions[revised(live.key)] = str(live.handle["RevisionId"])

    def wrote(self, change: Change) -> None:
        """A call was carried out. What goes with a function goes here, too."""
        root = root_of(change.key)
        is_told_at_once = change.before is None and KINDS[change.key.kind].is_answered_whole
        self.almost_fresh = self.fresh & self.made.keys() & {root} if is_told_at_once else set()
        self.fresh.clear()
        self.gone.discard(change.key)
        if change.before is None:
            self.made[change.key] = self.known_revision(root)
        if revised(change.key) != change.key:
            self.shared.add(revised(change.key))
            self.removed[change.key] = change.before
            self._revisions.pop(revised(change.key), None)
        if change.after is None and change.key.kind == FUNCTION.name:
            self.shared.clear()
            lives = (Live(key, state) for key, state in self.states.items())
            self.states = {live.key: live.properties for live in remaining(lives)}
        elif change.after is None:
            if not KINDS[change.key.kind].named_by and revised(change.key) == change.key:
                self.gone.add(change.key)
            self.states = {key: state for key, state in self.states.items() if key != change.key}
        else:
            self.states |= {change.key: change.after, **change.beside}


def born(function: Key, params: Properties) -> dict[Key, Properties]:
    """What a creation with these params makes beside the function."""
    made: dict[Key, Properties] = {}
    for kind in KINDS.values():
        sent = kind.at_creation(params)
        if sent:
            made[replace(function, kind=kind.name)] = kind.state(sent, function.target.function)
    return made


def root_of(key: Key) -> Key:
    """What the target of a resource is itself: the function, as a rule."""
    return Key(key.target, key.target.root)


def revised(key: Key) -> Key:
    """What has the RevisionId of a resource: itself, or what it is a part of."""
    return replace(key, name=KINDS[key.kind].revised_as(key.name))


def subject(operation: Operation, params: Properties) -> Key:
    """The resource that a call is about, by AWS's name for it, where that has one."""
    key, named_by = operation.key, KINDS[operation.key.kind].named_by
    if not named_by:
        return key
    if operation.name.startswith("Create"):
        return replace(key, name="")  # the spec's label may be AWS's name of another one
    return replace(key, name=str(params.get(named_by) or params.get("Resource", "").rpartition(":")[2] or key.name))


def unlike(key: Key, expected: State, seen: State, answered: Properties | None = None) -> tuple[Difference, ...]:
    """Where a look shows otherwise than it must, on the members that are expected. What AWS itself answered to our own
    guarded call (`answered`) may stand, and so may a member set where none was and no update could have set it."""
    if expected is None or seen is None:
        after = UNSET if seen is None else "there"
        return () if expected is seen else (Difference((), "there" if seen is None else UNSET, after),)
    kind = KINDS[key.kind]
    unequal = differences(expected, kind.compared(seen, expected))
    return tuple(item for item in unequal if not _is_filled_in(key, item, answered or {}))


def _is_filled_in(key: Key, item: Difference, answered: Properties) -> bool:
    if isinstance(item.before, Unreadable):
        return True  # nobody knew what it was
    if item.after is not UNSET and value_at(answered, item.steps) == item.after:
        return True
    return item.before is None and KINDS[key.kind].needs_replacement("/".join(item.steps), None, item.after)


def came(expected: Expected, seen: Iterable[Key]) -> list[Key]:
    """What is there beside what is expected, and was not there when the plan was made."""
    return sorted(key for key in seen if key not in expected.states and key not in expected.others)


def filled_in(key: Key, expected: Properties, seen: Properties) -> tuple[str, ...]:
    """Pointers of what AWS filled in by itself: members that nobody named and the plan did not see."""
    compared = KINDS[key.kind].compared(seen, expected)
    return tuple(pointer(item.steps) for item in differences(compared, seen) if item.before is UNSET)


def changed(key: Key, changes: Iterable[Difference]) -> PlanError:
    """The error that says what somebody else changed meanwhile; NotOwned where it is the owner mark."""
    changes = tuple(changes)
    marks = [item.after for item in changes if item.steps == ("tags", MARK) and item.after is not UNSET]
    if marks:
        message = f"{key} is managed by {marks[0]} since the plan was made; nothing more was done to it"
        return NotOwned(IS_STILL_OURS.ends(message))
    shown = "; ".join(_shown(key, item) for item in changes)
    return StalePlan(changed_since(shown or "nothing that a spec can say"))


def changed_since(what: str) -> str:
    return IS_AS_PLANNED.ends(f"changed since the plan was made: {what}; plan again")


def _shown(key: Key, item: Difference) -> str:
    values: tuple[Any, ...] = (item.before, item.after)
    if KINDS[key.kind].is_sensitive(item.steps):
        values = tuple(value if value is UNSET else SENSITIVE for value in values)
    return f"{key}{pointer(item.steps)} {values[0]} → {values[1]}"


def published(function: State, key: Key) -> dict[str, Any]:
    """What a version holds that is published of the function as it is expected."""
    assert function is not None
    return VERSION.state(function, key.target.function)
