"""How many calls an apply will make, and about how long they take, by account and region: what `perform` is going to do, counted and not
done. Pure.

A look here is one that `operation` and `confirming` make, told by the same book-keeping (`Expected`). Of a wait it is the first look; more
of them, what AWS throttles, and S3, where code is looked at and sent, is not counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from reconciler.apply.abreast import abreast
from reconciler.apply.expected import Change, Expected, State, revised, root_of
from reconciler.aws import pace
from reconciler.aws.pace import drawn_on
from reconciler.aws.when import LOOKS_FOR_A_PAGE
from reconciler.core import service
from reconciler.core.cost import Cost
from reconciler.core.finding import part
from reconciler.core.grouping import grouped
from reconciler.core.model import Key, Live, Target
from reconciler.core.place import Place
from reconciler.core.plans import Operation, TargetPlan
from reconciler.core.waiting import Together, Wait
from reconciler.kinds.base import Kind
from reconciler.kinds.function import FUNCTION
from reconciler.kinds.provisioned_concurrency import KEPT_STARTED
from reconciler.kinds.registry import CALLS, KINDS, TOLD, WAITS
from reconciler.kinds.version import VERSION
from reconciler.plan.operations import deletes_function, sample
from reconciler.snapshot.asked import by_listings
from reconciler.snapshot.estimate import pages as pages_of

SECONDS_A_CALL = 0.1  # from one call of a target to its next one
INVOKE = "Invoke"  # it draws on nothing that the others do
SENT_AT_ONCE = ("CreateFunction", INVOKE)  # nothing is looked at before

Calls = Mapping[str, int]  # by what they draw on, as `pace.drawn_on` names it


def costs(plans: Iterable[TargetPlan], reading: Mapping[Place, Calls], per_second: float) -> tuple[Cost, ...]:
    """Of each place where something is to be done, sorted. `reading` are the calls that come before, `per_second` how many ordinary calls of
    Lambda's are ours, 0 for as fast as it goes."""
    acting = grouped((plan for plan in plans if plan.operations), lambda plan: Place.of(plan.target))
    return tuple(_cost(place, acting[place], reading.get(place, {}), per_second) for place in sorted(acting))


def _cost(place: Place, plans: Sequence[TargetPlan], reading: Calls, per_second: float) -> Cost:
    walks = [walk(plan) for plan in plans]
    if reading:  # and what goes with a function, for the plan
        reading = sum((_with_function(has_kept=False) for plan in plans if deletes_function(plan)), Counter(reading))
    calls = sum((one.calls for one in walks), _listed(walks))
    changes = sum(one.changes for one in walks)
    read = pace.seconds(reading, per_second)
    longest = max(one.seconds for one in walks)
    chain = max(one.seconds + SECONDS_A_CALL * (one.calls.total() + one.together.total()) for one in walks)
    seconds = read + max(pace.seconds(calls, per_second) + longest, chain)
    looks = calls.total() - changes + sum(reading.values())
    return Cost(place.account, place.region, changes, looks, seconds, any(one.is_at_least for one in walks))


def _listed(walks: Iterable[Walk]) -> Counter[str]:
    """Looks of many that one listing makes instead, where it spares any."""
    calls = Counter[str]()
    for together, count in sum((one.together for one in walks), Counter[tuple[Together, str]]()).items():
        listing, single = together
        pages = pages_of(listing.operation, count)
        is_worth_it = count > pages * (LOOKS_FOR_A_PAGE if listing.is_instead else 1)
        calls[_drawn_on(listing.operation if is_worth_it else single)] += pages if is_worth_it else count
    return calls


def _drawn_on(operation: str) -> str:
    return operation if operation == INVOKE else drawn_on(service.api_of(operation), operation)


