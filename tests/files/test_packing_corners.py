"""Packing where file systems differ: links, left-overs, other locales, and figures in every refusal."""

from __future__ import annotations

import base64
import hashlib
import io
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from reconciler.files import packing
from reconciler.files.packages import packed_alone
from tests.files.packed import HERE, names, refusal, tree


def test_a_hash_is_said_as_lambda_says_it() -> None:
    assert packing.sha256_of(io.BytesIO(b"x")) == base64.b64encode(hashlib.sha256(b"x").digest()).decode()


def test_what_git_and_python_leave_behind_stays_out(tmp_path: Path) -> None:
    left = {".git/config": "", "__pycache__/app.pyc": "", "lib/__pycache__/x.pyc": "", "lib/a.pyo": "", "lib/a.py": ""}
    assert names(tree(tmp_path, **left)) == ["app.py", "lib/a.py"]


def test_the_ignore_file_may_take_a_default_back(tmp_path: Path) -> None:
    root = tree(tmp_path, **{"lib/a.pyc": "", "b.pyc": "", ".lambdaignore": "!lib/*.pyc\n"})
    assert names(root) == ["app.py", "lib/a.pyc"]


def test_ignoring_is_gits_ignoring(tmp_path: Path) -> None:
    files = {"a.log": "", "keep.log": "", "deep/b.log": "", "top/x": "", "deep/top/y": "", "build/z": ""}
    root = tree(tmp_path, **files, **{".lambdaignore": "# left out\n*.log\n!keep.log\n/top\nbuild/\n"})
    assert names(root) == ["app.py", "deep/top/y", "keep.log"]


def test_a_link_to_nothing_is_refused(tmp_path: Path) -> None:
    root = tree(tmp_path)
    (root / "b.py").symlink_to("gone.py")
    assert refusal(root) == "b.py is a link to nothing; take it out, or name it in .lambdaignore"


def test_an_ignored_link_harms_nobody(tmp_path: Path) -> None:
    root = tree(tmp_path, **{".lambdaignore": "/out\n"})
    (root / "out").symlink_to("/etc/hostname")
    assert names(root) == ["app.py"]


def test_an_ignore_file_that_cannot_be_read_is_a_fault(tmp_path: Path) -> None:
    root = tree(tmp_path)
    (root / ".lambdaignore").write_bytes(b"\xff\n")
    assert refusal(root).startswith(".lambdaignore cannot be read: ")


def test_a_file_name_that_is_no_text_is_a_fault(tmp_path: Path) -> None:
    root = tree(tmp_path)
    Path(os.fsdecode(os.fsencode(root) + b"/\xff")).write_text("")
    assert refusal(root) == "the file name '\\udcff' is not UTF-8; rename it"


def test_a_zip_that_unpacks_to_too_much_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "code.zip"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("zeros", "w") as entry:
        for _ in range(251):
            entry.write(bytes(1 << 20))
    assert refusal(file).endswith("is 263,192,576 bytes unzipped; the most is 262,144,000")


PACK = "import sys; from reconciler.files.packages import packed_alone; from reconciler.core.model import Origin; sys.stdout.write(packed_alone(sys.argv[1], Origin('x')).sha256)"


@pytest.mark.parametrize("locale", ["C", "C.UTF-8", "POSIX"])
def test_another_locale_time_zone_and_hash_seed_give_the_same_bytes(locale: str, tmp_path: Path) -> None:
    root = tree(tmp_path, **{"ä.py": "", "Z.py": "", "lib/é/a.py": ""})
    environment = {**os.environ, "LC_ALL": locale, "TZ": "Asia/Kathmandu", "PYTHONHASHSEED": "7", "PYTHONUTF8": "0"}
    ran = subprocess.run([sys.executable, "-c", PACK, str(root)], capture_output=True, text=True, check=True, env=environment)  # fmt: skip
    assert ran.stdout == packed_alone(str(root), HERE).sha256
