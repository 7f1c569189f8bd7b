"""`validate`, `snapshot`, `plan`, `apply` and `unlock` with their flags: from a spec to AWS."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from reconciler.cli.ending import CHANGES_PENDING, audience, finish, waited_for
from reconciler.commands.options import (
    FILE,
    as_seconds,
    as_text,
    breaking,
    breaking_options,
    download_option,
    format_option,
    planning_options,
    point_to_plan,
    report_dir_option,
    require_somebody_to_ask,
    selecting,
    show_payloads_option,
    specs_option,
    wait_option,
)
from reconciler.commands.output import say, show, view, warn
from reconciler.core.errors import PlanError, UnsafePlan
from reconciler.core.finding import Rule
from reconciler.report import formats
from reconciler.spec.selection import Selection

HAS_A_LOCK = Rule("R250", "What is unlocked is the lock that reconcile.yaml names.")


@click.command()
@selecting
@format_option("validate")
def validate(selection: Selection, form: str) -> None:
    """Check specs offline: schema, rules, duplicates. Needs no credentials.

    PATH is a spec file or a folder, NAME a function's name, its address, or a pattern of one; `reconcile help specs` tells them apart.

    Example: reconcile validate specs/shop
    """
    from reconciler.commands import selected, wiring, workspaces
    from reconciler.report.documents import validation_document

    workspace = selected.read(selection)
    warnings = workspaces.warnings(workspace.specs, wiring.now())
    for warning in warnings:
        say(f"{warning.origin}: warning: {warning.message}")
    specs = workspace.specs
    document = validation_document(specs.file_count, len(specs.specs), warnings)
    show(formats.of(form).validation(document, view()))


@click.command()
@selecting
@click.option("-o", "--output", type=FILE, help="Write to FILE instead of stdout.")
@download_option
@report_dir_option
def snapshot(selection: Selection, output: Path | None, download_code: bool, report_dir: Path) -> None:
    """Fetch what AWS holds of the specs' targets at this moment.

    `plan --snapshot FILE` compares with it, without credentials.

    Example: reconcile snapshot --account prod -o prod.json
    """
    from reconciler.commands import selected, wiring, workspaces
    from reconciler.report.files import write_result
    from reconciler.report.formats.json import document_json

    workspace = selected.read(selection)
    aws = wiring.connect(workspace.config, workspace.accounts)
    look = wiring.looking(report_dir, workspaces.Choices(download_code=download_code))
    live = wiring.kept_snapshot(workspace, aws, look)
    for reason in dict.fromkeys((*live.unread.values(), *live.unlisted.values(), *live.unnamed.values())):
        warn(reason)
    text = document_json(wiring.snapshot_file(workspace, live))
    if output:
        write_result(output, text)
        say(f"Snapshot written to {output}.")
    else:
        show(text)


@click.command()
@selecting
@click.option("--snapshot", "snapshot_path", type=FILE, help="Compare with a saved snapshot; needs no credentials.")
@planning_options
@click.option(
    "--drift",
    is_flag=True,
    help="Show only what AWS moved since it was last applied, by reports, else by --base or HEAD.",
)
@click.option("--who", is_flag=True, help="With --drift: ask CloudTrail who did it, and when.")
@click.option("-o", "--output", type=FILE, help="Write the plan as JSON to FILE as well.")
@format_option("plan")
@click.option(
    "--detailed-exitcode",
    is_flag=True,
    help="Exit with 10 when changes are pending, with 12 when only rollouts are open.",
)
def plan(
    selection: Selection,
    snapshot_path: Path | None,
    adopt: bool,
    prune: bool,
    base: str,
    changed_since: str,
    drift: bool,
    who: bool,
    output: Path | None,
    form: str,
    detailed_exitcode: bool,
    download_code: bool,
    report_dir: Path,
) -> None:
    """Show what an apply would do. Changes nothing.

    PATH is a spec file or a folder, NAME a function's name, its address, or a pattern of one.

    Example: reconcile plan 'prod/*/check*' --detailed-exitcode
    """
    from reconciler.commands import selected
    from reconciler.commands.changed import part
    from reconciler.commands.plan import planned
    from reconciler.commands.workspaces import Choices
    from reconciler.report.files import write_result
    from reconciler.report.formats.json import document_json
    from reconciler.report.formats.shown import is_acting, is_rolling_out

    require_somebody_to_ask(who=who, snapshot=snapshot_path, drift=drift)
    workspace = part(selected.read(selection), base=base, changed_since=changed_since, prunes=prune)
    choices = Choices(adopt, prune and not changed_since, base, drift, download_code=download_code, who=who)
    made, document = planned(workspace, choices, snapshot=snapshot_path, folder=report_dir)
    if output:
        write_result(output, document_json(document))
    show(formats.plan(form, document, view(str(output) if output and output.is_file() else "")))
    if made.refusals:
        sys.exit(PlanError.exit_code)
    if detailed_exitcode and any(map(is_acting, document["targets"])):
        sys.exit(CHANGES_PENDING)
    if detailed_exitcode and any(map(is_rolling_out, document["targets"])):
        from reconciler.commands.rollout.ending import OPEN

        sys.exit(OPEN)


@click.command()
@selecting
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
@wait_option
@click.option(
    "--every",
    type=click.FloatRange(1, 3600),
    callback=as_seconds,
    default=30.0,
    show_default=True,
    help="Seconds between two looks of --wait.",
)
@show_payloads_option
@breaking_options
@format_option("apply")
@click.option("--dry-run", is_flag=True, hidden=True, expose_value=False, is_eager=True, callback=point_to_plan)
def apply(
    selection: Selection,
    adopt: bool,
    prune: bool,
    base: str,
    changed_since: str,
    approved: tuple[Path, ...],
    only_failed: Path | None,
    allow_deletes: int | None,
    yes: bool,
    wait: float | None,
    every: float,
    show_payloads: bool,
    broken: tuple[str, ...],
    because: str,
    form: str,
    download_code: bool,
    report_dir: Path,
) -> None:
    """Plan, show, ask, perform, and leave a report.

    PATH is a spec file or a folder, NAME a function's name, its address, or a pattern of one. In a format but text, stdout has the
    report alone. With --wait exits with 27 where a rollout went back, and with 28 where one waits for a person.

    Example: reconcile apply checkout --approved plan.json --yes
    """
    from reconciler.commands import selected
    from reconciler.commands.apply import Orders, reviewed_plans
    from reconciler.commands.applying import applied
    from reconciler.commands.changed import part
    from reconciler.commands.run import Stop
    from reconciler.commands.workspaces import Choices
    from reconciler.report.journal import complete

    workspace = part(selected.read(selection), base=base, changed_since=changed_since, prunes=prune)
    recovered = complete(report_dir, warn)
    for path in recovered:
        say(f"A run was cut off earlier; its report is now {path}.")

    orders = Orders(
        Choices(adopt, prune and not changed_since, base, allow_deletes=allow_deletes, download_code=download_code),
        report_dir, reviewed_plans(workspace, approved) if approved else None, only_failed, recovered,
        breaking=breaking(broken, because),
    )  # fmt: skip
    stop = Stop()
    ending = applied(workspace, orders, stop, audience(form, is_asked=not yes, is_hearing=show_payloads))
    if wait is not None and not stop():
        from reconciler.commands.rollout.advancing import Waiting

        ending = waited_for(workspace, report_dir, Waiting(wait, every, orders.breaking), stop, ending)
    finish(ending, formats.of(form).report(ending.report, view()))


@click.command()
@click.argument("run", callback=as_text)
@specs_option
def unlock(run: str, path: Path) -> None:
    """Take the lock away from RUN, which is dead.

    The message of whoever waits for it names RUN.

    Example: reconcile unlock 0170d518dc14
    """
    from reconciler.commands import workspaces
    from reconciler.commands.apply import unlocked

    workspace = workspaces.read([path])
    if not workspace.config.lock:
        raise UnsafePlan(HAS_A_LOCK.ends(f"{workspace.config.path} names no lock"))
    say(f"Run {run} no longer holds {', '.join(unlocked(workspace, run))}.")
