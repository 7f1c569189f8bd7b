"""A commit of new texts on a branch of its own. It is made of objects alone: the work tree, the index and HEAD stay as they are, nothing is
checked out, no hook runs and nothing is signed.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from reconciler.core.errors import GitError
from reconciler.files.git_answers import Blob, listed
from reconciler.files.repository import Repository

HEADS = "refs/heads/"
NEW = ""  # what a reference must have been that was not there


@dataclass(frozen=True, slots=True)
class Change:
    """A file by its path from the root, as it is and as it is to be."""

    name: str
    before: bytes
    after: bytes


def is_branch_name(tree: Repository, name: str) -> bool:
    """Whether git takes a name for a branch; nothing in it is a revision's, or an option's."""
    if not name.isprintable() or name.startswith("-") or name == "HEAD":
        return False
    try:
        tree.git("check-ref-format", f"{HEADS}{name}")
    except GitError:
        return False
    return True


def has_branch(tree: Repository, name: str) -> bool:
    return bool(tree.git("for-each-ref", "--format=%(refname)", f"{HEADS}{name}").split())


def current_branch(tree: Repository) -> str:
    """The branch that HEAD is on; empty where it is on none."""
    name = os.fsdecode(tree.git("rev-parse", "--symbolic-full-name", "HEAD")).strip()
    return name.removeprefix(HEADS) if name.startswith(HEADS) else ""


def uncommitted(tree: Repository, changes: Iterable[Change]) -> Iterator[str]:
    """The files that are not in HEAD as they are in the folder."""
    for change in changes:
        blob = _blob(tree, change.name)
        if blob is None or not blob.mode.startswith("100") or blob.name != _hashed(tree, change.before):
            yield change.name


def committed(tree: Repository, branch: str, changes: Iterable[Change], message: str) -> str:
    """The commit, which is HEAD with the changes, once the branch has it. Raises GitError where git does not make it, or somebody else
    has made the branch meanwhile."""
    head = tree.git("rev-parse", "--verify", "HEAD^{commit}").decode().strip()
    lines = []
    for change in changes:
        blob = _blob(tree, change.name)
        assert blob, change.name
        lines.append(f"{blob.mode} {_hashed(tree, change.after, '-w')}\t{change.name}\0")
    with tempfile.TemporaryDirectory(prefix="reconcile-index-") as folder:
        index = {"GIT_INDEX_FILE": str(Path(folder, "index"))}
        tree.git("read-tree", head, variables=index)
        tree.git("update-index", "-z", "--index-info", text=os.fsencode("".join(lines)), variables=index)
        content = tree.git("write-tree", variables=index).decode().strip()
    text = message.encode("utf-8", "backslashreplace")
    commit = (
        tree.git("commit-tree", content, "-p", head, "-F", "-", text=text, variables=tree.identity()).decode().strip()
    )
    tree.git("update-ref", f"{HEADS}{branch}", commit, NEW)
    return commit


def _blob(tree: Repository, name: str) -> Blob | None:
    lines = os.fsdecode(tree.git("ls-tree", "-z", "--full-tree", "HEAD", "--", name)).split("\0")
    return next((blob for path, blob in map(listed, filter(None, lines)) if path == name), None)


def _hashed(tree: Repository, text: bytes, *words: str) -> str:
    """What git calls these bytes, whatever attributes say of the file that they are of."""
    return tree.git("hash-object", "--no-filters", "--stdin", *words, text=text).decode().strip()
