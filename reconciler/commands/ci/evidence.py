"""What a repository and its forge tell of merges: what earlier runs carried out, which pull requests came since, what they showed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reconciler.commands import wiring
from reconciler.commands.apply import reviewed_plan
from reconciler.commands.distant import fetch_reports
from reconciler.commands.output import warn
from reconciler.commands.wiring import Workspace
from reconciler.core.errors import ReportError
from reconciler.files.repository import Repository
from reconciler.github.approvals import records, shown
from reconciler.github.port import Forge, PullRequest
from reconciler.report.applied import Applied, applied
from reconciler.report.journal import load_document
from reconciler.spec.lineage import is_before, is_known, merged_since

MOST_COMMITS = 300
Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Seen:
    """A merged pull request with the plan that it showed last, or why that cannot be had."""

    request: PullRequest
    plan: Document | None = None
    problem: str = ""


def seen(forge: Forge, requests: Iterable[PullRequest], name: str, folder: Path) -> list[Seen]:
    """What pull requests showed, each plan as it was written; `folder` goes with the job."""
    return [_seen(one.request, one.plan, one.problem, folder) for one in shown(forge, requests, name)]


def _seen(request: PullRequest, text: bytes, problem: str, folder: Path) -> Seen:
    if problem:
        return Seen(request, problem=problem)
    path = folder / f"{request.number}.json"
    try:
        path.write_bytes(text)
        return Seen(request, reviewed_plan(path))
    except (ReportError, OSError) as error:
        return Seen(request, problem=str(error).removeprefix(f"{path}: "))


def carried_out(workspace: Workspace, forge: Forge | None, name: str, branch: str, folder: Path) -> Applied:
    """What earlier runs carried out, by the reports that they left as artifacts and where reconcile.yaml says. `folder` goes with
    the job. Raises ForgeError where the artifacts cannot be had: unknown is not nothing."""
    left = dict(records(forge, name, branch)) if forge else {}
    for file, text in left.items():
        (folder / file).write_bytes(text)
    if workspace.config.reports:
        fetch_reports(workspace, wiring.connect(workspace.config, workspace.accounts), folder, warn)
    return applied(_reports(folder))


def _reports(folder: Path) -> Iterator[Document]:
    for path in sorted(folder.glob("*.json")):
        try:
            yield load_document(path, "report")
        except ReportError as error:
            warn(f"a record is left out: {str(error).removeprefix(f'{folder}/')}")


def beginning(tree: Repository, known: Applied, pushed_onto: str) -> str:
    """The commit after which everything is still to be carried out: the one that was last carried out as a whole or, where no
    record tells, the one that was pushed onto; empty where neither is known here."""
    if known.whole and is_known(tree, known.whole) and not is_before(tree, "HEAD", known.whole):
        return known.whole
    return pushed_onto if pushed_onto and is_known(tree, pushed_onto) else ""


def merged(tree: Repository, since: str) -> list[str]:
    """The commits that came since, oldest first; of very many the newest."""
    commits = merged_since(tree, since)
    if len(commits) > MOST_COMMITS:
        warn(
            f"{len(commits)} commits came since {since[:10]}; the pull requests of the newest {MOST_COMMITS} are looked at"
        )
    return commits[-MOST_COMMITS:]
