"""The causes in a plan, by git and by what was last applied. Reads git; asks AWS nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache, partial

from reconciler.commands import workspaces
from reconciler.commands.progress import following, phase
from reconciler.commands.workspaces import Choices, Workspace
from reconciler.core.finding import Rule
from reconciler.core.model import Snapshot, Spec, Target
from reconciler.core.plans import Diagnostic, Plan
from reconciler.core.words import many
from reconciler.files.tree import packs
from reconciler.plan.cause import with_causes
from reconciler.plan.drift import only_drift
from reconciler.plan.timeline import Moments, Then
from reconciler.report.applied import Applied
from reconciler.spec.branch import branch
from reconciler.spec.history import SHORT, History
from reconciler.spec.lineage import is_known

HAS_ALL_OF_ITS_BASE = Rule(
    "W209", "A branch has all commits of its base, or what it lacks of it is told and is no edit."
)
HAS_WHAT_WAS_APPLIED = Rule("W210", "The commits that reports name as applied are in the clone.")


@following(phase("asking git"))
def caused(workspace: Workspace, plan: Plan, snapshot: Snapshot, choices: Choices, known: Applied) -> Plan:
    """The plan with the cause of each field change; `known` says what was last applied. Raises GitError."""
    history = workspaces.history(workspace)
    base = history.commit(choices.base or "HEAD")
    own = branch(history, base)
    targets = {
        *(target_plan.target for target_plan in plan.targets),
        *(note.target for note in plan.diagnostics if note.target),
    }
    applied, missing = applied_here(history, known, targets)
    commits = {target: (own.began, base, applied.get(target, base)) for target in targets}
    specs = specs_at(history, workspace, commits)
    has_moved = cache(lambda commit, path: history.has_moved(commit, path, packs(path)))

    def then(commit: str, target: Target) -> Then:
        return Then(
            specs[commit].get(target),
            partial(history.author, commit),
            partial(history.authors_since, commit),
            partial(has_moved, commit),
        )

    def moments(target: Target) -> Moments:
        began, at_base, last = (then(commit, target) for commit in commits[target])
        if choices.drift:  # what is not applied yet is left out, so nobody is asked whose it is
            last = replace(last, line=lambda _: "", since=lambda _: ())
        return Moments(began, at_base, last)

    explained = with_causes(
        plan,
        cache(moments),
        workspace.written,
        live=snapshot.resources,
    )
    notes = notes_of(history, named(choices.base), own.lacks, missing)
    explained = replace(explained, diagnostics=(*explained.diagnostics, *notes))
    return only_drift(explained) if choices.drift else explained


def applied_here(
    history: History, known: Applied, targets: Iterable[Target]
) -> tuple[dict[Target, str], dict[Target, str]]:
    """The commits that targets were last applied from: those that this clone has, and those that it lacks."""
    applied = {target: commit for target in targets if (commit := known.commit_of(str(target)))}
    here = {commit for commit in {*applied.values()} if is_known(history.repository, commit)}
    return (
        {target: commit for target, commit in applied.items() if commit in here},
        {target: commit for target, commit in applied.items() if commit not in here},
    )


def specs_at(
    history: History, workspace: Workspace, commits: Mapping[Target, Iterable[str]]
) -> dict[str, dict[Target, Spec]]:
    """The specs of targets at their commits: each commit is looked at once, for all that are asked there."""
    asked: dict[str, set[Target]] = {}
    for target, wanted in commits.items():
        for commit in wanted:
            asked.setdefault(commit, set()).add(target)
    paths = {spec.target: spec.path for spec in workspace.specs.specs}
    found = {}
    for commit, targets in asked.items():
        files = {paths[target] for target in targets if target in paths}
        now = [document for document in workspace.specs.documents if document.path in files]
        found[commit] = history.specs_at(commit, workspace.config, now=now, targets=targets)
    return found


def notes_of(history: History, base: str, lacks: int, missing: Mapping[Target, str]) -> list[Diagnostic]:
    """What there is to say about git itself."""
    notes = []
    if lacks:
        message = (
            f"this branch lacks {many(lacks, 'commit')} of {base}; what {'it' if lacks == 1 else 'they'} changed is not "
            "compared as an edit: merge or rebase to see what a merge will do"
        )
        notes.append(HAS_ALL_OF_ITS_BASE.cited(Diagnostic("warning", message)))
    if missing:
        first, *more = sorted({named(commit) for commit in missing.values()})
        names = f"{first} and {len(more)} more" if more else first
        were = f"{many(len(missing), 'target')} {'was' if len(missing) == 1 else 'were'}"
        message = f"not in this clone: {names}, which {were} last applied from; compared with {base} instead"
        notes.append(HAS_WHAT_WAS_APPLIED.cited(Diagnostic("note", message)))
    if history.names_no_commit:
        notes.append(Diagnostic("note", history.names_no_commit))
    return notes


def named(revision: str) -> str:
    """A revision as people say it: a commit by the start of its name."""
    is_commit = len(revision) in (40, 64) and not set(revision) - set("0123456789abcdef")
    return revision[:SHORT] if is_commit else revision or "HEAD"
