"""What a freeze keeps an apply from, at a moment that the caller says. Pure. It never changes what is planned, only what of it is carried out.

A target is carried out where each freeze that holds allows every one of its actions, and is left alone as a whole where one does not. Versions
that are beyond what is kept stay for as long as any freeze holds: nothing is lost by that.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal

from reconciler.core.diff import pointer, steps_of
from reconciler.core.errors import UnsafePlan
from reconciler.core.finding import Rule
from reconciler.core.freezes import Freeze, holding, how_to_break, named, on, until
from reconciler.core.model import Desired, Key, Spec, Target
from reconciler.core.plans import Action, Diagnostic, Plan, TargetPlan
from reconciler.core.words import many
from reconciler.kinds.function import FUNCTION
from reconciler.kinds.layer_version import LAYER_VERSION
from reconciler.kinds.registry import KINDS
from reconciler.kinds.version import VERSION
from reconciler.plan.changes import prefix
from reconciler.plan.retention import keeps_and_deletes

IS_NOT_FROZEN = Rule(
    "R351", "Nothing is changed in a freeze of reconcile.yaml but what it allows, unless it is broken by name."
)
WILL_NOT_BE_FROZEN = Rule("W257", "What an apply would do now, no freeze of reconcile.yaml keeps it from.")
KEEPS_NOTHING_OLD = Rule("W258", "Versions that are not kept go with an apply, and in a freeze they stay.")
REFERRED = (
    "a value that git only says the place of (code without a version, a secret, a layer's newest) may be a new one"
)
OF_ONE_CONTENT = ("path", "sha256", "S3ObjectVersion")
LOOKED_UP = re.compile(r"\{\{\s*(ssm|secret|layer)\(")
UNTOLD = "no record tells what was last applied to it, so whether it only goes back to git is not known"


@dataclass(frozen=True, slots=True)
class Hold:
    """What keeps a target from being carried out: the freezes that mind, the one that is over last first. Where it is not the `whole` of the
    target, only versions stay that are beyond what is kept. `why` says more."""

    freezes: tuple[Freeze, ...]
    end: datetime
    versions: frozenset[Key] = frozenset()
    is_whole: bool = True
    why: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(freeze.name for freeze in self.freezes))


def holds(
    plan: Plan,
    freezes: Sequence[Freeze],
    moment: Callable[[Target], datetime],
    specs: Iterable[Spec],
    told: Mapping[Target, TargetPlan],
) -> dict[Target, Hold]:
    """By target, of those that are carried out otherwise. `told` are the plans of targets whose causes are known."""
    acting = [one for one in plan.unrefused if one.operations]
    known = {spec.target: spec for spec in specs} if freezes else {}
    found = (
        (
            one.target,
            _hold(
                told.get(one.target, one),
                freezes,
                moment(one.target),
                known.get(one.target),
                is_told=one.target in told,
            ),
        )
        for one in (acting if freezes else ())
    )
    return {target: hold for target, hold in found if hold}


def _hold(
    planned: TargetPlan, freezes: Iterable[Freeze], moment: datetime, spec: Spec | None, *, is_told: bool
) -> Hold | None:
    here = on(freezes, planned.target, moment)
    acting = [action for action in planned.actions if action.verb != "none"]
    old = frozenset(action.key for action in acting if is_beyond_what_is_kept(action, spec))
    others = [action for action in acting if action.key not in old]
    referring = {action.key for action in others if spec and _is_referring(action, spec)}
    minding = [
        (freeze, end)
        for freeze, end in here
        if not all(is_allowed(action, freeze, others, is_of_git=action.key not in referring) for action in others)
    ]
    if minding:
        why = (REFERRED if referring else "") if is_told else UNTOLD
        is_asked = any("drift" in freeze.allow for freeze, _ in minding)
        return Hold(tuple(freeze for freeze, _ in minding), minding[0][1], why=why if is_asked else "")
    if here and old:
        return Hold(tuple(freeze for freeze, _ in here), here[0][1], old, is_whole=False)
    return None


def is_beyond_what_is_kept(action: Action, spec: Spec | None) -> bool:
    """Whether it deletes a version that its spec does not ask to delete."""
    is_asked_for = spec is None or spec.is_absent or any(item.key == action.key for item in spec.desired)
    return action.verb == "delete" and action.key.kind in (VERSION.name, LAYER_VERSION.name) and not is_asked_for


def is_allowed(action: Action, freeze: Freeze, acting: Iterable[Action], *, is_of_git: bool = True) -> bool:
    """Whether a freeze lets an action be, beside the others of its target. What is not `is_of_git` may be new, though git did not move."""
    return (
        ("create" in freeze.allow and any(_is_new(other) for other in acting))
        or ("tags" in freeze.allow and _is_of_tags(action))
        or ("drift" in freeze.allow and is_of_git and _is_drift(action))
    )


def _is_referring(action: Action, spec: Spec) -> bool:
    """Whether any of its values is one that git only says the place of: whoever puts another one there changes it."""
    item = next((item for item in spec.desired if item.key == action.key), None)
    start = len(prefix(KINDS[action.key.kind], action.key.name))
    return item is not None and any(
        LOOKED_UP.search(change.written) or _is_elsewhere(item, steps_of(change.path)[start:])
        for change in action.changes
    )


def _is_elsewhere(item: Desired, steps: tuple[str, ...]) -> bool:
    if steps[:1] == ("code",):
        code = item.properties.get("code", {})
        return not any(name in code for name in OF_ONE_CONTENT) and "@sha256:" not in code.get("ImageUri", "")
    at = pointer(steps)
    return any(
        LOOKED_UP.search(text) for where, text in item.references.items() if where == at or where.startswith(f"{at}/")
    )


def _is_new(action: Action) -> bool:
    return action.verb == "create" and KINDS[action.key.kind].is_root


def _is_of_tags(action: Action) -> bool:
    is_of_function = action.verb == "update" and action.key.kind == FUNCTION.name
    return is_of_function and bool(action.changes) and all(steps_of(item.path)[0] == "tags" for item in action.changes)


def _is_drift(action: Action) -> bool:
    causes = {item.cause for item in action.changes} or ({action.cause} if action.verb == "delete" else {None})
    return causes == {"drift"}


# --- what is said, and what is left of a plan ------------------------------------------------------------------------


def warned(plan: Plan, held: Mapping[Target, Hold]) -> Plan:
    """The plan, which says what an apply would do of it now."""
    notes = [note for target, hold in held.items() for note in _warnings(target, hold)]
    return replace(plan, diagnostics=(*_as_it_comes(plan, held), *notes))


def _as_it_comes(plan: Plan, held: Mapping[Target, Hold]) -> list[Diagnostic]:
    """What the plan says, but how many versions go where they stay."""
    staying = {target for target, hold in held.items() if not hold.is_whole}
    return [note for note in plan.diagnostics if note.target not in staying or note.rule != keeps_and_deletes.rule.id]


def _warnings(target: Target, hold: Hold) -> Iterator[Diagnostic]:
    if hold.is_whole:
        message = f"{target}: apply would be refused until {until(hold.end)}: {_holding(hold)}"
        yield WILL_NOT_BE_FROZEN.cited(_noted("warning", message, target, hold))
    else:
        yield _stays(target, hold)


def _stays(target: Target, hold: Hold) -> Diagnostic:
    what = f"{many(len(hold.versions), 'version')} beyond what is kept {'stays' if len(hold.versions) == 1 else 'stay'}"
    message = f"{target}: {what} until {until(hold.end)}: {_holding(hold)}"
    return KEEPS_NOTHING_OLD.cited(_noted("note", message, target, hold))


def refused(target: Target, hold: Hold) -> Diagnostic:
    """Of an apply."""
    how = f"apply again then, or with {how_to_break(hold.names)}"
    message = f"{target} is not changed until {until(hold.end)}: {_holding(hold)}; {how}"
    return replace(IS_NOT_FROZEN.cited(_noted("refusal", message, target, hold)), error=UnsafePlan.__name__)


def _noted(severity: Literal["note", "warning", "refusal"], message: str, target: Target, hold: Hold) -> Diagnostic:
    over = f"{hold.end.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    return Diagnostic(severity, message, target, hold.freezes[0].origin, until=over)


def _holding(hold: Hold) -> str:
    return "; ".join(filter(None, (f"{holding(hold.names)}{_allowing(hold)}", hold.why)))


def _allowing(hold: Hold) -> str:
    allowed = sorted(hold.freezes[0].allow)
    return f" and allows {' and '.join(allowed)} alone" if allowed and hold.is_whole and len(hold.freezes) == 1 else ""


def carried_out(plan: Plan, held: Mapping[Target, Hold]) -> Plan:
    """What is left of the plan: targets that are held are refused, and versions stay."""
    notes = [refused(target, hold) if hold.is_whole else _stays(target, hold) for target, hold in held.items()]
    targets = tuple(_without(one, held[one.target]) if one.target in held else one for one in plan.targets)
    return replace(plan, targets=targets, diagnostics=(*_as_it_comes(plan, held), *notes))


def _without(planned: TargetPlan, hold: Hold) -> TargetPlan:
    actions = tuple(
        replace(action, verb="none", reason=f"{named(hold.names)}, until {until(hold.end)}")
        if action.key in hold.versions
        else action
        for action in planned.actions
    )
    operations = tuple(item for item in planned.operations if item.key not in hold.versions)
    return replace(planned, actions=actions, operations=operations)
