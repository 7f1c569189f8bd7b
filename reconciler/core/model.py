"""What git says and what AWS holds, as frozen values, and the names that both have for a thing. Pure.

What must happen is in `plans`; what properties have in them beside plain JSON is in `values`. `properties` are JSON in the
spec's own words: AWS's members, Capitalised, in the create request's shape, under our lower-case section names. Mappings
are never changed after they were put into one of these values.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

from reconciler.core.packages import Artifact
from reconciler.core.rollouts import Rollout

Properties: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, order=True, slots=True)
class Target:
    """What a spec is of, in one account and region: a function, unless `root` names another kind. Prints as its address,
    `account/region/function`; of another kind `account/region/layer/shared`."""

    account: str
    region: str
    name: str
    root: str = "function"

    @property
    def place(self) -> str:
        return f"{self.account}/{self.region}"

    @property
    def function(self) -> str:
        """The name, to those who know it as a function's."""
        return self.name

    def __str__(self) -> str:
        return "/".join([self.place, *([self.root] if self.root != "function" else []), self.name])


@dataclass(frozen=True, order=True, slots=True)
class Key:
    """Identity of a resource. Prints as `test/us-west-2/checkout/alias/live`; what the target is itself as that, and what a
    function has only one of by its kind alone. `name` is empty for both."""

    target: Target
    kind: str
    name: str = ""

    def __str__(self) -> str:
        return "/".join(
            [str(self.target), *filter(None, (self.kind if self.kind != self.target.root else "", self.name))]
        )


class Origin(NamedTuple):
    """A place in a file: path as the user gave it, line and column from 1."""

    path: str
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Desired:
    """What git says of one resource. `origins` maps JSON Pointers into `properties` to places; "" is the whole.
    `references` maps pointers of values that were looked up, or made relative to here, to what stands in the file
    instead. `literals` maps pointers of values that hold more than references to the whole text; that is never shown,
    and `references` has what may be."""

    key: Key
    properties: Properties
    origins: Mapping[str, Origin] = field(default_factory=dict)
    references: Mapping[str, str] = field(default_factory=dict)
    literals: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Retention:
    """Which published versions a spec keeps: so many of the newest, and those that are not older than so many days; 0 where it does
    not say."""

    newest: int = 0
    days: int = 0


@dataclass(frozen=True, slots=True)
class Spec:
    """One YAML file for one target (a file with three regions gives three; that of a layer another one for its versions, where
    not all of them are kept).

    `sections` names the sections that the file has, so that is owned; a section that is not named is never read, changed or compared. Of a
    kind that is owned in parts each part has its name there as well, KIND/PART. `ignore` holds JSON Pointers into the spec's words, `*`
    standing for one level. `was` is the name that the function had before, `keep` how many versions of a layer stay, 0 for all, `retain`
    which published versions of a function do, None for all. `unresolved` says, by pointer, which references could not be looked up, and
    why: such a spec is not carried out. `origins` are the places of keys, `values` those of values; `extends` has the files of defaults
    that it is made of as well. `rollouts` says by alias how it gets to another version. `by_name` has what is desired by kind and name."""

    target: Target
    path: str
    desired: tuple[Desired, ...]
    sections: frozenset[str]
    is_absent: bool = False
    publish: bool = False
    allow_replace: bool = False
    adopt: bool = False
    was: str = ""
    keep: int = 0
    retain: Retention | None = None
    ignore: tuple[str, ...] = ()
    origins: Mapping[str, Origin] = field(default_factory=dict)
    values: Mapping[str, Origin] = field(default_factory=dict)
    extends: tuple[str, ...] = ()
    unresolved: Mapping[str, str] = field(default_factory=dict)
    rollouts: Mapping[str, Rollout] = field(default_factory=dict)
    by_name: Mapping[tuple[str, str], Desired] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        first = {(item.key.kind, item.key.name): item for item in reversed(self.desired)}
        object.__setattr__(self, "by_name", first)

    def parts(self, kind: str) -> frozenset[str]:
        """The parts that the spec owns of a kind that is owned in parts."""
        return frozenset(name.partition("/")[2] for name in self.sections if name.startswith(f"{kind}/"))

    @property
    def files(self) -> tuple[str, ...]:
        """All files that it is made of."""
        return self.path, *self.extends

    @property
    def code(self) -> Properties:
        """The code that must be there; empty when the spec owns none, or wants the function gone."""
        own = () if self.is_absent else (item for item in self.desired if item.key.kind == self.target.root)
        return next((item.properties.get("code", {}) for item in own), {})


@dataclass(frozen=True, slots=True)
class Live:
    """What AWS holds of one resource, in the shape of `Desired`; `handle` holds facts that only responses have
    (UUID, RevisionId, CodeSha256, Version, State, FunctionArn …)."""

    key: Key
    properties: Properties
    handle: Properties = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Room:
    """How many executions the functions of an account and region may have at once, and how many of those none of them reserves; how many
    bytes of code are stored there, and how many may be, 0 where that is not known. `problem` says why nobody could tell."""

    limit: int = 0
    unreserved: int = 0
    problem: str = ""
    stored: int = 0
    storable: int = 0


@dataclass(frozen=True, slots=True)
class Executions:
    """Whether durable executions of a version are under way; `problem` says why nobody could tell."""

    is_running: bool = False
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All live resources of the targets at one moment. With a `salt`, sensitive values are `Sealed` fingerprints. `scope` says which kinds
    were read of which targets, where that may be less than the specs now need. Of what is `unread` nothing is known, with the reason;
    `unlisted` says of which places (`account/region`) the functions with our mark could not be listed, and why; of those in `invoked` it
    was looked at whether anything invokes a qualifier that goes, though their specs own none of it: empty text, or why that could not be
    seen. `functions` has the names of all functions of a place, with a mark or a spec or not; `unnamed` the places whose names were asked
    for in vain, and why: of a place in neither nothing is known. `rooms` has the room of the places where specs reserve more than lives, or
    send code; `executions` what is under way in versions that are old enough to go, as far as they may have durable executions."""

    resources: tuple[Live, ...]
    taken_at: str
    accounts: Mapping[str, str] = field(default_factory=dict)
    artifacts: Mapping[Target, Artifact] = field(default_factory=dict)
    salt: str = ""
    scope: Mapping[Target, frozenset[str]] | None = None
    unread: Mapping[Target, str] = field(default_factory=dict)
    unlisted: Mapping[str, str] = field(default_factory=dict)
    invoked: Mapping[Target, str] = field(default_factory=dict)
    functions: Mapping[str, frozenset[str]] = field(default_factory=dict)
    unnamed: Mapping[str, str] = field(default_factory=dict)
    rooms: Mapping[str, Room] = field(default_factory=dict)
    executions: Mapping[Key, Executions] = field(default_factory=dict)


@dataclass(frozen=True, order=True, slots=True)
class LayerReference:
    """A version of a layer as a spec refers to it: the newest one, or that of a number. Prints as it is written."""

    target: Target
    number: int = 0

    def __str__(self) -> str:
        number = f", {self.number}" if self.number else ""
        return f"{{{{ layer('{self.target.name}'{number}) }}}}"
