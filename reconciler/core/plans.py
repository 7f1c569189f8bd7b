"""What must happen, as frozen values: a setting that differs, the call that writes it, up to the plan that people review. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from reconciler.core.later import Later
from reconciler.core.model import Key, Live, Origin, Properties, Target
from reconciler.core.packages import Blob, Package, Pin
from reconciler.core.rollouts import Smoke, Underway
from reconciler.core.trail import Who
from reconciler.core.values import Placeholder

Verb: TypeAlias = Literal["create", "update", "replace", "adopt", "delete", "none"]
# `behind`: only the base moved it, which the change lacks; `unapplied`: git moved it earlier, and no apply has carried it out.
Cause: TypeAlias = Literal["edit", "drift", "both", "unapplied", "behind"]


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
        return any(isinstance(side, Placeholder) and side.hides for side in (self.before, self.after))


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

    @property
    def refusals(self) -> tuple[Diagnostic, ...]:
        """All of them, those of the whole run as well."""
        return tuple(note for note in self.diagnostics if note.severity == "refusal")

    @property
    def refused(self) -> Mapping[Target, Diagnostic]:
        """The targets that are left alone, each with the first refusal that says why."""
        first: dict[Target, Diagnostic] = {}
        for note in self.refusals:
            if note.target:
                first.setdefault(note.target, note)
        return first

    @property
    def unrefused(self) -> tuple[TargetPlan, ...]:
        """The targets that an apply carries out."""
        refused = self.refused
        return tuple(planned for planned in self.targets if planned.target not in refused)
