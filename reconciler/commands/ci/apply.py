"""`ci apply`: carries out what pull requests have shown, and tells each of them what became of it.

It plans anew. What is left to do and no pull request showed is refused, and can be approved by hand. Nothing that was left by
another job has authority: it only says what was seen.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from reconciler.commands import wiring
from reconciler.commands.apply import Audience, Orders, applied, reviews
from reconciler.commands.ci.evidence import Seen, beginning, carried_out, merged, needs_approval, needs_token
from reconciler.commands.ci.telling import (
    annotate,
    connected,
    hand_on,
    of_error,
    post,
    present,
    summarise,
    summary_view,
)
from reconciler.commands.output import error_document, say, show, view, warn
from reconciler.commands.plan import planned
from reconciler.commands.progress import progress
from reconciler.commands.run import Ending, Stop
from reconciler.commands.targets import shard
from reconciler.commands.wiring import Choices, Workspace
from reconciler.core.errors import ForgeError, GitError, PlanError, ReconcileError, StalePlan, UnsafePlan
from reconciler.core.finding import Rule
from reconciler.files.repository import Repository, repository
from reconciler.github import handed_on, outcome
from reconciler.github.annotations import of_report
from reconciler.github.approvals import requests_of
from reconciler.github.job import ON_A_BRANCH, Job
from reconciler.github.port import Forge, PullRequest
from reconciler.plan.approval import left_to_do
from reconciler.plan.guards import permitted_by
from reconciler.report import formats
from reconciler.report.applied import WHOLE, Applied
from reconciler.report.formats import View
from reconciler.report.formats.page.text import inert
from reconciler.report.journal import complete
from reconciler.spec.lineage import commit_of, is_before, is_known, messages_since

IS_MERGED = Rule("R269", "What is carried out in Actions is on a branch, and not in a pull request or a queue.")
IS_NEWER = Rule("R266", "A merge is carried out unless a later one has been.")


@dataclass(frozen=True, slots=True)
class Wanted:
    """The flags: whose artifacts are meant, what a person approves by hand, and account and region of a shard."""

    name: str
    folder: Path
    approve: str = ""
    allow_deletes: int | None = None
    download_code: bool = False
    place: tuple[str, str] = ("", "")


@dataclass(slots=True)
class Run:
    """A run as far as it has come, for those who are told how it ended. `is_by_hand`: a person approves what it does."""

    here: Job
    name: str
    forge: Forge | None
    is_by_hand: bool = False
    merged: list[Seen] = field(default_factory=list)
    plan: Mapping[str, Any] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        return str(self.plan.get("digest", ""))


def carry_out(paths: Sequence[Path], wanted: Wanted) -> int:
    """The exit code of the apply."""
    here = present()
    if here is None:
        return rehearsed(paths, wanted)
    run = Run(here, wanted.name, connected(here), is_by_hand=bool(wanted.approve) or wanted.allow_deletes is not None)
    with telling_failures(run):
        require_a_merge(here)
        run.merged = [Seen(request) for request in newest_requests(run)]
        workspace = shard(wiring.read(paths), *wanted.place)
        orders = ordered(run, workspace, wanted)
        audience = Audience(lambda document: shown(run, document), lambda _: None, progress)
        ending = applied(workspace, orders, Stop(), audience)
    tell(run, ending)
    return ending.exit_code


def require_a_merge(here: Job) -> None:
    """Raises UnsafePlan where the job looks at what is not merged: whoever opens a pull request would have it carried out."""
    if here.event not in ON_A_BRANCH:
        message = (
            f"ci apply runs on {', '.join(ON_A_BRANCH)}, and this is {here.event or 'no event'}; nothing was changed"
        )
        raise UnsafePlan(IS_MERGED.ends(message))


def rehearsed(paths: Sequence[Path], wanted: Wanted) -> int:
    """Outside Actions: what there is to do; nothing is done."""
    workspace = shard(wiring.read(paths), *wanted.place)
    made, document = planned(
        workspace, Choices(download_code=wanted.download_code), snapshot=None, folder=wanted.folder
    )
    show(formats.plan("text", document, view()))
    say(
        f"would apply what pull requests have shown of this, as the workspace {wanted.name}; outside Actions nothing is changed"
    )
    return PlanError.exit_code if any(note.severity == "refusal" for note in made.diagnostics) else 0


def newest_requests(run: Run) -> Iterable[PullRequest]:
    """Those of the commit that is looked at: whom to tell of mistakes that keep from looking further."""
    return requests_of(run.forge, [run.here.head], run.here.branch) if run.forge else ()


# --- what may be done ----------------------------------------------------------------------------------------------


def ordered(run: Run, workspace: Workspace, wanted: Wanted) -> Orders:
    """What may be done: all that pull requests have shown since the last run that left nothing undone, or the very plan that a
    person approves. Raises StalePlan for a run that comes too late, ForgeError where nobody can tell what was shown."""
    tree = repository(Path(workspace.own.path).parent)
    recovered = complete(wanted.folder, warn)
    known = carried_out(workspace, run.forge, wanted.name, run.here.branch)
    require_newest(run, tree, known)
    since = beginning(tree, known, run.here.base)
    if known.last and since != known.whole:
        what = f"what was merged after {since[:10]}" if since else "the last merge"
        warn(
            f"no record tells of a run that left nothing undone, so only {what} counts as shown (`reconcile help github`)"
        )
    if run.forge:
        run.merged = merged(tree, run.forge, known, since, run.here.branch, wanted.name)
    needed = needs_approval(workspace, since)
    if needed and run.forge is None:
        raise ForgeError(needs_token("pull-requests: write"))
    problems = outcome.unseen({one.request.number: one.problem for one in run.merged if one.problem})
    if needed and problems:
        warn(problems)
    return Orders(
        Choices(
            allow_deletes=wanted.allow_deletes,
            permitted=permitted_by(messages_since(tree, since)),
            download_code=wanted.download_code,
        ),
        wanted.folder,
        reviews(workspace, [one.still_shown for one in run.merged if one.plan]) if needed else None,
        recovered=recovered,
        digest=wanted.approve,
        command=WHOLE if workspace.is_whole else "apply",
        group=run.here.run_url.rpartition("/")[2] if workspace.shard else "",
    )


def require_newest(run: Run, tree: Repository, known: Applied) -> None:
    """Raises StalePlan when a later commit has been carried out already: this one would take it back, and whom it concerns has been
    told by then."""
    if not known.last:
        return
    if tree.is_shallow:
        message = f"nobody can tell whether {known.last[:10]}, which was carried out last, is newer"
        raise GitError(f"this clone is shallow, so {message}; check out with fetch-depth: 0")
    if not is_known(tree, known.last):
        warn(f"{known.last[:10]}, which was carried out last, is no commit of this repository any more")
    elif is_before(tree, "HEAD", known.last):
        message = f"{commit_of(tree, 'HEAD')[:10]} is older than {known.last[:10]}, which has been carried out; nothing was changed"
        run.merged = []
        raise StalePlan(IS_NEWER.ends(message))


# --- who is told ---------------------------------------------------------------------------------------------------


def shown(run: Run, document: Mapping[str, Any]) -> None:
    run.plan = document
    show(formats.plan("text", document, view()))


@contextmanager
def telling_failures(run: Run) -> Iterator[None]:
    """What ends the run is told wherever it would be told how it went."""
    try:
        yield
    except Exception as error:
        exit_code = error.exit_code if isinstance(error, ReconcileError) else ReconcileError.exit_code
        annotate(run.here, of_error(error))
        document = error_document(error, exit_code)
        advice = outcome.how_to_go_on(exit_code, run.digest, run.here.run_url)
        page = formats.of("markdown").error(document, summary_view(beside=formats.COMMENT_ROOM))
        summarise(run.here, page + advice + plan_page(run.plan))
        for one in (one for one in run.merged if one.is_new):
            page = formats.of("markdown").error(document, outcome_view()) + advice
            post_with_plan(run, one, page, exit_code)
        raise


def tell(run: Run, ending: Ending) -> None:
    """How the run went: at the job, to later steps, and to each pull request of its own targets."""
    markdown, report = formats.of("markdown"), ending.report
    show(formats.of("text").report(report, view()))
    say(f"Report: {ending.path}")
    if ending.warning:
        warn(ending.warning)
    annotate(run.here, of_report(report))
    left = left_to_do(run.plan, outcome.done(report))
    hand_on(run.here, {**handed_on.of_plan(run.plan), "digest": left, "outcome": report["outcome"]["status"]})
    advice = outcome.how_to_go_on(ending.exit_code, left, run.here.run_url, is_by_hand=run.is_by_hand)
    page = markdown.report(report, summary_view(beside=formats.COMMENT_ROOM))
    summarise(run.here, page + advice + plan_page(run.plan))
    concerned = outcome.concerned([(one.still_shown if one.plan else None, one.is_new) for one in run.merged], report)
    for one, addresses in zip(run.merged, concerned, strict=True):
        own = outcome.of_targets(report, addresses)
        if not own["tasks"] and not (one.is_new and one.plan):
            continue  # an earlier run has told what became of it, or it is about something else
        is_done = own["outcome"]["status"] in ("succeeded", "unchanged")
        page = (
            markdown.report(own, outcome_view())
            + outcome.idle(report, outcome.acting(one.plan or {}))
            + ("" if is_done else advice)
        )
        page += f"\n{outcome.unseen({one.request.number: inert(one.problem)})}.\n" if one.problem else ""
        post_with_plan(run, one, page, 0 if is_done else ending.exit_code)


def post_with_plan(run: Run, one: Seen, page: str, exit_code: int) -> None:
    """Tell a pull request, with the plan that is spoken of: what it showed or, where that is to be approved by hand, what is left."""
    plan = run.plan if run.is_by_hand or outcome.is_approved_by_hand(exit_code) else one.plan or {}
    post(run.here, run.forge, one.request.number, run.name, page + plan_page(plan, len(page.encode())))


def outcome_view() -> View:
    """Of a comment that has the plan as well."""
    return replace(view(), room=formats.COMMENT_ROOM * 2 // 3)


def plan_page(plan: Mapping[str, Any], taken: int = 0) -> str:
    """A plan to be unfolded, in the room that is left; nothing without one."""
    if not plan:
        return ""
    start, end = "\n<details><summary>The plan</summary>\n\n", "\n</details>\n"
    room = formats.COMMENT_ROOM - taken - len(start + end)
    return start + formats.plan("markdown", plan, replace(view(), room=room, run_url="")) + end
