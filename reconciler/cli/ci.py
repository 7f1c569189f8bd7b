"""The verbs of `reconcile ci` with their flags."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import click

from reconciler.cli.shards import require_both, shard_options
from reconciler.commands.options import (
    FILE,
    as_text,
    breaking,
    breaking_options,
    chosen,
    download_option,
    paths_argument,
    report_dir_option,
    wait_option,
)


def as_workspace(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    """A word that names of artifacts and comments can hold. Raises a usage error."""
    if not re.fullmatch("[A-Za-z0-9_-]{1,40}", value):
        raise click.BadParameter("1 to 40 letters, digits, _ and -.")
    return value


def as_snapshot(_context: click.Context, _parameter: click.Parameter, value: Path) -> Path:
    """Raises a usage error for the name that is another file's."""
    if value.name == "drift.json":
        raise click.BadParameter("drift.json has the sightings; name the snapshot otherwise.")
    return value


name_option = click.option(
    "--name", default="default", show_default=True, envvar="RECONCILE_CI_NAME", callback=as_workspace,
    help="Tells this repository's workspaces apart: their comments and artifacts.",
)  # fmt: skip


matrix_option = click.option(
    "--shards",
    default="",
    metavar="MATRIX",
    callback=as_text,
    help="What `targets --format matrix` has printed: who has left nothing is told, too.",
)
FILE_OR_FOLDER = click.Path(path_type=Path)


@click.group()
def ci() -> None:
    """For jobs of GitHub Actions: the same, told in pull requests.

    Example: reconcile ci plan -o plan.json
    """


@ci.command(name="validate")
@paths_argument
@click.option("-o", "--output", type=FILE, help="Where mistakes are left for `ci comment`.")
@click.option(
    "--snapshot",
    type=FILE,
    help="Show what the change would do to it. With GITHUB_TOKEN, the newest that `ci drift` left.",
)
@name_option
def ci_validate(paths: tuple[Path, ...], output: Path | None, snapshot: Path | None, name: str) -> None:
    """Check specs; mistakes stand at their lines of the request.

    Example: reconcile ci validate -o mistakes.json
    """
    from reconciler.commands.ci.validate import validated

    validated(chosen(paths), output, name, snapshot)


@ci.command(name="targets")
@paths_argument
def ci_targets(paths: tuple[Path, ...]) -> None:
    """Hand on a matrix of jobs, one an account and region.

    Each of them takes its own by --account and --region.

    Example: reconcile ci targets
    """
    from reconciler.commands.ci.targets import counted

    counted(chosen(paths))


@ci.command(name="plan")
@paths_argument
@click.option("-o", "--output", type=FILE, default=Path("plan.json"), show_default=True, help="Where the plan is left.")
@name_option
@download_option
@report_dir_option
@shard_options
def ci_plan(
    paths: tuple[Path, ...], output: Path, name: str, download_code: bool, report_dir: Path, account: str, region: str
) -> None:
    """Plan a change against its base.

    Leaves annotations, the job's summary, outputs, and the plan as a file.

    Example: reconcile ci plan -o plan.json
    """
    from reconciler.commands.ci.plan import planned

    require_both(account, region)
    sys.exit(planned(chosen(paths), output, report_dir, name, (account, region), download_code=download_code))


@ci.command(name="comment")
@click.option(
    "--plan",
    type=FILE_OR_FOLDER,
    default=Path("plan.json"),
    show_default=True,
    help="What `ci plan` has left, or a folder of folders with what it has left of each shard.",
)
@click.option("-o", "--output", type=FILE, help="Where the plans of all shards are left as one.")
@matrix_option
@name_option
def ci_comment(plan: Path, output: Path | None, shards: str, name: str) -> None:
    """Keep the one comment under the pull request.

    Needs GITHUB_TOKEN, and neither the specs nor AWS.

    Example: reconcile ci comment --plan plan.json
    """
    from reconciler.commands.ci.comment import commented

    commented(plan, name, output, shards)


@ci.command(name="apply")
@paths_argument
@name_option
@click.option(
    "--approve", default="", metavar="DIGEST", callback=as_text, help="Approve by hand the plan of this very digest."
)
@click.option("--allow-deletes", type=int, metavar="N", help="Delete or replace exactly N, whatever the guards say.")
@breaking_options
@wait_option
@download_option
@report_dir_option
@shard_options
@click.option(
    "--outcome",
    type=FILE,
    default=Path("outcome.json"),
    show_default=True,
    help="Where a shard leaves what `ci outcome` tells.",
)
def ci_apply(
    paths: tuple[Path, ...],
    name: str,
    approve: str,
    allow_deletes: int | None,
    broken: tuple[str, ...],
    because: str,
    wait: float | None,
    download_code: bool,
    report_dir: Path,
    account: str,
    region: str,
    outcome: Path,
) -> None:
    """Carry out what merged pull requests have shown.

    Each of them is told. With --wait they are told what came of rollouts as well, and it exits with 27 where one went back. Needs GITHUB_TOKEN.

    Example: reconcile ci apply --allow-deletes 1
    """
    from reconciler.commands.ci.apply import Wanted, carry_out

    require_both(account, region)
    wanted = Wanted(
        name,
        report_dir,
        approve,
        allow_deletes,
        download_code,
        (account, region),
        outcome,
        breaking(broken, because),
        wait,
    )
    sys.exit(carry_out(chosen(paths), wanted))


@ci.command(name="outcome")
@click.option(
    "--outcomes",
    type=FILE_OR_FOLDER,
    default=Path("outcomes"),
    show_default=True,
    help="A folder of folders with what `ci apply` has left of each shard.",
)
@report_dir_option
@matrix_option
@name_option
def ci_outcome(outcomes: Path, report_dir: Path, shards: str, name: str) -> None:
    """Tell what became of a merge that shards have carried out.

    Each pull request is told once, of all of them. Their reports are left for the runs after this one. Needs GITHUB_TOKEN, and neither the specs nor AWS.

    Example: reconcile ci outcome --outcomes outcomes
    """
    from reconciler.commands.ci.outcome import told

    told(outcomes, report_dir, name, shards)


@ci.command(name="drift")
@paths_argument
@click.option(
    "-o",
    "--output",
    type=FILE,
    callback=as_snapshot,
    default=Path("snapshot.json"),
    show_default=True,
    help="Where the snapshot is left; drift.json lies beside it.",
)
@click.option(
    "--sightings",
    type=click.IntRange(1, 1000),
    default=2,
    show_default=True,
    help="How many runs must see it before an issue is opened.",
)
@click.option("--who", is_flag=True, help="Ask CloudTrail who did it, and when.")
@name_option
def ci_drift(paths: tuple[Path, ...], output: Path, sightings: int, who: bool, name: str) -> None:
    """Keep an issue for each function that drifted.

    That is where AWS holds something else than git says. Leaves a snapshot, and changes nothing in AWS.

    Example: reconcile ci drift --sightings 3
    """
    from reconciler.commands.ci.drift import Wanted, watched

    sys.exit(watched(chosen(paths), Wanted(name, output, sightings, who)))
