"""`rollback`, `republish` and `disown` with their flags: one function is changed at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.ending import audience, finish
from reconciler.commands.options import (
    alias_named,
    as_name,
    branch_option,
    breaking,
    breaking_options,
    format_option,
    name_argument,
    names_of_specs,
    report_dir_option,
    specs_option,
    with_options,
)
from reconciler.commands.output import say, view
from reconciler.core.freezes import NOTHING, Breaking
from reconciler.report import formats

if TYPE_CHECKING:
    from reconciler.commands.by_hand import Asked


def recorded(command: str) -> Callable[[Any], Any]:
    """Options of what asks, changes something and leaves a report."""
    yes = click.option("--yes", is_flag=True, help="Do not ask.")
    return with_options(specs_option, yes, format_option(command), report_dir_option)


@click.command()
@click.argument("word", metavar="NAME/ALIAS", callback=as_name, shell_complete=names_of_specs)
@click.option(
    "--to", type=click.IntRange(min=1), metavar="N", help="This version; left out, the one that it had before."
)
@click.option("--pin", is_flag=True, help="Write the version into the spec as well, so that the next apply leaves it.")
@branch_option("the pin")
@recorded("rollback")
def rollback(
    word: str, to: int | None, pin: bool, branch: str | None, path: Path, yes: bool, form: str, report_dir: Path
) -> None:
    """Move an alias back at once, with all of its traffic.

    NAME is a function's name or its address, account/region/function. Which version the alias had before is told by reports; without
    one it is the next lower number. Where its spec has a rollout, the version that it leaves counts as rejected: no apply puts it back.

    Example: reconcile rollback checkout/live --to 7 --pin
    """
    from reconciler.commands.rolling_back import Back, rolled_back

    if branch is not None and not pin:
        raise click.UsageError("--branch commits a pin; give --pin as well")
    name, alias = alias_named(word)
    request = asked(name, path, report_dir, form, yes=yes)
    ending, note = rolled_back(request, Back(alias, str(to or ""), pin, branch or ""))
    if note:
        say(note)
    finish(ending, formats.of(form).report(ending.report, view()))


@click.command()
@name_argument
@recorded("republish")
@breaking_options
def republish(
    word: str, path: Path, yes: bool, form: str, report_dir: Path, broken: tuple[str, ...], because: str
) -> None:
    """Publish a version anew, though nothing differs.

    For what a version keeps from the moment of its publication: what its initialisation read, a snapshot, the runtime. No alias moves.

    Example: reconcile republish checkout
    """
    from reconciler.commands import workspaces
    from reconciler.commands.by_hand import republished

    workspace = workspaces.read([path])
    request = asked(word, path, report_dir, form, yes=yes, unminded=breaking(broken, because))
    ending = republished(request, workspace)
    if not ending.exit_code:
        say("No alias was moved; `reconcile plan` shows which ones follow the newest version.")
    finish(ending, formats.of(form).report(ending.report, view()))


@click.command()
@name_argument
@recorded("disown")
def disown(word: str, path: Path, yes: bool, form: str, report_dir: Path) -> None:
    """Take our owner mark off a function and leave it as it is.

    An address, account/region/function, may be that of a function without a spec.

    Example: reconcile disown prod/us-west-2/checkout
    """
    from reconciler.commands.by_hand import let_go

    ending, remark = let_go(asked(word, path, report_dir, form, yes=yes))
    if remark:
        say(remark)
    finish(ending, formats.of(form).report(ending.report, view()))


def asked(word: str, path: Path, folder: Path, form: str, *, yes: bool, unminded: Breaking = NOTHING) -> Asked:
    from reconciler.commands.by_hand import Asked
    from reconciler.commands.naming import named

    return Asked(named(word, path), path, folder, audience(form, is_asked=not yes), unminded)
