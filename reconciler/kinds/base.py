"""What a kind of resource is, as a value: the sections it takes from a spec, its calls, and how its properties compare.

A kind computes; it never reads AWS, a file or a clock.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from reconciler.core import service
from reconciler.core.finding import SpecCheck, part
from reconciler.core.model import Live, Properties
from reconciler.core.packages import Blob, Pin
from reconciler.core.plans import Ref
from reconciler.core.rollouts import Smoke
from reconciler.core.values import Unreadable
from reconciler.core.waiting import Wait
from reconciler.kinds.reading import Reading
from reconciler.kinds.unsaid import (
    as_it_is,
    by_its_name,
    by_name,
    nameless,
    never_abreast,
    never_replaced,
    never_replacing,
    never_sensitive,
    no_remark,
    no_warning,
    nothing_answered,
    nothing_at_creation,
    nothing_more,
    nothing_reserved,
    properties_of,
    with_name,
)

# Why a section does not take a member, where several calls have it.
IS_THE_FUNCTION = "the spec's `function`"
IS_REQUIRED = "required, so there is no state without it"
IS_REQUIRED_INSIDE = "required by AWS wherever the structure around it is written"
IS_WHICH = "says which resource it is, or can only be set at its creation"
NOT_DOCUMENTED = "AWS documents no value that stands for never set, and none that goes back to it"
IS_A_GUARD = "a guard that apply sends by itself"
LETTERS = "letters, digits, - and _"
LATEST = "$LATEST"  # in a spec: the function itself, where the other names are aliases and versions
PUBLISHED = "published"  # in a spec: the version that is the newest once the plan is carried out
STUCK = "Stuck"  # in an answer: why AWS gave up what it was at
# That version, as long as only its publication can tell which it is.
PUBLISHED_VERSION = Ref("PublishVersion", "Version")
IS_PUBLISH = (
    "`publish` makes numbered versions; what publishing to $LATEST.PUBLISHED does and answers nobody has recorded"
)


@dataclass(frozen=True, slots=True, eq=False)
class Section:
    """A section of the spec: of which calls it takes the members, and why it does not take the `refused` ones.

    `no_default` says of each member (as Member/Inner) that normal form fills nothing in for, why. The shapes of the members are those of
    `operation`'s input (below `inside`, when the section is one member of it, which its calls then have as well, or spread out). `answer`
    is the call whose answer can be pasted. `about` says in a sentence what the section holds, `keys` is the JSON Schema of its names where
    it is a map of them, `inner_keys` of the names below those where it is a map of maps, of which `words` have a schema of their own, `own`
    that of members of ours (a schema with a `type` stands instead of the service model's, others are laid over it), and `required` names
    what every entry must have. Members in `which` say which resource an entry is, so that another value makes it another entry;
    `foreign_name` is what AWS calls one of somebody else's. `is_in_our_words`: `own` is all that it takes, so that a new member of AWS's
    waits until there is a word for it."""

    name: str
    operation: str
    refused: Mapping[str, str]
    calls: tuple[str, ...]
    inside: str = ""
    no_default: Mapping[str, str] = field(default_factory=dict)
    answer: str = ""
    about: str = ""
    keys: Mapping[str, Any] = field(default_factory=dict)
    inner_keys: Mapping[str, Any] = field(default_factory=dict)
    words: Mapping[str, Any] = field(default_factory=dict)
    own: Mapping[str, Any] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    which: tuple[str, ...] = ()
    foreign_name: str = ".+"
    is_in_our_words: bool = False

    @property
    def levels(self) -> int:
        """How many names stand between the section and an entry."""
        return bool(self.keys) + bool(self.inner_keys)

    @property
    def shape(self) -> Any:
        """The structure of the service model that has its members."""
        request = service.request(self.operation)
        return service.structure(request, self.inside) if self.inside else request

    @property
    def members(self) -> frozenset[str]:
        """The AWS members that the section takes: every one of the calls' that is not refused, and of the structure that it is, where a
        call has that whole, or there is none."""
        if self.is_in_our_words:
            return frozenset()
        taken = [service.members(call) for call in self.calls]
        is_whole = bool(self.inside) and (not taken or any(self.inside in names for names in taken))
        within = frozenset(self.shape.members) if is_whole else frozenset()
        return within.union(*taken) - set(self.refused)

    def cut(self, answer: Properties) -> dict[str, Any]:
        """An answer of AWS, cut to what the section takes of it: also of what is newer than this release."""
        cut, members = service.project(answer, self.shape), self.members
        return {name: value for name, value in cut.items() if name in members}


@dataclass(frozen=True, slots=True)
class Call:
    """An AWS call as the task history tells it (the seed's phase, operation name and two status texts), and what to
    wait for after it. The seed is the imperative service whose declarative form this is; manual/decisions.md says which, and
    where we do otherwise. `is_upsert`: AWS takes it whether there is one already or not, so only a look tells. Calls about several resources
    of a function that have the same word for `abreast(params)` are carried out side by side."""

    operation: str
    phase: str
    task_operation: str
    started: str
    finished: str
    settle: tuple[str, ...] = ()
    is_upsert: bool = False
    abreast: Callable[[Properties], str] = never_abreast


# What a text of the task history calls what a verb does.
DOING = {
    "Create": "Creation",
    "Update": "Updating",
    "Put": "Setting",
    "Delete": "deletion",
    "Add": "Addition",
    "Remove": "removal",
    "Publish": "Publishing",
}


def told(operation: str, verb: str, thing: str, settle: tuple[str, ...] = (), is_upsert: bool = False) -> Call:
    """A call in the words that the history has for a verb and a thing, as in "Put" and "Function Concurrency"."""
    words = thing.split()
    doing = DOING[verb]
    return Call(
        operation,
        "_".join((verb, "Lambda", *words)).upper(),
        f"{verb}Lambda{''.join(map(str.capitalize, words))}AtomicOperation",
        f"Initializing {doing} of AWS Lambda {thing} Operation...",
        f"Finished {doing} of AWS Lambda {thing} Operation...",
        settle,
        is_upsert,
    )


@dataclass(frozen=True, slots=True)
class Step:
    """A call that a kind asks for, before it gets its place among the target's operations: by the order of all (`placed_as` names
    the operation in whose place it goes, where that is another one); where it is brought forward, right before what is created in
    place of what it deletes; where it adjoins, right before the next step of its own resource, and both after what else stands
    there."""

    operation: str
    params: Properties
    is_brought_forward: bool = False
    is_adjoining: bool = False
    placed_as: str = ""
    settle: tuple[str, ...] | None = None
    expect: Mapping[str, str] = field(default_factory=dict)
    pin: Pin | None = None
    upload: Blob | None = None
    smoke: Smoke | None = None
    otherwise: Step | None = None


def as_written(properties: Properties, _: str | Ref) -> dict[str, Any]:
    return dict(properties)


def function_and_aliases(lives: Iterable[Live]) -> frozenset[str]:
    return frozenset({LATEST, *(live.key.name for live in lives if live.key.kind == "alias")})


@dataclass(frozen=True, slots=True, eq=False)
class Kind:
    """All that differs from kind to kind. Who reads, plans, applies, exports and shows resources asks these fields.

    What it is: `name`; its `section` in a spec (for the function the first of several), of `sections`' members; where that is another
    kind's, the word `below` the first names under which its own entries stand, and `words_for_all` those of its section that speak of all
    entries and are none; the `noun` by which people call it, where that is not its name; of what a function has one of at the most and AWS
    has a name for, `named(function, configuration)` that name, which several functions may share; how it is read (`reading`), and of what
    is owned in parts, `whole(lives)`, which those are when all of it is meant; the AWS `calls` that change it and what they may have to
    wait for (`waits`); `rules` over one spec document, offline, and `cautions`, which only warn.

    How it compares: `normal(properties, function)` fills AWS's defaults in, so that two equal states compare equal; a member that it leaves
    out has no known default and is compared only where the spec names it. `identity(name, properties)` is what AWS tells two resources of
    one target apart by; `subject` the same without what can be updated in place; where just one of each side is left with the same
    `replacement_key`, one replaces the other. `compared(live, desired)` is the part of normal live properties that the desired side speaks
    of. `depth` says how many steps of a pointer make what one update sends. `needs_replacement(pointer, before, after)` takes a pointer
    without its leading slash. `is_sensitive(steps)`.

    What changes it: `create`, `update` and `delete` say with which calls AWS is told: of the function's name, the resource's name, the
    properties as written (create) or normal (update: with the set of top-level members that differ) and the live handle.
    `at_creation(properties)` has those of the members, in CreateFunction too, that make it with its function, where `create` would be too
    late. `meant` turns words of ours in a spec's entry into the values that they stand for, `written` such values into the entry,
    `resolved` puts a version in for the newest one.

    What a change is held against: `state(properties, function)` is the form in which a look at AWS is compared with what it must hold, of
    what AWS has stored (`as_stored(live)`), which may be more than a spec says; `after(operation, params, state)` is that state once a call
    was carried out: None before a creation and after a deletion. `answered(result, function)` is what the answer of a change says of it;
    `is_answered_whole`, that this is all of it. `named_by` is the member of an answer in which AWS names what it made. `revised_as(name)`
    is the name under which AWS keeps the RevisionId, where several have one together.

    How it hangs on others: `of` is the kind of target that it is of, which one kind is itself; `qualifier(name, properties)` is the alias
    or version that it invokes, empty for the function itself; the kinds that have none leave it out. `read_with` are kinds that are read
    with it, for what must fit together. `outlives_function`: deleting the function leaves it there, or of each `left(live)`, None where
    that is nothing; `is_kept`: so do we, and no call of ours ever deletes it, so that an empty section is one of which nothing is set.
    `counts_as_deletion` for guards. `is_always_there`: every function has one, and `{}` in a spec says AWS's defaults;
    `is_kept_by_versions`: a version keeps it as it was when it was published. `reserves(properties)`: how many executions it takes of those
    that all functions of a region share.

    How it is told: `remark(live)` goes with its name where it is deleted or in the way, `loss` says what a deletion cannot give back,
    `interruption` what an update does to whoever uses it, `taken_along(before, after)` the names of what that takes away, `trouble(live)`
    what AWS could not do of what it was asked for, `undeletable(live)` why no call deletes this one; `warning(before, after)`, of normal
    properties, is worth saying when it is made or changed; `listed(live)` is its entry in the list of functions."""

    name: str
    section: str
    sections: tuple[Section, ...]
    reading: Reading
    calls: tuple[Call, ...]
    normal: Callable[[Properties, str], dict[str, Any]]
    create: Callable[[str, str, Properties], list[Step]]
    update: Callable[[str, str, Properties, frozenset[str], Properties], list[Step]]
    delete: Callable[[str, str, Properties], list[Step]]
    compared: Callable[[Properties, Properties], dict[str, Any]]
    state: Callable[[Properties, str], dict[str, Any]]
    after: Callable[[str, Properties, Properties | None], dict[str, Any] | None]
    identity: Callable[[str, Properties], Hashable] = by_name
    subject: Callable[[str, Properties], Hashable] = by_name
    below: str = ""
    words_for_all: frozenset[str] = frozenset()
    of: str = "function"
    noun: str = ""
    named: Callable[[str, Properties], str] = nameless
    waits: tuple[Wait, ...] = ()
    rules: tuple[SpecCheck, ...] = ()
    cautions: tuple[SpecCheck, ...] = ()
    replacement_key: Callable[[str, Properties], Hashable] = never_replacing
    depth: int = 1
    needs_replacement: Callable[[str, Any, Any], bool] = never_replaced
    is_sensitive: Callable[[tuple[str, ...]], bool] = never_sensitive
    at_creation: Callable[[Properties], dict[str, Any]] = nothing_at_creation
    meant: Callable[[Properties], dict[str, Any]] = dict
    written: Callable[[Properties], dict[str, Any]] = dict
    resolved: Callable[[Properties, str | Ref], dict[str, Any]] = as_written
    as_stored: Callable[[Live], Properties] = properties_of
    answered: Callable[[Properties, str], dict[str, Any]] = nothing_answered
    is_answered_whole: bool = False
    named_by: str = ""
    revised_as: Callable[[str], str] = by_its_name
    whole: Callable[[Iterable[Live]], frozenset[str]] = function_and_aliases
    taken_along: Callable[[Properties, Properties], list[str]] = nothing_more
    qualifier: Callable[[str, Properties], str] | None = None
    read_with: tuple[str, ...] = ()
    outlives_function: bool = False
    left: Callable[[Live], Live | None] = as_it_is
    is_kept: bool = False
    is_always_there: bool = False
    is_kept_by_versions: bool = False
    counts_as_deletion: bool = True
    reserves: Callable[[Properties], int] = nothing_reserved
    remark: Callable[[Live], str] = no_remark
    loss: str = ""
    interruption: str = ""
    trouble: Callable[[Live], str] = no_remark
    undeletable: Callable[[Live], str] = no_remark
    warning: Callable[[Properties | None, Properties], str] = no_warning
    listed: Callable[[Live], Any] = with_name

    @property
    def is_root(self) -> bool:
        """Whether a target is one of it: its sections stand at the root of a spec."""
        return self.name == self.of

    @property
    def word(self) -> str:
        """What people call it."""
        return self.noun or self.name

    @property
    @cache  # noqa: B019  there are a few kinds, as long as there is a program
    def levels(self) -> int:
        """How many names stand between the section and an entry: none where a function has one of it at the most, two where the
        first says what it hangs on. Two are one name here, with a slash between them."""
        return next((section.levels for section in self.sections if section.name == self.section), 1)

    @property
    def is_single(self) -> bool:
        """Whether a function has one of it at the most: its section is that one, and no map of names."""
        return self.levels == 0

    @property
    @cache  # noqa: B019  likewise
    def is_owned_in_parts(self) -> bool:
        """Whether a spec owns and reads only what stands below the first names that it has: AWS lists them nowhere."""
        reading = self.reading
        is_listed = bool(reading.listing or reading.everywhere or reading.together)
        return self.levels == 2 or bool(self.below) or (self.levels == 1 and not is_listed)

    @property
    def is_shared(self) -> bool:
        """Whether several functions may have one together."""
        return self.named is not nameless

    @property
    def goes_before_function(self) -> bool:
        """Whether it must be deleted with its function, or nobody would."""
        return self.outlives_function and not self.is_kept

    def parts(self, written: Properties) -> list[str]:
        """The first names of the kind's section, as far as what stands below is the kind's."""
        return [name for name, inner in written.items() if bool(self._words & set(inner)) is bool(self.below)]

    @property
    def _words(self) -> set[str]:
        """The words of its section under which another kind's entries stand; its own, where it is that kind."""
        return {self.below} if self.below else {word for section in self.sections for word in section.words}

    def entries(self, written: Properties) -> Properties:
        """What the kind's section holds, by name: what is the only one stands under the empty one, and says nothing where it is empty,
        unless it is always there, or never deleted."""
        if self.is_single:
            return {"": written} if written or self.is_always_there or self.is_kept else {}
        if self.below:
            return {name: entry for name in self.parts(written) if (entry := written[name][self.below])}
        if self.levels == 1:
            return {name: entry for name, entry in written.items() if name not in self.words_for_all}
        return {f"{part}/{name}": entry for part in self.parts(written) for name, entry in written[part].items()}

    def at_birth(self, function: str) -> dict[str, Any] | None:
        """The state that AWS gives to it with its function; None where it gives none."""
        return self.state({}, function) if self.is_always_there else None

    def sectioned(self, entries: Mapping[str, Any]) -> dict[str, Any]:
        """The section that holds these entries."""
        if self.is_single:
            return dict(next(iter(entries.values()), {}))
        if self.levels == 1:
            return dict(entries)
        section: dict[str, Any] = {}
        for name, entry in entries.items():
            part, _, inner = name.partition("/")
            section.setdefault(part, {})[inner] = entry
        return section

    def at(self, name: str) -> tuple[str, ...]:
        """The steps to an entry of the kind's section."""
        if self.below:
            return (self.section, name.partition("/")[0], self.below)
        return (self.section, *name.split("/", self.levels - 1)) if self.levels else (self.section,)


def shown(value: Any, error: Any) -> Any:
    """`value`, or that AWS does not show it: `error` is what it answered in its place. Its Message is sensitive in part of
    the answers, so only its ErrorCode is kept."""
    return Unreadable(error.get("ErrorCode") or "AWS does not say why") if error else value


def versions_of(alias: Mapping[str, Any]) -> list[Any]:
    """The versions that an alias sends traffic to, as they are written."""
    shares = part(alias, "RoutingConfig", "AdditionalVersionWeights")
    return [alias.get("FunctionVersion"), *(version for version, share in shares.items() if share != 0)]


def comparable_by(operation: str) -> Callable[[Properties, Properties], dict[str, Any]]:
    """A kind's `compared`, where its properties are the members of its create call."""

    def compared(live: Properties, desired: Properties) -> dict[str, Any]:
        return dict(service.comparable(live, desired, service.request(operation)))

    return compared


def written_over(
    section: Section, normal: Callable[[Properties, str], dict[str, Any]], deletion: str
) -> Callable[[str, Properties, Properties | None], dict[str, Any] | None]:
    """A kind's `after`, where each of its calls sends the section's members as its state has them."""

    def after(operation: str, params: Properties, state: Properties | None) -> dict[str, Any] | None:
        if operation == deletion:
            return None
        sent = {name: value for name, value in params.items() if name in section.members}
        wanted = normal({**(state or {}), **sent}, "")
        return wanted if state is None else {**state, **{name: wanted[name] for name in sent}}

    return after


def with_defaults(value: Any, default: Any) -> Any:
    """`value` with what it lacks taken from `default`, at every depth of mappings."""
    if not isinstance(value, dict) or not isinstance(default, dict):
        return default if value is None else value
    return default | {
        key: with_defaults(item, default.get(key)) if item is None or isinstance(item, dict) else item
        for key, item in value.items()
    }
