"""The commands: verbs, flags and exit codes. Wires the edges to the core and prints; nothing else.

stdout is the result, stderr the log. What is slow to import is imported by the command that needs it.
"""

from __future__ import annotations

import os
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import NoReturn

import click

from reconciler import __version__
from reconciler.cli import by_hand, changes, daily, looking, moving_in, setup, shards, trying
from reconciler.cli.ci import ci
from reconciler.cli.drift import drift
from reconciler.cli.rollout import rollout
from reconciler.cli.sections import Sectioned
from reconciler.commands.options import split_command
from reconciler.commands.output import failed, gated, say, show_as_asked
from reconciler.core.errors import ReconcileError

USAGE = 2
COMPLETION = "_RECONCILE_COMPLETE"  # click answers a shell and ends where it is set
CONTEXT = {"help_option_names": ["-h", "--help"], "auto_envvar_prefix": "RECONCILE", "max_content_width": 100}


SECTIONS = {
    "Moving in": (setup.init, setup.doctor, moving_in.import_command),
    "Specs": (changes.validate, looking.show_command, shards.targets, trying.schema),
    "Plan and apply": (changes.plan, changes.apply, changes.snapshot, changes.unlock, drift, rollout),
    "What runs": (
        looking.status, daily.functions, looking.versions, looking.diff, looking.logs, daily.tasks, looking.open_command,
        daily.invoke,
    ),
    "At once, past git": (by_hand.rollback, by_hand.republish, by_hand.disown),
    "CI": (ci,),
    "Try and read": (trying.sandbox, trying.demo, trying.help_command),
}  # fmt: skip


def stand_in(_context: click.Context, _parameter: click.Parameter, folder: Path | None) -> None:
    """Raises a usage error where that cannot be."""
    try:
        os.chdir(folder or ".")
    except OSError as error:
        raise click.BadParameter(f"{folder}: {error.strerror}.") from error


@click.group(
    cls=Sectioned,
    sections=SECTIONS,
    context_settings=CONTEXT,
    epilog="Exit codes: 0 done, 2 usage, 10 changes pending and 12 rollouts open (--detailed-exitcode), 20 invalid spec, 21 refused, 23 stale, 24 locked, 25 partly applied, 26 AWS or credentials, 27 a rollout went back, 28 a rollout waits for a person, 29 the invoked function failed, 1 unexpected.",
)
@click.option(
    "-C", "folder", type=click.Path(path_type=Path), metavar="DIR", expose_value=False, is_eager=True, callback=stand_in,
    allow_from_autoenv=False, help="Do all of it as if you stood in DIR.",
)  # fmt: skip
@click.version_option(__version__, prog_name="reconcile")
def cli() -> None:
    """What git says is what AWS Lambda holds: every change seen before it happens, and on record after.

    Example: reconcile -C services/shop plan checkout
    """


def main() -> NoReturn:
    """The program. Every way out is an exit code; no traceback leaves it. What a shell asks for is for no eyes: tabs must stay."""
    with nullcontext() if os.environ.get(COMPLETION) else gated():
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
        show_as_asked(error, code)
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
