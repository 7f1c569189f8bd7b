"""How a rule speaks of a target's drafts: what it gets, and how it says that a target is refused, and where. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from reconciler.core.errors import PlanError
from reconciler.core.finding import Check
from reconciler.core.model import Origin
from reconciler.core.plans import Diagnostic, TargetPlan
from reconciler.kinds.registry import KINDS
from reconciler.plan.case import Case
from reconciler.plan.changes import Draft, origin_of

Made: TypeAlias = tuple[TargetPlan, list[Diagnostic]]  # a target's plan, and what is to be said of it
Drafts = Sequence[Draft]
PlanCheck: TypeAlias = Check[[Case, Drafts], Diagnostic]


def refusal(case: Case, error: type[PlanError], message: str, origin: Origin | None = None) -> Diagnostic:
    return Diagnostic("refusal", message, case.spec.target, origin or spec_origin(case), error.__name__)


def warning(case: Case, message: str, origin: Origin | None, *, left_out: bool = False) -> Diagnostic:
    return Diagnostic("warning", message, case.spec.target, origin, left_out=left_out)


def note(case: Case, message: str, origin: Origin | None, *, left_out: bool = False) -> Diagnostic:
    return Diagnostic("note", message, case.spec.target, origin, left_out=left_out)


def with_notes(plans: Iterable[Made], more: Iterable[Diagnostic]) -> list[Made]:
    """The plans, with what there is to say of some of them once all are made: one note each at the most."""
    said = {note.target: note for note in more}
    return [(plan, [*notes, said[plan.target]] if plan.target in said else notes) for plan, notes in plans]


def is_refused(notes: Iterable[Diagnostic]) -> bool:
    return any(note.severity == "refusal" for note in notes)


def spec_origin(case: Case, *steps: str) -> Origin | None:
    """Where these steps stand in the spec, or what is around them; without any, the spec as a whole."""
    return origin_of(case.spec.origins, steps)


def is_new(drafts: Drafts) -> bool:
    """Whether the target will be one without what lives of it now: versions and aliases."""
    return any(draft.verb in ("create", "replace") and KINDS[draft.pair.key.kind].is_root for draft in drafts)
