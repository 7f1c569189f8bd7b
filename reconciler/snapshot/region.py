"""One account and region while its resources are read: its functions; what each kind has of a function as soon as that was looked at;
and then what only all of this tells to be read. Never writes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial

from reconciler.aws.client import Aws
from reconciler.aws.unread import Unread, failure_text
from reconciler.core.errors import AwsError, Interrupted
from reconciler.core.model import Live, Properties, Spec, Target
from reconciler.core.place import Place
from reconciler.kinds.base import Kind
from reconciler.kinds.function import FUNCTION
from reconciler.kinds.needs import needed, parts
from reconciler.kinds.reading import Answered
from reconciler.kinds.registry import KINDS, may_be_of
from reconciler.kinds.tags import MARK
from reconciler.snapshot import by_qualifier
from reconciler.snapshot.asked import NONE, WHOLE, Held, Parts, left, losing, needs_others, wanted
from reconciler.snapshot.everything import NAMING, NEVER, Asking, Everything
from reconciler.snapshot.missing import Missing, step
from reconciler.snapshot.of_kind import Asked, OfKind
from reconciler.snapshot.readers import Arrivals, Readers
from reconciler.snapshot.rest import Patience, at_rest

OTHERS = tuple(kind for kind in KINDS.values() if kind is not FUNCTION)
NOBODY: by_qualifier.Names = {}
A_PAGE_FOR = 32  # functions that are not looked at one by one then, where a page tells of fifty


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for beside what specs need: functions with this mark; `kinds` of every target instead of those that its spec needs;
    of `optional` ones that cannot be read only `invoked` says why; `is_naming`: the names of all functions. `taken_at` is now."""

    managed_by: str = ""
    kinds: frozenset[str] | None = None
    optional: frozenset[str] = frozenset()
    is_naming: bool = False
    taken_at: str = ""


