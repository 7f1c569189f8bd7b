"""The words of the product as frozen values: what enters and leaves the pure core.

`properties` are JSON in the spec's own words: AWS's members, Capitalised, in the create request's shape, under our
lower-case section names. Mappings are never changed after they were put into one of these values.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, TypeAlias

from reconciler.core.later import Later
from reconciler.core.packages import Artifact, Package
from reconciler.core.rollouts import Rollout, Smoke, Underway
from reconciler.core.trail import Who

Properties: TypeAlias = Mapping[str, Any]
Verb: TypeAlias = Literal["create", "update", "replace", "adopt", "delete", "none"]
# `behind`: only the base moved it, which the change lacks; `unapplied`: git moved it earlier, and no apply has carried it out.
Cause: TypeAlias = Literal["edit", "drift", "both", "unapplied", "behind"]


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

    `sections` names the sections that the file has, so that is owned; a section that is not named is never read,
    changed or compared. Of a kind that is owned in parts each part has its name there as well, KIND/PART. `ignore` holds JSON Pointers into the spec's words, `*` standing for one level. `was` is the name
    that the function had before, `keep` how many versions of a layer stay, 0 for all, `retain` which published versions
    of a function do, None for all.
    `unresolved` says, by pointer, which references could not be looked up, and why: such a spec is not carried out. `origins` are
    the places of keys, `values` those of values; `extends` has the files of defaults that it is made of as well. `rollouts` says by
    alias how it gets to another version. `by_name` has what is desired by kind and name.
    """

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


MAPS = (dict, Mapping)  # what there mostly is stands first: to ask the other takes ten times as long
PLAIN = frozenset({str, int, float, bool, type(None)})  # have nothing in them


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
    """All live resources of the targets at one moment. With a `salt`, sensitive values are `Sealed` fingerprints. `scope`
    says which kinds were read of which targets, where that may be less than the specs now need. Of what is `unread`
    nothing is known, with the reason; `unlisted` says of which places (`account/region`) the functions with our mark could
    not be listed, and why; of those in `invoked` it was looked at whether anything invokes a qualifier that goes, though their specs own none of it: empty
    text, or why that could not be seen. `functions` has the names of all functions of a place, with a mark or a spec or not;
    `unnamed` the places whose names were asked for in vain, and why: of a place in neither nothing is known. `rooms` has the room of the
    places where specs reserve more than lives, or send code; `executions` what is under way in versions that are old enough to go, as far
    as they may have durable executions."""

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


class Sealed(str):
    """A fingerprint standing for a sensitive value; equal values of one snapshot have equal fingerprints."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "(sensitive)"


class LocalArn(str):
    """The end of an ARN, as `function:checkout:live`: what stands before it, account and region say, and the seam puts there."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, eq=False)
class Unreadable:
    """Stands where AWS holds a value and does not show it (a KMS key that the reader may not use), with AWS's reason.
    Unknown is not empty, and equals nothing, another unknown included: it is neither compared nor written from."""

    reason: str

    def __eq__(self, other: object) -> bool:
        return False

    def __hash__(self) -> int:
        return id(self)


@dataclass(frozen=True, slots=True)
class Marker:
    """A value that is shown instead of one which is not known yet, or must not be shown."""

    text: str

    def __str__(self) -> str:
        return self.text

    @property
    def hides(self) -> bool:
        """Whether it stands for a value that must not be shown."""
        return self.text.startswith("(sensitive")


