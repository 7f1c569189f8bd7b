"""plan(specs, snapshot, policy) -> Plan: what must happen so that AWS holds what git says, and the calls that do it.

Pure: the same specs and snapshot give the same plan, byte for byte. It decides everything and does nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace

from reconciler.core import service
from reconciler.core.errors import PlanError, SnapshotError
from reconciler.core.grouping import by_target
from reconciler.core.model import Key, Snapshot, Spec, Target
from reconciler.core.plans import Action, Diagnostic, Plan, Ref, TargetPlan
from reconciler.core.sealing import digest
from reconciler.kinds.base import Kind
from reconciler.kinds.function import FUNCTION
from reconciler.kinds.layer import LAYER
from reconciler.kinds.layer_version import LAYER_VERSION
from reconciler.kinds.needs import remaining
from reconciler.kinds.registry import KINDS, kinds_of
from reconciler.kinds.tags import MARK
from reconciler.kinds.version import VERSION
from reconciler.plan import layers, refusals, renames, retention, rollouts, rooms, storage
from reconciler.plan.case import Case, Policy
from reconciler.plan.changes import (
    Draft,
    created,
    deleted,
    ignored_paths,
    left,
    seen_before,
    taken_along,
    updated,
)
from reconciler.plan.digests import plan_digest, target_digest, with_hidden
from reconciler.plan.functions import function_draft
from reconciler.plan.matching import Pair, pairs
from reconciler.plan.operations import ordered_operations, sample
from reconciler.plan.publishing import publication, version_deletions
from reconciler.plan.speaking import Made, is_new, is_refused


def plan(specs: Iterable[Spec], snapshot: Snapshot, policy: Policy, *, beside: Iterable[Spec] | None = ()) -> Plan:
    """The whole plan, sorted by target; layers are planned before functions, which may refer to what they publish. Raises nothing: what
    must not be done is a diagnostic with severity refusal. What the specs `beside` name is kept as well, though they are not planned; None
    says that there are some which nobody has read."""
    ordered = sorted(specs, key=lambda spec: (layers.turn(spec), spec.target))
    made = in_turn(ordered, snapshot, policy, retention.mentioned(ordered, beside))
    waiting = sorted(layers.ordered(made, snapshot).values(), key=lambda item: item[0].target)
    fitting = storage.checked(rooms.checked(waiting, ordered, snapshot), ordered, snapshot)
    plans = renames.ordered(fitting, ordered, snapshot)
    targets = tuple(planned for planned, _ in plans)
    return Plan(
        targets=targets,
        digest=plan_digest(targets),
        taken_at=snapshot.taken_at,
        snapshot_digest="",
        orphans=orphans(ordered, snapshot, policy.managed_by),
        diagnostics=(*(note for _, notes in plans for note in notes), *unlisted(snapshot)),
    )


def in_turn(
    ordered: Iterable[Spec], snapshot: Snapshot, policy: Policy, mentioned: frozenset[tuple[str, str]] | None
) -> dict[Target, Made]:
    """Each target's plan, with what those before it change and name."""
    live = by_target(sorted(snapshot.resources, key=lambda item: item.key))
    newest = layers.newest_versions(snapshot.resources)
    made: dict[Target, Made] = {}
    named = frozenset[str]()
    earlier: dict[Target, TargetPlan] = {}
    changed = frozenset[tuple[str, str, str]]()
    for spec in ordered:
        if spec.target in snapshot.unread:
            made[spec.target] = unread_plan(spec, snapshot.unread[spec.target])
            continue
        resolved = layers.resolved(spec, made, newest, snapshot)
        named |= layers.named(resolved)
        case = Case(
            resolved,
            tuple(live.get(spec.target, ())),
            snapshot.artifacts.get(spec.target),
            policy,
            salt=snapshot.salt,
            scope=scope_of(snapshot, spec),
            unseen=snapshot.invoked.get(spec.target, ""),
            is_listed=is_listed(snapshot, spec.target),
            elsewhere=changed,
            earlier=earlier,
            named=named,
            taken_at=snapshot.taken_at,
            executions=snapshot.executions,
            mentioned=mentioned,
        )
        planned, notes = made[spec.target] = target_plan(case)
        if not is_refused(notes):
            earlier[spec.target] = planned
            changed |= changed_for_all(planned)
    return made


def changed_for_all(planned: TargetPlan) -> frozenset[tuple[str, str, str]]:
    """What the target changes and has together with others, by place, kind and name: once is enough, and side by side they would
    be in each other's way."""
    keys = {operation.key for operation in planned.operations if KINDS[operation.key.kind].is_shared}
    return frozenset((key.target.place, key.kind, key.name) for key in keys)


def scope_of(snapshot: Snapshot, spec: Spec) -> frozenset[str] | None:
    return None if snapshot.scope is None else snapshot.scope.get(spec.target, frozenset())


def is_listed(snapshot: Snapshot, target: Target) -> bool | None:
    """Whether a list of all functions names a target that was not read; None where there is no list, or it was read."""
    was_read = snapshot.scope is None or target in snapshot.scope
    names = snapshot.functions.get(target.place)
    return None if was_read or names is None else target.function in names


def unread_plan(spec: Spec, reason: str) -> Made:
    """Of a target that could not be read nothing is known, so nothing is done."""
    note = refusals.CAN_BE_READ.cited(
        Diagnostic("refusal", reason, spec.target, spec.origins.get(""), SnapshotError.__name__)
    )
    return TargetPlan(spec.target, (), (), digest(["unread"])), [note]


