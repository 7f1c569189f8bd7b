"""Reviewed plans against the plan that is made now. Pure: documents in, what may not be applied out.

A target may be changed when everything that is left to do about it was seen: each action, and each field of it, stands in the last
reviewed plan that acts on the target. So what a run has done already, or AWS holds by now, undoes no approval. The reviewed files
have no authority of their own: they only say what was seen.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from reconciler.core.errors import ReportError, StalePlan
from reconciler.core.finding import Rule
from reconciler.core.later import Later, read_together
from reconciler.core.plans import Diagnostic, Plan, TargetPlan
from reconciler.core.sealing import checksum, digest
from reconciler.kinds.version import VERSION
from reconciler.plan.unseen import Document, changed_lines, difference, settings_lines, unseen_of

IS_WHAT_WAS_APPROVED = Rule("R240", "With an approved plan, a target is changed as that plan shows it.")
IS_UNDER_WHAT_WAS_APPROVED = Rule("R241", "An approved plan holds under the configuration that it was approved under.")
IS_THE_PLAN_THAT_WAS_APPROVED = Rule("R265", "An approval by digest is of the very plan that is made now.")
IS_STILL_TO_DO = Rule("W240", "What was approved is still to be done.")


def check(document: Document, path: str) -> None:
    """Raises ReportError when the reviewed file is not as it was written."""
    if document["checksum"] != checksum(document):
        raise ReportError(f"{path}: was changed after it was written (its checksum does not fit); make the plan anew")


@dataclass(frozen=True, slots=True)
class Review:
    """A reviewed plan's document; `problem` says why it approves nothing, for it was made under another configuration."""

    document: Document
    problem: str = ""


def reviews(now: Document, documents: Iterable[Document]) -> list[Review]:
    """Reviewed plans under the configuration that holds now."""
    return [Review(document, _other_configuration(now, document)) for document in documents]


def require_one_that_holds(judged: Sequence[Review]) -> None:
    """Raises StalePlan when all were made under another configuration."""
    if judged and all(review.problem for review in judged):
        raise StalePlan(IS_UNDER_WHAT_WAS_APPROVED.ends(f"{judged[-1].problem}; nothing was changed"))


def unless_approved(plan: Plan, wanted: str) -> list[Diagnostic]:
    """A refusal of the whole run unless the plan, or what it does, has a digest that a person approved, or it does nothing. Several are
    parted by blanks: those of shards, of which each is a plan of its own."""
    acting = [(str(one.target), one.digest) for one in plan.targets if one.operations]
    to_do = digest_of_acting(acting)
    if not acting or not {plan.digest, to_do}.isdisjoint(wanted.split()):
        return []
    message = f"the plan that was approved is {wanted}, and what is left to do is {plan.digest}"
    return [IS_THE_PLAN_THAT_WAS_APPROVED.cited(Diagnostic("refusal", message, error=StalePlan.__name__))]


def digest_of_acting(targets: Iterable[tuple[str, str | Later]]) -> str:
    """Of the targets about which there is something to do, each with its own digest; in the plan's order."""
    return digest([list(target) for target in targets])


def left_to_do(plan: Document, done: Collection[str]) -> str:
    """The digest of what is left of a plan when some of its targets are done: its own when none is."""
    if not done:
        return str(plan["digest"])
    return digest_of_acting(
        (target["address"], target["digest"])
        for target in plan["targets"]
        if target["operations"] and target["address"] not in done
    )


def _other_configuration(now: Document, approved: Document) -> str:
    """Why a reviewed plan approves nothing under the configuration that holds now, with the difference; empty when it is
    the same for every target. How single accounts are reached is looked at target by target."""
    if "configuration" not in approved:
        return "the approved plan does not say under which configuration it was made; plan again and have it reviewed"
    before, after = approved["configuration"]["house"], now["house"]
    if before["digest"] == after["digest"]:
        return ""
    changed = changed_lines(settings_lines(before), settings_lines(after))
    return f"{now['file']} is not what was approved; {changed}; plan again and have it reviewed"


def unapproved(plan: Plan, now: Document, reviews: Iterable[Review]) -> list[Diagnostic]:
    """A refusal for each target of which something was not reviewed, with the difference; a warning for each that was and needs
    nothing any more."""
    seen = {
        target["address"]: (review, target)
        for review in reviews
        for target in map(without_behind, review.document["targets"])
        if target["operations"]
    }
    acting = [planned for planned in plan.targets if planned.operations]
    speaking = {str(target) for target in (*(planned.target for planned in acting), *plan.refused)}
    idle = [
        IS_STILL_TO_DO.cited(
            Diagnostic("warning", f"{address} was approved, and there is nothing to do about it any more")
        )
        for address in seen
        if address not in speaking
    ]
    read_together(action.hidden for planned in acting for action in planned.actions)
    shown = {target["address"]: target for target in now["targets"]}
    refused = (_refused(planned, now, shown[str(planned.target)], seen.get(str(planned.target))) for planned in acting)
    return [*idle, *filter(None, refused)]


def _refused(
    planned: TargetPlan, now: Document, target: Document, reviewed: tuple[Review, Document] | None
) -> Diagnostic | None:
    """Why a `target`, as a plan made `now` shows it, is not what was `reviewed`; None where it is."""
    review, was = reviewed or (None, None)
    if review and review.problem:
        rule, message = IS_UNDER_WHAT_WAS_APPROVED, f"{planned.target}: {review.problem}"
    elif unseen := unseen_of(planned, now, target, was, review.document if review else None):
        rule, message = IS_WHAT_WAS_APPROVED, difference(planned, unseen)
    else:
        return None
    return rule.cited(Diagnostic("refusal", message, planned.target, error=StalePlan.__name__))


def without_behind(target: Document) -> Document:
    """A reviewed target without what only its base had changed: the review said that a merge keeps that. A version that was to be
    published for nothing else is none."""
    actions = [kept for action in target["actions"] if (kept := _without_behind(action))]
    if actions == target["actions"]:
        return target
    is_acting = any(action["verb"] != "none" and action["kind"] != VERSION.name for action in actions)
    return {**target, "actions": actions, "digest": "", "operations": target["operations"] if is_acting else ()}


def _without_behind(action: Document) -> Document | None:
    fields = [field for field in action["fields"] if field["cause"] != "behind"]
    if len(fields) == len(action["fields"]):
        return action if action["cause"] != "behind" or fields else None
    return {**action, "fields": fields} if fields else None
