"""The live side of some specs: fetch(aws, specs) -> Snapshot. Reads only what the specs declare, in bulk where AWS can.

Calls: one GetFunction a target; of every other kind that a spec needs, and that this does not tell, the listing that its `reading`
names: of the function, or of the whole account and region where that is cheaper or the only one to be believed; and the names of all
functions where they are asked for, out of such a listing if there was one. Never writes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from itertools import groupby
from typing import Any

from reconciler.aws.client import Aws, Place
from reconciler.aws.jobs import Jobs
from reconciler.aws.unread import Unread, failure_text
from reconciler.core.errors import AwsError, Interrupted, SettleFailed, SnapshotError
from reconciler.core.model import Key, Live, Properties, Snapshot, Spec, Target
from reconciler.core.waiting import Awaited, Flow
from reconciler.kinds.base import STUCK, Kind
from reconciler.kinds.function import FUNCTION
from reconciler.kinds.needs import hanging_on, lost_qualifiers, needed, parts, with_layers
from reconciler.kinds.reading import Answered, Listing, Lookup, Reading, Users
from reconciler.kinds.registry import KINDS, WAITS, kinds_of
from reconciler.kinds.tags import MARK
from reconciler.snapshot.artifacts import Looking, artifacts
from reconciler.snapshot.beside import each_of, with_others
from reconciler.snapshot.holders import by_value
from reconciler.snapshot.rooms import rooms
from reconciler.snapshot.users import users_by_address, with_users

WORKERS = 16
NAMING = "ListFunctions"
PATIENCE_SECONDS = 60.0  # for everything that moves while a snapshot is taken, together
WHOLE, NONE = frozenset({""}), frozenset[str]()  # all of a kind, rather than parts of it
Parts = Mapping[Target, frozenset[str]]  # what is to be read of a kind
Held = Mapping[Target, list[Live]]


def fetch(
    aws: Aws,
    specs: Iterable[Spec],
    *,
    taken_at: str,
    managed_by: str = "",
    places: Iterable[Place] = (),
    naming: Collection[Place] = (),
    looking: Looking = Looking(),  # noqa: B008  frozen
    kinds: frozenset[str] | None = None,
    optional: frozenset[str] = frozenset(),
) -> Snapshot:
    """The live resources of the specs' targets and, where a mark is given, of every function of these places that bears it; what
    could not be read is told with its reason. Of the places in `naming` the names of all functions are listed. `kinds` are read of
    every target instead of those that its spec needs; of `optional` ones that cannot be read only `invoked` says why. Raises
    SnapshotError when every target is unread."""
    ordered = sorted(with_layers(specs), key=lambda spec: spec.target)
    marked = list(places)
    by_place = grouped(ordered, (*marked, *naming))
    unread, patience = Unread(), Patience()
    accounts, failed = identities(aws, by_place, unread)
    unlisted = {str(place): why for place, why in failed.items() if place in marked or by_place[place]}
    names = Names(unlisted={str(place): why for place, why in failed.items() if place in naming})
    with ThreadPoolExecutor(WORKERS) as pool:
        resources: list[Live] = []
        invoked: dict[Target, str] = {}
        for place in (place for place in by_place if place.account in accounts):
            region = _Region(aws, place, by_place[place], pool, unread, patience, kinds, optional)
            resources += region.resources(region.marked(managed_by, unlisted) if managed_by else [])
            invoked |= region.invoked
            if place in naming:
                names.add(region)
        held = {
            item.key.target: str(item.handle.get("CodeSha256", ""))
            for item in resources
            if KINDS[item.key.kind].is_root
        }
        codes = artifacts(aws, [spec for spec in ordered if spec.target not in unread.reasons], pool, held, looking)
    if ordered and not unread.readable(spec.target for spec in ordered):
        raise SnapshotError("\n".join(dict.fromkeys(unread.reasons.values())))
    known = tuple(sorted((item for item in resources if item.key.target not in unread.reasons), key=_by_key))
    return Snapshot(
        known, taken_at, accounts, codes, unread=unread.reasons, unlisted=unlisted, invoked=invoked, functions=names.listed,
        unnamed=names.unlisted, rooms=rooms(aws, ordered, known),
    )  # fmt: skip


def grouped(ordered: Iterable[Spec], places: Iterable[Place]) -> dict[Place, list[Spec]]:
    """The specs by place; places without one, too."""
    by_place: dict[Place, list[Spec]] = {place: [] for place in places}
    for place, group in groupby(ordered, key=lambda spec: Place.of(spec.target)):
        by_place[place] = list(group)
    return by_place


def _by_key(item: Live) -> Key:
    return item.key


def identities(
    aws: Aws, by_place: Mapping[Place, list[Spec]], unread: Unread
) -> tuple[dict[str, str], dict[Place, str]]:
    """The number of each account whose credentials are there and its own; of the others' places why it is not known, and their
    targets are unread."""
    accounts, failed = dict[str, str](), dict[Place, str]()
    for place, group in by_place.items():
        try:
            accounts[place.account] = aws.account_id(place)
        except AwsError as failure:
            unread.add([spec.target for spec in group], "GetCallerIdentity", failure)
            failed[place] = failure_text("GetCallerIdentity", failure)
    return accounts, failed


class Patience:
    """How long one snapshot waits, in all, for what AWS is still at."""

    def __init__(self) -> None:
        self._left_seconds = PATIENCE_SECONDS

    @contextmanager
    def waiting(self) -> Iterator[float]:
        """The seconds that are left; what the block takes is spent."""
        begun = time.monotonic()
        yield max(self._left_seconds, 0.0)
        self._left_seconds -= time.monotonic() - begun


class Names:
    """The names of all functions by place (`account/region`), or why they could not be listed."""

    def __init__(self, unlisted: Mapping[str, str]) -> None:
        self.listed: dict[str, frozenset[str]] = {}
        self.unlisted = dict(unlisted)

    def add(self, region: _Region) -> None:
        try:
            self.listed[str(region.place)] = region.names()
        except Interrupted:
            raise
        except AwsError as failure:
            self.unlisted[str(region.place)] = failure_text(NAMING, failure)


class _Region:
    """One account and region while its resources are read."""

    def __init__(
        self,
        aws: Aws,
        place: Place,
        specs: list[Spec],
        pool: ThreadPoolExecutor,
        unread: Unread,
        patience: Patience,
        kinds: frozenset[str] | None,
        optional: frozenset[str],
    ) -> None:
        self.aws, self.place, self.specs, self.pool = aws, place, specs, pool
        self.unread, self.patience, self.kinds, self.optional = unread, patience, kinds, optional
        self.needed = {spec.target: needed(spec) if kinds is None else kinds for spec in specs}
        self.invoked: dict[Target, str] = {}  # of whose qualifiers some go, and that own nothing that may invoke them
        self.answers: dict[Target, Properties] = {}  # about the functions that there are
        self._names: frozenset[str] | None = None  # once a listing has told all of them

    def resources(self, marked: list[str]) -> list[Live]:
        specified = [spec.target for spec in self.specs if spec.target.root == FUNCTION.name]
        targets = specified + [self.target(name) for name in marked]
        held = {live.key.target: [live] for live in self.functions(targets)}
        for kind in (kind for kind in KINDS.values() if kind is not FUNCTION):
            unread = set(self.unread.reasons)
            wanted, losing = self.wanted(kind, held), self.losing(kind, held)
            goes_before = kind.goes_before_function and kind in kinds_of(self.target(""))
            wanted |= {self.target(name): WHOLE for name in marked} if goes_before else {}
            asked = {target: wanted.get(target, NONE) | losing.get(target, NONE) for target in {*wanted, *losing}}
            for live in self.of_kind(kind, asked) if asked else ():
                held.setdefault(live.key.target, []).append(live)
            required = set() if kind.name in self.optional else set(wanted)
            for target in asked.keys() - required - unread:
                reason = self.unread.reasons.pop(target, "")
                self.invoked[target] = self.invoked.get(target, "") or reason
        return [live for items in held.values() for live in items]

    def wanted(self, kind: Kind, held: Held) -> dict[Target, frozenset[str]]:
        """What is to be read of a kind; the whole of one that is owned in parts is what it says of itself."""
        wanted = {}
        for spec in self.specs:
            named = parts(kind, self.needed[spec.target])
            if named & WHOLE and kind.is_owned_in_parts:
                named = kind.whole(held.get(spec.target, ()))
            if named & WHOLE and kind.reading.together:
                named = called(kind, spec, held.get(spec.target, ()))
            is_there = kind.is_root or kind.outlives_function or spec.target in self.answers
            if named and is_there and kind in kinds_of(spec.target):
                wanted[spec.target] = named
        return wanted

    def losing(self, kind: Kind, held: Held) -> dict[Target, frozenset[str]]:
        """What of a kind may hang on what the specs drop."""
        lost = {spec.target: lost_qualifiers(spec, held.get(spec.target, ())) for spec in self.specs}
        return (
            {t: named for t, names in lost.items() if (named := parts(kind, hanging_on(names)))}
            if self.kinds is None
            else {}
        )

    def of_kind(self, kind: Kind, asked: Parts) -> Iterator[Live]:
        """The resources of a kind: listed, at rest, whole, and with their tags where a spec speaks of them."""
        reading, members = kind.reading, self.members_named(kind)
        known, rest = by_value(self.aws, self.place, kind, self.specs, asked)
        there = {target: asked[target] for target in rest if target in self.answers or not reading.beside}
        listed = self.listed(reading, there) if there else []
        listed = with_others(self.aws, self.place, reading, asked, listed, self.unread)
        listed = self.used(reading.users, listed) if reading.users and listed else listed
        items = [*known, *self.at_rest(reading, listed)]
        whole = partial(self.whole, kind, members)
        items = [
            (target, item)
            for (target, _), item in self.unread.each(self.pool, operation(reading), whole, items, first)
            if item
        ]
        tagged = partial(self.tagged, reading, members)
        for (target, _), item in self.unread.each(self.pool, "ListTags", tagged, items, first):
            live = reading.live(target, item)
            yield from [live] if live else []

    def members_named(self, kind: Kind) -> Mapping[Target, frozenset[str]]:
        """The members that a target's spec names of a kind."""
        return {
            spec.target: frozenset(
                member for item in spec.desired if item.key.kind == kind.name for member in item.properties
            )
            for spec in self.specs
        }

    def listed(self, reading: Reading, asked: Parts) -> list[Answered]:
        """The items of the targets: looked up by their names; or from the listing of everything, unless that has more pages than there are targets, as in an
        account that is not ours alone, and a function can be asked for its own."""
        targets = sorted(asked)
        if reading.together:
            return self.looked_up(reading.together, asked)
        if reading.everywhere:
            most = len(targets) if reading.is_listing_whole else None
            read = partial(self.everything, reading.everywhere, reading.owner, targets, most)
            items, is_whole = self.unread.listed(reading.everywhere.operation, read, targets)
            if is_whole:
                return items
        call = reading.listing.operation if reading.listing else operation(reading)
        each = self.unread.each(self.pool, call, partial(self.own, reading, asked), targets, itself)
        return [(target, item) for target, answers in each for item in answers]

    def used(self, users: Users, items: list[Answered]) -> list[Answered]:
        """The items with who uses each; where that cannot be told their targets are unread."""
        read = partial(self.users, users)
        known, _ = self.unread.listed(users.listing.operation, read, {target for target, _ in items})
        return with_users(items, users, known)

    def users(self, users: Users) -> tuple[list[tuple[str, str]], bool]:
        return users_by_address(self.aws, self.place, users), True

    def looked_up(self, lookup: Lookup, asked: Parts) -> list[Answered]:
        """What there is of the names that are asked for, each once, though several targets may ask for it."""
        named = sorted((name, target) for target, names in asked.items() for name in names)
        ordered = sorted({name for name, _ in named})
        items: dict[str, Properties] = {}
        for names in (ordered[start : start + lookup.most] for start in range(0, len(ordered), lookup.most)):
            asking = [target for name, target in named if name in names]
            items |= self.unread.listed(lookup.operation, partial(self.by_name, lookup, names), asking)[0]
        return [(target, items[name]) for name, target in named if name in items]

    def by_name(self, lookup: Lookup, names: list[str]) -> tuple[list[tuple[str, Properties]], bool]:
        answer = self.aws.call(self.place, lookup.operation, lookup.params(names)).result
        return [(lookup.name(item), item) for item in answer[lookup.member]], True

    def everything(
        self, listing: Listing, owner: Callable[[Properties], str], targets: list[Target], most: int | None
    ) -> tuple[list[Answered], bool]:
        """The targets' items out of a listing of everything, and whether it was read to its end, or given up after so many
        pages."""
        wanted = {target.name: target for target in targets}
        named = set[str]()
        items: list[Answered] = []
        for number, page in enumerate(self.aws.pages(self.place, listing.operation, listing.params)):
            if number == most:
                return [], False
            named |= {owner(item) for item in page[listing.member]}
            items += [(wanted[name], item) for item in page[listing.member] if (name := owner(item)) in wanted]
        if listing.operation == NAMING:
            self._names = frozenset(named)
        return items, True

    def names(self) -> frozenset[str]:
        """Those of all functions. A listing that was read for something else has told them already."""
        if self._names is None:
            pages = self.aws.pages(self.place, NAMING, {})
            self._names = frozenset(item["FunctionName"] for page in pages for item in page["Functions"])
        return self._names

    def own(self, reading: Reading, asked: Parts, target: Target) -> list[Properties]:
        """What a function has of a kind: of what it can have only one of there is no listing, nor of what is read in parts."""
        listing = reading.listing
        if listing is None:
            single = partial(reading.single, target.name)
            answers = ((part, self.told(target, *single(part))) for part in sorted(asked[target]))
            return [item for part, answer in answers if answer for item in each_of(reading, part, answer)]
        pages = self.aws.pages(self.place, listing.operation, {listing.of: target.name, **listing.params})
        return [item for page in pages for item in page[listing.member]]

    def told(self, target: Target, operation: str, params: Properties) -> Properties | None:
        """The answer of a call; the function's own is there already."""
        is_known = (operation, params) == FUNCTION.reading.single(target.function, "")
        return self.answers[target] if is_known else self.aws.find(self.place, operation, params)

    def target(self, function: str) -> Target:
        return Target(self.place.account, self.place.region, function)

    def marked(self, managed_by: str, unlisted: dict[str, str]) -> list[str]:
        """Names of functions that bear our mark and have no spec here, by the tagging API: a page a hundred, of a quota of
        its own."""
        params = {"TagFilters": [{"Key": MARK, "Values": [managed_by]}], "ResourceTypeFilters": ["lambda:function"]}
        try:
            pages = list(self.aws.pages(self.place, "GetResources", params, api="resourcegroupstaggingapi"))
        except Interrupted:
            raise
        except AwsError as failure:
            unlisted[str(self.place)] = failure_text("GetResources", failure)
            return []
        names = {item["ResourceARN"].split(":")[6] for page in pages for item in page["ResourceTagMappingList"]}
        return sorted(names - {spec.target.name for spec in self.specs if spec.target.root == FUNCTION.name})

    def functions(self, targets: list[Target]) -> Iterator[Live]:
        """The functions that there are."""
        each = self.unread.each(self.pool, "GetFunction", self.find, targets, itself)
        for target, item in self.at_rest(FUNCTION.reading, [(target, answer) for target, answer in each if answer]):
            self.answers[target] = item
            live = FUNCTION.reading.live(target, item)
            yield from [live] if live else []

    def find(self, target: Target) -> Properties | None:
        return self.aws.find(self.place, *FUNCTION.reading.single(target.function, ""))

    def at_rest(self, reading: Reading, answers: list[Answered]) -> list[Answered]:
        """The answers, those of what was moving as they are once that has settled; it is waited for side by side."""
        still = [item for item in answers if not reading.moving(item[1])]
        moving = [item for item in answers if reading.moving(item[1])]
        with self.patience.waiting() as seconds:
            jobs = Jobs(self.aws)
            ends = [
                (target, jobs.start(self.place, self.settled(reading, seconds, (target, item))))
                for target, item in moving
            ]
            jobs.run()
            for (target, _), item in self.unread.each(self.pool, operation(reading), result_of, ends, first):
                still += [(target, item)] if item else []
        return still

    def settled(self, reading: Reading, seconds: float, moving: Answered) -> Flow[Properties | None]:
        """What AWS answers once it stands still; None when it was on its way out."""
        target, item = moving
        wait = WAITS[reading.moving(item)]
        try:
            state = yield Awaited(target, wait, item[wait.member] if wait.member else item, seconds)
        except Interrupted:
            raise
        except SettleFailed as failure:
            again = self.aws.find(self.place, *wait.look(target, item, None))
            is_moving = again is not None and reading.moving(again)
            if again is None or (is_moving and failure.is_retryable):
                raise
            return {**again, STUCK: failure.code} if is_moving else again  # it stands still: what it was at has failed
        return {**item, wait.member: state} if wait.member else state or (None if wait.is_for_the_end else item)

    def whole(self, kind: Kind, members: Mapping[Target, frozenset[str]], answered: Answered) -> Properties | None:
        """What a listing leaves out is asked for; None when it is gone meanwhile."""
        target, item = answered
        if not kind.reading.is_cut(item, members.get(target, frozenset())):
            return item
        call = rest_of(kind.reading, target, item)
        return self.aws.find(self.place, *call) if call else None

    def tagged(self, reading: Reading, members: Mapping[Target, frozenset[str]], answered: Answered) -> Properties:
        target, item = answered
        return with_tags(self.aws, reading, target, item) if "Tags" in members.get(target, ()) else item


