"""What a person asks of one function, and no spec does: a version made anew, our mark taken away. Plans like any other. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from reconciler.core.diff import escaped
from reconciler.core.errors import NotOwned, UnsafePlan
from reconciler.core.finding import Rule
from reconciler.core.model import Key, Live, Properties, Target
from reconciler.core.plans import Action, FieldChange, Plan, TargetPlan
from reconciler.core.sealing import digest
from reconciler.core.values import UNSET
from reconciler.core.words import shortened
from reconciler.kinds.base import PUBLISHED, Step
from reconciler.kinds.function import FUNCTION
from reconciler.kinds.registry import state_of
from reconciler.kinds.tags import MARK
from reconciler.kinds.version import VERSION, newest_number
from reconciler.plan.digests import plan_of
from reconciler.plan.operations import numbered

IS_WHAT_GIT_SAYS = Rule("R252", "What is published anew is what git says: of the function nothing differs.")
BEARS_OUR_MARK = Rule("R253", "What is disowned is a function that bears our mark.")
LONGEST_DESCRIPTION = 256


def published_anew(of_git: TargetPlan, live: Collection[Live], at: str, taken_at: str) -> Plan:
    """A new version of what the function is now. AWS makes one only of what differs from the last, so the description says for a
    moment that there is one. `of_git` is the plan of the function's spec. Raises UnsafePlan where that changes the function."""
    target = of_git.target
    function = _function(target, live, IS_WHAT_GIT_SAYS)
    differing = [action for action in of_git.actions if action.key.kind in (FUNCTION.name, VERSION.name)]
    if any(action.verb != "none" for action in differing):
        message = f"{target} is not what git says, or something of it is published by an apply; apply first, then publish it anew"
        raise UnsafePlan(IS_WHAT_GIT_SAYS.ends(message))
    newest, key = newest_number(live), Key(target, VERSION.name, PUBLISHED)
    named, was = {"FunctionName": target.function}, str(function.properties["configuration"].get("Description") or "")
    publish = (key, "PublishVersion", {**named, "CodeSha256": function.properties["code"]["CodeSha256"]})
    reason, calls = "the first one", [publish]
    if newest:
        reason = f"nothing differs from version {newest}, of which AWS would tell again; so the description is another while it is made"
        said = {**named, "Description": _described(was, at)}
        before, after = (
            (function.key, "UpdateFunctionConfiguration", params) for params in (said, {**named, "Description": was})
        )
        calls = [before, publish, after]
    held = [item for item in live if item.key.kind in (FUNCTION.name, VERSION.name)]
    return _plan(target, Action(key, "create", reason=reason), calls, held, taken_at)


def _described(was: str, at: str) -> str:
    said = f"published anew at {at}"
    return f"{shortened(was, LONGEST_DESCRIPTION - len(said) - 3)} ({said})" if was else said


def disowned(target: Target, live: Collection[Live], managed_by: str, taken_at: str) -> Plan:
    """Our mark taken off a function, which stays as it is. Raises UnsafePlan where there is none, NotOwned where it is another's."""
    function = _function(target, live, BEARS_OUR_MARK)
    mark = str(function.handle.get("Tags", {}).get(MARK, ""))
    if not managed_by:
        raise UnsafePlan(BEARS_OUR_MARK.ends("reconcile.yaml has no managedBy, so no function bears a mark of ours"))
    if not mark:
        raise UnsafePlan(BEARS_OUR_MARK.ends(f"{target} bears no mark, so it is nobody's already"))
    if mark != managed_by:
        raise NotOwned(
            BEARS_OUR_MARK.ends(f"{target} is managed by {mark}, not by {managed_by}; its mark is not ours to take")
        )
    change = FieldChange(f"/tags/{escaped(MARK)}", mark, UNSET)
    params = {"Resource": function.handle["FunctionArn"], "TagKeys": [MARK]}
    action = Action(function.key, "update", (change,), f"no longer managed by {managed_by}")
    return _plan(target, action, [(function.key, "UntagResource", params)], [function], taken_at)


def _function(target: Target, live: Iterable[Live], rule: Rule) -> Live:
    found = next((item for item in live if item.key == Key(target, FUNCTION.name)), None)
    if found is None:
        raise UnsafePlan(rule.ends(f"{target} does not exist"))
    return found


def _plan(
    target: Target, action: Action, calls: Iterable[tuple[Key, str, Properties]], held: Iterable[Live], taken_at: str
) -> Plan:
    operations = numbered(target, ((key, Step(name, params)) for key, name, params in calls))
    own = digest([str(action.key), action.verb, [[item.name, item.params] for item in operations]])
    made = TargetPlan(target, (action,), operations, own, before=tuple(map(state_of, held)))
    return plan_of([made], taken_at)
