"""A release is the same bytes wherever it is built, says what is new in it, and is named by everything that names one."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from reconciler import __version__
from reconciler.github.workflow import pins, workflow
from tests.github.workflows import ROOT, callers

WHEEL = f"lambda_reconciler-{__version__}-py3-none-any.whl"
CHANGELOG = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def built(root: Path, folder: Path, version: str = __version__) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    command = [str(root / ".ci" / "release"), version, str(folder), "example/reconcile"]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("release")
    done = built(ROOT, folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The tree elsewhere, with other times."""
    left_out = shutil.ignore_patterns(".git", ".*_cache", ".hypothesis", "__pycache__", "venv", "reports")
    return Path(shutil.copytree(ROOT, tmp_path / "copy", ignore=left_out, copy_function=shutil.copy))


def test_the_newest_version_of_the_changelog_is_this_one() -> None:
    assert re.findall(r"^## (\S+)", CHANGELOG, re.MULTILINE)[:2] == ["Unreleased", __version__]


@pytest.mark.parametrize("name", dict(callers()))
def test_an_example_of_a_workflow_names_this_version(name: str) -> None:
    assert {pin.version for pin in pins(workflow(dict(callers())[name], name))} == {__version__}


def test_the_same_tree_is_the_same_bytes_whatever_lies_beside_it(release: Path, copy: Path, tmp_path: Path) -> None:
    (copy / "env" / "tests").mkdir(parents=True)
    (copy / "env" / "tests" / "test_of_others.py").touch()
    done = built(copy, tmp_path / "again")
    assert done.returncode == 0, done.stdout + done.stderr
    files = {path.name: path.read_bytes() for path in release.iterdir()}
    assert {path.name: path.read_bytes() for path in (tmp_path / "again").iterdir()} == files
    assert files.keys() == {WHEEL, f"lambda_reconciler-{__version__}.tar.gz", "notes.md", "requirements.txt"}


def test_requirements_have_the_wheel_by_its_hash_and_all_that_jobs_install(release: Path) -> None:
    text = (release / "requirements.txt").read_text(encoding="utf-8")
    digest = hashlib.sha256((release / WHEEL).read_bytes()).hexdigest()
    url = f"https://github.com/example/reconcile/releases/download/v{__version__}/{WHEEL}"
    locked, _, last = text.partition("lambda-reconciler[github]")
    assert last == f" @ {url} \\\n    --hash=sha256:{digest}\n"
    assert locked == (ROOT / ".github" / "actions" / "setup" / "requirements.txt").read_text(encoding="utf-8")


def test_notes_are_what_the_changelog_says_of_this_version(release: Path) -> None:
    notes = (release / "notes.md").read_text(encoding="utf-8").strip()
    assert notes
    assert f"\n{notes}\n" in CHANGELOG.partition(f"## {__version__}")[2]
    assert "## " not in notes


def test_a_wheel_has_what_commands_read_and_nothing_of_the_tests(release: Path) -> None:
    names = set(zipfile.ZipFile(release / WHEEL).namelist())
    assert {"reconciler/schemas/function.schema.json", "reconciler/manual/github.md", "reconciler/py.typed"} <= names
    assert {name.partition("/")[0] for name in names} == {"reconciler", f"lambda_reconciler-{__version__}.dist-info"}


def test_a_tag_of_another_version_and_a_version_that_says_nothing_are_refused(copy: Path, tmp_path: Path) -> None:
    assert f"reconciler/__init__.py says {__version__}" in built(copy, tmp_path / "other", "9.9.9").stdout
    (copy / "CHANGELOG.md").write_text(f"# Changelog\n\n## Unreleased\n\n- All.\n\n## {__version__}0\n\n- Old.\n")
    done = built(copy, tmp_path / "empty")
    assert (done.returncode, done.stdout) == (1, f"CHANGELOG.md has no section {__version__}\n")
    assert not (tmp_path / "empty").exists()
