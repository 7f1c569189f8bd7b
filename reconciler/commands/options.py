"""What commands have in common on their command lines: arguments, options and what their values may be."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import click

from reconciler.core.words import moment
from reconciler.report import formats

LONGEST_SECONDS = 3600.0
# A file to be written, or read by who tells what is wrong with it.
FILE: click.Path = click.Path(path_type=Path, dir_okay=False)


def as_text(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    """What AWS is told. Raises a usage error where it is no UTF-8, as the bytes of a command line need not be."""
    try:
        (value or "").encode()
    except UnicodeEncodeError as error:
        raise click.BadParameter(f"{value!r} is not UTF-8.") from error
    return value


def as_texts(context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    """Words that name something each. Raises a usage error where one is empty or no UTF-8."""
    return tuple(filter(None, (as_name(context, parameter, value) for value in values)))


def as_name(context: click.Context, parameter: click.Parameter, value: str) -> str | None:
    """Text that names something. Raises a usage error where it names nothing."""
    if not value.strip():
        raise click.BadParameter("it is empty.")
    return as_text(context, parameter, value)


def as_seconds(_context: click.Context, _parameter: click.Parameter, value: float) -> float:
    """Raises a usage error, also for what is no number."""
    if not 0 <= value <= LONGEST_SECONDS:
        raise click.BadParameter(f"{value:g} is not from 0 to {LONGEST_SECONDS:g}.")
    return value


def as_moment(_context: click.Context, _parameter: click.Parameter, value: str | None) -> datetime | None:
    """Raises a usage error for what is no moment."""
    try:
        return None if value is None else moment(value.strip(), datetime.now(UTC))
    except (ValueError, OverflowError) as error:
        raise click.BadParameter(
            f"{value!r} is no moment; write 90s, 10m, 2h, 3d, or a time as 2026-11-30T06:00:00Z."
        ) from error


paths_argument = click.argument("paths", nargs=-1, type=click.Path(path_type=Path), metavar="[PATH]...")
report_dir_option = click.option(
    "--report-dir", type=click.Path(path_type=Path, file_okay=False), default=Path("reports"), show_default=True,
    help="Where journals and reports lie.",
)  # fmt: skip
download_option = click.option(
    "--download-code",
    is_flag=True,
    help="Read code of any size: objects of which S3 keeps no SHA-256, and what lives, to say which files differ.",
)


specs_option = click.option(
    "--specs", "path", type=click.Path(path_type=Path), default=Path("specs"), show_default=True,
    help="Where reconcile.yaml and the specs are.",
)  # fmt: skip


def with_options(*options: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def wrap(command: Any) -> Any:
        for option in reversed(options):
            command = option(command)
        return command

    return wrap


planning_options = with_options(
    click.option("--adopt", is_flag=True, help="Take over functions that exist and bear no owner mark."),
    click.option("--prune", is_flag=True, help="Delete functions that bear our mark and have no spec."),
    click.option("--base", default="", metavar="REF", help="Tell edits from drift: compare with the specs at REF."),
    click.option(
        "--changed-since", default="", metavar="REF",
        help="Only targets whose spec, local code or reconcile.yaml is another than at REF.",
    ),
    download_option,
    report_dir_option,
)  # fmt: skip


def format_option(
    command: str, default: str | None = "text", names: Sequence[str] = formats.NAMES, help_text: str = ""
) -> Callable[[Any], Any]:
    """`--format`, or the variable of its name; `form_wanted` finds the same where a command line comes to nothing."""
    return click.option(
        "--format", "form", type=click.Choice(names), default=default, show_default=default is not None,
        envvar=f"RECONCILE_{command.upper()}_FORMAT", help=help_text or None,
    )  # fmt: skip


def form_wanted(arguments: Sequence[str], variables: Mapping[str, str]) -> str:
    """The format that a command line or the environment asks for; empty where neither does. Of what cannot be read as a
    command line as well: an error is told in the format that was asked for, too."""
    formats_named = [word.partition("=")[2] for word in arguments if word.startswith("--format=")]
    formats_named += [after for before, after in pairwise(arguments) if before == "--format"]
    command = next((word for word in arguments if not word.startswith("-")), "")
    return next(reversed(formats_named), "") or variables.get(f"RECONCILE_{command.upper()}_FORMAT", "")


def point_to_plan(context: click.Context, _: click.Parameter, is_given: bool) -> None:
    """Not applying a plan is the dry run."""
    if is_given:
        raise click.UsageError("apply has no --dry-run; `reconcile plan` shows what it would do", context)


def chosen(paths: tuple[Path, ...]) -> tuple[Path, ...]:
    return paths or (Path("specs"),)


def split_command(arguments: list[str]) -> tuple[list[str], list[str]]:
    """`sandbox … -- COMMAND` as what click parses and the command, whose words are its own."""
    if arguments[:1] == ["sandbox"] and "--" in arguments:
        cut = arguments.index("--")
        return arguments[:cut], arguments[cut + 1 :]
    return arguments, []
