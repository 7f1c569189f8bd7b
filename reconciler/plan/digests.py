"""What a review has seen of a plan, as digests: equal wherever and whenever the same change is planned. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from reconciler.core.diff import Difference, pointer
from reconciler.core.later import Later, read_together
from reconciler.core.model import Key
from reconciler.core.plans import FieldChange, Plan, TargetPlan
from reconciler.core.sealing import digest, stretched_digest
from reconciler.core.values import Placeholder
from reconciler.plan.case import Case
from reconciler.plan.changes import Draft


def with_hidden(draft: Draft) -> Draft:
    """The draft with the digest of what its action does not show: sensitive values as they will be, never as they were. A
    reference stands for itself: what it refers to may change without a review."""
    values = [
        [pointer(difference.steps), hidden_value(draft, difference)]
        for change, difference in zip(draft.action.changes, draft.differences, strict=False)
        if isinstance(change.after, Placeholder) and change.after.hides
    ]
    if not values or draft.verb == "none":
        return draft
    return replace(draft, action=replace(draft.action, hidden=hidden_digest(values, draft.pair.key)))


def hidden_digest(values: Iterable[Sequence[Any]], key: Key) -> Later:
    """Of (pointer, value) pairs of one resource, in their order; slow to guess."""
    pairs = [list(pair) for pair in values]
    return Later(lambda: stretched_digest(pairs, str(key)))


def hidden_value(draft: Draft, difference: Difference) -> Any:
    """What a digest holds of a value that is not shown: of one with references in it, the text as it is written."""
    literals = draft.pair.desired.literals if draft.pair.desired else {}
    return literals.get(pointer(difference.steps), difference.after)


def target_digest(case: Case, drafts: Iterable[Draft]) -> Later:
    """Equal where the same change is to be made in the same account by the same rights; it holds no time, path, revision or
    salt."""
    shown = [
        [
            str(draft.pair.key),
            draft.verb,
            [shown_change(item) for item in draft.action.changes],
            [[step.operation, step.params.get("Tags", {})] for step in draft.steps],
            draft.action.hidden,
        ]
        for draft in drafts
        if draft.verb != "none"
    ]
    access = case.policy.access.get(case.spec.target.account, "")
    return Later(lambda: digest([shown, access]))


def plan_digest(targets: Sequence[TargetPlan]) -> Later:
    """Of all of a plan's targets."""

    def worked_out() -> str:
        read_together(action.hidden for target in targets for action in target.actions)
        return digest([[str(target.target), target.digest] for target in targets])

    return Later(worked_out)


def plan_of(targets: Sequence[TargetPlan], taken_at: str) -> Plan:
    """A plan that says nothing of its own but what these do."""
    return Plan(tuple(targets), plan_digest(targets), taken_at, snapshot_digest="")


def shown_change(item: FieldChange) -> list[Any]:
    return [item.path, item.before, item.written or item.after]
