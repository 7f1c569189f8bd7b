"""What git can tell: which commit a run was made from. The only module that uses GitPython.

Outside a work tree, or without git, it tells nothing rather than guess.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from reconciler import __version__


def provenance(path: Path) -> dict[str, Any]:
    """Tool, version, and the commit of the work tree that holds `path`; None for what git does not know."""
    found: dict[str, Any] = {
        "tool": "lambda-reconciler",
        "version": __version__,
        "commit": None,
        "branch": None,
        "dirty": None,
    }
    try:
        import git  # GitPython looks for the git program when it is imported
    except ImportError:
        return found
    try:
        repository = git.Repo(path, search_parent_directories=True)
        found["commit"] = repository.head.commit.hexsha
        found["branch"] = None if repository.head.is_detached else repository.active_branch.name
        found["dirty"] = repository.is_dirty(untracked_files=True)
    except (git.GitError, ValueError, OSError):
        return found
    return found
