"""What hangs on a version or an alias must find it once the plan is carried out: refusals over aliases, versions and what invokes them. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.core.errors import PlanError
from reconciler.core.finding import Rule
from reconciler.core.model import Desired, Live, Origin, Properties
from reconciler.core.plans import Diagnostic, Ref
from reconciler.kinds.alias import ALIAS, weights
from reconciler.kinds.base import PUBLISHED
from reconciler.kinds.function import FUNCTION
from reconciler.kinds.needs import hanging_on
from reconciler.kinds.registry import KINDS
from reconciler.kinds.version import VERSION
from reconciler.plan.case import Case
from reconciler.plan.changes import Draft, final_function, origin_of
from reconciler.plan.speaking import Drafts, PlanCheck, is_new, refusal, spec_origin

NEWEST = "; write `published`, with `publish: true`, here or in its variant"


@Rule(
    "R220",
    "An alias routes to versions that exist once the plan is carried out.",
    "https://docs.aws.amazon.com/lambda/latest/dg/configuration-aliases.html",
)
def routes_to_missing_versions(case: Case, drafts: Drafts) -> Iterator[Diagnostic]:
    known = versions_after(case, drafts)
    deletions = {item.key.name for item in case.desired(VERSION)}  # another rule speaks of these
    for draft, versions in routed(drafts):
        for version in sorted(versions - known - deletions - {"$LATEST"}):
            if version == PUBLISHED:
                message = "nothing is published that `published` could stand for; write `publish: true`"
            else:
                there = ", ".join(sorted(known, key=version_order)) or "none"
                mend = NEWEST if is_new(drafts) else ""
                message = f"version {version} does not exist; the function has {there}{mend}"
            yield refusal(case, PlanError, f"{draft.pair.key}: {message}", origin_of_version(draft))


@Rule(
    "R221",
    "An alias routes between two versions, not between one and itself.",
    "https://docs.aws.amazon.com/lambda/latest/dg/configuring-alias-routing.html",
)
def routes_to_one_version_twice(case: Case, drafts: Drafts) -> Iterator[Diagnostic]:
    """`published` may turn out to be the very version that takes the rest of the traffic."""
    for draft in drafts:
        if draft.pair.key.kind == ALIAS.name and draft.pair.desired is not None:
            properties = draft.pair.desired.properties
            version = version_of(properties)
            if version in weights(properties):
                message = (
                    f"{draft.pair.key}: `published` is version {version}, so both sides of the alias are that version"
                )
                yield refusal(case, PlanError, message, origin_of_version(draft))


def routed(drafts: Drafts) -> Iterator[tuple[Draft, set[str]]]:
    """Drafts of desired aliases with the versions that they send traffic to."""
    for draft in drafts:
        if draft.pair.key.kind == ALIAS.name and draft.pair.desired is not None:
            properties = draft.pair.desired.properties
            yield draft, {version_of(properties), *weights(properties)}


def version_of(properties: Properties) -> str:
    """The main version of an alias: its number, or `published` while that is not known."""
    version = properties["FunctionVersion"]
    return PUBLISHED if isinstance(version, Ref) else str(version)


def origin_of_version(draft: Draft) -> Origin | None:
    assert draft.pair.desired is not None
    return origin_of(draft.pair.desired.origins, ("FunctionVersion",))


def version_order(version: str) -> tuple[int, str]:
    return (int(version), "") if version.isdigit() else (0, version)


def versions_after(case: Case, drafts: Drafts) -> set[str]:
    """Versions that an alias can name once the plan is carried out."""
    published = {PUBLISHED for draft in drafts if draft.pair.key.name == PUBLISHED}
    if is_new(drafts):
        return published | ({"1"} if case.spec.publish else set())
    deleted = {
        draft.pair.key.name for draft in drafts if draft.pair.key.kind == VERSION.name and draft.verb == "delete"
    }
    return published | ({item.key.name for item in case.held(VERSION)} - deleted)


@Rule(
    "R222",
    "The two versions of an alias have one role and one dead letter target.",
    "https://docs.aws.amazon.com/lambda/latest/dg/configuring-alias-routing.html",
)
def routes_between_unlike_versions(case: Case, drafts: Drafts) -> Iterator[Diagnostic]:
    """AWS wants the two versions of one alias to have one role and one dead letter target."""
    if is_new(drafts) or case.function is None:
        return
    for draft, versions in routed(drafts):
        if len(versions) != 2 or draft.verb == "none" or draft.action.rollout:  # of rollouts another rule speaks
            continue
        held = contents_after(case, drafts)
        pair = [version for version in sorted(versions) if version in held]
        if len(pair) == 2:
            unlike = differing_members(case.spec.target.function, *(held[version] for version in pair))
            if unlike:
                message = f"versions {' and '.join(pair)} differ in {' and '.join(unlike)}, so no alias can route between them"
                yield refusal(case, PlanError, f"{draft.pair.key}: {message}", origin_of_version(draft))


def contents_after(case: Case, drafts: Drafts) -> dict[str, Properties]:
    """What each version holds; `published` is the function as it will be."""
    function = next((draft for draft in drafts if draft.pair.key.kind == FUNCTION.name), None)
    held = {item.key.name: item.properties for item in case.held(VERSION)}
    return {**held, PUBLISHED: final_function(case, function)}


def differing_members(function: str, first: Properties, second: Properties) -> list[str]:
    """What two versions that one alias routes between must have in common, and have not."""
    sides = [FUNCTION.normal(version, function)["configuration"] for version in (first, second)]
    return [member for member in ("Role", "DeadLetterConfig") if sides[0].get(member) != sides[1].get(member)]


@Rule("R223", "What is for an alias or a version finds it once the plan is carried out.")
def invokes_a_missing_alias(case: Case, drafts: Drafts) -> Iterator[Diagnostic]:
    names = {*aliases_after(case, drafts), *versions_after(case, drafts)}
    left = {item.key.name for item in case.desired(ALIAS)} - names
    for item in case.spec.desired:
        name = invoked(item)
        if name and name not in names:
            what = "version" if name.isdigit() else "alias"
            why = ", and `ignore` leaves it to others to make it" if name in left else ""
            message = f"{item.key}: there is no {what} {name}{why}"
            yield refusal(case, PlanError, message, origin_of(item.origins, ("alias",)))


def invoked(item: Desired | Live) -> str:
    """The alias or version that a resource invokes; empty for those that invoke the function itself, or nothing."""
    qualifier = KINDS[item.key.kind].qualifier
    return qualifier(item.key.name, item.properties) if qualifier else ""


@Rule("R276", "What every version has is set of a version that is there.")
def is_of_a_missing_version(case: Case, drafts: Drafts) -> Iterator[Diagnostic]:
    """What AWS made, it tells: so where it tells nothing there is no such version, unless this plan makes the function's first."""
    for draft in drafts:
        kind, pair = KINDS[draft.pair.key.kind], draft.pair
        is_of_each = kind.is_always_there and kind.is_owned_in_parts
        if not is_of_each or pair.live or (is_new(drafts) and pair.key.name in versions_after(case, drafts)):
            continue
        message = f"{pair.key}: there is no version {pair.key.name}; publish it first, or name one that is there"
        yield refusal(case, PlanError, message, spec_origin(case, *kind.at(pair.key.name)))


