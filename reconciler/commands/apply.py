"""What every run that changes AWS is made of: lock, guards, approval, then the run and its report.

It puts the steps in their order; each is decided and done elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reconciler.apply import lock
from reconciler.apply.run import Hear
from reconciler.commands import wiring, workspaces
from reconciler.commands.distant import keep_reports, store
from reconciler.commands.document import document as document_of
from reconciler.commands.progress import Pulse
from reconciler.commands.run import Ending, OfWhat, Stop, Tell, new_run_id, run_plan
from reconciler.commands.workspaces import Choices, Workspace
from reconciler.core.errors import AwsError, Locked, ReportError, StalePlan, UnsafePlan
from reconciler.core.finding import continued
from reconciler.core.freezes import Breaking, Broken
from reconciler.core.plans import Diagnostic, Plan
from reconciler.files.packages import Packages
from reconciler.plan import approval
from reconciler.plan.approval import Review
from reconciler.report.applied import Applied
from reconciler.report.documents import configuration_document, plan_document
from reconciler.report.journal import checked, load_document, read_json
from reconciler.report.merging import within
from reconciler.spec.load import only

if TYPE_CHECKING:
    from reconciler.aws.client import Aws


@dataclass(frozen=True, slots=True)
class Orders:
    """An apply's flags. `recovered` are reports of earlier runs, just completed; `reviews` are the plans that show what may be
    done, None where nothing must have been shown; a `digest` approves the very plan that has it. `command` is what the record
    says, and `group` the runs that it belongs to. `breaking` are the freezes that it does not mind, `broken` what came of that; `known` is
    what was last applied, where somebody has found that out already."""

    choices: Choices
    folder: Path
    reviews: Sequence[Review] | None = None
    only_failed: Path | None = None
    recovered: Sequence[Path] = ()
    digest: str = ""
    command: str = "apply"
    group: str = ""
    breaking: Breaking = field(default_factory=Breaking)
    broken: Broken = field(default_factory=Broken)
    known: Applied | None = None


Show = Callable[[Mapping[str, Any]], None]
Ask = Callable[[Mapping[str, Any]], None]
Watch = Callable[[int, Pulse], AbstractContextManager[Tell]]


@dataclass(frozen=True, slots=True)
class Audience:
    """Who sees and answers: `show(plan document)`; `ask(plan document)` raises when the answer is no; `watch(operations,
    pulse)` is a context that gives what is told of each operation; `hear`, of who asked for it, is told what smoke events are answered."""

    show: Show
    ask: Ask
    watch: Watch
    hear: Hear | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """What one run has from its beginning to its end."""

    aws: Aws
    run_id: str
    stop: Stop
    audience: Audience
    packages: Packages


@contextmanager
def running(workspace: Workspace, stop: Stop, audience: Audience) -> Iterator[Session]:
    """A run that listens to signals and holds its locks, if there are any."""
    aws = wiring.connect(workspace.config, workspace.accounts, stop)
    run_id = new_run_id()
    with stop.listening(), locked(workspace, aws, run_id, stop):
        yield Session(aws, run_id, stop, audience, Packages())


def performed(workspace: Workspace, plan: Plan, orders: Orders, session: Session) -> Ending:
    """Show a plan, ask, perform it, and leave its report wherever reports are kept. Raises what refuses the whole run."""
    document = document_of(plan, workspace, is_read=True)
    operations = sum(len(target_plan.operations) for target_plan in plan.unrefused)
    whole_run = [note for note in plan.refusals if note.target is None]
    session.audience.show(without_refusals_of_the_run(document) if whole_run else document)
    if whole_run:
        error = StalePlan if whole_run[0].error == StalePlan.__name__ else UnsafePlan
        raise error(continued(whole_run[0].message, "nothing was changed"))
    if operations:
        session.audience.ask(document)
    with session.audience.watch(operations, session.aws.schedule.traffic) as tell:
        ending = run_plan(
            plan, document, session.aws, command=orders.command, folder=orders.folder, stop=session.stop, tell=tell,
            refused=plan.refused, identifier=session.run_id, packages=session.packages,
            of=OfWhat(workspace.shard, orders.group, orders.broken), hear=session.audience.hear,
        )  # fmt: skip
    if ending.exit_code == Locked.exit_code:
        ending = replace(ending, warning=f"the lock {workspace.config.lock} was lost; nothing more was begun")
    return with_reports_copied(workspace, session.aws, ending, orders) if workspace.config.reports else ending


def without_refusals_of_the_run(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document without what ends the run as its error: told once is enough."""
    notes = [note for note in document["diagnostics"] if note["severity"] != "refusal" or note["address"]]
    return {**document, "diagnostics": notes}


