"""The packages of a run: each packed once and kept as it was, in no memory and under no name."""

from __future__ import annotations

import os
import tempfile
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from reconciler.core.errors import SpecError
from reconciler.files import packing
from reconciler.files.packages import Packages
from tests.files.packed import HERE, counted, pack, tree


def test_many_that_ask_side_by_side_get_one_packing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = tree(tmp_path / "one"), tree(tmp_path / "two", **{"b.py": "y" * 100_000})
    asked = counted(monkeypatch)
    packages = Packages()
    with ThreadPoolExecutor(8) as pool:
        found = [*pool.map(lambda path: packages.packed(str(path), HERE), [one, two] * 20)]
    assert sorted(asked) == ["one", "two"]
    expected = [pack(str(one)), pack(str(two))] * 20
    assert [package.opened().read() for package in found] == expected


def test_what_is_kept_is_what_was_there_when_it_was_asked_for_first(tmp_path: Path) -> None:
    root, packages = tree(tmp_path / "one"), Packages()
    before, package = pack(str(root)), packages.packed(str(root), HERE)
    (root / "app.py").write_text("another")
    assert packages.packed(str(root), HERE).opened().read() == before
    assert package.size == len(before)
    assert Packages().packed(str(root), HERE).opened().read() == pack(str(root)) != before


def test_readers_of_one_package_do_not_move_each_other(tmp_path: Path) -> None:
    package = Packages().packed(str(tree(tmp_path, **{"b.py": "0123456789" * 1000})), HERE)
    one, two = package.opened(), package.opened()
    assert one.read(100) == two.read(100)
    one.seek(-10, os.SEEK_END)
    assert one.tell() == package.size - 10
    assert len(one.read()) == 10
    assert len(two.read()) == package.size - 100
    assert one.read() == two.read() == b""


def test_packages_outlive_who_packed_them(tmp_path: Path) -> None:
    package = Packages().packed(str(tree(tmp_path)), HERE)
    assert package.opened().read() == pack(str(tmp_path))


def test_nothing_of_a_package_has_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So nothing is left, however the process ends."""
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    packages = Packages()
    packages.packed(str(tree(tmp_path / "one", **{"b.py": "x" * (2 << 20)})), HERE)
    assert list((tmp_path / "temporary").iterdir()) == []


def test_many_large_packages_are_held_in_no_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packing, "IN_MEMORY_BYTES", 1 << 16)
    paths = [tree(tmp_path / str(number)) for number in range(6)]
    for path in paths:
        with (path / "big.bin").open("wb") as file:
            file.truncate(10 << 20)
    packages = Packages()
    tracemalloc.start()
    kept = [packages.packed(str(path), HERE) for path in paths]
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert sum(package.size for package in kept) > 60 << 20
    assert most < 4 << 20


def test_what_cannot_be_packed_is_told_each_time(tmp_path: Path) -> None:
    packages = Packages()
    for _ in range(2):
        with pytest.raises(SpecError, match="does not exist"):
            packages.packed(str(tmp_path / "nowhere"), HERE)
    tree(tmp_path / "nowhere")
    assert packages.packed(str(tmp_path / "nowhere"), HERE).sha256


def test_a_disk_that_is_full_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "TemporaryFile", lambda **_: Path("/dev/full").open("wb", buffering=0))  # noqa: SIM115
    with pytest.raises(SpecError, match="cannot be kept until it is sent: No space left on device"):
        Packages().packed(str(tree(tmp_path)), HERE)


def test_hashes_are_those_of_the_bytes(tmp_path: Path) -> None:
    package = Packages().packed(str(tree(tmp_path)), HERE)
    with package.opened() as file:
        assert packing.sha256_of(file) == package.sha256
