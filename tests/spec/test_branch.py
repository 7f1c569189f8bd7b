"""How HEAD stands to its base: where it began, what it lacks, and which merges of it are the forge's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.core.errors import GitError
from reconciler.spec.branch import Branch, base_of, branch
from reconciler.spec.history import History
from tests.spec.test_hostile_git import git


def committed(folder: Path, name: str) -> str:
    git(folder, "commit", "-q", "--allow-empty", "-m", name)
    return git(folder, "rev-parse", "HEAD")


@pytest.fixture
def forked(tmp_path: Path) -> Path:
    """A branch with one commit, and main with two that it lacks; the branch is checked out."""
    git(tmp_path, "init", "-q", "-b", "main")
    committed(tmp_path, "first")
    git(tmp_path, "checkout", "-qb", "change")
    committed(tmp_path, "of the branch")
    git(tmp_path, "checkout", "-q", "main")
    for name in ("second", "third"):
        committed(tmp_path, name)
    git(tmp_path, "checkout", "-q", "change")
    return tmp_path


def test_a_branch_began_where_it_left_its_base_and_lacks_what_came_since(forked: Path) -> None:
    assert branch(History(forked), "main") == Branch(git(forked, "rev-parse", "main~2"), 2)
    assert branch(History(forked), "HEAD") == Branch(git(forked, "rev-parse", "HEAD"))


def test_a_base_that_there_is_not_is_told(forked: Path) -> None:
    with pytest.raises(GitError):
        branch(History(forked), "nowhere")


def merged(folder: Path, first: str, second: str) -> str:
    """A merge of two commits, checked out."""
    git(folder, "checkout", "-q", "--detach", first)
    git(folder, "merge", "-q", "--no-ff", "-m", "merged", second)
    return git(folder, "rev-parse", "HEAD")


def test_the_forges_merge_is_compared_with_what_it_was_merged_into(forked: Path) -> None:
    head, old, new = (git(forked, "rev-parse", name) for name in ("change", "main~1", "main"))
    merged(forked, "main", "change")
    assert base_of(History(forked), old, head) == new
    assert branch(History(forked), base_of(History(forked), old, head)) == Branch(new)


def test_a_merge_that_the_branch_itself_made_is_compared_with_the_base_of_the_event(forked: Path) -> None:
    old = git(forked, "rev-parse", "main~1")
    head = merged(forked, "change", "main")
    assert base_of(History(forked), old, head) == old
    assert (
        base_of(History(forked), old, git(forked, "rev-parse", "main")) == old
    )  # what it was merged into lacks the base


def test_what_a_head_was_merged_into_must_have_the_base(forked: Path) -> None:
    head, base = git(forked, "rev-parse", "change"), git(forked, "rev-parse", "main")
    git(forked, "checkout", "-q", "--detach", "main~2")
    committed(forked, "older")
    merged(forked, "HEAD", "change")
    assert base_of(History(forked), base, head) == base


def test_a_commit_of_a_shallow_clone_is_nobodys_merge(forked: Path, tmp_path: Path) -> None:
    head = git(forked, "rev-parse", "change")
    merged(forked, "main", "change")
    git(forked, "branch", "merged")
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", "--depth", "1", "-b", "merged", f"file://{forked}", str(clone))
    tip = git(clone, "rev-parse", "HEAD")
    assert base_of(History(clone), tip, head) == tip
    assert branch(History(clone), tip) == Branch(tip)
