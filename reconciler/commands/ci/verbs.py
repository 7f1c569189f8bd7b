"""The verbs of `reconcile ci` with their flags. What is slow to import is imported by the verb that needs it."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from reconciler.commands.options import FILE, chosen, download_option, paths_argument, report_dir_option


@click.group()
def ci() -> None:
    """For jobs of GitHub Actions: as the commands of these names, told where a pull request is read."""


@ci.command(name="validate")
@paths_argument
def ci_validate(paths: tuple[Path, ...]) -> None:
    """Check specs; each mistake stands at its line of the pull request."""
    from reconciler.commands.ci.validate import validated

    validated(chosen(paths))


@ci.command(name="plan")
@paths_argument
@click.option("-o", "--output", type=FILE, default=Path("plan.json"), show_default=True, help="Where the plan is left.")
@download_option
@report_dir_option
def ci_plan(paths: tuple[Path, ...], output: Path, download_code: bool, report_dir: Path) -> None:
    """Plan a change against its base: annotations, the job's summary, outputs, and the plan as a file."""
    from reconciler.commands.ci.plan import planned

    sys.exit(planned(chosen(paths), output, report_dir, download_code=download_code))
