"""The commands: verbs, flags and exit codes. Wires the edges to the core and prints; nothing else.

stdout is the result, stderr the log. What is slow to import is imported by the command that needs it.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from reconciler import __version__
from reconciler.commands.ci.verbs import ci
from reconciler.commands.options import (
    FILE,
    as_name,
    as_seconds,
    as_text,
    chosen,
    download_option,
    format_option,
    paths_argument,
    planning_options,
    point_to_plan,
    report_dir_option,
    split_command,
)
from reconciler.commands.output import failed, gated, say, show, view, warn
from reconciler.commands.setup.verbs import doctor, init
from reconciler.core.errors import PlanError, ReconcileError, ReportError, UnsafePlan
from reconciler.core.finding import Rule
from reconciler.report import formats

if TYPE_CHECKING:
    from reconciler.commands.run import Ending

HAS_A_LOCK = Rule("R250", "What is unlocked is the lock that reconcile.yaml names.")
USAGE, CHANGES_PENDING = 2, 10
CONTEXT = {"help_option_names": ["-h", "--help"], "auto_envvar_prefix": "RECONCILE", "max_content_width": 100}


@click.group(
    context_settings=CONTEXT,
    epilog="Exit codes: 0 done, 2 usage, 10 changes pending (--detailed-exitcode), 20 invalid spec, 21 refused, 23 stale, 24 locked, 25 partly applied, 26 AWS or credentials, 1 unexpected.",
)
@click.version_option(__version__, prog_name="reconcile")
def cli() -> None:
    """What git says is what AWS Lambda holds: every change seen before it happens, and on record after."""


@cli.command()
@paths_argument
@format_option("validate")
def validate(paths: tuple[Path, ...], form: str) -> None:
    """Check specs offline: schema, rules, duplicates. Needs no credentials.

    PATH is a spec file or a folder, `specs` when left out.
    """
    from reconciler.commands import wiring
    from reconciler.report.documents import validation_document

    workspace = wiring.read(chosen(paths))
    warnings = wiring.warnings(workspace.specs, wiring.now())
    for warning in warnings:
        say(f"{warning.origin}: warning: {warning.message}")
    specs = workspace.specs
    document = validation_document(len(specs.documents), len(specs.specs), warnings)
    show(formats.of(form).validation(document, view()))


@cli.command()
@paths_argument
@click.option("-o", "--output", type=FILE, help="Write to FILE instead of stdout.")
@download_option
@report_dir_option
def snapshot(paths: tuple[Path, ...], output: Path | None, download_code: bool, report_dir: Path) -> None:
    """Fetch what AWS holds of the specs' targets, for `plan --snapshot` without credentials."""
    from reconciler.commands import wiring
    from reconciler.report.files import write_result
    from reconciler.report.formats.json import document_json

    workspace = wiring.read(chosen(paths))
    aws = wiring.connect(workspace.config, workspace.accounts)
    look = wiring.looking(report_dir, wiring.Choices(download_code=download_code))
    live = wiring.kept_snapshot(workspace, aws, look)
    for reason in dict.fromkeys((*live.unread.values(), *live.unlisted.values(), *live.unnamed.values())):
        warn(reason)
    text = document_json(wiring.snapshot_file(workspace, live))
    if output:
        write_result(output, text)
        say(f"Snapshot written to {output}.")
    else:
        show(text)


@cli.command()
@paths_argument
@click.option("--snapshot", "snapshot_path", type=FILE, help="Compare with a saved snapshot; needs no credentials.")
@planning_options
@click.option(
    "--drift",
    is_flag=True,
    help="Show only what AWS moved since it was last applied, by reports, else by --base or HEAD.",
)
@click.option("-o", "--output", type=FILE, help="Write the plan as JSON to FILE as well.")
@format_option("plan")
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 10 when changes are pending.")
def plan(
    paths: tuple[Path, ...],
    snapshot_path: Path | None,
    adopt: bool,
    prune: bool,
    base: str,
    changed_since: str,
    drift: bool,
    output: Path | None,
    form: str,
    detailed_exitcode: bool,
    download_code: bool,
    report_dir: Path,
) -> None:
    """Show what an apply would do. Changes nothing."""
    from reconciler.commands.changed import read
    from reconciler.commands.plan import planned
    from reconciler.commands.wiring import Choices
    from reconciler.report.files import write_result
    from reconciler.report.formats.json import document_json
    from reconciler.report.formats.shown import is_acting

    workspace = read(chosen(paths), base=base, changed_since=changed_since, prunes=prune)
    choices = Choices(adopt, prune and not changed_since, base, drift, download_code=download_code)
    made, document = planned(workspace, choices, snapshot=snapshot_path, folder=report_dir)
    if output:
        write_result(output, document_json(document))
    show(formats.plan(form, document, view(str(output) if output and output.is_file() else "")))
    if any(note.severity == "refusal" for note in made.diagnostics):
        sys.exit(PlanError.exit_code)
    if detailed_exitcode and any(map(is_acting, document["targets"])):
        sys.exit(CHANGES_PENDING)


