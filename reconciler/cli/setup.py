"""`reconcile init` and `reconcile doctor` with their flags."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from reconciler.commands.options import chosen, format_option, paths_argument


@click.command()
@click.argument("folder", required=False, type=click.Path(path_type=Path, file_okay=False), metavar="[DIR]")
def init(folder: Path | None) -> None:
    """Write the files that a house of specs begins with.

    These are reconcile.yaml, a first spec, a workflow and policies. DIR is the root of the repository, the present folder when left out.
    Nothing is asked, and no file that is there is changed.

    Example: reconcile init
    """
    from reconciler.commands.setup.init import begun

    begun(folder or Path())


@click.command()
@paths_argument
@click.option("--offline", "is_offline", is_flag=True, help="Ask no account.")
@click.option(
    "--role",
    type=click.Choice(["plan", "apply"]),
    default="apply",
    show_default=True,
    help="What the credentials are for: to plan only, or to apply as well.",
)
@format_option("doctor", names=("text", "json"))
def doctor(paths: tuple[Path, ...], is_offline: bool, role: str, form: str) -> None:
    """Tell whether all that a plan and an apply lean on is in order.

    That is accounts, rights, workflows, git and clock. Changes nothing. Exits with 21 when something is wrong.

    Example: reconcile doctor --role plan
    """
    from reconciler.commands.output import show, view
    from reconciler.commands.setup.doctor import examined
    from reconciler.report.formats.json import document_json
    from reconciler.report.formats.text import diagnosis

    document = examined(chosen(paths), is_offline=is_offline, is_applying=role == "apply")
    show(document_json(document) if form == "json" else diagnosis(document, view()))
    sys.exit(document["exit_code"])
