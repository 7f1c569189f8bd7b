"""What a pull request may not rule: the workspace as a base revision judges it. Reads git; asks AWS nothing.

Guards, owner mark, accounts, lock, reports and whatever else reconcile.yaml says are the base's; what specs newly ignore is
compared all the same; an account that the base does not reach is not reached. What differs is told by the plan.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from reconciler.commands import workspaces
from reconciler.commands.workspaces import Judgement, Workspace
from reconciler.core.errors import SpecError, UnsafePlan
from reconciler.core.finding import Rule
from reconciler.core.model import Origin, Spec, Target
from reconciler.core.plans import GuardChange
from reconciler.core.values import UNSET
from reconciler.files.tree import absolute
from reconciler.report.documents import guard_change_document
from reconciler.report.formats.shown import guard_change
from reconciler.spec import loosening
from reconciler.spec.branch import branch
from reconciler.spec.config import FILE_NAME, IS_ENABLED, Config, config_of
from reconciler.spec.history import History

HAS_A_BASE_THAT_JUDGES = Rule("R247", "With --base, one valid reconcile.yaml of that revision judges.")
IS_REACHED_BY_THE_BASE = Rule("R248", "With --base, the base's reconcile.yaml says which accounts are reached.")


def judged(workspace: Workspace, revision: str) -> Workspace:
    """The workspace with what the base revision says of it. Without a reconcile.yaml at the base, the one that is there now
    judges. Raises UnsafePlan when the base lets nothing of it be planned, GitError when git cannot tell."""
    history = workspaces.history(workspace)
    config = config_at(history, revision, workspace)
    then = specs_at(history, revision, workspace, config or workspace.config)
    changes = changes_since(history, revision, workspace, config, then)
    specs = loosening.with_base_ignore(then, workspace.specs.specs)
    reasons = {spec.target: loosening.unreachable(config, spec) for spec in specs} if config else {}
    reached = tuple(spec for spec in specs if not reasons.get(spec.target))
    unreached = tuple((spec, reasons[spec.target]) for spec in specs if reasons.get(spec.target))
    if config:
        require_something(config, workspace, reached, changes)
    return replace(
        workspace,
        config=frozen_by_both(config, workspace.config) if config else workspace.config,
        specs=replace(workspace.specs, specs=reached),
        judgement=Judgement(
            workspace.config, revision, own_changes(history, revision, workspace, changes), unreached, history
        ),
    )


def frozen_by_both(config: Config, other: Config) -> Config:
    """The first, with the freezes of the second as well: who brings one is kept back by it as much as who lifts one."""
    more = tuple(freeze for freeze in other.freezes if freeze not in config.freezes)
    return replace(config, freezes=(*config.freezes, *more)) if more else config


def changes_since(
    history: History, revision: str, workspace: Workspace, config: Config | None, then: Mapping[Target, Spec]
) -> tuple[GuardChange, ...]:
    """Everything that judges and is not as it was at a revision, by the reconcile.yaml and the specs there."""
    return (
        *files_changed(history, revision, workspace, config),
        *(loosening.config_changes(config, workspace.config) if config else ()),
        *moved(history, revision, workspace, then),
        *(loosening.spec_changes(then, workspace.specs.specs) if config or then else ()),
    )


def own_changes(
    history: History, base: str, workspace: Workspace, changes: tuple[GuardChange, ...]
) -> tuple[GuardChange, ...]:
    """Of the changes since the base those that the branch made: what it only lacks of its base, a merge does not bring back."""
    began = branch(history, base).began if changes else base
    if began in (base, history.commit(base)):
        return changes
    try:
        config = config_at(history, began, workspace)
    except UnsafePlan:  # of what judged there nothing can be told
        return changes
    then = specs_at(history, began, workspace, config or workspace.config)
    made = {what_is(change) for change in changes_since(history, began, workspace, config, then)}
    return tuple(change for change in changes if what_is(change) in made)


def what_is(change: GuardChange) -> tuple[str, str, str]:
    """What a change comes to, whatever was there before."""
    return change.file, change.path, repr(change.after)


def require_something(
    config: Config, workspace: Workspace, reached: Iterable[Spec], changes: Iterable[GuardChange]
) -> None:
    """Raises UnsafePlan, the guard changes first as a plan tells them, when nothing would be left to plan: what is switched
    off by the base or by the files is off."""
    problems = [loosening.unreachable(config, spec) for spec in workspace.specs.specs]
    problem = "" if any(reached) else IS_REACHED_BY_THE_BASE.ends("; ".join(dict.fromkeys(problems)))
    if not config.is_enabled:
        problem = IS_ENABLED.ends(
            f"aws.lambda.enabled is false in the base's {config.path}, so nothing is read or changed"
        )
    try:
        workspace.config.require_enabled(spec.target.account for spec in reached)
    except UnsafePlan as error:
        problem = str(error)
    if problem:
        lines = [f"guard change: {guard_change(guard_change_document(change))}" for change in changes]
        raise UnsafePlan("\n".join([*lines, problem]))


# --- the configuration at the base ----------------------------------------------------------------------------------


def config_at(history: History, revision: str, workspace: Workspace) -> Config | None:
    """What governed the paths at a revision: the reconcile.yaml in their folder or the nearest above it; None when there was
    none. Raises UnsafePlan when there was more than one, or one that cannot be read."""
    configs = {
        config_path: None
        for path in workspace.paths or (Path(),)
        if (config_path := config_path_at(history, revision, folder(path)))
    }
    if len(configs) > 1:
        where = " and ".join(map(str, configs))
        message = f"at {revision}, the paths were under {where}; name paths of one {FILE_NAME} at a time"
        raise UnsafePlan(HAS_A_BASE_THAT_JUDGES.ends(message))
    return next((read_at(history, revision, config_path) for config_path in configs), None)


def read_at(history: History, revision: str, path: Path) -> Config:
    try:
        return config_of(history.file_at(revision, path) or b"", str(path), is_judging=True)
    except SpecError as error:
        message = f"{path} of {revision} cannot judge, for it is not valid; mend it there first, or leave out --base"
        raise UnsafePlan(f"{HAS_A_BASE_THAT_JUDGES.ends(message)}\n{error}") from error


def config_path_at(history: History, revision: str, start: Path) -> Path | None:
    """The reconcile.yaml that governed a folder at a revision, as a path from here; a link that stands there now leads
    nowhere."""
    for candidate in (absolute(start), *absolute(start).parents):
        if history.file_at(revision, candidate / FILE_NAME) is not None:
            return Path(os.path.relpath(candidate / FILE_NAME))
        if candidate == history.root:
            break
    return None


def folder(path: Path) -> Path:
    return path if path.is_dir() else path.parent


def files_changed(
    history: History, revision: str, workspace: Workspace, config: Config | None
) -> Iterator[GuardChange]:
    """A reconcile.yaml that came or went, at the place that rules now or anywhere below the paths."""
    own = workspace.config.path
    if config is None:
        yield GuardChange(own, "", UNSET, own, Origin(own), f"at {revision} there is none to judge, so this one does")
    elif absolute(config.path) != absolute(own):
        yield GuardChange(own, "", config.path, own, Origin(own), f"{config.path} of {revision} judges")
    start = [folder(path) for path in workspace.paths]
    now = {file for root in start for file in files_now(root)}
    then = {absolute(file) for root in start for file in history.files_at(revision, root, FILE_NAME)}
    reported = {absolute(own)} if config is None or absolute(config.path) != absolute(own) else set()
    came = {file for file in now if history.file_at(revision, file) is None}
    for file in sorted((came | then - now) - reported):
        path = os.path.relpath(file)
        before, after = (UNSET, path) if file in now else (path, UNSET)
        reason = "what lies below it is judged by it where that alone is named"
        yield GuardChange(path, "", before, after, Origin(path), reason)


def files_now(root: Path) -> Iterator[Path]:
    """Every reconcile.yaml below a folder, as specs are looked for."""
    for folder, folders, files in os.walk(root):
        folders[:] = [name for name in folders if not name.startswith(".")]
        if FILE_NAME in files:
            yield absolute(Path(folder, FILE_NAME))


# --- the specs at the base ------------------------------------------------------------------------------------------


def specs_at(history: History, revision: str, workspace: Workspace, config: Config) -> dict[Target, Spec]:
    """The specs of the workspace's targets at a revision, wherever their files were."""
    targets = [spec.target for spec in workspace.specs.specs]
    return history.specs_at(revision, config, now=workspace.specs.documents, targets=targets)


def moved(history: History, revision: str, workspace: Workspace, then: Mapping[Target, Spec]) -> Iterator[GuardChange]:
    """Specs that another reconcile.yaml governed."""
    reported: set[str] = set()
    for spec in workspace.specs.specs:
        before = then.get(spec.target)
        if before is None or absolute(before.path) == absolute(spec.path) or spec.path in reported:
            continue
        reported.add(spec.path)
        was, now = (config_path_at(history, revision, Path(path).parent) for path in (before.path, spec.path))
        if was and (now is None or absolute(was) != absolute(now)):
            reason = f"{before.path} was under {was}"
            yield GuardChange(spec.path, "", before.path, spec.path, Origin(spec.path), reason)
