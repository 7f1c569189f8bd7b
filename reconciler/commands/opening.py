"""Where the console shows a function. Asks nobody."""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.commands.naming import named
from reconciler.report.console import console_address


def page_of(word: str, qualifier: str, path: Path) -> str:
    """The address of its page. Raises a usage error where its region has a console that is not known."""
    target = named(word, path).target
    address = console_address(target.region, target.function, qualifier)
    if not address:
        raise click.UsageError(f"where the console of {target.region} is, nobody outside knows; open it by hand")
    return address
