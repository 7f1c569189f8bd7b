"""One target as the planner sees it: its spec, what lives, the code that the spec names, and what the run allows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from reconciler.core.later import Later
from reconciler.core.model import Desired, Executions, Key, Live, Spec, Target
from reconciler.core.packages import Artifact
from reconciler.core.plans import TargetPlan
from reconciler.kinds.base import Kind
from reconciler.kinds.function import FUNCTION
from reconciler.kinds.needs import lost_qualifiers, owns
from reconciler.kinds.tags import MARK


@dataclass(frozen=True, slots=True)
class Policy:
    """What a run allows. `managed_by` is the mark of our house; without one nothing is marked and nothing refused.
    `access` maps an account to the digest of where it is and by whose rights it is reached, `stores` a target to where packages are put
    that are too large for a request."""

    managed_by: str = ""
    adopt: bool = False
    access: Mapping[str, str | Later] = field(default_factory=dict)
    stores: Mapping[Target, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Case:
    """`salt` is the snapshot's: not empty when the sensitive values in `live` are fingerprints. `scope` holds the kinds
    that were read; None when everything that the spec needs was. Of a target that was not read `is_listed` says whether a list of all
    functions has its name; None without such a list. `unseen` says why it could not be seen whether anything
    invokes a qualifier that goes. `elsewhere` has what several functions have together and another target of the plan changes: place, kind
    and name. `earlier` are the plans that were made before this one and are not refused, `named` the versions of layers that their specs
    name, by ARN. `taken_at` is when it was looked, `executions` what is under way in versions, `mentioned` the versions, as function and
    number, that any spec names, None where not all specs were read."""

    spec: Spec
    live: tuple[Live, ...]
    artifact: Artifact | None
    policy: Policy
    salt: str = ""
    scope: frozenset[str] | None = None
    unseen: str = ""
    is_listed: bool | None = None
    elsewhere: frozenset[tuple[str, str, str]] = frozenset()
    earlier: Mapping[Target, TargetPlan] = field(default_factory=dict)
    named: frozenset[str] = frozenset()
    taken_at: str = ""
    executions: Mapping[Key, Executions] = field(default_factory=dict)
    mentioned: frozenset[tuple[str, str]] | None = frozenset()

    def desired(self, kind: Kind) -> list[Desired]:
        return [item for item in self.spec.desired if item.key.kind == kind.name]

    def held(self, kind: Kind) -> list[Live]:
        return [item for item in self.live if item.key.kind == kind.name]

    def is_ours(self, kind: Kind, live: Live) -> bool:
        """Whether the spec owns a live resource, or it hangs on what the spec drops: that goes first."""
        name = live.key.name
        if owns(self.spec, kind, name) or not kind.qualifier:
            return owns(self.spec, kind, name)
        return kind.qualifier(name, live.properties) in lost_qualifiers(self.spec, self.live)

    @property
    def function(self) -> Live | None:
        return next(iter(self.held(FUNCTION)), None)

    @property
    def mark(self) -> str:
        """The owner mark on the live function; empty when it bears none."""
        return str(self.function.handle.get("Tags", {}).get(MARK, "")) if self.function else ""

    @property
    def may_adopt(self) -> bool:
        return self.spec.adopt or self.policy.adopt

    @property
    def why_absent(self) -> str:
        """A spec says so, or pruning stands for the spec that there is not."""
        return "state: absent" if self.spec.path else "no spec names it"
