"""Which commits lie between two, and what they say of themselves. Asks git; raises GitError when git cannot tell."""

from __future__ import annotations

import os

from reconciler.files.repository import Repository

UP_TO = "HEAD"


def commit_of(repository: Repository, revision: str) -> str:
    """The whole name of a commit."""
    return repository.git("rev-parse", "--verify", "--end-of-options", f"{revision}^{{commit}}").decode().strip()


def parent_of(repository: Repository, commit: str = UP_TO) -> str:
    """The commit that one came onto; empty where this clone has none."""
    words = ["rev-list", "--first-parent", "--max-count=1", "--skip=1", commit_of(repository, commit)]
    return repository.git(*words).decode().strip()


def is_known(repository: Repository, commit: str) -> bool:
    """Whether this clone has a commit of this whole name; false for what is no name of one."""
    if not commit.isalnum():
        return False
    answer = repository.git("cat-file", "--batch-check", text=f"{commit}^{{commit}}\n".encode())
    return answer.split()[:2] == [commit.encode(), b"commit"]


def is_before(repository: Repository, commit: str, later: str = UP_TO) -> bool:
    """Whether a commit is an ancestor of another, and not the same."""
    ours, theirs = commit_of(repository, commit), commit_of(repository, later)
    return ours != theirs and not repository.git("rev-list", "--max-count=1", ours, f"^{theirs}")


def merged_since(repository: Repository, since: str, up_to: str = UP_TO) -> list[str]:
    """The commits that came to a branch after one, oldest first; of what a merge brought, the merge. Without `since`, the last."""
    span = f"{commit_of(repository, since)}..{commit_of(repository, up_to)}" if since else commit_of(repository, up_to)
    words = ["rev-list", "--first-parent", "--reverse", *([] if since else ["--max-count=1"]), span]
    return repository.git(*words).decode().split()


def messages_since(repository: Repository, since: str, up_to: str = UP_TO) -> list[str]:
    """What all commits after one say, those that merges brought as well. Without `since`, what the last says."""
    span = f"{commit_of(repository, since)}..{commit_of(repository, up_to)}" if since else commit_of(repository, up_to)
    words = ["log", "-z", "--no-show-signature", "--format=%B", *([] if since else ["--max-count=1"]), span]
    return [text for text in os.fsdecode(repository.git(*words)).split("\0") if text]


def commits_since(repository: Repository, since: str, up_to: str = UP_TO) -> list[str]:
    """All commits after one, oldest first, those that merges brought as well."""
    span = f"{commit_of(repository, since)}..{commit_of(repository, up_to)}"
    return repository.git("rev-list", "--reverse", "--topo-order", span).decode().split()


def tips_below(repository: Repository, prefix: str) -> dict[str, list[str]]:
    """The names of the references below a prefix, by the commit that they end at."""
    listed = os.fsdecode(repository.git("for-each-ref", "--format=%(objectname) %(refname)", "--", prefix))
    found: dict[str, list[str]] = {}
    for commit, _, name in (line.partition(" ") for line in listed.splitlines()):
        found.setdefault(commit, []).append(name)
    return found
