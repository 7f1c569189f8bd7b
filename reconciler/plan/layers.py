"""Layers among what is planned: another version where content or members differ from the newest, what functions get of it, and which
versions go. Pure.

Layers are planned before functions, which may refer to a version that is only published then; what is deleted of them after both, for
it must not be what a function has.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from reconciler.core.accounts import partition_of
from reconciler.core.errors import PlanError
from reconciler.core.finding import Rule
from reconciler.core.model import Desired, Key, LayerReference, Live, Snapshot, Spec, Target
from reconciler.core.plans import Action, Diagnostic, Ref, TargetPlan
from reconciler.kinds.function import FUNCTION
from reconciler.kinds.layer import LAYER, PUBLISHED_ARN
from reconciler.kinds.layer_version import LAYER_VERSION
from reconciler.kinds.needs import layers_of
from reconciler.kinds.version import VERSION
from reconciler.plan.case import Case
from reconciler.plan.changes import Draft, changed, created, deleted, only_sections
from reconciler.plan.matching import Pair
from reconciler.plan.source import code_params, comparable, pinned, with_source
from reconciler.plan.speaking import Drafts, Made, PlanCheck, note, refusal, spec_origin, warning

LAYERS = "/configuration/Layers"


def turn(spec: Spec) -> int:
    """When a spec is planned: what publishes, then functions, then what deletes versions."""
    if spec.target.root == FUNCTION.name:
        return 1
    return 0 if spec.target.root == LAYER.name and not spec.is_absent else 2


# --- what functions refer to ---------------------------------------------------------------------------------------


def newest_versions(resources: Iterable[Live]) -> dict[Target, Live]:
    """The newest version of each layer among what lives."""
    return {item.key.target: item for item in resources if item.key.kind == LAYER.name}


def resolved(spec: Spec, made: Mapping[Target, Made], held: Mapping[Target, Live], snapshot: Snapshot) -> Spec:
    """The spec with its layers by ARN, or as what their publication will answer; what cannot be told is `unresolved`. `held` has the
    newest versions."""
    if not any(map(layers_of, spec.desired)):
        return spec
    problems = dict(spec.unresolved)
    desired = []
    for item in spec.desired:
        for layer in layers_of(item):
            if problem := _problem(layer, made, held, snapshot):
                problems[LAYERS] = f"{spec.target}: {problem}"
        desired.append(_with_layers(item, made, held, snapshot) if layers_of(item) else item)
    return replace(spec, desired=tuple(desired), unresolved=problems)


def _problem(
    layer: LayerReference, made: Mapping[Target, Made], held: Mapping[Target, Live], snapshot: Snapshot
) -> str:
    """Why it is not known which version is meant; empty where it is."""
    target, name = layer.target, f"layer {layer.target.name}"
    if layer.number:
        return "" if target.account in snapshot.accounts else f"the number of account {target.account} is not known"
    if target in snapshot.unread:
        return snapshot.unread[target]
    plan, notes = made.get(target, (None, []))
    refused = next((note.message for note in notes if note.severity == "refusal"), "")
    if refused:
        return f"{name}, which it refers to, is refused, so which version it gets is not known; mend that first"
    if (plan and plan.operations) or target in held:
        return ""
    if snapshot.scope is not None and LAYER.name not in snapshot.scope.get(target, frozenset()):
        return f"the snapshot was taken without {name}; take it anew"
    return f"{name} has no version in {target.place} yet; apply its spec first, or with this one"


def _with_layers(
    item: Desired, made: Mapping[Target, Made], held: Mapping[Target, Live], snapshot: Snapshot
) -> Desired:
    """A layer that the same plan compares stands for itself in digests: which version that is may change without a review, as long
    as it holds what its own spec says."""
    written = item.properties["configuration"]["Layers"]
    layers = [
        _version(layer, made, held, snapshot) if isinstance(layer, LayerReference) else layer for layer in written
    ]
    stands = [
        str(layer) if isinstance(layer, LayerReference) and layer.target in made and not layer.number else str(value)
        for layer, value in zip(written, layers, strict=True)
    ]
    configuration = {**item.properties["configuration"], "Layers": layers}
    return replace(
        item,
        properties={**item.properties, "configuration": configuration},
        references={**item.references, LAYERS: ", ".join(stands)},
    )


def _version(
    layer: LayerReference, made: Mapping[Target, Made], held: Mapping[Target, Live], snapshot: Snapshot
) -> str | Ref:
    target = layer.target
    if layer.number:
        where = f"{partition_of(target.region)}:lambda:{target.region}:{snapshot.accounts.get(target.account, '')}"
        return f"arn:{where}:layer:{target.name}:{layer.number}"
    plan, _ = made.get(target, (None, []))
    is_known = target in held and not (plan and plan.operations)
    return str(held[target].handle["LayerVersionArn"]) if is_known else replace(PUBLISHED_ARN, target=target)


def named(spec: Spec) -> frozenset[str]:
    """The versions of layers that a resolved spec names, by ARN."""
    items = (item for item in spec.desired if item.key.kind == FUNCTION.name)
    layers = (layer for item in items for layer in item.properties.get("configuration", {}).get("Layers") or ())
    return frozenset(layer for layer in layers if isinstance(layer, str))


def stands_for(written: str, held: Any) -> bool:
    """Whether AWS holds what the text of some references says: any version of each layer that stands for itself."""
    entries = written.split(", ")
    return isinstance(held, list) and len(held) == len(entries) and all(map(_is_version_of, held, entries))


def _is_version_of(address: str, written: str) -> bool:
    name = re.fullmatch(r"\{\{ layer\('([^']+)'\) \}\}", written)
    return f":layer:{name[1]}:" in address if name else address == written


# --- what is published ---------------------------------------------------------------------------------------------


def drafts(case: Case) -> list[Draft]:
    """Another version where the newest one is not what the spec says."""
    desired = case.desired(LAYER)[0]
    newest = next(iter(case.held(LAYER)), None)
    pair = Pair(desired.key, comparable(case, desired), only_sections(newest, desired) if newest else None)
    if newest is None:
        draft, carried = created(LAYER, pair), {}
    else:
        draft, _ = changed(LAYER, pair, case.spec, case.salt)
        carried = LAYER.normal(newest.properties, "")
    if draft.verb == "none":
        return [draft]
    if newest:
        reason = f"published as another version beside {newest.handle['Version']}"
        draft = replace(draft, action=replace(draft.action, reason=reason))
    content = code_params(case, desired, draft.differences if newest else ())
    steps = LAYER.create(case.spec.target.name, "", {**carried, **desired.properties, "code": content})
    draft = replace(draft, steps=pinned(case, steps, desired))
    is_other_content = newest is None or any(item.steps[0] == "code" for item in draft.differences)
    return [with_source(case, draft, desired) if is_other_content else draft]


# --- what is deleted -----------------------------------------------------------------------------------------------


def deletion(case: Case) -> list[Draft]:
    """`state: absent`: every version, and the layer with the last."""
    key, versions = Key(case.spec.target, LAYER.name), case.held(LAYER_VERSION)
    if not versions:
        return [Draft(Action(key, "none", reason="already absent"), Pair(key, None, None))]
    whole = Action(key, "delete", reason=f"{case.why_absent}; {LAYER.loss}")
    return [Draft(whole, Pair(key, None, None)), *(_gone(item, "with its layer") for item in _newest_first(versions))]


def superseded(case: Case) -> list[Draft]:
    """`keep`: versions beyond the newest ones, but those that a spec names or a function has."""
    beyond = [item for item in _beyond(case) if not users_after(case, item)]
    return [_gone(item, f"older than the newest {case.spec.keep}") for item in beyond]


def _gone(item: Live, reason: str) -> Draft:
    return deleted(LAYER_VERSION, Pair(item.key, None, item), reason)


def _newest_first(versions: Iterable[Live]) -> list[Live]:
    return sorted(versions, key=lambda item: -int(item.key.name))


def _beyond(case: Case) -> list[Live]:
    """The versions beyond those that `keep` keeps, one that is published by the same plan among these."""
    plan = case.earlier.get(replace(case.spec.target, root=LAYER.name))
    return _newest_first(case.held(LAYER_VERSION))[case.spec.keep - bool(plan and plan.operations) :]


def users_after(case: Case, version: Live) -> list[str]:
    """Who has a version once the plan is carried out: functions, versions of functions as NAME:NUMBER, and specs."""
    address = str(version.handle["LayerVersionArn"])
    users = [user for user in version.handle.get("Users", ()) if not _leaves(case, user, address)]
    return users or (["a spec"] if address in case.named else [])


def _leaves(case: Case, user: str, address: str) -> bool:
    """Whether a function's plan takes the version from it, or deletes what has it."""
    name, _, number = user.partition(":")
    plan = case.earlier.get(Target(case.spec.target.account, case.spec.target.region, name))
    return any(
        (action.key.kind == FUNCTION.name and action.verb in ("delete", "replace"))
        or (bool(number) and action.key == Key(action.key.target, VERSION.name, number) and action.verb == "delete")
        or (not number and any(change.path == LAYERS and not _has(change.after, address) for change in action.changes))
        for action in (plan.actions if plan else ())
    )


