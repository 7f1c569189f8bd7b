"""What is worth saying about a target's drafts before the first write: refusals, warnings, notes. Pure.

A refusal keeps its target from being applied; the others go on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from reconciler.case import Case
from reconciler.drafts import Draft, origin_of
from reconciler.errors import NotOwned, PlanError, ReplacementRequired
from reconciler.kinds.alias import ALIAS, weights
from reconciler.kinds.event_source_mapping import EVENT_SOURCE_MAPPING, qualifier
from reconciler.kinds.function import FUNCTION
from reconciler.kinds.version import PUBLISHED, VERSION
from reconciler.model import Desired, Diagnostic, Live, Origin

Drafts = Sequence[Draft]


def notes(case: Case, drafts: Drafts) -> list[Diagnostic]:
    """Everything that the rules have to say, in their order."""
    return [note for rule in RULES for note in rule(case, drafts)]


def refusal(case: Case, error: type[PlanError], message: str, origin: Origin | None = None) -> Diagnostic:
    return Diagnostic("refusal", message, case.spec.target, origin or place(case, ""), error.__name__)


def place(case: Case, section: str) -> Origin | None:
    return origin_of(case.spec.origins, (section,) if section else ())


def is_new(drafts: Drafts) -> bool:
    """Whether the function will be one without the versions and aliases that live now."""
    return any(draft.pair.key.kind == FUNCTION.name and draft.verb in ("create", "replace") for draft in drafts)


def cannot_be_created(case: Case, drafts: Drafts) -> Iterator[Diagnostic]:
    if case.function is None and not drafts:
        yield refusal(
            case,
            PlanError,
            f"{case.spec.target} does not exist; to create it the spec needs `configuration` and `code`",
        )


def needs_permission_to_replace(case: Case, drafts: Drafts) -> Iterator[Diagnostic]:
    for draft in drafts:
        if draft.verb == "replace" and not case.spec.allow_replace:
            origin = next((change.origin for change in draft.action.changes if change.origin), None)
            message = f"{draft.pair.key} must be deleted and created again: {draft.action.reason}; write `allow_replace: true` to let it"
            yield refusal(case, ReplacementRequired, message, origin)


def is_not_ours(case: Case, drafts: Drafts) -> Iterator[Diagnostic]:
    ours, acts = case.policy.managed_by, any(draft.verb != "none" for draft in drafts)
    if not ours or case.function is None or not acts or case.mark == ours:
        return
    if case.mark:
        yield refusal(
            case,
            NotOwned,
            f"{case.spec.target} is managed by {case.mark}, not by {ours}; take it out of one of the two",
        )
    elif not case.may_adopt:
        yield refusal(
            case,
            NotOwned,
            f"{case.spec.target} exists and bears no mark of ours; write `adopt: true` in the spec, or pass --adopt, to take it over",
        )


def code_is_missing(case: Case, drafts: Drafts) -> Iterator[Diagnostic]:
    if case.artifact is None or case.spec.is_absent:
        return
    if case.artifact.problem:
        yield refusal(case, PlanError, case.artifact.problem, place(case, "code"))
    elif not case.artifact.sha256 and not is_new(drafts):
        message = f"cannot tell whether the code changed: {case.artifact.source}"
        yield Diagnostic("warning", message, case.spec.target, place(case, "code"))


def routes_to_missing_versions(case: Case, drafts: Drafts) -> Iterator[Diagnostic]:
    known = versions_after(case, drafts)
    going = {item.key.name for item in case.desired(VERSION)}  # another rule speaks of these
    for draft, versions in routed(drafts):
        for version in sorted(versions - known - going - {"$LATEST"}):
            if version == PUBLISHED:
                message = "nothing is published that `published` could stand for; write `publish: true`"
            else:
                message = f"version {version} does not exist; the function has {', '.join(sorted(known, key=version_order)) or 'none'}"
            yield refusal(case, PlanError, f"{draft.pair.key}: {message}", alias_place(draft))


def routes_to_one_version_twice(case: Case, drafts: Drafts) -> Iterator[Diagnostic]:
    """`published` may turn out to be the very version that takes the rest of the traffic."""
    for draft in drafts:
        if draft.pair.key.kind == ALIAS.name and draft.pair.desired is not None:
            properties = draft.pair.desired.properties
            version = str(properties["FunctionVersion"])
            if version in weights(properties):
                message = (
                    f"{draft.pair.key}: `published` is version {version}, so both sides of the alias are that version"
                )
                yield refusal(case, PlanError, message, alias_place(draft))


def routed(drafts: Drafts) -> Iterator[tuple[Draft, set[str]]]:
    """Drafts of desired aliases with the versions that they send traffic to."""
    for draft in drafts:
        if draft.pair.key.kind == ALIAS.name and draft.pair.desired is not None:
            properties = draft.pair.desired.properties
            yield draft, {str(properties["FunctionVersion"]), *weights(properties)}


def alias_place(draft: Draft) -> Origin | None:
    assert draft.pair.desired is not None
    return origin_of(draft.pair.desired.origins, ("FunctionVersion",))


def version_order(version: str) -> tuple[int, str]:
    return (int(version), "") if version.isdigit() else (0, version)


def versions_after(case: Case, drafts: Drafts) -> set[str]:
    """Versions that an alias can name once the plan is carried out."""
    published = {PUBLISHED for draft in drafts if draft.pair.key.name == PUBLISHED}
    if is_new(drafts):
        return published | ({"1"} if case.spec.publish else set())
    gone = {draft.pair.key.name for draft in drafts if draft.pair.key.kind == VERSION.name and draft.verb == "delete"}
    return published | ({item.key.name for item in case.held(VERSION)} - gone)


def routes_between_unlike_versions(case: Case, drafts: Drafts) -> Iterator[Diagnostic]:
    """AWS wants the two versions of one alias to have one role and one dead letter target."""
    held = {item.key.name: item for item in case.held(VERSION)}
    for draft, versions in routed(drafts):
        pair = [held[version] for version in sorted(versions) if version in held]
        if len(pair) == 2 and draft.verb != "none":
            unlike = [
                member
                for member in ("Role", "DeadLetterConfig")
                if setting(pair[0], member) != setting(pair[1], member)
            ]
            if unlike:
                message = f"versions {pair[0].key.name} and {pair[1].key.name} differ in {' and '.join(unlike)}, so no alias can route between them"
                yield refusal(case, PlanError, f"{draft.pair.key}: {message}", alias_place(draft))


def setting(version: Live, member: str) -> Any:
    return FUNCTION.normal(version.properties, version.key.target.function)["configuration"].get(member)


def invokes_a_missing_alias(case: Case, drafts: Drafts) -> Iterator[Diagnostic]:
    if ALIAS.section not in case.spec.sections:
        return
    names = {item.key.name for item in case.desired(ALIAS)}
    for item in case.desired(EVENT_SOURCE_MAPPING):
        alias = qualifier(item.properties)
        if alias and not alias.isdigit() and alias not in names:
            yield refusal(case, PlanError, f"{item.key}: there is no alias {alias}", mapping_place(item))


def mapping_place(item: Desired) -> Origin | None:
    return origin_of(item.origins, ("alias",))


def deletes_a_version_in_use(case: Case, drafts: Drafts) -> Iterator[Diagnostic]:
    newest = max((item.key.name for item in case.held(VERSION)), key=version_order, default="")
    for draft in drafts:
        if draft.pair.key.kind != VERSION.name or draft.verb != "delete":
            continue
        version = draft.pair.key.name
        users = sorted(alias for alias, versions in aliases_after(case, drafts).items() if version in versions)
        origin = place(case, VERSION.section)
        if users:
            yield refusal(
                case, PlanError, f"version {version} is used by alias {', '.join(users)}; move it first", origin
            )
        elif case.spec.publish and version == newest:
            message = f"version {version} is the newest and `publish: true` would make it again; delete it after the next one is published"
            yield refusal(case, PlanError, message, origin)


def aliases_after(case: Case, drafts: Drafts) -> dict[str, set[str]]:
    """Alias -> the versions that it will send traffic to; live aliases that no draft touches included."""
    live = {
        item.key.name: {str(item.properties["FunctionVersion"]), *weights(item.properties)} for item in case.held(ALIAS)
    }
    for draft in drafts:
        if draft.pair.key.kind == ALIAS.name and draft.verb == "delete":
            live.pop(draft.pair.key.name, None)
    return live | {draft.pair.key.name: versions for draft, versions in routed(drafts)}


def is_already_absent(case: Case, drafts: Drafts) -> Iterator[Diagnostic]:
    for draft in drafts:
        if draft.verb == "none" and draft.action.reason:
            yield Diagnostic("note", f"{draft.pair.key} is {draft.action.reason}", case.spec.target)


def last_update_failed(case: Case, drafts: Drafts) -> Iterator[Diagnostic]:
    handle = case.function.handle if case.function and not case.spec.is_absent else {}
    if handle.get("LastUpdateStatus") == "Failed":
        why = handle.get("LastUpdateStatusReasonCode") or "no reason given"
        yield Diagnostic(
            "warning",
            f"the last update of {case.spec.target} failed ({why}); AWS may still run what was before it",
            case.spec.target,
        )


RULES: tuple[Callable[[Case, Drafts], Iterator[Diagnostic]], ...] = (
    cannot_be_created,
    is_not_ours,
    needs_permission_to_replace,
    code_is_missing,
    routes_to_missing_versions,
    routes_to_one_version_twice,
    routes_between_unlike_versions,
    invokes_a_missing_alias,
    deletes_a_version_in_use,
    last_update_failed,
    is_already_absent,
)