@Rule(
    "R224",
    "A version is deleted once no alias uses it and nothing would publish it again.",
    "https://docs.aws.amazon.com/lambda/latest/api/API_DeleteFunction.html",
)
def deletes_a_version_in_use(case: Case, drafts: Drafts) -> Iterator[Diagnostic]:
    newest = max((item.key.name for item in case.held(VERSION)), key=version_order, default="")
    is_superseded = any(draft.pair.key.name == PUBLISHED for draft in drafts)
    followed = aliases_after(case, drafts)
    for draft in drafts:
        if draft.pair.key.kind != VERSION.name or draft.verb != "delete":
            continue
        version = draft.pair.key.name
        users = sorted(alias for alias, versions in followed.items() if version in versions)
        origin = spec_origin(case, VERSION.section)
        if users:
            yield refusal(
                case, PlanError, f"version {version} is used by alias {', '.join(users)}; move it first", origin
            )
        elif case.spec.publish and version == newest and not is_superseded:
            message = f"version {version} is the newest and `publish: true` would make it again; delete it after the next one is published"
            yield refusal(case, PlanError, message, origin)


@Rule("R225", "An alias or version is deleted once nothing uses it any more.")
def deletes_what_is_invoked(case: Case, drafts: Drafts) -> Iterator[Diagnostic]:
    """AWS would delete it without a word, and what invokes it would fail from then on."""
    deletions = [
        draft for draft in drafts if draft.verb == "delete" and draft.pair.key.kind in (ALIAS.name, VERSION.name)
    ]
    if case.spec.is_absent or not deletions:
        return
    if case.unseen:
        message = f"whether anything invokes what is deleted could not be seen: {case.unseen}"
        yield refusal(case, PlanError, f"{case.spec.target}: {message}")
        return
    if case.scope is not None and not hanging_on(frozenset(draft.pair.key.name for draft in deletions)) <= case.scope:
        message = "the snapshot does not say whether anything invokes what is deleted; take it anew"
        yield refusal(case, PlanError, f"{case.spec.target}: {message}")
        return
    invoking = invoking_after(case, drafts)
    for draft in deletions:
        kind, name = draft.pair.key.kind, draft.pair.key.name
        for item in invoking.get(name, ()):
            word, which = KINDS[item.key.kind].word, f"{item.key.name} {KINDS[item.key.kind].remark(item)}".strip()
            message = f"{kind} {name} is used by {word} {which}; move or delete the {word} first, or keep the {kind}"
            yield refusal(
                case,
                PlanError,
                f"{case.spec.target}: {message}",
                spec_origin(case, ALIAS.section if kind == ALIAS.name else VERSION.section),
            )