SENSITIVE = Marker("(sensitive)")
KNOWN_AFTER_APPLY = Marker("(known after apply)")
UNSET = Marker("(unset)")
UNTOLD = Marker("(not told by AWS)")


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One path that differs. `path` is a JSON Pointer into the spec's words; `before` or `after` is `UNSET` where that
    side has nothing, `SENSITIVE` on both sides where the service model says so. `author` names commit and author of the
    line, for an edit, where git can tell; `said` is what git said when it was last applied of what AWS does not tell. `written` is what
    stands in the place of `after` in digests, where that holds references which stand for themselves. `by` says what moves it where that
    is more than a value in the spec: a rollout."""

    path: str
    before: Any
    after: Any
    cause: Cause | None = None
    origin: Origin | None = None
    author: str = ""
    said: str = ""
    written: str = ""
    by: str = ""

    @property
    def is_sensitive(self) -> bool:
        return any(isinstance(side, Marker) and side.hides for side in (self.before, self.after))


@dataclass(frozen=True, slots=True)
class Action:
    """What should happen to one resource, and why. `cause`, `author` and `origin` are those of a deletion, which has no field; `hidden` is
    the digest of the values that are not shown, so that a review holds for them as well; `package` is the local code that is sent. `who`
    says by whom AWS was changed, where that was asked; it stands in no digest. `rollout` is where an alias is on its way to another version."""

    key: Key
    verb: Verb
    changes: tuple[FieldChange, ...] = ()
    reason: str = ""
    cause: Cause | None = None
    author: str = ""
    hidden: str | Later = ""
    origin: Origin | None = None
    package: Package | None = None
    who: Who | None = None
    rollout: Underway | None = None


@dataclass(frozen=True, order=True, slots=True)
class Ref:
    """A value that only an earlier operation can give, of the same target unless `target` says of which: `member` of its
    response."""

    operation: str
    member: str
    target: Target | None = None


@dataclass(frozen=True, order=True, slots=True)
class LayerReference:
    """A version of a layer as a spec refers to it: the newest one, or that of a number. Prints as it is written."""

    target: Target
    number: int = 0

    def __str__(self) -> str:
        number = f", {self.number}" if self.number else ""
        return f"{{{{ layer('{self.target.name}'{number}) }}}}"


@dataclass(frozen=True, order=True, slots=True)
class Blob:
    """Bytes that are packed from `path` when the call is made; `sha256` as CodeSha256 says it."""

    path: str
    sha256: str


@dataclass(frozen=True, order=True, slots=True)
class Pin:
    """The S3 object that a call sends, as it was when the plan was made; `version`, `etag` and `sha256` are empty where
    nobody could tell."""

    bucket: str
    key: str
    version: str = ""
    etag: str = ""
    sha256: str = ""

    @property
    def is_immutable(self) -> bool:
        """Whether nobody can put something else in its place."""
        return bool(self.version and self.etag)

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.key}"


@dataclass(frozen=True, slots=True)
class Operation:
    """Exactly one AWS call. `params` may hold `Ref`s (as values or as map keys) and `Blob`s. `settle` names what to
    wait for before the target's next operation; `expect` is what the response must say (member -> value), checked before
    anything that follows; `pin` is the object whose content the call sends, `upload` what is put there before, unless it is there.
    `smoke` is the event that an Invoke sends, with what its answer must be like, and `otherwise` what is done where it is not."""

    id: str
    key: Key
    name: str
    phase: str
    params: Properties
    settle: tuple[str, ...] = ()
    expect: Mapping[str, str] = field(default_factory=dict)
    pin: Pin | None = None
    upload: Blob | None = None
    smoke: Smoke | None = None
    otherwise: Operation | None = None


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """Something worth saying about a plan that is not a change. A `refusal` keeps its target from being applied;
    `left_out` says that it speaks of something that was not compared, `is_standing` that the base revision's spec has it said,
    too; `rule` is the id that its message ends with, `until` when a freeze is over that it speaks of, as documents write times."""

    severity: Literal["note", "warning", "refusal"]
    message: str
    target: Target | None = None
    origin: Origin | None = None
    error: str = ""
    left_out: bool = False
    rule: str = ""
    is_standing: bool = False
    until: str = ""


@dataclass(frozen=True, slots=True)
class TargetPlan:
    """One target's actions and, in order, the operations that carry them out, once the targets in `after` are done.
    `digest` is equal wherever and whenever the same change is planned. `before` is what the snapshot showed of everything
    that the operations rely on, in the form that its kind compares (`Kind.state`); it may hold secrets and stands in no
    document. `others` is what there was beside it of kinds that are owned in parts, and is left to others; so is what `left` has
    patterns of, by resource."""

    target: Target
    actions: tuple[Action, ...]
    operations: tuple[Operation, ...]
    digest: str | Later = ""
    after: tuple[Target, ...] = ()
    before: tuple[Live, ...] = field(default=(), repr=False)
    others: tuple[Key, ...] = ()
    left: Mapping[Key, tuple[tuple[str, ...], ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings by JSON Pointer as they may be shown, and the digest of what they really are."""

    values: Mapping[str, Any]
    digest: str | Later


@dataclass(frozen=True, slots=True)
class GuardChange:
    """Something that judges and is not as it was at the base revision. `path` is a JSON Pointer into `file`, empty where
    the file itself is meant; `reason` says what that means for the plan."""

    file: str
    path: str
    before: Any
    after: Any
    origin: Origin | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Configuration:
    """reconcile.yaml as a plan carries it: a digest of all of it, what holds for every target, and where and by whose
    rights each account of the plan is reached (this enters the digests of the account's targets). `base` is the revision
    that judges instead of the files, if one does, and `changes` what differs from there."""

    file: str
    digest: str | Later
    house: Settings
    accounts: Mapping[str, Settings]
    base: str = ""
    changes: tuple[GuardChange, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """What was reviewed. Sorted by target; `orphans` are functions with our mark that no spec names."""

    targets: tuple[TargetPlan, ...]
    digest: str | Later
    taken_at: str
    snapshot_digest: str | Later
    orphans: tuple[Target, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    configuration: Configuration | None = None