def called(kind: Kind, spec: Spec, held: Iterable[Live]) -> frozenset[str]:
    """AWS's name for what the spec says there is of a kind; where it says nothing, for what the function that lives has."""
    names = frozenset(item.key.name for item in spec.desired if item.key.kind == kind.name)
    lives = (item for item in held if item.key.kind == FUNCTION.name)
    return names or frozenset(kind.named(item.key.target.function, item.properties["configuration"]) for item in lives)


def rest_of(reading: Reading, target: Target, item: Properties) -> tuple[str, Properties] | None:
    """The call that tells whole what a listing cuts; None where the item is about no resource."""
    if reading.rest:
        return reading.rest(item)
    live = reading.live(target, item)
    return reading.single(target.name, live.key.name) if live else None


def with_tags(aws: Aws, reading: Reading, target: Target, answer: Properties) -> Properties:
    """An answer with the tags that only a call of their own tells, AWS's own left out; as it is where there is no address to
    ask by."""
    if reading.tagged_by not in answer:
        return answer
    tags = aws.call(Place.of(target), "ListTags", {"Resource": answer[reading.tagged_by]}).result.get("Tags", {})
    return {**answer, "Tags": {key: value for key, value in tags.items() if not key.startswith("aws:")}}


def operation(reading: Reading) -> str:
    """The call that tells of one resource."""
    return reading.single("", "")[0]


def itself(target: Target) -> Target:
    return target


def first(item: tuple[Target, Any]) -> Target:
    return item[0]


def result_of(end: tuple[Target, Future[Properties | None]]) -> Properties | None:
    return end[1].result()
