"""One target in git at the moments that tell why it differs: where the change began, its base by now, when it was last applied, and now. Pure:
whoever knows git says what held then."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from reconciler.core.model import Origin, Spec, Target
from reconciler.core.plans import Cause
from reconciler.kinds.base import Kind


@dataclass(frozen=True, slots=True)
class Then:
    """What git held of one target at a moment: its spec; who wrote a line since, as commit and author, empty where it is older; who
    touched files since, newest first; whether local code is another by now, None where git does not hold it."""

    spec: Spec | None
    line: Callable[[Origin], str]
    since: Callable[[Iterable[str]], Sequence[str]]
    has_moved: Callable[[str], bool | None]


@dataclass(frozen=True, slots=True)
class Moments:
    """One target where the change `began`, at its `base` as that is by now, and when it was last `applied`: at the base where nobody
    knows when."""

    began: Then
    base: Then
    applied: Then


@dataclass(frozen=True, slots=True)
class Timeline:
    """One target at its moments and now; any spec may be missing. `pointers` are sorted, those of the values now, `layers` has why
    layers of the same plan change, `identities` what specs name of a kind, once somebody has asked."""

    then: Moments
    now: Spec | None
    pointers: Sequence[str]
    layers: Mapping[Target, Cause] = field(default_factory=dict)
    identities: dict[tuple[int, str], frozenset[Hashable]] = field(default_factory=dict)

    @property
    def specs(self) -> tuple[Spec | None, Spec | None, Spec | None]:
        """Those of the moments."""
        return self.then.began.spec, self.then.base.spec, self.then.applied.spec

    def moved_since(self, cause: Cause) -> Then | None:
        """The moment since which git moved what has this cause, where somebody can be asked for it."""
        match cause:
            case "edit" | "both":
                return self.then.began
            case "unapplied":
                return self.then.applied
            case "drift" | "behind":
                return None

    def named(self, spec: Spec, kind: Kind) -> frozenset[Hashable]:
        """AWS's identities of what a spec names of a kind: a function may have thousands of mappings."""
        asked = id(spec), kind.name
        if asked not in self.identities:
            named = (item for item in spec.desired if item.key.kind == kind.name)
            self.identities[asked] = frozenset(kind.identity(item.key.name, dict(item.properties)) for item in named)
        return self.identities[asked]

    def touched_since(self, then: Then) -> Sequence[str]:
        return then.since([path for spec in (then.spec, self.now) if spec for path in spec.files])
