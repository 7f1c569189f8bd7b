"""What pull requests have shown of the commits that they brought, and what earlier runs have left. Pure but for the forge.

Nothing of it has authority: a plan only says what was seen, and what is applied is planned anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from reconciler.core.errors import ForgeError
from reconciler.github.port import Artifact, Forge, PullRequest
from reconciler.github.unpacked import files

LARGEST_PLAN_BYTES = 64 * 2**20
LARGEST_RECORD_BYTES = 64 * 2**20
MOST_RECORDS = 30  # runs; of a house whose records are to last, reconcile.yaml names a place in `reports`
REPORT_NAMES = "[0-9A-Za-z-]{1,80}[.]json"


@dataclass(frozen=True, slots=True)
class Shown:
    """A merged pull request and the plan that it showed last, as the bytes of its file; without a plan, why there is none."""

    request: PullRequest
    plan: bytes = b""
    problem: str = ""


def plan_artifact(name: str) -> str:
    return f"reconcile-plan-{name}"


def report_artifact(name: str) -> str:
    return f"reconcile-report-{name}"


def requests_of(forge: Forge, commits: Iterable[str], branch: str) -> list[PullRequest]:
    """The pull requests that brought these commits to a branch, each once, in their order."""
    found = {
        request.number: request
        for commit in commits
        for request in forge.pull_requests_with(commit)
        if request.is_merged and request.base == branch
    }
    return [*found.values()]


def shown(forge: Forge, requests: Iterable[PullRequest], name: str) -> list[Shown]:
    """What each pull request showed last at the tip of its branch, in their order."""
    return [_shown(forge, request, name) for request in requests]


def _shown(forge: Forge, request: PullRequest, name: str) -> Shown:
    if request.is_fork:
        return Shown(request, problem="it comes from a fork, whose jobs make no plan")
    artifact = next(
        (one for one in forge.artifacts(plan_artifact(name), commit=request.head) if not one.is_foreign), None
    )
    if artifact is None:
        return Shown(request, problem=f"there is no plan of its last commit {request.head[:10]}, or no longer")
    try:
        plans = dict(_unpacked(forge, artifact, "plan[.]json", LARGEST_PLAN_BYTES))
    except ForgeError as error:
        return Shown(request, problem=str(error))
    plan = plans.get("plan.json", b"")
    return Shown(request, plan, "" if plan else "its artifact has no plan.json")


def records(forge: Forge, name: str, branch: str) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of the reports that runs on a branch have left, newest first; of a pull request's runs none."""
    taken = 0
    for artifact in forge.artifacts(report_artifact(name)):
        if artifact.is_foreign or artifact.branch != branch:
            continue
        yield from sorted(_unpacked(forge, artifact, REPORT_NAMES, LARGEST_RECORD_BYTES), reverse=True)
        taken += 1
        if taken == MOST_RECORDS:
            return


def _unpacked(forge: Forge, artifact: Artifact, names: str, most_bytes: int) -> Iterator[tuple[str, bytes]]:
    return files(forge.download(artifact, most_bytes), names, most_bytes)
