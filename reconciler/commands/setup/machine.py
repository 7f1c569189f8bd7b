"""What `reconcile doctor` says of this machine and of the work tree: versions, git, specs, workflows. Asks nobody."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path

from reconciler import __version__
from reconciler.commands import workspaces
from reconciler.commands.setup.remarks import Remark, of_faults
from reconciler.commands.workspaces import Workspace
from reconciler.core.errors import GitError, SpecError
from reconciler.core.words import many
from reconciler.files.repository import Repository, git_version, repository
from reconciler.github import workflow_rules
from reconciler.github.workflow import Workflow, pins, workflow
from reconciler.spec.config import text_of
from reconciler.spec.history import History

OLDEST_GIT = (2, 31)  # an older one takes no settings from the environment, by which a tree's filters are switched off
WORKFLOWS = Path(".github", "workflows")


def versions() -> Iterator[Remark]:
    libraries = ", ".join(f"{name} {version(name)}" for name in ("boto3", "botocore"))
    yield Remark("versions", "ok", f"reconcile {__version__}, Python {platform.python_version()}, {libraries}")


# --- git -----------------------------------------------------------------------------------------------------------


def work_tree(folder: Path) -> Iterator[Remark]:
    """Of git itself, and of the work tree that holds a folder."""
    try:
        yield of_version(git_version())
        tree = repository(folder)
        reason = History(folder).names_no_commit
        yield Remark("git", "problem" if reason else "ok", reason or f"the whole history of {tree.root} is here")
        yield of_upstream(tree)
    except GitError as error:
        yield Remark("git", "unknown", f"no causes, no commits in records: {error}")


def of_version(installed: str) -> Remark:
    numbers = tuple(map(int, re.findall(r"[0-9]+", installed)[:2]))
    if numbers < OLDEST_GIT:
        oldest = ".".join(map(str, OLDEST_GIT))
        return Remark(
            "git", "problem", f"git {installed} could run filters that a tree names; install {oldest} or newer"
        )
    return Remark("git", "ok", f"git {installed}")


def of_upstream(tree: Repository) -> Remark:
    try:
        name = os.fsdecode(tree.git("rev-parse", "--abbrev-ref", "HEAD@{upstream}")).strip()
        ahead, behind = map(int, tree.git("rev-list", "--left-right", "--count", "HEAD...HEAD@{upstream}").split())
    except GitError:
        return Remark("git", "unknown", "HEAD has no upstream branch to be compared with")
    if behind:
        return Remark(
            "git", "problem", f"HEAD lacks {many(behind, 'commit')} of {name}; git pull, or you plan what was"
        )
    return Remark("git", "ok", f"HEAD has all commits of {name}" + (f" and {ahead} more" if ahead else ""))


# --- files ---------------------------------------------------------------------------------------------------------


def specs(paths: Sequence[Path]) -> tuple[Workspace | None, list[Remark]]:
    """What the files say, and what is wrong with them."""
    try:
        workspace = workspaces.read(paths)
    except SpecError as error:
        return None, of_faults("specs", error.faults)
    count, targets = workspace.specs.file_count, len(workspace.specs.specs)
    return workspace, [Remark("specs", "ok", f"{many(count, 'spec')} valid, {many(targets, 'target')}")]


def root_of(folder: Path) -> Path:
    """Where GitHub looks for workflows: the root of the work tree, or without git the present folder."""
    try:
        return Path(os.path.relpath(repository(folder).root))
    except GitError:
        return Path()


def workflows(root: Path) -> Iterator[Remark]:
    """Of each workflow that runs reconcile."""
    is_used = False
    for path in files(root):
        try:
            found = of_workflow(workflow(text_of(path), str(path)))
        except SpecError as error:
            found = [Remark("workflow", "unknown", fault.message, fault.origin) for fault in error.faults]
        is_used |= any(remark.status != "unknown" for remark in found)
        yield from found
    if not is_used:
        yield Remark("workflow", "unknown", "no workflow here runs reconcile; `reconcile init` writes one")


def files(root: Path) -> list[Path]:
    """No folder of them is a link: GitHub follows none."""
    folder = root / WORKFLOWS
    if folder.is_symlink() or folder.parent.is_symlink() or not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.suffix in (".yml", ".yaml"))


def of_workflow(read: Workflow) -> list[Remark]:
    """Nothing of one that does not run reconcile."""
    if not read.is_ours:
        return []
    wrong = of_faults("workflow", workflow_rules.faults(read))
    for pin in pins(read):
        if pin.is_ours and pin.version and pin.version != __version__:
            message = (
                f"runs reconcile {pin.version}, and this is {__version__}; run the same here, or pin this one there"
            )
            wrong.append(Remark("workflow", "problem", message, read.document.at(pin.at)))
    return wrong or [Remark("workflow", "ok", f"{read.document.path} keeps every rule")]
