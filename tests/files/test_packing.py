"""Local code: the same bytes everywhere, nothing from outside, nothing too large."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path

import pytest

from reconciler.core.errors import SpecError
from reconciler.core.model import Origin
from reconciler.files import packing
from reconciler.files.archive import MAX_UNZIPPED_BYTES
from tests.files.packed import pack

HERE = Origin("spec.yaml", 3, 5)


def tree(root: Path, umask: int = 0o022) -> Path:
    before = os.umask(umask)
    try:
        (root / "package").mkdir(parents=True)
        for name, text in (("b.py", "b"), ("package/a.py", "a"), ("run.sh", "#!/bin/sh"), ("notes.md", "n"), (".lambdaignore", "*.md\n/package/skip/\n")):  # fmt: skip
            (root / name).write_text(text)
        (root / "run.sh").chmod(0o777 & ~umask)
        (root / "package" / "skip").mkdir()
        (root / "package" / "skip" / "x").write_text("x")
    finally:
        os.umask(before)
    return root


def test_the_same_files_give_the_same_bytes_wherever_and_whenever(tmp_path: Path) -> None:
    one, two = tree(tmp_path / "one"), tree(tmp_path / "elsewhere" / "two", umask=0o077)
    for file in two.rglob("*"):
        os.utime(file, (1_000_000, 1_000_000))
    assert pack(str(one), HERE) == pack(str(two), HERE)


def test_ignored_files_stay_out_and_modes_are_two(tmp_path: Path) -> None:
    archive = zipfile.ZipFile(io.BytesIO(pack(str(tree(tmp_path / "one")), HERE)))
    assert archive.namelist() == ["b.py", "package/a.py", "run.sh"]
    assert [oct(entry.external_attr >> 16) for entry in archive.infolist()] == ["0o100644", "0o100644", "0o100755"]
    assert {entry.date_time for entry in archive.infolist()} == {packing.EPOCH}


@pytest.mark.parametrize("name", ["code.zip", "code.jar", "Code.JAR"])
def test_a_ready_archive_is_taken_as_it_is(name: str, tmp_path: Path) -> None:
    file = tmp_path / name
    file.write_bytes(pack(str(tree(tmp_path / "one")), HERE))
    assert pack(str(file), HERE) == file.read_bytes()


def outside(root: Path) -> None:
    (root / "link").symlink_to("/etc/hostname")


def outside_folder(root: Path) -> None:
    (root / "link").symlink_to("/etc")


def pipe(root: Path) -> None:
    os.mkfifo(root / "pipe")


def large(root: Path) -> None:
    with (root / "large").open("wb") as file:
        file.truncate(MAX_UNZIPPED_BYTES + 1)


@pytest.mark.parametrize(
    ("spoil", "expected"),
    [
        (outside, "is a link that leads out of"),
        (outside_folder, "is a link that leads out of"),
        (pipe, "is not a regular file"),
        (large, "is more than 262,144,000 bytes"),
    ],
)
def test_a_hostile_directory_is_refused(tmp_path: Path, spoil: object, expected: str) -> None:
    root = tree(tmp_path / "one")
    assert callable(spoil)
    spoil(root)
    with pytest.raises(SpecError, match=expected) as caught:
        pack(str(root), HERE)
    assert str(caught.value).startswith("spec.yaml:3:5: ")


def test_what_is_no_code_is_refused(tmp_path: Path) -> None:
    (tmp_path / "bad.zip").write_text("no zip")
    (tmp_path / "text.txt").write_text("text")
    (tmp_path / "empty").mkdir()
    for name, expected in (
        ("bad.zip", "is not a zip"),
        ("text.txt", "neither a directory nor a .zip or .jar"),
        ("gone", "does not exist"),
        ("empty", "has no file"),
    ):
        with pytest.raises(SpecError, match=expected):
            pack(str(tmp_path / name), HERE)
