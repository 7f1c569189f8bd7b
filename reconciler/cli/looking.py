"""`show`, `status`, `versions`, `diff`, `logs` and `open` with their flags: what git says, and what there is."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from datetime import datetime
from itertools import chain, islice
from pathlib import Path
from typing import Any

import click

from reconciler.cli.ending import CHANGES_PENDING
from reconciler.commands.options import (
    as_moment,
    as_name,
    as_seconds,
    as_text,
    format_option,
    name_argument,
    report_dir_option,
    selecting,
    specs_option,
)
from reconciler.commands.output import is_terminal, messages, say, show, until_interrupted, watch
from reconciler.core.errors import ReconcileError
from reconciler.spec.selection import Selection

reports_option = click.option(
    "--reports", "is_fetching", is_flag=True, help="Read the reports that lie in `reports: s3://…` as well."
)


@click.command()
@selecting
@report_dir_option
@reports_option
@format_option("status", names=("text", "json"))
@click.option("--watch", "is_watching", is_flag=True, help="Show it again and again, until Ctrl-C.")
@click.option(
    "--every",
    type=click.FloatRange(1, 3600),
    callback=as_seconds,
    default=10.0,
    show_default=True,
    help="Seconds between two looks of --watch.",
)
def status(
    selection: Selection, report_dir: Path, is_fetching: bool, form: str, is_watching: bool, every: float
) -> None:
    """Show what runs, and whether AWS holds what git says.

    Of each function: its aliases, its mappings, what differs, what AWS moved, and what was last done. PATH is a spec file or a folder, NAME a function's name, its address, or a pattern of one. Reads what a plan reads, and changes nothing.

    Example: reconcile status 'prod/*/check*' --watch
    """
    from reconciler.commands import selected
    from reconciler.commands.status import Past, standing
    from reconciler.report import daily
    from reconciler.report.formats.json import document_json

    past = Past(report_dir, is_fetching)
    if not is_watching:
        document = standing(selected.read(selection), past)
        show(document_json(document) if form == "json" else daily.status(document))
        return
    if form == "json" or not is_terminal():
        raise click.UsageError("--watch draws on a terminal; elsewhere call status again and again")
    watch(lambda: daily.status(standing(selected.read(selection), past)), every)


@click.command()
@name_argument
@specs_option
@report_dir_option
@reports_option
@format_option("versions", names=("text", "json"))
def versions(word: str, path: Path, report_dir: Path, is_fetching: bool, form: str) -> None:
    """List a function's versions, their commits and their users.

    NAME is a function's name or its address, account/region/function. Commit and moment of publication are what reports of earlier runs
    tell.

    Example: reconcile versions checkout
    """
    from reconciler.commands.versions import versions_of
    from reconciler.report import daily
    from reconciler.report.formats.json import document_json

    document = versions_of(word, path, report_dir, is_fetching=is_fetching)
    show(document_json(document) if form == "json" else daily.versions(document))


@click.command()
@name_argument
@click.argument("first", metavar="A", callback=as_name)
@click.argument("second", metavar="[B]", callback=as_name, default="$LATEST")
@specs_option
@format_option("diff", names=("text", "json"))
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 10 when something differs.")
def diff(word: str, first: str, second: str, path: Path, form: str, detailed_exitcode: bool) -> None:
    """Compare two versions of a function, settings and files.

    NAME is a function's name or its address, account/region/function. A and B are versions, aliases or $LATEST, which B is when left
    out, and `live` where no alias has that name.

    Example: reconcile diff checkout 7 live
    """
    from reconciler.commands.comparing import compared
    from reconciler.report import daily
    from reconciler.report.compared import is_same
    from reconciler.report.formats.json import document_json

    document = compared(word, first.strip(), second.strip(), path)
    show(document_json(document) if form == "json" else daily.diff(document))
    if detailed_exitcode and not is_same(document):
        sys.exit(CHANGES_PENDING)


@click.command()
@name_argument
@specs_option
@click.option(
    "--alias", callback=as_text, default="", help="Only what the versions of this alias, or this version, wrote."
)
@click.option(
    "--since", callback=as_moment, default="10m", show_default=True, help="How long ago, or a time in ISO 8601."
)
@click.option(
    "--filter", "pattern", callback=as_text, default="", help="Only lines that match this pattern of CloudWatch's."
)
@click.option("--follow", is_flag=True, help="Go on with what comes in, until Ctrl-C.")
@format_option("logs", names=("text", "json"))
def logs(word: str, path: Path, alias: str, since: datetime, pattern: str, follow: bool, form: str) -> None:
    """Show what a function has logged, by time, in UTC.

    NAME is a function's name or its address, account/region/function.

    Example: reconcile logs checkout --alias live --since 1h --filter ERROR
    """
    from reconciler.commands.logs import Request, logged
    from reconciler.report.daily import log_line

    if follow and form == "json":
        raise click.UsageError("--follow has no end, and --format json is one document; give one of them")
    about, events = logged(Request(word, alias.strip(), since, pattern, follow), path)
    if form == "json":
        show_streamed(about, events)
        return
    count = 0
    with until_interrupted() if follow else nullcontext():
        for count, event in enumerate(events, 1):  # noqa: B007  how many there were
            show(log_line(event))
    if not count:
        say(f"Nothing in {about['log_group']} since {about['since']}.")


def show_streamed(about: Mapping[str, Any], events: Iterator[Any]) -> None:
    """One document, shown as its events come. What fails before the first is an error as any other; later it stands in the document."""
    from reconciler.report.formats.json import streamed

    first = list(islice(events, 1))
    try:
        for piece in streamed(about, "events", chain(first, events)):
            show(piece)
    except ReconcileError as error:
        for line in messages(error):
            say(f"error: {line}")
        sys.exit(error.exit_code)


@click.command(name="show")
@selecting
@format_option("show", names=("text", "json"))
def show_command(selection: Selection, form: str) -> None:
    """Show specs whole, each line with where it is written.

    Defaults, variant and region are laid together. PATH is a spec file or a folder, NAME a function's name, its address, or a pattern of one.
    References stay as they are written; environment values are not shown. Asks AWS nothing.

    Example: reconcile show prod/us-west-2/checkout
    """
    from reconciler.commands import selected
    from reconciler.commands.show import shown
    from reconciler.report import laid_together
    from reconciler.report.formats.json import document_json

    document = shown(selected.read(selection))
    show(document_json(document) if form == "json" else laid_together.text(document))


@click.command(name="open")
@name_argument
@specs_option
@click.option("--alias", callback=as_text, default="", help="The page of this alias, or of this version.")
@click.option("--print", "is_printed", is_flag=True, help="Open no browser.")
def open_command(word: str, path: Path, alias: str, is_printed: bool) -> None:
    """Open a function's page in AWS's console; print its address. Asks AWS nothing.

    NAME is a function's name or its address, account/region/function.

    Example: reconcile open checkout --alias live
    """
    from reconciler.commands.opening import page_of

    address = page_of(word, alias.strip(), path)
    show(f"{address}\n")
    if is_terminal() and not is_printed:
        click.launch(address)
