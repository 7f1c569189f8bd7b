"""What is worth saying of things that outlive their function and that nothing here deletes. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.core.errors import PlanError
from reconciler.core.finding import Rule
from reconciler.core.plans import Diagnostic
from reconciler.kinds.function import FUNCTION
from reconciler.kinds.registry import KINDS
from reconciler.plan.case import Case
from reconciler.plan.changes import final_function
from reconciler.plan.speaking import Drafts, PlanCheck, is_new, note, refusal, spec_origin, warning

KEPT = tuple(kind for kind in KINDS.values() if kind.is_kept)


@Rule(
    "R293",
    "The class of a log group, which holds for good, is what AWS holds: nothing deletes a group, for its logs would go.",
    "https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html",
)
def cannot_be_made_anew(case: Case, drafts: Drafts) -> Iterator[Diagnostic]:
    for draft in drafts:
        kind = KINDS[draft.pair.key.kind]
        for item in draft.differences if kind.is_kept and draft.verb == "replace" else ():
            member = ".".join(item.steps)
            if kind.needs_replacement("/".join(item.steps), item.before, item.after):
                message = (
                    f"{draft.pair.key}: {member} is {item.before} and cannot change, and no {kind.word} is ever deleted; "
                    f"write {member}: {item.before}, or let the function have another {kind.word}"
                )
                yield refusal(case, PlanError, message, spec_origin(case, kind.section, *item.steps))


@Rule("W232", "A log group stays when its function goes, with all that was logged.")
def stays_there(case: Case, drafts: Drafts) -> Iterator[Diagnostic]:
    for draft in drafts:
        live = draft.pair.live
        if live is None or draft.pair.key.kind != FUNCTION.name or draft.verb != "delete":
            continue
        for kind in KEPT:
            name = kind.named(case.spec.target.function, live.properties["configuration"])
            message = f"{kind.word} {name} stays when {case.spec.target} goes, if there is one, with all that is in it"
            yield note(case, message, case.spec.origins.get(""))


@Rule("W233", "A function logs into the group that its spec speaks of.")
def is_of_another_name(case: Case, drafts: Drafts) -> Iterator[Diagnostic]:
    """A spec that does not own the configuration, or leaves this part of it to others, tells the name by guess."""
    if case.function is None or case.spec.is_absent or is_new(drafts):
        return
    own = next((draft for draft in drafts if draft.pair.key.kind == FUNCTION.name), None)
    configuration = final_function(case, own)["configuration"]
    for kind in KEPT:
        actual = kind.named(case.spec.target.function, configuration)
        for item in (item for item in case.desired(kind) if item.key.name != actual):
            message = (
                f"{item.key} is not the {kind.word} of the function, which is {actual}; "
                "say which one it is in `configuration`, or take the section out"
            )
            yield warning(case, message, spec_origin(case, kind.section))


RULES: tuple[PlanCheck, ...] = (cannot_be_made_anew, stays_there, is_of_another_name)
