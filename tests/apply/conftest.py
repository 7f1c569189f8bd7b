"""Runs that are killed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest


class Killer:
    """Applies in processes of their own, each of which kills itself. They come of one that has loaded all it needs."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "tests.apply.killing"]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]
        )

    def killed(self, folder: Path, operation: str, when: str = "after", nth: int = 1) -> int:
        """What an apply in a folder ended with that was to be killed before or after its first call of an operation, or its nth."""
        assert self._process.stdin
        assert self._process.stdout
        order = {
            "folder": str(folder), "environment": dict(os.environ), "operation": operation, "when": when, "nth": nth,
        }  # fmt: skip
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def end(self) -> None:
        self._process.communicate()


@pytest.fixture(scope="session")
def killer() -> Iterator[Killer]:
    made = Killer()
    yield made
    made.end()
