"""The draft of a function itself: its configuration, code, tags and mark, and what its creation says of all the rest. Pure."""

from __future__ import annotations

from dataclasses import replace

from reconciler.core.model import Desired, Live
from reconciler.core.plans import Action
from reconciler.kinds.base import Step
from reconciler.kinds.configuration import with_code
from reconciler.kinds.function import FUNCTION
from reconciler.kinds.tags import MARK
from reconciler.plan.case import Case
from reconciler.plan.changes import (
    Draft,
    beside,
    changed,
    created,
    differing,
    only_sections,
    replacing,
    without_foreign_code,
)
from reconciler.plan.matching import Pair
from reconciler.plan.publishing import is_published_at_once
from reconciler.plan.source import code_params, comparable, pinned, with_source


def function_draft(case: Case) -> Draft | None:
    """The function's draft; None when the spec owns none of its sections or does not say enough to create it."""
    desired = next(iter(case.desired(FUNCTION)), None)
    if case.function is None:
        return new_function(case, desired) if desired and is_whole(desired) else None
    if desired is None:
        return adopted(case, Draft(Action(case.function.key, "none"), Pair(case.function.key, None, case.function)))
    whole, desired = desired, with_live_architecture(without_foreign_code(case.spec, desired), case.function)
    pair = Pair(desired.key, comparable(case, desired), only_sections(case.function, desired))
    draft, both = changed(FUNCTION, pair, case.spec, case.salt)
    failed = case.function.handle.get("State") == "Failed"
    if draft.verb == "replace" or failed:
        reason = (
            draft.action.reason or f"its creation failed ({case.function.handle.get('StateReasonCode', 'unknown')})"
        )
        steps = replacing(FUNCTION, replace(pair, desired=whole)) if is_whole(whole) else ()
        draft = replace(draft, action=replace(draft.action, verb="replace", reason=reason))
        return with_source(case, replace(draft, steps=creation(case, whole, steps)), whole)
    called = {**both.after, "code": code_params(case, desired, both.differences)}
    changes = FUNCTION.update(
        case.spec.target.function, "", called, differing(FUNCTION, both.differences), case.function.handle
    )
    draft = replace(draft, steps=pinned(case, changes, desired))
    return adopted(case, with_source(case, draft, desired))


def is_whole(desired: Desired) -> bool:
    """Whether a function can be created of what the spec owns."""
    return {"configuration", "code"} <= set(desired.properties)


def with_live_architecture(desired: Desired, live: Live) -> Desired:
    """What only goes with code (Architectures) is not ours to set back where the code is not ours."""
    configuration = desired.properties.get("configuration")
    if configuration is None or "code" in desired.properties:
        return desired
    held = live.properties["configuration"]
    unwritten = {member: held[member] for member in with_code() if member in held and member not in configuration}
    return replace(desired, properties={**desired.properties, "configuration": {**configuration, **unwritten}})


def new_function(case: Case, desired: Desired) -> Draft:
    draft = created(FUNCTION, Pair(desired.key, comparable(case, desired), None))
    steps = creation(case, desired, tuple(FUNCTION.create(case.spec.target.function, "", desired.properties)))
    return with_source(case, replace(draft, steps=steps), desired)


def creation(case: Case, desired: Desired, steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """The steps with everything that CreateFunction carries: code, our mark, and the first version."""
    made = []
    for step in steps:
        if step.operation == "CreateFunction":
            params = dict(step.params) | {"Code": code_params(case, desired, ())}
            if case.policy.managed_by:
                params["Tags"] = dict(params.get("Tags", {})) | {MARK: case.policy.managed_by}
            for kind, item in beside(case):
                params |= kind.at_creation(item.properties)
            if is_published_at_once(case):
                params["Publish"] = True
            settle = ("function-published",) if is_published_at_once(case) else None
            made.append(replace(step, params=params, settle=settle))
        else:
            made.append(step)
    return pinned(case, made, desired)


def adopted(case: Case, draft: Draft) -> Draft:
    """The draft with our mark put on a function that has none, where the spec or the run says so."""
    assert case.function is not None
    if not case.policy.managed_by or case.mark or not case.may_adopt:
        return draft
    mark = {MARK: case.policy.managed_by}
    tagged = [step for step in draft.steps if step.operation == "TagResource"]
    others = [step for step in draft.steps if step.operation != "TagResource"]
    tags = {**(tagged[0].params["Tags"] if tagged else {}), **mark}
    first = Step("TagResource", {"Resource": case.function.handle["FunctionArn"], "Tags": tags})
    action = replace(draft.action, verb="adopt", reason=f"to be managed by {case.policy.managed_by}")
    return replace(draft, action=action, steps=(first, *others))
