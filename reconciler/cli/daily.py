"""`functions`, `invoke` and `tasks` with their flags: what one asks of what runs. What is slow to import is imported by the verb that needs it."""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli.ending import finish
from reconciler.commands.options import (
    FILE,
    as_name,
    as_text,
    format_option,
    report_dir_option,
)
from reconciler.commands.output import say, show, view
from reconciler.report import formats


@click.command()
@click.argument("path", required=False, type=click.Path(path_type=Path))
@click.option("--account", callback=as_text, help="Only this account.")
@click.option("--region", callback=as_text, help="Only this region.")
@click.option("--function", "name", callback=as_text, help="Only the function of this very name.")
@click.option("--snapshot", "snapshot_path", type=FILE, help="List what a saved snapshot holds.")
@format_option("functions", "json", formats.WITHOUT_FINDINGS)
def functions(
    path: Path | None, account: str | None, region: str | None, name: str | None, snapshot_path: Path | None, form: str
) -> None:
    """List every function of the accounts and regions in reconcile.yaml, managed or not, as a JSON array."""
    from reconciler.commands.functions import listed

    show(formats.of(form).functions(listed(path or Path("specs"), account, region, name, snapshot_path), view()))


@click.command()
@click.argument("function", callback=as_name)
@click.option(
    "--specs",
    "path",
    type=click.Path(path_type=Path),
    default=Path("specs"),
    show_default=True,
    help="Where reconcile.yaml and the specs are.",
)
@click.option("--account", callback=as_text)
@click.option("--region", callback=as_text)
@click.option("--alias", callback=as_text, default="", help="Blank or left out: $LATEST.")
@click.option("--payload", callback=as_text, help="JSON; {} when left out.")
@click.option("--payload-file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@format_option("invoke", "json", formats.WITHOUT_FINDINGS)
@report_dir_option
def invoke(
    function: str,
    path: Path,
    account: str | None,
    region: str | None,
    alias: str,
    payload: str | None,
    payload_file: Path | None,
    form: str,
    report_dir: Path,
) -> None:
    """Invoke a function, print what it answered, leave a task record."""
    from reconciler.commands.invoke import Request, invoked, payload_bytes, payload_in

    if payload is not None and payload_file:
        raise click.UsageError("give --payload or --payload-file, not both")
    content = payload_bytes(payload_in(payload_file) if payload_file else payload)
    ending = invoked(Request(function, account, region, alias.strip(), content), path, report_dir)
    (task,) = ending.report["tasks"]
    if task["status"]["failed"]:
        say(task["status"]["status"])
    answer = task["resultObjects"][0] if task["resultObjects"] else {}
    finish(ending, formats.of(form).answer(answer, view()))


@click.command()
@click.argument("identifier", required=False, metavar="[ID]")
@report_dir_option
@click.option(
    "--specs", "path", type=click.Path(path_type=Path), help="Fetch first what lies in this folder's `reports: s3://…`."
)
@format_option("tasks", None, ("text", "json"))
def tasks(identifier: str | None, report_dir: Path, path: Path | None, form: str | None) -> None:
    """List the task records of all reports, or print one."""
    from reconciler.commands.tasks import records_text

    show(records_text(path, report_dir, identifier, form))
