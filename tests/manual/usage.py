"""What `reconcile --help` says, as it travels in the package for the screens that there mostly are, so that it is told at once."""

from __future__ import annotations

import os
from pathlib import Path
from unittest.mock import patch

from reconciler.__main__ import COLUMNS, MOST_COLUMNS
from reconciler.cli import cli

FOLDER = Path(__file__).parents[2] / "reconciler" / "cli"
FILES = {columns: FOLDER / f"help-{columns}.txt" for columns in (COLUMNS, MOST_COLUMNS)}


def text(columns: int) -> str:
    """As click words it for a screen of that width."""
    with patch.dict(os.environ, {"COLUMNS": str(columns)}):
        return cli.get_help(cli.make_context("reconcile", ["validate"])) + "\n"
