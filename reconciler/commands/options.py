"""What commands have in common on their command lines: arguments, options and what their values may be."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import wraps
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reconciler.core.freezes import Breaking
from reconciler.core.words import SPANS, moment
from reconciler.report import formats
from reconciler.spec.selection import Selection

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

LONGEST_SECONDS = 3600.0
LARGEST_SCALE = 3600.0
# A file to be written, or read by who tells what is wrong with it.
FILE: click.Path = click.Path(path_type=Path, dir_okay=False)


def as_text(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    """What AWS is told. Raises a usage error where it is no UTF-8, as the bytes of a command line need not be."""
    try:
        (value or "").encode()
    except UnicodeEncodeError as error:
        raise click.BadParameter(f"{value!r} is not UTF-8.") from error
    return value


def branch_option(what: str) -> Callable[[Any], Any]:
    return click.option(
        "--branch",
        metavar="NAME",
        callback=as_text,
        help=f"Commit {what} on a new branch of this name, and leave the files as they are.",
    )


def as_words(_context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    """Paths, which need not be UTF-8, or names. Raises a usage error where one is empty, as an unset variable is."""
    if not all(map(str.strip, values)):
        raise click.BadParameter("one is empty.")
    return values


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


def alias_named(word: str) -> tuple[str, str]:
    """A function's name or address and an alias of it: `checkout/live`, or as plans print it, `test/us-west-2/checkout/alias/live`. Raises a
    usage error."""
    for between in ("/alias/", "/"):
        name, found, alias = word.rpartition(between)
        if found and name and alias:
            return name, alias
    raise click.UsageError(f"which alias of {word}? write {word}/ALIAS")


def as_span(_context: click.Context, parameter: click.Parameter, value: str | None) -> float | None:
    """Seconds. Raises a usage error for what is no span of time."""
    written = re.fullmatch(r"(\d{1,6})([smhd])", value or "0s")
    if not written:
        flag = parameter.opts[0]
        raise click.BadParameter(
            f"{value!r} is no span of time; write {flag}=90s, {flag}=30m or {flag}=2h, with the equals sign."
        )
    return None if value is None else float(int(written[1]) * SPANS[written[2]])


def as_scale(_context: click.Context, _parameter: click.Parameter, value: float) -> float:
    """Raises a usage error, also for what is no number."""
    if not 1 <= value <= LARGEST_SCALE:
        raise click.BadParameter(f"{value:g} is not from 1 to {LARGEST_SCALE:g}.")
    return value


def as_moment(_context: click.Context, _parameter: click.Parameter, value: str | None) -> datetime | None:
    """Raises a usage error for what is no moment."""
    try:
        return None if value is None else moment(value.strip(), datetime.now(UTC))
    except (ValueError, OverflowError) as error:
        raise click.BadParameter(
            f"{value!r} is no moment; write 90s, 10m, 2h, 3d, or a time as 2026-11-30T06:00:00Z."
        ) from error


def specs_folder() -> Path:
    from reconciler.spec.root import specs

    return specs()


def reports_folder() -> Path:
    from reconciler.spec.root import reports

    return reports()


def names_of_specs(_context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """What a shell may complete a word to: names, addresses, aliases where one is asked for, else files. Quick: no YAML is read."""
    from click.shell_completion import CompletionItem

    from reconciler.commands.completing import words

    found = words(specs_folder(), incomplete, has_alias="ALIAS" in (parameter.metavar or ""))
    return [CompletionItem(name) for name in found] or [CompletionItem(incomplete, type="file")]


paths_argument = click.argument("paths", nargs=-1, type=click.Path(path_type=Path), metavar="[PATH]...")
name_argument = click.argument("word", metavar="NAME", callback=as_name, shell_complete=names_of_specs)
report_dir_option = click.option(
    "--report-dir", type=click.Path(path_type=Path, file_okay=False), default=reports_folder,
    show_default="reports, beside the specs", help="Where journals and reports lie.",
)  # fmt: skip
download_option = click.option(
    "--download-code",
    is_flag=True,
    help="Read code of any size: objects of which S3 keeps no SHA-256, and what lives, to say which files differ.",
)


LONGEST_WAIT = "50m"  # credentials of a job live an hour
wait_option = click.option(
    "--wait",
    is_flag=False,
    flag_value=LONGEST_WAIT,
    callback=as_span,
    metavar="[SPAN]",
    help=f"Take all open rollouts of these specs on, also those that were begun before, until they are done, for so long at the most (--wait=30m; {LONGEST_WAIT}).",
)


show_payloads_option = click.option(
    "--show-payloads",
    is_flag=True,
    help="Print what smoke events are answered, without sensitive values; it is kept nowhere.",
)


specs_option = click.option(
    "--specs", "path", type=click.Path(path_type=Path), default=specs_folder,
    show_default="specs, here or above", help="Where reconcile.yaml and the specs are.",
)  # fmt: skip


def with_options(*options: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def wrap(command: Any) -> Any:
        for option in reversed(options):
            command = option(command)
        return command

    return wrap


def words_argument(more: str = "") -> Callable[[Any], Any]:
    """Words that are paths or names each; `more` is what may follow them."""
    metavar = f"[PATH|NAME]...{more}"
    return click.argument("words", nargs=-1, metavar=metavar, callback=as_words, shell_complete=names_of_specs)


def selecting(command: Callable[..., Any]) -> Any:
    """PATH, NAME, `--account` and `--region`, which the command gets as one `selection`."""

    @wraps(command)
    def selected(*arguments: Any, words: tuple[str, ...], account: str, region: str, **others: Any) -> Any:
        return command(*arguments, selection=Selection(words, account, region), **others)

    account = click.option(
        "--account",
        callback=as_text,
        default="",
        metavar="NAME",
        help="Only what is in this account, or pattern of one.",
    )
    region = click.option(
        "--region", callback=as_text, default="", metavar="NAME", help="Only what is in this region, or pattern of one."
    )
    return with_options(words_argument(), account, region)(selected)


breaking_options = with_options(
    click.option(
        "--break-freeze", "broken", multiple=True, metavar="NAME", callback=as_words,
        help="Do it although this freeze of reconcile.yaml holds; with --because.",
    ),
    click.option("--because", default="", metavar="TEXT", callback=as_text, help="Why; it stands in the record."),
)  # fmt: skip


def breaking(broken: tuple[str, ...], because: str) -> Breaking:
    """The freezes that are not minded; several may be parted by blanks. Raises a usage error where nobody says why."""
    if bool(broken) != bool(because.strip()):
        raise click.UsageError("--break-freeze NAME and --because TEXT go together: the record keeps both.")
    return Breaking(tuple(dict.fromkeys(name for word in broken for name in word.split())), because.strip())


planning_options = with_options(
    click.option("--adopt", is_flag=True, help="Take over functions that exist and bear no owner mark."),
    click.option("--prune", is_flag=True, help="Delete functions that bear our mark and have no spec."),
    click.option("--base", default="", metavar="REF", help="Tell edits from drift: compare with the specs at REF."),
    click.option(
        "--changed-since", default="", metavar="REF",
        help="Only targets whose spec, defaults, smoke events, local code or reconcile.yaml is another than at REF: a commit, a branch, HEAD^1. "
        "`reconcile help github` names that of each event.",
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
    return next(reversed(formats_named), "") or variables.get(f"RECONCILE_{verb(arguments).upper()}_FORMAT", "")


def point_to_plan(context: click.Context, _: click.Parameter, is_given: bool) -> None:
    """Not applying a plan is the dry run."""
    if is_given:
        raise click.UsageError("apply has no --dry-run; `reconcile plan` shows what it would do", context)


def require_somebody_to_ask(*, who: bool, snapshot: Path | None, drift: bool = True) -> None:
    """Raises a usage error where `--who` has no answer: drift has one alone, and only AWS can tell."""
    if who and not drift:
        raise click.UsageError("--who says who made the drift; give --drift as well")
    if who and snapshot:
        raise click.UsageError("--who asks CloudTrail, and a saved snapshot does not know; leave --snapshot out")


def chosen(paths: tuple[Path, ...]) -> tuple[Path, ...]:
    return paths or (specs_folder(),)


def verb(arguments: Sequence[str]) -> str:
    """The command of a command line; empty where there is none."""
    words = iter(arguments)
    for word in words:
        if not word.startswith("-"):
            return word
        if word == "-C":
            next(words, "")
    return ""


def split_command(arguments: list[str]) -> tuple[list[str], list[str]]:
    """`sandbox … -- COMMAND` as what click parses and the command, whose words are its own."""
    if verb(arguments) == "sandbox" and "--" in arguments:
        cut = arguments.index("--")
        return arguments[:cut], arguments[cut + 1 :]
    return arguments, []
