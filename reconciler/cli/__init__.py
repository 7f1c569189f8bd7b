"""The commands: verbs, flags and exit codes. Wires the edges to the core and prints; nothing else.

stdout is the result, stderr the log. What is slow to import is imported by the command that needs it.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import NoReturn

import click

from reconciler import __version__
from reconciler.cli import by_hand, changes, daily, looking, setup, trying
from reconciler.cli.ci import ci
from reconciler.cli.drift import drift
from reconciler.commands.options import split_command
from reconciler.commands.output import failed, gated, say
from reconciler.core.errors import ReconcileError

USAGE = 2
CONTEXT = {"help_option_names": ["-h", "--help"], "auto_envvar_prefix": "RECONCILE", "max_content_width": 100}


@click.group(
    context_settings=CONTEXT,
    epilog="Exit codes: 0 done, 2 usage, 10 changes pending (--detailed-exitcode), 20 invalid spec, 21 refused, 23 stale, 24 locked, 25 partly applied, 26 AWS or credentials, 29 the invoked function failed, 1 unexpected.",
)
@click.version_option(__version__, prog_name="reconcile")
def cli() -> None:
    """What git says is what AWS Lambda holds: every change seen before it happens, and on record after."""


for verb in (
    changes.validate, changes.snapshot, changes.plan, changes.apply, changes.unlock,
    ci, setup.init, setup.doctor,
    daily.functions, daily.invoke, daily.tasks,
    looking.status, looking.versions, looking.diff, looking.logs, looking.open_command,
    drift, by_hand.rollback, by_hand.republish, by_hand.disown,
    trying.schema, trying.sandbox, trying.demo, trying.help_command,
):  # fmt: skip
    cli.add_command(verb)


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
