"""`reconcile import` with its flags."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from reconciler.commands.options import FILE, as_text, as_words, format_option, specs_folder
from reconciler.commands.output import show
from reconciler.core.errors import PARTLY, PlanError


@click.command(name="import")
@click.argument("words", nargs=-1, metavar="[NAME]...", callback=as_words)
@click.option("--account", callback=as_text, default="", help="Only functions of this account of reconcile.yaml.")
@click.option("--region", callback=as_text, default="", help="Only functions of this region.")
@click.option(
    "--function", "pattern", callback=as_text, default="", metavar="GLOB", help="Only functions of such names."
)
@click.option("--all-unmanaged", "is_all", is_flag=True, help="Every function that no spec describes.")
@click.option(
    "--from", "sources", type=FILE, multiple=True, metavar="FILE",
    help="The functions that a file of what deployed them tells of, by the names that it has for their parts.",
)  # fmt: skip
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, file_okay=False), default=specs_folder,
    show_default="specs, here or above", help="The folder that specs are written to.",
)  # fmt: skip
@click.option(
    "--env", "environment", callback=as_text, default="ignore", show_default=True, metavar="ignore|ssm:/PREFIX|values",
    help="Values of environments: left to others by name, as references to parameters, or, asked on a terminal, as they are.",
)  # fmt: skip
@click.option("--bucket", "buckets", callback=as_words, multiple=True, metavar="NAME", help="Look for the code here.")
@click.option(
    "--download", type=click.Path(path_type=Path, file_okay=False), metavar="DIR",
    help="Keep code that is found nowhere as .zip files in this folder.",
)  # fmt: skip
@click.option(
    "--defaults", type=FILE, metavar="FILE",
    help="Write what most of the functions have in common here, once, for their specs to extend.",
)  # fmt: skip
@format_option("import", names=("text", "json"))
def import_command(
    words: tuple[str, ...],
    account: str,
    region: str,
    pattern: str,
    is_all: bool,
    sources: tuple[Path, ...],
    output: Path,
    environment: str,
    buckets: tuple[str, ...],
    download: Path | None,
    defaults: Path | None,
    form: str,
) -> None:
    """Write specs of functions that live. A plan of them is empty, but for the mark of who manages them.

    NAME is a function's name or its address, account/region/function, or a pattern of one. AWS is only read. No file that is there is
    changed, but that a function's spec for another place gets a variant; no value of an environment is written unless --env says so.

    Example: reconcile import --all-unmanaged --region us-west-2 --bucket artifacts
    """
    from reconciler.commands.importing.story import imported
    from reconciler.commands.importing.wish import Wish
    from reconciler.report import importing
    from reconciler.report.formats.json import document_json

    if not (words or pattern or is_all or sources):
        raise click.UsageError("say which functions: NAME…, --function GLOB, --from FILE, or --all-unmanaged")
    wish = Wish(words, account, region, pattern, sources, output, environment, buckets, download, defaults)
    document = imported(wish)
    show(document_json(document) if form == "json" else importing.text(document))
    if document["failed"]:
        sys.exit(PARTLY if document["files"] else PlanError.exit_code)