def with_reports_copied(workspace: Workspace, aws: Aws, ending: Ending, orders: Orders) -> Ending:
    """The ending, its report copied to where reconcile.yaml wants it as well, or a warning that it could not be."""
    try:
        keep_reports(workspace, aws, [*orders.recovered, ending.path])
    except (AwsError, ReportError) as error:
        warning = "; ".join(filter(None, (ending.warning, str(error))))
        return replace(ending, warning=warning, exit_code=ending.exit_code or error.exit_code)
    return ending


def failed_before(workspace: Workspace, report: Path) -> Workspace:
    """The workspace with only those targets that a report says failed or were not attempted."""
    tasks = load_document(report, "report")["tasks"]
    failed = {task["target"] for task in tasks if task["status"]["failed"] or not task["status"]["completed"]}
    chosen = [spec.target for spec in workspace.specs.specs if str(spec.target) in failed]
    if not chosen:
        raise ReportError(f"{report}: no target of it failed that still has a spec")
    left = len(workspace.specs.specs) - len(chosen)
    message = f"left out, for {report} does not say that they failed: {left} of {len(workspace.specs.specs)} targets"
    note = Diagnostic("note", message, left_out=True)
    specs = only(workspace.specs, chosen)
    specs = replace(specs, warnings=(*specs.warnings, note)) if left else specs
    return replace(workspace, specs=specs, is_chosen=True)


def reviewed_plans(workspace: Workspace, paths: Iterable[Path]) -> list[Review]:
    """The plans that were reviewed, in these files. Raises StalePlan when all were under another configuration: before anything is
    asked of AWS, for lock and reports lie where the configuration says."""
    judged = reviews(workspace, map(reviewed_plan, paths))
    approval.require_one_that_holds(judged)
    return judged


def reviewed_plan(path: Path) -> Mapping[str, Any]:
    """A plan as it was written. Raises ReportError."""
    return as_written(read_json(path), str(path))


def as_written(document: dict[str, Any], path: str) -> Mapping[str, Any]:
    """The document, if it is a plan and nobody changed it since; `path` is what errors call it. Raises ReportError."""
    approval.check(checked(document, path, "plan"), path)
    return document


def reviews(workspace: Workspace, documents: Iterable[Mapping[str, Any]]) -> list[Review]:
    """What is shown of a shard alone is not missed elsewhere."""
    now = configuration_document(wiring.configuration(workspace, {}))
    return approval.reviews(now, (within(document, workspace.shard) for document in documents))


def compared_with(plan: Plan, orders: Orders) -> Plan:
    """The plan with a refusal for each target of which the reviewed ones do not show all that is left to do, or of the whole where
    another one was approved."""
    notes = []
    if orders.digest:
        notes = approval.unless_approved(plan, orders.digest)
    elif orders.reviews is not None:
        notes = approval.unapproved(plan, plan_document(plan, {}), orders.reviews)
    return replace(plan, diagnostics=(*plan.diagnostics, *notes))


# --- the lock -------------------------------------------------------------------------------------------------------


@contextmanager
def locked(workspace: Workspace, aws: Aws, run_id: str, stop: Stop) -> Iterator[None]:
    """Hold the locks that reconcile.yaml names, if it does; losing one stops the run before its next call."""
    urls = locks(workspace)
    if not urls:
        yield
        return
    s3 = store(workspace, aws)
    with ExitStack() as held:
        leases = [
            held.enter_context(lock.held(s3, url, run_id, lost=lambda: stop.now(Locked.exit_code))) for url in urls
        ]
        held.enter_context(stop.when(lambda: any(lease.is_over() for lease in leases), Locked.exit_code))
        yield


def locks(workspace: Workspace) -> list[str]:
    """Those of all accounts and regions that something may be done in: where it is marked, too."""
    named = {spec.target.place for spec in workspace.specs.specs}
    marked = {str(place) for place in workspaces.places(workspace)} if workspace.is_whole else set()
    return workspace.config.locks({workspace.shard} if workspace.shard else named | marked)


def unlocked(workspace: Workspace, run_id: str) -> list[str]:
    """The locks that a run no longer holds, for they were taken away from it. Raises Locked where it holds none."""
    s3 = store(workspace, wiring.connect(workspace.config, workspace.accounts))
    freed, kept = list[str](), list[str]()
    for url in workspace.config.locks(map(str, workspaces.places(workspace))):
        try:
            lock.unlock(s3, url, run_id)
            freed.append(url)
        except Locked as error:
            kept.append(str(error))
    if not freed:
        raise Locked("\n".join(kept))
    return freed
