"""Authors of lines: of many files git is asked at once, and what is told of each line is what git tells of that file alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.core.errors import GitError
from reconciler.core.model import Origin
from reconciler.spec import history
from reconciler.spec.history import History
from tests.spec.test_hostile_git import git

TEXT = "".join(f"line: {number}\n" for number in range(12))
NAMES = ("a", "b", "c")


class Tree:
    """A repository of three files, which people change."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir()
        git(root, "init", "-q", "-b", "main")
        for name in NAMES:
            self.write(name, TEXT)
        self.commit("Ada")
        git(root, "tag", "base")

    def write(self, name: str, text: str) -> None:
        (self.root / f"{name}.yaml").write_text(text)

    def change(self, name: str, number: int, to: str) -> None:
        path = self.root / f"{name}.yaml"
        path.write_text(path.read_text().replace(f"line: {number}\n", f"{to}\n"))

    def move(self, name: str, to: str) -> None:
        git(self.root, "mv", f"{name}.yaml", f"{to}.yaml")

    def commit(self, who: str) -> None:
        git(self.root, "add", "-A")
        git(self.root, "-c", f"user.name={who}", "commit", "-qm", "x", "--allow-empty")

    def merge(self, change: Callable[[], None] = lambda: None) -> None:
        git(self.root, "-c", "user.name=Merging", "merge", "-q", "--no-ff", "--no-commit", "side")
        change()
        self.commit("Merging")

    def authors(self) -> dict[tuple[str, int], str]:
        """What is told of each line of all files."""
        found = History(self.root)
        files = sorted(self.root.glob("*.yaml"))
        lines = [(path.stem, at) for path in files for at in range(1, len(path.read_text().splitlines()) + 1)]
        told = {(name, at): found.author("base", Origin(str(self.root / f"{name}.yaml"), at, 1)) for name, at in lines}
        return {line: author for line, author in told.items() if author}


def one_each(tree: Tree) -> None:
    for name, who in zip(NAMES, ("Bob", "Cleo", "x\u2028y\x85z\tw"), strict=True):
        tree.change(name, 3, f"by: {who[0]}\nmore: 1")
        tree.commit(who)


def two_of_one(tree: Tree) -> None:
    tree.change("a", 3, "by: Bob")
    tree.commit("Bob")
    tree.change("a", 7, "by: Cleo")
    tree.commit("Cleo")


def moved(tree: Tree) -> None:
    tree.move("a", "d")
    tree.change("b", 4, "by: Bob")
    tree.move("b", "e")
    tree.commit("Bob")
    tree.change("d", 3, "by: Cleo")
    tree.commit("Cleo")


def moved_after(tree: Tree) -> None:
    tree.change("a", 3, "by: Bob")
    tree.commit("Bob")
    tree.move("a", "d")
    tree.commit("Cleo")
    tree.move("d", "e")
    tree.commit("Cleo")
    tree.change("e", 7, "by: Dan")
    tree.commit("Dan")


def came(tree: Tree) -> None:
    tree.write("d", "new: 1\n")
    tree.commit("Bob")
    tree.write("e", TEXT + "more: 1\n")
    (tree.root / "a.yaml").unlink()
    tree.commit("Cleo")


def merged(tree: Tree) -> None:
    git(tree.root, "checkout", "-q", "-b", "side")
    tree.change("a", 3, "by: Bob")
    tree.change("b", 3, "by: Bob")
    tree.commit("Bob")
    git(tree.root, "checkout", "-q", "main")
    tree.change("b", 9, "by: Cleo")
    tree.change("c", 9, "by: Cleo")
    tree.commit("Cleo")
    tree.merge(lambda: tree.change("b", 6, "by: who merged"))


def not_committed(tree: Tree) -> None:
    one_each(tree)
    tree.change("a", 7, "not: committed")


HISTORIES = (one_each, two_of_one, moved, moved_after, came, merged, not_committed)


@pytest.mark.parametrize("happened", HISTORIES, ids=lambda happened: happened.__name__)
def test_each_line_is_of_whom_git_names_for_its_file_alone(
    happened: Callable[[Tree], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree = Tree(tmp_path / "tree")
    happened(tree)
    monkeypatch.setattr(history, "ASKED_ALONE", 99)
    alone = tree.authors()
    monkeypatch.setattr(history, "ASKED_ALONE", 0)
    assert tree.authors() == alone
    assert alone


def test_where_git_cannot_tell_of_all_at_once_each_file_is_asked_for_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise GitError("an object was not fetched")

    tree = Tree(tmp_path / "tree")
    one_each(tree)
    monkeypatch.setattr(history, "ASKED_ALONE", 0)
    monkeypatch.setattr(history, "touched_once", refused)
    assert set(tree.authors()) == {(name, at) for name in NAMES for at in (4, 5)}


@pytest.mark.parametrize(
    ("happened", "asked"), [(one_each, 0), (moved, 1), (two_of_one, 3)], ids=["each", "moved", "two"]
)
def test_of_many_files_git_is_asked_alone_about_those_of_several(
    happened: Callable[[Tree], None], asked: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And about those that nobody touched, of which no plan asks."""
    tree, blamed = Tree(tmp_path / "tree"), list[str]()
    happened(tree)
    monkeypatch.setattr(history, "ASKED_ALONE", 0)

    def asked_alone(_: History, __: str, name: str) -> dict[int, str]:
        blamed.append(name)
        return {}

    monkeypatch.setattr(History, "_blamed", asked_alone)
    tree.authors()
    assert len(blamed) == asked


def test_an_author_has_one_line_whatever_his_name_holds(tmp_path: Path) -> None:
    tree = Tree(tmp_path / "tree")
    tree.change("a", 3, "by: Eve")
    tree.commit("Eve\u20280123456789\tAda")
    (told,) = History(tree.root).authors_since("base", [str(tree.root / "a.yaml")])
    assert told.endswith("Eve\u20280123456789\tAda")