def _has(layers: Any, address: str) -> bool:
    return isinstance(layers, list | tuple) and address in layers


# --- which waits for which -----------------------------------------------------------------------------------------


def ordered(made: Mapping[Target, Made], snapshot: Snapshot) -> dict[Target, Made]:
    """The plans, each function after the layers of which it gets what they publish, and versions deleted after all that leaves them."""
    acting = {target for target, (plan, _) in made.items() if plan.operations}
    users = {
        item.key: item.handle.get("Users", ()) for item in snapshot.resources if item.key.kind == LAYER_VERSION.name
    }
    return {
        target: (replace(plan, after=tuple(sorted((_published(plan) | _leaving(plan, users)) & acting))), notes)
        for target, (plan, notes) in made.items()
    }


def _published(plan: TargetPlan) -> set[Target]:
    """The targets whose answers a plan's calls send."""
    layers = (layer for item in plan.operations for layer in item.params.get("Layers", ()))
    return {layer.target for layer in layers if isinstance(layer, Ref) and layer.target}


def _leaving(plan: TargetPlan, users: Mapping[Key, Iterable[str]]) -> set[Target]:
    """The functions that have what a plan deletes, and the layer that publishes in its place."""
    gone = [item.key for item in plan.operations if item.key.kind == LAYER_VERSION.name]
    names = {user.partition(":")[0] for key in gone for user in users.get(key, ())}
    place = plan.target
    own = {replace(place, root=LAYER.name)} - {place} if gone else set[Target]()
    return own | {Target(place.account, place.region, name) for name in names}