def invoking_after(case: Case, drafts: Drafts) -> dict[str, list[Live]]:
    """Qualifier -> what will invoke it; live resources that no draft touches included."""
    moved = {
        draft.pair.live.key: invoked(draft.pair.desired) if draft.pair.desired else ""
        for draft in drafts
        if draft.pair.live
    }
    invoking: dict[str, list[Live]] = {}
    for item in case.live:
        name = moved.get(item.key, invoked(item))
        if name:
            invoking.setdefault(name, []).append(item)
    return invoking


def aliases_after(case: Case, drafts: Drafts) -> dict[str, set[str]]:
    """Alias -> the versions that it will send traffic to; live aliases that no draft touches included, as long as their function
    stays."""
    live = {
        item.key.name: {str(item.properties["FunctionVersion"]), *weights(item.properties)}
        for item in ([] if is_new(drafts) else case.held(ALIAS))
    }
    for draft in drafts:
        if draft.pair.key.kind == ALIAS.name and draft.verb == "delete":
            live.pop(draft.pair.key.name, None)
    return live | {draft.pair.key.name: versions for draft, versions in routed(drafts)}


def version_of_each_after(case: Case, drafts: Drafts) -> dict[str, str]:
    """Alias -> the version that it will be on, whatever the share of another."""
    live = {} if is_new(drafts) else {item.key.name: version_of(item.properties) for item in case.held(ALIAS)}
    wanted = (draft.pair for draft in drafts if draft.pair.key.kind == ALIAS.name)
    return live | {pair.key.name: version_of(pair.desired.properties) for pair in wanted if pair.desired}


RULES: tuple[PlanCheck, ...] = (
    routes_to_missing_versions,
    routes_to_one_version_twice,
    routes_between_unlike_versions,
    invokes_a_missing_alias,
    is_of_a_missing_version,
    deletes_a_version_in_use,
    deletes_what_is_invoked,
)
