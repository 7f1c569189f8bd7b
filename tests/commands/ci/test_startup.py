"""What a command need not load it does not load: a check of specs starts at once, also where `ci` has learned to ask GitHub."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.conftest import CONFIG, function_spec

SLOW = ("github", "requests", "boto3", "botocore")
CODE = f"""
import sys
try:
    from reconciler.cli import main
    if sys.argv[1:]:
        main()
finally:
    print(*(name for name in {SLOW} if name in sys.modules), file=sys.stderr)
"""


def loaded(folder: Path, *words: str, variables: Mapping[str, str]) -> list[str]:
    """The slow libraries that a process has loaded by its end."""
    root = str(Path(__file__).parents[3])
    ran = subprocess.run(
        [sys.executable, "-c", CODE, *words],
        cwd=folder, env={**os.environ, "PYTHONPATH": root, **variables}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    return ran.stderr.splitlines()[-1].split()


@pytest.fixture
def specs(tmp_path: Path) -> Path:
    (tmp_path / "specs").mkdir()
    (tmp_path / "specs" / "reconcile.yaml").write_text(CONFIG)
    (tmp_path / "specs" / "one.yaml").write_text(function_spec("one"))
    (tmp_path / "event.json").write_text("{}")
    return tmp_path


def test_the_command_line_loads_no_library_of_github(specs: Path) -> None:
    assert loaded(specs, variables={}) == []


@pytest.mark.parametrize("words", [("validate",), ("ci", "validate")])
def test_a_check_loads_neither_a_library_of_github_nor_one_of_aws(specs: Path, words: tuple[str, ...]) -> None:
    job = {"GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": "pull_request", "GITHUB_EVENT_PATH": "event.json"}
    assert loaded(specs, *words, variables=job) == []
