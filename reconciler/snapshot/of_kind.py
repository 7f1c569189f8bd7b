"""The resources of one kind in an account and region: asked for by the listing that its `reading` names, of the function or of all, at
rest, whole, and with their tags where a spec speaks of them. Never writes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import chain, islice

from reconciler.aws.client import Aws
from reconciler.aws.unread import Unread
from reconciler.core.model import Live, Properties, Spec, Target
from reconciler.core.place import Place
from reconciler.kinds.base import Kind
from reconciler.kinds.function import FUNCTION
from reconciler.kinds.reading import Answered, Lookup, Reading, Users
from reconciler.snapshot import by_qualifier
from reconciler.snapshot.asked import NONE, members_named
from reconciler.snapshot.beside import each_of, with_others, with_tags
from reconciler.snapshot.by_qualifier import Names
from reconciler.snapshot.everything import Asking, Everything, of_each
from reconciler.snapshot.holders import by_value
from reconciler.snapshot.readers import Readers
from reconciler.snapshot.rest import Patience, at_rest, first
from reconciler.snapshot.users import users_by_address, with_users

Asked = Iterable[tuple[Target, frozenset[str]]]  # targets as they become known, each with what is to be read of it


@dataclass
class OfKind:
    """One kind while it is read. `answers` are those about the functions that there are; `possible` the targets that may be asked for;
    `read` and `unread` tell in the end what was asked for, and what could not be read."""

    aws: Aws
    place: Place
    kind: Kind
    specs: list[Spec]
    possible: Iterable[Target]
    answers: Mapping[Target, Properties]
    everything: Everything
    readers: Readers
    patience: Patience
    asking: Asking  # for what is told by qualifier, by each
    names: Names = field(default_factory=dict)  # by which functions are asked for that; nobody knows them at first
    unread: Unread = field(default_factory=Unread)
    read: dict[Target, frozenset[str]] = field(default_factory=dict)
    is_put_off: bool = False  # nothing was read, for asking by names takes fewer calls

    @property
    def reading(self) -> Reading:
        return self.kind.reading

    def lives(self, asked: Asked) -> Iterator[Live]:
        members = members_named(self.kind, self.specs)
        single = operation(self.reading)
        pool, told = self.readers.of(self.place, single), self.told_of(self.noted(asked))
        still = at_rest(self.aws, self.patience, self.unread, pool, self.reading, told)
        cut = [item for item in still if self.reading.is_cut(item[1], members.get(item[0], NONE))]
        items = self.put_in(still, cut, self.unread.each(pool, single, self.whole, cut, first))
        tags = [item for item in items if "Tags" in members.get(item[0], ())]
        pool = self.readers.of(self.place, "ListTags")
        for target, item in self.put_in(items, tags, self.unread.each(pool, "ListTags", self.tagged, tags, first)):
            live = self.reading.live(target, item)
            yield from [live] if live else []

    @staticmethod
    def put_in(
        items: list[Answered], some: list[Answered], more: Iterable[tuple[Answered, Properties | None]]
    ) -> list[Answered]:
        """The items, with what some of them are in full in their place; without those that are gone, or could not be read."""
        asked = {id(item) for item in some}
        full = {id(item): answer for item, answer in more}
        known = ((item[0], full.get(id(item)) if id(item) in asked else item[1]) for item in items)
        return [(target, answer) for target, answer in known if answer]

    def noted(self, asked: Asked) -> Asked:
        for target, names in asked:
            self.read[target] = names
            yield target, names

    def told_of(self, asked: Asked) -> list[Answered]:
        """The items of the targets, by whichever calls tell them."""
        reading, known = self.reading, list[Answered]()
        if reading.holders:
            named = dict(asked)
            known, rest = by_value(self.aws, self.place, self.kind, self.specs, named)
            asked = ((target, named[target]) for target in rest)
        there = ((target, names) for target, names in asked if target in self.answers or not reading.beside)
        listed = self.listed(there)
        if self.read:
            listed = with_others(self.aws, self.place, reading, self.read, listed, self.unread)
        return [*known, *(self.used(reading.users, listed) if reading.users and listed else listed)]

    def listed(self, asked: Asked) -> list[Answered]:
        """Looked up by their names; or out of the listing of everything, unless that is longer than asking for what each target has, as in an
        account that is not ours alone."""
        reading = self.reading
        if reading.together:
            return self.looked_up(reading.together, dict(asked))
        arriving = iter(asked)
        begun = list(islice(arriving, 1))
        if begun and reading.everywhere:
            asked_for = {target.name: target for target in self.possible}
            asking = self.asking if reading.told_by_qualifier else of_each(len(asked_for))
            read = partial(self.everything.items, reading, reading.everywhere, asked_for, asking)
            everyone = (target for target, _ in chain(begun, arriving))
            items, is_whole = self.unread.listed(reading.everywhere.operation, read, everyone)
            if is_whole:
                wanted = {*everyone}
                return [(target, item) for target, item in items if target in wanted]
            if reading.told_by_qualifier and not self.names:
                self.is_put_off = True
                self.read.clear()
                return []
        call = reading.listing.operation if reading.listing else operation(reading)
        each = self.unread.each(self.readers.of(self.place, call), call, self.own, chain(begun, arriving), first)
        return [(target, item) for (target, _), answers in each for item in answers]

    def used(self, users: Users, items: list[Answered]) -> list[Answered]:
        """The items with who uses each; where that cannot be told their targets are unread."""
        read = partial(self.users, users)
        known, _ = self.unread.listed(users.listing.operation, read, {target for target, _ in items})
        return with_users(items, users, known)

    def users(self, users: Users) -> tuple[list[tuple[str, str]], bool]:
        return users_by_address(self.aws, self.place, users), True

    def looked_up(self, lookup: Lookup, asked: Mapping[Target, frozenset[str]]) -> list[Answered]:
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

    def own(self, asked: tuple[Target, frozenset[str]]) -> list[Properties]:
        """What a function has of a kind: of what it can have only one of there is no listing, nor of what is read in parts."""
        (target, names), listing = asked, self.reading.listing
        if listing is None:
            single = partial(self.reading.single, target.name)
            answers = ((part, self.told(target, *single(part))) for part in sorted(names))
            return [item for part, answer in answers if answer for item in each_of(self.reading, part, answer)]
        if self.names:
            return by_qualifier.own(self.aws, self.place, self.reading, listing, self.names[target])
        return [*by_qualifier.listed(self.aws, self.place, listing, target.name)]

    def told(self, target: Target, operation: str, params: Properties) -> Properties | None:
        """The answer of a call; the function's own is there already."""
        is_known = (operation, params) == FUNCTION.reading.single(target.function, "")
        return self.answers[target] if is_known else self.aws.find(self.place, operation, params)

    def whole(self, answered: Answered) -> Properties | None:
        """What a listing leaves out is asked for; None when it is gone meanwhile."""
        call = rest_of(self.reading, *answered)
        return self.aws.find(self.place, *call) if call else None

    def tagged(self, answered: Answered) -> Properties:
        return with_tags(self.aws, self.reading, *answered)


def rest_of(reading: Reading, target: Target, item: Properties) -> tuple[str, Properties] | None:
    """The call that tells whole what a listing cuts; None where the item is about no resource."""
    if reading.rest:
        return reading.rest(item)
    live = reading.live(target, item)
    return reading.single(target.name, live.key.name) if live else None


def operation(reading: Reading) -> str:
    """The call that tells of one resource."""
    return reading.single("", "")[0]
