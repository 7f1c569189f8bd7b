"""What is kept started must fit what there will be: one version once, all together of what is reserved. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.core.errors import PlanError
from reconciler.core.finding import Rule
from reconciler.core.plans import Diagnostic
from reconciler.kinds.autoscaling import within
from reconciler.kinds.concurrency import RESERVED_CONCURRENCY, reserves
from reconciler.kinds.provisioned_concurrency import KEPT_STARTED, NUMBER, SCALED, trouble
from reconciler.plan.case import Case
from reconciler.plan.changes import Draft
from reconciler.plan.qualifiers import version_of_each_after
from reconciler.plan.speaking import Drafts, PlanCheck, is_new, refusal, spec_origin, warning

_PAGE = "https://docs.aws.amazon.com/lambda/latest/dg/provisioned-concurrency.html"


def kept(drafts: Drafts) -> Iterator[Draft]:
    """The drafts of what will be kept started."""
    return (draft for draft in drafts if draft.pair.key.kind == KEPT_STARTED.name and draft.pair.desired)


@Rule("R271", "For one version something is kept started once, whichever alias is on it.", _PAGE)
def is_kept_twice(case: Case, drafts: Drafts) -> Iterator[Diagnostic]:
    versions = version_of_each_after(case, drafts)
    first: dict[str, str] = {}
    for draft in kept(drafts):
        name = draft.pair.key.name
        version = name if name.isdigit() else versions.get(name, "")
        if version and version in first:
            message = f"{draft.pair.key}: {first[version]} is version {version} as well, for which AWS keeps something started once; take one of the two out"
            yield refusal(case, PlanError, message, spec_origin(case, *KEPT_STARTED.at(name)))
        first.setdefault(version, name)


@Rule("R272", "What is kept started is of what the function has reserved, whoever has reserved it.", _PAGE)
def is_more_than_reserved(case: Case, drafts: Drafts) -> Iterator[Diagnostic]:
    reserved = reserved_after(case, drafts)
    numbers = [number_after(draft) for draft in kept(drafts)]
    if reserved is not None and sum(numbers) > reserved:
        message = f"{case.spec.target}: {sum(numbers)} are to be kept started, and {reserved} are reserved; reserve more (concurrency), or keep fewer"
        yield refusal(case, PlanError, message, spec_origin(case, KEPT_STARTED.section))


def reserved_after(case: Case, drafts: Drafts) -> int | None:
    """How many executions will be the function's own; None where none are."""
    is_owned = RESERVED_CONCURRENCY.section in case.spec.sections
    live = [] if is_new(drafts) else case.held(RESERVED_CONCURRENCY)
    items = case.desired(RESERVED_CONCURRENCY) if is_owned else live
    return next((reserves(item.properties) for item in items), None)


def number_after(draft: Draft) -> int:
    """What scaling has come to stays as it is, within its bounds."""
    assert draft.pair.desired is not None
    wanted = draft.pair.desired.properties
    held = draft.pair.live.properties.get(NUMBER) if draft.pair.live else None
    if held is None or any(difference.steps == (NUMBER,) for difference in draft.differences):
        return int(wanted[NUMBER])
    return within(held, wanted[SCALED]) if wanted.get(SCALED) else int(held)


@Rule("W214", "What AWS could not start is named with its reason as long as that is so.", _PAGE)
def could_not_be_started(case: Case, drafts: Drafts) -> Iterator[Diagnostic]:
    for draft in kept(drafts):
        if draft.pair.live and (why := trouble(draft.pair.live)):
            message = (
                f"{draft.pair.key}: {why}; mend the version and publish another, or move the alias to one that starts"
            )
            yield warning(case, message, spec_origin(case, *KEPT_STARTED.at(draft.pair.key.name)))


RULES: tuple[PlanCheck, ...] = (is_kept_twice, is_more_than_reserved, could_not_be_started)
