"""How a command that leaves a report shows and asks before it, and ends."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NoReturn

import click

from reconciler.commands.output import say, show, view, warn
from reconciler.core.errors import ReportError
from reconciler.core.words import shortened
from reconciler.report import formats

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.commands.apply import Audience
    from reconciler.commands.rollout.advancing import Waiting
    from reconciler.commands.run import Ending, Stop
    from reconciler.commands.workspaces import Workspace
    from reconciler.core.model import Key

CHANGES_PENDING = 10


MOST_SHOWN = 1000  # characters of what an event was answered


def hear(key: Key, event: str, answer: str) -> None:
    """What a smoke event was answered, on one line of stderr."""
    say(f"{key}: {event} was answered {shortened(answer, MOST_SHOWN) or '(nothing)'}")


def audience(form: str, *, is_asked: bool, is_hearing: bool = False) -> Audience:
    """Who sees a plan and answers: in a format but text, stdout has the report alone."""
    from reconciler.commands.apply import Audience
    from reconciler.commands.asking import confirm
    from reconciler.commands.progress import progress

    def show_plan(document: Mapping[str, Any]) -> None:
        if form == "text":
            show(formats.plan(form, document, view()))
        else:
            click.echo(formats.plan("text", document, formats.View()), nl=False, err=True)

    def ask(document: Mapping[str, Any]) -> None:
        if is_asked:
            confirm(document)

    return Audience(show_plan, ask, progress, hear if is_hearing else None)


def waited_for(workspace: Workspace, folder: Path, waiting: Waiting, stop: Stop, ending: Ending) -> Ending:
    """The ending, once the rollouts are over, wait for a person, or took too long."""
    from reconciler.commands.rollout.following import exit_code, followed

    found = followed(workspace, folder, waiting, stop, "apply --wait")
    return replace(ending, exit_code=exit_code(ending.exit_code, found, stop, is_detailed=True))


def finish(ending: Ending, text: str) -> NoReturn:
    """Show how a run ended. What it ended with stays its exit code where that cannot be shown any more."""
    code = ending.exit_code
    try:
        show(text)
    except ReportError as error:
        say(f"error: {error}")
        code = code or error.exit_code
    say(f"Report: {ending.path}")
    if ending.warning:
        warn(ending.warning)
    sys.exit(code)
