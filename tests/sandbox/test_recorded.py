"""Answers recorded from AWS, where RECONCILE_RECORDED_AWS names a folder of them: cases.json, what runs them, and its stock."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = os.environ.get("RECONCILE_RECORDED_AWS", "")


@pytest.mark.skipif(not FOLDER, reason="RECONCILE_RECORDED_AWS names no folder")
def test_the_sandbox_answers_as_aws_did() -> None:
    folder = Path(FOLDER).resolve()
    ran = subprocess.run(
        [sys.executable, "-m", "reconciler", "sandbox", "stock", "--", sys.executable, "run_cases.py"],
        cwd=folder, env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}, capture_output=True, text=True,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout + ran.stderr
