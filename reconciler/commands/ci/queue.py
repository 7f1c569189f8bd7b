"""What a merge queue is about to merge, against what its pull requests have shown: what an apply would refuse is found before the merge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from reconciler.commands.apply import reviews
from reconciler.commands.ci.evidence import beginning, carried_out, merged, needs_approval, needs_token, seen
from reconciler.commands.ci.telling import connected
from reconciler.commands.workspaces import Workspace
from reconciler.core.errors import ForgeError
from reconciler.core.plans import Diagnostic, Plan
from reconciler.files.repository import Repository, repository
from reconciler.github import outcome
from reconciler.github.job import Job
from reconciler.github.port import Forge, PullRequest
from reconciler.github.queue import REMOTE, branches_for, waiting
from reconciler.plan import approval
from reconciler.plan.approval import Review
from reconciler.report.applied import Applied
from reconciler.report.documents import plan_document
from reconciler.spec.lineage import commits_since, tips_below


@dataclass(frozen=True, slots=True)
class Queued:
    """What was last carried out, and what has been shown since; `reviews` is None where nothing must have been. `unseen` says of
    which pull requests there is no plan."""

    known: Applied
    reviews: Sequence[Review] | None = None
    unseen: str = ""


def queued(here: Job, workspace: Workspace, name: str) -> Queued:
    """Raises ForgeError where nobody can tell what was shown."""
    forge, tree = connected(here), repository(Path(workspace.own.path).parent)
    onto = merged_into(here, tree)
    known = carried_out(workspace, forge, name, here.branch, onto)
    since = beginning(tree, known, onto)
    if not needs_approval(workspace, since):
        return Queued(known)
    if forge is None:
        raise ForgeError(needs_token("pull-requests: read"))
    shown = [
        *merged(tree, forge, known, since, here.branch, name),
        *seen(tree, forge, waits(here, forge, tree, since), name),
    ]
    problems = outcome.unseen({one.request.number: one.problem for one in shown if one.problem})
    return Queued(known, reviews(workspace, [one.still_shown for one in shown if one.plan]), problems)


def merged_into(here: Job, tree: Repository) -> str:
    """The tip of the branch that the queue is for; the event's base, which may be of the queue itself, where the clone lacks it."""
    return next(iter(tips_below(tree, f"{REMOTE}/{here.branch}")), here.base)


def waits(here: Job, forge: Forge, tree: Repository, since: str) -> list[PullRequest]:
    """Those that are in the queue's commit and not merged yet."""
    commits = commits_since(tree, since) if since else [here.head]
    tips = tips_below(tree, branches_for(here.branch))
    return waiting(forge.open_pull_requests(here.branch), commits, tips, here.queued)


def compared(plan: Plan, queue: Queued) -> Plan:
    """The plan with a refusal for each target of which an apply would refuse something, for no pull request has shown it."""
    if queue.reviews is None:
        return plan
    notes = approval.unapproved(plan, plan_document(plan, {}), queue.reviews)
    if queue.unseen:
        notes.append(Diagnostic("warning", f"{queue.unseen}; what only these change is refused"))
    return replace(plan, diagnostics=(*plan.diagnostics, *notes))
