"""Packing to the byte: the limits of Lambda, just reached and just passed, and an ignore file that means what it says."""

from __future__ import annotations

import hashlib
import io
import os
import tracemalloc
import zipfile
from pathlib import Path

import pytest

from reconciler.core.errors import SpecError
from reconciler.core.model import Origin
from reconciler.files import archive as archives
from reconciler.files import packing
from reconciler.files.tree import MAX_ENTRIES
from tests.files.packed import pack

HERE = Origin("spec.yaml", 3, 5)


def packed(root: Path) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(pack(str(root), HERE)))


def refusal(root: Path) -> str:
    with pytest.raises(SpecError) as caught:
        pack(str(root), HERE)
    return str(caught.value).removeprefix("spec.yaml:3:5: ").replace(str(root), "ROOT")


def test_the_bytes_are_these_and_stay_these(tmp_path: Path) -> None:
    """A changed hash would deploy every function anew: whoever changes this says so in CHANGELOG."""
    (tmp_path / "lib").mkdir()
    (tmp_path / "app.py").write_text("def handler(event, context):\n    return event\n")
    (tmp_path / "lib" / "ä.txt").write_text("ä\n", encoding="utf-8")
    (tmp_path / "bootstrap").write_text("#!/bin/sh\n")
    (tmp_path / "bootstrap").chmod(0o755)
    code = pack(str(tmp_path), HERE)
    with zipfile.ZipFile(io.BytesIO(code)) as archive:
        assert [(one.filename, one.external_attr >> 16, one.compress_type) for one in archive.infolist()] == [
            ("app.py", 0o100644, zipfile.ZIP_STORED),
            ("bootstrap", 0o100755, zipfile.ZIP_STORED),
            ("lib/ä.txt", 0o100644, zipfile.ZIP_STORED),
        ]
        assert {(one.date_time, one.create_system) for one in archive.infolist()} == {((1980, 1, 1, 0, 0, 0), 3)}
    assert hashlib.sha256(code).hexdigest() == "542d7f5115171a0f9499960aade6d097acce9209709313350f49624ef104ba7f"


