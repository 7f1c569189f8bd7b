"""What is worth saying of aliases that move in steps: what keeps a rollout from beginning, and where one is that is open. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from reconciler.core.errors import PlanError
from reconciler.core.finding import Rule
from reconciler.core.plans import Diagnostic
from reconciler.core.rollouts import GOING, Underway
from reconciler.core.words import many
from reconciler.kinds.alias import ALIAS
from reconciler.kinds.configuration import longest_invocation
from reconciler.kinds.provisioned_concurrency import KEPT_STARTED, NUMBER
from reconciler.kinds.version import VERSION
from reconciler.plan.case import Case
from reconciler.plan.changes import Draft
from reconciler.plan.qualifiers import contents_after, differing_members
from reconciler.plan.speaking import Drafts, PlanCheck, is_new, note, refusal, spec_origin, warning
from reconciler.rollout.words import in_a_sentence

_ROUTING = "https://docs.aws.amazon.com/lambda/latest/dg/configuring-alias-routing.html"


def rolling(drafts: Drafts, *courses: str) -> Iterator[tuple[Draft, Underway]]:
    """The drafts of aliases whose rollout is at one of these."""
    for draft in drafts:
        underway = draft.action.rollout
        if underway and underway.course in courses:
            yield draft, underway


@Rule("R345", "A rollout begins on an alias that has no weights but those of a rollout of ours.")
def has_weights_of_somebody(case: Case, drafts: Drafts) -> Iterator[Diagnostic]:
    for draft, underway in rolling(drafts, "blocked"):
        message = f"{draft.pair.key}: {underway.reason}; no rollout begins on top of them"
        yield refusal(case, PlanError, message, spec_origin(case, *ALIAS.at(draft.pair.key.name)))


@Rule("R346", "A rollout's two versions have one role and one dead letter target.", _ROUTING)
def moves_between_unlike_versions(case: Case, drafts: Drafts) -> Iterator[Diagnostic]:
    for draft, underway in rolling(drafts, "begins"):
        held = contents_after(case, drafts) if case.function and not is_new(drafts) else {}
        sides = [held[version] for version in (underway.stable, underway.candidate) if version in held]
        unlike = differing_members(case.spec.target.function, *sides) if len(sides) == 2 else []
        if unlike:
            message = (
                f"{draft.pair.key}: versions {underway.stable} and {underway.candidate} differ in {' and '.join(unlike)}, and AWS "
                "routes between equal ones only; use `rollout: all-at-once` for this change"
            )
            yield refusal(case, PlanError, message, spec_origin(case, *ALIAS.at(draft.pair.key.name), "rollout"))


@Rule("R347", "The version that a rollout's marker speaks of is there as long as git says `published`.")
def has_lost_its_candidate(case: Case, drafts: Drafts) -> Iterator[Diagnostic]:
    for draft, underway in rolling(drafts, "lost"):
        message = (
            f"{draft.pair.key}: version {underway.candidate}, which its rollout was about, was deleted, so nobody can tell whether what "
            f'is newest now is something else; pin FunctionVersion: "{underway.stable}" once, then go on'
        )
        yield refusal(case, PlanError, message, spec_origin(case, *ALIAS.at(draft.pair.key.name)))


@Rule("R348", "What is kept started for an alias gets another number in another plan than a rollout begins in.")
def changes_what_is_kept_started(case: Case, drafts: Drafts) -> Iterator[Diagnostic]:
    beginning = {draft.pair.key.name for draft, _ in rolling(drafts, "begins")}
    for draft in drafts:
        if draft.pair.key.kind != KEPT_STARTED.name or draft.pair.key.name not in beginning:
            continue
        is_another = any(item.steps == (NUMBER,) for item in draft.differences)
        if draft.verb == "create" or (draft.verb == "update" and is_another):
            message = (
                f"{draft.pair.key}: its number changes in the plan in which a rollout of its alias begins; change it in one commit, "
                "and the code in the next"
            )
            yield refusal(case, PlanError, message, spec_origin(case, *KEPT_STARTED.at(draft.pair.key.name)))


@Rule("W250", "An open rollout goes on by itself; what git says is what it is about.")
def is_under_way(case: Case, drafts: Drafts) -> Iterator[Diagnostic]:
    for draft, underway in rolling(drafts, *GOING):
        message = f"{draft.pair.key}: {in_a_sentence(underway, str(draft.pair.key))}"
        origin = spec_origin(case, *ALIAS.at(draft.pair.key.name))
        yield note(case, message, origin)


@Rule("W263", "The version that a rollout would go back to is there.")
def has_lost_its_way_back(case: Case, drafts: Drafts) -> Iterator[Diagnostic]:
    """While an alias is watched it is not on that version any more, so that AWS lets anybody delete it."""
    held = {item.key.name for item in case.held(VERSION)}
    for draft, underway in rolling(drafts, *GOING):
        if underway.candidate in held and underway.stable not in held:
            message = (
                f"{draft.pair.key}: version {underway.stable}, which its rollout would go back to, was deleted, so that nothing takes "
                f"{underway.candidate} back; where that fails, `reconcile rollback {draft.pair.key} --to N`, or a fix"
            )
            origin = spec_origin(case, *ALIAS.at(draft.pair.key.name))
            yield warning(case, message, origin)


@Rule("W251", "A version that was rejected is not tried again by itself.")
def was_rejected(case: Case, drafts: Drafts) -> Iterator[Diagnostic]:
    for draft, underway in rolling(drafts, "rejected"):
        because = f" ({underway.reason})" if underway.reason else ""
        message = (
            f"{draft.pair.key}: {underway.candidate} was rejected{because}; publish a fix, pin {underway.stable}, "
            "or `reconcile rollout retry`"
        )
        origin = spec_origin(case, *ALIAS.at(draft.pair.key.name))
        yield warning(case, message, origin, left_out=True)


@Rule("W252", "Traffic that somebody else moved is told, and never moved back.")
def was_moved_by_somebody(case: Case, drafts: Drafts) -> Iterator[Diagnostic]:
    for draft, underway in rolling(drafts, "disagreement"):
        message = f"{draft.pair.key}: {underway.reason}; nothing is moved until a person says how it goes on"
        origin = spec_origin(case, *ALIAS.at(draft.pair.key.name))
        yield warning(case, message, origin, left_out=True)


@Rule("W253", "A step takes longer than one invocation may, or nothing of it can be judged in time.")
def outlasts_its_steps(case: Case, drafts: Drafts) -> Iterator[Diagnostic]:
    """A point of a metric bears an invocation's start, so that a long one is told late."""
    for draft, underway in rolling(drafts, "begins"):
        after = contents_after(case, drafts).get(underway.candidate)
        steps = case.spec.rollouts[draft.pair.key.name].steps
        bakes = [step.bake for step in steps if not step.is_approval]
        longest = longest_invocation(after["configuration"]) if after else timedelta(0)
        if bakes and min(bakes) < longest:
            message = (
                f"{draft.pair.key}: its shortest step takes {many(int(min(bakes).total_seconds()), 'second')}, and an invocation may take "
                f"{int(longest.total_seconds())}, so that a step may be over before it can be judged; let it bake for longer"
            )
            origin = spec_origin(case, *ALIAS.at(draft.pair.key.name), "rollout")
            yield warning(case, message, origin)


@Rule("W254", "What is kept started for an alias stays as it is while a rollout of that is open.")
def waits_for_its_alias(case: Case, drafts: Drafts) -> Iterator[Diagnostic]:
    for draft in drafts:
        if draft.pair.key.kind == KEPT_STARTED.name and draft.verb == "none" and draft.action.reason:
            origin = spec_origin(case, *KEPT_STARTED.at(draft.pair.key.name))
            message = f"{draft.pair.key} {draft.action.reason}"
            yield note(case, message, origin, left_out=True)


RULES: tuple[PlanCheck, ...] = (
    has_weights_of_somebody,
    moves_between_unlike_versions,
    has_lost_its_candidate,
    changes_what_is_kept_started,
    is_under_way,
    has_lost_its_way_back,
    was_rejected,
    was_moved_by_somebody,
    outlasts_its_steps,
    waits_for_its_alias,
)