# --- one target ----------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Walk:
    """One target while its calls are counted; `together` are looks that many may share, each with the call that looks alone. `seconds` are what
    AWS takes as a rule, the calls aside; `revision` is the function's."""

    expected: Expected
    calls: Counter[str] = field(default_factory=Counter)
    together: Counter[tuple[Together, str]] = field(default_factory=Counter)
    changes: int = 0
    revision: int = 1
    seconds: float = 0.0
    is_at_least: bool = False

    def call(self, operation: str) -> None:
        self.calls[_drawn_on(operation)] += 1

    def look(self, key: Key, state: State = None) -> None:
        """All that tells of a resource in this state."""
        kind = KINDS[key.kind]
        self.call(kind.reading.single(key.target.function, key.name)[0])
        is_more = state is not None and not kind.sections[0].own.keys().isdisjoint(state)
        for beside in kind.reading.beside if is_more else kind.reading.beside[:1]:
            self.call(beside.listing.operation)
        if kind.reading.rest:
            self.call("GetLayerVersionByArn")
        self.tags(kind, state)

    def tags(self, kind: Kind, state: State) -> None:
        if kind.reading.tagged_by and "Tags" in (state or {}):
            self.call("ListTags")

    def see(self, key: Key) -> None:
        """It is looked at, and is as it must be."""
        self.look(key, self.expected.held(key))
        self.believe(key)

    def believe(self, key: Key) -> None:
        self.expected.looked(self.live(key))

    def live(self, key: Key) -> Live:
        """As a look would show it: what changes the function gives it another revision."""
        return Live(key, self.expected.held(key) or {}, {"RevisionId": str(self.revision)})


def walk(plan: TargetPlan) -> Walk:
    """What one target takes."""
    one = Walk(Expected(plan))
    if deletes_function(plan):  # it is noted as a spec, and by what goes with it
        one.calls += _with_function(has_kept=True) + _with_function(has_kept=False)
    for together in abreast(plan.operations):
        changes = [(operation, _call(one, operation)) for _, operation in together]
        one.seconds += max(_usual_seconds(operation) for operation, _ in changes)
        for operation, change in changes:
            _settle(one, operation, change)
    _come_to_rest(one, plan.target)
    return one


def _with_function(*, has_kept: bool) -> Counter[str]:
    """What reads all that a function has; `has_kept`: also what stays without it."""
    itself = FUNCTION.reading.single("", "")
    operations = ["GetFunction", "GetPolicy"]
    for kind in (VERSION, *map(KINDS.__getitem__, TOLD)):
        reading = kind.reading
        if reading.single("", "") != itself and (has_kept or not kind.is_kept):
            operations.append(reading.listing.operation if reading.listing else reading.single("", "")[0])
            operations += [beside.listing.operation for beside in reading.beside[:1]]
    return Counter(map(_drawn_on, operations))


def _call(one: Walk, operation: Operation) -> Change:
    """What `operation.call` does, and looks at before."""
    change = one.expected.change(operation, sample(operation.params))
    if operation.name not in SENT_AT_ONCE and not _is_guarded(one, operation):
        _look_before(one, change, is_upsert=CALLS[operation.name].is_upsert)
    one.call(operation.name)
    one.changes += 1
    one.is_at_least |= bool(operation.upload or operation.smoke) or _is_slow(one, operation, change)
    if operation.name != INVOKE:
        one.revision += any(WAITS[name] in FUNCTION.waits for name in operation.settle)
        one.expected.wrote(change)
    return change


def _settle(one: Walk, operation: Operation, change: Change) -> None:
    """What `operation.settle` waits for, and `confirming.confirmed` looks at; what no last look of a wait has told whole."""
    seen = {_wait(one, WAITS[name], change.key) for name in operation.settle}
    if operation.name == INVOKE:
        return
    root, is_of_function = root_of(change.key), change.key.kind in (FUNCTION.name, VERSION.name)
    if change.after is not None and not is_of_function:
        _confirm(one, change.key, is_seen=change.key.kind in seen)
    is_waited_for = any(WAITS[name] in FUNCTION.waits for name in operation.settle)
    if (change.after is not None) if is_of_function else is_waited_for:
        if FUNCTION.name in seen:
            one.believe(root)
            one.expected.fresh.discard(root)
        else:
            one.see(root)


