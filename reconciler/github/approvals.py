"""What pull requests have shown of the commits that they brought, and what earlier runs have left. Pure but for the forge.

Nothing of it has authority: a plan only says what was seen, and what is applied is planned anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from reconciler.core.errors import ForgeError
from reconciler.github.kept import left_on
from reconciler.github.port import Artifact, Forge, PullRequest
from reconciler.github.unpacked import files

LARGEST_PLAN_BYTES = 64 * 2**20
LARGEST_RECORD_BYTES = 64 * 2**20
MOST_LISTED = 500  # plans: five requests
MOST_RECORDS = 30  # runs; of a house whose records are to last, reconcile.yaml names a place in `reports`
REPORT_NAMES = "[0-9A-Za-z-]{1,80}[.]json"


@dataclass(frozen=True, slots=True)
class Shown:
    """A merged pull request and the plan that it showed last, as the bytes of its file; without a plan, why there is none."""

    request: PullRequest
    plan: bytes = b""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Record:
    """A report as the bytes of its file, and the commit that its run looked at."""

    commit: str
    name: str
    content: bytes


def plan_artifact(name: str) -> str:
    return f"reconcile-plan-{name}"


def report_artifact(name: str) -> str:
    return f"reconcile-report-{name}"


def requests_of(forge: Forge, commits: Iterable[str], branch: str) -> dict[PullRequest, str]:
    """The pull requests that brought these commits to a branch, in their order, each with the last commit that it brought."""
    return {
        request: commit
        for commit in commits
        for request in forge.pull_requests_with(commit)
        if request.merged_at and request.base == branch
    }


def shown(forge: Forge, requests: Iterable[PullRequest], name: str) -> list[Shown]:
    """What each pull request showed last at the tip of its branch, in their order."""
    requests = [*requests]
    plans = _plans(forge, [request for request in requests if not request.is_fork], name)
    return [_shown(forge, request, plans.get(request.number)) for request in requests]


def _plans(forge: Forge, requests: Iterable[PullRequest], name: str) -> dict[int, Artifact]:
    """The last plan of each, by number: looked for among the newest of all, which are few requests to GitHub, and then by commit, whose
    runs may be those of many workflows."""
    missing, found = {request.number: request for request in requests}, dict[int, Artifact]()
    listed = islice(forge.artifacts(plan_artifact(name)), MOST_LISTED) if missing else ()
    for artifact in listed:
        fitting = [number for number, request in missing.items() if _is_shown(artifact, request)]
        found |= {number: artifact for number in fitting if missing.pop(number)}
        if not missing:
            break
    for number, request in missing.items():
        of_its_tip = forge.artifacts(plan_artifact(name), commit=request.head)
        if last := next((one for one in of_its_tip if _is_shown(one, request)), None):
            found[number] = last
    return found


def _is_shown(artifact: Artifact, request: PullRequest) -> bool:
    """Whether a plan was there to be reviewed: one that was made after the merge was not."""
    is_in_time = not request.merged_at or artifact.made_at <= request.merged_at
    return artifact.commit == request.head and is_in_time and not artifact.is_foreign


def _shown(forge: Forge, request: PullRequest, artifact: Artifact | None) -> Shown:
    if request.is_fork:
        return Shown(request, problem="it comes from a fork, whose jobs make no plan")
    if artifact is None:
        when = " from before the merge" if request.merged_at else ""
        return Shown(request, problem=f"there is no plan of its last commit {request.head[:10]}{when}, or no longer")
    try:
        plans = dict(_unpacked(forge, artifact, "plan[.]json", LARGEST_PLAN_BYTES))
    except ForgeError as error:
        return Shown(request, problem=str(error))
    plan = plans.get("plan.json", b"")
    return Shown(request, plan, "" if plan else "its artifact has no plan.json")


def records(forge: Forge, name: str, branch: str) -> Iterator[Record]:
    """The reports that runs on a branch have left, newest first; of a pull request's runs none."""
    for artifact in islice(left_on(forge, report_artifact(name), branch), MOST_RECORDS):
        for file, content in sorted(_unpacked(forge, artifact, REPORT_NAMES, LARGEST_RECORD_BYTES), reverse=True):
            yield Record(artifact.commit, file, content)


def _unpacked(forge: Forge, artifact: Artifact, names: str, most_bytes: int) -> Iterator[tuple[str, bytes]]:
    return files(forge.download(artifact, most_bytes), names, most_bytes)
