"""The one question: whether a plan that is shown is to be carried out."""

from __future__ import annotations

import signal
import sys
from collections.abc import Mapping
from typing import Any

import click

from reconciler.commands.output import say
from reconciler.core.errors import UnsafePlan
from reconciler.core.finding import Rule

IS_CONFIRMED = Rule("R249", "A plan is applied once somebody says yes to it, on a terminal or by --yes or --approved.")


def confirm(document: Mapping[str, Any]) -> None:
    """Ask, naming what will be deleted. Raises UnsafePlan without a terminal, or on any answer but yes."""
    if not sys.stdin.isatty():
        raise UnsafePlan(IS_CONFIRMED.ends("there is no terminal to ask on; pass --yes to apply without being asked"))
    deletions = [
        action["address"]
        for target in document["targets"]
        for action in target["actions"]
        if action["verb"] in ("delete", "replace")
    ]
    if deletions:
        say(f"To be deleted or replaced: {', '.join(deletions)}")
    signal.signal(signal.SIGINT, signal.default_int_handler)  # Ctrl-C at the question ends it at once
    if not click.confirm("Apply this plan?", err=True):
        raise UnsafePlan(IS_CONFIRMED.ends("not confirmed; nothing was changed"))