def _is_guarded(one: Walk, operation: Operation) -> bool:
    """Whether AWS compares a revision, which a look may have to tell."""
    if "RevisionId" not in service.members(operation.name):
        return False
    whole = revised(operation.key)
    if whole != operation.key and not one.expected.revision(operation):
        one.look(whole)
        for key in [key for key in one.expected.states if revised(key) == whole]:
            one.expected.revised_to(one.live(key))
    return bool(one.expected.revision(operation))


def _look_before(one: Walk, change: Change, *, is_upsert: bool) -> None:
    expected = one.expected
    for key in dict.fromkeys((root_of(change.key), change.key)):
        is_there = expected.held(key) is not None
        if key in expected.fresh | expected.almost_fresh or not (is_there or (is_upsert and key == change.key)):
            continue
        if is_there:
            one.see(key)
        else:
            one.look(key)


def _usual_seconds(operation: Operation) -> float:
    return sum(WAITS[name].usual_seconds or 0.0 for name in operation.settle)


def _wait(one: Walk, wait: Wait, key: Key) -> str:
    """The kind of which its last look tells the whole, if it does."""
    one.is_at_least |= wait.usual_seconds is None
    kind = FUNCTION if wait in FUNCTION.waits else KINDS[key.kind]
    single = kind.reading.single("", "")[0]
    if wait.together:
        one.together[wait.together, single] += 1
    elif wait.usual_seconds != 0.0:
        one.call(single)
    is_whole = wait.is_whole or (wait.is_named_by_answer and kind is not FUNCTION)
    return kind.name if is_whole else ""


def _confirm(one: Walk, key: Key, *, is_seen: bool) -> None:
    """What the answer, or who waited, has told whole needs no look."""
    is_answered = KINDS[key.kind].is_answered_whole
    if is_seen or is_answered:
        one.believe(key)
    else:
        one.see(key)
    if is_answered and not is_seen:
        one.expected.fresh.discard(key)


def _is_slow(one: Walk, operation: Operation, change: Change) -> bool:
    """Whether AWS may take minutes: with an image, a VPC, instances of one's own, a snapshot of a version, or an alias that has executions
    kept started."""
    configuration = (one.expected.held(root_of(change.key)) or change.after or {}).get("configuration", {})
    sent = {**operation.params, **part(operation.params, "Code")}
    if "ImageUri" in sent or part(sent, "VpcConfig").get("SubnetIds") or part(sent, "CapacityProviderConfig"):
        return True
    if "version-active" in operation.settle or "function-published" in operation.settle:
        return bool(part(configuration, "SnapStart").get("ApplyOn") == "PublishedVersions")
    kept = (key.name for key in one.expected.states if key.kind == KEPT_STARTED.name)
    return operation.name == "UpdateAlias" and change.key.name in kept


def _come_to_rest(one: Walk, target: Target) -> None:
    """`confirming.at_rest`."""
    expected, root = one.expected, Key(target, target.root)
    for whole in sorted(expected.shared):
        one.look(whole)
    states: dict[Key, State] = {**expected.states, **dict.fromkeys(expected.gone)}
    revision = expected.known_revision(root) if root in expected.fresh else ""
    unseen = dict[Key, State]()
    for key, state in sorted(states.items(), key=lambda item: (item[0] != root, item[0])):
        if revised(key) != key or key.target != target or key.kind == VERSION.name or key in expected.fresh:
            continue
        glance = KINDS[key.kind].reading.glance
        is_untouched = root in expected.made and expected.made.get(key) == revision != ""
        if glance and is_untouched and state:
            one.call(glance(target.function, key.name, state)[0])
        elif key == Key(target, FUNCTION.name) and state:
            _wait(one, WAITS["function-told"], key)
        else:
            unseen[key] = state
        revision = expected.known_revision(root) if key == root else revision
    for several in by_listings({key: state for key, state in unseen.items() if state}):
        one.calls[_drawn_on(several.listing.operation)] += len(several.names)
        for key in several.keys:
            one.tags(KINDS[key.kind], unseen.pop(key))
    for key, state in unseen.items():
        told = KINDS[key.kind].reading.told_with_others
        if told and state:
            _wait(one, WAITS[told], key)
            one.tags(KINDS[key.kind], state)
        else:
            one.look(key, state)