@pytest.mark.parametrize("mode", [0o400, 0o444, 0o600, 0o640, 0o664, 0o666])
def test_a_file_that_does_not_run_has_one_mode(mode: int, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("x")
    (tmp_path / "app.py").chmod(mode)
    assert packed(tmp_path).getinfo("app.py").external_attr >> 16 == 0o100644


def test_an_empty_folder_leaves_no_trace(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("x")
    before = pack(str(tmp_path), HERE)
    (tmp_path / "empty" / "inner").mkdir(parents=True)
    os.utime(tmp_path, (0, 0))
    assert pack(str(tmp_path), HERE) == before


def test_what_a_cache_folder_holds_besides_bytecode_stays_out(tmp_path: Path) -> None:
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "notes.txt").write_text("x")
    (tmp_path / "app.py").write_text("x")
    assert packed(tmp_path).namelist() == ["app.py"]


def test_an_ignore_file_with_a_byte_order_mark_and_dos_line_ends_means_the_same(tmp_path: Path) -> None:
    """A spec may begin with a byte order mark; here the first pattern would silently leave nothing out."""
    for name in ("app.py", "secret.env", "notes.md"):
        (tmp_path / name).write_text("x")
    (tmp_path / ".lambdaignore").write_bytes(b"\xef\xbb\xbf*.env\r\n*.md\r\n")
    assert packed(tmp_path).namelist() == ["app.py"]


def test_an_ignore_file_that_links_out_is_not_followed(tmp_path: Path) -> None:
    """What is packed would depend on a file outside."""
    root = tmp_path / "src"
    root.mkdir()
    (root / "app.py").write_text("x")
    (root / "other.py").write_text("x")
    (tmp_path / "elsewhere").write_text("app.py\n")
    (root / ".lambdaignore").symlink_to(tmp_path / "elsewhere")
    assert "leads out of" in refusal(root)


def test_an_ignore_file_that_git_could_not_read_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("x")
    (tmp_path / ".lambdaignore").write_text("!\n")
    assert refusal(tmp_path).startswith("ROOT/.lambdaignore cannot be read: ")


def test_ignoring_everything_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("x")
    (tmp_path / ".lambdaignore").write_text("*\n")
    assert refusal(tmp_path) == "ROOT has no file to pack"


def test_a_link_out_by_way_of_a_folder_is_refused(tmp_path: Path) -> None:
    root = tmp_path / "src"
    (root / "lib").mkdir(parents=True)
    (tmp_path / "secret").write_text("x")
    (root / "lib" / "x").symlink_to("../../secret")
    assert refusal(root).startswith("ROOT/lib/x is a link that leads out of ROOT; copy the file")


def sparse(file: Path, size: int) -> None:
    with file.open("wb") as opened:
        opened.truncate(size)


def small_limits(patch: pytest.MonkeyPatch) -> None:
    """Lambda's limits in small, so that a bound costs no quarter of a gigabyte."""
    patch.setattr(packing, "MAX_DIRECT_BYTES", 1000)
    patch.setattr(packing, "MAX_UNZIPPED_BYTES", 3000)
    patch.setattr(packing, "MAX_ENTRIES", 4)


def test_the_limits_are_lambdas() -> None:
    """docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html: 50 MB zipped, 250 MB unzipped (in MiB)."""
    assert (packing.MAX_DIRECT_BYTES, archives.MAX_UNZIPPED_BYTES) == (50 << 20, 250 << 20)
    assert MAX_ENTRIES < 65_535  # more need ZIP64


@pytest.mark.parametrize(("count", "is_taken"), [(4, True), (5, False)])
def test_so_many_files_are_packed_and_no_more(
    count: int, is_taken: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_limits(monkeypatch)
    for number in range(count):
        (tmp_path / f"{number}.py").write_text("x")
    if is_taken:
        assert len(packed(tmp_path).namelist()) == count
    else:
        assert refusal(tmp_path) == "ROOT is more than 3,000 bytes or 4 files; leave some out with .lambdaignore"


@pytest.mark.parametrize(("size", "is_taken"), [(3000, True), (3001, False)])
def test_so_many_bytes_are_packed_and_no_more(
    size: int, is_taken: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_limits(monkeypatch)
    sparse(tmp_path / "zeros", size)
    if is_taken:
        assert packed(tmp_path).getinfo("zeros").compress_type == zipfile.ZIP_DEFLATED
    else:
        assert refusal(tmp_path).startswith("ROOT is more than 3,000 bytes")


@pytest.mark.parametrize(("size", "method"), [(89_900, zipfile.ZIP_STORED), (90_000, zipfile.ZIP_DEFLATED)])
def test_what_fits_is_stored_and_what_may_not_is_deflated(
    size: int, method: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packing, "MAX_DIRECT_BYTES", 100_000)
    sparse(tmp_path / "zeros", size)
    assert packed(tmp_path).getinfo("zeros").compress_type == method


def test_many_small_files_that_fit_when_deflated_are_packed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A node_modules in small: each entry costs the zip some hundred bytes besides the file's own."""
    monkeypatch.setattr(packing, "MAX_DIRECT_BYTES", 200_000)
    for number in range(400):
        sparse(tmp_path / f"module-number-{number:06}", 400)
    assert len(packed(tmp_path).namelist()) == 400


def test_what_is_too_large_even_when_deflated_is_stored_for_s3(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two zlibs do not give the same bytes, and nobody saves any by them."""
    small_limits(monkeypatch)
    noise = b"".join(hashlib.sha256(bytes([number])).digest() for number in range(64))
    (tmp_path / "noise").write_bytes(noise)
    assert packed(tmp_path).getinfo("noise").compress_type == zipfile.ZIP_STORED


def test_a_package_of_any_size_is_held_in_no_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packing, "IN_MEMORY_BYTES", 1 << 16)
    for number in range(40):
        sparse(tmp_path / f"{number}.bin", 1 << 20)
    tracemalloc.start()
    with packing.packed(str(tmp_path), HERE) as package:
        _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert package.size > 40 << 20
    assert most < 4 << 20


@pytest.mark.parametrize("spare", [0, 1], ids=["just too large", "just small enough"])
def test_a_ready_zip_is_held_to_the_byte(spare: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What no zip that Lambda takes can be is not read."""
    file = tmp_path / "code.zip"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("app.py", "x" * 100)
    monkeypatch.setattr(packing, "MAX_ARCHIVE_BYTES", file.stat().st_size - 1 + spare)
    if spare:
        assert pack(str(file), HERE) == file.read_bytes()
    else:
        assert "a zip that Lambda takes has at most" in refusal(file)


@pytest.mark.parametrize("spare", [0, 1], ids=["just too long", "just short enough"])
def test_a_zips_list_of_files_is_read_up_to_a_bound(
    spare: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A zip of fifty megabytes could list a million files, and each takes memory."""
    file = tmp_path / "code.zip"
    with zipfile.ZipFile(file, "w") as archive:
        for number in range(3000):
            archive.writestr(f"{number:05}", "")
    monkeypatch.setattr(archives, "MAX_LIST_BYTES", 3000 * (46 + 5) - 1 + spare)
    if spare:
        assert pack(str(file), HERE) == file.read_bytes()
    else:
        assert refusal(file) == "ROOT is not a zip file"


@pytest.mark.parametrize("spare", [0, 1], ids=["just too large", "just small enough"])
def test_what_a_ready_zip_holds_is_held_to_the_byte(
    spare: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "code.zip"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.py", "x" * 60)
        archive.writestr("b.py", "x" * 40)
    monkeypatch.setattr(packing, "MAX_UNZIPPED_BYTES", 99 + spare)
    if spare:
        assert pack(str(file), HERE) == file.read_bytes()
    else:
        assert refusal(file) == "ROOT is 100 bytes unzipped; the most is 99"
