"""What is worth saying about a target's drafts before the first write: refusals, warnings, notes. Pure.

A refusal keeps its target from being applied; the others go on.
"""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.core.diff import pointer, steps_of
from reconciler.core.errors import NotOwned, PlanError, ReplacementRequired
from reconciler.core.finding import Rule
from reconciler.core.plans import Diagnostic
from reconciler.core.values import Sealed, Unreadable
from reconciler.kinds.configuration import MAX_ENVIRONMENT_BYTES, environment_bytes
from reconciler.kinds.function import FUNCTION
from reconciler.kinds.needs import needed
from reconciler.kinds.registry import KINDS
from reconciler.kinds.tags import MARK
from reconciler.plan import code, kept, layers, packages, provisioned, qualifiers, retention, rollout_rules
from reconciler.plan.case import Case
from reconciler.plan.changes import Draft, differing, origin_of, prefix
from reconciler.plan.speaking import Drafts, PlanCheck, note, refusal, spec_origin, warning

MAX_TAGS = 50
# Of what the plan itself cannot do.
CAN_BE_READ = Rule("R231", "Of a target that could not be read nothing is known, so nothing of it is changed.")
IS_A_CALL_OF_THE_MODEL = Rule("R232", "What is sent is what botocore's model of the call takes.")
CAN_BE_LISTED = Rule("W231", "Functions without a spec are looked for wherever specs are for.")


def notes(case: Case, drafts: Drafts) -> list[Diagnostic]:
    """Everything that the rules have to say, in their order."""
    return [said for rule in RULES for said in rule(case, drafts)]


@Rule("R201", "A saved snapshot holds everything that the spec speaks of.")
def was_not_read(case: Case, drafts: Drafts) -> Iterator[Diagnostic]:
    """A saved snapshot knows only what the specs needed when it was taken; of the rest nothing can be told."""
    missing = sorted(needed(case.spec) - case.scope) if case.scope is not None else []
    if missing and case.is_listed is not False:
        what = "this target" if case.spec.target.root in missing else f"its {', '.join(missing).replace('_', ' ')}"
        exists = ", which exists" if case.is_listed else ""
        yield refusal(
            case, PlanError, f"{case.spec.target}: the snapshot was taken without {what}{exists}; take it anew"
        )


@Rule("W215", "What outlives a function is looked for before another of its name is created.")
def may_find_what_was_left(case: Case, drafts: Drafts) -> Iterator[Diagnostic]:
    """A list of names tells that there is no such function, and nothing of what an earlier one may have left."""
    if case.is_listed is not False:
        return
    names = needed(case.spec)
    left = sorted(
        kind.name.replace("_", " ") for kind in KINDS.values() if kind.name in names and kind.outlives_function
    )
    if left:
        message = f"{case.spec.target} did not exist when the snapshot was taken; whether an earlier one left its {', '.join(left)} was not read"
        yield note(case, message, case.spec.origins.get(""), left_out=True)


# What would make a function of a half, or let one go live.
MAKING = frozenset({"CreateFunction", "UpdateFunctionConfiguration", "UpdateFunctionCode", "PublishVersion"})


@Rule("R202", "What AWS does not show is neither compared nor written from; a function waits until it is readable.")
def holds_what_it_does_not_show(case: Case, drafts: Drafts) -> Iterator[Diagnostic]:
    """What the spec owns and nobody can read. A function is left alone as long as that is so, for its settings go live
    together; a mapping's are sent one by one."""
    making = MAKING & {step.operation for draft in drafts for step in draft.steps}
    for draft in drafts:
        for path, value in draft.hidden:
            whole = pointer(prefix(KINDS[draft.pair.key.kind], draft.pair.key.name)) + path
            origin = spec_origin(case, whole.split("/")[1])
            what = f"{case.spec.target}: {whole} cannot be read ({value.reason}), so it is neither compared nor changed"
            if draft.pair.key.kind == FUNCTION.name and making:
                mend = f'let the caller read it, or write `ignore: ["{whole}"]` to leave it to others'
                yield refusal(case, PlanError, f"{what}, nor is the rest; {mend}", origin)
            else:
                yield warning(case, what, origin, left_out=True)


@Rule("R203", "What a spec refers to can be read before anything is changed.")
def refers_to_what_cannot_be_read(case: Case, drafts: Drafts) -> Iterator[Diagnostic]:
    for at, problem in sorted(case.spec.unresolved.items()):
        yield refusal(case, PlanError, problem, origin_of(case.spec.origins, steps_of(at)))


