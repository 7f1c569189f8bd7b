"""`functions`, `invoke` and `tasks` with their flags: what one asks of what runs."""

from __future__ import annotations

from datetime import datetime
from itertools import chain
from pathlib import Path

import click

from reconciler.cli.ending import finish
from reconciler.commands.options import (
    FILE,
    as_moment,
    as_name,
    as_text,
    format_option,
    names_of_specs,
    report_dir_option,
    specs_option,
    words_argument,
)
from reconciler.commands.output import is_terminal, say, show, view
from reconciler.report import formats

OF_THE_READER = "Text on a terminal, JSON elsewhere, unless told."


def form_of_the_reader() -> str:
    return "text" if is_terminal() else "json"


@click.command()
@words_argument()
@click.option("--account", callback=as_text, help="Only this account.")
@click.option("--region", callback=as_text, help="Only this region.")
@click.option(
    "--function", "name", callback=as_text, shell_complete=names_of_specs, help="Only the function of this very name."
)
@click.option("--snapshot", "snapshot_path", type=FILE, help="List what a saved snapshot holds.")
@format_option("functions", None, formats.WITHOUT_FINDINGS, OF_THE_READER)
def functions(
    words: tuple[str, ...],
    account: str | None,
    region: str | None,
    name: str | None,
    snapshot_path: Path | None,
    form: str | None,
) -> None:
    """List every function of all accounts, managed or not.

    The accounts and regions are those of reconcile.yaml, which PATH leads to; of NAMEs, which may be addresses or patterns, any is met.
    A table on a terminal, a JSON array elsewhere.

    Example: reconcile functions --account prod --format json
    """
    from reconciler.commands.functions import Filters, listed
    from reconciler.commands.selected import parted

    found = listed(Filters(*parted(words), account, region, name), snapshot_path)
    show(formats.of(form or form_of_the_reader()).functions(found, view()))


@click.command()
@click.argument("function", callback=as_name, shell_complete=names_of_specs)
@specs_option
@click.option("--account", callback=as_text, help="Where several have a function of this name.")
@click.option("--region", callback=as_text, help="Where several have a function of this name.")
@click.option("--alias", callback=as_text, default="", help="Blank or left out: $LATEST.")
@click.option("--payload", callback=as_text, help="JSON; {} when left out.")
@click.option(
    "--payload-file", type=click.Path(path_type=Path, dir_okay=False, exists=True), help="A file that holds it."
)
@format_option("invoke", None, formats.WITHOUT_FINDINGS, OF_THE_READER)
@click.option("--full", "is_full", is_flag=True, help="All that AWS answered, as --format json has it.")
@report_dir_option
def invoke(
    function: str,
    path: Path,
    account: str | None,
    region: str | None,
    alias: str,
    payload: str | None,
    payload_file: Path | None,
    form: str | None,
    is_full: bool,
    report_dir: Path,
) -> None:
    """Invoke a function and print what it answered.

    FUNCTION is a function's name or its address, account/region/function. A task record is left in a report. On a terminal status, payload and log are shown, elsewhere
    all of the answer as JSON. Exits with 29 when the function fails.

    Example: reconcile invoke checkout --alias live --payload '{"order": 7}'
    """
    from reconciler.commands.invoke import Request, invoked, payload_bytes, payload_in

    if payload is not None and payload_file:
        raise click.UsageError("give --payload or --payload-file, not both")
    content = payload_bytes(payload_in(payload_file) if payload_file else payload)
    ending = invoked(Request(function, account, region, alias.strip(), content), path, report_dir)
    (task,) = ending.report["tasks"]
    if task["status"]["failed"]:
        say(task["status"]["status"])
    answer = task["resultObjects"][0] if task["resultObjects"] else {}
    shown = "json" if is_full else form or form_of_the_reader()
    finish(ending, formats.of(shown).answer(answer, view()))


@click.command()
@click.argument("identifier", required=False, metavar="[ID]")
@report_dir_option
@click.option(
    "--specs", "path", type=click.Path(path_type=Path), help="Fetch first what lies in this folder's `reports: s3://…`."
)
@click.option(
    "--function", callback=as_text, default="", shell_complete=names_of_specs,
    help="Only of this function: a name, an address, or a pattern of one.",
)  # fmt: skip
@click.option("--failed", "is_failed", is_flag=True, help="Only those that failed, or were cut off.")
@click.option("--newest", type=click.IntRange(1), metavar="N", help="No more than N.")
@click.option("--since", callback=as_moment, help="Only of runs since then: how long ago, or a time in ISO 8601.")
@click.option(
    "--run", callback=as_text, default="", metavar="ID", help="Only of this run, with all shards that are one with it."
)
@format_option("tasks", None, ("text", "json"), "A list is text, one task JSON, unless told.")
def tasks(
    identifier: str | None,
    report_dir: Path,
    path: Path | None,
    function: str,
    is_failed: bool,
    newest: int | None,
    since: datetime | None,
    run: str,
    form: str | None,
) -> None:
    """List the tasks of all reports, newest first, or print one.

    ID is a task's id, or how it alone begins. As JSON, the newest is last, each with the name of its `run`.

    Example: reconcile tasks --function checkout --failed --newest 5
    """
    from reconciler.commands.tasks import Filters, fetch_reports_of, listed, one
    from reconciler.report.daily import task_line
    from reconciler.report.formats.json import backwards, document_json
    from reconciler.report.formats.text import task_text

    if path:
        fetch_reports_of(path, report_dir)
    if identifier:
        task = one(report_dir, identifier)
        show(task_text(task) if form == "text" else document_json(task))
        return
    found = listed(report_dir, Filters(function, is_failed, newest, since, run))
    if form == "json":
        for piece in backwards({**record.task, "run": record.run_name} for record in found):
            show(piece)
        return
    lines = (task_line(record.task, record.run_name) for record in found)
    for line in chain([next(lines, "No tasks.\n")], lines):
        show(line)
