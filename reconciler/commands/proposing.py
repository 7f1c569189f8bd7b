"""Rewritten files as one commit on a new branch: looked at before AWS is asked, and made of what was found."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from reconciler.commands import workspaces
from reconciler.commands.rewriting import Rewriting
from reconciler.commands.workspaces import Workspace
from reconciler.core.errors import UnsafePlan
from reconciler.core.finding import Rule
from reconciler.files import committing
from reconciler.files.committing import Change
from reconciler.spec.history import History

IS_NEW = Rule("R256", "The branch that is made has a name that git takes, and is not there yet.")
BEGINS_AT_A_BRANCH = Rule("R257", "A branch is proposed to another one, which HEAD is on.")
HAS_NOTHING_ELSE = Rule("R258", "What is committed differs from HEAD in what is taken over, and in nothing else.")


class Proposal:
    """A branch that is to be made. Raises UnsafePlan where it cannot be, GitError outside of git and where git knows nobody who commits."""

    def __init__(self, workspace: Workspace, branch: str) -> None:
        self._history: History = workspaces.history(workspace)
        self._tree, self.branch = self._history.repository, branch
        if not committing.is_branch_name(self._tree, branch):
            raise UnsafePlan(IS_NEW.ends(f"{branch!r} is no name of a branch"))
        if committing.has_branch(self._tree, branch):
            raise UnsafePlan(IS_NEW.ends(f"there is a branch {branch} already; name another one, or delete it"))
        self.onto = committing.current_branch(self._tree)
        if not self.onto:
            message = "HEAD is on no branch, so nobody can tell what this is proposed to; git switch to one"
            raise UnsafePlan(BEGINS_AT_A_BRANCH.ends(message))
        self._tree.identity()

    def _changes(self, files: Sequence[Rewriting]) -> list[Change]:
        return [
            Change(self._history.name_of(Path(file.path)), file.before.encode(), file.after.encode()) for file in files
        ]

    def require_nothing_else(self, files: Sequence[Rewriting]) -> None:
        """Raises UnsafePlan where the commit would hold more than these changes."""
        changes = self._changes(files)
        others = list(committing.uncommitted(self._tree, changes))
        if others:
            reason = f"{others[0]} is not in HEAD as it is here; commit it first, or put it back"
            raise UnsafePlan(HAS_NOTHING_ELSE.ends(reason))

    def committed(self, files: Sequence[Rewriting], message: str) -> str:
        """The commit's name. The files in the folder stay as they are."""
        self.require_nothing_else(files)
        return committing.committed(self._tree, self.branch, self._changes(files), message)
