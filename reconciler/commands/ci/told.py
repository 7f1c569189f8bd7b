"""Who is told how an apply went, and what: the job, later steps, each pull request of its own targets; of a shard, the job that tells of all
of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from reconciler.commands.ci.evidence import Seen
from reconciler.commands.ci.telling import annotate, hand_on, of_error, post, summarise, summary_view
from reconciler.commands.output import error_document, say, show, view, warn
from reconciler.commands.rollout.tick import Ticked
from reconciler.commands.run import Ending
from reconciler.core.errors import ReconcileError
from reconciler.github import handed_on, outcome
from reconciler.github.annotations import of_report, of_rollouts
from reconciler.github.job import Job
from reconciler.github.port import Forge
from reconciler.plan.approval import left_to_do
from reconciler.report import formats
from reconciler.report.files import write_result
from reconciler.report.formats import View
from reconciler.report.formats.json import document_json
from reconciler.report.formats.page.text import inert
from reconciler.report.merging import within
from reconciler.report.rollouts import document as rows
from reconciler.report.schemas import FORMAT_VERSION

Document = Mapping[str, Any]


@dataclass(slots=True)
class Run:
    """A run as far as it has come, for those who are told how it ended. `is_by_hand`: a person approves what it does. `merged` are the pull
    requests that it is about, None as long as nobody knows. One of a `place`, account/region, leaves in a file what is to be told, for there
    are others beside it; of those that are told of together, `unreported` are the places of which there is no report."""

    here: Job
    name: str
    forge: Forge | None
    is_by_hand: bool = False
    merged: list[Seen] | None = None
    plan: Document = field(default_factory=dict)
    place: str = ""
    leaving: Path = Path("outcome.json")
    unreported: frozenset[str] = frozenset()

    @property
    def digest(self) -> str:
        return str(self.plan.get("digest", ""))


def shown(run: Run, document: Document) -> None:
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
        if run.place:
            leave(run, exit_code, run.digest, error=document)
        else:
            tell_of_failure(run, document, exit_code, run.digest)
        raise


def tell_of_failure(run: Run, document: Document, exit_code: int, digest: str) -> None:
    """What ended the run: in the job's summary, and to each pull request that is new."""
    advice = outcome.how_to_go_on(exit_code, digest, run.here.run_url)
    page = formats.of("markdown").error(document, summary_view(beside=formats.COMMENT_ROOM))
    summarise(run.here, page + advice + plan_page(run.plan))
    for one in (one for one in run.merged or () if one.is_new):
        page = formats.of("markdown").error(document, outcome_view()) + advice
        post_with_plan(run, one, page, exit_code)


def leave(
    run: Run,
    exit_code: int,
    left: str,
    *,
    report: Document | None = None,
    error: Document | None = None,
    rollouts: Document | None = None,
) -> None:
    """What is to be told of a shard, in its file. Raises ReportError."""
    requests = [
        {
            "number": one.request.number, "is_new": one.is_new, "problem": one.problem,
            "plan": within(one.still_shown, run.place) if one.plan else None,
        }
        for one in run.merged or ()
    ]  # fmt: skip
    document = {
        "format_version": FORMAT_VERSION, "kind": "outcome", "place": run.place, "exit_code": exit_code, "left": left,
        "is_by_hand": run.is_by_hand, "plan": run.plan or None, "report": report, "error": error, "requests": requests,
        **({"rollouts": rollouts} if rollouts else {}),
    }  # fmt: skip
    write_result(run.leaving, document_json(document))


def tell(run: Run, ending: Ending) -> None:
    """How the run went: at the job, to later steps, and to each pull request of its own targets."""
    report = ending.report
    show(formats.of("text").report(report, view()))
    say(f"Report: {ending.path}")
    if ending.warning:
        warn(ending.warning)
    annotate(run.here, of_report(report))
    left = left_to_do(run.plan, outcome.done(report))
    hand_on(run.here, {**handed_on.of_plan(run.plan), "digest": left, "outcome": report["outcome"]["status"]})
    if run.place:
        leave(run, ending.exit_code, left, report=report)
    else:
        tell_requests(run, report, ending.exit_code, left)


def tell_rollouts(run: Run, ending: Ending, found: Ticked, exit_code: int) -> None:
    """What came of the rollouts that were waited for: beside what was told before."""
    rollouts = rows(found.told, found.taken_at, found.unread)
    annotate(run.here, of_rollouts(rollouts))
    left = left_to_do(run.plan, outcome.done(ending.report))
    if run.place:
        leave(run, exit_code, left, report=ending.report, rollouts=rollouts)
    else:
        summarise(run.here, outcome.rollouts(rollouts))
        post_requests(run, ending.report, exit_code, left, rollouts=rollouts)


def tell_requests(
    run: Run, report: Document, exit_code: int, left: str, beside: str = "", rollouts: Document | None = None
) -> None:
    """What a report says, and what stands `beside` it, in the job's summary and to each pull request."""
    advice = beside + outcome.how_to_go_on(exit_code, left, run.here.run_url, is_by_hand=run.is_by_hand)
    page = formats.of("markdown").report(report, summary_view(beside=formats.COMMENT_ROOM))
    summarise(run.here, page + (outcome.rollouts(rollouts) if rollouts else "") + advice + plan_page(run.plan))
    post_requests(run, report, exit_code, left, beside, rollouts)


def post_requests(
    run: Run, report: Document, exit_code: int, left: str, beside: str = "", rollouts: Document | None = None
) -> None:
    """The same to each pull request, of its own targets."""
    markdown = formats.of("markdown")
    advice = beside + outcome.how_to_go_on(exit_code, left, run.here.run_url, is_by_hand=run.is_by_hand)
    seen = run.merged or []
    concerned = outcome.concerned([(one.still_shown if one.plan else None, one.is_new) for one in seen], report)
    for one, addresses in zip(seen, concerned, strict=True):
        own = outcome.of_targets(report, addresses)
        if not own["tasks"] and not (one.is_new and one.plan):
            continue  # an earlier run has told what became of it, or it is about something else
        is_done = own["outcome"]["status"] in ("succeeded", "unchanged") and not beside
        page = (
            markdown.report(own, outcome_view())
            + outcome.idle(report, outcome.acting(one.plan or {}), run.unreported)
            + (outcome.rollouts(rollouts, addresses) if rollouts else "")
            + ("" if is_done else advice)
        )
        page += f"\n{outcome.unseen({one.request.number: inert(one.problem)})}.\n" if one.problem else ""
        post_with_plan(run, one, page, 0 if is_done else exit_code)


def post_with_plan(run: Run, one: Seen, page: str, exit_code: int) -> None:
    """Tell a pull request, with the plan that is spoken of: what it showed or, where that is to be approved by hand, what is left."""
    plan = run.plan if run.is_by_hand or outcome.is_approved_by_hand(exit_code) else one.plan or {}
    post(run.here, run.forge, one.request.number, run.name, page + plan_page(plan, len(page.encode())))


def outcome_view() -> View:
    """Of a comment that has the plan as well."""
    return replace(view(), room=formats.COMMENT_ROOM * 2 // 3)


def plan_page(plan: Document, taken: int = 0) -> str:
    """A plan to be unfolded, in the room that is left; nothing without one."""
    if not plan:
        return ""
    start, end = "\n<details><summary>The plan</summary>\n\n", "\n</details>\n"
    room = formats.COMMENT_ROOM - taken - len(start + end)
    return start + formats.plan("markdown", plan, replace(view(), room=room, run_url="")) + end