@dataclass
class Region:
    """What was read, and why the rest was not."""

    aws: Aws
    place: Place
    specs: list[Spec]
    wish: Wish
    readers: Readers
    patience: Patience
    missing: Missing
    unread: Unread = field(default_factory=Unread)
    unlisted: str = ""  # why functions that bear our mark could not be listed
    unnamed: str = ""  # why the names of all functions could not be listed
    names: frozenset[str] | None = None
    invoked: dict[Target, str] = field(
        default_factory=dict
    )  # of whose qualifiers some go, and that own nothing that may invoke them
    answers: dict[Target, Properties] = field(default_factory=dict)  # about the functions that there are
    held: dict[Target, list[Live]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        kinds = self.wish.kinds
        self._needed = {spec.target: needed(spec) if kinds is None else kinds for spec in self.specs}
        ours = {spec.target.name for spec in self.specs}
        self._everything = Everything(self.aws, self.place, ours, is_naming=self.wish.is_naming)
        self._looked_at = Arrivals[Target]()
        self._marked: Future[list[Target]] | None = None

    def read(self) -> Region:
        """At once what needs no answer of another."""
        if self.wish.managed_by:
            self._marked = self.readers.beside(self.marked)
        functions = self.readers.beside(self._look_at_functions)
        reading = [
            (kind, self.readers.beside(partial(self._of_kind, kind, self._at_first(kind), self._asking(kind))))
            for kind in OTHERS
            if any(self._possible(kind)) or (self._marked and kind.goes_before_function)
        ]
        functions.result()
        first = [(kind, *future.result()) for kind, future in reading]  # all, before any of it joins what others see
        for kind, of, lives in first:
            self._take(of, self._required(kind, of.read), lives)
        put_off = {kind.name for kind, of, _ in first if of.is_put_off}
        self._read_then({kind.name: of.read for kind, of, _ in first}, put_off)
        if self.wish.is_naming:
            self._name()
        return self

    def _read_then(self, read: Mapping[str, Parts], put_off: Collection[str]) -> None:
        """What hangs on aliases and versions that there are, or is asked for by them."""
        reading, lost, distinct = [], self._losing(), {*self._needed.values()}
        for kind in OTHERS:
            losable = {target: named for target, names in lost.items() if (named := parts(kind, names))}
            is_waiting = kind.name in put_off or any(needs_others(kind, names) for names in distinct)
            if not losable and not is_waiting:
                continue
            asked = self._wanted(kind)
            both = {target: asked.get(target, NONE) | losable.get(target, NONE) for target in {*asked, *losable}}
            rest = left(kind, both, read.get(kind.name, {}))
            now = {target: names for target, names in sorted(rest.items()) if target not in self.unread.reasons}
            if now:
                held = {target: [*self.held.get(target, ())] for target in now}
                read_now = partial(self._read_now, kind, now, losable, held)
                reading.append((self._required(kind, asked), self.readers.beside(read_now)))
        for required, future in reading:
            of, lives = future.result()
            self._take(of, required, lives)

    def marked(self) -> list[Target]:
        """Functions that bear our mark and have no spec here, by the tagging API: a page a hundred, of a quota of its own."""
        tag = {"Key": MARK, "Values": [self.wish.managed_by]}
        params = {"TagFilters": [tag], "ResourceTypeFilters": ["lambda:function"]}
        try:
            pages = list(self.aws.pages(self.place, "GetResources", params, api="resourcegroupstaggingapi"))
        except Interrupted:
            raise
        except AwsError as failure:
            self.unlisted = failure_text("GetResources", failure)
            return []
        names = {item["ResourceARN"].split(":")[6] for page in pages for item in page["ResourceTagMappingList"]}
        specified = {spec.target.name for spec in self.specs if spec.target.root == FUNCTION.name}
        return [Target(self.place.account, self.place.region, name) for name in sorted(names - specified)]

    # --- functions ---------------------------------------------------------------------------------------------------

    def _look_at_functions(self) -> None:
        try:
            for spec in self.specs:
                if spec.target.root != FUNCTION.name:
                    self._looked_at.add(spec.target)
            specs = [spec for spec in self.specs if spec.target.root == FUNCTION.name]
            tried = step(len(specs))
            moving = self._ask(spec.target for spec in specs[::tried])
            rest = [spec for number, spec in enumerate(specs) if number % tried]
            is_new = not (moving or self.answers or self.unread.reasons)
            moving += self._ask(self._may_be_there(rest) if rest and is_new else (spec.target for spec in rest))
            moving += self._ask(self._marked.result() if self._marked else [])
            self._arrive_at_rest(moving)
        finally:
            self._looked_at.close()

    def _ask(self, targets: Iterable[Target]) -> list[Answered]:
        """Those that still move are what is returned."""
        pool, moving = self.readers.of(self.place, "GetFunction"), []
        for target, item in self.unread.each(pool, "GetFunction", self._find, targets, itself):
            if item and FUNCTION.reading.moving(item):
                moving.append((target, item))
            else:
                self._arrive(target, item)
        return moving

    def _arrive_at_rest(self, moving: list[Answered]) -> None:
        pool = self.readers.of(self.place, "GetFunction")
        settled = dict(at_rest(self.aws, self.patience, self.unread, pool, FUNCTION.reading, moving))
        for target in self.unread.readable(target for target, _ in moving):
            self._arrive(target, settled.get(target))

    def _may_be_there(self, specs: list[Spec]) -> Iterator[Target]:
        """Where none of those that were tried is: whom a listing of all functions shows, if it is short. Whoever is to go is looked at all the
        same; of what is to be made AWS itself says so where it is there and was not listed."""
        names: frozenset[str] | None = None
        try:
            names = self._everything.names_if_few(max(1, len(specs) // A_PAGE_FOR))
        except Interrupted:
            raise
        except AwsError:
            pass
        for spec in specs:
            if names is None or spec.is_absent or spec.target.function in names:
                yield spec.target
            else:
                self.missing.unlisted.add(spec.target)
                self._arrive(spec.target, None)

    def _find(self, target: Target) -> Properties | None:
        return self.aws.find(self.place, *FUNCTION.reading.single(target.function, ""))

    def _arrive(self, target: Target, item: Properties | None) -> None:
        if item:
            self.answers[target] = item
            live = FUNCTION.reading.live(target, item)
            self.held[target] = [live] if live else []
        else:
            self.missing.functions.add(target)
        self._looked_at.add(target)

    # --- kinds -------------------------------------------------------------------------------------------------------

    def _asking(self, kind: Kind) -> Asking:
        """What it may take to ask for what is told by qualifier; functions that bear our mark are as many as there are."""
        return NEVER if self.wish.managed_by else self._asking_for(self._possible(kind))

    def _asking_for(self, targets: Iterable[Target]) -> Asking:
        return by_qualifier.expected(self._needed[target] for target in targets)

    def _read_now(self, kind: Kind, asked: Parts, losing: Collection[Target], held: Held) -> tuple[OfKind, list[Live]]:
        """`losing` are those of which it is read for what they drop. Nobody knows by which names to ask for a function that is not there."""
        is_by_names = kind.reading.told_by_qualifier and self.answers.keys() >= asked.keys()
        names, specs = NOBODY, (spec for spec in self.specs if spec.target in asked)
        if is_by_names and self._asking_for(asked) != NEVER and by_qualifier.are_there(specs, held):
            names = by_qualifier.names_of(self.aws, self.place, held, self._needed)
        return self._of_kind(kind, asked.items(), by_qualifier.asking(names), losing, names)

    def _of_kind(
        self,
        kind: Kind,
        asked: Asked,
        asking: Asking,
        losing: Iterable[Target] = (),
        names: by_qualifier.Names = NOBODY,
    ) -> tuple[OfKind, list[Live]]:
        marked = self._marked.result() if self._marked and kind.goes_before_function else []
        possible = {*self._possible(kind), *marked, *losing}
        of = OfKind(
            self.aws, self.place, kind, self.specs, sorted(possible), self.answers, self._everything,
            self.readers, self.patience, asking, names,
        )  # fmt: skip
        return of, list(of.lives(asked))

    def _possible(self, kind: Kind) -> Iterator[Target]:
        """Of which a kind may be asked for."""
        return (target for target, names in self._needed.items() if parts(kind, names) and may_be_of(kind, target))

    def _at_first(self, kind: Kind) -> Asked:
        """What of a kind is to be read of each target, as soon as its function was looked at."""
        specs = {spec.target: spec for spec in self.specs}
        for target in self._looked_at:
            if target not in specs:
                names = WHOLE if kind.goes_before_function and may_be_of(kind, target) else NONE
            elif needs_others(kind, self._needed[target]):
                continue
            else:
                names = self._wanted_of(kind, specs[target])
            if names:
                yield target, names

    def _wanted_of(self, kind: Kind, spec: Spec) -> frozenset[str]:
        target = spec.target
        is_there = target in self.answers
        return wanted(kind, spec, self._needed[target], self.held.get(target, ()), is_there=is_there)

    def _wanted(self, kind: Kind) -> dict[Target, frozenset[str]]:
        return {spec.target: names for spec in self.specs if (names := self._wanted_of(kind, spec))}

    def _losing(self) -> dict[Target, frozenset[str]]:
        if self.wish.kinds is not None:
            return {}
        each = ((spec, self.held.get(spec.target, ())) for spec in self.specs)
        return {spec.target: names for spec, held in each if (names := losing(spec, held, self.wish.taken_at))}

    def _required(self, kind: Kind, asked: Collection[Target]) -> frozenset[Target]:
        """Whose plan cannot be made without it."""
        return frozenset() if kind.name in self.wish.optional else frozenset(asked)

    def _take(self, of: OfKind, required: Collection[Target], lives: Iterable[Live]) -> None:
        """What was read of a kind joins the rest."""
        for target in of.read.keys() - required - self.unread.reasons.keys():
            reason = of.unread.reasons.pop(target, "")
            self.invoked[target] = self.invoked.get(target, "") or reason
        self.unread.join(of.unread)
        for live in lives:
            self.held.setdefault(live.key.target, []).append(live)

    def _name(self) -> None:
        try:
            self.names = self._everything.names()
        except Interrupted:
            raise
        except AwsError as failure:
            self.unnamed = failure_text(NAMING, failure)


def itself(target: Target) -> Target:
    return target
