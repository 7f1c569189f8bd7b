"""Which commits lie between two, which of them is later, and what they say: asked of real git."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from reconciler.core.errors import GitError
from reconciler.files.repository import Repository, repository
from reconciler.spec.lineage import is_before, is_known, merged_since, messages_since
from tests.apply.houses import commit


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    subprocess.run(["git", "init", "-q", "-b", "main"], cwd=tmp_path, check=True)
    return tmp_path


def made(tree: Path, name: str, message: str = "") -> str:
    (tree / name).write_text(name)
    return commit(tree, message or name)


def opened(tree: Path) -> Repository:
    return repository(tree)


def git(tree: Path, *words: str) -> None:
    identity = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com")
    subprocess.run(["git", *identity, *words], cwd=tree, check=True, capture_output=True)


def test_commits_since_another_are_told_oldest_first(tree: Path) -> None:
    first, second, third = (made(tree, name) for name in "abc")
    assert merged_since(opened(tree), first) == [second, third]
    assert merged_since(opened(tree), third) == []
    assert merged_since(opened(tree), "") == [third]


def test_of_a_merge_the_merge_counts_and_all_messages_are_read(tree: Path) -> None:
    first = made(tree, "a")
    git(tree, "checkout", "-q", "-b", "side")
    made(tree, "b", "side\n\nReconcile-Allow-Deletes: 7")
    git(tree, "checkout", "-q", "main")
    made(tree, "c")
    git(tree, "merge", "-q", "--no-ff", "-m", "merged", "side")
    assert len(merged_since(opened(tree), first)) == 2
    messages = messages_since(opened(tree), first)
    assert sorted(text.splitlines()[0] for text in messages) == ["c", "merged", "side"]
    assert any("Reconcile-Allow-Deletes: 7" in text for text in messages)


def test_a_commit_is_before_those_that_build_on_it_alone(tree: Path) -> None:
    first = made(tree, "a")
    git(tree, "checkout", "-q", "-b", "side")
    aside = made(tree, "b")
    git(tree, "checkout", "-q", "main")
    last = made(tree, "c")
    assert is_before(opened(tree), first)
    assert is_before(opened(tree), first, aside)
    assert not is_before(opened(tree), last)
    assert not is_before(opened(tree), last, first)
    assert not is_before(opened(tree), aside, last)


@pytest.mark.parametrize("name", ["", "HEAD", "--all", "f" * 40, "main", "a b", "\n"])
def test_what_names_no_commit_of_this_clone_is_not_known(tree: Path, name: str) -> None:
    made(tree, "a")
    assert not is_known(opened(tree), name)


def test_a_commit_of_this_clone_is_known_and_a_file_is_none(tree: Path) -> None:
    known = made(tree, "a")
    file = subprocess.run(["git", "rev-parse", "HEAD:a"], cwd=tree, check=True, capture_output=True, text=True).stdout
    assert is_known(opened(tree), known)
    assert not is_known(opened(tree), file.strip())


def test_a_revision_that_is_an_option_is_none(tree: Path) -> None:
    made(tree, "a")
    with pytest.raises(GitError):
        merged_since(opened(tree), "--output=x")
