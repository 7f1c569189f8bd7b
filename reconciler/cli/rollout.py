"""`rollout …` with its flags: what becomes of a rollout after its first step."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from reconciler.cli.looking import reports_option
from reconciler.commands.options import (
    alias_named,
    as_name,
    as_text,
    breaking,
    breaking_options,
    format_option,
    names_of_specs,
    report_dir_option,
    selecting,
    show_payloads_option,
    specs_option,
    with_options,
)
from reconciler.commands.output import show, warn
from reconciler.spec.selection import Selection

if TYPE_CHECKING:
    from reconciler.commands.rollout.tick import Ticked
    from reconciler.rollout.decide import Wish

FORMS = ("text", "json")
detailed_option = click.option(
    "--detailed-exitcode", is_flag=True, help="Exit with 12 where one is open, with 28 where one waits for a person."
)


@click.group()
def rollout() -> None:
    """Take open rollouts on, back, or to a halt.

    `reconcile apply` begins one where an alias has `rollout` in its spec; the alias itself keeps how far it is. TARGET/ALIAS is
    test/us-west-2/checkout/alias/live as plans have it, or checkout/live.

    Example: reconcile rollout advance
    """


@rollout.command()
@selecting
@report_dir_option
@reports_option
@detailed_option
@format_option("rollout", names=FORMS)
def status(selection: Selection, report_dir: Path, is_fetching: bool, detailed_exitcode: bool, form: str) -> None:
    """Show open and rejected rollouts, and what comes next.

    With what speaks for them. Reads the aliases, and CloudWatch; changes nothing.

    Example: reconcile rollout status checkout --format json
    """
    from reconciler.commands import selected
    from reconciler.commands.rollout.standing import standing

    found = standing(selected.read(selection), report_dir, is_fetching=is_fetching)
    end(found, form, is_detailed=detailed_exitcode)


@rollout.command()
@selecting
@report_dir_option
@detailed_option
@format_option("rollout", names=FORMS)
def advance(selection: Selection, report_dir: Path, detailed_exitcode: bool, form: str) -> None:
    """Take one tick of every open rollout.

    On, back, held, or nothing yet. Made for a schedule: it may come late, twice or not at all. Exits with 27 where one went back. In a freeze
    none goes on: a person breaks that for one rollout, with promote or resume.

    Example: reconcile rollout advance --account prod --detailed-exitcode
    """
    from reconciler.commands import selected
    from reconciler.commands.rollout.advancing import advanced
    from reconciler.commands.run import Stop

    stop = Stop()
    found = advanced(selected.read(selection), report_dir, "rollout advance", stop)
    end(found, form, is_detailed=detailed_exitcode, stopped=stop.exit_code)


def of_one(command: Callable[..., Any]) -> Any:
    """What names one rollout, and options of what changes it."""
    word = click.argument("word", metavar="TARGET/ALIAS", callback=as_name, shell_complete=names_of_specs)
    return with_options(word, specs_option, report_dir_option, format_option("rollout", names=FORMS))(command)


@rollout.command()
@of_one
@click.option("--full", is_flag=True, help="To all of the traffic now, whatever the evidence says.")
@breaking_options
def promote(
    word: str, path: Path, report_dir: Path, form: str, full: bool, broken: tuple[str, ...], because: str
) -> None:
    """Let a rollout past its approval, a pause or a hold.

    Example: reconcile rollout promote test/us-west-2/checkout/alias/live
    """
    grant("promote", word, path, report_dir, form, is_full=full, breaking=breaking(broken, because))


@rollout.command()
@of_one
@click.option(
    "--because", required=True, metavar="TEXT", callback=as_name, help="Why; it stands on the alias and in the record."
)
def abort(word: str, path: Path, report_dir: Path, form: str, because: str) -> None:
    """Go back to the stable version now.

    The candidate is rejected. Waits for no lock and no evidence, and needs no sound specs.

    Example: reconcile rollout abort checkout/live --because "orders fail"
    """
    grant("abort", word, path, report_dir, form, because=because)


@rollout.command()
@of_one
@click.option(
    "--because", default="", metavar="TEXT", callback=as_text, help="Why; it stands on the alias and in the record."
)
def pause(word: str, path: Path, report_dir: Path, form: str, because: str) -> None:
    """Leave the traffic as it is until somebody says resume.

    Errors still take it back.

    Example: reconcile rollout pause checkout/live --because "release freeze"
    """
    grant("pause", word, path, report_dir, form, because=because)


@rollout.command()
@of_one
@click.option(
    "--reset", is_flag=True, help="Give the candidate the share of its step again, where somebody moved traffic."
)
@breaking_options
def resume(
    word: str, path: Path, report_dir: Path, form: str, reset: bool, broken: tuple[str, ...], because: str
) -> None:
    """Go on after a pause or a hold; the step begins anew.

    Example: reconcile rollout resume checkout/live --reset
    """
    grant("resume", word, path, report_dir, form, is_reset=reset, breaking=breaking(broken, because))


@rollout.command()
@of_one
@show_payloads_option
@breaking_options
def retry(
    word: str,
    path: Path,
    report_dir: Path,
    form: str,
    show_payloads: bool,
    broken: tuple[str, ...],
    because: str,
) -> None:
    """Try a rejected version again, from its smoke events on.

    Example: reconcile rollout retry checkout/live --show-payloads
    """
    from reconciler.cli.ending import hear

    more = {"hear": hear if show_payloads else None, "breaking": breaking(broken, because)}
    grant("retry", word, path, report_dir, form, **more)


def grant(wish: Wish, word: str, path: Path, folder: Path, form: str, **more: Any) -> NoReturn:
    from reconciler.commands.naming import named
    from reconciler.commands.rollout.wishes import Wanted, granted
    from reconciler.commands.run import Stop

    target, alias = alias_named(word)
    stop = Stop()
    found = granted(Wanted(named(target, path), alias, wish, **more), path, folder, stop)
    end(found, form, is_wish=True, stopped=stop.exit_code)


def end(found: Ticked, form: str, *, is_detailed: bool = False, is_wish: bool = False, stopped: int = 0) -> NoReturn:
    """Tell, and exit with what says most. That a person's wish was granted is no failure."""
    from reconciler.commands.rollout.ending import codes, worst
    from reconciler.core.errors import AwsError
    from reconciler.report import rollouts
    from reconciler.report.formats.json import document_json

    document = rollouts.document(found.told, found.taken_at, (*found.unread, *found.notes))
    show(document_json(document) if form == "json" else rollouts.text(document))
    for reason in found.unread if form == "json" else ():
        warn(reason)
    each = [item.exit_code for item in found.told] if is_wish else codes(found.told, is_detailed=is_detailed)
    unread = [AwsError.exit_code] if found.unread else []
    sys.exit(stopped or worst([*each, *unread]))
