"""`ci apply`: carries out what pull requests have shown, and tells each of them what became of it.

It plans anew. What is left to do and no pull request showed is refused, and can be approved by hand. Nothing that was left by
another job has authority: it only says what was seen.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from reconciler.commands import workspaces
from reconciler.commands.apply import Audience, Orders, reviews
from reconciler.commands.applying import applied
from reconciler.commands.base import config_at, frozen_by_both
from reconciler.commands.ci.evidence import Seen, beginning, carried_out, merged, needs_approval, needs_token
from reconciler.commands.ci.telling import connected, present
from reconciler.commands.ci.told import Run, shown, tell, tell_rollouts, telling_failures
from reconciler.commands.output import say, show, view, warn
from reconciler.commands.plan import planned
from reconciler.commands.progress import progress
from reconciler.commands.rollout.advancing import Waiting
from reconciler.commands.rollout.following import exit_code, followed
from reconciler.commands.run import Stop
from reconciler.commands.targets import shard
from reconciler.commands.workspaces import Choices, Workspace
from reconciler.core.errors import ForgeError, GitError, PlanError, StalePlan, UnsafePlan
from reconciler.core.finding import Rule
from reconciler.core.freezes import NOTHING, Breaking
from reconciler.files.repository import Repository, repository
from reconciler.github import outcome
from reconciler.github.approvals import requests_of
from reconciler.github.job import BY_HAND, ON_A_BRANCH, PUSH, Job
from reconciler.plan.guards import permitted_by
from reconciler.report import formats
from reconciler.report.applied import WHOLE, Applied
from reconciler.report.journal import complete
from reconciler.spec.lineage import commit_of, is_before, is_known, messages_since, parent_of

EVERY_SECONDS = 30.0  # between two looks at rollouts
WAITS = "ci apply --wait"  # as records have it
IS_MERGED = Rule("R269", "What is carried out in Actions is on a branch, and not in a pull request or a queue.")
IS_BROKEN_BY_HAND = Rule("R356", "In Actions a freeze is broken by a run by hand, with its name and a reason.")
IS_NEWER = Rule("R266", "A merge is carried out unless a later one has been.")


@dataclass(frozen=True, slots=True)
class Wanted:
    """The flags: whose artifacts are meant, what a person approves by hand, account and region of a shard, the file that it leaves, and how
    many seconds it waits for rollouts."""

    name: str
    folder: Path
    approve: str = ""
    allow_deletes: int | None = None
    download_code: bool = False
    place: tuple[str, str] = ("", "")
    leaving: Path = Path("outcome.json")
    breaking: Breaking = NOTHING
    wait: float | None = None


def carry_out(paths: Sequence[Path], wanted: Wanted) -> int:
    """The exit code of the apply."""
    here = present()
    if here is None:
        return rehearsed(paths, wanted)
    run = Run(
        here, wanted.name, connected(here), is_by_hand=bool(wanted.approve) or wanted.allow_deletes is not None,
        place="/".join(filter(None, wanted.place)), leaving=wanted.leaving,
    )  # fmt: skip
    stop = Stop()
    with telling_failures(run):
        require_a_merge(here)
        require_by_hand(here, wanted.breaking)
        with naming_the_newest(run):
            workspace = frozen_as_before(here, shard(workspaces.read(paths), *wanted.place))
            orders = ordered(run, workspace, wanted)
        audience = Audience(lambda document: shown(run, document), lambda _: None, progress)
        ending = applied(workspace, orders, stop, audience)
    tell(run, ending)
    if wanted.wait is None or stop():
        return ending.exit_code
    found = followed(workspace, wanted.folder, Waiting(wanted.wait, EVERY_SECONDS, wanted.breaking), stop, WAITS)
    code = exit_code(ending.exit_code, found, stop, is_detailed=False)
    if found.told:
        tell_rollouts(run, ending, found, code)
    return code


def require_a_merge(here: Job) -> None:
    """Raises UnsafePlan where the job looks at what is not merged: whoever opens a pull request would have it carried out."""
    if here.event not in ON_A_BRANCH:
        message = (
            f"ci apply runs on {', '.join(ON_A_BRANCH)}, and this is {here.event or 'no event'}; nothing was changed"
        )
        raise UnsafePlan(IS_MERGED.ends(message))


def require_by_hand(here: Job, breaking: Breaking) -> None:
    """Raises UnsafePlan where what runs by itself would break a freeze: whoever has something merged would have broken it."""
    if breaking and here.event != BY_HAND:
        message = f"--break-freeze is for a run by hand ({BY_HAND}), and this is {here.event}; nothing was changed"
        raise UnsafePlan(IS_BROKEN_BY_HAND.ends(message))


def frozen_as_before(here: Job, workspace: Workspace) -> Workspace:
    """With the freezes as well that there were before what was pushed: no change lifts the one that keeps it back, or gives an account a name
    that none is of. A reconcile.yaml that was not valid there froze nothing."""
    before = None
    history = workspaces.history(workspace)
    tree = history.repository
    commit = here.base if is_known(tree, here.base) else parent_of(tree) if here.event == PUSH else ""
    if commit:
        with suppress(UnsafePlan):
            before = config_at(history, commit, workspace)
    if before is None:
        return workspace
    now = workspace.config
    others = tuple(
        name for name, account in now.accounts.items() if not account.is_reached_as(before.accounts.get(name))
    )
    then = (replace(one, accounts=(*one.accounts, *others)) if one.accounts else one for one in before.freezes)
    return replace(workspace, config=frozen_by_both(now, replace(before, freezes=tuple(then))))


def rehearsed(paths: Sequence[Path], wanted: Wanted) -> int:
    """Outside Actions: what there is to do; nothing is done."""
    workspace = shard(workspaces.read(paths), *wanted.place)
    made, document = planned(
        workspace, Choices(download_code=wanted.download_code), snapshot=None, folder=wanted.folder
    )
    show(formats.plan("text", document, view()))
    say(
        f"would apply what pull requests have shown of this, as the workspace {wanted.name}; outside Actions nothing is changed"
    )
    return PlanError.exit_code if made.refusals else 0


@contextmanager
def naming_the_newest(run: Run) -> Iterator[None]:
    """Whom to tell of what keeps from finding out which pull requests there are: those of the commit that is looked at."""
    try:
        yield
    except Exception:
        if run.merged is None and run.forge:
            with suppress(ForgeError):
                run.merged = [Seen(one) for one in requests_of(run.forge, [run.here.head], run.here.branch)]
        raise


# --- what may be done ----------------------------------------------------------------------------------------------


def ordered(run: Run, workspace: Workspace, wanted: Wanted) -> Orders:
    """What may be done: all that pull requests have shown since the last run that left nothing undone, or the very plan that a
    person approves. Raises StalePlan for a run that comes too late, ForgeError where nobody can tell what was shown."""
    tree = repository(Path(workspace.own.path).parent)
    recovered = complete(wanted.folder, warn)
    known = carried_out(workspace, run.forge, wanted.name, run.here.branch, run.here.base)
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
    seen = run.merged or []
    problems = outcome.unseen({one.request.number: one.problem for one in seen if one.problem})
    if needed and problems:
        warn(problems)
    return Orders(
        Choices(
            allow_deletes=wanted.allow_deletes,
            permitted=permitted_by(messages_since(tree, since)),
            download_code=wanted.download_code,
        ),
        wanted.folder,
        reviews(workspace, [one.still_shown for one in seen if one.plan]) if needed else None,
        recovered=recovered,
        digest=wanted.approve,
        command=WHOLE if workspace.is_whole else "apply",
        breaking=wanted.breaking,
        known=known,
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
