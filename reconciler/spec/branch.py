"""How HEAD stands to the base that a change is compared with, by git's history. In a shallow clone nothing is told rather than guessed."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.core.errors import GitError
from reconciler.spec.history import History


@dataclass(frozen=True, slots=True)
class Branch:
    """`began` is the commit at which HEAD left its base, the base itself where nobody can tell; `lacks` counts what the base has got
    since, and HEAD has not."""

    began: str
    lacks: int = 0


def branch(history: History, base: str) -> Branch:
    """Raises GitError where there is no such base."""
    commit = history.commit(base)
    if history.is_shallow:
        return Branch(commit)
    lacks = _count(history, f"HEAD..{commit}")
    try:
        began = history.repository.git("merge-base", commit, "HEAD").decode().strip() if lacks else commit
    except GitError:  # they have no commit in common
        began = commit
    return Branch(began, lacks)


def base_of(history: History, base: str, head: str) -> str:
    """What a change at `head` is compared with. Where HEAD is the forge's merge of it, that is what it was merged into: the base may have
    moved on since the event that names it."""
    commit = history.commit(base)
    _, *parents = history.repository.git("rev-list", "--parents", "--max-count=1", "HEAD").decode().split()
    if len(parents) == 2 and parents[1] == head and not _count(history, f"{parents[0]}..{commit}"):
        return parents[0]
    return base


def _count(history: History, commits: str) -> int:
    return int(history.repository.git("rev-list", "--count", commits))