@Rule("W201", "What git dropped and has no known default stays as it is, and is named.")
def keeps_what_has_no_default(case: Case, drafts: Drafts) -> Iterator[Diagnostic]:
    """A section is owned whole, but what AWS falls back to is not known of every member: that is said, not guessed."""
    for draft in drafts:
        if draft.without_default and draft.verb not in ("replace", "delete"):
            kind = KINDS[draft.pair.key.kind]
            start = pointer(prefix(kind, draft.pair.key.name))
            paths = ", ".join(start + path for path in draft.without_default)
            sent = differing(kind, draft.differences)
            is_sent_around = any("/".join(steps_of(path)[: kind.depth]) in sent for path in draft.without_default)
            message = (
                f"{case.spec.target}: AWS holds {paths}, which the spec does not name and of which no default is known, so it "
                f"stays as it is{', unless it goes with what is sent around it' if is_sent_around else ''}; write it into the spec, "
                "or leave it to others with `ignore`"
            )
            origin = spec_origin(case, (start + draft.without_default[0]).split("/")[1])
            yield warning(case, message, origin, left_out=True)


@Rule(
    "R205",
    "The environment as it is sent is at most 4096 bytes of JSON.",
    "https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html",
)
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
            yield refusal(case, PlanError, message, spec_origin(case, "configuration"))


@Rule(
    "R206",
    "A resource has at most 50 tags, our mark among them.",
    "https://docs.aws.amazon.com/lambda/latest/api/API_TagResource.html",
)
def has_too_many_tags(case: Case, drafts: Drafts) -> Iterator[Diagnostic]:
    """AWS's own tags do not count; our mark does, and so does what the spec leaves to others."""
    for draft in drafts:
        tags = tags_after(draft)
        if len(tags) > MAX_TAGS:
            others = len(tags) - (MARK in tags)
            what = f"{others} tags and our mark" if MARK in tags else f"{others} tags"
            message = f"{draft.pair.key}: {what} are more than AWS's {MAX_TAGS}"
            yield refusal(case, PlanError, message, spec_origin(case, "tags"))


def tags_after(draft: Draft) -> set[str]:
    """Keys of the tags that a resource will have once the draft is carried out; empty when none of its tags move."""
    moving = [step.params for step in draft.steps if {"Tags", "TagKeys"} & set(step.params)]
    is_made = draft.verb in ("create", "replace")
    held = draft.pair.live.handle.get("Tags", {}) if draft.pair.live and not is_made else {}
    keys = {key for key in held if not key.startswith("aws:")} if moving else set()
    for params in moving:
        keys = (keys - set(params.get("TagKeys", ()))) | set(params.get("Tags", {}))
    return keys


@Rule("W202", "A replacement takes along everything of the function that no spec says.")
def takes_what_is_its_own_along(case: Case, drafts: Drafts) -> Iterator[Diagnostic]:
    """A function that is replaced loses everything but what its spec says. A saved snapshot does not know what there is."""
    is_replaced = any(draft.pair.key.kind == FUNCTION.name and draft.verb == "replace" for draft in drafts)
    if is_replaced:
        message = (
            f"{case.spec.target} loses all versions with its replacement, the addresses of its URLs, and all that its spec "
            "does not say: aliases, tags, policy, URLs, reserved and provisioned concurrency, asynchronous configuration, "
            "autoscaling"
        )
        ignored = f"; so goes what is ignored: {', '.join(case.spec.ignore)}" if case.spec.ignore else ""
        yield warning(case, message + ignored, spec_origin(case))


@Rule("W226", "What `ignore` leaves to others is not there yet where a function is made.")
def is_made_without_what_others_own(case: Case, drafts: Drafts) -> Iterator[Diagnostic]:
    """It was there where the spec was written, and a function elsewhere begins without. What the spec says itself is another matter: of a
    reference that is not looked up, too."""
    said = case.spec.origins
    named = [p for p in case.spec.ignore if p.startswith("/configuration/") and "*" not in p and p not in said]
    if named and any(draft.pair.key.kind == FUNCTION.name and draft.verb == "create" for draft in drafts):
        message = (
            f"{case.spec.target} is made without {', '.join(named)}, which `ignore` leaves to others; put it there, "
            "or say it in a variant that has an `ignore` of its own"
        )
        yield warning(case, message, spec_origin(case, "ignore"))


