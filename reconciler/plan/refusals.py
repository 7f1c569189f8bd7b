"""What is worth saying about a target's drafts before the first write: refusals, warnings, notes. Pure.

A refusal keeps its target from being applied; the others go on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from reconciler.core.diff import matching, pointer, steps_of
from reconciler.core.errors import NotOwned, PlanError, ReplacementRequired
from reconciler.core.model import Desired, Diagnostic, Origin, Properties, Ref, Sealed, Unreadable
from reconciler.kinds.alias import ALIAS, weights
from reconciler.kinds.base import PUBLISHED
from reconciler.kinds.configuration import MAX_ENVIRONMENT_BYTES, environment_bytes, with_code
from reconciler.kinds.configuration import UNSET as DEFAULTS
from reconciler.kinds.event_source_mapping import EVENT_SOURCE_MAPPING, qualifier
from reconciler.kinds.function import FUNCTION
from reconciler.kinds.needs import needed
from reconciler.kinds.registry import KINDS
from reconciler.kinds.tags import MARK
from reconciler.kinds.version import VERSION
from reconciler.plan.case import Case
from reconciler.plan.changes import Draft, final_function, ignored_paths, origin_of, prefix
from reconciler.plan.source import SENDING, repository

Drafts = Sequence[Draft]
MAX_TAGS = 50


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


def was_not_read(case: Case, drafts: Drafts) -> Iterator[Diagnostic]:
    """A saved snapshot knows only what the specs needed when it was taken; of the rest nothing can be told."""
    missing = sorted(needed(case.spec) - case.scope) if case.scope is not None else []
    if missing:
        what = "this target" if "function" in missing else f"its {', '.join(missing).replace('_', ' ')}"
        yield refusal(case, PlanError, f"{case.spec.target}: the snapshot was taken without {what}; take it anew")


# What would make a function of a half, or let one go live.
MAKING = frozenset({"CreateFunction", "UpdateFunctionConfiguration", "UpdateFunctionCode", "PublishVersion"})


def holds_what_it_does_not_show(case: Case, drafts: Drafts) -> Iterator[Diagnostic]:
    """What the spec owns and nobody can read. A function is left alone as long as that is so, for its settings go live
    together; a mapping's are sent one by one."""
    making = MAKING & {step.operation for draft in drafts for step in draft.steps}
    for draft in drafts:
        for path, value in draft.hidden:
            whole = pointer(prefix(KINDS[draft.pair.key.kind], draft.pair.key.name)) + path
            origin = place(case, whole.split("/")[1])
            what = f"{case.spec.target}: {whole} cannot be read ({value.reason}), so it is neither compared nor changed"
            if draft.pair.key.kind == FUNCTION.name and making:
                mend = f'let the caller read it, or write `ignore: ["{whole}"]` to leave it to others'
                yield refusal(case, PlanError, f"{what}, nor is the rest; {mend}", origin)
            else:
                yield Diagnostic("warning", what, case.spec.target, origin, left_out=True)


def refers_to_what_cannot_be_read(case: Case, drafts: Drafts) -> Iterator[Diagnostic]:
    for at, problem in sorted(case.spec.unresolved.items()):
        yield refusal(case, PlanError, problem, origin_of(case.spec.origins, steps_of(at)))


def keeps_what_has_no_default(case: Case, drafts: Drafts) -> Iterator[Diagnostic]:
    """A section is owned whole, but what AWS falls back to is not known of every member: that is said, not guessed."""
    for draft in drafts:
        if draft.kept and draft.verb not in ("replace", "delete"):
            start = pointer(prefix(KINDS[draft.pair.key.kind], draft.pair.key.name))
            paths = ", ".join(start + path for path in draft.kept)
            message = (
                f"{case.spec.target}: AWS holds {paths}, which the spec does not name and of which no default is known, "
                "so it stays as it is; write it into the spec, or leave it to others with `ignore`"
            )
            origin = place(case, (start + draft.kept[0]).split("/")[1])
            yield Diagnostic("warning", message, case.spec.target, origin, left_out=True)


