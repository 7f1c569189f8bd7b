"""Links in a package: which stay links, which are packed as what they lead to, and which are refused. A package is what it unpacks to."""

from __future__ import annotations

import io
import os
import stat
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.files.tree import packs
from tests.files.packed import HERE, names, pack, refusal, tree


def packed(root: Path) -> dict[str, str]:
    """Name -> what the entry holds; of a link, an arrow and where it leads."""
    archive = zipfile.ZipFile(io.BytesIO(pack(str(root), HERE)))
    return {
        entry.filename: ("-> " if stat.S_ISLNK(entry.external_attr >> 16) else "") + archive.read(entry).decode()
        for entry in archive.infolist()
    }


def link(root: Path, name: str, goal: str) -> None:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).symlink_to(goal)


def test_a_link_to_what_is_packed_stays_one(tmp_path: Path) -> None:
    root = tree(tmp_path, **{"node_modules/tool/cli.js": "c", "lib/libz.so.1.2": "z", "shared/a.py": "a"})
    link(root, "node_modules/.bin/tool", "../tool/cli.js")
    link(root, "lib/libz.so", "libz.so.1")
    link(root, "lib/libz.so.1", "libz.so.1.2")
    link(root, "common", "shared")
    assert packed(root) == {
        "app.py": "x",
        "common": "-> shared",
        "lib/libz.so": "-> libz.so.1.2",
        "lib/libz.so.1": "-> libz.so.1.2",
        "lib/libz.so.1.2": "z",
        "node_modules/.bin/tool": "-> ../tool/cli.js",
        "node_modules/tool/cli.js": "c",
        "shared/a.py": "a",
    }


def test_a_package_with_links_unpacks_to_the_same_tree(tmp_path: Path) -> None:
    """As Lambda does, and unzip. pnpm's modules link to each other in circles."""
    store = "node_modules/.pnpm"
    root = tree(tmp_path / "root", **{f"{store}/a@1/node_modules/a/i.js": "a", f"{store}/b@1/node_modules/b/i.js": "b"})
    link(root, "node_modules/a", ".pnpm/a@1/node_modules/a")
    link(root, f"{store}/a@1/node_modules/b", "../../b@1/node_modules/b")
    link(root, f"{store}/b@1/node_modules/a", "../../a@1/node_modules/a")
    out = tmp_path / "out"
    out.mkdir()
    for name, text in packed(root).items():
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).symlink_to(text[3:]) if text.startswith("-> ") else (out / name).write_text(text)
    compared = subprocess.run(["diff", "-r", "--no-dereference", root, out], capture_output=True, text=True)
    assert compared.stdout == ""
    assert (out / "node_modules/a/../b/../a/i.js").read_text() == "a"


def test_how_a_link_is_written_makes_no_difference(tmp_path: Path) -> None:
    """An absolute path would be another on each machine."""
    for name, goal in (("one", "../shared/./a.py"), ("two", "../lib/../shared/a.py"), ("three", "{}/shared/a.py")):
        root = tree(tmp_path / name, **{"shared/a.py": "a"})
        (root / "lib").mkdir()
        link(root, "lib/a.py", goal.format(root))
    assert packed(tmp_path / "one") == packed(tmp_path / "two") == packed(tmp_path / "three")
    assert packed(tmp_path / "one")["lib/a.py"] == "-> ../shared/a.py"


def test_a_link_to_what_is_left_out_is_packed_as_what_it_leads_to(tmp_path: Path) -> None:
    files = {"releases/3/run.sh": "r", "releases/3/x.md": "", "releases/3/lib/a.py": "a", "old/b.py": "b"}
    root = tree(tmp_path, **files, **{".lambdaignore": "/releases/\n/old/\n*.md\n"})
    (root / "releases/3/run.sh").chmod(0o755)
    link(root, "current", "releases/3")
    link(root, "b.py", "old/b.py")
    link(root, "releases/3/bin/a", "../lib/a.py")  # follows along
    link(root, "releases/3/app.py", "../../app.py")  # leads to what is packed at its own place
    assert packed(root) == {
        "app.py": "x",
        "b.py": "b",
        "current/app.py": "-> ../app.py",
        "current/bin/a": "-> ../lib/a.py",
        "current/lib/a.py": "a",
        "current/run.sh": "r",
    }
    archive = zipfile.ZipFile(io.BytesIO(pack(str(root), HERE)))
    assert archive.getinfo("current/run.sh").external_attr >> 16 == 0o100755


def test_a_link_to_a_directory_without_a_file_leaves_no_trace(tmp_path: Path) -> None:
    root = tree(tmp_path)
    (root / "empty").mkdir()
    link(root, "other", "empty")
    assert names(root) == ["app.py"]


def around_itself(root: Path) -> None:
    (root / "out").mkdir()
    link(root, "out/again", "../out")
    link(root, "in", "out")


def around_two(root: Path) -> None:
    link(root, "out/a/b", "../../more/c")
    link(root, "more/c/d", "../../out/a")
    link(root, "in", "out/a")


def twice_as_many_each_time(root: Path) -> None:
    for number in range(20):
        for side in "ab":
            link(root, f"out/{number}/{side}", f"../{number + 1}")
    (root / "out/20").mkdir()
    link(root, "in", "out/0")


def through_many(root: Path) -> None:
    for number in range(50):
        link(root, f"out/{number}/next", f"../{number + 1}")
    tree(root / "out/50")
    link(root, "in", "out/0")


def into_git(root: Path) -> None:
    tree(root / ".git")
    link(root, "in", ".git")


def into_a_file_of_git(root: Path) -> None:
    tree(root / ".git")
    link(root, "in", ".git/app.py")


def to_a_pipe(root: Path) -> None:
    os.mkfifo(root / "pipe")
    (root / ".lambdaignore").write_text("pipe\nout\nmore\n")
    link(root, "in", "pipe")


def out_by_a_followed_one(root: Path) -> None:
    (root / "out").mkdir()
    link(root, "out/secret", str(root.parent))
    link(root, "in", "out")


@pytest.mark.parametrize(
    ("spoil", "expected"),
    [
        (around_itself, "in/again is a link to a directory that it is in"),
        (around_two, "in/b/d is a link to a directory that it is in"),
        (twice_as_many_each_time, "has more than 1,000 links to directories that are left out; name them"),
        (through_many, "leads on through more than 40 links"),
        (into_git, "in is a link into .git, which is never packed"),
        (into_a_file_of_git, "in is a link into .git, which is never packed"),
        (to_a_pipe, "in is a link to what is not a regular file"),
        (out_by_a_followed_one, "in/secret is a link that leads out of"),
    ],
)
def test_a_hostile_link_is_refused(spoil: Callable[[Path], None], expected: str, tmp_path: Path) -> None:
    root = tree(tmp_path / "root", **{".lambdaignore": "/out/\n/more/\n"})
    spoil(root)
    assert expected in refusal(root)


def test_a_change_of_what_a_link_brings_in_counts_as_one_of_the_package(tmp_path: Path) -> None:
    root = tree(tmp_path, **{"releases/3/a.py": "a", "releases/2/a.py": "a", ".lambdaignore": "/releases/\n"})
    link(root, "current", "releases/3")
    is_packed = packs(str(root))
    assert [is_packed(name) for name in ("releases/3/a.py", "releases/3/gone.py", "releases/2/a.py", "current")] == [
        True,
        True,
        False,
        True,
    ]