@cli.command()
@paths_argument
@planning_options
@click.option(
    "--approved",
    type=FILE,
    multiple=True,
    help="Apply only what this plan file shows; of several, the last that acts on a target counts.",
)
@click.option(
    "--only-failed",
    type=FILE,
    metavar="REPORT",
    help="Only the targets that failed, or were not attempted, in an earlier run.",
)
@click.option("--allow-deletes", type=int, metavar="N", help="Delete or replace exactly N, whatever the guards say.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@format_option("apply")
@click.option("--dry-run", is_flag=True, hidden=True, expose_value=False, is_eager=True, callback=point_to_plan)
def apply(
    paths: tuple[Path, ...],
    adopt: bool,
    prune: bool,
    base: str,
    changed_since: str,
    approved: tuple[Path, ...],
    only_failed: Path | None,
    allow_deletes: int | None,
    yes: bool,
    form: str,
    download_code: bool,
    report_dir: Path,
) -> None:
    """Plan, show, ask, perform, and leave a report. In a format but text, stdout has the report alone."""
    from reconciler.commands import wiring
    from reconciler.commands.apply import Audience, Orders, applied, reviewed_plans
    from reconciler.commands.asking import confirm
    from reconciler.commands.changed import read
    from reconciler.commands.progress import progress
    from reconciler.commands.run import Stop
    from reconciler.report.journal import complete

    workspace = read(chosen(paths), base=base, changed_since=changed_since, prunes=prune)
    recovered = complete(report_dir, warn)
    for path in recovered:
        say(f"A run was cut off earlier; its report is now {path}.")

    def show_plan(document: Mapping[str, Any]) -> None:
        if form == "text":
            show(formats.plan(form, document, view()))
        else:
            click.echo(formats.plan("text", document, formats.View()), nl=False, err=True)

    def ask(document: Mapping[str, Any]) -> None:
        if not yes:
            confirm(document)

    orders = Orders(
        wiring.Choices(adopt, prune and not changed_since, base, allow_deletes=allow_deletes, download_code=download_code),
        report_dir, reviewed_plans(workspace, approved) if approved else None, only_failed, recovered,
    )  # fmt: skip
    ending = applied(workspace, orders, Stop(), Audience(show_plan, ask, progress))
    finish(ending, formats.of(form).report(ending.report, view()))


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


cli.add_command(ci)
cli.add_command(init)
cli.add_command(doctor)


@cli.command()
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


@cli.command()
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


@cli.command()
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


@cli.command()
@click.argument("run", callback=as_text)
@click.option("--specs", "path", type=click.Path(path_type=Path), default=Path("specs"), show_default=True)
def unlock(run: str, path: Path) -> None:
    """Take the lock away from RUN, which is dead. The message of whoever waits for it names RUN."""
    from reconciler.apply import lock
    from reconciler.commands import wiring
    from reconciler.commands.distant import store

    workspace = wiring.read([path])
    if not workspace.config.lock:
        raise UnsafePlan(HAS_A_LOCK.ends(f"{workspace.config.path} names no lock"))
    lock.unlock(store(workspace, wiring.connect(workspace.config, workspace.accounts)), workspace.config.lock, run)
    say(f"Run {run} no longer holds {workspace.config.lock}.")


@cli.command()
@click.option(
    "--kind",
    type=click.Choice(["function", "config", "snapshot", "plan", "report", "error", "drift", "doctor"]),
    default="function",
    show_default=True,
)
def schema(kind: str) -> None:
    """Print a JSON Schema, generated from botocore's service model."""
    from reconciler.commands.schemas import render

    show(render(kind))


@cli.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path), metavar="[PATH]... [-- COMMAND...]")
@click.option(
    "--settle-seconds",
    type=float,
    callback=as_seconds,
    default=0.1,
    show_default=True,
    help="How long an update takes.",
)
@click.option("--throttle", is_flag=True, help="Throttle as AWS does: 15 calls a second, 100 of GetFunction.")
@click.option("--faults", type=click.Path(path_type=Path, dir_okay=False, exists=True), help="A JSON script of faults.")
@click.option("--log", type=FILE, help="Write every request, one JSON a line.")
@click.pass_obj
def sandbox(
    command: list[str],
    paths: tuple[Path, ...],
    settle_seconds: float,
    throttle: bool,
    faults: Path | None,
    log: Path | None,
) -> None:
    """An embedded AWS on loopback, stocked with what the specs name, for COMMAND; without one, until interrupted."""
    from reconciler.commands.rehearsal import rehearse

    sys.exit(rehearse(chosen(paths), command, settle_seconds=settle_seconds, throttle=throttle, faults=faults, log=log))


@cli.command()
@click.option("--keep", type=click.Path(path_type=Path, file_okay=False), help="Keep specs and reports in this folder.")
def demo(keep: Path | None) -> None:
    """The seed's canary story, start to end, on the embedded AWS. Needs no account."""
    from reconciler.commands.demo import tell_story

    sys.exit(tell_story(keep))


@cli.command(name="help")
@click.argument("topic", required=False, callback=as_text)
@click.pass_context
def help_command(context: click.Context, topic: str | None) -> None:
    """Print a page of the manual, what a rule says, or what a command takes. Without TOPIC, list the topics."""
    from reconciler.commands.handbook import commands, contents, explained, pages, rules

    assert context.parent
    show(explained(topic, (pages(), rules(), commands(context.parent))) if topic else contents())


def main() -> NoReturn:
    """The program. Every way out is an exit code; no traceback leaves it."""
    with gated():
        code = ended()
    sys.exit(code)


def ended() -> int:
    """The exit code of the command line; what went wrong is told."""
    try:
        require_a_folder()
        arguments, command = split_command(sys.argv[1:])
        code = cli.main(args=arguments, prog_name="reconcile", standalone_mode=False, obj=command)
    except SystemExit as done:
        code = done.code
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except (click.Abort, KeyboardInterrupt):
        say("Interrupted.")
        code = 130
    except ReconcileError as error:
        code = failed(error, error.exit_code)
    except Exception as error:
        code = failed(error, USAGE if isinstance(error, OSError) and error.filename else 1)
    return code if isinstance(code, int) else 0


def require_a_folder() -> None:
    """Every path is told from where one stands. Raises a usage error where that is gone."""
    try:
        Path.cwd()
    except OSError as error:
        raise click.UsageError("the folder that you are in is gone; go to another one") from error
