"""What a repository and its forge tell of merges: what earlier runs carried out, which pull requests came since, what they showed.

Nothing that another job left is written to a disk here, where its name could lead somewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from reconciler.commands import wiring, workspaces
from reconciler.commands.apply import as_written
from reconciler.commands.base import config_at
from reconciler.commands.ci.telling import connected
from reconciler.commands.distant import newest_reports
from reconciler.commands.last_applied import until_whole
from reconciler.commands.output import warn
from reconciler.commands.workspaces import Workspace
from reconciler.core.errors import AwsError, ForgeError, ReportError, UnsafePlan
from reconciler.core.words import shortened
from reconciler.files.repository import Repository
from reconciler.github.approvals import Record, Shown, records, requests_of, shown
from reconciler.github.job import Job, part
from reconciler.github.port import Forge, PullRequest
from reconciler.report.applied import Applied, applied
from reconciler.report.journal import json_object
from reconciler.spec.lineage import UP_TO, commit_of, is_before, is_known, merged_since, parent_of
from reconciler.spec.loosening import unreachable

MOST_COMMITS = 100  # whose pull requests are asked for: a job's token may ask a thousand times an hour
LONGEST_PROBLEM = 500  # characters: what an artifact says of itself stands in the message
Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Seen:
    """A pull request with the plan that it showed last, or why that cannot be had. `is_new`: no run has begun to carry it
    out. `done` are targets that were carried out since it came."""

    request: PullRequest
    plan: Document | None = None
    problem: str = ""
    is_new: bool = True
    done: frozenset[str] = frozenset()

    @property
    def still_shown(self) -> Document:
        """The plan without what it approved and was done: what differs there by now is something else."""
        targets = (self.plan or {}).get("targets", ())
        return {**(self.plan or {}), "targets": [target for target in targets if target["address"] not in self.done]}


def merged(tree: Repository, forge: Forge, known: Applied, since: str, branch: str, name: str) -> list[Seen]:
    """The pull requests that came since a commit, oldest first, with what they showed."""
    commits = merged_since(tree, since)
    if len(commits) > MOST_COMMITS:
        left = len(commits) - MOST_COMMITS
        warn(f"{left} of {len(commits)} commits since {since[:10]} are left out: what they brought counts as not shown")
    commits = commits[-MOST_COMMITS:]
    begun = known.last if known.last and is_known(tree, known.last) else since
    new = set(merged_since(tree, begun)) if begun else set(commits)
    older = requests_of(forge, [commit for commit in commits if commit not in new], branch)
    newer = requests_of(forge, [commit for commit in commits if commit in new], branch)
    order = {commit: number for number, commit in enumerate(commits)}
    done = {address: order.get(commit, -1) for address, commit in known.by_target.items()}
    return [
        replace(one, done=frozenset(address for address, at in done.items() if order[came[one.request]] <= at))
        for came, is_new in ((older, False), (newer, True))
        for one in seen(tree, forge, came, name, is_new=is_new)
    ]


def seen(
    tree: Repository, forge: Forge, requests: Iterable[PullRequest], name: str, *, is_new: bool = True
) -> list[Seen]:
    """What pull requests showed, in their order."""
    return [_seen(tree, one, is_new=is_new) for one in shown(forge, requests, name)]


def _seen(tree: Repository, one: Shown, *, is_new: bool) -> Seen:
    if one.problem:
        return Seen(one.request, problem=shortened(one.problem, LONGEST_PROBLEM), is_new=is_new)
    path = f"the plan of #{one.request.number}"
    try:
        plan = as_written(json_object(one.plan, path), path)
        problem = judged_elsewhere(tree, plan)
        return Seen(one.request, None if problem else plan, problem, is_new=is_new)
    except ReportError as error:
        problem = shortened(str(error).removeprefix(f"{path}: "), LONGEST_PROBLEM)
        return Seen(one.request, problem=problem, is_new=is_new)


def judged_elsewhere(tree: Repository, plan: Document) -> str:
    """Why a plan approves nothing that was judged by a commit of another branch: who may push one makes guards of his own there."""
    base = str(part(plan, "configuration").get("base", ""))
    is_a_commit = re.fullmatch("[0-9a-f]{40}([0-9a-f]{24})?", base)
    if not is_a_commit or (is_known(tree, base) and (is_before(tree, base) or base == commit_of(tree, UP_TO))):
        return ""
    return f"its plan was judged by {base[:10]}, which is no commit of this branch"


def carried_out(workspace: Workspace, forge: Forge | None, name: str, branch: str, before: str) -> Applied:
    """What earlier runs carried out, by the reports that they left as artifacts and where reconcile.yaml says; `before` is the commit that what
    is looked at came onto. Raises ForgeError, AwsError where they cannot be had: unknown is not nothing."""
    place = workspace.shard
    found = list(until_whole(_reports(records(forge, name, branch)), place)) if forge else []
    kept = kept_as_before(workspace, (applied(found, place).whole, before))
    if kept.config.reports:
        aws = wiring.connect(kept.config, kept.accounts)
        found += until_whole(newest_reports(kept, aws), place)
    return applied(found, place)


def kept_as_before(workspace: Workspace, commits: Iterable[str]) -> Workspace:
    """The workspace with accounts and reports as they were at the first of these commits that is known: no change says where to read that it
    was carried out already. Where none is known, or had a reconcile.yaml, it is the one that there is."""
    history = workspaces.history(workspace)
    tree = history.repository
    commit = next((commit for commit in (*commits, parent_of(tree)) if is_known(tree, commit)), "")
    try:
        before = config_at(history, commit, workspace) if commit else None
    except UnsafePlan as error:
        warn(f"reports are not read, for where they lay before is not known: {error}")
        return replace(workspace, config=replace(workspace.config, reports=""))
    if before is None:
        return workspace
    written = tuple(spec for spec in workspace.written if not unreachable(before, spec))
    specs = tuple(spec for spec in workspace.specs.specs if not unreachable(before, spec))
    config = before if written and before.is_enabled else replace(before, reports="")
    return replace(workspace, config=config, specs=replace(workspace.specs, specs=specs), written=written)


def told_by_records(here: Job | None, workspace: Workspace, name: str) -> Applied | None:
    """What earlier runs carried out; None where nobody can be asked. What cannot be had is told, and keeps nothing from being planned."""
    try:
        forge = connected(here) if here else None
        return carried_out(workspace, forge, name, here.branch, here.base) if here and forge else None
    except (ForgeError, AwsError) as error:
        warn(f"what is merged and not applied yet may count as drift, for records cannot be had: {error}")
        return None


def _reports(records: Iterable[Record]) -> Iterator[Document]:
    """The documents that speak of the commit which their run looked at: nobody else's word says what was carried out."""
    for record in records:
        try:
            report = json_object(record.content, record.name)
        except ReportError as error:
            warn(f"a record is left out: {error}")
            continue
        if part(report, "provenance").get("commit") == record.commit:
            yield report


def beginning(tree: Repository, known: Applied, pushed_onto: str) -> str:
    """The commit after which everything is still to be carried out: the one that was last carried out as a whole or, where no
    record tells, the one that was pushed onto; empty where neither is known here."""
    if known.whole and is_known(tree, known.whole) and not is_before(tree, "HEAD", known.whole):
        return known.whole
    return pushed_onto if pushed_onto and is_known(tree, pushed_onto) else ""


def needs_approval(workspace: Workspace, since: str) -> bool:
    """Whether what is done must have been shown: unless reconcile.yaml says otherwise, and is known to have said so before this
    change."""
    if workspace.own.needs_approval or not since:
        return True
    before = config_at(workspaces.history(workspace), since, workspace)
    return before is None or before.needs_approval


def needs_token(permission: str) -> str:
    """What to write where nobody can tell what pull requests have shown."""
    return (
        "GITHUB_TOKEN is not set, so nobody can tell what pull requests have shown; give the step "
        f"`env: {{GITHUB_TOKEN: ${{{{ github.token }}}}}}` and the job `permissions: {{actions: read, {permission}}}`"
    )