def has_too_large_an_environment(case: Case, drafts: Drafts) -> Iterator[Diagnostic]:
    """As it is sent, with its references looked up and what `ignore` leaves to others; what stands in the spec itself was
    measured when it was checked. A sealed value's size is not known, and is not counted."""
    for step in (step for draft in drafts for step in draft.steps):
        variables = step.params.get("Environment", {}).get("Variables", {})
        size = environment_bytes({key: "" if isinstance(item, Sealed) else item for key, item in variables.items()})
        if size > MAX_ENVIRONMENT_BYTES:
            message = (
                f"the environment is {size} bytes with its references looked up and its ignored variables kept; "
                f"the most is {MAX_ENVIRONMENT_BYTES}"
            )
            yield refusal(case, PlanError, message, place(case, "configuration"))


def has_too_many_tags(case: Case, drafts: Drafts) -> Iterator[Diagnostic]:
    """AWS's own tags do not count; our mark does, and so does what the spec leaves to others."""
    for draft in drafts:
        tags = tags_after(draft)
        if len(tags) > MAX_TAGS:
            others = len(tags) - (MARK in tags)
            what = f"{others} tags and our mark" if MARK in tags else f"{others} tags"
            message = f"{draft.pair.key}: {what} are more than AWS's {MAX_TAGS}"
            yield refusal(case, PlanError, message, place(case, "tags"))


def tags_after(draft: Draft) -> set[str]:
    """Keys of the tags that a resource will have once the draft is carried out; empty when none of its tags move."""
    moving = [step.params for step in draft.steps if {"Tags", "TagKeys"} & set(step.params)]
    is_made = draft.verb in ("create", "replace")
    held = draft.pair.live.handle.get("Tags", {}) if draft.pair.live and not is_made else {}
    keys = {key for key in held if not key.startswith("aws:")} if moving else set()
    for params in moving:
        keys = (keys - set(params.get("TagKeys", ()))) | set(params.get("Tags", {}))
    return keys


def takes_what_is_its_own_along(case: Case, drafts: Drafts) -> Iterator[Diagnostic]:
    """A function that is replaced loses everything but what its spec says. A saved snapshot does not know what there is."""
    is_replaced = any(draft.pair.key.kind == FUNCTION.name and draft.verb == "replace" for draft in drafts)
    if is_replaced:
        message = (
            f"{case.spec.target} loses all versions, and all aliases and tags that its spec does not name, with its "
            "replacement, and what no spec says: policy, URLs, reserved and provisioned concurrency, asynchronous "
            "configuration, autoscaling"
        )
        ignored = f"; so goes what is ignored: {', '.join(case.spec.ignore)}" if case.spec.ignore else ""
        yield Diagnostic("warning", message + ignored, case.spec.target, place(case, ""))


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
    tags = case.function.properties.get("tags")
    if isinstance(tags, Unreadable):
        message = f"{case.spec.target}: its tags cannot be read ({tags.reason}), so nobody can tell whose it is; allow lambda:ListTags"
        yield refusal(case, NotOwned, message)
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
        yield Diagnostic("warning", message, case.spec.target, place(case, "code"), left_out=True)


def code_is_known_by_report(case: Case, drafts: Drafts) -> Iterator[Diagnostic]:
    """What a record says is believed, for AWS's answer is held against it, and said, for it is not what S3 says."""
    if case.artifact and case.artifact.is_recorded and not case.artifact.problem:
        message = f"the code is compared by {case.artifact.source}, for S3 keeps no SHA-256 of it"
        yield Diagnostic("note", message, case.spec.target, place(case, "code"))


def code_looks_like_credentials(case: Case, drafts: Drafts) -> Iterator[Diagnostic]:
    names = case.artifact.credentials if case.artifact else ()
    if names:
        message = f"the code holds {', '.join(names)}, which looks like a credential; name it in .lambdaignore"
        yield Diagnostic("warning", message, case.spec.target, place(case, "code"))


