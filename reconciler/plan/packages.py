"""What is refused of local code that is sent. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.core.errors import PlanError
from reconciler.core.finding import Rule
from reconciler.core.plans import Diagnostic
from reconciler.plan.case import Case
from reconciler.plan.speaking import Drafts, PlanCheck, refusal, spec_origin


@Rule(
    "R290",
    "A package that is too large for a request goes through `artifacts` of reconcile.yaml.",
    "https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html",
)
def has_nowhere_to_go(case: Case, drafts: Drafts) -> Iterator[Diagnostic]:
    for package in (draft.action.package for draft in drafts):
        if package and package.too_large and not package.stored_at:
            mend = "write `artifacts: s3://BUCKET/PREFIX` in reconcile.yaml, a bucket of the function's region, and it goes through that"
            yield refusal(case, PlanError, f"{package.too_large}; {mend}", spec_origin(case, "code"))


RULES: tuple[PlanCheck, ...] = (has_nowhere_to_go,)