def unlisted(snapshot: Snapshot) -> Iterator[Diagnostic]:
    for place, reason in sorted(snapshot.unlisted.items()):
        message = f"functions of {place} without a spec could not be looked for: {reason}"
        yield refusals.CAN_BE_LISTED.cited(Diagnostic("warning", message, left_out=True))


def orphans(specs: Iterable[Spec], snapshot: Snapshot, managed_by: str) -> tuple[Target, ...]:
    """Functions that bear our mark and that no spec names, sorted; what else is unread was read for its mark alone."""
    named = {spec.target for spec in specs}
    ours = {
        item.key.target
        for item in snapshot.resources
        if item.key.kind == FUNCTION.name and managed_by and item.handle.get("Tags", {}).get(MARK) == managed_by
    }
    unread = {target for target in snapshot.unread if managed_by and target.root == FUNCTION.name}
    return tuple(sorted((ours | unread) - named))


def target_plan(case: Case) -> Made:
    """One target's plan and what is worth saying about it."""
    present, absent = DRAFTS[case.spec.target.root]
    drafts = absent(case) if case.spec.is_absent else present(case)
    notes = refusals.notes(case, drafts)
    operations = ordered_operations(case.spec.target, drafts)
    notes += [
        refusals.IS_A_CALL_OF_THE_MODEL.cited(
            Diagnostic("refusal", f"{item.name}: {problem}", case.spec.target, error=PlanError.__name__)
        )
        for item in operations
        if (problem := service.invalid_params(item.name, sample(item.params)))
    ]
    drafts = [with_hidden(draft) for draft in drafts]
    actions = tuple(draft.action for draft in drafts)
    before = seen_before(case, drafts) if operations else ()
    drafted = {draft.pair.live.key for draft in drafts if draft.pair.live}
    in_parts = (item.key for item in case.live if KINDS[item.key.kind].is_owned_in_parts)
    others = tuple(key for key in in_parts if key not in drafted) if not is_new(drafts) else ()
    return TargetPlan(
        case.spec.target,
        actions,
        operations,
        target_digest(case, drafts),
        before=before,
        others=others,
        left=left(case, drafts),
    ), notes


def deletion(case: Case) -> list[Draft]:
    """`state: absent`: first what would outlive the function, then the function."""
    outliving = [
        deleted(kind, pair, "with its function")
        for kind in kinds_of(case.spec.target)
        if kind.goes_before_function
        for pair in pairs(kind, (), [item for item in case.held(kind) if kind.left(item)])
    ]
    if case.function is None:
        key = Key(case.spec.target, FUNCTION.name)
        return [Draft(Action(key, "none", reason="already absent"), Pair(key, None, None)), *outliving]
    return [deleted(FUNCTION, Pair(case.function.key, None, case.function), case.why_absent), *outliving]


def change(case: Case) -> list[Draft]:
    """All drafts of a target that should exist: the function, a version, and the sections that are maps of names."""
    function = function_draft(case)
    if case.function is None and function is None:
        return []
    is_new = function is not None and function.verb in ("create", "replace")
    version, published = publication(case, function)
    gone = version_deletions(case)
    moves = {} if is_new else rollouts.moves(case, function, published)
    case = replace(case, live=tuple(remaining(case.live))) if is_new else case
    then = replace(case, spec=rollouts.leaving(case.spec, moves))
    sections = (kind for kind in kinds_of(case.spec.target) if kind not in (FUNCTION, VERSION))
    drafts = [
        *([function] if function else []),
        *([version] if version else []),
        *gone,
        *(draft for kind in sections for draft in section_drafts(then, kind, published)),
    ]
    drafts = rollouts.carried(case, drafts, moves)
    return [*drafts, *retention.deletions(case, drafts)]


# By what a target is: the drafts of one that should be there, and of one that should not.
DRAFTS: Mapping[str, tuple[Callable[[Case], list[Draft]], Callable[[Case], list[Draft]]]] = {
    FUNCTION.name: (change, deletion),
    LAYER.name: (layers.drafts, layers.deletion),
    LAYER_VERSION.name: (layers.superseded, layers.superseded),
}


# --- sections that are maps of names ------------------------------------------------------------------------------------------


def section_drafts(case: Case, kind: Kind, published: str | Ref) -> list[Draft]:
    """Drafts of a section that is a map of names; nothing when the spec does not own it."""
    if kind.section not in case.spec.sections:
        return []
    wanted = [replace(item, properties=kind.resolved(item.properties, published)) for item in case.desired(kind)]
    drafts = []
    for pair in pairs(kind, wanted, [item for item in case.held(kind) if case.is_ours(kind, item)]):
        is_elsewhere = (case.spec.target.place, kind.name, pair.key.name) in case.elsewhere
        if is_elsewhere or () in ignored_paths(case.spec, kind, pair.key.name):
            continue
        if pair.live is None:
            drafts += made(case, kind, pair)
        elif pair.desired is None:
            drafts.append(deleted(kind, pair, "which the spec does not name"))
        else:
            draft = updated(kind, pair, case.spec, case.salt)
            drafts += [draft, *taken_along(kind, pair, draft)]
    return drafts


def made(case: Case, kind: Kind, pair: Pair) -> list[Draft]:
    """The draft of what is to be made; what AWS makes by itself as it is written needs none, nor a call what the creation says whole."""
    assert pair.desired is not None
    draft = created(kind, pair)
    said = kind.at_creation(pair.desired.properties)
    if case.function is None and said and set(said) == set(pair.desired.properties):
        return [replace(draft, steps=(), action=replace(draft.action, reason="made by the creation"))]
    return [draft] if draft.steps else []
