"""`drift accept` with its flags: git takes over what AWS moved."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from reconciler.cli.ending import CHANGES_PENDING
from reconciler.commands.options import (
    FILE,
    branch_option,
    format_option,
    report_dir_option,
    require_somebody_to_ask,
    selecting,
)
from reconciler.commands.output import say, show, view
from reconciler.core.errors import PARTLY, PlanError
from reconciler.spec.selection import Selection

FORMS = ("text", "json", "markdown")


def as_pointers(_context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    """Raises a usage error for what is no JSON Pointer."""
    for value in values:
        if not value.startswith("/"):
            raise click.BadParameter(f"{value!r} is no path; write it as /configuration/MemorySize.")
    return values


@click.group()
def drift() -> None:
    """What AWS holds and git does not say, into git.

    `reconcile plan --drift` shows it.

    Example: reconcile drift accept --check
    """


@drift.command()
@selecting
@click.option(
    "--only",
    multiple=True,
    metavar="POINTER",
    callback=as_pointers,
    help="Only what is at or below this path of a spec, as in a plan: /configuration/MemorySize.",
)
@click.option("--pin", is_flag=True, help="Also where an alias follows the newest version: write the number.")
@click.option("--check", is_flag=True, help="Write nothing; exit with 10 where something would be.")
@branch_option("it")
@click.option("--who", is_flag=True, help="Ask CloudTrail who did it, and say so in the commit and the pull request.")
@click.option("--snapshot", type=FILE, help="Compare with a saved snapshot; needs no credentials.")
@click.option(
    "--base", default="", metavar="REF", help="What tells drift from edits, where no report does; HEAD when left out."
)
@report_dir_option
@format_option("drift", names=FORMS)
def accept(
    selection: Selection,
    only: tuple[str, ...],
    pin: bool,
    check: bool,
    branch: str | None,
    who: bool,
    snapshot: Path | None,
    base: str,
    report_dir: Path,
    form: str,
) -> None:
    """Write into the specs what AWS moved, and nothing else.

    Comments and all that is not meant stay. What is sensitive, made by a reference, code, or said for several regions is named instead. --format markdown is the body of a
    pull request.

    Example: reconcile drift accept specs/shop --only /configuration/MemorySize --check
    """
    from reconciler.commands import selected
    from reconciler.commands.accept import Wish, acceptance, kept
    from reconciler.commands.changed import part
    from reconciler.commands.proposing import Proposal
    from reconciler.report import acceptance as shown
    from reconciler.report.formats.json import document_json

    require_somebody_to_ask(who=who, snapshot=snapshot)
    if check and branch is not None:
        raise click.UsageError("--check writes nothing, and so makes no branch; leave one of them out")
    workspace = part(selected.read(selection), base=base)
    proposal = Proposal(workspace, branch) if branch is not None else None
    files, document = acceptance(workspace, Wish(only, pin, snapshot, base, report_dir, who))
    if files and not check:
        document |= kept(files, document, proposal)
    texts = {"json": document_json, "markdown": lambda found: shown.markdown(found, view()), "text": shown.text}
    show(texts[form](document))
    if files and not check:
        say(shown.how_to_propose(document))
    sys.exit(ended(is_written=bool(files), has_left=bool(document["left"]), is_checked=check))


def ended(*, is_written: bool, has_left: bool, is_checked: bool) -> int:
    if is_written and is_checked:
        return CHANGES_PENDING
    return 0 if not has_left else PARTLY if is_written else PlanError.exit_code
