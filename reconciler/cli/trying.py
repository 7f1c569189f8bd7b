"""`sandbox`, `demo`, `schema` and `help` with their flags: what needs no account."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from reconciler.commands.options import (
    FILE,
    as_scale,
    as_seconds,
    as_text,
    words_argument,
)
from reconciler.commands.output import show
from reconciler.spec.selection import Selection


@click.command()
@words_argument(" [-- COMMAND...]")
@click.option(
    "--settle-seconds",
    type=float,
    callback=as_seconds,
    default=0.1,
    show_default=True,
    help="How long an update takes.",
)
@click.option("--throttle", is_flag=True, help="Throttle as AWS does: 15 calls a second, 100 of GetFunction.")
@click.option("--faults", type=click.Path(path_type=Path, dir_okay=False, exists=True), help="A JSON script of faults.")
@click.option("--log", type=FILE, help="Write every request, one JSON a line.")
@click.option(
    "--metrics", type=FILE, help="A file of traffic: how often functions are called, and how versions take it."
)
@click.option(
    "--time-scale",
    type=float,
    callback=as_scale,
    default=1,
    show_default=True,
    help="How much faster its clock goes.",
)
@click.option(
    "--from", "snapshot", type=FILE, help="Begin with what this snapshot holds, for an apply to be rehearsed."
)
@click.pass_obj
def sandbox(
    command: list[str],
    words: tuple[str, ...],
    settle_seconds: float,
    throttle: bool,
    faults: Path | None,
    log: Path | None,
    snapshot: Path | None,
    metrics: Path | None,
    time_scale: float,
) -> None:
    """An AWS on this machine, stocked with what the specs name.

    It is there for COMMAND, which finds it by its environment; without one, until interrupted. Where there is no spec yet it is empty.

    Example: reconcile sandbox specs -- reconcile apply --yes
    """
    from reconciler.commands import selected
    from reconciler.commands.rehearsal import bare, rehearse

    sys.exit(
        rehearse(
            (None if words or snapshot else bare()) or selected.read(Selection(words)),
            command,
            settle_seconds=settle_seconds,
            throttle=throttle,
            faults=faults,
            log=log,
            snapshot=snapshot,
            metrics=metrics,
            time_scale=time_scale,
        )
    )


@click.command()
@click.option("--keep", type=click.Path(path_type=Path, file_okay=False), help="Keep specs and reports in this folder.")
@click.option("--rollout", is_flag=True, help="A good release and a bad one, in steps; it takes a minute.")
def demo(keep: Path | None, rollout: bool) -> None:
    """The seed's canary story, start to end, on the embedded AWS.

    Needs no account.

    Example: reconcile demo --rollout
    """
    from reconciler.commands.demo import tell_story
    from reconciler.commands.demo_rollout import tell_rollouts

    sys.exit(tell_rollouts(keep) if rollout else tell_story(keep))


@click.command()
@click.option(
    "--kind",
    type=click.Choice(
        [
            "function",
            "layer",
            "defaults",
            "config",
            "snapshot",
            "plan",
            "report",
            "error",
            "drift",
            "doctor",
            "status",
            "versions",
            "diff",
            "logs",
            "acceptance",
            "show",
            "import",
            "targets",
            "outcome",
            "rollout",
            "rollouts",
        ]
    ),
    default="function",
    show_default=True,
)
def schema(kind: str) -> None:
    """Print a JSON Schema, generated from botocore's service model.

    Example: reconcile schema --kind plan
    """
    from reconciler.commands.schemas import render

    show(render(kind))


@click.command(name="help")
@click.argument("topic", required=False, callback=as_text)
@click.pass_context
def help_command(context: click.Context, topic: str | None) -> None:
    """Print a page of the manual, a rule, or what a command takes.

    Without TOPIC, the topics are listed.

    Example: reconcile help R012
    """
    from reconciler.commands.handbook import commands, contents, explained, pages, rules

    assert context.parent
    show(explained(topic, (pages(), rules(), commands(context.parent))) if topic else contents())
