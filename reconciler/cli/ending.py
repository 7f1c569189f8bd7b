"""How a command that leaves a report shows and asks before it, and ends."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NoReturn

import click

from reconciler.commands.output import say, show, view, warn
from reconciler.core.errors import ReportError
from reconciler.report import formats

if TYPE_CHECKING:
    from reconciler.commands.apply import Audience
    from reconciler.commands.run import Ending

CHANGES_PENDING, PARTLY = 10, 25


def audience(form: str, *, is_asked: bool) -> Audience:
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

    return Audience(show_plan, ask, progress)


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
