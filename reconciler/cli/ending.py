"""How a command that leaves a report ends."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, NoReturn

from reconciler.commands.output import say, show, warn
from reconciler.core.errors import ReportError

if TYPE_CHECKING:
    from reconciler.commands.run import Ending


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