def is_the_same_code_elsewhere(case: Case, drafts: Drafts) -> Iterator[Diagnostic]:
    """Equal code is not sent again because its address is another one; where AWS tells what it holds on to, that is said."""
    if case.function is None or any(step.operation in SENDING for draft in drafts for step in draft.steps):
        return
    code, held = case.spec.code, case.function.handle
    image = str(held.get("ImageUri", ""))
    kept = held.get("ResolvedS3Object", {})
    if image and "ImageUri" in code and repository(image) != repository(code["ImageUri"]):
        where = image
    elif "S3Key" in code and kept and any(kept.get(name) != code[name] for name in ("S3Bucket", "S3Key")):
        where = f"s3://{kept.get('S3Bucket')}/{kept.get('S3Key')}"
    else:
        return
    message = f"{case.spec.target} holds the same code from {where}, so nothing is sent; keep that in place"
    yield Diagnostic("note", message, case.spec.target, place(case, "code"))


def needs_code_to_change(case: Case, drafts: Drafts) -> Iterator[Diagnostic]:
    """Only a call that sends code can change its architecture, or set it back to AWS's default where a spec that owns the
    configuration leaves it out. Neither happens without code; and what the spec says is then not what lives."""
    desired = next(iter(case.desired(FUNCTION)), None)
    if case.function is None or desired is None or "code" in desired.properties:
        return
    wanted = desired.properties.get("configuration")
    if wanted is None or case.spec.is_absent:
        return
    whole = {"configuration": dict.fromkeys(with_code(), True)}
    ignored = {steps[-1:] for pattern in ignored_paths(case.spec, FUNCTION, "") for steps in matching(whole, pattern)}
    for member in sorted(with_code()):
        if (member,) in ignored or ("configuration",) in ignored or () in ignored:
            continue
        lives = case.function.properties["configuration"].get(member, DEFAULTS[member])
        if wanted.get(member, DEFAULTS[member]) != lives:
            message = (
                f"{desired.key}: {member} is {', '.join(lives)} and can only change together with the code, which the spec "
                f"does not own; write {member}: [{', '.join(lives)}], or own `code`"
            )
            yield refusal(case, PlanError, message, origin_of(case.spec.origins, ("configuration", member)))


def cannot_be_created_again(case: Case, drafts: Drafts) -> Iterator[Diagnostic]:
    for draft in drafts:
        if draft.pair.key.kind == FUNCTION.name and draft.verb == "replace" and not draft.steps:
            message = f"{draft.pair.key} must be deleted and created again: {draft.action.reason}; for that the spec needs `configuration` and `code`"
            yield refusal(case, PlanError, message)


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
            version = version_of(properties)
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
            yield draft, {version_of(properties), *weights(properties)}


def version_of(properties: Properties) -> str:
    """The main version of an alias: its number, or `published` while that is not known."""
    version = properties["FunctionVersion"]
    return PUBLISHED if isinstance(version, Ref) else str(version)


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
    if is_new(drafts) or case.function is None:
        return
    held = {item.key.name: item.properties for item in case.held(VERSION)}
    function = next((draft for draft in drafts if draft.pair.key.kind == FUNCTION.name), None)
    held[PUBLISHED] = final_function(case, function)
    for draft, versions in routed(drafts):
        pair = [version for version in sorted(versions) if version in held]
        if len(pair) == 2 and draft.verb != "none":
            one, two = (FUNCTION.normal(held[version], case.spec.target.function)["configuration"] for version in pair)
            unlike = [member for member in ("Role", "DeadLetterConfig") if one.get(member) != two.get(member)]
            if unlike:
                message = f"versions {' and '.join(pair)} differ in {' and '.join(unlike)}, so no alias can route between them"
                yield refusal(case, PlanError, f"{draft.pair.key}: {message}", alias_place(draft))


