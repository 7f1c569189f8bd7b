"""`targets`, and what a job for one account and region is told by."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import click

from reconciler.commands.options import as_text, format_option, selecting
from reconciler.commands.output import show
from reconciler.spec.selection import Selection


def shard_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Both, or none."""
    options = {"account": "Only this account, with --region: a shard.", "region": "Only this region, with --account."}
    for name, about in options.items():
        command = click.option(f"--{name}", default="", callback=as_text, help=about)(command)
    return command


def require_both(account: str, region: str) -> None:
    """Raises a usage error."""
    if bool(account) != bool(region):
        raise click.UsageError("--account and --region go together: a shard is an account in a region")


@click.command()
@selecting
@format_option(
    "targets",
    names=("text", "json", "matrix"),
    help_text="matrix is what strategy.matrix of a job in GitHub Actions takes.",
)
def targets(selection: Selection, form: str) -> None:
    """Count the targets of each account and region.

    Each is a shard: nothing in it waits for another. PATH is a spec file or a folder, NAME a function's name, its address, or a pattern
    of one. Asks AWS nothing.

    Example: reconcile targets --format matrix
    """
    from reconciler.commands import selected
    from reconciler.commands import targets as found
    from reconciler.report.formats.json import document_json

    workspace = selected.read(selection)
    if form == "matrix":
        show(json.dumps(found.matrix(workspace)) + "\n")
    else:
        show(document_json(found.document(workspace)) if form == "json" else found.text(workspace))