# --- what there is to say ------------------------------------------------------------------------------------------


@Rule(
    "R284",
    "A layer gets another version once it is known that its content is another.",
    "https://docs.aws.amazon.com/lambda/latest/api/API_PublishLayerVersion.html",
)
def holds_nobody_knows_what(case: Case, drafts: Drafts) -> Iterator[Diagnostic]:
    """Every publication makes a version, so one that may hold the same would be made again with every apply."""
    if case.held(LAYER) and case.artifact and not case.artifact.sha256 and not case.artifact.problem:
        message = f"{case.spec.target}: whether its content changed cannot be told, and each publication makes a version: {case.artifact.source}"
        yield refusal(case, PlanError, message, spec_origin(case, "code"))


@Rule("R282", "A layer is deleted once no function has it.")
def is_still_had(case: Case, drafts: Drafts) -> Iterator[Diagnostic]:
    for version, users in _with_users(case):
        functions = [user for user in users if ":" not in user]
        if functions:
            message = f"{version.key} is what {', '.join(functions)} has; take it out there first"
            yield refusal(case, PlanError, message, spec_origin(case, "state"))


@Rule("W228", "A function's version keeps a layer that is deleted, and nothing can be made with that any more.")
def stays_with_versions(case: Case, drafts: Drafts) -> Iterator[Diagnostic]:
    for version, users in _with_users(case):
        numbered = [user for user in users if ":" in user]
        if numbered:
            message = f"{version.key} goes, and {', '.join(numbered)} keeps it and runs on"
            yield warning(case, message, spec_origin(case, "state"))


def _with_users(case: Case) -> Iterator[tuple[Live, list[str]]]:
    """The versions of a layer that is to be deleted, with who has them then."""
    for version in case.held(LAYER_VERSION) if case.spec.is_absent else ():
        yield version, users_after(case, version)


@Rule("W227", "A version of a layer that a function has, or a spec names, is kept beyond `keep`.")
def is_kept_for_its_users(case: Case, drafts: Drafts) -> Iterator[Diagnostic]:
    for version in _beyond(case) if case.spec.target.root == LAYER_VERSION.name else ():
        users = users_after(case, version)
        if users:
            message = f"{version.key} is kept beyond the newest {case.spec.keep}, for {', '.join(users)} has it"
            yield note(case, message, spec_origin(case, LAYER_VERSION.section))


RULES: tuple[PlanCheck, ...] = (
    holds_nobody_knows_what,
    is_still_had,
    stays_with_versions,
    is_kept_for_its_users,
)