def invokes_a_missing_alias(case: Case, drafts: Drafts) -> Iterator[Diagnostic]:
    owns_aliases = ALIAS.section in case.spec.sections
    live = [] if is_new(drafts) else case.held(ALIAS)
    names = {item.key.name for item in (case.desired(ALIAS) if owns_aliases else live)} | versions_after(case, drafts)
    for item in case.desired(EVENT_SOURCE_MAPPING):
        alias = qualifier(item.properties)
        if alias and alias not in names:
            what = "version" if alias.isdigit() else "alias"
            yield refusal(case, PlanError, f"{item.key}: there is no {what} {alias}", mapping_place(item))


def mapping_place(item: Desired) -> Origin | None:
    return origin_of(item.origins, ("alias",))


def deletes_a_version_in_use(case: Case, drafts: Drafts) -> Iterator[Diagnostic]:
    newest = max((item.key.name for item in case.held(VERSION)), key=version_order, default="")
    is_superseded = any(draft.pair.key.name == PUBLISHED for draft in drafts)
    followed = aliases_after(case, drafts)
    for draft in drafts:
        if draft.pair.key.kind != VERSION.name or draft.verb != "delete":
            continue
        version = draft.pair.key.name
        users = sorted(alias for alias, versions in followed.items() if version in versions)
        origin = place(case, VERSION.section)
        if users:
            yield refusal(
                case, PlanError, f"version {version} is used by alias {', '.join(users)}; move it first", origin
            )
        elif case.spec.publish and version == newest and not is_superseded:
            message = f"version {version} is the newest and `publish: true` would make it again; delete it after the next one is published"
            yield refusal(case, PlanError, message, origin)


def deletes_what_a_mapping_invokes(case: Case, drafts: Drafts) -> Iterator[Diagnostic]:
    """AWS would delete it without a word, and the mapping's events would fail from then on."""
    going = [draft for draft in drafts if draft.verb == "delete" and draft.pair.key.kind in (ALIAS.name, VERSION.name)]
    if case.spec.is_absent or not going:
        return
    if case.scope is not None and EVENT_SOURCE_MAPPING.name not in case.scope:
        message = "the snapshot does not say whether a mapping invokes what is deleted; take it anew"
        yield refusal(case, PlanError, f"{case.spec.target}: {message}")
        return
    invoking = mappings_after(case, drafts)
    for draft in going:
        kind, name = draft.pair.key.kind, draft.pair.key.name
        for mapping in invoking.get(name, ()):
            message = (
                f"{kind} {name} is invoked by mapping {mapping}; move or delete the mapping first, or keep the {kind}"
            )
            yield refusal(
                case,
                PlanError,
                f"{case.spec.target}: {message}",
                place(case, ALIAS.section if kind == ALIAS.name else VERSION.section),
            )


def mappings_after(case: Case, drafts: Drafts) -> dict[str, list[str]]:
    """Qualifier -> the mappings, by UUID and source, that will invoke it; live ones that no draft touches included."""
    moved = {
        draft.pair.live.key: "" if draft.pair.desired is None else qualifier(draft.pair.desired.properties)
        for draft in drafts
        if draft.pair.live and draft.pair.key.kind == EVENT_SOURCE_MAPPING.name
    }
    found: dict[str, list[str]] = {}
    for item in case.held(EVENT_SOURCE_MAPPING):
        source = item.properties.get("EventSourceArn") or "self-managed Kafka"
        invoked = moved.get(item.key, qualifier(item.properties))
        if invoked:
            found.setdefault(invoked, []).append(f"{item.key.name} of {source}")
    return found


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
    was_not_read,
    holds_what_it_does_not_show,
    keeps_what_has_no_default,
    refers_to_what_cannot_be_read,
    cannot_be_created,
    has_too_large_an_environment,
    has_too_many_tags,
    takes_what_is_its_own_along,
    is_not_ours,
    needs_permission_to_replace,
    code_is_missing,
    code_is_known_by_report,
    code_looks_like_credentials,
    is_the_same_code_elsewhere,
    needs_code_to_change,
    cannot_be_created_again,
    routes_to_missing_versions,
    routes_to_one_version_twice,
    routes_between_unlike_versions,
    invokes_a_missing_alias,
    deletes_a_version_in_use,
    deletes_what_a_mapping_invokes,
    last_update_failed,
    is_already_absent,
)