@Rule("W208", "A change that opens, stops, unties or deletes more than its values show is told before it is made.")
def is_worth_a_warning(case: Case, drafts: Drafts) -> Iterator[Diagnostic]:
    """What a kind itself has to say about a change."""
    for draft in drafts:
        kind, pair, function = KINDS[draft.pair.key.kind], draft.pair, case.spec.target.function
        if pair.desired is None or draft.verb == "none":
            continue
        before = kind.normal(pair.live.properties, function) if pair.live else None
        text = kind.warning(before, kind.normal(pair.desired.properties, function))
        if text:
            origin = spec_origin(case, *prefix(kind, pair.key.name))
            yield warning(case, f"{pair.key} {text}", origin)


@Rule("R270", "What git drops is something that AWS has a call to delete.")
def cannot_be_deleted(case: Case, drafts: Drafts) -> Iterator[Diagnostic]:
    for draft in drafts:
        kind, live = KINDS[draft.pair.key.kind], draft.pair.live
        if live and draft.verb == "delete" and (why := kind.undeletable(live)):
            at = pointer(prefix(kind, draft.pair.key.name))
            message = (
                f'{draft.pair.key} {kind.remark(live)}: {why}; or take it out by hand, or write `ignore: ["{at}"]`'
            )
            yield refusal(case, PlanError, message, spec_origin(case, *prefix(kind, draft.pair.key.name)))


@Rule(
    "R204",
    "A function that does not exist is created of `configuration` and `code`.",
    "https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html",
)
def cannot_be_created(case: Case, drafts: Drafts) -> Iterator[Diagnostic]:
    is_function = case.spec.target.root == FUNCTION.name
    if is_function and case.function is None and not drafts:
        missing = [f"`{name}`" for name in ("configuration", "code") if name not in case.spec.sections]
        what = f"{missing[0]} as well, here or in its variant" if len(missing) == 1 else "`configuration` and `code`"
        yield refusal(case, PlanError, f"{case.spec.target} does not exist; to create it the spec needs {what}")


@Rule("R208", "Nothing is deleted and created again unless the spec says `allow_replace: true`.")
def needs_permission_to_replace(case: Case, drafts: Drafts) -> Iterator[Diagnostic]:
    for draft in drafts:
        if draft.verb == "replace" and not case.spec.allow_replace and not KINDS[draft.pair.key.kind].is_kept:
            origin = next((change.origin for change in draft.action.changes if change.origin), None)
            message = f"{draft.pair.key} must be deleted and created again: {draft.action.reason}; write `allow_replace: true` to let it"
            yield refusal(case, ReplacementRequired, message, origin)


@Rule("R207", "A function that bears another mark, or none, is changed only once it is adopted.")
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


@Rule("R211", "What must be created again is created of `configuration` and `code`.")
def cannot_be_created_again(case: Case, drafts: Drafts) -> Iterator[Diagnostic]:
    for draft in drafts:
        if draft.pair.key.kind == FUNCTION.name and draft.verb == "replace" and not draft.steps:
            message = f"{draft.pair.key} must be deleted and created again: {draft.action.reason}; for that the spec needs `configuration` and `code`"
            yield refusal(case, PlanError, message)


@Rule("W206", "What is to be deleted and is not there needs no call.")
def is_already_absent(case: Case, drafts: Drafts) -> Iterator[Diagnostic]:
    for draft in drafts:
        if draft.verb == "none" and draft.action.reason and draft.pair.live is None:
            yield note(case, f"{draft.pair.key} is {draft.action.reason}", None)


@Rule(
    "W207",
    "After a failed update AWS may still run what was before it.",
    "https://docs.aws.amazon.com/lambda/latest/dg/functions-states.html",
)
def last_update_failed(case: Case, drafts: Drafts) -> Iterator[Diagnostic]:
    handle = case.function.handle if case.function and not case.spec.is_absent else {}
    if handle.get("LastUpdateStatus") == "Failed":
        why = handle.get("LastUpdateStatusReasonCode") or "no reason given"
        yield warning(
            case, f"the last update of {case.spec.target} failed ({why}); AWS may still run what was before it", None
        )


RULES: tuple[PlanCheck, ...] = (
    was_not_read,
    may_find_what_was_left,
    holds_what_it_does_not_show,
    keeps_what_has_no_default,
    refers_to_what_cannot_be_read,
    is_worth_a_warning,
    cannot_be_created,
    has_too_large_an_environment,
    has_too_many_tags,
    takes_what_is_its_own_along,
    is_made_without_what_others_own,
    is_not_ours,
    needs_permission_to_replace,
    cannot_be_deleted,
    *code.RULES,
    cannot_be_created_again,
    *qualifiers.RULES,
    *kept.RULES,
    *packages.RULES,
    *provisioned.RULES,
    *retention.RULES,
    *rollout_rules.RULES,
    *layers.RULES,
    last_update_failed,
    is_already_absent,
)
